"""Reading one partner: page after page of each channel, verified, judged and taken over, up to its signed head."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import structlog

from chassis.errors import Aborted, FailedPrecondition
from services.federation.partners.announcing import announce
from services.federation.partners.models import Partner, State
from services.federation.protocol import proof
from services.federation.protocol.head import BadHead, Head
from services.federation.protocol.poke import Handed
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
from services.federation.pulling.pace import Budget, Growth, Pace
from services.federation.pulling.snapshot import take_snapshot
from services.federation.receiving import aside
from services.federation.receiving.applying import apply
from services.federation.receiving.forks import Other
from services.federation.receiving.models import ReceivedCursor
from services.federation.receiving.planning import Plan, Stop, plan
from services.federation.receiving.reading import UNKNOWN_KEY, Page, Rejected, read_page
from services.federation.receiving.terms import refused, took

PAGE = 500
# Of who sends too much: a small page, which others can come between, and then a pause.
SLOW_PAGE = 50
SLOW_S = 1.0
# While others wait, who come between pages: not more, or they would wait for all that it makes others do;
# not for less, or asking would cost more than what is asked for.
LEAST = 25
# So many may come at once, as after a restore; more is a storm.
SNAPSHOTS = 3
SNAPSHOTS_WITHIN_S = 3600.0
# What it answers for a channel on which it has said nothing, or which it does not share with us.
NOT_YOURS = "NOT_YOUR_CHANNEL"
NOTHING_THERE = ("NO_SUCH_CHANNEL", NOT_YOURS)
BEGUN_ANEW = ("EPOCH", "BELOW_MIN")

log = structlog.get_logger(__name__)


class Forked(Exception):
    """The partner told two histories; `other` is where the one stands that we have not read."""

    def __init__(self, other: Other) -> None:
        super().__init__(f"{other.channel}: another history up to {other.place.seq}")
        self.other = other


class Untrusted(Exception):
    """What comes next is not to be trusted; what came before it is taken over."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Ahead:
    """The page that comes next, when it is there already: handed over with a poke, or fetched while
    the one before is in work, by a thread that waits for the network.
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="pull-ahead")
        self._place: tuple[str, int, int] | None = None
        self._page: Future[Answer] | None = None

    def begin(self, channel: str, epoch: int, after: int, fetch: Callable[[], Answer]) -> None:
        """Fetch what comes after an entry."""
        self._place, self._page = (channel, epoch, after), self._pool.submit(fetch)

    def hand(self, channel: str, handed: Handed) -> None:
        """What comes after an entry is this."""
        self._place, self._page = (channel, handed.epoch, handed.after), Future()
        self._page.set_result(Answer(handed.page, skew_s=None))

    def take(self, channel: str, cursor: Cursor) -> Answer | None:
        """The page that comes next, if that is the one that is there."""
        place, page = self._place, self._page
        self._place = self._page = None
        if page is None:
            return None
        answer = page.result()  # also of another place: a client asks one question at a time
        return answer if place == (channel, cursor.epoch, cursor.seq) else None

    def forget(self) -> None:
        """Reading ends here; what is under way ends by itself."""
        self._place = self._page = None

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)


@dataclass
class Reader:
    """Reads one partner. One page is in flight at a time."""

    desk: Desk
    client: PartnerClient
    growth: dict[str, Growth]
    snapshots: dict[str, deque[float]]
    ahead: Ahead
    budget: Budget
    is_crowded: Callable[[], bool] = lambda: False
    way_s: Callable[[], float] = lambda: 0.0
    is_stopping: Callable[[], bool] = lambda: False
    pause: Callable[[float], object] = time.sleep
    taken: int = 0  # entries, of all channels

    def read(self, terms: Terms, channel: str, handed: Handed | None = None) -> None:
        """All that there is on a channel now. Unreachable, Forked or Untrusted when it ends before."""
        if handed:
            self.ahead.hand(channel, handed)
        try:
            while not self.is_stopping() and self._page(terms, channel):
                pass
        finally:
            self.ahead.forget()

    def _page(self, terms: Terms, channel: str) -> bool:
        """Take one page over; whether there is more."""
        self._await_turn()
        cursor = self.desk.cursor(terms.region, channel)
        pace = self._growth(terms, channel).pace
        try:
            answer = self._fetch(terms, channel, cursor, pace)
        except Refused as refusal:
            return self._refused(refusal, terms, channel)
        started = time.perf_counter()
        page = self._verified(answer, terms, channel)
        self.budget.take(len(page.entries), time.monotonic())
        self._look_ahead(channel, page, pace)
        more = self._take(terms, channel, cursor, page, answer)
        metrics.apply_seconds.labels(terms.region).observe(time.perf_counter() - started)
        if pace is Pace.SLOW and more:
            self.pause(SLOW_S)
        return more

    def _refused(self, refusal: Refused, terms: Terms, channel: str) -> bool:
        """It has another epoch, or keeps less: then all that counts is in its snapshot."""
        if refusal.reason in NOTHING_THERE:
            if refusal.reason == NOT_YOURS:
                self._not_ours(terms, channel)
            return False
        if refusal.reason not in BEGUN_ANEW:
            raise refusal
        return self._snapshot(terms, channel)

    def _not_ours(self, terms: Terms, channel: str) -> None:
        with self.desk.database.begin() as session:
            refused(session, terms.region, channel)

    def _fetch(self, terms: Terms, channel: str, cursor: Cursor, pace: Pace) -> Answer:
        ready = self.ahead.take(channel, cursor)
        return ready or self._ask(channel, cursor.epoch, cursor.seq, self._limit(pace))

    def _ask(self, channel: str, epoch: int, after: int, limit: int) -> Answer:
        return self.client.feed(channel, epoch=epoch, after=after, limit=limit)

    def _await_turn(self) -> None:
        """While others have news too, no partner has more than its share of what can be verified.

        And no page begins while news of others is on its way: it would go the same way, beside it.
        """
        if self.is_crowded():
            self.pause(self.budget.wait_s(LEAST, time.monotonic()))
            self.pause(self.way_s())

    def _limit(self, pace: Pace) -> int:
        if pace is not Pace.FULL:
            return SLOW_PAGE
        return LEAST if self.is_crowded() else PAGE

    def _look_ahead(self, channel: str, page: Page, pace: Pace) -> None:
        """Have the next page fetched while this one is taken over."""
        if pace is not Pace.FULL or page.rejected or not page.entries:
            return
        last = page.entries[-1].protected
        if last.seq < page.head.head:
            limit = self._limit(pace)
            self.ahead.begin(
                channel,
                last.epoch,
                last.seq,
                lambda: self._ask(channel, last.epoch, last.seq, limit),
            )

    def _verified(self, answer: Answer, terms: Terms, channel: str) -> Page:
        try:
            return read_page(answer.body, channel, terms.document, at=self.desk.clock())
        except BadHead as problem:
            if problem.reason == UNKNOWN_KEY:
                raise Untrusted(UNKNOWN_KEY) from problem
            raise Unreachable(problem.reason, problem.detail) from problem

    def _take(self, terms: Terms, channel: str, cursor: Cursor, page: Page, answer: Answer) -> bool:
        match standing(cursor, page.head):
            case Standing.NEWER_EPOCH | Standing.TRIMMED:
                return self._snapshot(terms, channel)
            case Standing.FORK:
                raise Forked(_other_head(page))
            case Standing.ROLLED_BACK:
                # It restored a backup. It learns so by hello, and begins a new epoch.
                raise Untrusted("ROLLED_BACK")
        if terms.state is State.FORKED:
            return False  # the same epoch still: nothing of it is read
        self._measure(terms, channel, page.head)
        planned = plan(terms.region, channel, cursor, page.entries, admission=terms.admission)
        if not self._write(terms, planned, page, answer):
            return True
        return self._verdict(planned, page, channel)

    def _write(self, terms: Terms, planned: Plan, page: Page, answer: Answer) -> bool:
        """One transaction: what the page says, how far we are, and what that makes of the partner."""
        at = self.desk.clock()
        try:
            with self.desk.database.begin() as session:
                partner = self.desk.note_answer(session, terms.region, skew_s=answer.skew_s)
                cursor = apply(session, planned, self.desk.answers, quota=terms.live_notices, at=at)
                cursor.saw(page.head, page.head_line)
                if partner is not None:
                    took(session, partner, cursor, terms.admission)
                    _note(partner, cursor, planned)
                    announce(session, partner, at=at)
        except Aborted:
            return False
        self.taken += len(planned.entries)
        metrics.applied.labels(terms.region).inc(len(planned.entries))
        return True

    def _verdict(self, planned: Plan, page: Page, channel: str) -> bool:
        """Whether there is more to read; raises what stands in the way."""
        if planned.stop is Stop.FORK:
            raise Forked(_other(planned, page))
        if planned.stop is None and page.rejected:
            self._quarantine(planned, page.rejected)
            raise Untrusted(page.rejected.reason)
        if planned.end.seq >= page.head.head:
            return False
        if not planned.entries:
            raise Unreachable("WITHHELD", f"{channel}: signed for more than was sent")
        return True

    def _quarantine(self, planned: Plan, rejected: Rejected) -> None:
        if rejected.reason == UNKNOWN_KEY:
            return  # a newer document may know it; if none does, the partner stays where it is
        log.warning(
            "entry_quarantined",
            partner=planned.origin,
            channel=planned.channel,
            reason=rejected.reason,
        )
        with self.desk.database.begin() as session:
            aside.quarantine(
                session, planned.origin, planned.channel, rejected, at=self.desk.clock()
            )

    def _snapshot(self, terms: Terms, channel: str) -> bool:
        self._require_calm(channel)
        try:
            cursor = take_snapshot(self.desk, self.client, terms, channel)
        except FailedPrecondition as problem:
            raise Untrusted(problem.reason) from problem
        except BadHead as problem:
            raise Untrusted(problem.reason) from problem
        self._growth(terms, channel).interrupted()
        self.desk.change(terms.region, Partner.mend)
        log.info("snapshot_taken", partner=terms.region, channel=channel, epoch=cursor.epoch)
        return True

    def _require_calm(self, channel: str) -> None:
        """Of who begins anew again and again, not each epoch is read."""
        taken, at = self.snapshots.setdefault(channel, deque(maxlen=SNAPSHOTS)), time.monotonic()
        if len(taken) == SNAPSHOTS and at - taken[0] < SNAPSHOTS_WITHIN_S:
            raise Untrusted("EPOCH_STORM")
        taken.append(at)

    def _measure(self, terms: Terms, channel: str, head: Head) -> None:
        """Throttle or suspend who sends more than was agreed."""
        growth = self._growth(terms, channel)
        pace = growth.saw(head.epoch, head.head, time.monotonic())
        if pace is Pace.STOP:
            self.desk.change(terms.region, lambda each: each.suspend("SENDS_TOO_MUCH"))
            raise Untrusted("SUSPENDED")
        if pace is Pace.SLOW and terms.state is not State.THROTTLED:
            self.desk.change(terms.region, lambda each: each.throttle("SENDS_TOO_MUCH"))
        if pace is Pace.FULL and terms.state is State.THROTTLED:
            self.desk.change(terms.region, Partner.calm)

    def _growth(self, terms: Terms, channel: str) -> Growth:
        known = self.growth.get(channel)
        if known is None:
            known = Growth(terms.entries_per_hour, terms.burst)
            self.growth[channel] = known
        known.per_hour, known.burst = terms.entries_per_hour, terms.burst
        return known


def _other_head(page: Page) -> Other:
    """The head that has not the hash of what was read."""
    head, shown = page.head, proof.of_line(page.head_line)
    place = Cursor(head.epoch, head.head, head.hash)
    return Other(head.origin, head.channel, place, shown, head.origin)


def _other(planned: Plan, page: Page) -> Other:
    """Where the history stands that does not go on from what was read."""
    verdicts = ((each, judge(planned.end, each.protected, each.hash)) for each in page.entries)
    first = next(each for each, verdict in verdicts if verdict is Verdict.FORK)
    shown = proof.of_entry(first.entry.protected, first.entry.sig)
    place = advance(first.protected, first.hash)
    return Other(planned.origin, planned.channel, place, shown, planned.origin)


def _note(partner: Partner, cursor: ReceivedCursor, planned: Plan) -> None:
    """As of when we have all that it said, if we have."""
    if cursor.is_at_head and cursor.head_time and not planned.is_private:
        partner.caught_up(cursor.head_time)
