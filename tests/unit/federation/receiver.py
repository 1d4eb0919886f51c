"""What a region does with a partner's pages, without the network: plan, apply, look."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from google.protobuf.message import Message
from interchange.federation.v1 import events_pb2 as events
from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.database import Database
from services.federation.protocol.head import read_manifest, split_page
from services.federation.protocol.payloads import Receipt
from services.federation.receiving import aside, snapshots
from services.federation.receiving.applying import Answers, apply, load_cursor
from services.federation.receiving.models import ReceivedEntry, SetAside
from services.federation.receiving.notices import Admission
from services.federation.receiving.planning import Plan, plan
from services.federation.receiving.reading import Page, Received, read_lines, read_page
from tests.support.outbox import announced
from tests.unit.federation.origins import AT, Origin

QUOTA = 20_000
Event = TypeVar("Event", bound=Message)


@dataclass
class Receiver:
    """A receiving region with a real database."""

    database: Database
    admission: Admission = field(default_factory=Admission)
    quota: int = QUOTA
    erased: list[str] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)

    @property
    def answers(self) -> Answers:
        def erased(_: Session, __: Plan, erasing: list[Received], ___: datetime) -> None:
            self.erased += [each.protected.subject for each in erasing]

        def receipted(_: Session, __: str, receipt: Receipt, ___: datetime) -> None:
            self.receipts.append(receipt)

        return Answers(erased=erased, receipted=receipted)  # type: ignore[arg-type]

    def take(self, origin: Origin, body: bytes | None = None) -> Plan:
        """Read a page, judge it, take it over."""
        page = self.read(origin, body)
        with self.database.begin() as session:
            planned = self.plan(session, origin, page)
            cursor = apply(session, planned, self.answers, quota=self.quota, at=AT)
            cursor.saw(page.head, page.head_line)
            if page.rejected and not planned.stop:
                aside.quarantine(session, origin.region, origin.channel, page.rejected, at=AT)
        return planned

    def read(self, origin: Origin, body: bytes | None = None) -> Page:
        return read_page(body or origin.page(), origin.channel, origin.document, at=AT)

    def plan(self, session: Session, origin: Origin, page: Page) -> Plan:
        cursor = load_cursor(session, origin.region, origin.channel)
        return plan(
            origin.region, origin.channel, cursor.place, page.entries, admission=self.admission
        )

    def take_snapshot(self, origin: Origin, body: bytes | None = None) -> None:
        lines, last = split_page(body or origin.snapshot())
        entries, rejected = read_lines(lines, origin.channel, origin.document, at=AT)
        assert not rejected
        with self.database.begin() as session:
            snapshots.begin(session, origin.region, origin.channel)
            snapshots.stage(session, origin.region, origin.channel, entries)
        with self.database.begin() as session:
            snapshots.finish(
                session,
                read_manifest(last, origin.document),
                self.answers,
                admission=self.admission,
                quota=self.quota,
                at=AT,
            )

    def seq(self, origin: Origin) -> tuple[int, int]:
        with self.database.begin() as session:
            return load_cursor(session, origin.region, origin.channel).place.place

    def live(self) -> set[str]:
        """Subjects that are live, by our own rows."""
        with self.database.read() as session:
            return set(session.scalars(select(ReceivedEntry.subject).where(ReceivedEntry.is_live)))

    def entries(self) -> list[ReceivedEntry]:
        with self.database.read() as session:
            return list(session.scalars(select(ReceivedEntry).order_by(ReceivedEntry.seq)))

    def aside(self) -> list[SetAside]:
        with self.database.read() as session:
            return list(session.scalars(select(SetAside).order_by(SetAside.seq)))

    def events(self, kind: type[Event]) -> list[Event]:
        return announced(self.database, kind)

    def told_live(self) -> list[events.LiveNoticeFacts]:
        """The notices that the region is told are live, in order."""
        return [each for told in self.events(events.PartnerNoticesTold) for each in told.live]

    def told_gone(self) -> list[events.GoneNoticeFacts]:
        """Those that it is told are gone."""
        return [each for told in self.events(events.PartnerNoticesTold) for each in told.gone]
