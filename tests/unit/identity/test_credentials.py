"""Addresses are confirmed and passwords set with mailed tokens that work once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from interchange.identity.v1 import events_pb2 as events
from interchange.identity.v1 import people_pb2
from interchange.identity.v1 import sessions_pb2 as pb

from chassis.auth import Principal
from chassis.clock import now
from chassis.errors import (
    InvalidArgument,
    NotFound,
    PermissionDenied,
    ResourceExhausted,
    Unauthenticated,
)
from chassis.timestamps import from_proto
from services.identity.sessions import mail_tokens
from services.identity.sessions.models import Purpose
from tests.support.outbox import announced
from tests.unit.identity.house import CLI, NOTIFICATIONS, PASSWORD, House, nothing_announced

ASHA = "asha@norfolk.example"
ANOTHER = "quite-another-password"


@pytest.fixture
def asha(house: House) -> Principal:
    return house.member(house.organisation(), ASHA)


def request_reset(house: House, email: str) -> None:
    house.credentials.RequestPasswordReset(pb.RequestPasswordResetRequest(email=email))


def change(house: House, who: Principal, current: str, new: str, name: str = "") -> None:
    request = pb.ChangePasswordRequest(
        name=name or who.person, current_password=current, new_password=new
    )
    house.credentials.ChangePassword(request, who)


def create_operator(house: House, email: str, password: str = "") -> str:
    request = pb.CreateOperatorRequest(email=email, display_name="Op", password=password)
    return str(house.credentials.CreateOperator(request, CLI).person)


def test_a_reset_sets_the_password_and_ends_all_sessions(house: House, asha: Principal) -> None:
    session = house.sign_in(ASHA)
    request_reset(house, "ASHA@norfolk.example")
    told = announced(house.database, events.PasswordResetRequested)
    token = house.mail_token(told[0].person, pb.RESET_PASSWORD)

    house.reset(token, ANOTHER)

    assert house.sign_in(ASHA, ANOTHER).person == asha.person
    with pytest.raises(Unauthenticated, match="BAD_CREDENTIALS"):
        house.sign_in(ASHA, PASSWORD)
    with pytest.raises(Unauthenticated, match="BAD_REFRESH_TOKEN"):
        house.refresh(session.refresh_token)
    with pytest.raises(Unauthenticated, match="TOKEN_REVOKED"):
        house.verifier.verify(session.access_token)


def test_a_reset_for_an_unknown_address_answers_the_same_and_tells_nobody(house: House) -> None:
    with nothing_announced(house.database):
        request_reset(house, "nobody@norfolk.example")


def test_nobody_is_sent_more_than_three_resets_an_hour(house: House, asha: Principal) -> None:
    for _ in range(5):
        request_reset(house, ASHA)

    assert len(announced(house.database, events.PasswordResetRequested)) == 3


def test_a_reset_confirms_the_address_and_unlocks(house: House) -> None:
    registered = house.registered(house.organisation(), ASHA)
    for _ in range(10):
        with pytest.raises(Unauthenticated):
            house.sign_in(ASHA, "the wrong password")

    house.reset(house.mail_token(registered.name, pb.RESET_PASSWORD), ANOTHER)

    assert house.sign_in(ASHA, ANOTHER).person == registered.name
    asked = announced(house.database, events.MembershipRequested)
    assert [each.person for each in asked] == [registered.name]


def test_a_mailed_token_works_once(house: House, asha: Principal) -> None:
    token = house.mail_token(asha.person, pb.RESET_PASSWORD)
    house.reset(token, ANOTHER)

    with pytest.raises(InvalidArgument, match="BAD_TOKEN") as refusal:
        house.reset(token, PASSWORD)

    assert refusal.value.violations[0].field == "token"
    assert house.sign_in(ASHA, ANOTHER)


def test_a_mailed_token_is_for_one_purpose(house: House, asha: Principal) -> None:
    confirm = house.mail_token(asha.person, pb.CONFIRM_EMAIL)
    reset = house.mail_token(asha.person, pb.RESET_PASSWORD)

    with pytest.raises(InvalidArgument, match="BAD_TOKEN"):
        house.reset(confirm)
    with pytest.raises(InvalidArgument, match="BAD_TOKEN"):
        house.credentials.ConfirmEmail(pb.ConfirmEmailRequest(token=reset))
    with pytest.raises(InvalidArgument, match="BAD_TOKEN"):
        house.reset("made up")


def test_the_token_of_a_mail_that_is_sent_again_replaces_the_one_before(
    house: House, asha: Principal
) -> None:
    first = house.mail_token(asha.person, pb.RESET_PASSWORD, NOTIFICATIONS)
    second = house.mail_token(asha.person, pb.RESET_PASSWORD, NOTIFICATIONS)

    with pytest.raises(InvalidArgument, match="BAD_TOKEN"):
        house.reset(first, ANOTHER)
    house.reset(second, ANOTHER)

    assert house.sign_in(ASHA, ANOTHER)


def test_the_operators_command_does_not_spoil_a_mail_on_its_way(
    house: House, asha: Principal
) -> None:
    ours = house.mail_token(asha.person, pb.RESET_PASSWORD, CLI)
    house.mail_token(asha.person, pb.RESET_PASSWORD, NOTIFICATIONS)

    house.reset(ours, ANOTHER)

    assert house.sign_in(ASHA, ANOTHER)


@pytest.mark.parametrize(
    ("purpose", "days"),
    [(pb.CONFIRM_EMAIL, 7), (pb.RESET_PASSWORD, 1 / 24), (pb.ACCEPT_INVITATION, 14)],
)
def test_a_mailed_token_works_for_as_long_as_was_said(
    house: House, purpose: pb.MailPurpose.ValueType, days: float
) -> None:
    person = house.invited(house.organisation(), ASHA).name
    request = pb.IssueMailTokenRequest(person=person, purpose=purpose)
    issued = house.credentials.IssueMailToken(request, NOTIFICATIONS)
    ends = from_proto(issued.expire_time)
    assert abs(ends - now() - timedelta(days=days)) < timedelta(minutes=1)

    purposes = list(Purpose)
    with house.database.read() as session:
        just_before = ends - timedelta(seconds=1)
        assert mail_tokens.holder(session, issued.token, purposes, at=just_before)
        with pytest.raises(InvalidArgument, match="BAD_TOKEN"):
            mail_tokens.holder(session, issued.token, purposes, at=ends)


def test_no_token_is_made_for_nobody(house: House) -> None:
    with pytest.raises(NotFound, match="NO_SUCH_PERSON"):
        house.mail_token("people/00000000-0000-7000-8000-000000000000", pb.RESET_PASSWORD)


def test_an_invitation_is_accepted_once_however_many_were_sent(house: House) -> None:
    person = house.invited(house.organisation(), ASHA).name
    house.reset(house.mail_token(person, pb.ACCEPT_INVITATION))
    late = house.mail_token(person, pb.ACCEPT_INVITATION, NOTIFICATIONS)

    with pytest.raises(InvalidArgument, match="BAD_TOKEN"):
        house.reset(late, ANOTHER)

    assert house.get_person(person).HasField("email_confirm_time")
    assert house.sign_in(ASHA)


def test_a_bad_new_password_leaves_the_token_good(house: House, asha: Principal) -> None:
    token = house.mail_token(asha.person, pb.RESET_PASSWORD)
    for bad in ("password123", "short", ASHA):
        with pytest.raises(InvalidArgument) as refusal:
            house.reset(token, bad)
        assert refusal.value.violations[0].field == "password"

    house.reset(token, ANOTHER)

    assert house.sign_in(ASHA, ANOTHER)


def test_confirming_twice_is_told_once(house: House) -> None:
    registered = house.registered(house.organisation(), ASHA)
    house.confirm(registered.name)
    house.confirm(registered.name)

    assert len(announced(house.database, events.MembershipRequested)) == 1


def test_who_changes_the_password_stays_signed_in_here_and_nowhere_else(
    house: House, asha: Principal
) -> None:
    here, elsewhere = house.sign_in(ASHA), house.sign_in(ASHA)
    who = house.verifier.verify(here.access_token)
    mailed = house.mail_token(asha.person, pb.RESET_PASSWORD)

    change(house, who, PASSWORD, ANOTHER)

    assert house.verifier.verify(here.access_token) == who
    assert house.refresh(here.refresh_token)
    with pytest.raises(Unauthenticated, match="TOKEN_REVOKED"):
        house.verifier.verify(elsewhere.access_token)
    with pytest.raises(Unauthenticated):
        house.sign_in(ASHA, PASSWORD)
    with pytest.raises(InvalidArgument, match="BAD_TOKEN"):
        house.reset(mailed)
    assert house.sign_in(ASHA, ANOTHER)


def test_the_present_password_is_asked_for(house: House, asha: Principal) -> None:
    with pytest.raises(InvalidArgument, match="WRONG_PASSWORD") as refusal:
        change(house, asha, ANOTHER, ANOTHER)

    assert refusal.value.violations[0].field == "current_password"


def test_a_stolen_token_cannot_guess_the_password(house: House, asha: Principal) -> None:
    for _ in range(10):
        with pytest.raises(InvalidArgument):
            change(house, asha, "guess after guess", ANOTHER)

    with pytest.raises(ResourceExhausted, match="TOO_MANY_TRIES"):
        change(house, asha, PASSWORD, ANOTHER)


def test_everybody_changes_their_own_password_only(house: House, asha: Principal) -> None:
    with pytest.raises(PermissionDenied, match="NOT_YOURS"):
        change(house, house.operator, PASSWORD, ANOTHER, name=asha.person)


def test_the_operators_command_makes_an_operator_who_can_sign_in(house: House) -> None:
    person = create_operator(house, "Op@region.example", PASSWORD)

    who = house.principal("op@region.example")

    assert (who.person, who.is_operator, who.organisation) == (person, True, "")
    assert events.OperatorAppointed(person=person) in announced(
        house.database, events.OperatorAppointed
    )
    assert "operator.appoint" in house.actions()


def test_making_the_same_operator_again_changes_nothing(house: House) -> None:
    first = create_operator(house, "op@region.example", PASSWORD)
    actions = house.actions()

    with nothing_announced(house.database):
        again = create_operator(house, "OP@region.example", ANOTHER)

    assert again == first
    assert house.actions() == actions
    assert house.sign_in("op@region.example", PASSWORD)


def test_a_member_becomes_an_operator_and_stays_what_they_are(
    house: House, asha: Principal
) -> None:
    person = create_operator(house, ASHA)

    who = house.principal(ASHA)

    assert (person, who.organisation) == (asha.person, asha.organisation)
    assert who.is_operator


def test_an_operator_without_a_password_is_invited(house: House) -> None:
    person = create_operator(house, "op@region.example")

    invited = announced(house.database, events.PersonInvited)
    assert [each.person for each in invited] == [person]
    house.reset(house.mail_token(person, pb.ACCEPT_INVITATION))
    assert house.principal("op@region.example").is_operator


def test_an_operator_is_listed_and_shown_without_an_organisation(house: House) -> None:
    request = people_pb2.GetPersonRequest(name=house.operator.person)

    shown = house.people.GetPerson(request, house.operator)

    assert (shown.organisation, list(shown.employments)) == ("", [])
