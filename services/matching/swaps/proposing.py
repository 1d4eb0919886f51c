"""From a pool of posts to proposals: solved once for each state of the pool."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock

from interchange.matching.v1 import swap_proposals_pb2 as pb
from interchange.opportunities.v1.notices_pb2 import Notice
from interchange.opportunities.v1.swaps_pb2 import ShorterSwap, SwapLeg

from services.matching.swaps.graph import Arc, Graph
from services.matching.swaps.legs import fit, graph
from services.matching.swaps.pool import Pool
from services.matching.swaps.rings import Ring, fallbacks
from services.matching.swaps.solving import Solution, longest_for, solve
from services.matching.swaps.words import reasons

# Of the ten seconds that the gateway waits.
TIME_LIMIT_S = 5.0
# Nobody waits for the last per cent of a large pool.
ENOUGH = 0.01


@dataclass(frozen=True)
class Found:
    """A pool, who would take whose post in it, and the best rings."""

    pool: Pool
    graph: Graph
    solution: Solution


class Proposer:
    """Keeps the last pool's solution: people look at it more often than it changes."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._last: Found | None = None

    def find(self, pool: Pool) -> Found:
        """One at a time, so that ten who ask at once wait for one answer."""
        with self._lock:
            if self._last is None or self._last.pool.versions != pool.versions:
                self._last = _solve(pool)
            return self._last


def _solve(pool: Pool) -> Found:
    arcs = graph(pool.posts)
    longest = longest_for(arcs.size)
    enough = 0.0 if longest > 3 else ENOUGH
    solution = solve(arcs, time_limit_s=TIME_LIMIT_S, longest=longest, enough=enough)
    return Found(pool, arcs, solution)


def organisations(found: Found, ring: Ring) -> set[str]:
    return {found.pool.posts[member].organisation for member in ring.members}


def proposal(found: Found, ring: Ring, language: str) -> pb.SwapProposal:
    shorter = fallbacks(found.graph, ring)
    return pb.SwapProposal(
        legs=[_leg(found, leg, language) for leg in ring.legs],
        shorter=[ShorterSwap(legs=[_bare(found, leg) for leg in each.legs]) for each in shorter],
    )


def _leg(found: Found, leg: Arc, language: str) -> pb.ProposedLeg:
    visitor, host = (found.pool.posts[each] for each in leg)
    how = fit(visitor, host)
    return pb.ProposedLeg(
        leg=_named(*(found.pool.notices[each] for each in leg)),
        worth=how.weight,
        reasons=reasons(visitor, host, how, language),
    )


def _named(visitor: Notice, host: Notice) -> SwapLeg:
    return SwapLeg(
        visiting_notice=visitor.name,
        visiting_notice_title=visitor.title,
        visiting_organisation=visitor.organisation,
        visiting_organisation_display_name=visitor.organisation_display_name,
        host_notice=host.name,
        host_notice_title=host.title,
        host_organisation=host.organisation,
        host_organisation_display_name=host.organisation_display_name,
        start_date=max(visitor.start_date, host.start_date),
        end_date=min(filter(None, (visitor.end_date, host.end_date)), default=""),
    )


def _bare(found: Found, leg: Arc) -> SwapLeg:
    visitor, host = (found.pool.notices[each].name for each in leg)
    return SwapLeg(visiting_notice=visitor, host_notice=host)
