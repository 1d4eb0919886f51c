"""Partners as a table for people: who is there, how far both sides are, and what needs a hand."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from google.protobuf.timestamp_pb2 import Timestamp
from interchange.federation.v1 import partners_pb2 as pb
from rich.table import Table

COLUMNS = (
    "Partner", "State", "Last OK", "They → me", "Me → them", "Epoch", "Skew", "Held", "Quar",
    "Keys exp", "Erasures out",
)  # fmt: skip
NOTHING = "-"
KEY_WARNING = timedelta(days=14)
SILENCE_WARNING = timedelta(minutes=15)


def partners_table(partners: Iterable[pb.Partner], *, at: datetime) -> Table:
    """One row a partner; what wants looking at ends in an exclamation mark."""
    table = Table(*COLUMNS)
    for partner in partners:
        table.add_row(*_row(partner, at))
    return table


def _row(partner: pb.Partner, at: datetime) -> Iterable[str]:
    yield partner.name.removeprefix("partners/")
    yield pb.Partner.State.Name(partner.state)
    yield _silence(partner.last_contact_time, at)
    incoming = [each for each in partner.progress if each.incoming]
    outgoing = [each for each in partner.progress if not each.incoming]
    yield _progress(incoming)
    yield _progress(outgoing)
    yield "\n".join(str(each.epoch) for each in incoming) or NOTHING
    yield f"{partner.clock_skew_s:.1f} s" if partner.HasField("last_contact_time") else NOTHING
    yield str(partner.held_entries)
    yield _warned(partner.quarantined_entries)
    yield _left(partner.key_expire_time, at)
    yield _warned(partner.outstanding_erasures)


def _progress(channels: Iterable[pb.ChannelProgress]) -> str:
    lines = (
        f"{each.channel} {each.cursor}/{_head(each)}"
        for each in sorted(channels, key=lambda each: each.channel)
    )
    return "\n".join(lines) or NOTHING


def _head(channel: pb.ChannelProgress) -> str:
    """An empty log has no entries to know of."""
    return str(channel.head) if channel.head or not channel.cursor else "? (head unknown)"


def _silence(last: Timestamp, at: datetime) -> str:
    if not last.seconds:
        return "never !"
    passed = max(at - _moment(last), timedelta())
    return in_words(passed) + (" !" if passed > SILENCE_WARNING else "")


def _left(expire: Timestamp, at: datetime) -> str:
    if not expire.seconds:
        return NOTHING
    left = _moment(expire) - at
    if left < timedelta():
        return "expired !"
    return in_words(left) + (" !" if left < KEY_WARNING else "")


def _warned(count: int) -> str:
    return f"{count} !" if count else "0"


def _moment(stamp: Timestamp) -> datetime:
    return stamp.ToDatetime(UTC)


def in_words(span: timedelta) -> str:
    """The two largest units: "12 s", "4 min 3 s", "2 d 4 h"."""
    seconds = int(span.total_seconds())
    units = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
    for place, (size, unit) in enumerate(units):
        if seconds < size and size > 1:
            continue
        rest = seconds % size // units[place + 1][0] if size > 1 else 0
        return f"{seconds // size} {unit}" + (f" {rest} {units[place + 1][1]}" if rest else "")
    return "0 s"
