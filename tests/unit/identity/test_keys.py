"""Signing keys: encrypted at rest, rotated without anybody being signed out, forgotten when they may be."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from interchange.identity.v1 import sessions_pb2 as pb
from sqlalchemy import select

from chassis.auth import JWKS, Principal, Verifier
from chassis.clock import now
from chassis.database import Database
from chassis.errors import Unauthenticated
from chassis.secrets import BadSecret, read_secret
from services.identity.sessions.keys import Keys
from services.identity.sessions.models import SigningKey
from tests.conftest import Databases
from tests.unit.identity.house import REGION, SECRET, House

OPERATOR = Principal(person="people/1", roles=frozenset({"operator"}))
TTL_S = 600


class Clock:
    def __init__(self) -> None:
        self.now = now()

    def __call__(self) -> datetime:
        return self.now


def keys_of(database: Database, clock: Clock, secret: bytes = SECRET) -> Keys:
    return Keys(database, secret, access_ttl_s=TTL_S, clock=clock)


def rotate(database: Database, keys: Keys) -> str:
    with database.begin() as session:
        return str(keys.rotate(session, OPERATOR)["kid"])


def published(keys: Keys) -> list[str]:
    return [str(key["kid"]) for key in keys.public()]


def test_the_private_part_is_not_in_the_database(databases: Databases) -> None:
    database = databases("identity")
    keys = keys_of(database, Clock())
    keys.ensure()
    private = str(keys.signing()["d"])

    with database.read() as session:
        kept = session.scalars(select(SigningKey)).one()

    assert private.encode() not in kept.private
    assert "d" not in kept.public
    assert all("d" not in key for key in keys.public())


def test_another_secret_opens_nothing(databases: Databases) -> None:
    database = databases("identity")
    keys_of(database, Clock()).ensure()

    with pytest.raises(BadSecret, match="another secret"):
        keys_of(database, Clock(), secret=bytes(32)).signing()


def test_a_sealed_key_is_bound_to_its_id(databases: Databases) -> None:
    database, clock = databases("identity"), Clock()
    keys = keys_of(database, clock)
    keys.ensure()
    clock.now += timedelta(seconds=1)
    rotate(database, keys)
    with database.begin() as session:
        old, new = session.scalars(select(SigningKey).order_by(SigningKey.create_time)).all()
        new.private = old.private

    with pytest.raises(BadSecret):
        keys_of(database, clock).signing()


@pytest.mark.parametrize("content", ["", "short", base64.b64encode(bytes(31)).decode(), "ü" * 44])
def test_a_file_that_holds_no_secret_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "identity.encryption"
    path.write_text(content)

    for wrong in (path, tmp_path / "missing"):
        with pytest.raises(BadSecret, match="32 bytes in base64"):
            read_secret(wrong)


def test_a_secret_is_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "identity.encryption"
    path.write_text(base64.b64encode(SECRET).decode() + "\n")

    assert read_secret(path) == SECRET


def test_instances_that_start_at_once_make_one_key_between_them(databases: Databases) -> None:
    database, clock = databases("identity"), Clock()

    with ThreadPoolExecutor(4) as instances:
        list(instances.map(lambda _: keys_of(database, clock).ensure(), range(8)))

    assert len(published(keys_of(database, clock))) == 1


def test_a_rotated_key_stays_published_until_its_last_token_has_ended(databases: Databases) -> None:
    database, clock = databases("identity"), Clock()
    keys = keys_of(database, clock)
    keys.ensure()
    (first,) = published(keys)
    clock.now += timedelta(days=1)

    second = rotate(database, keys)

    assert keys.signing()["kid"] == second
    assert published(keys) == [second, first]
    clock.now += timedelta(seconds=TTL_S)
    assert published(keys) == [second, first]
    clock.now += timedelta(seconds=60)
    assert published(keys) == [second]
    with database.begin() as session:
        keys.forget_old(session)
    with database.read() as session:
        assert [each.kid for each in session.scalars(select(SigningKey))] == [second]


def test_rotating_signs_nobody_out(house: House) -> None:
    member = house.member(house.organisation(), "asha@norfolk.example")
    before = house.sign_in("asha@norfolk.example")

    rotated = house.sessions.RotateSigningKey(pb.RotateSigningKeyRequest(), house.operator)
    after = house.sign_in("asha@norfolk.example")

    elsewhere = Verifier(JWKS(), house.keys.published, region=REGION)
    for session in (before, after):
        assert elsewhere.verify(session.access_token).person == member.person
    listed = house.sessions.ListSigningKeys(pb.ListSigningKeysRequest()).keys
    assert listed[0].kid == rotated.kid
    assert len(listed) == 2
    assert (rotated.kty, rotated.crv, rotated.alg, rotated.use) == (
        "OKP",
        "Ed25519",
        "Ed25519",
        "sig",
    )
    assert house.actions()[-1] == "signingKey.rotate"


def test_a_token_of_a_forgotten_key_is_not_believed(house: House) -> None:
    house.member(house.organisation(), "asha@norfolk.example")
    token = house.sign_in("asha@norfolk.example").access_token
    clock = Clock()
    clock.now += timedelta(seconds=1)
    keys = keys_of(house.database, clock)
    rotate(house.database, keys)
    clock.now += timedelta(days=1)

    with pytest.raises(Unauthenticated, match="BAD_TOKEN"):
        Verifier(JWKS(), keys.published, region=REGION).verify(token)
