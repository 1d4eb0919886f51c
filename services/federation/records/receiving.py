"""Handing on what partners told us: opened here, taken by its owner, erased when told to or when time is up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import grpc
import structlog
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from google.protobuf import json_format
from interchange.opportunities.v1 import partner_records_pb2 as pb
from interchange.opportunities.v1.partner_records_pb2_grpc import PartnerRecordServiceStub

from chassis.clock import now
from chassis.database import Database
from chassis.errors import Error, FailedPrecondition, InvalidArgument, NotFound
from chassis.timestamps import optional
from services.federation.log.writing import Log
from services.federation.protocol import sealing
from services.federation.protocol.payloads import BadPayload, Receipt, read_record
from services.federation.protocol.sealing import BadSeal, record_context
from services.federation.receiving import aside
from services.federation.receiving.answering import draft
from services.federation.records import incoming
from services.federation.records.bells import incoming as bells
from services.federation.records.incoming import Waiting
from services.federation.records.naming import subject_of
from services.federation.records.worker import Worker

BATCH = 20
TIMEOUT_S = 5.0

Openers = Callable[[], Mapping[str, X25519PrivateKey]]

log = structlog.get_logger(__name__)


class Unreadable(Exception):
    """What came can't be read by us. The reason is a code, and says nothing of what it says."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass
class Taking:
    """Hands on what came. What a record says is never logged: only from whom it was, and what became of it."""

    database: Database
    log: Log
    region: str
    openers: Openers
    opportunities: grpc.Channel
    clock: Callable[[], datetime] = now

    def worker(self) -> Worker:
        """A thread that does it."""
        return Worker("records-in", self.step, bells)

    def step(self) -> int:
        """Hand on some of what is due; how many were tried."""
        with self.database.read() as session:
            found = incoming.due(session, at=self.clock(), most=BATCH)
        for each in found:
            self._try(each)
        return len(found)

    def expire(self) -> None:
        """Erase what was promised to be erased by now, whether or not its origin says so."""
        while True:
            with self.database.read() as session:
                over = incoming.expired(session, at=self.clock(), most=BATCH)
            for each in over:
                self._forget(each.origin, each.record)
                with self.database.begin() as session:
                    incoming.forget(session, each.origin, each.subject)
            if len(over) < BATCH:
                return

    def _try(self, waiting: Waiting) -> None:
        try:
            if waiting.is_erasure:
                self._erase(waiting)
            elif waiting.expire_time and waiting.expire_time <= self.clock():
                self._done(waiting)
            else:
                self._take(waiting)
        except Unreadable as problem:
            self._hold(waiting, problem.reason)
        except Error as problem:
            log.info("record_waits", partner=waiting.origin, reason=problem.reason)
            with self.database.begin() as session:
                incoming.again(session, waiting, at=self.clock())

    def _take(self, waiting: Waiting) -> None:
        record = self._open(waiting)
        expire_time = optional(record, "expire_time") or waiting.expire_time
        # First, so that whatever comes between, an erasure will know what to erase.
        with self.database.begin() as session:
            incoming.remember(session, waiting, record.record, expire_time)
        request = pb.TakePartnerRecordRequest(
            region=waiting.origin, epoch=waiting.epoch, sequence=waiting.seq, record=record
        )
        try:
            self._stub.TakePartnerRecord(request, timeout=TIMEOUT_S)
        except (FailedPrecondition, InvalidArgument) as problem:
            return self._hold(waiting, problem.reason)
        self._done(waiting)

    def _open(self, waiting: Waiting) -> pb.PartnerRecord:
        """Unreadable unless it was sealed to us, by that region, for that subject, and names that record."""
        context = record_context(waiting.origin, self.region, waiting.subject)
        try:
            sealed = read_record(waiting.payload or b"")
            plain = sealing.open(self.openers()[sealed["kid"]], sealed["sealed"], context=context)
            record = json_format.Parse(plain, pb.PartnerRecord(), ignore_unknown_fields=True)
        except KeyError as problem:
            raise Unreadable("UNKNOWN_SEALING_KEY") from problem
        except BadPayload as problem:
            raise Unreadable("NOT_SEALED") from problem
        except BadSeal as problem:
            raise Unreadable("BAD_SEAL") from problem
        except (json_format.ParseError, UnicodeDecodeError):
            raise Unreadable("BAD_RECORD") from None  # the parser's words quote what it read
        if subject_of(record.record) != waiting.subject:
            raise Unreadable("BAD_SUBJECT")
        return record

    def _erase(self, waiting: Waiting) -> None:
        """At its owner here first; then it is said that it is done."""
        with self.database.read() as session:
            record = incoming.record_of(session, waiting.origin, waiting.subject)
        if record:
            self._forget(waiting.origin, record)
        receipt = Receipt(
            channel=waiting.channel,
            epoch=waiting.epoch,
            seq=waiting.seq,
            subject=waiting.subject,
        )
        with self.database.begin() as session:
            incoming.forget(session, waiting.origin, waiting.subject)
            incoming.done(session, waiting)
            self.log.append(session, draft(waiting.origin, receipt), at=self.clock())

    def _forget(self, region: str, record: str) -> None:
        request = pb.ForgetPartnerRecordRequest(region=region, record=record)
        try:
            self._stub.ForgetPartnerRecord(request, timeout=TIMEOUT_S)
        except NotFound:
            log.info("record_unknown", partner=region)  # forgotten before

    def _done(self, waiting: Waiting) -> None:
        with self.database.begin() as session:
            incoming.done(session, waiting)

    def _hold(self, waiting: Waiting, reason: str) -> None:
        log.warning("record_held", partner=waiting.origin, reason=reason)
        with self.database.begin() as session:
            aside.hold_record(
                session,
                waiting.origin,
                waiting.channel,
                epoch=waiting.epoch,
                seq=waiting.seq,
                subject=waiting.subject,
                reason=reason,
                detail="its owner here, or its seal, did not let it in",
                at=self.clock(),
            )
            incoming.done(session, waiting)

    @property
    def _stub(self) -> PartnerRecordServiceStub:
        return PartnerRecordServiceStub(self.opportunities)
