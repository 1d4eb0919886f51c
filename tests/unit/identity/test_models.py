"""Organisations, people and failures keep their own rules, without a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from interchange.common.v1 import types_pb2
from interchange.identity.v1 import organisations_pb2, people_pb2, sessions_pb2

from chassis.errors import FailedPrecondition, InvalidArgument
from services.identity.folding import SORTED_BY, folded, sort_key
from services.identity.organisations import models as organisations
from services.identity.organisations.models import Kind, Organisation, Sector, sector_of
from services.identity.people import models as people
from services.identity.people.models import Person, Skill
from services.identity.sessions.models import FAILURES, Failures, Purpose
from services.identity.sessions.opening import Lives

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
NORFOLK, SUFFOLK, ESSEX = uuid4(), uuid4(), uuid4()


def an_organisation() -> Organisation:
    content = {"display_name": "Norfolk", "kind": Kind.LOCAL_AUTHORITY, "sector": Sector.PUBLIC}
    return Organisation.register(content, at=NOW)


def a_member(organisation: UUID | None = NORFOLK) -> Person:
    content = {"display_name": "Asha", "email": "asha@norfolk.example", "job_title": "Officer"}
    return Person.add(content, organisation, at=NOW)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (organisations.Kind, organisations_pb2.Organisation.Kind),
        (organisations.Sector, types_pb2.Sector),
        (organisations.State, organisations_pb2.Organisation.State),
        (people.State, people_pb2.Person.State),
        (people.GradeBand, types_pb2.GradeBand),
        (Purpose, sessions_pb2.MailPurpose),
    ],
)
def test_our_numbers_are_those_of_the_contract(ours: type, theirs: object) -> None:
    wanted = {name: n for name, n in theirs.items() if "UNSPECIFIED" not in name}  # type: ignore[attr-defined]

    have = {each.name: each.value for each in ours if "UNSPECIFIED" not in each.name}  # type: ignore[attr-defined]

    assert have == wanted


@pytest.mark.parametrize("kind", Kind)
def test_a_sector_follows_from_the_kind(kind: Kind) -> None:
    assert sector_of(kind) is (Sector.THIRD if kind is Kind.THIRD_SECTOR else Sector.PUBLIC)


def test_a_revision_that_changes_nothing_is_no_new_version() -> None:
    organisation = an_organisation()

    assert not organisation.revise({"display_name": "Norfolk"})
    assert organisation.revise({"display_name": "Norfolk County Council"})

    assert organisation.version == 2
    assert organisation.search_name == "norfolk county council"


def test_an_organisation_is_verified_once() -> None:
    organisation = an_organisation()
    organisation.verify(at=NOW)

    with pytest.raises(FailedPrecondition, match="ALREADY_VERIFIED"):
        organisation.verify(at=NOW)

    assert (organisation.is_verified, organisation.version) == (True, 2)


def test_a_person_keeps_the_record_of_each_employer() -> None:
    person = a_member()
    moved, again = NOW + timedelta(days=30), NOW + timedelta(days=90)

    person.move(SUFFOLK, "Team leader", at=moved)
    person.move(ESSEX, "Head of service", at=again)

    first, second = person.former_employments
    assert (first.job_title, first.start, first.end) == (
        "Officer",
        NOW.isoformat(),
        moved.isoformat(),
    )
    assert (second.job_title, second.end) == ("Team leader", again.isoformat())
    assert (person.organisation_id, person.start_time) == (ESSEX, again)


def test_a_request_to_move_changes_nothing_until_it_is_approved() -> None:
    person = a_member()

    person.ask_to_move(SUFFOLK, "Team leader", "asha@suffolk.example")

    assert person.organisation_id == NORFOLK
    assert person.job_title == "Officer"
    assert person.email == "asha@norfolk.example"
    assert person.requested_organisation_id == SUFFOLK


def test_nobody_moves_to_where_they_are() -> None:
    with pytest.raises(FailedPrecondition, match="SAME_EMPLOYER"):
        a_member().move(NORFOLK, "", at=NOW)


def test_who_waits_for_approval_is_a_member_of_nothing() -> None:
    content = {"display_name": "Asha", "email": "asha@norfolk.example"}
    person = Person.register(content, NORFOLK, at=NOW)
    assert (person.organisation != "", person.membership) == (True, "")

    person.approve(at=NOW)

    assert person.membership == person.organisation
    with pytest.raises(FailedPrecondition, match="NOTHING_TO_APPROVE"):
        person.approve(at=NOW)


def test_another_address_is_not_confirmed() -> None:
    person = a_member()
    person.confirm_email(at=NOW)

    person.revise({"email": "asha@suffolk.example"})

    assert not person.is_confirmed


def test_a_skill_stands_once_in_each_stance() -> None:
    person = a_member()
    person.revise({"skills": (Skill("housing", 3, 1), Skill("housing", 2, 2))})

    with pytest.raises(InvalidArgument, match="DUPLICATE_SKILL"):
        person.revise({"skills": (Skill("housing", 3, 1), Skill("housing", 5, 1))})


@given(st.lists(st.integers(min_value=0, max_value=2000), min_size=1, max_size=60))
def test_failures_lock_only_when_ten_fall_in_fifteen_minutes(gaps_s: list[int]) -> None:
    failures, at, seen = Failures(digest="", first_time=NOW), NOW, []

    for gap in gaps_s:
        at += timedelta(seconds=gap)
        if failures.is_locked(at):
            continue
        seen.append(at)
        if failures.add(None, at=at):
            assert at - seen[-FAILURES] < timedelta(minutes=15)
            assert failures.is_locked(at + timedelta(minutes=14, seconds=59))
            assert not failures.is_locked(at + timedelta(minutes=15))
            seen.clear()


def test_a_session_lives_while_it_is_used_but_not_for_ever() -> None:
    lives = Lives(access_s=600, refresh_s=1000, session_s=5000)

    assert lives.ends(NOW, NOW) == NOW + timedelta(seconds=1000)
    assert lives.ends(NOW, NOW + timedelta(seconds=3000)) == NOW + timedelta(seconds=4000)
    assert lives.ends(NOW, NOW + timedelta(seconds=4500)) == NOW + timedelta(seconds=5000)


@pytest.mark.parametrize(
    ("text", "plain"), [("Café Siân", "cafe sian"), ("STRAßE", "strasse"), ("  x", "  x")]
)
def test_text_is_found_without_case_and_accents(text: str, plain: str) -> None:
    assert folded(text) == plain


@given(st.text(max_size=200))
def test_a_sort_key_fits_its_column(text: str) -> None:
    assert len(sort_key(text)) <= SORTED_BY
