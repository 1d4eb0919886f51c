"""Asking the gateway: what goes into a request, and what comes of an answer."""

from __future__ import annotations

import socket
from threading import Thread

import pytest

from web.api import Api, Ask, Away, Gateway, Json, Refused, asking


class Once:
    """Refuses the first token."""

    def __init__(self) -> None:
        self.tokens: list[str] = []

    def send(self, ask: Ask, headers: dict[str, str], within_s: float) -> Json:
        self.tokens.append(headers.get("Authorization", ""))
        if headers.get("Authorization") == "Bearer old":
            raise Refused(401, {"reason": "TOKEN_REVOKED"})
        return {"ok": True}


def test_empty_filters_are_left_out_and_several_are_repeated() -> None:
    ask = asking("/v1/notices:search", query="", kind=["WANTED", "NEEDED"], remote=True, page=None)

    assert ask.target == "/v1/notices:search?kind=WANTED&kind=NEEDED&remote=true"


def test_a_refused_token_is_renewed_once() -> None:
    gateway = Once()
    api = Api(gateway, lambda refused: "new" if refused else "old", {}, 5)  # type: ignore[arg-type]

    assert api.get("/v1/me") == {"ok": True}
    assert gateway.tokens == ["Bearer old", "Bearer new"]


def test_nobody_there_is_away() -> None:
    with pytest.raises(Away):
        Gateway("http://127.0.0.1:1").send(asking("/v1/notices"), {}, 1)


class Hasty:
    """Takes requests and hangs up on the first ones without a word, as a replica that is being replaced."""

    def __init__(self, hangs_up: int) -> None:
        self.hangs_up, self.taken = hangs_up, 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            with connection:
                connection.recv(65_536)
                self.taken += 1
                if self.taken > self.hangs_up:
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")


@pytest.mark.parametrize("ask", [asking("/v1/notices"), Ask("POST", "/v1/notices", key="once")])
def test_a_door_that_closed_is_knocked_at_again(ask: Ask) -> None:
    assert Gateway(Hasty(1).url).send(ask, {}, 5) == {}


def test_what_may_not_be_done_twice_is_sent_once() -> None:
    door = Hasty(1)

    with pytest.raises(Away):
        Gateway(door.url).send(Ask("POST", "/v1/notices"), {}, 5)

    assert door.taken == 1


def test_a_door_that_stays_shut_is_away() -> None:
    with pytest.raises(Away):
        Gateway(Hasty(9).url).send(asking("/v1/notices"), {}, 5)
