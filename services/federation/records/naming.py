"""What a record is called on the wire: an id that says nothing, the same each time."""

from __future__ import annotations

from uuid import UUID, uuid5

# Drawn once; part of the protocol, for an erasure must name what was sent.
NAMESPACE = UUID("0b8f4f0e-6a50-5c3e-8a64-6d2f6d1c9a11")


def subject_of(record: str) -> str:
    """The subject of a record's entries, of its name in the region that tells of it."""
    return str(uuid5(NAMESPACE, record))
