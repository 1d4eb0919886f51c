"""Telling the region what others see of a partner: its state, its name, how fresh it is."""

from __future__ import annotations

from datetime import datetime

from interchange.federation.v1 import events_pb2 as events
from sqlalchemy.orm import Session

from chassis import convert
from chassis.bus import publish
from services.federation.partners.models import Partner


def announce(session: Session, partner: Partner, *, at: datetime) -> None:
    """Tell what there is to tell now, if it changed or was not told for a while."""
    if not partner.is_due_to_be_announced(at=at):
        return
    partner.announced(at=at)
    event = events.PartnerRevised(
        region=partner.region,
        region_display_name=partner.display_name,
        state=convert.number(partner.state),
        as_of_time=convert.moment(partner.as_of_time),
        version=partner.version,
    )
    publish(session, event)
