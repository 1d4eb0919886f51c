"""Building the read model anew from its owner, while the old one answers and events go on coming."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

import grpc
from interchange.matching.v1 import matching_pb2 as pb
from interchange.opportunities.v1 import notices_pb2
from interchange.opportunities.v1.notices_pb2_grpc import NoticeServiceStub
from sqlalchemy import delete

from chassis.clock import now
from chassis.database import Database
from chassis.errors import FailedPrecondition
from services.matching.models import Card
from services.matching.taking import dress, progress, put

PAGE = 100
# A build that has not ended by then died with its program.
DEAD_AFTER = timedelta(hours=1)
TOMBSTONES_KEPT = timedelta(days=30)


class Rebuild:
    """One at a time. Events go into both generations; of two copies the newer version stays."""

    def __init__(self, database: Database, opportunities: grpc.Channel) -> None:
        self._begin = database.begin
        self._notices = NoticeServiceStub(opportunities)

    def run(self) -> Iterator[pb.RebuildIndexProgress]:
        """Page through the owner, then let the new generation answer; says how far it is."""
        generation = self._open(at=now())
        done, token = 0, ""
        while True:
            request = notices_pb2.ListNoticesRequest(
                page_size=PAGE, page_token=token, state=notices_pb2.Notice.PUBLISHED
            )
            page = self._notices.ListNotices(request)
            self._keep(generation, page.notices, at=now())
            done, token = done + len(page.notices), page.next_page_token
            yield pb.RebuildIndexProgress(done=done)
            if not token:
                break
        self._swap(generation)
        yield pb.RebuildIndexProgress(done=done, complete=True)

    def _open(self, *, at: datetime) -> int:
        with self._begin() as session:
            current = progress(session)
            if current.building and current.build_time and at < current.build_time + DEAD_AFTER:
                raise FailedPrecondition("REBUILD_RUNNING", "a rebuild is under way already")
            current.building = max(current.generation, current.building) + 1
            current.build_time = at
            # What one that died has left.
            session.execute(delete(Card).where(Card.generation != current.generation))
            return current.building

    def _keep(
        self, generation: int, notices: Iterable[notices_pb2.Notice], *, at: datetime
    ) -> None:
        with self._begin() as session:
            current = progress(session)
            if current.building != generation:
                raise FailedPrecondition("REBUILD_OVERTAKEN", "another rebuild has begun")
            current.build_time = at
            for notice in notices:
                dress(session, notice)
                put(session, current, generation, notice, at=at)

    def _swap(self, generation: int) -> None:
        with self._begin() as session:
            current = progress(session)
            if current.building != generation:
                raise FailedPrecondition("REBUILD_OVERTAKEN", "another rebuild has begun")
            current.generation, current.building, current.build_time = generation, 0, None
            current.step()
            session.execute(delete(Card).where(Card.generation != generation))


def forget_tombstones(database: Database, *, at: datetime) -> None:
    """Drop closed notices of which no older copy can come any more."""
    with database.begin() as session:
        closed = delete(Card).where(Card.is_open.is_(False))
        session.execute(closed.where(Card.update_time < at - TOMBSTONES_KEPT))
