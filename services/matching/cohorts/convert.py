"""Between cohorts, applications, runs and their messages."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from interchange.identity.v1.people_pb2 import Contact
from interchange.matching.v1 import events_pb2 as events
from interchange.matching.v1 import pairing_pb2 as pb

from chassis import convert
from chassis.auth import Principal
from chassis.errors import InvalidArgument
from chassis.etags import etag
from chassis.names import format_name
from chassis.timestamps import to_proto as stamp
from services.matching.cohorts import wording
from services.matching.cohorts.models import (
    Application,
    Cohort,
    FoundPair,
    LeftUnpaired,
    PairingRun,
    Preset,
    SettledPair,
    application_name,
)
from services.matching.pairing.applicants import BALANCED, LEARNING, NEARBY, Side, Weights
from services.matching.pairing.explaining import Change, Relaxation, Why
from services.matching.pairing.fitting import Reason

WEIGHTS = {Preset.BALANCED: BALANCED, Preset.NEARBY: NEARBY, Preset.LEARNING: LEARNING}
# Who stands behind an application, and how to call them.
Named = tuple[Application, Contact | None]

READERS: dict[str, Callable[[pb.Cohort], Any]] = {
    "display_name": lambda message: message.display_name,
    "description": lambda message: message.description,
    "first_side": lambda message: list(message.first_side),
    "second_side": lambda message: list(message.second_side),
    "first_day": lambda message: _needed_day(message.first_day, "cohort.first_day"),
    "last_day": lambda message: _needed_day(message.last_day, "cohort.last_day"),
    "common_days": lambda message: message.common_days or 1,
    "grade_gap": lambda message: message.grade_gap if message.HasField("grade_gap") else 1,
    "organisation_quota": lambda message: message.organisation_quota,
    "organisation_quotas": lambda message: {
        each.organisation: each.people for each in message.organisation_quotas
    },
    "weights": lambda message: Preset(message.weights) or Preset.BALANCED,
}
WRITABLE = frozenset(READERS)


def _needed_day(text: str, field: str) -> Any:
    found = convert.read_day(text, field=field)
    if found is None:
        raise InvalidArgument("REQUIRED", "must be given", field=field)
    return found


def read_cohort(message: pb.Cohort, fields: Collection[str] = WRITABLE) -> Mapping[str, Any]:
    """Values by attribute, of these fields."""
    return {field: READERS[field](message) for field in fields}


def cohort_to_proto(cohort: Cohort, who: Principal, *, applications: int) -> pb.Cohort:
    published = cohort.published_run_id if who.is_coordinator else None
    return pb.Cohort(
        name=cohort.name,
        display_name=cohort.display_name,
        description=cohort.description,
        first_side=map(convert.number, cohort.first_side),
        second_side=map(convert.number, cohort.second_side),
        first_day=convert.day(cohort.first_day),
        last_day=convert.day(cohort.last_day),
        common_days=cohort.common_days,
        grade_gap=cohort.grade_gap,
        organisation_quota=cohort.organisation_quota,
        organisation_quotas=[
            pb.OrganisationQuota(organisation=name, people=people)
            for name, people in sorted(cohort.organisation_quotas.items())
        ],
        weights=convert.number(cohort.weights),
        state=convert.number(cohort.state),
        published_run=format_name(cohort.name, "pairingRuns", published) if published else "",
        application_count=applications,
        create_time=stamp(cohort.create_time),
        update_time=stamp(cohort.update_time),
        etag=etag(cohort.version),
    )


def read_application(
    message: pb.Application,
    cohort: Cohort,
    *,
    person: str,
    organisation: str,
    side: Side,
    place: Any,
    by: str,
    at: datetime,
) -> Application:
    """A new application. `place` is where the organisation is, for who says nothing else."""
    return Application(
        cohort_id=cohort.id,
        person=person,
        organisation=organisation,
        side=side,
        grade=message.grade_band,
        wants=list(message.wants),
        offers=list(message.offers),
        place=convert.read_place(message.place) or place,
        travel_miles=message.travel_miles,
        is_remote_welcome=message.remote_welcome,
        days=[_range(each, number) for number, each in enumerate(message.days)],
        conflicts=list(message.conflicts),
        consent_text_version=message.consent_text_version,
        applied_by=by if by != person else "",
        create_time=at,
        update_time=at,
    )


def _range(message: pb.DayRange, number: int) -> list[str]:
    field = f"application.days[{number}].end_date"
    start = _needed_day(message.start_date, f"application.days[{number}].start_date")
    end = _needed_day(message.end_date, field)
    if end < start:
        raise InvalidArgument("END_BEFORE_START", "must not be before the first day", field=field)
    return [convert.day(start), convert.day(end)]


def application_to_proto(
    application: Application, contact: Contact | None = None, organisation: str = ""
) -> pb.Application:
    """With the name where `contact` gives it; `organisation` is what that is called."""
    return pb.Application(
        name=application.name,
        person=application.person,
        organisation=application.organisation,
        grade_band=convert.number(application.grade),
        wants=application.wants,
        offers=application.offers,
        place=convert.place(application.place),
        travel_miles=application.travel_miles,
        remote_welcome=application.is_remote_welcome,
        days=[pb.DayRange(start_date=start, end_date=end) for start, end in application.days],
        conflicts=application.conflicts,
        consent_text_version=application.consent_text_version,
        applied_by=application.applied_by,
        state=convert.number(application.state),
        display_name=contact.display_name if contact else "",
        job_title=contact.job_title if contact else "",
        organisation_display_name=organisation,
        create_time=stamp(application.create_time),
        update_time=stamp(application.update_time),
    )


def partner_to_proto(
    mine: Application, theirs: Application, contact: Contact, pair: FoundPair, weights: Weights
) -> pb.Partner:
    asked = [theme for theme in mine.wants if theme in theirs.offers]
    shown = [theme for theme in theirs.wants if theme in mine.offers and theme not in asked]
    return pb.Partner(
        application=theirs.name,
        display_name=contact.display_name,
        email=contact.email,
        job_title=contact.job_title,
        organisation=theirs.organisation,
        organisation_display_name=contact.organisation_display_name,
        shared_themes=asked + shown,
        terms=terms_to_proto(pair, weights),
    )


def settled_to_proto(settled: SettledPair) -> pb.SettledPair:
    return pb.SettledPair(
        one=application_name(settled.cohort_id, settled.one_id),
        other=application_name(settled.cohort_id, settled.other_id),
        settlement=convert.number(settled.settlement),
        settle_time=stamp(settled.settle_time),
    )


def run_to_proto(run: PairingRun) -> pb.PairingRun:
    return pb.PairingRun(
        name=run.name,
        number=run.number,
        state=convert.number(run.state),
        applicants=run.applicants,
        possible_pairs=run.possible_pairs,
        pairs=run.pairs,
        kept_pairs=run.kept_pairs,
        worst_points=run.worst_points,
        total_points=run.total_points,
        proved=run.is_proved,
        restricted=run.is_restricted,
        kept_published=run.keeps_published,
        create_time=stamp(run.create_time),
        publish_time=convert.moment(run.publish_time),
        cpu_seconds=run.cpu_seconds,
    )


def pair_to_proto(pair: FoundPair, people: Mapping[UUID, Named], weights: Weights) -> pb.Pair:
    return pb.Pair(
        one=_name(pair.one_id, people),
        other=_name(pair.other_id, people),
        points=pair.points,
        terms=terms_to_proto(pair, weights),
        miles=pair.miles,
        locked=pair.is_locked,
        kept=pair.is_kept,
        one_display_name=called(people.get(pair.one_id)),
        other_display_name=called(people.get(pair.other_id)),
    )


def terms_to_proto(pair: FoundPair, weights: Weights) -> list[pb.PairTerm]:
    """The strongest first."""
    ordered = sorted(pair.terms.items(), key=lambda term: (-term[1], term[0]))
    return [
        pb.PairTerm(
            code=code,
            text=wording.term(code, points, getattr(weights, code.lower())),
            points=points,
        )
        for code, points in ordered
    ]


def unpaired_to_proto(left: LeftUnpaired, people: Mapping[UUID, Named]) -> pb.Unpaired:
    message = pb.Unpaired(
        application=_name(left.application_id, people),
        display_name=called(people.get(left.application_id)),
        why=convert.number(left.why),
        text=wording.WHY[Why(left.why)],
        exclusions=[
            pb.Exclusion(reason=reason, text=wording.EXCLUDED[Reason[reason]], count=count)
            for reason, count in sorted(left.excluded.items(), key=lambda each: (-each[1], each[0]))
        ],
    )
    if left.change:
        change = Change(left.change)
        text = wording.relaxation(Relaxation(change, left.amount))
        message.relaxation.CopyFrom(
            pb.Relaxation(change=change.name, amount=left.amount, text=text)
        )
    return message


def _name(application: UUID, people: Mapping[UUID, Named]) -> str:
    """Empty for who was erased."""
    return people[application][0].name if application in people else ""


def called(person: Named | None) -> str:
    """Name and organisation; nothing for who was erased or is not known any more."""
    contact = person[1] if person else None
    if contact is None:
        return ""
    organisation = contact.organisation_display_name
    return f"{contact.display_name}, {organisation}" if organisation else contact.display_name


def facts(application: Application, cohort: Cohort) -> events.ApplicationFacts:
    return events.ApplicationFacts(
        cohort=cohort.name,
        title=cohort.display_name,
        application=application.name,
        person=application.person,
        organisation=application.organisation,
    )
