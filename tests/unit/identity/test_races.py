"""What two do at the same moment ends as if they had done it one after the other."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from interchange.identity.v1 import events_pb2 as events
from interchange.identity.v1 import organisations_pb2 as organisations_pb
from interchange.identity.v1 import people_pb2
from interchange.identity.v1 import sessions_pb2 as pb

from chassis.errors import AlreadyExists, Error, InvalidArgument, Unauthenticated
from tests.support.outbox import announced
from tests.unit.identity.house import House

ASHA = "asha@norfolk.example"


def at_once(times: int, work: Callable[[int], object]) -> list[object]:
    """What each answered, or the error that it raised."""

    def tried(number: int) -> object:
        try:
            return work(number)
        except Error as problem:
            return problem

    with ThreadPoolExecutor(times) as workers:
        return list(workers.map(tried, range(times)))


def of(kind: type, answers: list[object]) -> int:
    return sum(isinstance(each, kind) for each in answers)


def test_one_address_is_registered_once(house: House) -> None:
    norfolk = house.organisation()

    answers = at_once(4, lambda _: house.registered(norfolk, ASHA))

    assert of(people_pb2.Person, answers) == 4
    request = people_pb2.ListPeopleRequest(state=people_pb2.Person.PENDING)
    (known,) = house.people.ListPeople(request, house.operator).people
    repeated = announced(house.database, events.RegistrationRepeated)
    assert [each.person for each in repeated] == [known.name] * 3


def test_one_refresh_token_works_once(house: House) -> None:
    house.member(house.organisation(), ASHA)
    session = house.sign_in(ASHA)

    answers = at_once(4, lambda _: house.refresh(session.refresh_token))

    assert (of(pb.Session, answers), of(Unauthenticated, answers)) == (1, 3)
    assert len(announced(house.database, events.SessionCompromised)) == 1


def test_one_mailed_token_sets_one_password(house: House) -> None:
    person = house.invited(house.organisation(), ASHA)
    token = house.mail_token(person.name, pb.ACCEPT_INVITATION)

    answers = at_once(3, lambda n: house.reset(token, f"quite-long-password-{n}-x"))

    assert (answers.count(None), of(InvalidArgument, answers)) == (1, 2)


def test_failures_at_once_are_all_counted(house: House) -> None:
    house.member(house.organisation(), ASHA)

    at_once(5, lambda _: house.sign_in(ASHA, "not the password"))
    at_once(5, lambda _: house.sign_in(ASHA, "not the password"))

    assert len(announced(house.database, events.AccountLocked)) == 1


def test_one_identifier_is_registered_once(house: House) -> None:
    charity = organisations_pb.Identifier(scheme="GB-CHC", id="1234567")

    answers = at_once(
        4, lambda n: house.organisation(f"Trust {n}", verified=False, identifiers=[charity])
    )

    assert (of(str, answers), of(AlreadyExists, answers)) == (1, 3)


def test_one_person_is_appointed_once(house: House) -> None:
    norfolk = house.organisation()
    person = house.invited(norfolk, ASHA)

    answers = at_once(4, lambda _: house.appoint(norfolk, person.name))

    assert (of(organisations_pb.Manager, answers), of(AlreadyExists, answers)) == (1, 3)


def test_all_managers_of_an_organisation_may_step_down_at_once(house: House) -> None:
    norfolk = house.organisation()
    people = [house.invited(norfolk, f"p{number}@norfolk.example").name for number in range(4)]
    offices = [house.appoint(norfolk, each).name for each in people]
    operator = house.operator

    answers = at_once(
        4,
        lambda n: house.organisations.StepDownManager(
            organisations_pb.StepDownManagerRequest(name=offices[n]), operator
        ),
    )

    heirs = [each.successor for each in announced(house.database, events.ManagerSteppedDown)]
    assert of(organisations_pb.Manager, answers) == 4
    assert heirs[-1] == ""
    assert all(heirs[:-1])


def test_all_managers_of_an_organisation_may_be_erased_at_once(house: House) -> None:
    norfolk = house.organisation()
    people = [house.invited(norfolk, f"p{number}@norfolk.example").name for number in range(4)]
    for each in people:
        house.appoint(norfolk, each)
    operator = house.operator

    answers = at_once(
        4,
        lambda n: house.people.DeletePerson(
            people_pb2.DeletePersonRequest(name=people[n]), operator
        ),
    )

    assert of(Exception, answers) == 0


@pytest.mark.parametrize("people", [4])
def test_many_sign_in_and_out_at_once(house: House, people: int) -> None:
    norfolk = house.organisation()
    for number in range(people):
        house.member(norfolk, f"p{number}@norfolk.example")

    def work(number: int) -> object:
        session = house.sign_in(f"p{number}@norfolk.example")
        who = house.verifier.verify(house.refresh(session.refresh_token).access_token)
        return house.sessions.DeleteSession(pb.DeleteSessionRequest(name="sessions/current"), who)

    answers = at_once(people, work)

    assert of(Error, answers) == 0
