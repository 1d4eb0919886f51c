"""Between swaps and their messages, which name no person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from interchange.opportunities.v1 import events_pb2 as events
from interchange.opportunities.v1 import swaps_pb2 as pb
from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis import convert
from chassis.etags import etag
from chassis.names import format_name, parse_name
from chassis.timestamps import to_proto as stamp
from services.opportunities.exchanges.models import Exchange
from services.opportunities.exchanges.models import State as ExchangeState
from services.opportunities.swaps.forming import Formation, Leg, form
from services.opportunities.swaps.models import Swap, SwapPart

States = Mapping[UUID, ExchangeState]


def states_of(session: Session, swaps: Iterable[Swap]) -> States:
    """Where the exchanges of these swaps are in their lives."""
    wanted = [each for swap in swaps for each in swap.exchanges]
    if not wanted:
        return {}
    statement = select(Exchange.id, Exchange.state).where(Exchange.id.in_(wanted))
    return dict(session.execute(statement).all())


def to_proto(swap: Swap, states: States) -> pb.Swap:
    """The swap as all concerned see it."""
    message = _bare(swap, states)
    message.shorter.extend(
        pb.ShorterSwap(legs=[_named(UUID(visitor), UUID(host)) for visitor, host in legs])
        for legs in swap.shorter
    )
    return message


def facts(swap: Swap, states: States, *, actor: str) -> events.SwapFacts:
    """What every event about a swap carries."""
    return events.SwapFacts(swap=_bare(swap, states), people=sorted(swap.people), actor=actor)


def read_legs(legs: Iterable[pb.SwapLeg], *, field: str) -> Formation:
    return form([_read(leg, field=field) for leg in legs], field=field)


def _bare(swap: Swap, states: States) -> pb.Swap:
    return pb.Swap(
        name=swap.name,
        legs=[_leg(swap, visitor, host, states) for visitor, host in swap.legs],
        agree_by_time=stamp(swap.agree_by_time),
        state=convert.number(swap.state),
        left=[part.notice.name for part in swap.parts if part.has_left],
        successor=_swap_name(swap.successor),
        predecessor=_swap_name(swap.predecessor),
        create_time=stamp(swap.create_time),
        agree_time=convert.moment(swap.agree_time),
        begin_time=convert.moment(swap.begin_time),
        end_time=convert.moment(swap.end_time),
        update_time=stamp(swap.update_time),
        version=swap.version,
        etag=etag(swap.version),
    )


def _leg(swap: Swap, visitor: SwapPart, host: SwapPart, states: States) -> pb.SwapLeg:
    first, last = swap.days(visitor, host)
    exchange = visitor.exchange_id
    state = states.get(exchange) if exchange else None
    return pb.SwapLeg(
        visiting_notice=visitor.notice.name,
        visiting_notice_title=visitor.notice.title,
        visiting_organisation=visitor.organisation,
        visiting_organisation_display_name=visitor.notice.display_name,
        visiting_agree_time=convert.moment(visitor.agree_time),
        host_notice=host.notice.name,
        host_notice_title=host.notice.title,
        host_organisation=host.organisation,
        host_organisation_display_name=host.notice.display_name,
        host_agree_time=convert.moment(host.agree_time),
        start_date=convert.day(first),
        end_date=convert.day(last),
        exchange=format_name("exchanges", exchange) if exchange else "",
        exchange_state=convert.number(state or 0),
    )


def _named(visitor: UUID, host: UUID) -> pb.SwapLeg:
    return pb.SwapLeg(
        visiting_notice=format_name("notices", visitor), host_notice=format_name("notices", host)
    )


def _swap_name(swap: UUID | None) -> str:
    return format_name("swaps", swap) if swap else ""


def _read(leg: pb.SwapLeg, *, field: str) -> Leg:
    return (
        parse_name("notices", leg.visiting_notice, field=f"{field}.visiting_notice"),
        parse_name("notices", leg.host_notice, field=f"{field}.host_notice"),
    )
