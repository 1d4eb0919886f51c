"""Swaps that a caller may see, and those that they may change."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from interchange.opportunities.v1 import swaps_pb2 as pb
from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from chassis.auth import Principal, principal
from chassis.errors import FailedPrecondition, NotFound
from chassis.etags import check
from chassis.names import parse_name
from services.opportunities.exchanges.models import Exchange
from services.opportunities.notices.models import Notice
from services.opportunities.policy import may_see_swap, sees_every_swap
from services.opportunities.swaps.models import PENDING, State, Swap, SwapPart


def load(session: Session, name: str) -> Swap:
    """A swap that concerns the caller; to others it is as if it was not there."""
    found = session.get(Swap, parse_name("swaps", name))
    return _require_visible(found, name)


def load_for_change(session: Session, name: str, etag: str = "") -> Swap:
    """A swap that concerns the caller, and that nobody changes meanwhile, nor its notices."""
    swap_id = parse_name("swaps", name)
    parts = select(SwapPart.notice_id).where(SwapPart.swap_id == swap_id)
    lock_notices(session, list(session.scalars(parts)))  # first: everybody locks in this order
    found = session.scalars(_locked().where(Swap.id == swap_id)).one_or_none()
    swap = _require_visible(found, name)
    check(etag, swap.version)
    return swap


def lock_notices(session: Session, notices: Collection[UUID]) -> Sequence[Notice]:
    """In the order in which everybody locks several."""
    statement = select(Notice).where(Notice.id.in_(notices)).order_by(Notice.id)
    return session.scalars(statement.with_for_update(of=Notice)).all()


def pending_with_notice(session: Session, notice: UUID) -> Swap | None:
    """The swap in which a notice takes part now, locked."""
    parts = select(SwapPart.swap_id).where(SwapPart.notice_id == notice)
    statement = _locked().where(Swap.id.in_(parts), Swap.state.in_(PENDING))
    return session.scalars(statement).one_or_none()


def with_exchange(session: Session, exchange: UUID) -> Swap | None:
    """The swap of which an exchange is a leg, locked."""
    parts = select(SwapPart.swap_id).where(SwapPart.exchange_id == exchange)
    return session.scalars(_locked().where(Swap.id.in_(parts))).one_or_none()


def require_free(session: Session, notices: Collection[UUID]) -> None:
    """Refuse a notice that takes part in a swap: locked notices stay free until the transaction ends."""
    taken = (
        select(SwapPart.notice_id)
        .join(Swap, Swap.id == SwapPart.swap_id)
        .where(SwapPart.notice_id.in_(notices), Swap.state.in_(PENDING))
    )
    found = session.scalars(taken.limit(1)).one_or_none()
    if found:
        raise FailedPrecondition(
            "ALREADY_IN_A_SWAP", f"notices/{found} takes part in another swap", name=str(found)
        )


def legs(session: Session, swap: Swap) -> Sequence[Exchange]:
    """Its exchanges, locked."""
    statement = select(Exchange).where(Exchange.id.in_(swap.exchanges)).order_by(Exchange.id)
    return session.scalars(statement.with_for_update(of=Exchange)).all()


def overdue(at: object) -> Select[Swap]:
    """Those on which too few have agreed in time."""
    return select(Swap).where(Swap.state == State.PROPOSED, Swap.agree_by_time <= at)


def listing(who: Principal, request: pb.ListSwapsRequest) -> Select[Swap]:
    """Those that concern the caller; operators, and matching, list all."""
    statement = select(Swap)
    if not sees_every_swap(who):
        theirs = or_(Notice.organisation.in_(who.manages), Notice.beneficiary == who.person)
        parts = select(SwapPart.swap_id).join(Notice, Notice.id == SwapPart.notice_id)
        statement = statement.where(Swap.id.in_(parts.where(theirs)))
    if request.state:
        statement = statement.where(Swap.state == State(request.state))
    return statement


def _locked() -> Select[Swap]:
    return select(Swap).with_for_update(of=Swap).execution_options(populate_existing=True)


def _require_visible(found: Swap | None, name: str) -> Swap:
    if found is None or not may_see_swap(principal(), found):
        raise NotFound("NO_SUCH_SWAP", f"{name} does not exist, or you may not see it")
    return found
