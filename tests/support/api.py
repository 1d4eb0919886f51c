"""A front end's view of a region: JSON over HTTP, with a token when signed in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import requests

TIMEOUT_S = 15


@dataclass(frozen=True)
class Answer:
    """What the gateway answered."""

    status: int
    body: Any
    headers: requests.structures.CaseInsensitiveDict[str]

    @property
    def trace_id(self) -> str:
        """The trace that this request began."""
        return self.headers.get("Trace-Id", "")

    def __getitem__(self, key: str) -> Any:
        return self.body[key]


class Refused(AssertionError):
    """An answer that the test did not expect; says what the problem document said."""


@dataclass(frozen=True)
class Api:
    """Calls to one gateway as one person, or as a visitor."""

    url: str
    token: str = ""
    person: str = ""

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
        **query: Any,
    ) -> Answer:
        """One request, whatever comes back."""
        sent = {
            **({"Authorization": f"Bearer {self.token}"} if self.token else {}),
            **(headers or {}),
        }
        answer = requests.request(
            method, self.url + path, json=body, headers=sent, params=query, timeout=TIMEOUT_S
        )
        is_json = "json" in answer.headers.get("Content-Type", "")
        return Answer(answer.status_code, answer.json() if is_json else answer.text, answer.headers)

    def get(self, path: str, **query: Any) -> Answer:
        """GET that must succeed."""
        return _expect(self.call("GET", path, **query), f"GET {path}")

    def post(self, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        """POST that must succeed."""
        return _expect(self.call("POST", path, body or {}, headers), f"POST {path}")

    def patch(self, path: str, body: Any, headers: dict[str, str] | None = None) -> Answer:
        """PATCH that must succeed."""
        return _expect(self.call("PATCH", path, body, headers), f"PATCH {path}")

    def delete(self, path: str) -> Answer:
        """DELETE that must succeed."""
        return _expect(self.call("DELETE", path), f"DELETE {path}")

    def sign_in(self, email: str, password: str) -> Api:
        """The same gateway as the person who signs in."""
        session = self.post("/v1/sessions", {"email": email, "password": password})
        signed_in = replace(self, token=session["accessToken"])
        return replace(signed_in, person=signed_in.get("/v1/me")["name"])


def _expect(answer: Answer, what: str) -> Answer:
    if not 200 <= answer.status < 300:
        raise Refused(f"{what} answered {answer.status}: {answer.body}")
    return answer
