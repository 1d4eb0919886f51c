"""Settling pairs before a run: each two have one word said about them, and who is locked is locked once."""

from __future__ import annotations

from datetime import datetime

from interchange.matching.v1 import pairing_pb2 as pb
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from chassis.errors import FailedPrecondition, InvalidArgument
from services.matching.cohorts import queries
from services.matching.cohorts.convert import settled_to_proto
from services.matching.cohorts.models import Application, Cohort, SettledPair, Settlement

EXCLUSIVE = frozenset({Settlement.LOCKED, Settlement.TOGETHER})  # with nobody else besides


def settle(
    session: Session, cohort: Cohort, request: pb.SettlePairRequest, *, at: datetime
) -> pb.SettledPair:
    """The new word instead of the old one; none takes the old one back."""
    one = queries.load_member(session, cohort, request.one, field="one")
    other = queries.load_member(session, cohort, request.other, field="other")
    if one.id == other.id:
        raise InvalidArgument("SAME_APPLICATION", "must be another application", field="other")
    first, second = sorted((one, other), key=lambda each: each.id)
    known = session.get(SettledPair, (cohort.id, first.id, second.id))
    if known:
        session.delete(known)
        session.flush()
    if not request.settlement:
        return pb.SettledPair(one=first.name, other=second.name)
    settled = SettledPair(
        cohort_id=cohort.id,
        one_id=first.id,
        other_id=second.id,
        settlement=Settlement(request.settlement),
        settle_time=at,
    )
    if settled.settlement in EXCLUSIVE:
        _require_free(session, first, second)
    session.add(settled)
    return settled_to_proto(settled)


def _require_free(session: Session, *people: Application) -> None:
    """Nobody is promised to two people."""
    ids = [each.id for each in people]
    theirs = or_(SettledPair.one_id.in_(ids), SettledPair.other_id.in_(ids))
    promised = select(SettledPair).where(theirs, SettledPair.settlement.in_(EXCLUSIVE))
    if session.scalars(promised).first():
        raise FailedPrecondition(
            "SETTLED_WITH_ANOTHER", "one of them is locked, or applied, with somebody else"
        )
