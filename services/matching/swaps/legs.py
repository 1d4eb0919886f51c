"""Whether somebody would take a post and be taken, why not, and how well it fits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from services.matching.distance import chord, chord_of, miles_of
from services.matching.swaps.graph import Arc, Graph
from services.matching.swaps.posts import Post, Wish

# A leg counts for itself first, and for how well it fits second: two fair legs are better than one perfect.
BARE = 0.75
# How much of the rest each term gives.
TERMS = {"skills": 0.4, "near": 0.3, "days": 0.3}
# "Preferably a week": more days in common than these five count no more.
WEEK = 5
# Of the posts that somebody would take, so many that fit best count: a pool stays small enough to be solved.
MOST_WISHES = 40


class Refusal(StrEnum):
    """Why somebody would not take a post, or not be taken."""

    NEEDS_NOTHING = "NEEDS_NOTHING"
    SAME_ORGANISATION = "SAME_ORGANISATION"
    SAME_GROUP = "SAME_GROUP"
    PAST_PARTNER = "PAST_PARTNER"
    SECTOR_NOT_WANTED = "SECTOR_NOT_WANTED"
    SECTOR_NOT_TAKEN = "SECTOR_NOT_TAKEN"
    GRADE_NOT_WANTED = "GRADE_NOT_WANTED"
    GRADE_NOT_TAKEN = "GRADE_NOT_TAKEN"
    SKILLS_NOT_THERE = "SKILLS_NOT_THERE"
    VETTING_MISSING = "VETTING_MISSING"
    DATES_APART = "DATES_APART"
    TOO_FAR = "TOO_FAR"


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a post fits who would take it: each term from 0 to 1, and what it rests on."""

    skills: float
    near: float
    days: float
    shared_skills: frozenset[str]
    # None: flexible dates, or a place that is not known.
    days_together: int | None
    away_miles: float | None

    @property
    def weight(self) -> float:
        """What the leg is worth: from BARE to 1."""
        share = sum(part * getattr(self, term) for term, part in TERMS.items())
        return BARE + (1 - BARE) * float(share)


def refusals(visitor: Post, host: Post) -> Iterator[Refusal]:
    """Why this visitor and this post do not go together; nothing when they do."""
    wish = visitor.wish
    if wish is None:
        yield Refusal.NEEDS_NOTHING
        return
    if visitor.organisation == host.organisation:
        yield Refusal.SAME_ORGANISATION
    elif visitor.group and visitor.group == host.group:
        yield Refusal.SAME_GROUP
    if host.organisation in visitor.avoids or visitor.organisation in host.avoids:
        yield Refusal.PAST_PARTNER
    if wish.sectors and host.sector not in wish.sectors:
        yield Refusal.SECTOR_NOT_WANTED
    if host.takes_sectors and visitor.sector not in host.takes_sectors:
        yield Refusal.SECTOR_NOT_TAKEN
    if _apart(wish.bands, host.bands):
        yield Refusal.GRADE_NOT_WANTED
    if _apart(visitor.bands, host.bands):
        yield Refusal.GRADE_NOT_TAKEN
    if wish.skills and not wish.skills & host.skills:
        yield Refusal.SKILLS_NOT_THERE
    if 0 < visitor.vetting_held < host.vetting_needed:
        yield Refusal.VETTING_MISSING
    if max(visitor.first_day, host.first_day) > min(visitor.last_day, host.last_day):
        yield Refusal.DATES_APART
    if not _is_reached(visitor, wish, host):
        yield Refusal.TOO_FAR


def fit(visitor: Post, host: Post) -> Fit:
    """How well they fit; they must go together."""
    wish = visitor.wish or Wish()
    shared = wish.skills & host.skills
    away = miles_of(chord(visitor.place, host.place)) if visitor.place and host.place else None
    days = _days_together(visitor, host)
    return Fit(
        skills=len(shared) / len(wish.skills) if wish.skills else 1.0,
        near=_nearness(away, wish, host),
        days=1.0 if days is None else min(days, WEEK) / WEEK,
        shared_skills=shared,
        days_together=days,
        away_miles=away,
    )


def graph(posts: Sequence[Post]) -> Graph:
    """Who of these would take whose post; posts by their place in the sequence."""
    reach = _Reach.of(posts)
    arcs: dict[Arc, float] = {}
    for number, visitor in enumerate(posts):
        near = (host for host in reach.candidates(number) if _goes(visitor, posts[host]))
        weights = {host: fit(visitor, posts[host]).weight for host in near}
        best = sorted(weights, key=lambda host: (-weights[host], host))[:MOST_WISHES]
        arcs |= {(number, host): weights[host] for host in best}
    hosts = frozenset(number for number, post in enumerate(posts) if post.wish is None)
    return Graph(len(posts), arcs, hosts)


def _goes(visitor: Post, host: Post) -> bool:
    return next(refusals(visitor, host), None) is None


def _apart(some: frozenset[int], others: frozenset[int]) -> bool:
    """None of either means any."""
    return bool(some and others and not some & others)


def _is_reached(visitor: Post, wish: Wish, host: Post) -> bool:
    """A place that is not known is not held against anybody: managers know it."""
    if not wish.radius_miles or host.remote_share >= wish.remote_share:
        return True
    if visitor.place is None or host.place is None:
        return True
    return chord(visitor.place, host.place) <= chord_of(wish.radius_miles)


def _nearness(away: float | None, wish: Wish, host: Post) -> float:
    if away is None or not wish.radius_miles or host.remote_share >= wish.remote_share:
        return 1.0
    return max(0.0, 1 - away / wish.radius_miles)


def _days_together(visitor: Post, host: Post) -> int | None:
    days = (min(visitor.last_day, host.last_day) - max(visitor.first_day, host.first_day)).days + 1
    return None if days > 366 else days


@dataclass(frozen=True)
class _Reach:
    """All places at once: most pairs are too far apart, and need not be looked at one by one."""

    posts: Sequence[Post]
    places: NDArray[np.float64]
    is_anywhere: NDArray[np.bool_]
    remote: NDArray[np.float64]

    @classmethod
    def of(cls, posts: Sequence[Post]) -> _Reach:
        places = np.array([post.place or (0.0, 0.0, 0.0) for post in posts]).reshape(-1, 3)
        is_anywhere = np.array([post.place is None for post in posts], bool)
        return cls(posts, places, is_anywhere, np.array([post.remote_share for post in posts]))

    def candidates(self, number: int) -> list[int]:
        """Whom they may reach; a few more, for rounding, never fewer."""
        visitor = self.posts[number]
        if visitor.wish is None:
            return []
        if not visitor.wish.radius_miles or visitor.place is None:
            return list(range(len(self.posts)))
        chords = ((self.places - self.places[number]) ** 2).sum(axis=1)
        is_near = chords <= chord_of(visitor.wish.radius_miles) * (1 + 1e-9)
        found = is_near | self.is_anywhere | (self.remote >= visitor.wish.remote_share)
        return [int(each) for each in np.flatnonzero(found)]
