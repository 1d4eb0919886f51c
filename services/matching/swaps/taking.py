"""Taking over what opportunities says of swaps: newer wins, twice is once, any order will do."""

from __future__ import annotations

from collections.abc import Iterable

from interchange.opportunities.v1.notices_pb2 import Notice
from interchange.opportunities.v1.swaps_pb2 import Swap
from sqlalchemy.orm import Session

from services.matching.swaps.models import KnownSwap, SwapPost

PENDING = (Swap.PROPOSED, Swap.AGREED)


def note_posts(session: Session, notices: Iterable[Notice]) -> None:
    """Remember which of these are up for a swap, so that nobody has to look through all cards."""
    for notice in notices:
        if notice.HasField("swap_wishes"):
            session.merge(SwapPost(name=notice.name))


def take_swap(session: Session, swap: Swap) -> None:
    known = session.get(KnownSwap, swap.name)
    if known and known.version >= swap.version:
        return
    notices = {name for leg in swap.legs for name in (leg.visiting_notice, leg.host_notice)}
    session.merge(
        KnownSwap(
            name=swap.name,
            version=swap.version,
            is_pending=swap.state in PENDING,
            notices=sorted(notices),
        )
    )
