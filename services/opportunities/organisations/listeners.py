"""Keeping the copy of organisations when identity announces them."""

from __future__ import annotations

from interchange.identity.v1 import events_pb2 as identity
from sqlalchemy.orm import Session

from services.opportunities.organisations.directory import take

Announcement = (
    identity.OrganisationRegistered | identity.OrganisationVerified | identity.OrganisationRevised
)


def on_organisation(session: Session, event: Announcement) -> None:
    take(session, event.organisation)
