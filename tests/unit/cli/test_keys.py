"""Keys for a cluster: each program gets its own, once; what a later release lacks is added, and nothing replaced."""

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

from chassis.auth import JWKS, generate_key
from cli.commands.keys import keys


class Cluster:
    """The part of a Kubernetes API that has Secrets of one namespace."""

    def __init__(self) -> None:
        self.secrets: dict[str, Any] = {}
        self.may_create = True
        self.where: list[str] = []

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        prefix, _, name = path.partition("/secrets")
        name = name.lstrip("/")
        if prefix != "/api/v1/namespaces/east" or (name and name not in self.secrets):
            return 404, {}
        if method == "GET":
            return 200, self.secrets[name]
        if method == "DELETE":
            return 200, self.secrets.pop(name)
        if not self.may_create:
            return 403, {}
        secret = json.loads(body)
        name = secret["metadata"]["name"]
        if method == "PUT":
            if self.secrets[name]["immutable"]:
                return 422, {}
            self.secrets[name] = secret
            return 200, secret
        if name in self.secrets:
            return 409, {}
        self.secrets[name] = secret
        return 201, secret


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    held = Cluster()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, answer = held.answer(self.command, self.path, body)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        do_POST = do_PUT = do_DELETE = do_GET  # named by the base class

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


def as_before_federation(cluster: Cluster) -> None:
    """As a release left it that had no federation yet, and whose matching had rotated its key."""
    del cluster.secrets["east-keys-federation"]
    public = files(cluster.secrets["east-keys-public"])["services.json"]
    listed = [each for each in json.loads(public)["keys"] if each["kid"] != "federation"]
    rotated = {**generate_key("matching.2"), "d": None}
    put(cluster, "public", "services.json", {"keys": [*listed, rotated]})
    accounts = files(cluster.secrets["east-keys-bus-server"])["accounts.conf"].decode()
    kept = [line for line in accounts.splitlines() if "evt.federation" not in line]
    put(cluster, "bus-server", "accounts.conf", "\n".join(kept))


def put(cluster: Cluster, whom: str, file: str, content: object) -> None:
    text = content if isinstance(content, str) else json.dumps(content)
    cluster.secrets[f"east-keys-{whom}"]["data"] = {file: base64.b64encode(text.encode()).decode()}


@pytest.mark.parametrize("is_immutable", [False, True], ids=["mutable", "as made long ago"])
def test_a_program_that_a_later_release_adds_gets_its_keys_and_nobody_else_new_ones(
    cluster: Cluster, is_immutable: bool
) -> None:
    apply(cluster)
    as_before_federation(cluster)
    for whom in ("public", "bus-server"):
        cluster.secrets[f"east-keys-{whom}"]["immutable"] = is_immutable
    before = dict(cluster.secrets)

    answer = apply(cluster)

    assert answer.output == "made east-keys-federation, east-keys-bus-server, east-keys-public\n"
    derived = {"east-keys-bus-server", "east-keys-public"}
    assert all(cluster.secrets[name] == before[name] for name in before.keys() - derived)
    assert set(files(cluster.secrets["east-keys-federation"])) == {
        "service.json", "bus.nk", "encryption",
    }  # fmt: skip
    public = JWKS.parse(files(cluster.secrets["east-keys-public"])["services.json"])
    assert public.get("federation") and public.get("matching") and public.get("matching.2")
    assert b"evt.federation" in files(cluster.secrets["east-keys-bus-server"])["accounts.conf"]
    assert "nothing to do" in apply(cluster).output


def test_who_brings_keys_themselves_is_told_what_lacks(cluster: Cluster, tmp_path: Path) -> None:
    apply(cluster)
    as_before_federation(cluster)
    there = tmp_path / "secrets.json"
    there.write_text(json.dumps({"items": list(cluster.secrets.values())}))

    printed = CliRunner().invoke(keys, ["manifest", "--release", "east", "--beside", str(there)])

    names = [each["metadata"]["name"] for each in json.loads(printed.stdout)["items"]]
    assert names == ["east-keys-federation", "east-keys-bus-server", "east-keys-public"]


def test_a_program_is_given_new_keys_and_nobody_believes_the_old_ones(
    cluster: Cluster, tmp_path: Path
) -> None:
    apply(cluster)
    there = tmp_path / "secrets.json"
    there.write_text(json.dumps({"items": list(cluster.secrets.values())}))
    before = {name: files(secret) for name, secret in cluster.secrets.items()}

    asked = ["manifest", "--release", "east", "--beside", str(there), "--renew", "identity"]
    printed = CliRunner().invoke(keys, asked)

    items = {each["metadata"]["name"]: files(each) for each in json.loads(printed.stdout)["items"]}
    assert set(items) == {"east-keys-identity", "east-keys-bus-server", "east-keys-public"}
    own, old = items["east-keys-identity"], before["east-keys-identity"]
    assert own["encryption"] == old["encryption"]
    assert own["service.json"] != old["service.json"] and own["bus.nk"] != old["bus.nk"]
    listed = json.loads(items["east-keys-public"]["services.json"])["keys"]
    (public,) = (each["x"] for each in listed if each["kid"] == "identity")
    assert public == json.loads(own["service.json"])["x"]


@pytest.mark.parametrize("whom", ["identity", "gateway", "bus"])
@pytest.mark.parametrize("with_public", [True, False])
def test_keys_that_were_lost_are_not_made_anew(
    cluster: Cluster, whom: str, with_public: bool
) -> None:
    apply(cluster)
    del cluster.secrets[f"east-keys-{whom}"]
    if not with_public:
        del cluster.secrets["east-keys-public"]
    before = dict(cluster.secrets)

    again = apply(cluster)

    assert again.exit_code == 1
    assert cluster.secrets == before
    assert f"gone or lack a file: {whom}." in again.output
    assert "bring them back from your backup" in again.output


def test_a_file_that_a_program_lost_is_not_made_anew(cluster: Cluster) -> None:
    apply(cluster)
    del cluster.secrets["east-keys-identity"]["data"]["encryption"]

    again = apply(cluster)

    assert again.exit_code == 1
    assert "gone or lack a file: identity." in again.output


def test_what_is_made_out_of_others_is_made_again(cluster: Cluster) -> None:
    apply(cluster)
    public = cluster.secrets.pop("east-keys-public")

    assert apply(cluster).exit_code == 0
    assert cluster.secrets["east-keys-public"] == public


def test_a_refusal_of_the_cluster_is_told(cluster: Cluster) -> None:
    cluster.may_create = False

    answer = apply(cluster)

    assert answer.exit_code == 1
    assert "403" in answer.output
