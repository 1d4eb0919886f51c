"""Cohorts, applications and runs that a caller may see or change, and what a run needs to know."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from uuid import UUID

from interchange.common.v1.types_pb2 import Place as PlaceMessage
from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from chassis.auth import Principal, principal
from chassis.errors import FailedPrecondition, NotFound, PermissionDenied
from chassis.names import parse, parse_name
from chassis.places import Place
from chassis.places import from_proto as read_place
from services.matching.cohorts.models import (
    Application,
    ApplicationState,
    Cohort,
    FoundPair,
    PairingRun,
    RunState,
    SettledPair,
    State,
)
from services.matching.cohorts.policy import is_own_side, may_see_application
from services.matching.models import Organisation

ANY = "cohorts/-"
NEWEST_COHORT = (Cohort.create_time.desc(), Cohort.id.desc())
OLDEST_APPLICATION = (Application.id,)


def load_cohort(session: Session, name: str, *, field: str = "name") -> Cohort:
    """A cohort that the caller may see."""
    return _visible(session.get(Cohort, parse_name("cohorts", name, field=field)), name)


def lock_cohort(session: Session, name: str, *, field: str = "name") -> Cohort:
    """As `load_cohort`, that nobody else changes meanwhile."""
    identifier = parse_name("cohorts", name, field=field)
    return _visible(session.get(Cohort, identifier, with_for_update=True), name)


def cohorts(who: Principal, state: int) -> Select[Cohort]:
    statement = select(Cohort)
    if not who.is_coordinator:
        statement = statement.where(Cohort.state != State.DRAFT)
    return statement.where(Cohort.state == State(state)) if state else statement


def count_applications(session: Session, cohort_ids: Collection[UUID]) -> Mapping[UUID, int]:
    """Of those that were not taken back."""
    statement = (
        select(Application.cohort_id, func.count())
        .where(Application.cohort_id.in_(cohort_ids), _active())
        .group_by(Application.cohort_id)
    )
    return dict(session.execute(statement).all())


def load_application(session: Session, name: str, *, lock: bool = False) -> Application:
    """An application that the caller may see."""
    cohort_id, identifier = parse(name, "cohorts/*/applications/*")
    found = session.get(Application, identifier, with_for_update=lock)
    if found is None or found.cohort_id != cohort_id or not may_see_application(principal(), found):
        raise NotFound("NO_SUCH_APPLICATION", f"{name} does not exist, or you may not see it")
    return found


def load_introduced(session: Session, name: str) -> Application:
    """An application whose partner the caller may know: their own, or of somebody they manage."""
    found = load_application(session, name)
    if not is_own_side(principal(), found):
        raise PermissionDenied("NOT_INTRODUCED", "partners are introduced to each other only")
    return found


def load_member(session: Session, cohort: Cohort, name: str, *, field: str) -> Application:
    """An applicant of this cohort who takes part."""
    cohort_id, identifier = parse(name, "cohorts/*/applications/*", field=field)
    found = session.get(Application, identifier)
    if found is None or found.cohort_id != cohort.id or cohort_id != cohort.id:
        raise NotFound("NO_SUCH_APPLICATION", f"{name} is not of this cohort")
    if not found.is_active:
        raise FailedPrecondition("WITHDRAWN", f"{name} was taken back", field=field)
    return found


def applications(who: Principal, parent: str, state: int) -> Select[Application]:
    """Coordinators see all, others their own and those of people they manage."""
    statement = select(Application)
    if parent != ANY:
        cohort = parse_name("cohorts", parent, field="parent")
        statement = statement.where(Application.cohort_id == cohort)
    if not who.is_coordinator:
        theirs = Application.organisation.in_(who.manages)
        statement = statement.where(or_(Application.person == who.person, theirs))
    if state:
        statement = statement.where(Application.state == ApplicationState(state))
    return statement


def active(session: Session, cohort: Cohort) -> Sequence[Application]:
    statement = select(Application).where(Application.cohort_id == cohort.id, _active())
    return session.scalars(statement.order_by(Application.id)).all()


def by_id(session: Session, identifiers: Collection[UUID]) -> Mapping[UUID, Application]:
    found = session.scalars(select(Application).where(Application.id.in_(identifiers)))
    return {each.id: each for each in found}


def settled(session: Session, cohort: Cohort) -> Sequence[SettledPair]:
    return session.scalars(select(SettledPair).where(SettledPair.cohort_id == cohort.id)).all()


def load_run(session: Session, name: str, *, field: str = "name") -> PairingRun:
    cohort_id, identifier = parse(name, "cohorts/*/pairingRuns/*", field=field)
    found = session.get(PairingRun, identifier)
    if found is None or found.cohort_id != cohort_id:
        raise NotFound("NO_SUCH_RUN", f"{name} does not exist")
    return found


def pairs_of(session: Session, run_id: UUID | None) -> Sequence[FoundPair]:
    statement = select(FoundPair).where(FoundPair.run_id == run_id)
    return session.scalars(statement.order_by(FoundPair.position)).all() if run_id else []


def met_before(session: Session, cohort: Cohort) -> Iterator[tuple[UUID, UUID]]:
    """Applications of two who were told in an earlier cohort that they are a pair."""
    here = {each.person: each.id for each in active(session, cohort)}
    one, other = aliased(Application), aliased(Application)
    told = PairingRun.state.in_((RunState.PUBLISHED, RunState.SUPERSEDED))
    pairs = (
        select(one.person, other.person)
        .select_from(FoundPair)
        .join(PairingRun, PairingRun.id == FoundPair.run_id)
        .join(one, one.id == FoundPair.one_id)
        .join(other, other.id == FoundPair.other_id)
        .where(PairingRun.cohort_id != cohort.id, told)
    )
    for mine, theirs in session.execute(pairs):
        if mine in here and theirs in here:
            yield here[mine], here[theirs]


def published_pair(session: Session, application: Application) -> FoundPair | None:
    """Of which pair somebody was told last."""
    cohort = session.get_one(Cohort, application.cohort_id)
    mine = or_(FoundPair.one_id == application.id, FoundPair.other_id == application.id)
    statement = select(FoundPair).where(FoundPair.run_id == cohort.published_run_id, mine)
    return session.scalars(statement).one_or_none() if cohort.published_run_id else None


def partner_of(session: Session, application: Application) -> tuple[FoundPair, Application] | None:
    """Whom they were told to meet, while both take part."""
    pair = published_pair(session, application)
    if pair is None or not application.is_active:
        return None
    theirs = pair.other_id if pair.one_id == application.id else pair.one_id
    found = session.get(Application, theirs)
    return (pair, found) if found and found.is_active else None


def organisation(session: Session, name: str) -> Organisation:
    found = session.get(Organisation, name)
    if found is None:
        raise FailedPrecondition(
            "ORGANISATION_UNKNOWN", f"{name} is not known here yet; try again in a moment"
        )
    return found


def place_of(organisation: Organisation) -> Place | None:
    """Where it is, as far as it is known."""
    return read_place(PlaceMessage.FromString(organisation.place or b""))


def organisation_names(session: Session, names: Collection[str]) -> Mapping[str, str]:
    statement = select(Organisation.name, Organisation.display_name)
    found = session.execute(statement.where(Organisation.name.in_(names)))
    return dict(found.all())


def _active() -> ColumnElement[bool]:
    return Application.state == ApplicationState.ACTIVE


def _visible(found: Cohort | None, name: str) -> Cohort:
    if found is None or not (found.is_public or principal().is_coordinator):
        raise NotFound("NO_SUCH_COHORT", f"{name} does not exist, or you may not see it")
    return found
