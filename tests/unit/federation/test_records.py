"""Records between two regions: sealed on the way, taken once, erased with a receipt, and nowhere in the open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from google.protobuf.empty_pb2 import Empty
from interchange.opportunities.v1 import events_pb2 as events
from interchange.opportunities.v1 import partner_records_pb2 as pb
from sqlalchemy import select

from chassis.database import Database
from chassis.errors import FailedPrecondition, NotFound, Unavailable
from chassis.timestamps import to_proto as stamp
from services.federation.log.models import Erasure, LogEntry
from services.federation.log.writing import Log
from services.federation.partners.models import Partner
from services.federation.protocol.document import RegionDocument, SealingInfo, sign_document
from services.federation.protocol.entry import Entry, Op
from services.federation.protocol.entry import Erasure as Proof
from services.federation.protocol.head import Head, join_page, sign_head
from services.federation.protocol.keys import RootKey, SigningKey, fingerprint
from services.federation.receiving.answering import answers
from services.federation.receiving.applying import apply, load_cursor
from services.federation.receiving.models import SetAside
from services.federation.receiving.notices import Admission
from services.federation.receiving.planning import plan
from services.federation.receiving.reading import read_page
from services.federation.records import outgoing
from services.federation.records.models import IncomingRecord, KnownRecord, OutgoingRecord
from services.federation.records.receiving import Taking
from services.federation.records.sending import Sending
from tests.conftest import Databases
from tests.unit.federation.origins import AT, key_info

INTEREST = (
    "notices/0190c5a0-0000-7000-8000-000000000001/interests/0190c5a0-0000-7000-8000-00000000000a"
)
SECRET = "Flora MacDonald"


@dataclass
class Owner:
    """The opportunities of one region, as federation asks it."""

    records: dict[str, pb.PartnerRecord] = field(default_factory=dict)
    taken: list[pb.TakePartnerRecordRequest] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)
    problem: Exception | None = None
    meanwhile: Callable[[], object] = lambda: None  # once, while it takes something

    def unary_unary(self, method: str, *_: Any, **__: Any) -> Callable[..., Any]:
        answer: Callable[..., Any] = getattr(self, method.rpartition("/")[2])
        return answer

    def GetPartnerRecord(self, request: pb.GetPartnerRecordRequest, timeout: float) -> Any:
        if self.problem:
            raise self.problem
        if request.record not in self.records:
            raise NotFound("NO_SUCH_RECORD", "nothing to tell")
        return self.records[request.record]

    def TakePartnerRecord(self, request: pb.TakePartnerRecordRequest, timeout: float) -> Any:
        if self.problem:
            raise self.problem
        self.taken.append(request)
        meanwhile, self.meanwhile = self.meanwhile, lambda: None
        meanwhile()
        return Empty()

    def ForgetPartnerRecord(self, request: pb.ForgetPartnerRecordRequest, timeout: float) -> Any:
        if self.problem:
            raise self.problem
        self.forgotten.append(request.record)
        return Empty()


class Region:
    """One region's federation, without the network between."""

    def __init__(self, name: str, database: Database) -> None:
        self.name, self.database = name, database
        self.at = AT
        self.owner = Owner()
        self.key, self.root = SigningKey.generate(f"{name}-1"), RootKey.generate()
        self.opener = X25519PrivateKey.generate()
        self.log = Log(lambda: self.key, region=name, moved=lambda: None)
        owner: Any = self.owner
        self.sending = Sending(database, self.log, name, owner, self.clock)
        openers = {"seal-1": self.opener}
        self.taking = Taking(database, self.log, name, lambda: openers, owner, self.clock)
        self.document = RegionDocument(
            region=name,
            display_name=name.title(),
            url=f"https://{name}.example",
            version=1,
            root_public=self.root.public,
            keys=(key_info(self.key),),
            sealing=(SealingInfo("seal-1", self.opener.public_key().public_bytes_raw()),),
        )

    def clock(self) -> datetime:
        return self.at

    def pin(self, other: Region) -> None:
        raw = sign_document(other.document, other.root)
        words = fingerprint(other.root.public)
        with self.database.begin() as session:
            session.add(Partner.pin(raw, words, own_region=self.name, channels=[], at=AT))

    def hear(self, event: Any) -> None:
        with self.database.begin() as session:
            outgoing.handlers(self.clock)[type(event)](session, event)

    def said(self, reader: str) -> list[LogEntry]:
        with self.database.read() as session:
            mine = select(LogEntry).where(LogEntry.channel == f"to.{reader}")
            return list(session.scalars(mine.order_by(LogEntry.seq)))

    def page(self, reader: str) -> bytes:
        entries = self.said(reader)
        proofs = {
            each.subject: Proof(each.protected, each.sig) for each in entries if each.op == Op.ERASE
        }
        lines = [
            Entry(
                each.protected,
                each.payload,
                each.sig,
                None if each.payload else proofs.get(each.subject),
            ).line()
            for each in entries
        ]
        last = entries[-1]
        head = Head(self.name, f"to.{reader}", 1, last.seq, last.hash, 1, self.at, "")
        return join_page(lines, sign_head(head, self.key))

    def read(self, other: Region) -> None:
        """All that the other has said to us."""
        channel = f"to.{self.name}"
        page = read_page(other.page(self.name), channel, other.document, at=self.at)
        assert not page.rejected
        with self.database.begin() as session:
            cursor = load_cursor(session, other.name, channel)
            planned = plan(other.name, channel, cursor.place, page.entries, admission=Admission())
            apply(session, planned, answers(self.log), quota=10, at=self.at)

    def rows(self, kind: Any) -> list[Any]:
        with self.database.read() as session:
            return list(session.scalars(select(kind)))


@pytest.fixture
def regions(
    databases: Databases, request: pytest.FixtureRequest, tmp_path: Any
) -> tuple[Region, Region]:
    from chassis import migrations

    east = Region("east", databases("federation"))
    if "postgresql" in request.node.name:
        scotland = Region("scotland", databases("federation"))
    else:
        url = f"sqlite:///{tmp_path / 'scotland.db'}"
        migrations.upgrade("federation", url)
        scotland = Region("scotland", Database(url))
    east.pin(scotland)
    scotland.pin(east)
    return east, scotland


def an_interest(**fields: Any) -> pb.PartnerRecord:
    person = pb.PartnerPerson(display_name=SECRET, email="flora@example.org")
    return pb.PartnerRecord(
        record=INTEREST,
        interest=pb.InterestRecord(participant=person, message="Please"),
        **fields,
    )


def propose(east: Region, **fields: Any) -> None:
    east.owner.records[INTEREST] = an_interest(**fields)
    east.hear(events.PartnerRecordDue(region="scotland", record=INTEREST))


def test_an_interest_crosses_sealed_and_is_taken_once(regions: tuple[Region, Region]) -> None:
    east, scotland = regions
    propose(east)

    east.sending.step()
    scotland.read(east)
    scotland.read(east)
    scotland.taking.step()
    scotland.taking.step()

    [entry] = east.said("scotland")
    assert entry.op == Op.EOI
    assert SECRET.encode() not in entry.payload + entry.protected
    assert INTEREST.encode() not in entry.payload + entry.protected
    [taken] = scotland.owner.taken
    assert (taken.region, taken.epoch, taken.sequence) == ("east", 1, 1)
    assert taken.record == an_interest()
    assert not east.rows(OutgoingRecord)
    assert not scotland.rows(IncomingRecord)


def test_changed_before_it_went_goes_once_as_it_is_now(regions: tuple[Region, Region]) -> None:
    east, _ = regions
    propose(east)
    propose(east)

    east.sending.step()
    east.sending.step()

    assert len(east.said("scotland")) == 1


def test_what_changed_while_it_was_asked_for_goes_again(regions: tuple[Region, Region]) -> None:
    east, _ = regions
    propose(east)
    with east.database.read() as session:
        [due] = outgoing.due(session, at=AT, most=1)
    propose(east)

    with east.database.begin() as session:
        assert not outgoing.take(session, due)

    assert len(east.rows(OutgoingRecord)) == 1


@pytest.mark.parametrize("comes", ["a later word", "an erasure"])
def test_what_comes_while_the_one_before_is_taken_is_not_lost(
    regions: tuple[Region, Region], comes: str
) -> None:
    east, scotland = regions
    propose(east)
    east.sending.step()
    scotland.read(east)

    def later() -> None:
        if comes == "an erasure":
            east.hear(events.PartnerRecordErased(region="scotland", record=INTEREST))
        else:
            propose(east)
        east.sending.step()
        scotland.read(east)

    scotland.owner.meanwhile = later
    scotland.taking.step()
    scotland.taking.step()

    sequences = [each.sequence for each in scotland.owner.taken]
    assert (sequences, scotland.owner.forgotten) in (([1, 2], []), ([1], [INTEREST]))
    assert not scotland.rows(IncomingRecord)


def test_without_consent_nothing_goes(regions: tuple[Region, Region]) -> None:
    east, _ = regions
    propose(east)
    east.owner.problem = FailedPrecondition("NO_CONSENT", "they have not agreed")

    east.sending.step()

    assert not east.said("scotland")
    assert not east.rows(OutgoingRecord)


def test_it_waits_while_its_owner_is_away(regions: tuple[Region, Region]) -> None:
    east, scotland = regions
    propose(east)
    east.owner.problem = Unavailable("AWAY", "not now")
    east.sending.step()
    east.owner.problem = None
    assert east.sending.step() == 0
    east.at = AT + timedelta(minutes=1)
    east.sending.step()
    scotland.at = east.at
    scotland.read(east)
    scotland.owner.problem = Unavailable("AWAY", "not now")
    scotland.taking.step()
    scotland.owner.problem = None

    scotland.at += timedelta(minutes=1)
    scotland.taking.step()

    assert len(scotland.owner.taken) == 1


def test_what_its_owner_refuses_is_held_without_its_words(regions: tuple[Region, Region]) -> None:
    east, scotland = regions
    propose(east)
    east.sending.step()
    scotland.read(east)
    scotland.owner.problem = FailedPrecondition("NOT_ADDRESSED_HERE", SECRET)

    scotland.taking.step()

    [held] = scotland.rows(SetAside)
    assert (held.reason, held.line) == ("NOT_ADDRESSED_HERE", None)
    assert SECRET not in held.detail
    assert not scotland.rows(IncomingRecord)


def test_erased_there_and_receipted_here(regions: tuple[Region, Region]) -> None:
    east, scotland = regions
    propose(east)
    east.sending.step()
    scotland.read(east)
    scotland.taking.step()

    east.hear(events.PartnerRecordErased(region="scotland", record=INTEREST))
    east.sending.step()
    assert [bool(each.payload) for each in east.said("scotland")] == [False, False]
    [asked] = east.rows(Erasure)
    assert asked.receipt_time is None
    scotland.read(east)
    scotland.taking.step()
    east.read(scotland)

    assert scotland.owner.forgotten == [INTEREST]
    assert not scotland.rows(KnownRecord)
    [asked] = east.rows(Erasure)
    assert asked.receipt_time == AT


def test_erased_before_it_was_read_never_arrives(regions: tuple[Region, Region]) -> None:
    east, scotland = regions
    propose(east)
    east.sending.step()
    east.hear(events.PartnerRecordErased(region="scotland", record=INTEREST))
    east.sending.step()

    scotland.read(east)
    scotland.taking.step()
    east.read(scotland)

    assert not scotland.owner.taken
    [asked] = east.rows(Erasure)
    assert asked.receipt_time == AT


def test_erased_between_coming_and_taking_is_not_taken(regions: tuple[Region, Region]) -> None:
    east, scotland = regions
    propose(east)
    east.sending.step()
    scotland.read(east)
    east.hear(events.PartnerRecordErased(region="scotland", record=INTEREST))
    east.sending.step()

    scotland.read(east)
    scotland.taking.step()

    assert not scotland.owner.taken


def test_what_expires_is_erased_without_being_told(regions: tuple[Region, Region]) -> None:
    east, scotland = regions
    propose(east, expire_time=stamp(AT + timedelta(days=30)))
    east.sending.step()
    scotland.read(east)
    scotland.taking.step()
    scotland.taking.expire()
    assert not scotland.owner.forgotten
    scotland.at = AT + timedelta(days=31)

    scotland.taking.expire()

    assert scotland.owner.forgotten == [INTEREST]
    assert not scotland.rows(KnownRecord)


def test_what_was_sealed_to_another_is_held(regions: tuple[Region, Region]) -> None:
    east, scotland = regions
    propose(east)
    east.sending.step()
    scotland.read(east)
    openers = {"seal-1": X25519PrivateKey.generate()}
    scotland.taking.openers = lambda: openers

    scotland.taking.step()

    assert [each.reason for each in scotland.rows(SetAside)] == ["BAD_SEAL"]
