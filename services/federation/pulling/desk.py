"""What reading a partner needs of the region, and what it writes down of the partner itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.clock import now
from chassis.database import Database
from services.federation.partners.announcing import announce
from services.federation.partners.models import (
    ANSWERED,
    EXCHANGING,
    NATIONAL,
    Partner,
    State,
)
from services.federation.protocol.document import RegionDocument
from services.federation.protocol.keys import SigningKey
from services.federation.protocol.receiving import Cursor
from services.federation.receiving.applying import Answers
from services.federation.receiving.gossip import Lead
from services.federation.receiving.models import ReceivedCursor
from services.federation.receiving.notices import Admission

# Who answered of late.
HEARD = (State.ACTIVE, State.THROTTLED)


class Greeting(Protocol):
    """What hello says to a partner, and what becomes of what it says."""

    def say(self, session: Session, region: str) -> dict[str, Any]: ...

    def hear(self, session: Session, region: str, said: Mapping[str, Any]) -> Sequence[Lead]: ...


@dataclass(frozen=True, slots=True)
class Terms:
    """A partner as it stands at the beginning of a visit."""

    region: str
    url: str
    state: State
    channels: Sequence[str]
    document: RegionDocument
    document_time: datetime
    admission: Admission
    entries_per_hour: int
    burst: int
    live_notices: int

    @property
    def is_read(self) -> bool:
        """Whether anything is asked of it; of a forked one only whether it has begun anew."""
        return self.state in ANSWERED


@dataclass(frozen=True, slots=True)
class Desk:
    """The region's side: its database, its name, its signing key."""

    database: Database
    region: str
    signer: Callable[[], SigningKey]
    answers: Answers
    greeting: Greeting
    development: bool = False
    clock: Callable[[], datetime] = now

    def terms(self, region: str) -> Terms | None:
        """The partner as it is now; None when there is none."""
        with self.database.read() as session:
            partner = session.get(Partner, region)
            return self._terms(partner) if partner else None

    def _terms(self, partner: Partner) -> Terms:
        return Terms(
            region=partner.region,
            url=partner.url,
            state=partner.state,
            channels=[*partner.channels, f"to.{self.region}"],
            document=partner.read_document(),
            document_time=partner.document_time,
            admission=Admission.of(partner.policy),
            entries_per_hour=partner.entries_per_hour,
            burst=partner.burst,
            live_notices=partner.live_notices,
        )

    def partners(self) -> list[str]:
        """Those that are read."""
        with self.database.read() as session:
            exchanging = select(Partner.region).where(Partner.state.in_(ANSWERED))
            return list(session.scalars(exchanging))

    def cursor(self, origin: str, channel: str) -> Cursor:
        """How far a channel is read."""
        with self.database.read() as session:
            found = session.get(ReceivedCursor, (origin, channel))
            return found.place if found else Cursor()

    def neighbours(self, origin: str) -> list[tuple[str, str]]:
        """Other regions that we exchange with, and their addresses; whoever was heard last first."""
        with self.database.read() as session:
            others = session.scalars(
                select(Partner)
                .where(Partner.region != origin, Partner.state.in_(HEARD))
                .order_by(Partner.last_contact_time.desc())
            ).all()
        return [(each.region, each.url) for each in others if NATIONAL in each.channels]

    def hello(self, region: str) -> dict[str, Any]:
        """What we say to a partner."""
        with self.database.read() as session:
            return {"region": self.region, **self.greeting.say(session, region)}

    def heard(self, region: str, said: dict[str, Any]) -> Sequence[Lead]:
        """What it says to us."""
        with self.database.begin() as session:
            return self.greeting.hear(session, region, said)

    def change(self, region: str, change: Callable[[Partner], None]) -> None:
        """Change the partner, and tell the region what others see of that."""
        with self.database.begin() as session:
            partner = session.get(Partner, region, with_for_update=True)
            if partner is not None:
                change(partner)
                announce(session, partner, at=self.clock())

    def note_answer(self, session: Session, region: str, *, skew_s: float | None) -> Partner | None:
        """It has answered, in a transaction that does more than that."""
        partner = session.get(Partner, region, with_for_update=True)
        if partner is not None and partner.state in EXCHANGING:
            partner.heard(skew_s=skew_s, at=self.clock())
        return partner
