"""Building the read model anew from its owner, while the old one answers and events go on coming."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

import grpc
from interchange.identity.v1.organisations_pb2 import ListOrganisationsRequest
from interchange.identity.v1.organisations_pb2_grpc import OrganisationServiceStub
from interchange.matching.v1 import matching_pb2 as pb
from interchange.opportunities.v1 import notices_pb2
from interchange.opportunities.v1.notices_pb2_grpc import NoticeServiceStub
from sqlalchemy import delete, insert, literal, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from chassis.clock import now
from chassis.database import Database
from chassis.errors import FailedPrecondition
from services.matching.models import CARRIED_OVER, Card
from services.matching.taking import progress, put, take_organisation

PAGE = 100
# A build that has not moved for so long died with its program. A page takes seconds.
DEAD_AFTER = timedelta(minutes=2)
TOMBSTONES_KEPT = timedelta(days=30)


class Rebuild:
    """One at a time. Events go into both generations; of two copies the newer version stays."""

    def __init__(
        self, database: Database, opportunities: grpc.Channel, identity: grpc.Channel
    ) -> None:
        self._begin = database.begin
        self._notices = NoticeServiceStub(opportunities)
        self._organisations = OrganisationServiceStub(identity)

    def run(self) -> Iterator[pb.RebuildIndexProgress]:
        """Page through the owners, then let the new generation answer; says how far it is.

        When that fails, or nobody listens any more, the old generation just goes on.
        """
        generation = self._open(at=now())
        try:
            yield from self._fill(generation)
        except BaseException:
            self._abandon(generation)
            raise

    def _fill(self, generation: int) -> Iterator[pb.RebuildIndexProgress]:
        self._take_organisations()
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

    def _take_organisations(self) -> None:
        """Before their notices, which show their names and are where they are."""
        more, token = True, ""
        while more:
            request = ListOrganisationsRequest(page_size=PAGE, page_token=token)
            page = self._organisations.ListOrganisations(request)
            with self._begin() as session:
                for organisation in page.organisations:
                    take_organisation(session, organisation)
            token = page.next_page_token
            more = bool(token)

    def _open(self, *, at: datetime) -> int:
        with self._begin() as session:
            current = progress(session)
            if current.building and current.build_time and at < current.build_time + DEAD_AFTER:
                raise FailedPrecondition("REBUILD_RUNNING", "a rebuild is under way already")
            current.building = max(current.generation, current.building) + 1
            current.build_time = at
            # What one that died has left.
            session.execute(delete(Card).where(Card.generation != current.generation))
            _carry_tombstones(session, current.generation, current.building)
            return current.building

    def _keep(
        self, generation: int, notices: Sequence[notices_pb2.Notice], *, at: datetime
    ) -> None:
        with self._begin() as session:
            current = progress(session)
            if current.building != generation:
                raise FailedPrecondition("REBUILD_OVERTAKEN", "another rebuild has begun")
            current.build_time = at
            _believe_owner(session, generation, [notice.name for notice in notices])
            for notice in notices:
                put(session, current, generation, notice, at=at)

    def _swap(self, generation: int) -> None:
        with self._begin() as session:
            current = progress(session)
            if current.building != generation:
                raise FailedPrecondition("REBUILD_OVERTAKEN", "another rebuild has begun")
            current.generation, current.building, current.build_time = generation, 0, None
            current.step()
            session.execute(delete(Card).where(Card.generation != generation))

    def _abandon(self, generation: int) -> None:
        """Leave no trace. Should the database be away, the next build clears up."""
        with suppress(SQLAlchemyError), self._begin() as session:
            current = progress(session)
            if current.building == generation:
                current.building, current.build_time = 0, None
                session.execute(delete(Card).where(Card.generation == generation))


def _carry_tombstones(session: Session, generation: int, into: int) -> None:
    """An old event that was held up must not bring a closed notice back into the new generation."""
    fresh = {"generation": literal(into), "position": literal(CARRIED_OVER)}
    columns = Card.__table__.columns
    values = [fresh.get(column.name, column) for column in columns]
    closed = select(*values).where(Card.generation == generation, Card.is_open.is_(False))
    session.execute(insert(Card).from_select([column.name for column in columns], closed))


def _believe_owner(session: Session, generation: int, names: Sequence[str]) -> None:
    """What was closed before the build began would not be listed: such a tombstone was wrong."""
    carried = delete(Card).where(Card.generation == generation, Card.position == CARRIED_OVER)
    session.execute(carried.where(Card.name.in_(names)))


def forget_tombstones(database: Database, *, at: datetime) -> None:
    """Drop closed notices of which no older copy can come any more."""
    with database.begin() as session:
        closed = delete(Card).where(Card.is_open.is_(False))
        session.execute(closed.where(Card.update_time < at - TOMBSTONES_KEPT))
