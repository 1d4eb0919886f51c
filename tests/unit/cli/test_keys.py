"""Keys for a cluster: each program gets its own, all of them or none are made."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from click.testing import CliRunner, Result

from chassis.auth import JWKS
from cli.commands.keys import keys


class Cluster:
    """The part of a Kubernetes API that has Secrets of one namespace."""

    def __init__(self) -> None:
        self.secrets: dict[str, Any] = {}
        self.may_create = True
        self.where: list[str] = []

    def answer(self, method: str, path: str, body: bytes) -> int:
        prefix, _, name = path.partition("/secrets")
        if prefix != "/api/v1/namespaces/east":
            return 404
        if method == "GET":
            return 200 if name.lstrip("/") in self.secrets else 404
        if not self.may_create:
            return 403
        secret = json.loads(body)
        self.secrets[secret["metadata"]["name"]] = secret
        return 201


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    held = Cluster()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(held.answer(self.command, self.path, body))
            self.end_headers()

        do_POST = do_GET  # named by the base class

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    (tmp_path / "namespace").write_text("east\n")
    (tmp_path / "token").write_text("a-token")
    held.where = ["--api", f"http://127.0.0.1:{server.server_port}", "--account", str(tmp_path)]
    yield held
    server.shutdown()
    server.server_close()


def apply(cluster: Cluster) -> Result:
    return CliRunner().invoke(keys, ["apply", "--release", "east", *cluster.where])


def files(secret: Any) -> dict[str, bytes]:
    return {name: base64.b64decode(content) for name, content in secret["data"].items()}


def test_a_manifest_gives_each_program_its_own_keys_only() -> None:
    printed = CliRunner().invoke(keys, ["manifest", "--release", "east"])

    items = {each["metadata"]["name"]: files(each) for each in json.loads(printed.stdout)["items"]}
    assert set(items["east-keys-identity"]) == {"service.json", "bus.nk", "encryption"}
    assert set(items["east-keys-matching"]) == {"service.json", "bus.nk"}
    assert set(items["east-keys-gateway"]) == {"service.json"}
    published = JWKS.parse(items["east-keys-public"]["services.json"])
    kid = json.loads(items["east-keys-matching"]["service.json"])["kid"]
    assert published.get(kid)
    assert b'"d"' not in items["east-keys-public"]["services.json"]
    assert b"system_account: SYS" in items["east-keys-bus-server"]["accounts.conf"]


def test_keys_are_made_once_in_a_cluster(cluster: Cluster) -> None:
    first = apply(cluster)
    before = dict(cluster.secrets)
    second = apply(cluster)

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert len(before) == 10
    assert cluster.secrets == before
    assert "nothing to do" in second.output


def test_keys_are_never_mixed_with_others(cluster: Cluster) -> None:
    apply(cluster)
    del cluster.secrets["east-keys-public"]

    again = apply(cluster)

    assert again.exit_code == 1
    assert "east-keys-public" not in cluster.secrets
    assert "bring the missing ones back from your backup" in again.output


def test_a_refusal_of_the_cluster_is_told(cluster: Cluster) -> None:
    cluster.may_create = False

    answer = apply(cluster)

    assert answer.exit_code == 1
    assert "403" in answer.output
