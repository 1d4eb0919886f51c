"""Posts of notices as a patient client makes them, and what must be true of them in the end."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from threading import Lock

import requests
import sqlalchemy as sa

from chassis.database import Database, new_id
from tests.support.api import Answer, Api
from tests.support.waiting import eventually
from tests.support.world import Member

PATIENCE_S = 60.0


@dataclass
class Posting:
    """Posts as a patient client does: what is not answered, or with a 5xx, is sent again with its key.

    When the API says that nobody knows whether it was done, it looks, and sends it with a new key.
    """

    manager: Member
    word: str
    published: list[str] = field(default_factory=list)
    answered: int = 0
    lock: Lock = field(default_factory=Lock)
    again: Counter[int] = field(
        default_factory=Counter
    )  # what was not simply answered, by status; 0: no answer

    def notice(self, number: int) -> None:
        made = self._post("/v1/notices", self._draft(number))
        while made is None:  # perhaps there is a draft too many now; nobody else sees it
            made = self._post("/v1/notices", self._draft(number))
        name = made["name"]
        self._step(name, "submit", "IN_REVIEW")
        self._step(name, "publish", "PUBLISHED")
        with self.lock:
            self.published.append(name)

    def look(self) -> None:
        """What somebody reads in between, as patiently."""
        for path in ("/v1/notices:search", "/v1/notices", "/v1/messages", "/v1/me"):
            self._until_answered("GET", path)

    def _step(self, name: str, verb: str, state: str) -> None:
        while self._post(f"/v1/{name}:{verb}", {}) is None:
            if eventually(lambda: self._state(name), timeout_s=PATIENCE_S) == state:
                return

    def _state(self, name: str) -> str:
        answer = self._try("GET", f"/v1/{name}")
        assert answer is not None
        assert answer.status == 200, answer
        return str(answer["state"])

    def _post(self, path: str, body: dict[str, object]) -> Answer | None:
        """The answer; None when the API says that nobody knows whether it was done."""
        answer = self._until_answered("POST", path, body, {"Idempotency-Key": str(new_id())})
        if answer is not None:
            with self.lock:
                self.answered += 1
        return answer

    def _until_answered(
        self,
        method: str,
        path: str,
        body: dict[str, object] | None = None,
        key: dict[str, str] | None = None,
    ) -> Answer | None:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            answer = self._try(method, path, body, key)
            if answer is not None and answer.status < 300:
                return answer
            with self.lock:
                self.again[answer.status if answer else 0] += 1
            if answer is not None and answer.body["reason"] == "IDEMPOTENCY_OUTCOME_UNKNOWN":
                return None
            assert time.monotonic() < deadline, answer
            # Only what may pass by itself is tried again.
            assert answer is None or answer.status in (409, 429, 500, 502, 503, 504), answer
            time.sleep(0.1)

    def _try(
        self,
        method: str,
        path: str,
        body: dict[str, object] | None = None,
        key: dict[str, str] | None = None,
    ) -> Answer | None:
        try:
            return self.manager.api.call(method, path, body, key)
        except requests.RequestException:
            return None

    def _draft(self, number: int) -> dict[str, object]:
        return {
            "kind": "WANTED",
            "format": "MENTORING",
            "title": f"Mentor {number} wanted for {self.word}",
            "body": "Somebody to talk to once a fortnight.",
        }


def expect_once(posting: Posting, organisation: str, databases: Iterable[Database]) -> None:
    """What was published is there, is found, and was told of, once each; nothing waits, nothing was given up."""
    api, published = posting.manager.api, Counter(posting.published)
    notices = pages(api, "/v1/notices", "notices", organisation=organisation)
    assert Counter(notice["name"] for notice in notices) == published
    found = pages(Api(api.url), "/v1/notices:search", "notices", organisation=organisation)
    assert Counter(notice["name"] for notice in found) == published
    messages = pages(api, "/v1/messages", "messages")
    told = Counter(each["about"] for each in messages if each["template"] == "notice-published")
    assert told == published
    for database in databases:
        assert _count(database, "outbox WHERE published_at IS NULL") == 0
        assert _count(database, "dead_letter") == 0


def pages(api: Api, path: str, field: str, **query: str) -> list[dict[str, str]]:
    """All of a listing."""
    found: list[dict[str, str]] = []
    token = ""
    while True:
        answer = api.call("GET", path, pageSize=100, pageToken=token, **query)
        assert answer.status == 200, answer
        found += answer[field]
        token = answer["nextPageToken"]
        if not token:
            return found


def _count(database: Database, what: str) -> int:
    with database.read() as session:
        return int(session.scalar(sa.text(f"SELECT count(*) FROM {what}")) or 0)
