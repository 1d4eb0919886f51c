"""Cohorts through their RPCs: applying, running, settling, publishing, dropping out, and who may see what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest
from google.protobuf.message import Message
from grpc import ServicerContext
from interchange.common.v1.types_pb2 import PUBLIC, THIRD, Place
from interchange.identity.v1 import events_pb2 as identity
from interchange.identity.v1.organisations_pb2 import Organisation
from interchange.matching.v1 import events_pb2 as events
from interchange.matching.v1 import pairing_pb2 as pb
from interchange.matching.v1 import records_pb2
from sqlalchemy import String, select
from sqlalchemy import cast as as_text

from chassis.auth import Principal, acting_as
from chassis.database import Database
from chassis.errors import (
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PermissionDenied,
)
from chassis.validation import validate
from demo.cohorts import Cohorts, applicants
from demo.people import participants
from demo.regions import demonstration_of
from services.matching.cohorts.models import Application, FoundPair, PairingRun
from services.matching.cohorts.service import PairingService
from services.matching.columns import Base
from services.matching.identity import Identity
from services.matching.listeners import Listeners
from services.matching.policy import RULES
from services.matching.records import MatchingRecordService
from services.matching.saved.alerting import Alerting
from tests.conftest import Databases
from tests.support.outbox import announced, everything_announced
from tests.support.register import Register, serving
from tests.unit.matching.conftest import BY_DAY, a_follower

NO_CONTEXT = cast(ServicerContext, None)
COORDINATOR = Principal(person="people/coordinator", roles=frozenset({"coordinator"}))
STRANGER = Principal(person="people/stranger", organisation="organisations/elsewhere")
NORWICH = Place(label="Norwich", latitude=52.63, longitude=1.30)
LEEDS = Place(label="Leeds", latitude=53.80, longitude=-1.55)


@dataclass
class Office:
    """The service with two organisations, each with a manager and people."""

    database: Database
    register: Register
    service: PairingService
    records: MatchingRecordService
    listeners: Listeners
    council: str = ""
    charity: str = ""
    managers: dict[str, Principal] = field(default_factory=dict)

    def ask(self, who: Principal, request: Message) -> Any:
        """A call as the gate lets it through."""
        validate(request)
        method = type(request).__name__.removesuffix("Request")
        assert RULES[method](who), f"{method} is not for them"
        servicer = self.records if method == "ExportMatching" else self.service
        with acting_as(who):
            return getattr(servicer, method)(request, NO_CONTEXT)

    def hear(self, event: Message) -> None:
        """An event, twice."""
        for _ in range(2):
            with self.database.begin() as session:
                self.listeners.handlers[type(event)](session, event)

    def organisation(self, display_name: str, sector: Any) -> str:
        name = self.register.enter(display_name)
        place = NORWICH.SerializeToString()
        organisation = Organisation(name=name, display_name=display_name, sector=sector, version=1)
        organisation.place.ParseFromString(place)
        self.hear(identity.OrganisationVerified(organisation=organisation))
        self.managers[name] = Principal(
            person=self.register.employ(name, f"Manager of {display_name}"),
            organisation=name,
            manages=frozenset({name}),
        )
        return name

    def leader(self, organisation: str, display_name: str) -> Principal:
        return Principal(
            person=self.register.employ(organisation, display_name), organisation=organisation
        )

    def cohort(self, **fields: Any) -> str:
        """An open one between council and charity."""
        content = {
            "display_name": "Leadership Exchange",
            "first_side": [PUBLIC],
            "second_side": [THIRD],
            "first_day": "2027-03-01",
            "last_day": "2027-06-30",
            **fields,
        }
        made = self.ask(COORDINATOR, pb.CreateCohortRequest(cohort=pb.Cohort(**content)))
        return str(self.ask(COORDINATOR, pb.OpenCohortRequest(name=made.name)).name)

    def apply(self, who: Principal, cohort: str, **fields: Any) -> pb.Application:
        message = pb.Application(consent_text_version="cohort-2026-11", **fields)
        request = pb.CreateApplicationRequest(parent=cohort, application=message)
        return cast(pb.Application, self.ask(who, request))

    def start(self, cohort: str) -> None:
        self.ask(COORDINATOR, pb.StartPairingRequest(name=cohort))

    def run(self, cohort: str, **options: bool) -> pb.PairingRun:
        request = pb.CreatePairingRunRequest(parent=cohort, **options)
        return cast(pb.PairingRun, self.ask(COORDINATOR, request))

    def publish(self, run: pb.PairingRun) -> pb.PairingRun:
        request = pb.PublishPairingRunRequest(name=run.name)
        return cast(pb.PairingRun, self.ask(COORDINATOR, request))

    def pairs(self, run: pb.PairingRun) -> list[pb.Pair]:
        return list(self.ask(COORDINATOR, pb.ListPairsRequest(parent=run.name)).pairs)

    def settle(self, cohort: str, one: str, other: str, how: Any) -> pb.SettledPair:
        request = pb.SettlePairRequest(name=cohort, one=one, other=other, settlement=how)
        return cast(pb.SettledPair, self.ask(COORDINATOR, request))


@pytest.fixture
def office(databases: Databases, tmp_path: Path) -> Iterator[Office]:
    database, register = databases("matching"), Register()
    follower = a_follower(database, tmp_path)
    with serving(register) as channel:
        asked = Identity(channel)
        office = Office(
            database,
            register,
            PairingService(database, asked),
            MatchingRecordService(database, asked),
            Listeners(follower, Alerting(database, BY_DAY)),
        )
        office.council = office.organisation("Norfolk", PUBLIC)
        office.charity = office.organisation("Hearth", THIRD)
        yield office
    follower.stop()


@dataclass
class Paired:
    """A cohort of two and two, with a run that was published."""

    cohort: str
    run: pb.PairingRun
    leaders: list[Principal]
    applications: list[pb.Application]


def a_published_cohort(office: Office) -> Paired:
    cohort = office.cohort()
    people = [
        office.leader(office.council, "Ann Underwood"),
        office.leader(office.charity, "Bo Larkspur"),
        office.leader(office.council, "Cy Mossop"),
        office.leader(office.charity, "Di Fenwick"),
    ]
    wishes = [("data", "care"), ("care", "data"), ("boards", "press"), ("press", "boards")]
    applications = [
        office.apply(person, cohort, wants=[wants], offers=[offers])
        for person, (wants, offers) in zip(people, wishes, strict=True)
    ]
    office.start(cohort)
    return Paired(cohort, office.publish(office.run(cohort)), people, applications)


def test_applicants_are_paired_and_introduced(office: Office) -> None:
    paired = a_published_cohort(office)

    assert (paired.run.pairs, paired.run.proved) == (2, True)
    (worst, *_) = office.pairs(paired.run)
    assert worst.points == sum(term.points for term in worst.terms)
    assert worst.one_display_name and all(term.text for term in worst.terms)
    ann, bo = paired.leaders[:2]
    partner = office.ask(ann, pb.GetPartnerRequest(name=paired.applications[0].name))
    assert partner.display_name == "Bo Larkspur"
    assert list(partner.shared_themes) == ["data", "care"]
    manager = office.managers[office.charity]
    theirs = office.ask(manager, pb.GetPartnerRequest(name=paired.applications[1].name))
    assert theirs.display_name == "Ann Underwood"
    told = announced(office.database, events.PairPublished)
    assert {ann.person, bo.person} <= {e.person for t in told for e in (t.one, t.other)}
    assert b"Larkspur" not in everything_announced(office.database)


def test_nobody_else_learns_who_applies(office: Office) -> None:
    paired = a_published_cohort(office)
    name = paired.applications[0].name

    with pytest.raises(NotFound):
        office.ask(STRANGER, pb.GetApplicationRequest(name=name))
    with pytest.raises(NotFound):
        office.ask(office.managers[office.charity], pb.GetPartnerRequest(name=name))
    with pytest.raises(PermissionDenied):
        office.ask(COORDINATOR, pb.GetPartnerRequest(name=name))
    own = office.ask(
        paired.leaders[1], pb.ListApplicationsRequest(parent=paired.cohort)
    ).applications
    assert [each.name for each in own] == [paired.applications[1].name]
    of_all = office.ask(COORDINATOR, pb.ListApplicationsRequest(parent="cohorts/-"))
    assert of_all.applications[0].display_name == "Ann Underwood"
    assert of_all.applications[0].organisation_display_name == "Norfolk"


def test_partners_are_unknown_before_a_run_is_published(office: Office) -> None:
    cohort = office.cohort()
    ann = office.leader(office.council, "Ann Underwood")
    made = office.apply(ann, cohort)
    office.apply(office.leader(office.charity, "Bo Larkspur"), cohort)
    office.start(cohort)
    office.run(cohort)

    with pytest.raises(NotFound, match="no partner"):
        office.ask(ann, pb.GetPartnerRequest(name=made.name))


def test_managers_apply_for_their_own_people_only(office: Office) -> None:
    cohort = office.cohort()
    ann = office.leader(office.council, "Ann Underwood")
    manager = office.managers[office.council]

    made = office.apply(manager, cohort, person=ann.person)

    assert (made.person, made.applied_by) == (ann.person, manager.person)
    with pytest.raises(AlreadyExists):
        office.apply(ann, cohort)
    with pytest.raises(PermissionDenied):
        office.apply(office.managers[office.charity], cohort, person=ann.person)


def test_a_cohort_takes_applications_while_it_is_open(office: Office) -> None:
    cohort = office.cohort()
    office.start(cohort)

    with pytest.raises(FailedPrecondition, match="does not take"):
        office.apply(office.leader(office.council, "Ann Underwood"), cohort)
    with pytest.raises(FailedPrecondition):
        office.ask(COORDINATOR, pb.OpenCohortRequest(name=cohort))


def test_a_cohort_for_two_sectors_is_for_nobody_else(office: Office) -> None:
    cohort = office.cohort(first_side=[THIRD], second_side=[3])

    with pytest.raises(FailedPrecondition, match="sector"):
        office.apply(office.leader(office.council, "Ann Underwood"), cohort)


def test_a_draft_is_for_coordinators(office: Office) -> None:
    content = pb.Cohort(display_name="Spring", first_day="2027-03-01", last_day="2027-03-31")
    draft = office.ask(COORDINATOR, pb.CreateCohortRequest(cohort=content))

    assert not office.ask(STRANGER, pb.ListCohortsRequest()).cohorts
    with pytest.raises(NotFound):
        office.ask(STRANGER, pb.GetCohortRequest(name=draft.name))
    changed = pb.Cohort(name=draft.name, description="For buddies", etag=draft.etag)
    after = office.ask(COORDINATOR, pb.UpdateCohortRequest(cohort=changed))
    assert after.description == "For buddies"
    wrong = pb.Cohort(name=draft.name, last_day="2027-02-01")
    with pytest.raises(InvalidArgument, match="before the first"):
        office.ask(COORDINATOR, pb.UpdateCohortRequest(cohort=wrong))


def test_locked_and_forbidden_pairs_are_kept_and_two_runs_compared(office: Office) -> None:
    paired = a_published_cohort(office)
    ann, bo, cy, di = (each.name for each in paired.applications)

    office.settle(paired.cohort, ann, di, pb.SettledPair.LOCKED)
    office.settle(paired.cohort, ann, bo, pb.SettledPair.FORBIDDEN)
    with pytest.raises(FailedPrecondition, match="locked"):
        office.settle(paired.cohort, cy, di, pb.SettledPair.LOCKED)
    second = office.run(paired.cohort, afresh=True)

    found = {frozenset({each.one, each.other}) for each in office.pairs(second)}
    assert found == {frozenset({ann, di}), frozenset({bo, cy})}
    comparison = office.ask(
        COORDINATOR, pb.GetPairingRunComparisonRequest(name=second.name, other=paired.run.name)
    )
    assert (comparison.same, len(comparison.gone), len(comparison.new)) == (0, 2, 2)
    assert comparison.changed == 4
    office.settle(paired.cohort, ann, di, pb.SettledPair.SETTLEMENT_UNSPECIFIED)
    settled = office.ask(COORDINATOR, pb.ListSettledPairsRequest(parent=paired.cohort))
    assert [each.settlement for each in settled.settled_pairs] == [pb.SettledPair.FORBIDDEN]


def test_who_drops_out_changes_nobody_elses_pair(office: Office) -> None:
    paired = a_published_cohort(office)
    ann, bo = paired.leaders[:2]

    office.ask(ann, pb.WithdrawApplicationRequest(name=paired.applications[0].name))
    second = office.publish(office.run(paired.cohort))

    (event,) = announced(office.database, events.ApplicationWithdrawn)
    assert event.partner.person == bo.person
    assert (second.pairs, second.kept_pairs) == (1, 1)
    assert len(announced(office.database, events.PairPublished)) == 2
    (left,) = announced(office.database, events.ApplicantLeftUnpaired)
    assert (left.application.person, left.why) == (bo.person, "OUTNUMBERED")
    (told,) = office.ask(COORDINATOR, pb.ListUnpairedRequest(parent=second.name)).unpaired
    assert told.display_name == "Bo Larkspur, Hearth"
    assert told.text
    with pytest.raises(NotFound):
        office.ask(bo, pb.GetPartnerRequest(name=paired.applications[1].name))


def test_a_run_with_somebody_who_left_is_not_published(office: Office) -> None:
    paired = a_published_cohort(office)
    run = office.run(paired.cohort)
    office.ask(paired.leaders[0], pb.WithdrawApplicationRequest(name=paired.applications[0].name))

    with pytest.raises(FailedPrecondition, match="taken their application back"):
        office.publish(run)


def test_who_were_partners_before_meet_somebody_else(office: Office) -> None:
    paired = a_published_cohort(office)
    again = office.cohort()
    ann, bo, cy, di = (office.apply(person, again).name for person in paired.leaders)
    office.start(again)

    run = office.run(again)

    assert {frozenset((each.one, each.other)) for each in office.pairs(run)} == {
        frozenset((ann, di)),
        frozenset((bo, cy)),
    }
    office.settle(again, ann, bo, pb.SettledPair.LOCKED)
    assert {ann, bo} in [{each.one, each.other} for each in office.pairs(office.run(again))]


def test_who_is_too_far_away_learns_what_would_help(office: Office) -> None:
    cohort = office.cohort()
    office.apply(office.leader(office.council, "Ann Underwood"), cohort, travel_miles=140)
    office.apply(office.leader(office.charity, "Bo Larkspur"), cohort, place=LEEDS)
    office.start(cohort)

    run = office.run(cohort)

    ann, _ = office.ask(COORDINATOR, pb.ListUnpairedRequest(parent=run.name)).unpaired
    assert ann.why == pb.Unpaired.NOBODY_ALLOWED
    assert [(each.reason, each.count) for each in ann.exclusions] == [("TOO_FAR", 1)]
    assert ann.relaxation.text == "10 miles more"


def test_erasure_leaves_nothing_of_a_person(office: Office) -> None:
    paired = a_published_cohort(office)
    ann = paired.leaders[0]
    identifier = paired.applications[0].name.rsplit("/", 1)[-1]

    office.hear(identity.PersonErased(person=ann.person))

    with office.database.read() as session:
        for table in Base.metadata.sorted_tables:
            for column in table.columns:
                found = session.scalar(
                    select(column).where(as_text(column, String).contains(ann.person))
                )
                assert found is None, f"{table}.{column}"
        assert session.get(Application, UUID(identifier)) is None
        (run,) = session.scalars(select(PairingRun))
        assert identifier not in {each["application"] for each in run.inputs}
        assert len(session.scalars(select(FoundPair)).all()) == 2
    pairs = office.pairs(paired.run)
    assert sorted("" in (each.one, each.other) for each in pairs) == [False, True]


def test_people_see_what_is_held_on_them(office: Office) -> None:
    paired = a_published_cohort(office)
    ann = paired.leaders[0]

    export = office.ask(ann, records_pb2.ExportMatchingRequest(name=ann.person))

    assert [each.name for each in export.applications] == [paired.applications[0].name]
    with pytest.raises(PermissionDenied):
        office.ask(STRANGER, records_pb2.ExportMatchingRequest(name=ann.person))


def test_who_moves_is_managed_by_where_they_work_now(office: Office) -> None:
    paired = a_published_cohort(office)
    other = office.organisation("Suffolk", PUBLIC)
    moved = identity.PersonEmployerChanged(
        person=paired.leaders[0].person, former_organisation=office.council, organisation=other
    )

    office.hear(moved)

    name = paired.applications[0].name
    assert office.ask(office.managers[other], pb.GetApplicationRequest(name=name)).name == name
    with pytest.raises(NotFound):
        office.ask(office.managers[office.council], pb.GetApplicationRequest(name=name))


class Caller:
    """The service as a stub of it, to whom the metadata says who calls."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def __getattr__(self, method: str) -> Any:
        return lambda request, *, metadata: self._office.ask(metadata, request)


def test_the_demonstration_has_a_cohort_that_is_paired(office: Office) -> None:
    demonstration = demonstration_of("scotland")
    bodies = demonstration.organisations()
    charities = frozenset(each.key for each in bodies if each.kind == "THIRD_SECTOR")
    people = applicants(list(participants(bodies, demonstration.size.people)), charities)
    places = {each.organisation for each in people}
    names = {key: office.organisation(key, THIRD if key in charities else PUBLIC) for key in places}
    known = {
        each.key: office.leader(names[each.organisation], each.display_name) for each in people
    }
    managers = {key: office.managers[name] for key, name in names.items()}
    cohorts = Cohorts(cast(Any, Caller(office)), cast(Any, COORDINATOR), lambda *_: None)

    cohorts.run(
        people,
        {key: person.person for key, person in known.items()},
        cast(Any, managers),
        date(2026, 11, 25),
    )

    (cohort,) = office.ask(STRANGER, pb.ListCohortsRequest()).cohorts
    (run,) = office.ask(COORDINATOR, pb.ListPairingRunsRequest(parent=cohort.name)).pairing_runs
    assert run.applicants == len(people)
    assert run.pairs > 0 and run.proved
