"""What goes wrong is a problem document that says what, where, and which request it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from threading import Event

import pytest

from chassis import errors
from gateway.working import log
from tests.unit.gateway.conftest import Client, MakeClient
from tests.unit.gateway.services import OTHER, Books, access_token, signed_in
from tests.unit.gateway.test_api import DRAFT, create

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"


def test_a_problem_says_what_where_and_which_request(client: Client) -> None:
    answer = client.post(
        "/v1/notices", json={**DRAFT, "title": "x"}, headers={**signed_in(), "traceparent": TRACE}
    )

    assert answer.status_code == 400
    assert answer.content_type == "application/problem+json"
    assert answer.json == {
        "type": "urn:interchange:problem:invalid-fields",
        "title": "Invalid fields",
        "status": 400,
        "detail": "these fields are not right: title",
        "reason": "INVALID_FIELDS",
        "traceId": "0af7651916cd43dd8448eb211c80319c",
        "errors": [
            {
                "field": "title",
                "reason": "string.min_len",
                "detail": "must have at least 3 characters",
            }
        ],
    }


def test_fields_are_named_as_in_the_json_that_was_sent(client: Client) -> None:
    name = create(client)

    by_service = client.post(f"/v1/{name}:close", json={}, headers=signed_in())
    by_rule = client.post(
        "/v1/notices", json={**DRAFT, "gradeBands": ["OFFICER"] * 2}, headers=signed_in()
    )
    by_codec = client.post(
        "/v1/notices", json={**DRAFT, "place": {"latitude": "x"}}, headers=signed_in()
    )

    assert by_service.json["errors"][0]["field"] == "closeTime"
    assert by_rule.json["errors"][0]["field"] == "gradeBands"
    assert by_codec.json["errors"][0]["field"] == "place.latitude"


def test_a_sentence_about_one_field_says_which(client: Client) -> None:
    name = create(client)

    answer = client.post(f"/v1/{name}:close", json={}, headers=signed_in())

    field, sentence = answer.json["errors"][0]["field"], answer.json["errors"][0]["detail"]
    assert answer.json["detail"] == f"{field}: {sentence}"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.InvalidArgument("X", "no"), 400),
        (errors.Unauthenticated("X", "no"), 401),
        (errors.PermissionDenied("X", "no"), 403),
        (errors.NotFound("X", "no"), 404),
        (errors.AlreadyExists("X", "no"), 409),
        (errors.Aborted("X", "no"), 409),
        (errors.FailedPrecondition("X", "no"), 409),
        (errors.Aborted("STALE_ETAG", "no"), 412),
        (errors.ResourceExhausted("X", "no"), 429),
        (errors.Unimplemented("X", "no"), 501),
        (errors.Unavailable("X", "no"), 503),
        (errors.DeadlineExceeded("X", "no"), 504),
    ],
)
def test_each_error_has_its_status(
    client: Client, books: Books, error: errors.Error, status: int
) -> None:
    books.then = raising(error)

    answer = client.post("/v1/notices", json=DRAFT, headers=signed_in())

    assert answer.status_code == answer.json["status"] == status
    assert answer.json["reason"] == error.reason


def raising(error: Exception) -> Callable[[], None]:
    def then() -> None:
        raise error

    return then


def test_what_nobody_foresaw_is_hidden(client: Client, books: Books) -> None:
    books.then = raising(ValueError("secret"))

    answer = client.get("/v1/notices")

    assert answer.status_code == 500
    assert answer.json["reason"] == "INTERNAL"
    assert "secret" not in answer.text


def test_a_fault_of_the_door_itself_is_hidden_too(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "error", lambda *_, **__: None)
    monkeypatch.setattr("gateway.door.network_of", lambda _: 1 / 0)

    answer = client.get("/v1/notices")

    assert answer.status_code == 500
    assert answer.json["reason"] == "INTERNAL"
    assert answer.headers["Trace-Id"] == answer.json["traceId"]


def test_a_service_that_is_away_is_503_with_a_time_to_wait(a_client: MakeClient) -> None:
    answer = a_client(at="127.0.0.1:1").get("/v1/notices")

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "1"
    assert "127.0.0.1" not in answer.text


def test_a_service_that_is_slow_is_504(a_client: MakeClient, books: Books) -> None:
    leave = Event()

    def wait() -> None:
        leave.wait(5)

    books.then = wait
    answer = a_client(call_timeout_s=0.2).get("/v1/notices")
    leave.set()

    assert answer.status_code == 504
    assert answer.json["reason"] in ("DEADLINE_EXCEEDED", "TOO_LATE")


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v1/nothing", "/v1/notices/", "/v1/notices:", "/v1/notices/1:fly", "/%ff"]
)
def test_an_unknown_path_is_404(client: Client, path: str) -> None:
    answer = client.get(path)

    assert answer.status_code == 404
    assert answer.json["reason"] == "UNKNOWN_PATH"
    assert len(answer.headers["Trace-Id"]) == 32


def test_a_known_path_says_which_methods_it_has(client: Client) -> None:
    answer = client.put("/v1/notices/1", json={})

    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, PATCH, HEAD, OPTIONS"
    assert client.post("/docs").status_code == 405
    assert client.open("/v1/notices", method="BREW").status_code == 405


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"",
        b"nonsense",
        b'{"title": NaN}',
        b'{"title": "a", "title": "b"}',
        b'{"place": {"label": "a", "label": "b"}}',
        b'{"title": "\xff"}',
        b'\xef\xbb\xbf{"title": "a"}',
        b'{"a":' * 50_000,
        b"[" * 50_000,
        b'{"daysPerWeek": ' + b"9" * 5000 + b"}",
        b'{"title": "a"} {}',
        b'{"title": "a\nb"}',
        '{"title": "a"}'.encode("utf-16"),
        b'{"title": "\\ud800"}',
        b'"text"',
        b"null",
    ],
)
def test_bad_json_is_400_and_never_worse(client: Client, body: bytes) -> None:
    answer = client.post(
        "/v1/notices", data=body, content_type="application/json", headers=signed_in()
    )

    assert answer.status_code == 400, answer.text
    assert answer.json["detail"]


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/xml", "application/x-www-form-urlencoded", None]
)
def test_only_json_is_read(client: Client, kind: str | None) -> None:
    answer = client.post(
        "/v1/notices", data=json.dumps(DRAFT), content_type=kind, headers=signed_in()
    )

    assert answer.status_code == 415


def test_json_may_say_its_charset_and_must_not_be_packed(client: Client) -> None:
    body = json.dumps(DRAFT)
    said = client.post(
        "/v1/notices",
        data=body,
        content_type="application/json; charset=utf-8",
        headers=signed_in(),
    )
    packed = client.post(
        "/v1/notices",
        data=body,
        content_type="application/json",
        headers={**signed_in(), "Content-Encoding": "gzip"},
    )

    assert said.status_code == 201
    assert packed.status_code == 415


def test_a_body_that_is_too_large_is_413(a_client: MakeClient) -> None:
    client = a_client(body_limit=1000)

    answer = client.post("/v1/notices", json={**DRAFT, "body": "x" * 1000}, headers=signed_in())

    assert answer.status_code == 413
    assert answer.json["reason"] == "BODY_TOO_LARGE"


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("Bearer nonsense", "BAD_TOKEN"),
        ("Basic dTpw", "BAD_TOKEN"),
        ("bearer", "BAD_TOKEN"),
        (f"Bearer {access_token(ttl_s=-60)}", "TOKEN_EXPIRED"),
    ],
)
def test_a_bad_token_is_401_before_anything_is_done(
    client: Client, books: Books, header: str, reason: str
) -> None:
    answer = client.get("/v1/notices", headers={"Authorization": header})

    assert answer.status_code == 401
    assert answer.json["reason"] == reason
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="interchange", error="invalid_token"'
    assert not books.seen


def test_who_must_sign_in_is_told_so_and_who_may_not_too(client: Client) -> None:
    visitor = client.post("/v1/notices", json=DRAFT)
    other = client.post("/v1/notices", json=DRAFT, headers=signed_in(OTHER))

    assert visitor.status_code == 401
    assert visitor.headers["WWW-Authenticate"] == 'Bearer realm="interchange"'
    assert other.status_code == 403


def test_a_nul_in_a_path_is_a_word_and_no_fault(client: Client) -> None:
    answer = client.get("/v1/notices/%00")

    assert answer.status_code == 400
    assert answer.json["errors"][0]["field"] == "name"
