"""Telling people what a run found: who is new to each other, and who has nobody."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from uuid import UUID

from google.protobuf.message import Message
from interchange.matching.v1 import events_pb2 as events
from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.bus import publish, publish_all
from chassis.errors import FailedPrecondition
from services.matching.cohorts import queries
from services.matching.cohorts.convert import facts
from services.matching.cohorts.models import (
    Application,
    Cohort,
    FoundPair,
    LeftUnpaired,
    PairingRun,
)
from services.matching.pairing.explaining import Why


def publish_run(session: Session, cohort: Cohort, run: PairingRun, *, at: datetime) -> None:
    """Introduce the pairs that were not published before. Who was told already is not told again."""
    before = session.get(PairingRun, cohort.published_run_id) if cohort.published_run_id else None
    run.publish(at=at)
    known = {_ids(each) for each in queries.pairs_of(session, cohort.published_run_id)}
    cohort.publish(run, at=at)
    if before:
        before.supersede()
    pairs, left = queries.pairs_of(session, run.id), _left(session, run.id)
    people = _people(session, cohort)
    _require_all_there(people, pairs)
    had_none = {each.application_id for each in _left(session, before.id)} if before else set()
    news = [
        *_introductions(cohort, people, pairs, known),
        *_regrets(cohort, people, left, had_none),
    ]
    publish_all(session, news)


def withdraw(session: Session, application: Application, *, at: datetime) -> None:
    """Take an application back; a partner who was introduced is told."""
    cohort = session.get_one(Cohort, application.cohort_id)
    found = queries.partner_of(session, application)
    application.withdraw(at=at)
    event = events.ApplicationWithdrawn(application=facts(application, cohort))
    if found:
        event.partner.CopyFrom(facts(found[1], cohort))
    publish(session, event)


def _introductions(
    cohort: Cohort,
    people: dict[UUID, Application],
    pairs: Sequence[FoundPair],
    known: Collection[frozenset[UUID]],
) -> Iterator[Message]:
    for each in pairs:
        if _ids(each) not in known:
            one, other = people[each.one_id], people[each.other_id]
            yield events.PairPublished(one=facts(one, cohort), other=facts(other, cohort))


def _regrets(
    cohort: Cohort,
    people: dict[UUID, Application],
    left: Sequence[LeftUnpaired],
    had_none: Collection[UUID],
) -> Iterator[Message]:
    for each in left:
        person = people.get(each.application_id)
        if person and person.is_active and person.id not in had_none:
            yield events.ApplicantLeftUnpaired(
                application=facts(person, cohort), why=Why(each.why).name
            )


def _require_all_there(people: dict[UUID, Application], pairs: Sequence[FoundPair]) -> None:
    """Nobody is introduced to who has left since."""
    paired = {identifier for each in pairs for identifier in _ids(each)}
    if any(each not in people or not people[each].is_active for each in paired):
        raise FailedPrecondition(
            "STALE_RUN", "somebody in it has taken their application back since: run it again"
        )


def _people(session: Session, cohort: Cohort) -> dict[UUID, Application]:
    """All who have applied, also who took it back."""
    everybody = select(Application).where(Application.cohort_id == cohort.id)
    return {each.id: each for each in session.scalars(everybody)}


def _left(session: Session, run_id: UUID) -> Sequence[LeftUnpaired]:
    statement = select(LeftUnpaired).where(LeftUnpaired.run_id == run_id)
    return session.scalars(statement.order_by(LeftUnpaired.position)).all()


def _ids(pair: FoundPair) -> frozenset[UUID]:
    return frozenset({pair.one_id, pair.other_id})
