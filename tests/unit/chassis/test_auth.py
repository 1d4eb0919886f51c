"""Only good tokens are believed, and only for what their key may say."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, OKPKey

from chassis import auth
from chassis.auth.tokens import sign
from chassis.auth.verifying import CACHED_TOKENS, KEYS_LIVE_S, LEEWAY_S, REFETCH_AFTER_S
from chassis.errors import Unauthenticated, Unavailable

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
REGION = "east-of-england"
ACCESS = auth.generate_key("access.1")
MATCHING = auth.generate_key("matching")
MANAGER = auth.Principal(
    person="people/1",
    organisation="organisations/1",
    manages=frozenset({"organisations/1"}),
    roles=frozenset({"operator"}),
    session="s1",
)


class Clock:
    def __init__(self) -> None:
        self.now = NOW.timestamp()

    def __call__(self) -> float:
        return self.now


class Publisher:
    """What identity publishes, and how often it was asked."""

    def __init__(self, *keys: auth.Jwk) -> None:
        self.keys = list(keys)
        self.asked = 0
        self.away = False

    def __call__(self) -> auth.JWKS:
        self.asked += 1
        if self.away:
            raise Unavailable("UNAVAILABLE", "away")
        return auth.JWKS(self.keys)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def publisher() -> Publisher:
    return Publisher(ACCESS)


@pytest.fixture
def verifier(clock: Clock, publisher: Publisher) -> auth.Verifier:
    services = auth.JWKS([MATCHING, auth.generate_key("notifications")])
    return auth.Verifier(services, publisher, region=REGION, clock=clock)


def a_token(key: auth.Jwk = ACCESS, who: auth.Principal = MANAGER, region: str = REGION) -> str:
    return auth.sign_access_token(key, who, region=region, ttl_s=900, at=NOW)


def claims(**changes: object) -> dict[str, object]:
    now = int(NOW.timestamp())
    usual = {"iss": REGION, "sub": "people/1", "sid": "s1", "iat": now, "exp": now + 900}
    return usual | changes


def part(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


def test_a_person_is_who_the_token_says(verifier: auth.Verifier) -> None:
    assert verifier.verify(a_token()) == MANAGER


def test_a_program_is_who_its_key_says(verifier: auth.Verifier, clock: Clock) -> None:
    token = auth.ServiceToken(MATCHING, "matching", clock=clock)()

    assert verifier.verify(token) == auth.Principal(service="matching")


def forged() -> str:
    return a_token(auth.generate_key("access.1"))


def altered() -> str:
    head, _, signature = a_token().split(".")
    return f"{head}.{part(claims(sub='people/2'))}.{signature}"


def with_algorithm_none() -> str:
    return f"{part({'alg': 'none', 'kid': 'access.1'})}.{part(claims())}."


def with_public_key_as_secret() -> str:
    secret = OctKey.import_key(auth.public_part(ACCESS)["x"])
    header = {"alg": "HS256", "kid": "access.1"}
    return jwt.encode(header, claims(), secret, algorithms=["HS256"])


def with_deprecated_name_of_algorithm() -> str:
    key = OKPKey.import_key({k: v for k, v in ACCESS.items() if k != "alg"})
    return jwt.encode({"alg": "EdDSA", "kid": "access.1"}, claims(), key, algorithms=["EdDSA"])


def with_another_curve() -> str:
    key = OKPKey.generate_key("Ed448")
    return jwt.encode({"alg": "Ed448", "kid": "access.1"}, claims(), key, algorithms=["Ed448"])


def without_a_kid() -> str:
    key = OKPKey.import_key(dict(ACCESS))
    return jwt.encode({"alg": "Ed25519"}, claims(), key, algorithms=["Ed25519"])


REFUSED: dict[str, Callable[[], str]] = {
    "forged": forged,
    "altered": altered,
    "alg none": with_algorithm_none,
    "alg HS256 over the public key": with_public_key_as_secret,
    "alg EdDSA": with_deprecated_name_of_algorithm,
    "alg Ed448": with_another_curve,
    "no kid": without_a_kid,
    "unknown kid": lambda: a_token(auth.generate_key("access.9")),
    "foreign region": lambda: a_token(region="west-midlands"),
    "a region that calls itself a program": lambda: sign(
        ACCESS, claims(iss="program:matching", sub="program:matching")
    ),
    "a program's key for a person": lambda: a_token(MATCHING),
    "a program's key for another program": lambda: sign(
        MATCHING, claims(iss="program:notifications", sub="program:notifications")
    ),
    "a program's key for a person as its subject": lambda: sign(
        MATCHING, claims(iss="program:matching")
    ),
    "no person": lambda: sign(ACCESS, claims(sub="")),
    "a number as person": lambda: sign(ACCESS, claims(sub="1") | {"sub": 1}),
    "no end": lambda: sign(ACCESS, {k: v for k, v in claims().items() if k != "exp"}),
    "end as text": lambda: sign(ACCESS, claims() | {"exp": "never"}),
    "managed organisations as a number": lambda: sign(ACCESS, claims(mgr=7)),
    "issued tomorrow": lambda: sign(ACCESS, claims(iat=int(NOW.timestamp()) + 86_400)),
    "empty": lambda: "",
    "garbage": lambda: "garbage",
    "dots": lambda: "..",
    "not base64": lambda: "!.!.!",
    "not text": lambda: "\x00\xff.é.ü",
    "a list for a header": lambda: f"{part([])}.{part({})}.",
    "endless": lambda: "a" * 100_000,
}


@pytest.mark.parametrize("make", REFUSED.values(), ids=REFUSED.keys())
def test_a_bad_token_is_refused(verifier: auth.Verifier, make: Callable[[], str]) -> None:
    with pytest.raises(Unauthenticated) as caught:
        verifier.verify(make())

    assert caught.value.reason == "BAD_TOKEN"


def test_a_token_ends_with_five_seconds_of_leeway(verifier: auth.Verifier, clock: Clock) -> None:
    token = a_token()
    clock.now += 900 + LEEWAY_S - 1
    verifier.verify(token)

    clock.now += 1
    with pytest.raises(Unauthenticated) as caught:
        verifier.verify(token)

    assert caught.value.reason == "TOKEN_EXPIRED"


def test_a_token_that_ended_before_it_was_seen_is_refused(
    verifier: auth.Verifier, clock: Clock
) -> None:
    clock.now += 901 + LEEWAY_S

    with pytest.raises(Unauthenticated) as caught:
        verifier.verify(a_token())

    assert caught.value.reason == "TOKEN_EXPIRED"


def test_revocation_is_asked_although_the_token_is_known(
    publisher: Publisher, clock: Clock
) -> None:
    ended: set[str] = set()
    verifier = auth.Verifier(auth.JWKS(), publisher, ended.__contains__, region=REGION, clock=clock)
    token = a_token()
    verifier.verify(token)

    ended.add("s1")
    with pytest.raises(Unauthenticated) as caught:
        verifier.verify(token)

    assert caught.value.reason == "TOKEN_REVOKED"


def test_after_a_rotation_old_and_new_keys_are_good(
    verifier: auth.Verifier, publisher: Publisher, clock: Clock
) -> None:
    verifier.verify(a_token())
    rotated = auth.generate_key("access.2")
    publisher.keys.append(rotated)
    clock.now += REFETCH_AFTER_S

    verifier.verify(a_token(rotated))
    verifier.verify(a_token())


def test_a_rotated_program_key_still_belongs_to_its_program(clock: Clock) -> None:
    rotated = auth.generate_key("matching.2")
    verifier = auth.Verifier(auth.JWKS([MATCHING, rotated]), region=REGION, clock=clock)

    token = auth.ServiceToken(rotated, "matching", clock=clock)()

    assert verifier.verify(token).service == "matching"


def test_unknown_kids_do_not_make_us_ask_for_keys_again_and_again(
    verifier: auth.Verifier, publisher: Publisher
) -> None:
    verifier.verify(a_token())

    for number in range(10):
        with pytest.raises(Unauthenticated):
            verifier.verify(a_token(auth.generate_key(f"made-up.{number}")))

    assert publisher.asked == 1


def test_a_withdrawn_key_is_forgotten(
    verifier: auth.Verifier, publisher: Publisher, clock: Clock
) -> None:
    verifier.verify(a_token())
    publisher.keys.clear()
    clock.now += KEYS_LIVE_S

    with pytest.raises(Unauthenticated):
        verifier.verify(a_token(who=auth.Principal(person="people/2")))


def test_without_any_keys_it_is_our_fault_and_not_the_callers(
    verifier: auth.Verifier, publisher: Publisher, clock: Clock
) -> None:
    publisher.away = True
    for _ in range(2):
        with pytest.raises(Unavailable):
            verifier.verify(a_token())

    publisher.away = False
    clock.now += REFETCH_AFTER_S

    assert verifier.verify(a_token()) == MANAGER


def test_old_keys_serve_on_while_nobody_publishes(
    verifier: auth.Verifier, publisher: Publisher, clock: Clock
) -> None:
    verifier.verify(a_token())
    publisher.away = True
    clock.now += KEYS_LIVE_S

    assert verifier.verify(a_token(who=auth.Principal(person="people/2"))).person == "people/2"


def test_the_cache_of_good_tokens_is_bounded(verifier: auth.Verifier) -> None:
    cache = verifier._verified

    for number in range(CACHED_TOKENS + 10):
        cache.put(str(number).encode(), (MANAGER, 0.0))

    assert len(cache._known) == CACHED_TOKENS
    assert cache.get(b"0") is None
    assert cache.get(str(CACHED_TOKENS + 9).encode()) is not None


def test_a_service_token_is_kept_until_shortly_before_its_end(clock: Clock) -> None:
    token = auth.ServiceToken(MATCHING, "matching", clock=clock)
    first = token()

    assert token() == first
    clock.now += 239
    assert token() == first
    clock.now += 1
    assert token() != first


def test_published_keys_hold_no_secret() -> None:
    published = auth.JWKS.parse(auth.JWKS([ACCESS, MATCHING]).dump())

    assert [key["kid"] for key in published.to_dict()["keys"]] == ["access.1", "matching"]
    assert '"d"' not in published.dump()


def test_acting_as_ends_with_its_block() -> None:
    with auth.acting_as(MANAGER):
        assert auth.principal() is MANAGER

    assert auth.principal() is auth.ANONYMOUS
