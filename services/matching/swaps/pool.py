"""The posts that are up for a swap and free, from the read model."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from interchange.common.v1.types_pb2 import Place
from interchange.opportunities.v1 import notices_pb2 as pb
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.matching.distance import Point, point
from services.matching.models import ONLY, Card, Progress
from services.matching.suggestions.relations import groups, partners_of, unmanaged
from services.matching.swaps.models import KnownSwap, SwapPost
from services.matching.swaps.posts import Post, Wish

# Beyond that a proof takes longer than anybody waits.
MOST_POSTS = 2000
PUBLIC = (pb.REGION, pb.NETWORK)
REMOTE_SHARES = {pb.REMOTE: 1.0, pb.HYBRID: 0.5}


@dataclass(frozen=True)
class Pool:
    """Notices and their posts, in the same order: those published first."""

    notices: tuple[pb.Notice, ...]
    posts: tuple[Post, ...]

    @property
    def versions(self) -> tuple[tuple[str, int, int], ...]:
        """Changes with whatever would change what is found."""
        return tuple((each.name, each.version, hash(post)) for each, post in self._pairs())

    def _pairs(self) -> Iterable[tuple[pb.Notice, Post]]:
        return zip(self.notices, self.posts, strict=True)


def read(session: Session) -> Pool:
    """At most MOST_POSTS of them."""
    generation = select(Progress.generation).where(Progress.id == ONLY).scalar_subquery()
    up_for_swap = (
        select(Card)
        .join(SwapPost, SwapPost.name == Card.name)
        .where(Card.generation == generation, Card.is_open)
    )
    taken, nobody_agrees = set(_taken(session)), unmanaged(session)
    cards = [
        card
        for card in session.scalars(up_for_swap)
        if card.name not in taken and card.organisation not in nobody_agrees
    ]
    found = [(pb.Notice.FromString(card.payload), card.place) for card in cards]
    public = [(notice, place) for notice, place in found if _is_offered(notice)]
    public.sort(key=lambda each: (each[0].publish_time.ToNanoseconds(), each[0].name))
    some, kin = public[:MOST_POSTS], groups(session)
    posts = tuple(
        post_of(
            notice,
            _point(place),
            group=kin.get(notice.organisation, ""),
            avoids=_avoided(session, notice),
        )
        for notice, place in some
    )
    return Pool(tuple(notice for notice, _ in some), posts)


def post_of(
    notice: pb.Notice, place: Point | None, *, group: str = "", avoids: frozenset[str] = frozenset()
) -> Post:
    """What a notice says of a post; what is not said asks for nothing."""
    wishes = notice.swap_wishes
    return Post(
        notice=notice.name,
        organisation=notice.organisation,
        sector=notice.sector,
        group=group,
        avoids=avoids,
        bands=frozenset(notice.grade_bands),
        skills=frozenset(notice.skills),
        place=place,
        remote_share=REMOTE_SHARES.get(notice.attendance, 0.0),
        first_day=_day(notice.start_date, date.min),
        last_day=_day(notice.end_date, date.max),
        vetting_needed=notice.conditions.vetting_needed,
        vetting_held=notice.conditions.vetting_held,
        takes_sectors=frozenset(wishes.takes_sectors),
        wish=None if wishes.needs_nothing_back else _wish(wishes),
    )


def _wish(wishes: pb.SwapWishes) -> Wish:
    return Wish(
        sectors=frozenset(wishes.sectors),
        bands=frozenset(wishes.grade_bands),
        skills=frozenset(wishes.skills),
        radius_miles=wishes.radius_miles,
        remote_share=wishes.remote_share or 1.0,
    )


def _taken(session: Session) -> Iterable[str]:
    """Notices that take part in a swap already."""
    for notices in session.scalars(select(KnownSwap.notices).where(KnownSwap.is_pending)):
        yield from notices


def _is_offered(notice: pb.Notice) -> bool:
    """To all who might take it, and not given already."""
    is_full = 0 < notice.conditions.places <= notice.places_taken
    return notice.HasField("swap_wishes") and notice.visibility in PUBLIC and not is_full


def _avoided(session: Session, notice: pb.Notice) -> frozenset[str]:
    if not notice.conditions.new_partners_only:
        return frozenset()
    return partners_of(session, notice.organisation)


def _point(place: bytes | None) -> Point | None:
    if place is None:
        return None
    known = Place.FromString(place)
    return point(known.latitude, known.longitude)


def _day(text: str, otherwise: date) -> date:
    return date.fromisoformat(text) if text else otherwise
