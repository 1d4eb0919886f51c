"""What becomes of a swap when somebody drops out, or when one of its notices or exchanges ends."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from interchange.opportunities.v1 import events_pb2 as events
from sqlalchemy.orm import Session

from chassis.auth import Principal
from chassis.bus import publish
from chassis.errors import FailedPrecondition
from services.opportunities.exchanges.convert import facts as exchange_facts
from services.opportunities.exchanges.models import Exchange
from services.opportunities.notices.convert import to_public
from services.opportunities.notices.models import Notice
from services.opportunities.policy import is_person
from services.opportunities.swaps import queries
from services.opportunities.swaps.convert import facts, states_of
from services.opportunities.swaps.forming import Formation, form
from services.opportunities.swaps.models import State, Swap

REASON = "Somebody dropped out of the swap of which this was a part."


def drop(
    session: Session, swap: Swap, leaving: Collection[UUID], *, at: datetime, actor: str = ""
) -> None:
    """Go on without these notices if those who stay can swap among themselves; none of the legs begins."""
    if swap.state is State.AGREED:
        _free_places(session, swap, at=at)
    swap.fall_apart(leaving, at=at)
    for exchange in queries.legs(session, swap):
        if exchange.is_open:
            exchange.end(REASON, at=at)
            publish(
                session,
                events.ExchangeEndedEarly(exchange=exchange_facts(exchange, actor=actor)),
            )
    successor = _succeed(session, swap, leaving, at=at)
    kind = events.SwapDegraded if successor else events.SwapLapsed
    publish(session, kind(swap=facts(swap, states_of(session, [swap]), actor=actor)))
    if successor:
        publish(session, events.SwapProposed(swap=facts(successor, {}, actor=actor)))


def on_notice_closed(session: Session, notice: Notice, *, at: datetime) -> None:
    """A post that is not up for a swap any more drops out of the one it takes part in."""
    swap = queries.pending_with_notice(session, notice.id)
    if swap:
        drop(session, swap, {notice.id}, at=at)


def on_consent_gone(session: Session, notice: Notice, *, at: datetime) -> None:
    """Who must not be introduced has not agreed."""
    swap = queries.pending_with_notice(session, notice.id)
    if swap and swap.reconsider(notice.id, at=at):
        publish(session, events.SwapRevised(swap=facts(swap, {}, actor="")))


def require_own_start(session: Session, exchange: Exchange) -> None:
    """Refuse to begin one leg of a swap alone."""
    swap = queries.with_exchange(session, exchange.id)
    if swap:
        raise FailedPrecondition(
            "PART_OF_A_SWAP",
            f"{exchange.name} begins with all others of its swap: POST /v1/{swap.name}:begin",
            name=swap.name,
        )


def on_exchange_over(session: Session, exchange: Exchange, *, by: Principal, at: datetime) -> None:
    """A leg that ends before the swap begins takes whoever ended it out; the last that ends completes the swap."""
    swap = queries.with_exchange(session, exchange.id)
    if swap is None:
        return
    if swap.is_pending:
        return drop(session, swap, _leaving(swap, exchange, by), at=at, actor=by.person)
    if swap.state is State.UNDER_WAY and not any(e.is_open for e in queries.legs(session, swap)):
        swap.complete(at=at)
        event = events.SwapCompleted(swap=facts(swap, states_of(session, [swap]), actor=by.person))
        publish(session, event)


def _free_places(session: Session, swap: Swap, *, at: datetime) -> None:
    """Nobody comes: whoever else wants the post may have it."""
    for _, host in swap.legs:
        if host.notice.free_place(at=at):
            publish(session, events.NoticeRevised(notice=to_public(host.notice)))


def _leaving(swap: Swap, exchange: Exchange, by: Principal) -> set[UUID]:
    """Of the leg's two notices whose person or organisation ended it; who goes, when neither did."""
    leg = next(leg for leg in swap.legs if leg[0].exchange_id == exchange.id)
    ended = {
        part.notice_id
        for part in leg
        if is_person(by, part.notice.beneficiary) or by.manages_organisation(part.organisation)
    }
    return ended or {leg[0].notice_id}


def _succeed(
    session: Session, swap: Swap, leaving: Collection[UUID], *, at: datetime
) -> Swap | None:
    staying = {part.notice_id: part.notice for part in swap.parts if part.notice_id not in leaving}
    left = [each for each in _shorter(swap) if staying.keys() >= set(each.members)]
    if not left:
        return None
    best = left[0]
    notices = [staying[each] for each in best.members]
    within = [each for each in left if set(each.members) < set(best.members)]
    successor = Swap.propose(
        best, notices, within, proposer=swap.proposer, predecessor=swap.id, at=at
    )
    session.add(successor)
    swap.succeeded_by(successor)
    return successor


def _shorter(swap: Swap) -> list[Formation]:
    return [
        form([(UUID(visitor), UUID(host)) for visitor, host in legs], field="swap.shorter")
        for legs in swap.shorter
    ]
