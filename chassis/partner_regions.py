"""What a service keeps of partner regions to show where things come from, and how far they can be relied on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from interchange.federation.v1.events_pb2 import PartnerRevised
from interchange.federation.v1.partners_pb2 import Partner
from interchange.opportunities.v1 import notices_pb2 as pb
from sqlalchemy import String, func, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Mapped, MappedAsDataclass, Session, mapped_column

from chassis.bus.lanes import lane_of
from chassis.database import UtcDateTime
from chassis.timestamps import optional
from chassis.timestamps import to_proto as stamp

MAY_BE_OUT_OF_DATE = timedelta(hours=24)
OUT_OF_DATE = timedelta(hours=72)
HIDDEN = ("SUSPENDED", "REMOVED")
SMALL_WORDS = ("of", "and", "the", "upon")


class PartnerRegionColumns(MappedAsDataclass, kw_only=True):
    """Columns of a copy of what federation says of a partner."""

    region: Mapped[str] = mapped_column(String(40), primary_key=True)
    display_name: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(30))
    as_of_time: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    version: Mapped[int] = mapped_column(default=0)


class Standing(Protocol):
    """What is shown of a partner."""

    @property
    def region(self) -> str: ...
    @property
    def display_name(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def as_of_time(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class Standpoint:
    """A partner as it was read: a value that outlives the session."""

    region: str
    display_name: str
    state: str
    as_of_time: datetime | None


Table = TypeVar("Table", bound=PartnerRegionColumns)


@dataclass(frozen=True, slots=True)
class Regions:
    """Our own region's code, and what is known of the partners."""

    own: str
    partners: Mapping[str, Standing] = field(default_factory=dict)

    @property
    def hidden(self) -> list[str]:
        """Regions of which nothing is shown."""
        return [each.region for each in self.partners.values() if each.state in HIDDEN]

    def out_of_date(self, at: datetime) -> list[str]:
        """Regions that were not heard for so long that nothing of theirs is suggested."""
        return [
            each.region
            for each in self.partners.values()
            if freshness(each.as_of_time, at) == pb.OUT_OF_DATE
        ]

    def display_name(self, region: str) -> str:
        """What people call a region; its code in words when nobody has told us."""
        known = self.partners.get(region)
        return (known.display_name if known else "") or in_words(region)

    def show(self, notice: pb.Notice, *, at: datetime) -> pb.Notice:
        """The notice; of a partner's a copy that says whose it is and how far it can be relied on."""
        if notice.region in ("", self.own):
            return notice
        known = self.partners.get(notice.region)
        as_of = known.as_of_time if known else None
        shown = pb.Notice()
        shown.CopyFrom(notice)
        shown.region_display_name = self.display_name(notice.region)
        shown.freshness = freshness(as_of, at)
        if as_of:
            shown.as_of_time.CopyFrom(stamp(as_of))
        return shown


def freshness(as_of: datetime | None, at: datetime) -> pb.Freshness.ValueType:
    """How far something can be relied on that we know as of then. Never heard of: it may be out of date."""
    if as_of is None:
        return pb.MAY_BE_OUT_OF_DATE
    age = at - as_of
    if age > OUT_OF_DATE:
        return pb.OUT_OF_DATE
    return pb.MAY_BE_OUT_OF_DATE if age > MAY_BE_OUT_OF_DATE else pb.CURRENT


def in_words(region: str) -> str:
    """A region's code as people write it: `east-of-england` as East of England."""
    return " ".join(
        word if number and word in SMALL_WORDS else word.capitalize()
        for number, word in enumerate(region.split("-"))
    )


def take(session: Session, table: type[Table], event: PartnerRevised) -> bool:
    """Take over what federation says of a partner, if it is newer; whether it was."""
    values = {
        "display_name": event.region_display_name[:200],
        "state": Partner.State.Name(event.state),
        "as_of_time": optional(event, "as_of_time"),
        "version": event.version,
    }
    statement = upsert(table).values(region=event.region, **values)
    taken = session.scalar(
        statement.on_conflict_do_update(
            index_elements=[table.region], set_=values, where=table.version < event.version
        ).returning(table.region)
    )
    return taken is not None


def lane(session: Session, table: type[Table], region: str) -> int:
    """The lane on which we tell of what comes from a region: one of its own, while they suffice."""
    before = select(func.count()).select_from(table).where(table.region < region)
    return lane_of(session.scalar(before) or 0)


def read(session: Session, table: type[Table], *, own: str) -> Regions:
    """What is known now. A handful of rows."""
    return regions(own, session.scalars(select(table)).all())


def regions(own: str, partners: Iterable[PartnerRegionColumns]) -> Regions:
    """The partners as values."""
    standpoints = (
        Standpoint(each.region, each.display_name, each.state, each.as_of_time) for each in partners
    )
    return Regions(own, {each.region: each for each in standpoints})
