"""Telling partners of records: asked of their owner here, sealed to the one region, said on its own log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import grpc
import structlog
from google.protobuf import json_format
from interchange.opportunities.v1 import partner_records_pb2 as pb
from interchange.opportunities.v1.partner_records_pb2_grpc import PartnerRecordServiceStub

from chassis.clock import now
from chassis.database import Database
from chassis.errors import Error, FailedPrecondition, NotFound
from chassis.timestamps import optional
from services.federation.log.writing import Draft, Log
from services.federation.partners.models import Partner, State
from services.federation.protocol.document import SealingInfo
from services.federation.protocol.entry import BadEntry, Op
from services.federation.protocol.payloads import RECORD_SCHEMA, RECORD_TYPE, write_record
from services.federation.protocol.sealing import record_context, seal
from services.federation.records import outgoing
from services.federation.records.bells import outgoing as bells
from services.federation.records.naming import subject_of
from services.federation.records.outgoing import Due
from services.federation.records.worker import Worker

BATCH = 20
TIMEOUT_S = 5.0

log = structlog.get_logger(__name__)


class NotNow(Exception):
    """It can't go yet."""


@dataclass
class Sending:
    """Sends what is due. What a record says is never logged: only for whom it was, and what became of it."""

    database: Database
    log: Log
    region: str
    opportunities: grpc.Channel
    clock: Callable[[], datetime] = now

    def worker(self) -> Worker:
        """A thread that does it."""
        return Worker("records-out", self.step, bells)

    def step(self) -> int:
        """Send some of what is due; how many were tried."""
        with self.database.read() as session:
            found = outgoing.due(session, at=self.clock(), most=BATCH)
        for each in found:
            self._try(each)
        return len(found)

    def _try(self, due: Due) -> None:
        try:
            draft = self._erasure(due) if due.is_erasure else self._draft(due)
            self._say(due, draft)
        except (NotFound, FailedPrecondition) as problem:
            self._drop(due, problem.reason)
        except BadEntry as problem:
            self._drop(due, problem.reason)
        except (NotNow, Error) as problem:
            log.info("record_waits", partner=due.region, reason=str(problem).partition(":")[0])
            with self.database.begin() as session:
                outgoing.again(session, due, at=self.clock())

    def _say(self, due: Due, draft: Draft) -> None:
        """On the log and out of the queue at once, unless something newer is to be said."""
        with self.database.begin() as session:
            if outgoing.take(session, due):
                self.log.append(session, draft, at=self.clock())

    def _drop(self, due: Due, reason: str) -> None:
        log.info("record_not_sent", partner=due.region, reason=reason)
        with self.database.begin() as session:
            outgoing.take(session, due)

    def _erasure(self, due: Due) -> Draft:
        return Draft(
            channel=f"to.{due.region}",
            op=Op.ERASE,
            type=RECORD_TYPE,
            dataschema=RECORD_SCHEMA,
            subject=subject_of(due.record),
        )

    def _draft(self, due: Due) -> Draft:
        key = self._key(due.region)
        request = pb.GetPartnerRecordRequest(region=due.region, record=due.record)
        stub = PartnerRecordServiceStub(self.opportunities)
        record: pb.PartnerRecord = stub.GetPartnerRecord(request, timeout=TIMEOUT_S)
        subject = subject_of(due.record)
        context = record_context(self.region, due.region, subject)
        sealed = seal(key.public, json_format.MessageToJson(record).encode(), context=context)
        return Draft(
            channel=f"to.{due.region}",
            op=Op.EOI if record.HasField("interest") else Op.PUT,
            type=RECORD_TYPE,
            dataschema=RECORD_SCHEMA,
            subject=subject,
            payload=write_record({"kid": key.kid, "sealed": sealed}),
            expire_time=optional(record, "expire_time"),
        )

    def _key(self, region: str) -> SealingInfo:
        """What to seal with. NotFound when the partnership is over, NotNow when it names no key."""
        with self.database.read() as session:
            partner = session.get(Partner, region)
        if partner is None or partner.state is State.REMOVED:
            raise NotFound("NO_PARTNER", "there is no such partner any more")
        sealing = partner.read_document().sealing
        if not sealing:
            raise NotNow("NO_SEALING_KEY")
        return sealing[0]
