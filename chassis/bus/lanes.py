"""Lanes: queues beside the common one, so that nobody waits behind what one partner region sends in bulk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from google.protobuf.message import Message

# As many partners have one to themselves; of more, some share. Each costs a consumer at rest.
LANES = 16
ROOT = "lane"
# What travels in one event: short enough that who comes next waits some tens of milliseconds.
PARCEL = 50
PARCEL_BYTES = 48 * 1024

Part = TypeVar("Part", bound=Message)


def lane_of(rank: int) -> int:
    """The lane of the partner that has so many before it, by whatever order stays the same for a while.

    When it changes, its events may overtake each other: what they say must bear that.
    """
    return rank % LANES


def on_lane(subject: str, lane: int) -> str:
    """`evt.<service>.<aggregate>.<verb>` as `lane.<service>.<lane>.<aggregate>.<verb>`."""
    _, service, what = subject.split(".", 2)
    return f"{ROOT}.{service}.{lane}.{what}"


def durables(program: str) -> list[str]:
    """The names of a program's consumers of lanes."""
    return [f"{program}_{lane}" for lane in range(LANES)]


def of_bus(filters: Iterable[str]) -> list[str]:
    """Of what a program hears, what comes the common way."""
    return [each for each in filters if not _is_laned(each)]


def of_lanes(filters: Iterable[str], lane: int) -> list[str]:
    """Of what a program hears, what comes on one lane: `lane.<service>.>` as `lane.<service>.<lane>.>`."""
    return [each.replace(".>", f".{lane}.>") for each in filters if _is_laned(each)]


def is_hearing(filters: Iterable[str]) -> bool:
    """Whether any of it comes on lanes."""
    return any(map(_is_laned, filters))


def parcels(parts: Iterable[Part]) -> Iterator[Sequence[Part]]:
    """In their order, so many at a time as one event carries."""
    parcel: list[Part] = []
    size = 0
    for each in parts:
        if parcel and (len(parcel) == PARCEL or size + each.ByteSize() > PARCEL_BYTES):
            yield parcel
            parcel, size = [], 0
        parcel.append(each)
        size += each.ByteSize()
    if parcel:
        yield parcel


def _is_laned(subject: str) -> bool:
    return subject.startswith(f"{ROOT}.")
