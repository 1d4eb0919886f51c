"""An origin's log by way of a neighbour, while the origin is away: the same bytes, verified as if from itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import structlog

from chassis.errors import Aborted
from services.federation.partners.announcing import announce
from services.federation.partners.models import NATIONAL, Partner
from services.federation.protocol import proof
from services.federation.protocol.head import BadHead
from services.federation.protocol.receiving import (
    Cursor,
    Standing,
    Verdict,
    advance,
    judge,
    standing,
)
from services.federation.pulling import metrics
from services.federation.pulling.client import Answer, PartnerClient, Refused, Unreachable
from services.federation.pulling.desk import Desk, Terms
from services.federation.receiving import forks, gossip
from services.federation.receiving.applying import apply
from services.federation.receiving.forks import Other
from services.federation.receiving.gossip import Lead
from services.federation.receiving.models import ReceivedCursor
from services.federation.receiving.planning import Plan, Stop, plan
from services.federation.receiving.reading import Page, Received, read_page
from services.federation.receiving.terms import took

PAGE = 500
READABLE = (Standing.MORE, Standing.TRIMMED)

log = structlog.get_logger(__name__)


@dataclass
class Relayed:
    """Asks one neighbour. What it can't have from the origin is no fault of the origin's."""

    desk: Desk
    client: PartnerClient
    neighbour: str
    is_stopping: Callable[[], bool] = lambda: False

    def read(self, terms: Terms) -> int:
        """All that the neighbour has and we have not; how many entries that was."""
        taken = 0
        while not self.is_stopping() and (count := self._page(terms)):
            taken += count
        return taken

    def compare(self, lead: Lead) -> None:
        """Look at what the neighbour has at our own place."""
        terms = self.desk.terms(lead.origin)
        page = self._asked(terms, lead.place, limit=1) if terms else None
        if page:
            self._judge(lead.origin, lead.place, page.entries)

    def _page(self, terms: Terms) -> int:
        cursor = self.desk.cursor(terms.region, NATIONAL)
        page = self._asked(terms, cursor, limit=PAGE)
        if page is None:
            return 0
        planned = plan(terms.region, NATIONAL, cursor, page.entries, admission=terms.admission)
        if planned.stop is Stop.FORK:
            self._judge(terms.region, planned.end, page.entries)
        if standing(planned.end, page.head) in (Standing.FORK, Standing.ROLLED_BACK):
            self._compare_head(terms, page)
        return self._write(terms, planned, page)

    def _asked(self, terms: Terms, cursor: Cursor, *, limit: int) -> Page | None:
        """From the entry at our own place on: whether that is the same there is half of the news."""
        answer = self._relay(terms, cursor, max(cursor.seq - 1, 0), limit)
        if answer is None and cursor.seq:  # it may have begun at that very place, with a snapshot
            answer = self._relay(terms, cursor, cursor.seq, limit)
        return self._verified(terms, answer) if answer else None

    def _relay(self, terms: Terms, cursor: Cursor, after: int, limit: int) -> Answer | None:
        """None where the neighbour has nothing that goes on from there, or does not answer itself."""
        try:
            return self.client.relay(
                terms.region, NATIONAL, epoch=cursor.epoch, after=after, limit=limit
            )
        except Refused as refusal:
            log.debug("not_relayed", partner=self.neighbour, reason=refusal.reason)
        except Unreachable as problem:
            log.info("neighbour_away", partner=self.neighbour, reason=problem.reason)
        return None

    def _verified(self, terms: Terms, answer: Answer) -> Page | None:
        """What does not hold was changed on the way: the neighbour's doing, or of who stands between."""
        try:
            page = read_page(answer.body, NATIONAL, terms.document, at=self.desk.clock())
        except BadHead as problem:
            self._distrust(problem.reason)
            return None
        if page.rejected:
            self._distrust(page.rejected.reason)
        return page

    def _distrust(self, reason: str) -> None:
        log.warning("relay_not_trusted", partner=self.neighbour, reason=reason)
        metrics.relay_refused.labels(self.neighbour).inc()

    def _judge(self, origin: str, read: Cursor, entries: Sequence[Received]) -> None:
        """Sound the alarm if one of them has no place after, or in, what was read."""
        verdicts = ((each, judge(read, each.protected, each.hash)) for each in entries)
        first = next((each for each, verdict in verdicts if verdict is Verdict.FORK), None)
        if first is None:
            return
        place = advance(first.protected, first.hash)
        shown = proof.of_entry(first.entry.protected, first.entry.sig)
        self._sound(Other(origin, NATIONAL, place, shown, self.neighbour))

    def _compare_head(self, terms: Terms, page: Page) -> None:
        with self.desk.database.begin() as session:
            cursor = session.get(ReceivedCursor, (terms.region, NATIONAL))
            if cursor is None or not gossip.differs(session, cursor, page.head):
                return
        head = page.head
        place, shown = Cursor(head.epoch, head.head, head.hash), proof.of_line(page.head_line)
        self._sound(Other(terms.region, NATIONAL, place, shown, self.neighbour))

    def _sound(self, other: Other) -> None:
        with self.desk.database.begin() as session:
            forks.sound(session, other, at=self.desk.clock())

    def _write(self, terms: Terms, planned: Plan, page: Page) -> int:
        """As a page of the origin's own; that the origin was heard itself is not said by it."""
        if standing(planned.start, page.head) not in READABLE and not planned.entries:
            return 0
        at = self.desk.clock()
        try:
            with self.desk.database.begin() as session:
                partner = session.get(Partner, terms.region, with_for_update=True)
                if partner is None or not partner.is_exchanging:
                    return 0
                known = session.get(ReceivedCursor, (terms.region, NATIONAL))
                if known is not None and known.is_refused:
                    return 0  # its origin does not share it with us: nobody else does in its place
                cursor = apply(session, planned, self.desk.answers, quota=terms.live_notices, at=at)
                took(session, partner, cursor, terms.admission)
                _note(partner, cursor, page)
                announce(session, partner, at=at)
        except Aborted:
            return 0
        metrics.relayed.labels(terms.region, self.neighbour).inc(len(planned.entries))
        return len(planned.entries)


def _note(partner: Partner, cursor: ReceivedCursor, page: Page) -> None:
    """The neighbour's newest head may be older than ours."""
    if cursor.head_time is None or page.head.time > cursor.head_time:
        cursor.saw(page.head, page.head_line)
    if cursor.is_at_head and cursor.head_time:
        partner.caught_up(cursor.head_time)


@contextmanager
def neighbours(desk: Desk, origin: str) -> Iterator[Iterator[Relayed]]:
    """Those who may have an origin's log, whoever was heard last first; their connections end with the block."""
    opened: list[PartnerClient] = []

    def each() -> Iterator[Relayed]:
        for region, url in desk.neighbours(origin):
            client = PartnerClient(desk.region, url, desk.signer, development=desk.development)
            opened.append(client)
            yield Relayed(desk, client, region)

    try:
        yield each()
    finally:
        for client in opened:
            client.close()
