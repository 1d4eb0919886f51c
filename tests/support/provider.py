"""An organisation's real OpenID Connect provider as a child process, and its people's browsers."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import requests
import yaml

from cli.ports import free_port
from tests.support import servers

CLIENT_ID, CLIENT_SECRET = "interchange", "a-secret-of-the-provider"
PASSWORD = "of-the-organisation"
TIMEOUT_S = 10


@dataclass(frozen=True)
class Answer:
    """What the browser comes back with."""

    code: str
    state: str


@dataclass(frozen=True)
class RunningProvider:
    """A provider on loopback. `issuer` is how it calls itself."""

    issuer: str

    def sign_in(self, authorization_uri: str, user: str = "asha") -> Answer:
        """Somebody gives their password there; the browser is sent back."""
        answer = requests.post(
            authorization_uri,
            data={"username": user, "password": PASSWORD},
            allow_redirects=False,
            timeout=TIMEOUT_S,
        )
        assert answer.is_redirect, answer.text[:2000]
        query = parse_qs(urlsplit(answer.headers["Location"]).query)
        return Answer(query["code"][0], query["state"][0])

    def rotate_keys(self) -> None:
        answer = requests.post(f"{self.issuer}/api/keys/rotate", timeout=TIMEOUT_S)
        assert answer.ok, answer.text


@contextmanager
def provider(folder: Path, *redirect_uris: str) -> Iterator[RunningProvider]:
    """Nanoidp with one client and two people."""
    port = free_port()
    issuer = f"http://127.0.0.1:{port}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "settings.yaml").write_text(
        yaml.safe_dump(_settings(issuer, port, redirect_uris, folder))
    )
    (folder / "users.yaml").write_text(yaml.safe_dump(_users()))
    command = [sys.executable, "-m", "nanoidp", "--config", str(folder), "--port", str(port)]
    with servers.running(command, port, folder / "provider.log"):
        yield RunningProvider(issuer)


def _settings(
    issuer: str, port: int, redirect_uris: tuple[str, ...], folder: Path
) -> dict[str, object]:
    client = {
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "redirect_uris": list(redirect_uris),
    }
    return {
        "config_version": 1,
        "server": {"host": "127.0.0.1", "port": port},
        "oauth": {"issuer": issuer, "audience": "others", "clients": [client]},
        "jwt": {"keys_dir": str(folder / "keys")},
    }


def _users() -> dict[str, object]:
    def user(name: str) -> dict[str, str]:
        return {"password": PASSWORD, "email": f"{name}@norfolk.example"}

    return {"config_version": 1, "users": {name: user(name) for name in ("asha", "ben")}}
