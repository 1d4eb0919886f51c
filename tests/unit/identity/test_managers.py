"""Managers are appointed, commit, are found by everybody, and hand over when they leave."""

from __future__ import annotations

from typing import Any

import pytest
from interchange.identity.v1 import events_pb2 as events
from interchange.identity.v1 import organisations_pb2 as pb
from interchange.identity.v1 import people_pb2 as people_pb

from chassis.auth import Principal
from chassis.errors import (
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    Unauthenticated,
)
from tests.support.outbox import announced
from tests.unit.identity.house import OPPORTUNITIES, House


def listed(house: House, **filters: Any) -> list[pb.Manager]:
    request = pb.ListManagersRequest(**filters)
    return list(house.organisations.ListManagers(request).managers)


def commit(house: House, manager: str, who: Principal) -> pb.Manager:
    committed: pb.Manager = house.organisations.CommitManager(
        pb.CommitManagerRequest(name=manager), who
    )
    return committed


def step_down(house: House, manager: str, who: Principal, successor: str = "") -> pb.Manager:
    request = pb.StepDownManagerRequest(name=manager, successor=successor)
    gone: pb.Manager = house.organisations.StepDownManager(request, who)
    return gone


def test_an_operator_appoints_a_member_who_then_commits(house: House) -> None:
    norfolk = house.organisation()
    member = house.member(norfolk, "asha@norfolk.example")

    appointed = house.appoint(norfolk, member.person)
    committed = commit(house, appointed.name, member)

    assert not appointed.HasField("commit_time")
    assert committed.HasField("commit_time")
    assert announced(house.database, events.ManagerAppointed) == [
        events.ManagerAppointed(manager=appointed.name, organisation=norfolk, person=member.person)
    ]
    assert announced(house.database, events.ManagerCommitted)[0].person == member.person
    assert house.actions()[-1] == "manager.appoint"


def test_the_next_token_of_who_was_appointed_says_what_they_manage(house: House) -> None:
    norfolk = house.organisation()
    member = house.member(norfolk, "asha@norfolk.example")
    assert member.manages == frozenset()

    house.appoint(norfolk, member.person)

    assert house.principal("asha@norfolk.example").manages == {norfolk}


@pytest.mark.parametrize("whose", ["nobody's", "a pending", "an unknown"])
def test_only_a_member_is_appointed(house: House, whose: str) -> None:
    norfolk = house.organisation("Norfolk")
    person = {
        "nobody's": house.operator.person,
        "a pending": house.registered(norfolk, "c@norfolk.example").name,
        "an unknown": "people/00000000-0000-7000-8000-000000000000",
    }[whose]

    with pytest.raises(FailedPrecondition, match="NOT_A_MEMBER"):
        house.appoint(norfolk, person)


def test_who_manages_several_organisations_loses_all_of_them_with_their_employer(
    house: House,
) -> None:
    norfolk, suffolk = house.organisation("Norfolk"), house.organisation("Suffolk")
    member = house.member(norfolk, "asha@norfolk.example")
    for each in (norfolk, suffolk):
        house.appoint(each, member.person)
    assert house.principal("asha@norfolk.example").manages == {norfolk, suffolk}

    move = people_pb.ChangeEmployerRequest(
        name=member.person, organisation=house.organisation("Essex")
    )
    house.people.ChangeEmployer(move, house.operator)

    assert not house.principal("asha@norfolk.example").manages
    told = announced(house.database, events.ManagerSteppedDown)
    assert {each.organisation for each in told} == {norfolk, suffolk}


def test_nobody_is_appointed_twice_but_may_come_back(house: House) -> None:
    norfolk = house.organisation()
    manager = house.manager(norfolk, "asha@norfolk.example")
    with pytest.raises(AlreadyExists, match="ALREADY_MANAGER"):
        house.appoint(norfolk, manager.person)

    step_down(house, listed(house)[0].name, manager)
    house.appoint(norfolk, manager.person)

    assert [each.person for each in listed(house)] == [manager.person]


def test_a_manager_commits_for_themself_once(house: House) -> None:
    norfolk = house.organisation()
    manager = house.manager(norfolk, "asha@norfolk.example")
    colleague = house.member(norfolk, "ben@norfolk.example")
    appointment = listed(house)[0].name

    with pytest.raises(PermissionDenied, match="NOT_THIS_MANAGER"):
        commit(house, appointment, colleague)
    commit(house, appointment, manager)

    with pytest.raises(FailedPrecondition, match="ALREADY_COMMITTED"):
        commit(house, appointment, manager)


def test_an_operator_commits_for_a_manager_and_that_is_recorded(house: House) -> None:
    house.manager(house.organisation(), "asha@norfolk.example")

    commit(house, listed(house)[0].name, house.operator)

    assert house.actions()[-1] == "manager.commit"


def test_the_list_of_managers_is_public(house: House) -> None:
    norfolk, suffolk = house.organisation("Norfolk"), house.organisation("Suffolk")
    asha = house.invited(norfolk, "asha@norfolk.example", display_name="Asha Coe")
    ben = house.invited(suffolk, "ben@suffolk.example", display_name="Bén Dack")
    house.appoint(norfolk, asha.name)
    request = pb.AppointManagerRequest(
        name=suffolk, person=ben.name, contact_email="exchange@suffolk.example"
    )
    house.organisations.AppointManager(request, house.operator)

    first, second = listed(house)

    assert (first.display_name, first.organisation_display_name) == ("Asha Coe", "Norfolk")
    assert first.contact_email == "asha@norfolk.example"
    assert second.contact_email == "exchange@suffolk.example"
    assert [each.person for each in listed(house, parent=suffolk)] == [ben.name]
    assert [each.person for each in listed(house, query="ben")] == [ben.name]
    assert [each.person for each in listed(house, query="NORF")] == [asha.name]


def test_the_list_of_managers_comes_in_pages(house: House) -> None:
    norfolk = house.organisation()
    for number in range(3):
        house.appoint(norfolk, house.invited(norfolk, f"m{number}@norfolk.example").name)
    request = pb.ListManagersRequest(page_size=2)

    first = house.organisations.ListManagers(request)
    request.page_token = first.next_page_token
    second = house.organisations.ListManagers(request)

    people = {each.person for each in (*first.managers, *second.managers)}
    assert (len(first.managers), len(second.managers), len(people)) == (2, 1, 3)


def test_who_steps_down_hands_over_to_whom_they_name(house: House) -> None:
    norfolk = house.organisation()
    leaver, second, third = (house.manager(norfolk, f"m{n}@norfolk.example") for n in range(3))
    appointment = listed(house)[0].name

    gone = step_down(house, appointment, leaver, successor=third.person)

    assert gone.HasField("step_down_time")
    told = announced(house.database, events.ManagerSteppedDown)
    assert [(each.person, each.successor) for each in told] == [(leaver.person, third.person)]
    assert {each.person for each in listed(house)} == {second.person, third.person}
    assert house.actions()[-1] == "manager.stepDown"


def test_without_a_name_the_longest_serving_other_manager_takes_over(house: House) -> None:
    norfolk = house.organisation()
    leaver, second, _ = (house.manager(norfolk, f"m{n}@norfolk.example") for n in range(3))

    step_down(house, listed(house)[0].name, leaver)

    assert announced(house.database, events.ManagerSteppedDown)[0].successor == second.person


def test_the_last_manager_leaves_to_nobody(house: House) -> None:
    manager = house.manager(house.organisation(), "asha@norfolk.example")

    step_down(house, listed(house)[0].name, manager)

    assert announced(house.database, events.ManagerSteppedDown)[0].successor == ""


def test_a_successor_manages_the_same_organisation(house: House) -> None:
    norfolk = house.organisation()
    manager = house.manager(norfolk, "asha@norfolk.example")
    member = house.member(norfolk, "ben@norfolk.example")
    other = house.manager(house.organisation("Suffolk"), "m@suffolk.example")
    appointment = listed(house, parent=norfolk)[0].name

    for person in (manager, member, other):
        with pytest.raises(InvalidArgument, match="NOT_ANOTHER_MANAGER"):
            step_down(house, appointment, manager, successor=person.person)


def test_who_has_stepped_down_does_not_do_it_again(house: House) -> None:
    manager = house.manager(house.organisation(), "asha@norfolk.example")
    appointment = listed(house)[0].name
    step_down(house, appointment, manager)

    with pytest.raises(FailedPrecondition, match="NOT_IN_OFFICE"):
        step_down(house, appointment, manager)
    with pytest.raises(FailedPrecondition, match="NOT_IN_OFFICE"):
        commit(house, appointment, manager)


def test_nobody_else_learns_who_was_in_office_before(house: House) -> None:
    norfolk = house.organisation()
    manager = house.manager(norfolk, "asha@norfolk.example")
    colleague = house.member(norfolk, "ben@norfolk.example")
    appointment = listed(house)[0].name
    step_down(house, appointment, manager)

    with pytest.raises(NotFound, match="NO_SUCH_MANAGER"):
        commit(house, appointment, colleague)


def test_tokens_that_say_manager_end_with_the_office_but_the_session_goes_on(house: House) -> None:
    norfolk = house.organisation()
    house.manager(norfolk, "asha@norfolk.example")
    session = house.sign_in("asha@norfolk.example")
    manager = house.verifier.verify(session.access_token)

    step_down(house, listed(house)[0].name, manager)

    with pytest.raises(Unauthenticated, match="TOKEN_REVOKED"):
        house.verifier.verify(session.access_token)
    renewed = house.verifier.verify(house.refresh(session.refresh_token).access_token)
    assert (renewed.person, renewed.manages) == (manager.person, frozenset())


def test_the_figures_count_those_who_take_part(house: House) -> None:
    norfolk, suffolk = house.organisation("Norfolk"), house.organisation("Suffolk")
    waiting = house.organisation("Waiting", verified=False)
    committed = house.manager(norfolk, "a@norfolk.example")
    commit(house, listed(house)[0].name, committed)
    house.manager(suffolk, "b@suffolk.example")
    house.member(waiting, "c@waiting.example")
    house.registered(norfolk, "d@norfolk.example")

    figures = house.organisations.GetMembershipFigures(
        pb.GetMembershipFiguresRequest(), OPPORTUNITIES
    )

    assert figures == pb.MembershipFigures(
        organisations=2, organisations_with_committed_manager=1, managers=2, participants=3
    )
