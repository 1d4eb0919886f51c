"""Names of what identity owns, from their ids."""

from __future__ import annotations

from uuid import UUID

from chassis.names import format_name


def organisation_name(identifier: UUID | None) -> str:
    """Empty for none."""
    return format_name("organisations", identifier) if identifier else ""


def person_name(identifier: UUID) -> str:
    return format_name("people", identifier)
