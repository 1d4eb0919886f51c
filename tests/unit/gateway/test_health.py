"""Alive is one question, ready another."""

from __future__ import annotations

from tests.unit.gateway.conftest import PROGRAMS, Client, MakeClient


def test_alive_asks_nobody(a_client: MakeClient) -> None:
    answer = a_client(at="127.0.0.1:1", redis_url="redis://127.0.0.1:1/0").get("/healthz")

    assert answer.status_code == 200
    assert answer.json == {"status": "ok"}


def test_ready_says_so_of_every_program(client: Client) -> None:
    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json == {
        "status": "ready",
        "programs": dict.fromkeys([*PROGRAMS, "valkey"], "ready"),
    }


def test_not_ready_says_who_is_away(a_client: MakeClient) -> None:
    answer = a_client(at="127.0.0.1:1").get("/readyz")

    assert answer.status_code == 503
    assert answer.json["status"] == "not ready"
    assert answer.json["programs"]["identity"] == "away"
    assert answer.json["programs"]["valkey"] == "ready"


def test_nobody_is_shown_anything_before_partners_were_heard(a_client: MakeClient) -> None:
    starting = a_client(at="127.0.0.1:1", open_within_s=60.0)

    answer = starting.get("/v1/notices")

    assert (answer.status_code, answer.json["reason"]) == (503, "STARTING")
    assert starting.get("/healthz").status_code == 200


def test_once_partners_were_heard_everybody_is_answered(a_client: MakeClient) -> None:
    assert a_client(open_within_s=60.0).get("/v1/notices").status_code == 200
