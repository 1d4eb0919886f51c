"""SwapService: from a proposal to the day on which all legs begin."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from google.protobuf.message import Message
from grpc import ServicerContext
from interchange.opportunities.v1 import events_pb2 as events
from interchange.opportunities.v1 import swaps_pb2 as pb
from interchange.opportunities.v1 import swaps_pb2_grpc as rpc
from sqlalchemy.orm import Session

from chassis import acts
from chassis.auth import principal
from chassis.bus import publish
from chassis.clock import now
from chassis.database import Database
from chassis.errors import InvalidArgument, NotFound, PermissionDenied
from chassis.pages import paginate
from chassis.timestamps import optional
from services.opportunities.exchanges.convert import facts as exchange_facts
from services.opportunities.identity import Identity
from services.opportunities.notices import closing
from services.opportunities.notices.kinds import Closing
from services.opportunities.policy import manages
from services.opportunities.swaps import agreeing, dropping, queries
from services.opportunities.swaps.convert import facts, read_legs, states_of, to_proto
from services.opportunities.swaps.forming import Formation
from services.opportunities.swaps.models import Swap

Announcement = Callable[..., Message]
NEWEST_FIRST = (Swap.create_time.desc(), Swap.id.desc())


class SwapService(rpc.SwapServiceServicer):
    """Swaps among this region's organisations."""

    def __init__(self, database: Database, identity: Identity) -> None:
        self._begin = database.begin
        self._read = database.read
        self._identity = identity

    def ProposeSwap(self, request: pb.ProposeSwapRequest, _: ServicerContext) -> pb.Swap:
        formation, shorter = _read(request.swap)
        self._identity.audit.record_operator("swap.propose", "swaps")
        with self._begin() as session:
            swap = _propose(session, request.swap, formation, shorter, at=now())
            _announce(session, swap, events.SwapProposed)
        return to_proto(swap, {})

    def GetSwap(self, request: pb.GetSwapRequest, _: ServicerContext) -> pb.Swap:
        with self._read() as session:
            swap = queries.load(session, request.name)
            return to_proto(swap, states_of(session, [swap]))

    def ListSwaps(self, request: pb.ListSwapsRequest, _: ServicerContext) -> pb.ListSwapsResponse:
        statement = queries.listing(principal(), request)
        scope = f"ListSwaps {request.state}"
        with self._read() as session:
            page = paginate(session, statement, key=NEWEST_FIRST, request=request, scope=scope)
            states = states_of(session, page.items)
            swaps = [to_proto(each, states) for each in page.items]
        return pb.ListSwapsResponse(swaps=swaps, next_page_token=page.next_page_token)

    def AgreeSwap(self, request: pb.AgreeSwapRequest, _: ServicerContext) -> pb.Swap:
        who, at = principal(), now()
        with self._begin() as session:
            swap = queries.load_for_change(session, request.name, request.etag)
            if swap.agree(_own(swap), by=who.person, at=at):
                _announce(session, swap, events.SwapRevised)
            if swap.agree_time == at:
                agreeing.introduce(session, swap, at=at)
                session.flush()
                _announce(session, swap, events.SwapAgreed)
            return to_proto(swap, states_of(session, [swap]))

    def LeaveSwap(self, request: pb.LeaveSwapRequest, _: ServicerContext) -> pb.Swap:
        who, at = principal(), now()
        with self._begin() as session:
            swap = queries.load_for_change(session, request.name, request.etag)
            own = _own(swap)
            leaving = {part.notice_id for part in swap.parts if part.organisation in own}
            dropping.drop(session, swap, leaving, at=at, actor=who.person)
            acts.record(session, events.ActTaken, "swap.leave", swap.name)
            return to_proto(swap, states_of(session, [swap]))

    def BeginSwap(self, request: pb.BeginSwapRequest, _: ServicerContext) -> pb.Swap:
        who, at = principal(), now()
        self._identity.audit.record_operator("swap.begin", request.name)
        with self._begin() as session:
            swap = queries.load_for_change(session, request.name, request.etag)
            if not any(manages(who, each) for each in swap.organisations):
                raise _not_its_manager(swap)
            _begin(session, swap, at=at)
            _announce(session, swap, events.SwapBegun)
            return to_proto(swap, states_of(session, [swap]))


def _read(message: pb.Swap) -> tuple[Formation, list[Formation]]:
    formation = read_legs(message.legs, field="swap.legs")
    shorter = [read_legs(each.legs, field="swap.shorter") for each in message.shorter]
    if any(not set(each.members) < set(formation.members) for each in shorter):
        raise InvalidArgument(
            "NOT_SHORTER", "must be among some of the swap's notices", field="swap.shorter"
        )
    return formation, shorter


def _propose(
    session: Session,
    message: pb.Swap,
    formation: Formation,
    shorter: list[Formation],
    *,
    at: datetime,
) -> Swap:
    who = principal()
    notices = queries.lock_notices(session, formation.members)
    if len(notices) != len(formation.members) or not all(each.is_open for each in notices):
        raise NotFound("NO_SUCH_NOTICE", "one of its notices does not exist, or is closed")
    if not any(manages(who, notice.organisation) for notice in notices):
        raise PermissionDenied("NOT_ITS_MANAGER", "a swap is proposed by one of its managers")
    queries.require_free(session, formation.members)
    swap = Swap.propose(
        formation,
        notices,
        shorter,
        proposer=who.person,
        agree_by_time=optional(message, "agree_by_time"),
        at=at,
    )
    session.add(swap)
    return swap


def _begin(session: Session, swap: Swap, *, at: datetime) -> None:
    """All legs, or none: what can't begin undoes the transaction."""
    swap.begin(at=at)
    for exchange in queries.legs(session, swap):
        exchange.start(at=at)
        facts_of_it = exchange_facts(exchange, actor=principal().person)
        publish(session, events.ExchangeStarted(exchange=facts_of_it))
    for part in swap.parts:
        closing.close(session, part.notice, Closing.FILLED, at=at)


def _own(swap: Swap) -> set[str]:
    """The organisations for which the caller answers: nobody agrees, or leaves, for another's people."""
    own = {each for each in swap.organisations if principal().manages_organisation(each)}
    if not own:
        raise _not_its_manager(swap)
    return own


def _not_its_manager(swap: Swap) -> PermissionDenied:
    return PermissionDenied("NOT_ITS_MANAGER", f"this step of {swap.name} is for its managers")


def _announce(session: Session, swap: Swap, kind: Announcement) -> None:
    states = states_of(session, [swap])
    publish(session, kind(swap=facts(swap, states, actor=principal().person)))
