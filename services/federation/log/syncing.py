"""Bringing our logs in step with the notices as they are: at the start, and when what goes out was changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from threading import Event, Thread

import grpc
import structlog
from interchange.opportunities.v1 import notices_pb2 as pb
from interchange.opportunities.v1.notices_pb2_grpc import NoticeServiceStub
from sqlalchemy import select

from chassis.clock import now
from chassis.database import Database
from chassis.errors import Error, NotFound, PermissionDenied
from services.federation.log.exporting import Export
from services.federation.log.models import LogEntry
from services.federation.protocol.entry import Op

PAGE = 100
RETRY_S = 5.0

log = structlog.get_logger(__name__)


class Sync:
    """Pages through the owner's listing and says what was not said; then takes back what is not listed.

    Events go on coming meanwhile: overlap does no harm, for of two words the newer version stays.
    """

    def __init__(
        self, database: Database, export: Export, opportunities: grpc.Channel, *, region: str
    ) -> None:
        self._database = database
        self._export = export
        self._notices = NoticeServiceStub(opportunities)
        self._region = region
        self._bell = Event()
        self._bell.set()
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="sync", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._bell.set()
        if self._thread.is_alive():
            self._thread.join()

    def ask(self) -> None:
        """Do it soon."""
        self._bell.set()

    def _run(self) -> None:
        while True:
            self._bell.wait()
            if self._stopping.is_set():
                return
            self._bell.clear()
            try:
                self.once()
            except Error as problem:
                log.warning("sync_waits", reason=problem.reason)
                self._stopping.wait(RETRY_S)
                self._bell.set()
            except Exception as problem:  # a log that stands still must not look as if all was well
                log.error("sync_failed", exc_info=problem)
                self._stopping.wait(RETRY_S)
                self._bell.set()

    def once(self) -> int:
        """How many notices of ours are published."""
        if not self._export.is_open:
            return 0
        seen: set[str] = set()
        for page in self._pages():
            ours = [each for each in page if each.region == self._region]
            with self._database.begin() as session:
                self._export.tell(session, ours, at=now())
            seen |= {each.name for each in ours}
        self._check_unlisted(seen)
        return len(seen)

    def _pages(self) -> Iterator[Sequence[pb.Notice]]:
        token, more = "", True
        while more and not self._stopping.is_set():
            request = pb.ListNoticesRequest(
                page_size=PAGE, page_token=token, state=pb.Notice.PUBLISHED
            )
            page = self._notices.ListNotices(request)
            yield page.notices
            token = page.next_page_token
            more = bool(token)

    def _check_unlisted(self, seen: set[str]) -> None:
        """What stands in a log and is not listed was closed while we did not hear of it."""
        live = select(LogEntry.subject).where(LogEntry.is_live, LogEntry.op == Op.PUT.value)
        public = live.where(~LogEntry.channel.startswith("to."))
        with self._database.read() as session:
            names = {f"notices/{subject}" for subject in session.scalars(public.distinct())}
        for name in sorted(names - seen):
            self._check(name)

    def _check(self, name: str) -> None:
        """Ask for it alone: it may have been published while we paged."""
        if self._stopping.is_set():
            return
        try:
            notice = self._notices.GetNotice(pb.GetNoticeRequest(name=name))
        except (NotFound, PermissionDenied):
            with self._database.begin() as session:
                self._export.take_back(session, name, at=now())
            return
        with self._database.begin() as session:
            self._export.tell(session, [notice], at=now())
