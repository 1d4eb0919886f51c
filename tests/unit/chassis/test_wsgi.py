"""A door that shows its program's certificate, to those who call it as programs and operators do."""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from chassis.tls import Tls
from cli import doors
from cli.ports import free_port, wait_for_port
from tests.support.authority import Authority
from web.api import Away, Gateway, asking

SERVE = """
import sys
from pathlib import Path
from chassis import logs
from chassis.config import Config
from chassis.tls import Tls
from chassis.wsgi import Server

def application(environ, start):
    start("200 OK", [("Content-Type", "application/json")])
    return [b'{"scheme": "%s"}' % environ["wsgi.url_scheme"].encode()]

logs.configure(Config())
bind, *files = sys.argv[1:]
Server(lambda stack: application, bind=bind, threads=2, tls=Tls(*map(Path, files))).run()
"""


@dataclass(frozen=True)
class Door:
    """A running server."""

    port: int
    log: Path

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def shown(self) -> bytes:
        """The certificate that it shows to whoever comes."""
        return ssl.get_server_certificate(("127.0.0.1", self.port)).encode()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "ours")


@pytest.fixture
def own(authority: Authority) -> Tls:
    return authority.issue("gateway")


@pytest.fixture
def door(own: Tls, tmp_path: Path) -> Iterator[Door]:
    made = Door(free_port(), tmp_path / "door.log")
    files = [str(each) for each in (own.certificate, own.key, own.authority)]
    with made.log.open("wb") as log:
        command = [sys.executable, "-c", SERVE, f"127.0.0.1:{made.port}", *files]
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        assert wait_for_port(made.port, within_s=20), made.log.read_text()
        yield made
    finally:
        process.terminate()
        process.wait(15)


def test_pages_believe_the_region_s_own_authority(door: Door, authority: Authority) -> None:
    answer = Gateway(door.url, authority.certificate).send(asking("/"), {}, 5)

    assert answer == {"scheme": "https"}


def test_pages_ask_nobody_else(door: Door, tmp_path: Path) -> None:
    for believed in (None, Authority(tmp_path / "theirs").certificate):
        with pytest.raises(Away, match="SSLError"):
            Gateway(door.url, believed).send(asking("/"), {}, 5)


def test_a_certificate_is_for_its_name_only(door: Door, authority: Authority) -> None:
    elsewhere = door.url.replace("127.0.0.1", "localhost")

    with pytest.raises(Away, match="SSLError"):
        Gateway(elsewhere, authority.certificate).send(asking("/"), {}, 5)


def test_an_operator_s_commands_believe_it_where_they_are_told_of_it(
    door: Door, own: Tls, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(requests.exceptions.SSLError):
        doors.session().get(door.url, timeout=5)

    monkeypatch.setenv("INTERCHANGE_SERVICE_KEY_FILE", "told")
    monkeypatch.setenv("INTERCHANGE_TLS_CERTIFICATE_FILE", str(own.certificate))
    monkeypatch.setenv("INTERCHANGE_TLS_KEY_FILE", str(own.key))
    monkeypatch.setenv("INTERCHANGE_TLS_AUTHORITY_FILE", str(own.authority))

    assert doors.session().get(door.url, timeout=5).json() == {"scheme": "https"}


def test_a_renewed_certificate_is_shown_to_whoever_comes_next(
    door: Door, own: Tls, authority: Authority
) -> None:
    gateway = Gateway(door.url, authority.certificate)
    gateway.send(asking("/"), {}, 5)
    before = door.shown()

    authority.issue("gateway")

    assert door.shown() == own.certificate.read_bytes() != before
    assert gateway.send(asking("/"), {}, 5)  # on the connection that it kept


def test_who_does_not_speak_tls_is_not_answered_and_leaves_no_word(
    door: Door, authority: Authority
) -> None:
    for said in (b"GET / HTTP/1.1\r\nHost: secret.example\r\n\r\n", b"\x16\x03\x01secret"):
        with socket.create_connection(("127.0.0.1", door.port), timeout=10) as raw:
            raw.sendall(said)
            raw.shutdown(socket.SHUT_WR)
            assert b"HTTP" not in raw.recv(1000)

    assert Gateway(door.url, authority.certificate).send(asking("/"), {}, 5)
    assert door.log.read_text() == ""
