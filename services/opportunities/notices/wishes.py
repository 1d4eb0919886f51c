"""Which posts the holder of a post would take in a swap, and from where somebody may come."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from interchange.opportunities.v1 import notices_pb2 as pb
from sqlalchemy import JSON, Dialect, TypeDecorator


@dataclass(frozen=True, slots=True)
class SwapWishes:
    """As the proto says; grade bands and sectors by their numbers there."""

    needs_nothing_back: bool
    sectors: tuple[int, ...]
    grade_bands: tuple[int, ...]
    skills: tuple[str, ...]
    radius_miles: float
    remote_share: float
    takes_sectors: tuple[int, ...]

    @property
    def values(self) -> dict[str, Any]:
        """By field, for the message and the column."""
        return {key: _plain(value) for key, value in asdict(self).items()}


class WishesType(TypeDecorator[SwapWishes]):
    """Wishes as JSON: they are shown, never searched by."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def process_bind_param(
        self, value: SwapWishes | None, dialect: Dialect
    ) -> dict[str, Any] | None:
        return value.values if value else None

    def process_result_value(
        self, value: dict[str, Any] | None, dialect: Dialect
    ) -> SwapWishes | None:
        return SwapWishes(**{key: _tuple(each) for key, each in value.items()}) if value else None


def read(message: pb.Notice) -> SwapWishes | None:
    """None when the notice has none."""
    if not message.HasField("swap_wishes"):
        return None
    wishes = message.swap_wishes
    return SwapWishes(
        wishes.needs_nothing_back,
        tuple(wishes.sectors),
        tuple(wishes.grade_bands),
        tuple(wishes.skills),
        wishes.radius_miles,
        wishes.remote_share,
        tuple(wishes.takes_sectors),
    )


def to_proto(wishes: SwapWishes | None) -> pb.SwapWishes | None:
    return pb.SwapWishes(**wishes.values) if wishes else None


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
