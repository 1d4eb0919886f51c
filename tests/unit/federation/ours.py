"""Our own region as it writes: keys, logs and the door, over a real database; and a partner that asks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from interchange.opportunities.v1 import events_pb2 as events
from interchange.opportunities.v1 import notices_pb2 as pb
from sqlalchemy import select

from chassis.database import Database, new_id
from chassis.timestamps import to_proto as stamp
from services.federation.door.answering import Door, Reply, Request
from services.federation.door.comparing import Comparing
from services.federation.door.greeting import Greeting
from services.federation.door.progress import Progress
from services.federation.keys.keyring import Keyring
from services.federation.log.exporting import Export
from services.federation.log.models import LogEntry
from services.federation.log.writing import Log
from services.federation.partners.models import Partner
from services.federation.protocol.document import KeyInfo, RegionDocument, sign_document
from services.federation.protocol.entry import Entry, Protected, read_entry, verify_entry
from services.federation.protocol.head import Head, read_head, split_page
from services.federation.protocol.keys import RootKey, fingerprint
from services.federation.protocol.poke import Poke
from services.federation.protocol.requests import sign_request
from tests.unit.federation.origins import AT, Origin

REGION = "east-of-england"
URL = "https://east.example"
SECRET = b"0123456789abcdef0123456789abcdef"
ORGANISATION = f"organisations/{new_id()}"


def a_notice(**fields: Any) -> pb.Notice:
    """A published notice of ours for the network."""
    content = {
        "name": f"notices/{new_id()}",
        "kind": pb.OFFERED,
        "format": pb.WORK_SHADOWING,
        "title": "A week with a housing options team",
        "body": "See how a district runs its service.",
        "organisation": ORGANISATION,
        "organisation_display_name": "Norfolk",
        "sector": 1,
        "visibility": pb.NETWORK,
        "region": REGION,
        "attendance": pb.IN_PERSON,
        "state": pb.Notice.PUBLISHED,
        "version": 3,
        "publish_time": stamp(AT),
        "close_time": stamp(AT + timedelta(days=90)),
        **fields,
    }
    return pb.Notice(**content)


def revised(notice: pb.Notice, **fields: Any) -> pb.Notice:
    """The same one version on."""
    later = pb.Notice()
    later.CopyFrom(notice)
    later.MergeFrom(pb.Notice(version=notice.version + 1, **fields))
    later.version = notice.version + 1
    return later


@dataclass
class Page:
    """A page as a partner reads it."""

    entries: list[tuple[Entry, Protected]]
    head: Head

    @property
    def said(self) -> list[tuple[int, str]]:
        return [(each.seq, str(each.op)) for _, each in self.entries]


@dataclass
class Ours:
    """The region, and what it was told."""

    database: Database
    at: datetime = AT
    pokes: list[tuple[str, Poke]] = field(default_factory=list)
    nonces: set[str] = field(default_factory=set)
    has_greeted: bool = True
    _nonce: Iterator[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        self.root = RootKey.generate()
        self.keyring = Keyring(self.database, SECRET, region=REGION, clock=lambda: self.at)
        self.log = Log(self.keyring.signer, region=REGION, moved=lambda: None)
        self.export = Export(self.log, region=REGION, is_open=lambda: True, clock=lambda: self.at)
        comparing = Comparing(
            self.log, lambda: self.keyring.published().document, clock=lambda: self.at
        )
        self.progress = Progress(self.database)
        self.door = Door(
            self.database,
            self.keyring,
            Greeting(comparing, clock=lambda: self.at),
            region=REGION,
            pokes=self,
            relays=self,
            seen_nonce=self._seen,
            has_greeted=lambda: self.has_greeted,
            asked=self.progress.asked,
            clock=lambda: self.at,
        )

    def publish_document(self, version: int = 1) -> RegionDocument:
        """As `interchange federation init` does."""
        with self.database.begin() as session:
            key = self.keyring.create(session, days=0, at=self.at)
        info = KeyInfo(key.kid, key.public, key.not_before_time, key.not_after_time)
        document = RegionDocument(
            region=REGION,
            display_name="East of England",
            url=URL,
            version=version,
            root_public=self.root.public,
            keys=(info,),
        )
        with self.database.begin() as session:
            self.keyring.publish(session, sign_document(document, self.root), at=self.at)
        return document

    def pin(self, origin: Origin) -> None:
        words = fingerprint(origin.root.public)
        with self.database.begin() as session:
            session.add(
                Partner.pin(
                    origin.signed_document, words, own_region=REGION, channels=[], at=self.at
                )
            )

    def hear(
        self, *told: events.NoticePublished | events.NoticeRevised | events.NoticeClosed
    ) -> None:
        """Each twice, as it may come."""
        for event in told:
            for _ in range(2):
                with self.database.begin() as session:
                    self.export.handlers[type(event)](session, event)

    def entries(self, channel: str = "national") -> list[LogEntry]:
        with self.database.read() as session:
            found = select(LogEntry).where(LogEntry.channel == channel)
            return list(session.scalars(found.order_by(LogEntry.epoch, LogEntry.seq)))

    def ask(
        self, partner: Origin, target: str, body: object = None, *, method: str = "", **forged: Any
    ) -> Reply:
        """A signed request of a partner's."""
        content = b"" if body is None else json.dumps(body).encode()
        verb = method or ("GET" if body is None else "POST")
        headers = sign_request(
            verb,
            URL + target,
            content,
            forged.get("key", partner.key),
            region=partner.region,
            created=forged.get("created", self.at),
            nonce=forged.get("nonce", str(next(self._nonce))),
        )
        return self.send(verb, forged.get("sent_to", target), headers, content)

    def send(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes = b""
    ) -> Reply:
        return self.door.answer(Request(method, target, "east.example", headers, body))

    def read(self, partner: Origin, target: str) -> Page:
        """A page, verified as any partner would."""
        reply = self.ask(partner, target)
        assert reply.status == 200, reply
        lines, last = split_page(reply.body)
        document = self.keyring.published().document
        entries = [read_entry(line) for line in lines]
        for each in entries:
            verify_entry(*each, document)
        return Page(entries, read_head(last, document))

    def poked(self, region: str, poke: Poke) -> None:
        self.pokes.append((region, poke))

    def page(self, *_: object, **__: object) -> bytes | None:
        return None

    def _seen(self, nonce: str) -> bool:
        seen = nonce in self.nonces
        self.nonces.add(nonce)
        return seen


def reason(reply: Reply) -> tuple[int, str]:
    """Status and code of a refusal."""
    return reply.status, json.loads(reply.body)["reason"]
