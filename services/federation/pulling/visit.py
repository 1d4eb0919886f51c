"""One visit to a partner: its document when that is due, hello when that is due, then its channels."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog

from services.federation.partners.models import NATIONAL, Partner, State
from services.federation.protocol.document import BadDocument
from services.federation.protocol.poke import Handed
from services.federation.pulling import metrics
from services.federation.pulling.client import Answer, PartnerClient, Unreachable
from services.federation.pulling.desk import Desk, Terms
from services.federation.pulling.pace import Budget, Growth
from services.federation.pulling.reader import Ahead, Forked, Reader, Untrusted
from services.federation.pulling.relayed import Relayed, neighbours
from services.federation.receiving import forks
from services.federation.receiving.forks import Other
from services.federation.receiving.reading import UNKNOWN_KEY
from services.federation.receiving.revoking import purge

# Of an unknown key one hears often, when somebody makes it up.
KEY_EVERY_S = 60.0

# Who had news so long ago may have more at any moment.
LATELY_S = 30.0
# So long what somebody has published is on its way through the region: copied, told, indexed.
THROUGH_S = 0.2

log = structlog.get_logger(__name__)


@dataclass
class Visitor:
    """Visits one partner, again and again. What it remembers may be lost: the cursors are in the database."""

    desk: Desk
    region: str
    hello_every_s: float
    document_every_s: float
    crowd: Crowd
    budget: Budget
    _client: PartnerClient | None = None
    _growth: dict[str, Growth] = field(default_factory=dict)
    _snapshots: dict[str, deque[float]] = field(default_factory=dict)
    _ahead: Ahead = field(default_factory=Ahead)
    _hello_at: float = -1e9
    _key_at: float = -1e9
    # Whether it was told how far we are since we started, or could not be.
    is_greeted: bool = False
    is_stopping: bool = False

    def visit(
        self, channels: Collection[str] = (), handed: Mapping[str, Handed | None] | None = None
    ) -> bool:
        """Read what is new, of all channels or of some; whether the partner is one that is read at all.

        `handed`: by channel what pokes have brought, which needn't be asked for. Unreachable when it did
        not answer. What it answered that is not to be trusted is noted.
        """
        terms = self.desk.terms(self.region)
        if terms is None or not terms.is_read:
            return False
        try:
            self._visit(terms, channels, handed or {})
        except Forked as problem:
            self._fork(terms, problem.other)
        except Untrusted as problem:
            self._distrust(terms, problem.reason)
        except Unreachable as problem:
            if not self.is_stopping:
                self._away(problem)
                self._ask_neighbours(terms)
            raise
        return True

    def leave(self) -> None:
        """Begin nothing more, and wait no longer for an answer: one that drips would hold everybody up."""
        self.is_stopping = True
        if self._client:
            self._client.cut()

    def close(self) -> None:
        """The visit is over."""
        self._ahead.close()
        if self._client:
            self._client.close()

    def _visit(
        self, terms: Terms, channels: Collection[str], handed: Mapping[str, Handed | None]
    ) -> None:
        client = self._at(terms)
        terms = self._documented(client, terms)
        if not channels:
            self._greet(client)
        reader = Reader(
            self.desk,
            client,
            self._growth,
            self._snapshots,
            self._ahead,
            self.budget,
            is_crowded=lambda: self.crowd.is_crowded(self.region),
            way_s=lambda: self.crowd.way_s(self.region),
            is_stopping=lambda: self.is_stopping,
        )
        with self.crowd.inside(self.region):
            for channel in terms.channels:
                if not channels or channel in channels:
                    reader.read(terms, channel, handed.get(channel))
        if reader.taken:
            self.crowd.had_news(self.region)
        metrics.pulls.labels(self.region, "read").inc()
        if channels:  # news first: that is what we were poked for
            self._greet(client)

    def _at(self, terms: Terms) -> PartnerClient:
        """The client for the address in its document."""
        if self._client is None or self._client.url != terms.url.rstrip("/"):
            self._client = PartnerClient(
                self.desk.region, terms.url, self.desk.signer, development=self.desk.development
            )
        return self._client

    def _documented(self, client: PartnerClient, terms: Terms) -> Terms:
        due = terms.document_time + timedelta(seconds=self.document_every_s)
        if self.desk.clock() < due:
            return terms
        return self._renewed(client) or terms

    def _renewed(self, client: PartnerClient) -> Terms | None:
        """Take its document as it is now over; what a revoked key has signed goes."""
        answer = client.document()
        try:
            self._renew(answer)
        except BadDocument as problem:
            raise Unreachable(problem.reason, problem.detail) from problem
        return self.desk.terms(self.region)

    def _renew(self, answer: Answer) -> None:
        with self.desk.database.begin() as session:
            partner = session.get(Partner, self.region, with_for_update=True)
            if partner and partner.renew(answer.body, at=self.desk.clock()):
                purged = purge(session, partner.read_document())
                if purged:
                    log.warning("revoked_entries_purged", partner=self.region, entries=purged)

    def _greet(self, client: PartnerClient) -> None:
        """Say hello when that is due."""
        if time.monotonic() > self._hello_at + self.hello_every_s:
            self._hello(client)

    def _hello(self, client: PartnerClient) -> None:
        """Tell how far we are, and hear how far the partner is: so a rollback is noticed on either side."""
        self._hello_at = time.monotonic()
        heard: Any = client.hello(self.desk.hello(self.region))
        leads = self.desk.heard(self.region, heard) if isinstance(heard, dict) else ()
        self.is_greeted = True
        for lead in leads:
            Relayed(self.desk, client, self.region).compare(lead)

    def _fork(self, terms: Terms, other: Other) -> None:
        """Sound the alarm, and tell the partner how far we are: it may have lost its memory."""
        with self.desk.database.begin() as session:
            forks.sound(session, other, at=self.desk.clock())
        self._hello(self._at(terms))

    def _ask_neighbours(self, terms: Terms) -> None:
        """What the partner can't tell us now, somebody else may have heard; the first who has is enough."""
        if NATIONAL not in terms.channels or terms.state is State.FORKED:
            return
        with neighbours(self.desk, self.region) as others:
            for each in others:
                each.is_stopping = lambda: self.is_stopping
                if self.is_stopping or each.read(terms):
                    return

    def _distrust(self, terms: Terms, reason: str) -> None:
        log.warning("partner_not_trusted", partner=self.region, reason=reason)
        metrics.pulls.labels(self.region, "untrusted").inc()
        client = self._at(terms)
        if reason == UNKNOWN_KEY and time.monotonic() > self._key_at + KEY_EVERY_S:
            self._key_at = time.monotonic()
            self._renewed(client)
            self._hello_at = -1e9  # and read on at the next visit
        if reason == "ROLLED_BACK":
            self._hello(client)
        self.desk.change(self.region, lambda partner: partner.failed(reason, at=self.desk.clock()))

    def _away(self, problem: Unreachable) -> None:
        metrics.pulls.labels(self.region, "unreachable").inc()
        for growth in self._growth.values():
            growth.interrupted()
        self.desk.change(
            self.region, lambda partner: partner.failed(str(problem), at=self.desk.clock())
        )


class Crowd:
    """Which partners are read now or had news lately: with others there, each keeps to its budget.

    Who comes with one notice finds the machine free then, whoever else comes with thousands.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._inside: set[str] = set()
        self._news: dict[str, float] = {}

    @contextmanager
    def inside(self, region: str) -> Iterator[None]:
        """It is being read."""
        self._inside.add(region)
        try:
            yield
        finally:
            self._inside.discard(region)

    def had_news(self, region: str) -> None:
        """Something of it was taken over just now."""
        self._news[region] = self._clock()

    def way_s(self, region: str) -> float:
        """How long what others than this one had last is still on its way."""
        last = max((at for other, at in list(self._news.items()) if other != region), default=0.0)
        return max(last + THROUGH_S - self._clock(), 0.0)

    def is_crowded(self, region: str) -> bool:
        """Whether there are others than this one."""
        since = self._clock() - LATELY_S
        lately = {other for other, at in list(self._news.items()) if at > since}
        return bool((lately | self._inside) - {region})
