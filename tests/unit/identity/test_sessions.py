"""Signing in and out: what tokens say, how they end, and what a thief gets."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from interchange.identity.v1 import events_pb2 as events
from interchange.identity.v1 import people_pb2
from interchange.identity.v1 import sessions_pb2 as pb
from redis import Redis

from chassis.auth import Revocations
from chassis.clock import now
from chassis.database import Database
from chassis.errors import (
    Error,
    NotFound,
    ResourceExhausted,
    Unauthenticated,
)
from chassis.valkey import connect
from services.identity.sessions import lockout
from services.identity.sessions.clock import USED_KEPT, tidy
from services.identity.sessions.models import (
    Failures,
    MailToken,
    OpenSession,
    RefreshToken,
    Revocation,
    SigningKey,
)
from tests.conftest import Databases
from tests.support.outbox import announced
from tests.unit.identity.house import PASSWORD, House, a_person

ASHA = "asha@norfolk.example"
FREE = "nobody.yet@norfolk.example"
WRONG = "not the right password"
OTHERS = "three other random words"


@pytest.fixture
def asha(house: House) -> str:
    """A member's name."""
    return house.member(house.organisation(), ASHA).person


def fail(house: House, email: str = ASHA, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(Unauthenticated, match="BAD_CREDENTIALS"):
            house.sign_in(email, WRONG)


def sign_out(house: House, access_token: str, name: str = "sessions/current") -> None:
    who = house.verifier.verify(access_token)
    house.sessions.DeleteSession(pb.DeleteSessionRequest(name=name), who)


def count(database: Database, table: type) -> int:
    with database.read() as session:
        return session.query(table).count()


def test_a_token_says_who_somebody_is_and_where(house: House) -> None:
    norfolk = house.organisation()
    manager = house.manager(norfolk, ASHA)

    session = house.sign_in("  Asha@NORFOLK.example ")
    who = house.verifier.verify(session.access_token)

    assert (session.person, session.expires_in) == (manager.person, 600)
    assert (who.person, who.organisation) == (manager.person, norfolk)
    assert (who.manages, who.roles) == ({norfolk}, frozenset())
    assert house.operator.is_operator


def test_an_unknown_address_and_a_wrong_password_read_the_same(house: House, asha: str) -> None:
    refusals = []
    for email in (ASHA, "nobody@norfolk.example"):
        with pytest.raises(Unauthenticated) as refusal:
            house.sign_in(email, WRONG)
        refusals.append(str(refusal.value))

    assert refusals[0] == refusals[1]


def test_an_unknown_address_costs_the_same_time(house: House, asha: str) -> None:
    def seconds(email: Callable[[int], str]) -> float:
        taken = []
        for number in range(7):
            started = time.perf_counter()
            with pytest.raises(Unauthenticated):
                house.sign_in(email(number), WRONG)
            taken.append(time.perf_counter() - started)
        return statistics.median(taken)

    known, unknown = seconds(lambda _: ASHA), seconds(lambda n: f"nobody{n}@norfolk.example")

    assert 0.5 < known / unknown < 2


def test_who_has_not_accepted_the_invitation_cannot_sign_in(house: House) -> None:
    house.invited(house.organisation(), ASHA)

    for password in ("", PASSWORD):
        with pytest.raises(Unauthenticated, match="BAD_CREDENTIALS"):
            house.sign_in(ASHA, password)


def test_an_address_is_confirmed_before_the_first_sign_in(house: House) -> None:
    registered = house.registered(house.organisation(), ASHA)
    with pytest.raises(Unauthenticated, match="not confirmed"):
        house.sign_in(ASHA)

    house.confirm(registered.name)

    assert house.sign_in(ASHA).person == registered.name


def test_who_registers_an_address_does_not_learn_whether_somebody_has_it(
    house: House, asha: str
) -> None:
    suffolk = house.organisation("Suffolk")
    for email in (ASHA, FREE):
        person = a_person(suffolk, email, password=OTHERS)
        house.people.CreatePerson(people_pb2.CreatePersonRequest(person=person))

    def answers(email: str) -> list[tuple[str, str]]:
        return [refusal(house, email) for _ in range(11)]

    assert answers(ASHA) == answers(FREE)


def refusal(house: House, email: str) -> tuple[str, str]:
    with pytest.raises(Error) as caught:
        house.sign_in(email, OTHERS)
    return caught.value.reason, caught.value.message


def test_ten_failures_lock_an_account_whoever_knows_the_password(house: House, asha: str) -> None:
    fail(house, times=9)
    assert announced(house.database, events.AccountLocked) == []
    fail(house)

    with pytest.raises(ResourceExhausted, match="ACCOUNT_LOCKED"):
        house.sign_in(ASHA)

    assert announced(house.database, events.AccountLocked) == [events.AccountLocked(person=asha)]


def test_an_unknown_address_is_locked_alike_and_nobody_is_told(house: House) -> None:
    fail(house, "nobody@norfolk.example", times=10)

    with pytest.raises(ResourceExhausted, match="ACCOUNT_LOCKED"):
        house.sign_in("nobody@norfolk.example")

    assert announced(house.database, events.AccountLocked) == []


def test_a_lock_ends_by_itself(house: House, asha: str) -> None:
    long_ago = now() - timedelta(minutes=15)
    with house.database.begin() as session:
        locked = [lockout.fail(session, ASHA, None, at=long_ago) for _ in range(10)]
    assert locked[-1]

    assert house.sign_in(ASHA).person == asha


def test_signing_in_forgets_the_failures(house: House, asha: str) -> None:
    fail(house, times=9)
    house.sign_in(ASHA)

    fail(house, times=9)

    assert house.sign_in(ASHA).person == asha


def test_an_operator_unlocks(house: House, asha: str) -> None:
    fail(house, times=10)

    house.credentials.UnlockPerson(pb.UnlockPersonRequest(name=asha), house.operator)

    assert house.sign_in(ASHA).person == asha
    assert house.actions()[-1] == "person.unlock"


def test_other_sessions_outlive_a_lock(house: House, asha: str) -> None:
    session = house.sign_in(ASHA)

    fail(house, times=10)

    assert house.refresh(session.refresh_token).person == asha


def test_a_refresh_gives_a_new_pair_with_what_is_so_now(house: House, asha: str) -> None:
    session = house.sign_in(ASHA)
    norfolk = house.verifier.verify(session.access_token).organisation
    house.appoint(norfolk, asha)

    again = house.refresh(session.refresh_token)

    assert again.refresh_token != session.refresh_token
    who = house.verifier.verify(again.access_token)
    assert who.manages == {norfolk}
    assert who.session == house.verifier.verify(session.access_token).session


def test_a_refresh_token_that_is_used_twice_ends_the_session(house: House, asha: str) -> None:
    first = house.sign_in(ASHA)
    second = house.refresh(first.refresh_token)
    elsewhere = house.sign_in(ASHA)

    with pytest.raises(Unauthenticated, match="REFRESH_TOKEN_REUSED"):
        house.refresh(first.refresh_token)

    for token in (first.refresh_token, second.refresh_token):
        with pytest.raises(Unauthenticated, match="BAD_REFRESH_TOKEN"):
            house.refresh(token)
    for session in (first, second):
        with pytest.raises(Unauthenticated, match="TOKEN_REVOKED"):
            house.verifier.verify(session.access_token)
    assert announced(house.database, events.SessionCompromised) == [
        events.SessionCompromised(person=asha)
    ]
    assert house.refresh(elsewhere.refresh_token).person == asha


def test_an_invented_refresh_token_harms_nobody(house: House, asha: str) -> None:
    session = house.sign_in(ASHA)

    with pytest.raises(Unauthenticated, match="BAD_REFRESH_TOKEN"):
        house.refresh("made-up")

    assert house.refresh(session.refresh_token).person == asha
    assert announced(house.database, events.SessionCompromised) == []


def test_no_token_is_stored_as_it_was_handed_out(house: House, asha: str) -> None:
    session = house.sign_in(ASHA)
    mailed = house.mail_token(asha, pb.RESET_PASSWORD)

    with house.database.read() as reading:
        kept = [each.digest for each in reading.query(RefreshToken)]
        kept += [each.digest for each in reading.query(MailToken)]

    assert not {session.refresh_token, mailed} & set(kept)


def test_signing_out_ends_the_session_everywhere_at_once(
    house: House, asha: str, redis: Redis
) -> None:
    session = house.sign_in(ASHA)
    sid = house.verifier.verify(session.access_token).session

    sign_out(house, session.access_token)

    assert Revocations(redis).is_revoked(sid)
    with pytest.raises(Unauthenticated, match="BAD_REFRESH_TOKEN"):
        house.refresh(session.refresh_token)


def test_one_signs_out_ones_own_sessions_only(house: House, asha: str) -> None:
    session = house.sign_in(ASHA)
    sid = house.verifier.verify(session.access_token).session
    name = "sessions/" + sid.partition(".")[0]
    other = house.member(house.organisation("Suffolk"), "ben@suffolk.example")

    with pytest.raises(NotFound, match="NO_SUCH_SESSION"):
        house.sessions.DeleteSession(pb.DeleteSessionRequest(name=name), other)
    sign_out(house, session.access_token, name)

    with pytest.raises(Unauthenticated, match="TOKEN_REVOKED"):
        house.verifier.verify(session.access_token)


def test_signing_out_everywhere_ends_all_of_ones_own(house: House, asha: str) -> None:
    mine = [house.sign_in(ASHA) for _ in range(3)]
    house.member(house.organisation("Suffolk"), "ben@suffolk.example")
    theirs = house.sign_in("ben@suffolk.example")

    who = house.verifier.verify(mine[0].access_token)
    house.sessions.RevokeSessions(pb.RevokeSessionsRequest(), who)

    for session in mine:
        with pytest.raises(Unauthenticated, match="TOKEN_REVOKED"):
            house.verifier.verify(session.access_token)
        with pytest.raises(Unauthenticated, match="BAD_REFRESH_TOKEN"):
            house.refresh(session.refresh_token)
    assert house.verifier.verify(theirs.access_token)
    assert house.refresh(theirs.refresh_token)


def test_me_is_who_is_signed_in(house: House) -> None:
    norfolk = house.organisation("Norfolk")
    manager = house.manager(norfolk, ASHA)

    me = house.sessions.GetMe(pb.GetMeRequest(), manager)
    operator = house.sessions.GetMe(pb.GetMeRequest(), house.operator)

    assert (me.name, me.email, me.language) == (manager.person, ASHA, "en")
    assert (me.organisation, me.organisation_display_name) == (norfolk, "Norfolk")
    assert (list(me.manages), list(me.roles)) == ([norfolk], [])
    assert (operator.organisation, list(operator.roles)) == ("", ["operator"])


def test_who_was_erased_is_nobody(house: House, asha: str) -> None:
    who = house.principal(ASHA)
    house.people.DeletePerson(people_pb2.DeletePersonRequest(name=asha), who)

    with pytest.raises(Unauthenticated, match="TOKEN_REVOKED"):
        house.sessions.GetMe(pb.GetMeRequest(), who)


def test_without_redis_people_sign_in_and_out_and_are_told_of_later(databases: Databases) -> None:
    house = House(databases("identity"), connect("redis://127.0.0.1:1/0"))
    house.member(house.organisation(), ASHA)
    session = house.sign_in(ASHA)

    sign_out(house, session.access_token)

    with pytest.raises(Unauthenticated, match="BAD_REFRESH_TOKEN"):
        house.refresh(session.refresh_token)
    with house.database.read() as reading:
        assert any(each.until > now() for each in reading.query(Revocation))


def test_redis_is_told_again_of_what_it_forgot(house: House, asha: str, redis: Redis) -> None:
    session = house.sign_in(ASHA)
    sid = house.verifier.verify(session.access_token).session
    sign_out(house, session.access_token)
    redis.flushall()

    house.endings.tell_again(house.database, at=now())

    assert Revocations(redis).is_revoked(sid)
    assert 0 < int(redis.ttl(f"revoked:{sid}")) <= 660


def test_a_session_that_is_not_used_ends(house: House, asha: str) -> None:
    session = house.sign_in(ASHA)
    later = now() + timedelta(days=14)

    with house.database.begin() as writing, pytest.raises(Unauthenticated):
        house.opening.refresh(writing, session.refresh_token, at=later)


def test_what_has_ended_is_cleared_away(house: House, asha: str) -> None:
    session = house.sign_in(ASHA)
    sign_out(house, house.sign_in(ASHA).access_token)
    house.refresh(session.refresh_token)
    house.mail_token(asha, pb.RESET_PASSWORD)
    fail(house)
    unconfirmed = house.registered(house.organisation("Suffolk"), "w@suffolk.example")
    confirmed = house.registered(house.organisation("Essex"), "c@essex.example")
    house.confirm(confirmed.name)

    def tables() -> list[int]:
        kept = (OpenSession, RefreshToken, MailToken, Revocation, Failures)
        return [count(house.database, table) for table in kept]

    before = tables()
    tidy(house.database, house.keys, registration_ttl_s=3600, at=now())
    assert tables() == before
    tidy(house.database, house.keys, registration_ttl_s=3600, at=now() + timedelta(hours=2))

    assert tables() == [before[0], before[1], 0, 0, 0]
    with pytest.raises(NotFound):
        house.get_person(unconfirmed.name)
    erased = announced(house.database, events.PersonErased)
    assert [each.person for each in erased] == [unconfirmed.name]
    assert house.get_person(confirmed.name)
    tidy(house.database, house.keys, registration_ttl_s=3600, at=now() + USED_KEPT)
    assert count(house.database, RefreshToken) == before[1] - 1
    tidy(house.database, house.keys, registration_ttl_s=3600, at=now() + timedelta(days=15))
    assert tables() == [0, 0, 0, 0, 0]
    assert count(house.database, SigningKey) == 1


def test_somebody_sees_their_own_sessions_and_ends_one(house: House, asha: str) -> None:
    first, second = house.sign_in(ASHA), house.sign_in(ASHA)
    who = house.verifier.verify(second.access_token)

    listed = house.sessions.ListSessions(pb.ListSessionsRequest(parent=asha), who).sessions
    assert [each.current for each in listed][:2] == [True, False]
    house.sessions.DeleteSession(pb.DeleteSessionRequest(name=listed[1].name), who)

    with pytest.raises(Unauthenticated):
        house.refresh(first.refresh_token)


def test_operators_see_all_sessions_and_others_do_not(house: House, asha: str) -> None:
    everybody = pb.ListSessionsRequest(parent="people/-")

    assert {each.person for each in house.sessions.ListSessions(everybody, house.operator).sessions}
    with pytest.raises(Error, match=r"BAD_NAME|NOT_YOURS"):
        house.sessions.ListSessions(everybody, house.principal(ASHA))


def test_an_operator_who_ends_anothers_session_is_audited(house: House, asha: str) -> None:
    house.sign_in(ASHA)
    request = pb.ListSessionsRequest(parent=asha)
    listed = house.sessions.ListSessions(request, house.operator).sessions
    house.sessions.DeleteSession(pb.DeleteSessionRequest(name=listed[0].name), house.operator)

    assert "session.end" in house.actions()


def test_operators_see_who_is_locked_out(house: House, asha: str) -> None:
    fail(house, times=10)
    fail(house, FREE, times=10)

    request = pb.ListLockoutsRequest()
    listed = house.sessions.ListLockouts(request, house.operator).lockouts
    assert sorted(each.person for each in listed) == ["", asha]
    house.credentials.UnlockPerson(pb.UnlockPersonRequest(name=asha), house.operator)

    left = house.sessions.ListLockouts(request, house.operator).lockouts
    assert [each.person for each in left] == [""]


def test_operators_find_people_by_address(house: House, asha: str) -> None:
    request = people_pb2.FindPersonRequest(email=f" {ASHA.upper()} ")

    assert house.people.FindPerson(request, house.operator).name == asha
    with pytest.raises(NotFound, match="NO_SUCH_PERSON"):
        house.people.FindPerson(people_pb2.FindPersonRequest(email=FREE), house.operator)
