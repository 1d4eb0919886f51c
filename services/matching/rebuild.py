"""Building the read model anew from its owner, while the old one answers and events go on coming."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any

import grpc
import structlog
from interchange.federation.v1.events_pb2 import PartnerRevised
from interchange.federation.v1.partners_pb2 import ListPartnersRequest, Partner
from interchange.federation.v1.partners_pb2_grpc import PartnerServiceStub
from interchange.identity.v1.organisations_pb2 import ListManagersRequest, ListOrganisationsRequest
from interchange.identity.v1.organisations_pb2_grpc import OrganisationServiceStub
from interchange.matching.v1 import matching_pb2 as pb
from interchange.opportunities.v1 import notices_pb2
from interchange.opportunities.v1.exchanges_pb2 import ListExchangesRequest
from interchange.opportunities.v1.exchanges_pb2_grpc import ExchangeServiceStub
from interchange.opportunities.v1.notices_pb2_grpc import NoticeServiceStub
from interchange.opportunities.v1.swaps_pb2 import ListSwapsRequest
from interchange.opportunities.v1.swaps_pb2_grpc import SwapServiceStub
from sqlalchemy import delete, insert, literal, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from chassis.clock import now
from chassis.database import Database
from chassis.errors import Error, FailedPrecondition
from services.matching.models import CARRIED_OVER, READS, Card
from services.matching.suggestions.relations import note_exchange, note_office
from services.matching.swaps.models import SwapPost
from services.matching.swaps.taking import take_swap
from services.matching.taking import dressed, progress, put, take_organisation, take_region

PAGE = 100
# Pages of notices kept in one transaction: it costs as much as putting a hundred notices into it.
AT_ONCE = 5
# A build that has not moved for so long died with its program. A page takes seconds.
DEAD_AFTER = timedelta(minutes=2)
TOMBSTONES_KEPT = timedelta(days=30)

log = structlog.get_logger(__name__)


class Rebuild:
    """One at a time. Events go into both generations; of two copies the newer version stays."""

    def __init__(
        self,
        database: Database,
        opportunities: grpc.Channel,
        identity: grpc.Channel,
        federation: grpc.Channel,
    ) -> None:
        self._begin = database.begin
        self._notices = NoticeServiceStub(opportunities)
        self._swaps = SwapServiceStub(opportunities)
        self._exchanges = ExchangeServiceStub(opportunities)
        self._organisations = OrganisationServiceStub(identity)
        self._partners = PartnerServiceStub(federation)

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

    def catch_up(self) -> None:
        """Build anew, once, what an earlier release has built of less."""
        if self._is_up_to_date():
            return
        try:
            for _ in self.run():
                pass
        except (
            Error
        ) as problem:  # who is asked may start after us, and another process may be at it
            log.warning("catching_up_waits", error=problem.reason)
        else:
            log.info("caught_up", reads=READS)

    def _is_up_to_date(self) -> bool:
        with self._begin() as session:
            current = progress(session)
            if not current.position:  # nothing was said yet
                current.reads = READS
            return current.reads >= READS

    def _fill(self, generation: int) -> Iterator[pb.RebuildIndexProgress]:
        self._take_organisations()
        self._take_partners()
        self._take_swaps()
        self._take_relations()
        done = 0
        published = partial(notices_pb2.ListNoticesRequest, state=notices_pb2.Notice.PUBLISHED)
        pages = _pages(self._notices.ListNotices, published)
        while some := list(islice(pages, AT_ONCE)):
            notices = {notice.name: notice for page in some for notice in page.notices}
            self._keep(generation, list(notices.values()), at=now())
            done += len(notices)
            yield pb.RebuildIndexProgress(done=done)
        self._swap(generation)
        yield pb.RebuildIndexProgress(done=done, complete=True)

    def _take_organisations(self) -> None:
        """Before their notices, which show their names and are where they are."""
        for page in _pages(self._organisations.ListOrganisations, ListOrganisationsRequest):
            with self._begin() as session:
                for organisation in page.organisations:
                    take_organisation(session, organisation)

    def _take_partners(self) -> None:
        """Of regions we go on knowing what we know while federation is away."""
        try:
            pages = list(_pages(self._partners.ListPartners, ListPartnersRequest))
        except Error as problem:
            log.warning("partners_unknown", error=problem.reason)
            return
        with self._begin() as session:
            for partner in (each for page in pages for each in page.partners):
                take_region(session, _revised(partner))

    def _take_swaps(self) -> None:
        """Those that keep notices from taking part in another."""
        for page in _pages(self._swaps.ListSwaps, ListSwapsRequest):
            with self._begin() as session:
                for swap in page.swaps:
                    take_swap(session, swap)

    def _take_relations(self) -> None:
        """Who is in office for which organisation, and which of them had exchanges with one another."""
        for page in _pages(self._organisations.ListManagers, ListManagersRequest):
            with self._begin() as session:
                for each in page.managers:
                    note_office(session, each.name, each.organisation, is_held=True)
        for page in _pages(self._exchanges.ListExchanges, ListExchangesRequest):
            with self._begin() as session:
                for each in (each for each in page.exchanges if each.HasField("agree_time")):
                    note_exchange(session, each.host_organisation, each.visiting_organisation)

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
            put(session, current, generation, dressed(session, notices), at=at)

    def _swap(self, generation: int) -> None:
        with self._begin() as session:
            current = progress(session)
            if current.building != generation:
                raise FailedPrecondition("REBUILD_OVERTAKEN", "another rebuild has begun")
            current.generation, current.building, current.build_time = generation, 0, None
            current.reads = READS
            current.step()
            session.execute(delete(Card).where(Card.generation != generation))

    def _abandon(self, generation: int) -> None:
        """Leave no trace. Should the database be away, the next build clears up."""
        with suppress(SQLAlchemyError), self._begin() as session:
            current = progress(session)
            if current.building == generation:
                current.building, current.build_time = 0, None
                session.execute(delete(Card).where(Card.generation == generation))


def _pages(listing: Callable[[Any], Any], request: Callable[..., Any]) -> Iterator[Any]:
    """A listing's answers, one after the other. What is in them differs, as generated code has it."""
    more, token = True, ""
    while more:
        page = listing(request(page_size=PAGE, page_token=token))
        yield page
        token = page.next_page_token
        more = bool(token)


def _revised(partner: Partner) -> PartnerRevised:
    """What federation lists, as it would have announced it."""
    revised = PartnerRevised(
        region=partner.name.partition("/")[2],
        region_display_name=partner.display_name,
        state=partner.state,
        version=partner.version,
    )
    if partner.HasField("as_of_time"):
        revised.as_of_time.CopyFrom(partner.as_of_time)
    return revised


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
        session.execute(delete(SwapPost).where(SwapPost.name.not_in(select(Card.name))))
