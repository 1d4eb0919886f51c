"""Three posts that are up for a swap, each of which teaches what the next one's holder would learn."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from interchange.opportunities.v1 import notices_pb2 as pb
from interchange.opportunities.v1 import swaps_pb2

# Title, what it teaches, and what its holder would learn.
POSTS = (
    ("A post in policy and commissioning, for a fortnight", "commissioning", "service-design"),
    ("A post in service design, for a fortnight", "service-design", "homelessness-prevention"),
    ("A post on the front line, for a fortnight", "homelessness-prevention", "commissioning"),
)
BODY = (
    "In your shoes: somebody takes this post for two weeks, while its holder takes another in turn.\n\n"
    "There is a week of handover by telephone before."
)


def posts(today: date) -> Sequence[pb.Notice]:
    """All at the same time, two months ahead."""
    first = today + timedelta(days=60)
    return [
        pb.Notice(
            kind=pb.OFFERED,
            format=pb.SWAP,
            title=title,
            body=BODY,
            skills=[teaches],
            start_date=f"{first}",
            end_date=f"{first + timedelta(days=13)}",
            visibility=pb.REGION,
            swap_wishes=pb.SwapWishes(skills=[learns]),
        )
        for title, teaches, learns in POSTS
    ]


def ring(names: Sequence[str]) -> swaps_pb2.Swap:
    """Each goes to the next one's post, the last to the first one's."""
    onward = [*names[1:], names[0]]
    pairs = zip(names, onward, strict=True)
    return swaps_pb2.Swap(
        legs=[swaps_pb2.SwapLeg(visiting_notice=one, host_notice=other) for one, other in pairs]
    )
