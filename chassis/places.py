"""Where something is, as services keep it and as the contract says it."""

from __future__ import annotations

from typing import NamedTuple

from interchange.common.v1 import types_pb2 as pb


class Place(NamedTuple):
    """Words, degrees north, degrees east."""

    label: str
    latitude: float
    longitude: float


def to_proto(place: Place | None) -> pb.Place | None:
    """None for none."""
    if place is None:
        return None
    return pb.Place(label=place.label, latitude=place.latitude, longitude=place.longitude)


def from_proto(message: pb.Place) -> Place | None:
    """None when nothing in it is set: such a place says nothing."""
    found = Place(message.label, message.latitude, message.longitude)
    return found if any(found) else None
