"""How it stands between us and others, in Prometheus naming: gauges that are filled from the database."""

from __future__ import annotations

from datetime import datetime

from prometheus_client import Gauge
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from chassis.database import Database
from services.federation.keys.models import ONLY, Identity
from services.federation.log.models import Erasure
from services.federation.partners.models import Partner, State
from services.federation.protocol.document import read_document
from services.federation.receiving import aside
from services.federation.receiving.models import AsideState, ReceivedCursor

cursor_lag = Gauge(
    "fed_cursor_lag_entries", "Entries signed for and not read.", ["partner", "channel"]
)
last_contact = Gauge("fed_last_contact_seconds", "Since the partner answered last.", ["partner"])
head_age = Gauge(
    "fed_head_age_seconds", "Since the newest head that it signed and we have read.", ["partner"]
)
state = Gauge("fed_partner_state", "Its state, by the numbers of the contract.", ["partner"])
held = Gauge("fed_held", "Entries held.", ["partner"])
quarantined = Gauge("fed_quarantined", "Entries in quarantine.", ["partner"])
erasures = Gauge("fed_erasure_outstanding", "Erasures without a receipt.", ["partner"])
oldest_erasure = Gauge(
    "fed_erasure_oldest_seconds", "Since the oldest of them was asked for.", ["partner"]
)
key_expiry = Gauge(
    "fed_key_expires_seconds",
    "Until the newest signing key ends; partner is the region.",
    ["partner"],
)
# Of one partner, and nothing else.
OF_PARTNER = (
    last_contact, head_age, state, held, quarantined, erasures, oldest_erasure, key_expiry,
)  # fmt: skip


def measure(database: Database, *, region: str, at: datetime) -> None:
    """Fill all of them."""
    with database.read() as session:
        identity = session.get(Identity, ONLY)
        if identity:
            ends = max(each.not_after for each in read_document(identity.document).keys)
            key_expiry.labels(region).set((ends - at).total_seconds())
        removed = set()
        for partner in session.scalars(select(Partner)):
            if partner.state is State.REMOVED:
                _forget(partner)
                removed.add(partner.region)
            else:
                _measure(session, partner, at)
        for cursor in session.scalars(select(ReceivedCursor)):
            if cursor.origin in removed:
                cursor_lag.remove(cursor.origin, cursor.channel)
            else:
                lag = max(cursor.head - cursor.seq, 0)
                cursor_lag.labels(cursor.origin, cursor.channel).set(lag)


def _forget(partner: Partner) -> None:
    """Of who is removed nothing is expected: an alert would go on for ever."""
    for gauge in OF_PARTNER:
        gauge.remove(partner.region)


def _measure(session: Session, partner: Partner, at: datetime) -> None:
    name = partner.region
    waiting = aside.count(session, name)
    state.labels(name).set(partner.state)
    last_contact.labels(name).set(_since(partner.last_contact_time or partner.create_time, at))
    head_age.labels(name).set(_since(partner.as_of_time or partner.create_time, at))
    held.labels(name).set(waiting.get(AsideState.HELD, 0))
    quarantined.labels(name).set(waiting.get(AsideState.QUARANTINED, 0))
    outstanding = select(func.count(), func.min(Erasure.create_time)).where(
        Erasure.region == name, Erasure.receipt_time.is_(None)
    )
    count, oldest = session.execute(outstanding).one()
    erasures.labels(name).set(count)
    oldest_erasure.labels(name).set(_since(oldest, at) if oldest else 0.0)
    if partner.key_expire_time:
        key_expiry.labels(name).set((partner.key_expire_time - at).total_seconds())


def _since(then: datetime, at: datetime) -> float:
    return max((at - then).total_seconds(), 0.0)
