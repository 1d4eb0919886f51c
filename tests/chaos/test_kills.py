"""One program after the other is killed in the middle of five hundred posts: nobody notices later."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock

import pytest
import requests

from chassis.database import new_id
from cli.settings import SERVICES
from tests.support.api import Answer, Api
from tests.support.region import RunningRegion
from tests.support.waiting import eventually
from tests.support.world import Member

POSTS = 500
STEPS = 3  # of each notice: posted, submitted, published
CLIENTS = 6
PATIENCE_S = 60.0
SETTLED_WITHIN_S = 90.0
VICTIMS = ("nats", "valkey", "gateway", *SERVICES)


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

    def notice(self, number: int) -> None:
        made = self._post("/v1/notices", self._draft(number))
        while made is None:  # perhaps there is a draft too many now; nobody else sees it
            made = self._post("/v1/notices", self._draft(number))
        name = made["name"]
        self._step(name, "submit", "IN_REVIEW")
        self._step(name, "publish", "PUBLISHED")
        with self.lock:
            self.published.append(name)

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
        key = {"Idempotency-Key": str(new_id())}
        deadline = time.monotonic() + PATIENCE_S
        while True:
            answer = self._try("POST", path, body, key)
            if answer is not None and answer.status < 300:
                with self.lock:
                    self.answered += 1
                return answer
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


@pytest.mark.chaos
@pytest.mark.parametrize("victim", VICTIMS)
def test_nothing_is_lost_or_done_twice_when_a_program_is_killed(
    region: RunningRegion, victim: str
) -> None:
    eventually(lambda: _ready(region), timeout_s=30)  # the one before may still be coming back
    world = region.world(f"{victim}chaos")
    organisation = world.organisation(f"Council of {victim}")
    manager = world.manager(organisation, f"Manager {victim}")
    posting = Posting(manager, f"{victim}chaos")

    with ThreadPoolExecutor(CLIENTS) as pool:
        notices = [pool.submit(posting.notice, number) for number in range(POSTS // STEPS + 1)]
        eventually(lambda: _assert(posting.answered > POSTS // 3), timeout_s=60)
        region.kill(victim)
        for notice in notices:
            notice.result()

    assert len(posting.published) == POSTS // STEPS + 1
    eventually(lambda: _settled(region, manager, organisation, posting), SETTLED_WITHIN_S)


def _ready(region: RunningRegion) -> None:
    assert region.visitor.call("GET", "/readyz").status == 200


def _settled(region: RunningRegion, manager: Member, organisation: str, posting: Posting) -> None:
    published = _pages(manager.api, "/v1/notices", "notices", organisation=organisation)
    assert Counter(notice["name"] for notice in published) == Counter(posting.published)
    found = _pages(Api(region.url), "/v1/notices:search", "notices", organisation=organisation)
    assert Counter(notice["name"] for notice in found) == Counter(posting.published)
    messages = _pages(manager.api, "/v1/messages", "messages")
    told = Counter(
        message["about"] for message in messages if message["template"] == "notice-published"
    )
    assert told == Counter(posting.published)
    for service in SERVICES:
        assert _count(region, service, "outbox WHERE published_at IS NULL") == 0
        assert _count(region, service, "dead_letter") == 0


def _pages(api: Api, path: str, field: str, **query: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    token = ""
    while True:
        answer = api.call("GET", path, pageSize=100, pageToken=token, **query)
        assert answer.status == 200, answer
        found += answer[field]
        token = answer["nextPageToken"]
        if not token:
            return found


def _count(region: RunningRegion, service: str, what: str) -> int:
    with sqlite3.connect(region.data / f"{service}.db", timeout=10) as database:
        return int(database.execute(f"SELECT count(*) FROM {what}").fetchone()[0])


def _assert(claim: bool) -> None:
    assert claim
