"""SwapProposalService: which posts could be swapped, and why."""

from __future__ import annotations

from grpc import ServicerContext
from interchange.matching.v1 import swap_proposals_pb2 as pb
from interchange.matching.v1 import swap_proposals_pb2_grpc as rpc

from chassis.auth import Principal, principal
from chassis.database import Database
from chassis.pages import write_token
from services.matching.paging import read_key
from services.matching.swaps import pool
from services.matching.swaps.proposing import Found, Proposer, organisations, proposal
from services.matching.swaps.rings import Ring

SIZE, SCOPE = 20, "SuggestSwaps"
# Most people first; then by notice, so that a page goes on where the one before ended.
Key = tuple[int, str]


class SwapProposalService(rpc.SwapProposalServiceServicer):
    """Proposals from the read model; who takes them up proposes a swap to opportunities."""

    def __init__(self, database: Database) -> None:
        self._read = database.read
        self._proposer = Proposer()

    def SuggestSwaps(
        self, request: pb.SuggestSwapsRequest, _: ServicerContext
    ) -> pb.SuggestSwapsResponse:
        with self._read() as session:
            posts = pool.read(session)
        found = self._proposer.find(posts)
        rings = _after(request.page_token, _shown(found, principal()))
        page = rings[: request.page_size or SIZE]
        return pb.SuggestSwapsResponse(
            proposals=[proposal(found, ring, request.language) for _, ring in page],
            posts=len(posts.posts),
            gap=found.solution.gap,
            next_page_token=write_token(page[-1][0], SCOPE) if len(rings) > len(page) else "",
        )


def _shown(found: Found, who: Principal) -> list[tuple[Key, Ring]]:
    """Those that the caller may see, in order."""
    theirs = (
        ring
        for ring in found.solution.rings
        if who.is_operator or organisations(found, ring) & who.manages
    )
    return sorted(((_key(found, ring), ring) for ring in theirs), key=lambda each: each[0])


def _key(found: Found, ring: Ring) -> Key:
    return -len(ring.legs), found.pool.posts[ring.members[0]].notice


def _after(token: str, rings: list[tuple[Key, Ring]]) -> list[tuple[Key, Ring]]:
    if not token:
        return rings
    last = read_key(token, SCOPE, int, str)
    return [(key, ring) for key, ring in rings if key > last]
