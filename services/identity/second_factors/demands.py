"""Whether the region asks somebody for a second factor, and what a session without one is worth."""

from __future__ import annotations

from collections.abc import Collection

from interchange.identity.v1 import sessions_pb2 as pb
from sqlalchemy.orm import Session

from services.identity.people.models import Person
from services.identity.regions.models import Region


def is_asked_for(session: Session, region: str, person: Person, manages: Collection[str]) -> bool:
    """Whether the region's policy wants one of this person, for the roles that they have."""
    if not manages and not person.is_operator:
        return False
    known = session.get(Region, region)
    return known is not None and known.second_factor_required


def state(*, is_given: bool, is_asked_for: bool) -> pb.SecondFactorState.ValueType:
    """Where a session stands."""
    if is_given:
        return pb.GIVEN
    return pb.MISSING if is_asked_for else pb.NOT_NEEDED
