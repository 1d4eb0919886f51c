"""The demonstrations that there are, by the region's code."""

from __future__ import annotations

from collections.abc import Mapping

from demo.regions.demonstration import Demonstration
from demo.regions.east_of_england import EAST_OF_ENGLAND
from demo.regions.scotland import SCOTLAND
from demo.regions.south_west import SOUTH_WEST

ALL: Mapping[str, Demonstration] = {
    each.code: each for each in (EAST_OF_ENGLAND, SOUTH_WEST, SCOTLAND)
}


def demonstration_of(region: str) -> Demonstration:
    """The region's own demonstration; for regions without one, the East of England's."""
    return ALL.get(region, EAST_OF_ENGLAND)
