"""A second factor: what the app's codes are good for, how they are lost and found, and what a thief gets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
import pytest
from google.protobuf.message import Message
from interchange.identity.v1 import events_pb2 as events
from interchange.identity.v1 import regions_pb2, sessions_pb2
from interchange.identity.v1 import second_factors_pb2 as pb
from sqlalchemy import select

from chassis.auth import Principal
from chassis.clock import now
from chassis.errors import (
    FailedPrecondition,
    InvalidArgument,
    PermissionDenied,
    ResourceExhausted,
    Unauthenticated,
)
from services.identity.second_factors import codes, totp
from services.identity.second_factors.models import TRIES, Challenge, SecondFactor
from services.identity.sessions.clock import tidy
from tests.support.outbox import announced
from tests.unit.identity.house import CLI, PASSWORD, House

ASHA = "asha@norfolk.example"
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # of the worked examples in RFC 6238
AT = datetime.fromtimestamp(59, UTC)


class Phone:
    """An authenticator app, whose clock can be set forward so that each code is a new one."""

    def __init__(self, secret: str) -> None:
        self._app = pyotp.TOTP(secret)
        self._ahead = -1

    def code(self) -> str:
        """The next code that the service takes: at most three are within reach."""
        self._ahead += 1
        return self._app.at(now() - timedelta(seconds=30) + timedelta(seconds=30 * self._ahead))


def own(who: Principal) -> str:
    return f"{who.person}/secondFactor"


def begin(house: House, who: Principal, password: str = PASSWORD) -> Phone:
    request = pb.BeginSecondFactorRequest(name=own(who), password=password)
    return Phone(house.second_factors.BeginSecondFactor(request, who).secret)


def confirm(house: House, who: Principal, code: str) -> list[str]:
    request = pb.ConfirmSecondFactorRequest(name=own(who), code=code)
    return list(house.second_factors.ConfirmSecondFactor(request, who).recovery_codes)


def enrolled(house: House, who: Principal) -> tuple[Phone, list[str]]:
    phone = begin(house, who)
    return phone, confirm(house, who, phone.code())


def challenge(house: House, email: str = ASHA) -> str:
    with pytest.raises(Unauthenticated, match="SECOND_FACTOR_NEEDED") as refusal:
        house.sign_in(email)
    return refusal.value.metadata["challenge"]


def answer(house: House, token: str, code: str) -> Any:
    request = sessions_pb2.AnswerChallengeRequest(challenge=token, code=code)
    return house.sessions.AnswerChallenge(request)


def state(house: House, who: Principal) -> pb.SecondFactor:
    found = house.second_factors.GetSecondFactor(pb.GetSecondFactorRequest(name=own(who)), who)
    assert isinstance(found, pb.SecondFactor)
    return found


def require(house: House) -> None:
    policy = regions_pb2.REQUIRED_FOR_MANAGERS_AND_OPERATORS
    request = regions_pb2.SetSecondFactorPolicyRequest(name="regions/current", policy=policy)
    house.regions.SetSecondFactorPolicy(request, house.operator)


def told(house: House, kind: type[Message]) -> list[Any]:
    return announced(house.database, kind)


@pytest.fixture
def asha(house: House) -> Principal:
    return house.member(house.organisation(), ASHA)


@pytest.mark.parametrize(("code", "step"), [("287082", 1), ("287 082", 1), ("287083", None)])
def test_codes_are_those_of_the_standard(code: str, step: int | None) -> None:
    assert totp.step_of(SECRET, code, at=AT) == step
    assert totp.step_of(SECRET, code, at=AT + timedelta(seconds=30)) == step
    assert totp.step_of(SECRET, code, at=AT + timedelta(seconds=90)) is None


def test_recovery_codes_are_read_however_they_are_typed(asha: Principal) -> None:
    person = SecondFactor(person_id=codes.UUID(int=1), secret=b"", create_time=AT).person_id

    assert codes.digest(person, "ABCD efgh-jkmn pqrs") == codes.digest(
        person, "abcd-efgh-jkmn-pqrs"
    )
    assert len(set(codes.new_codes())) == codes.HOW_MANY


def test_a_second_factor_is_asked_for_when_signing_in(house: House, asha: Principal) -> None:
    phone, _ = enrolled(house, asha)

    session = answer(house, challenge(house), phone.code())

    assert session.person == asha.person and session.access_token
    assert len(told(house, events.SecondFactorTurnedOn)) == 1
    assert state(house, asha).enabled


def test_nothing_changes_before_the_first_code(house: House, asha: Principal) -> None:
    begin(house, asha)
    with pytest.raises(InvalidArgument, match="WRONG_CODE"):
        confirm(house, asha, "000000")

    assert house.sign_in(ASHA).access_token


def test_beginning_asks_for_the_password(house: House, asha: Principal) -> None:
    with pytest.raises(InvalidArgument, match="WRONG_PASSWORD"):
        begin(house, asha, "not the right password")


def test_a_code_is_used_once(house: House, asha: Principal) -> None:
    phone, _ = enrolled(house, asha)
    code = phone.code()
    answer(house, challenge(house), code)

    with pytest.raises(InvalidArgument, match="WRONG_CODE"):
        answer(house, challenge(house), code)


def test_a_challenge_is_answered_once(house: House, asha: Principal) -> None:
    phone, _ = enrolled(house, asha)
    token = challenge(house)
    answer(house, token, phone.code())

    with pytest.raises(Unauthenticated, match="BAD_CHALLENGE"):
        answer(house, token, phone.code())


def test_a_challenge_ends_after_some_wrong_codes(house: House, asha: Principal) -> None:
    phone, _ = enrolled(house, asha)
    token = challenge(house)
    for _ in range(TRIES):
        with pytest.raises(InvalidArgument, match="WRONG_CODE"):
            answer(house, token, "000000")

    with pytest.raises(Unauthenticated, match="BAD_CHALLENGE"):
        answer(house, token, phone.code())


def test_who_knows_the_password_only_is_locked_out(house: House, asha: Principal) -> None:
    enrolled(house, asha)
    for _ in range(2):
        token = challenge(house)
        for _ in range(TRIES):
            with pytest.raises(InvalidArgument):
                answer(house, token, "000000")

    with pytest.raises(ResourceExhausted, match="ACCOUNT_LOCKED"):
        house.sign_in(ASHA)
    assert len(told(house, events.AccountLocked)) == 1


def test_a_challenge_waits_for_minutes_only(house: House, asha: Principal) -> None:
    phone, _ = enrolled(house, asha)
    token = challenge(house)
    tidy(house.database, house.keys, registration_ttl_s=9, at=now() + timedelta(minutes=6))

    with pytest.raises(Unauthenticated, match="BAD_CHALLENGE"):
        answer(house, token, phone.code())


def test_a_recovery_code_works_once_and_its_owner_is_told(house: House, asha: Principal) -> None:
    _, recovery = enrolled(house, asha)

    answer(house, challenge(house), recovery[3].upper())
    with pytest.raises(InvalidArgument, match="WRONG_CODE"):
        answer(house, challenge(house), recovery[3])

    assert [each.left for each in told(house, events.RecoveryCodeUsed)] == [9]
    assert state(house, asha).recovery_codes_left == 9


def test_new_recovery_codes_replace_those_before(house: House, asha: Principal) -> None:
    phone, before = enrolled(house, asha)
    request = pb.RenewRecoveryCodesRequest(name=own(asha), code=phone.code())
    after = house.second_factors.RenewRecoveryCodes(request, asha).recovery_codes

    with pytest.raises(InvalidArgument, match="WRONG_CODE"):
        answer(house, challenge(house), before[0])
    assert answer(house, challenge(house), after[0]).access_token


def test_turning_it_off_asks_for_the_password(house: House, asha: Principal) -> None:
    enrolled(house, asha)
    turn_off = house.second_factors.TurnOffSecondFactor
    with pytest.raises(InvalidArgument, match="WRONG_PASSWORD"):
        turn_off(pb.TurnOffSecondFactorRequest(name=own(asha), password="a wrong one"), asha)
    turn_off(pb.TurnOffSecondFactorRequest(name=own(asha), password=PASSWORD), asha)

    assert house.sign_in(ASHA).access_token
    assert len(told(house, events.SecondFactorTurnedOff)) == 1


def test_turning_it_on_ends_other_sessions(house: House, asha: Principal) -> None:
    other = house.sign_in(ASHA)

    enrolled(house, asha)

    with pytest.raises(Unauthenticated):
        house.refresh(other.refresh_token)


def test_nobody_handles_anothers_second_factor(house: House, asha: Principal) -> None:
    other = house.member(house.organisation("Suffolk"), "b@suffolk.example")

    with pytest.raises(PermissionDenied, match="NOT_YOURS"):
        house.second_factors.BeginSecondFactor(
            pb.BeginSecondFactorRequest(name=own(asha), password=PASSWORD), other
        )


def test_an_operator_helps_who_has_lost_it(house: House, asha: Principal) -> None:
    enrolled(house, asha)
    request = pb.ResetSecondFactorRequest(name=own(asha), note="Rang the number on file")
    house.second_factors.ResetSecondFactor(request, house.operator)

    assert house.sign_in(ASHA).access_token
    assert [each.person for each in told(house, events.SecondFactorReset)] == [asha.person]
    assert "person.resetSecondFactor" in house.actions()


def test_an_operator_does_not_help_themself(house: House) -> None:
    enrolled(house, house.operator)
    request = pb.ResetSecondFactorRequest(name=own(house.operator), note="Lost it")

    with pytest.raises(PermissionDenied, match="NOT_FOR_ONESELF"):
        house.second_factors.ResetSecondFactor(request, house.operator)


def test_the_command_finds_people_by_address(house: House, asha: Principal) -> None:
    enrolled(house, asha)
    request = pb.ResetSecondFactorRequest(name=f"people/{ASHA}/secondFactor", note="At the desk")

    house.second_factors.ResetSecondFactor(request, CLI)

    assert house.sign_in(ASHA).access_token


def test_who_must_have_one_has_no_rights_without(house: House) -> None:
    norfolk = house.organisation()
    house.manager(norfolk, ASHA)
    require(house)

    weak = house.principal(ASHA)
    me = house.sessions.GetMe(sessions_pb2.GetMeRequest(), weak)

    assert not weak.manages
    assert me.second_factor == sessions_pb2.MISSING and not me.manages


def test_the_session_that_enrols_gets_its_rights(house: House) -> None:
    norfolk = house.organisation()
    house.manager(norfolk, ASHA)
    require(house)
    session = house.sign_in(ASHA)

    phone, _ = enrolled(house, house.verifier.verify(session.access_token))
    renewed = house.verifier.verify(house.refresh(session.refresh_token).access_token)
    signed_in = house.verifier.verify(answer(house, challenge(house), phone.code()).access_token)

    assert renewed.manages == signed_in.manages == {norfolk}
    me = house.sessions.GetMe(sessions_pb2.GetMeRequest(), renewed)
    assert me.second_factor == sessions_pb2.GIVEN


def test_a_session_loses_its_rights_when_the_region_begins_to_ask(house: House) -> None:
    house.manager(house.organisation(), ASHA)
    session = house.sign_in(ASHA)
    require(house)

    assert not house.verifier.verify(house.refresh(session.refresh_token).access_token).manages


def test_who_has_no_role_is_not_asked(house: House, asha: Principal) -> None:
    require(house)

    me = house.sessions.GetMe(sessions_pb2.GetMeRequest(), house.principal(ASHA))

    assert me.second_factor == sessions_pb2.NOT_NEEDED


def test_what_is_asked_for_is_not_turned_off(house: House) -> None:
    asha = house.manager(house.organisation(), ASHA)
    enrolled(house, asha)
    require(house)
    request = pb.TurnOffSecondFactorRequest(name=own(asha), password=PASSWORD)

    with pytest.raises(FailedPrecondition, match="SECOND_FACTOR_REQUIRED"):
        house.second_factors.TurnOffSecondFactor(request, asha)


def test_secrets_and_codes_are_not_kept_as_they_are(house: House, asha: Principal) -> None:
    request = pb.BeginSecondFactorRequest(name=own(asha), password=PASSWORD)
    secret = house.second_factors.BeginSecondFactor(request, asha).secret
    confirm(house, asha, pyotp.TOTP(secret).now())
    token = challenge(house)

    with house.database.read() as session:
        kept = session.scalars(select(SecondFactor)).one()
        waiting = session.scalars(select(Challenge)).one()

    assert secret.encode() not in kept.secret
    assert token != waiting.digest
