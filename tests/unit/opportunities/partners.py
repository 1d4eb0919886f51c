"""What federation would announce of a partner region, for tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from interchange.common.v1.types_pb2 import PUBLIC
from interchange.federation.v1 import events_pb2 as federation
from interchange.federation.v1.partners_pb2 import Partner
from interchange.opportunities.v1 import notices_pb2

from chassis.clock import now
from chassis.database import new_id
from chassis.foreign import foreign_name
from chassis.timestamps import to_proto as stamp


@dataclass
class PartnerRegion:
    """Scotland, say: its names, its log, what it says."""

    region: str = "scotland"
    organisation: str = field(default_factory=lambda: f"organisations/{new_id()}")
    display_name: str = "Highland Council"
    epoch: int = 1
    pinning: int = 1
    _sequence: Any = field(default_factory=lambda: count(1))
    _version: Any = field(default_factory=lambda: count(1))

    def position(self) -> federation.PositionFacts:
        return federation.PositionFacts(
            channel="national", epoch=self.epoch, sequence=next(self._sequence)
        )

    def live(self, origin_notice: str = "", **fields: Any) -> federation.LiveNoticeFacts:
        """A notice of its own, new unless it is named."""
        origin = origin_notice or f"notices/{new_id()}"
        content = {
            "name": foreign_name(self.region, origin),
            "organisation": foreign_name(self.region, self.organisation),
            "organisation_display_name": self.display_name,
            "sector": PUBLIC,
            "kind": notices_pb2.OFFERED,
            "format": notices_pb2.WORK_SHADOWING,
            "title": "Shadow a housing team in the Highlands",
            "body": "A week with a team that covers a third of Scotland.",
            "region": self.region,
            "visibility": notices_pb2.NETWORK,
            "publish_time": stamp(now() - timedelta(days=1)),
            "close_time": stamp(now() + timedelta(days=30)),
            **fields,
        }
        return federation.LiveNoticeFacts(
            notice=notices_pb2.Notice(**content),
            origin_notice=origin,
            origin_organisation=self.organisation,
            position=self.position(),
        )

    def gone(
        self, live: federation.LiveNoticeFacts, *, erase: bool = False
    ) -> federation.GoneNoticeFacts:
        return federation.GoneNoticeFacts(
            notice=live.notice.name, erase=erase, position=self.position()
        )

    def told(
        self, *words: federation.LiveNoticeFacts | federation.GoneNoticeFacts
    ) -> federation.PartnerNoticesTold:
        """What federation announces of these."""
        event = federation.PartnerNoticesTold(region=self.region, pinning=self.pinning)
        for each in words:
            part = event.live if isinstance(each, federation.LiveNoticeFacts) else event.gone
            part.append(each)  # type: ignore[arg-type]  # it is the list of its kind
        return event

    def revised(
        self, state: Partner.State.ValueType = Partner.ACTIVE, *, as_of: datetime | None = None
    ) -> federation.PartnerRevised:
        return federation.PartnerRevised(
            region=self.region,
            region_display_name="Scotland",
            state=state,
            as_of_time=stamp(as_of or now()),
            version=next(self._version),
        )
