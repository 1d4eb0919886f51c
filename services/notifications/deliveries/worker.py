"""The worker: takes what is due from the queue, sends it, and marks what became of it."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from threading import Event, Thread
from typing import Any

import structlog
from interchange.identity.v1.people_pb2 import Contact
from opentelemetry.trace import Span
from sqlalchemy.exc import SQLAlchemyError

from chassis.clock import now
from chassis.database import Database
from chassis.errors import Error, NotFound
from services.notifications.deliveries import letters, metrics, queue, spans
from services.notifications.deliveries.backoff import Backoff
from services.notifications.deliveries.letters import Content, Links
from services.notifications.deliveries.models import Problem
from services.notifications.deliveries.queue import Taken, bells
from services.notifications.deliveries.senders import Away, NotNow, Refused, Sender
from services.notifications.identity import Contacts, Identity
from services.notifications.preferences import queries as preferences

BATCH = 20  # small, so that an urgent mail does not wait long behind others
DATABASE_AWAY_S = 2.0

log = structlog.get_logger(__name__)


class Worker:
    """Runs beside the server, and beside the workers of other replicas.

    A mail is marked once it was taken by the mail server: after a crash in between it goes out a
    second time, with the Message-ID of the first.
    """

    def __init__(
        self,
        database: Database,
        identity: Identity,
        sender: Sender,
        links: Links,
        backoff: Backoff,
        *,
        poll_s: float,
        lease: timedelta,
        clock: Callable[[], datetime] = now,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._database = database
        self._identity = identity
        self._sender = sender
        self._links = links
        self._backoff = backoff
        self._poll_s = poll_s
        self._lease = lease
        self._clock = clock
        self._chance = chance
        self._bell = Event()
        self._stopping = False
        self._thread = Thread(target=self._run, name="mail", daemon=True)

    def start(self) -> None:
        bells.add(self._bell)
        self._thread.start()

    def stop(self) -> None:
        """End after the mail in work; what was taken and not sent is given back."""
        self._stopping = True
        self._bell.set()
        if self._thread.is_alive():
            self._thread.join()

    def drain(self) -> None:
        """Send all that is due now."""
        try:
            while not self._stopping and self._batch():
                pass
        finally:
            self._sender.close()

    def _run(self) -> None:
        while not self._stopping:
            self._bell.wait(self._poll_s)
            self._bell.clear()
            try:
                self.drain()
            except SQLAlchemyError as problem:
                log.warning("mail_waits", error=type(problem).__name__)
                self._bell.wait(DATABASE_AWAY_S)

    def _batch(self) -> int:
        """Take a batch and try each of it; how many were taken."""
        taken = self._take()
        if not taken:
            return 0
        try:
            contacts = self._identity.contacts(each.person for each in taken)
        except Error as problem:
            self._postpone(taken, Problem.REGISTER_AWAY, problem.reason)
            return len(taken)
        self._try_each(taken, contacts)
        return len(taken)

    def _take(self) -> list[Taken]:
        at = self._clock()
        with self._database.read() as session:
            if not queue.is_due(session, at=at):
                return []
        with self._database.begin() as session:
            return queue.take(session, at=at, until=at + self._lease, most=BATCH)

    def _try_each(self, taken: Sequence[Taken], contacts: Contacts) -> None:
        for position, each in enumerate(taken):
            if self._stopping or self._clock() > each.lease_until - self._lease / 2:
                self._mark_all(queue.give_back, taken[position:])
                return
            try:
                self._try(each, contacts.get(each.person))
            except Away as problem:  # the rest would only wait for it as well
                self._postpone(taken[position:], problem.problem, problem.said)
                return

    def _try(self, taken: Taken, contact: Contact | None) -> None:
        with spans.sending(taken) as span:
            try:
                self._deliver(taken, contact, span)
            except Away:
                spans.tell(span, "away", error=True)
                raise
            except NotNow as problem:
                spans.tell(span, "later", error=True)
                self._postpone([taken], problem.problem, problem.said)
            except Refused as problem:
                spans.tell(span, "refused", error=True)
                self._fail(taken, problem.problem, problem.said)
            except Error as problem:  # identity's
                spans.tell(span, "later", error=True)
                self._postpone([taken], Problem.REGISTER_AWAY, problem.reason)
            except SQLAlchemyError:
                raise
            except Exception as problem:  # ours: kept with the delivery until it is mended
                log.error("mail_not_written", template=taken.template, exc_info=problem)
                spans.tell(span, "later", error=True)
                self._postpone([taken], Problem.NOT_WRITTEN, type(problem).__name__)

    def _deliver(self, taken: Taken, contact: Contact | None, span: Span) -> None:
        with self._database.read() as session:
            content = letters.load(session, taken)
        objection = letters.objection(content, contact)
        if objection or contact is None:
            return self._skip(taken, objection, span)
        try:
            token = self._token(taken, content)
        except NotFound:
            return self._skip(taken, Problem.UNKNOWN_PERSON, span)
        self._sender.send(letters.write(taken, content, contact, token, self._links))
        with self._database.begin() as session:
            queue.sent(session, taken, at=self._clock())
            preferences.learn_language(session, contact.person, contact.language)
        self._count("sent", span)

    def _token(self, taken: Taken, content: Content) -> str:
        if not content.kind.is_private:
            return ""
        return self._identity.mail_token(taken.person, content.kind.purpose)

    def _skip(self, taken: Taken, why: Problem, span: Span) -> None:
        self._mark(queue.skipped, taken, why)
        self._count("skipped", span)

    def _postpone(self, taken: Sequence[Taken], why: Problem, said: str) -> None:
        """Later, or not at all when it has been tried for long."""
        for each in taken:
            at = self._backoff.next_attempt(each.queue_time, self._clock(), self._chance())
            if at is None:
                self._fail(each, why, said)
            else:
                self._mark(queue.again, each, why, said, at=at)
                metrics.mails.labels("later").inc()

    def _fail(self, taken: Taken, why: Problem, said: str) -> None:
        self._mark(queue.failed, taken, why, said)
        metrics.mails.labels("failed").inc()
        log.error(
            "mail_given_up",
            delivery=str(taken.id),
            template=taken.template,
            attempts=taken.attempts + 1,
            problem=why.name,
            error=said,
        )

    def _count(self, outcome: str, span: Span) -> None:
        spans.tell(span, outcome, error=False)
        metrics.mails.labels(outcome).inc()

    def _mark(self, mark: Callable[..., None], taken: Taken, *args: Any, **values: Any) -> None:
        with self._database.begin() as session:
            mark(session, taken, *args, **values)

    def _mark_all(self, mark: Callable[..., None], taken: Sequence[Taken]) -> None:
        with self._database.begin() as session:
            mark(session, taken)
