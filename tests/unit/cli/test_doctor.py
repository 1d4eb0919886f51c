"""What `interchange doctor` finds when something is wrong, and what it says to do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from chassis import migrations
from chassis.auth import JWKS, generate_key
from chassis.bus.permissions import ADMIN
from chassis.clock import now
from chassis.release import release
from cli.doctor import bus, certificates, clocks, databases, federation, machine, trust
from cli.doctor.finding import Finding
from cli.doctor.places import Places
from cli.doctor.programs import programs, releases
from cli.ports import free_port
from cli.settings import SERVICES, Settings
from tests.conftest import new_database
from tests.support.servers import Nats
from tests.unit.chassis.letters import Letters, serving


def ill(found: Iterator[Finding]) -> list[tuple[str, str]]:
    """What wants a hand: about what, and which."""
    return [(each.about, each.said) for each in found if not each.is_well]


def of_bus(nats: Nats) -> Places:
    return Places(Settings(), nats_url=nats.url, nats_seeds=nats.folder)


def test_a_bus_that_is_provisioned_is_well(nats: Nats) -> None:
    assert ill(bus.bus(of_bus(nats))) == []


def test_a_stream_or_a_consumer_that_is_missing_is_named(nats: Nats) -> None:
    with nats.connect(ADMIN) as admin:
        admin.request("$JS.API.CONSUMER.DELETE.EVT.matching_3", {})
        admin.request("$JS.API.STREAM.DELETE.DLQ", {})

    found = list(bus.bus(of_bus(nats)))

    assert ill(iter(found)) == [
        ("stream DLQ", "is not there"),
        ("consumer matching_3", "is not there"),
    ]
    assert all("interchange provision" in each.remedy for each in found if not each.is_well)


def test_a_bus_that_is_away_is_one_finding(nats: Nats) -> None:
    away = Places(Settings(), nats_url=f"nats://127.0.0.1:{free_port()}", nats_seeds=nats.folder)

    (found,) = bus.bus(away)

    assert found.about == "bus" and not found.is_well


def test_a_database_is_well_once_it_is_migrated(tmp_path: Path, postgresql_url: str) -> None:
    for url in (f"sqlite:///{tmp_path / 'identity.db'}", new_database(postgresql_url, "identity")):
        before = list(databases.database("identity", url))
        migrations.upgrade("identity", url)

        assert "`interchange migrate identity`" in [each.remedy for each in before]
        assert ill(databases.database("identity", url)) == []


def test_a_database_that_is_away_is_one_finding() -> None:
    url = f"postgresql+psycopg://nobody@127.0.0.1:{free_port()}/identity"

    (found,) = databases.database("identity", url)

    assert "can't be reached" in found.said and found.remedy


def test_a_clock_that_is_wrong_is_told() -> None:
    def behind() -> datetime:
        return now() - timedelta(minutes=1)

    assert clocks.clock("Valkey", now).is_well
    assert "NTP" in clocks.clock("Valkey", behind).remedy
    assert clocks.clock("gateway", lambda: now() - timedelta(seconds=1), blur=clocks.SECOND).is_well


def test_clocks_are_read_where_they_are(redis_url: str, postgresql_url: str) -> None:
    places = Places(Settings(), redis_url=redis_url, databases={"identity": postgresql_url})

    found = list(clocks.clocks(places))

    assert [each.about for each in found] == ["clock of Valkey", "clock of database of identity"]
    assert ill(iter(found)) == []


@pytest.mark.parametrize(("days", "is_well"), [(60, True), (3, False), (-1, False)])
def test_a_certificate_is_told_before_it_ends(tmp_path: Path, days: int, is_well: bool) -> None:
    path = tmp_path / "tls.crt"
    path.write_bytes(a_certificate(days))

    assert certificates.of_file(path).is_well is is_well


def test_a_certificate_that_is_none_is_told(tmp_path: Path) -> None:
    assert not certificates.of_file(tmp_path / "tls.crt").is_well
    assert not certificates.of_address(f"https://127.0.0.1:{free_port()}").is_well


def test_keys_that_others_may_read_are_told(tmp_path: Path) -> None:
    key = tmp_path / "identity.json"
    key.write_text("{}")
    key.chmod(0o640)

    found = machine.secrecy(tmp_path)
    key.chmod(0o600)

    assert "identity.json" in found.said and "chmod" in found.remedy
    assert machine.secrecy(tmp_path).is_well
    assert not machine.secrecy(tmp_path / "none").is_well


def test_a_disk_that_is_full_is_told(tmp_path: Path) -> None:
    assert machine.room(tmp_path, least=0).is_well
    assert not machine.room(tmp_path, least=1 << 80).is_well


def test_a_gateway_that_is_away_is_told() -> None:
    found = ill(programs(Places(Settings(), gateway_url=f"http://127.0.0.1:{free_port()}")))

    assert [about for about, _ in found] == ["gateway"]


def test_programs_of_two_releases_are_told() -> None:
    (same,) = releases([release(), release()])
    (different,) = releases([release(), "0.0.9"])

    assert same.is_well
    assert "1 of 0.0.9" in different.said and "rollback" in different.remedy
    assert list(releases([])) == []


def test_every_replica_behind_a_name_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Letters()) as server:
        monkeypatch.setenv("INTERCHANGE_SERVICE_KEY_FILE", str(tmp_path / "cli.json"))
        (tmp_path / "cli.json").write_text(json.dumps(generate_key("cli")))
        for service in SERVICES:
            name = f"dns:///localhost:{server.port}"
            monkeypatch.setenv(f"INTERCHANGE_{service.upper()}_ADDRESS", name)

        found = list(programs(Places(Settings(data_dir=tmp_path), services=True)))

    abouts = [each.about for each in found if each.is_well]
    assert "identity at 127.0.0.1" in abouts
    assert f"all are of {release()}" in [each.said for each in found]


def test_a_name_without_an_address_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERCHANGE_SERVICE_KEY_FILE", str(tmp_path / "cli.json"))
    for service in SERVICES:
        monkeypatch.setenv(f"INTERCHANGE_{service.upper()}_ADDRESS", "dns:///nobody.invalid:7101")

    found = list(programs(Places(Settings(data_dir=tmp_path), services=True)))

    assert [each.about for each in found] == list(SERVICES)
    assert all("no replica is ready" in each.remedy for each in found)


def test_a_key_of_another_making_is_told(tmp_path: Path) -> None:
    key, listed = tmp_path / "cli.json", tmp_path / "services.json"
    key.write_text(json.dumps(generate_key("cli")))
    listed.write_text(JWKS([json.loads(key.read_text())]).dump())

    assert trust.known(key, listed).is_well
    key.write_text(json.dumps(generate_key("cli")))
    assert "one making" in trust.known(key, listed).remedy
    assert not trust.known(tmp_path / "none", listed).is_well


@pytest.mark.parametrize(("days", "is_well"), [(60, True), (10, False), (-1, False)])
def test_a_signing_key_is_told_before_it_ends(days: int, is_well: bool) -> None:
    found = federation.key("scotland's", now() + timedelta(days=days), federation.ASK)

    assert found.is_well is is_well
    assert "scotland" in found.about


def a_certificate(days: int) -> bytes:
    """One of our own that holds so many days from now."""
    key, name = ec.generate_private_key(ec.SECP256R1()), "identity"
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now() - timedelta(days=30))
        .not_valid_after(now() + timedelta(days=days))
    )
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
