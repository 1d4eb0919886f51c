"""One record as a partner told it, with what its takers ask of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from interchange.opportunities.v1 import partner_records_pb2 as pb

from chassis.errors import FailedPrecondition
from chassis.timestamps import optional


@dataclass(frozen=True, slots=True)
class Told:
    """Who told what, when it came, and which region we are."""

    region: str
    record: pb.PartnerRecord
    own_region: str
    at: datetime

    @property
    def expire_time(self) -> datetime | None:
        return optional(self.record, "expire_time")


def unknown(what: str) -> FailedPrecondition:
    """It is about something that is not here, or not that region's to speak of: alike."""
    return FailedPrecondition("NOT_KNOWN_HERE", f"there is no such {what} between us")
