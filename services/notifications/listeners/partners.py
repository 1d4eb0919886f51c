"""What other regions are called: texts name them as they name themselves."""

from __future__ import annotations

from interchange.federation.v1.events_pb2 import PartnerRevised
from sqlalchemy.orm import Session

from chassis import partner_regions
from services.notifications.audience.models import PartnerRegion


def on_partner_revised(session: Session, event: PartnerRevised) -> None:
    partner_regions.take(session, PartnerRegion, event)
