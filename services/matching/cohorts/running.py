"""A run: what it is asked, the pairing itself (outside of any transaction), and the rows that it leaves."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from opentelemetry import trace
from sqlalchemy.orm import Session

from chassis.bulk import insert_all
from services.matching.cohorts import queries
from services.matching.cohorts.convert import WEIGHTS
from services.matching.cohorts.models import (
    Application,
    Cohort,
    FoundPair,
    LeftUnpaired,
    PairingRun,
    Settlement,
)
from services.matching.pairing.answering import Answer, pair
from services.matching.pairing.applicants import Applicant, Couple, Days, Rules, Wishes, couple

tracer = trace.get_tracer(__name__)


@dataclass(frozen=True, slots=True)
class Question:
    """What a run is asked, as it was when it was asked."""

    applicants: Sequence[Applicant]
    rules: Rules
    wishes: Wishes


@dataclass(frozen=True, slots=True)
class Ran:
    """An answer and what it cost."""

    answer: Answer
    cpu_seconds: float


def ask(session: Session, cohort: Cohort, *, afresh: bool) -> Question:
    """The cohort as it is now. Applicants go by their application's id, for nobody has to know more."""
    there = queries.active(session, cohort)
    published = [] if afresh else queries.pairs_of(session, cohort.published_run_id)
    return Question(
        applicants=[applicant(each) for each in there],
        rules=rules(cohort),
        wishes=_wishes(session, cohort, published),
    )


def answer(question: Question) -> Ran:
    with tracer.start_as_current_span("pairing.run") as span:
        started = time.thread_time()
        found = pair(question.applicants, question.rules, question.wishes)
        took = time.thread_time() - started
        span.set_attribute("pairing.applicants", len(question.applicants))
        span.set_attribute("pairing.pairs", len(found.pairs))
    return Ran(found, took)


def keep(
    session: Session, cohort: Cohort, question: Question, ran: Ran, *, afresh: bool, at: datetime
) -> PairingRun:
    """The run with all that it found."""
    found = ran.answer
    run = PairingRun(
        cohort_id=cohort.id,
        number=cohort.number_run(),
        inputs=[_snapshot(each) for each in question.applicants],
        applicants=len(question.applicants),
        possible_pairs=found.possible_pairs,
        pairs=len(found.pairs),
        kept_pairs=sum(each.is_kept for each in found.pairs),
        worst_points=min((each.points for each in found.pairs), default=0),
        total_points=sum(each.points for each in found.pairs),
        is_proved=found.is_proved,
        is_restricted=found.is_restricted,
        keeps_published=not afresh,
        cpu_seconds=round(ran.cpu_seconds, 3),
        create_time=at,
    )
    session.add(run)
    session.flush()
    insert_all(session, FoundPair.__table__, _pairs(run, found))  # type: ignore[arg-type]
    insert_all(session, LeftUnpaired.__table__, _unpaired(run, found))  # type: ignore[arg-type]
    return run


def applicant(application: Application) -> Applicant:
    place = application.place
    has_place = bool(place and (place.latitude or place.longitude))
    return Applicant(
        name=str(application.id),
        organisation=application.organisation,
        side=application.side,
        grade=application.grade,
        latitude=place.latitude if place and has_place else None,
        longitude=place.longitude if place and has_place else None,
        travel_miles=application.travel_miles,
        is_remote_welcome=application.is_remote_welcome,
        wants=frozenset(application.wants),
        offers=frozenset(application.offers),
        days=[Days(*map(date.fromisoformat, each)) for each in application.days],
        conflicts=frozenset(application.conflicts),
    )


def rules(cohort: Cohort) -> Rules:
    return Rules(
        first_day=cohort.first_day,
        last_day=cohort.last_day,
        common_days=cohort.common_days,
        grade_gap=cohort.grade_gap,
        organisation_quota=cohort.organisation_quota,
        quotas=cohort.organisation_quotas,
        weights=WEIGHTS[cohort.weights],
    )


def _wishes(session: Session, cohort: Cohort, published: Sequence[FoundPair]) -> Wishes:
    settled = queries.settled(session, cohort)

    def settled_as(settlement: Settlement) -> frozenset[Couple]:
        return frozenset(
            couple(str(each.one_id), str(each.other_id))
            for each in settled
            if each.settlement is settlement
        )

    return Wishes(
        locked=settled_as(Settlement.LOCKED),
        forbidden=settled_as(Settlement.FORBIDDEN),
        apart=settled_as(Settlement.APART),
        together=settled_as(Settlement.TOGETHER),
        met=frozenset(couple(str(a), str(b)) for a, b in queries.met_before(session, cohort)),
        published=frozenset(couple(str(each.one_id), str(each.other_id)) for each in published),
    )


def _snapshot(person: Applicant) -> dict[str, Any]:
    return {
        "application": person.name,
        "organisation": person.organisation,
        "side": person.side.name,
        "grade": person.grade,
        "place": [person.latitude, person.longitude] if person.has_place else None,
        "travel_miles": person.travel_miles,
        "remote_welcome": person.is_remote_welcome,
        "wants": sorted(person.wants),
        "offers": sorted(person.offers),
        "days": [[str(each.start), str(each.end)] for each in person.days],
        "conflicts": sorted(person.conflicts),
    }


def _pairs(run: PairingRun, found: Answer) -> list[dict[str, Any]]:
    return [
        {
            "run_id": run.id,
            "position": position,
            "one_id": UUID(each.one),
            "other_id": UUID(each.other),
            "points": each.points,
            "terms": dict(each.terms),
            "miles": each.miles,
            "is_locked": each.is_locked,
            "is_kept": each.is_kept,
        }
        for position, each in enumerate(found.pairs)
    ]


def _unpaired(run: PairingRun, found: Answer) -> list[dict[str, Any]]:
    return [
        {
            "run_id": run.id,
            "position": position,
            "application_id": UUID(each.name),
            "why": int(each.why),
            "excluded": {reason.name: count for reason, count in each.excluded.items()},
            "change": int(each.relaxation.change) if each.relaxation else 0,
            "amount": each.relaxation.amount if each.relaxation else 0,
        }
        for position, each in enumerate(found.unpaired)
    ]
