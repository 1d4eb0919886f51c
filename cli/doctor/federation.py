"""How long the keys hold that regions sign with: ours, and those of partners."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import click
from interchange.federation.v1.partners_pb2 import Partner

from chassis.clock import now
from chassis.errors import Error
from chassis.timestamps import from_proto
from cli.doctor.finding import Finding
from cli.doctor.places import Places
from cli.federation.identity import Identity
from cli.federation.partners import PREFIX, all_partners, partner_service

SOON = timedelta(days=14)  # as the alert has it
ROTATE = (
    "`interchange federation rotate-key --root-key FILE`: afterwards partners take nothing of ours"
)
ASK = "ask their operator to rotate it: afterwards we take nothing of theirs (docs/runbooks/key-expiring.md)"


def federation(places: Places) -> Iterator[Finding]:
    """Nothing, where federation does not answer: that is told of the programs."""
    if not places.services:
        return
    try:
        own = Identity(places.settings).found()
        partners = list(all_partners(partner_service(places.settings)))
    except (Error, click.ClickException):
        return
    ends = [from_proto(each.not_after_time) for each in own.keys if each.published]
    if ends:
        yield key("our region's", max(ends), ROTATE)
    for partner in partners:
        if partner.state != Partner.REMOVED and partner.HasField("key_expire_time"):
            region = partner.name.removeprefix(PREFIX)
            yield key(f"{region}'s", from_proto(partner.key_expire_time), ASK)


def key(whose: str, until: datetime, remedy: str) -> Finding:
    """The newest key that a region signs with."""
    left = until - now()
    said = f"holds until {until:%Y-%m-%d}" if left > timedelta() else f"ended on {until:%Y-%m-%d}"
    return Finding(f"{whose} signing key", said, remedy if left < SOON else "")
