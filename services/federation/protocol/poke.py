"""A poke: there is news on a channel. When it is little, it may come with it."""

from __future__ import annotations

from dataclasses import dataclass

from services.federation.protocol import shapes

MAX_POKE_BYTES = 32 * 1024
BARE_POKE_BYTES = 1024  # without a page
# The name of that limit in a region's document: who does not tell it takes no pages.
POKE_BYTES = "pokeBytes"


@dataclass(frozen=True, slots=True)
class Handed:
    """What a page of the feed would be that is asked for after an entry."""

    epoch: int
    after: int
    page: bytes


@dataclass(frozen=True, slots=True)
class Poke:
    """How far a channel of the sender's goes, and what came last on it, if it is handed over."""

    channel: str
    epoch: int
    head: int
    handed: Handed | None = None

    def to_json(self) -> dict[str, object]:
        """As it travels."""
        said: dict[str, object] = {
            "channel": self.channel,
            "epoch": self.epoch,
            "head": self.head,
        }
        if self.handed:
            said |= {"after": self.handed.after, "page": self.handed.page.decode()}
        return said


def read_poke(said: shapes.Source) -> Poke:
    """ValueError when it is none; what is in its page is verified by whoever reads it."""
    channel = shapes.matching(said, "channel", shapes.CHANNEL)
    epoch, head = shapes.whole(said, "epoch"), shapes.whole(said, "head")
    return Poke(channel, epoch, head, _handed(said, epoch))


def _handed(said: shapes.Source, epoch: int) -> Handed | None:
    if "page" not in said:
        return None
    page = shapes.text(said, "page", limit=MAX_POKE_BYTES)
    return Handed(epoch, shapes.whole(said, "after"), page.encode())
