"""Asking the gateway: what goes into a request, and what comes of an answer."""

from __future__ import annotations

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
