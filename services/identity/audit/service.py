"""AuditService: the log, read and checked by operators, written by programs."""

from __future__ import annotations

from grpc import ServicerContext
from interchange.identity.v1 import audit_pb2 as pb
from interchange.identity.v1 import audit_pb2_grpc as rpc
from sqlalchemy import Select, select

from chassis.clock import now
from chassis.database import Database
from chassis.pages import paginate
from chassis.timestamps import to_proto as stamp
from services.identity.audit import log
from services.identity.audit.models import Entry
from services.identity.audit.verifying import verify


class AuditService(rpc.AuditServiceServicer):
    """The record of every privileged act in the region."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ListAuditEntries(
        self, request: pb.ListAuditEntriesRequest, _: ServicerContext
    ) -> pb.ListAuditEntriesResponse:
        with self._database.read() as session:
            page = paginate(
                session,
                listing(request),
                key=(Entry.sequence.desc(),),
                request=request,
                scope=f"ListAuditEntries {request.actor} {request.subject} {request.action}",
            )
        return pb.ListAuditEntriesResponse(
            audit_entries=map(to_proto, page.items), next_page_token=page.next_page_token
        )

    def VerifyAuditLog(
        self, request: pb.VerifyAuditLogRequest, _: ServicerContext
    ) -> pb.VerifyAuditLogResponse:
        verdict = verify(self._database)
        return pb.VerifyAuditLogResponse(
            intact=verdict.is_intact,
            entries=verdict.entries,
            first_broken_sequence=verdict.first_broken,
            head_hash=verdict.head_hash,
        )

    def RecordAuditEntry(
        self, request: pb.RecordAuditEntryRequest, _: ServicerContext
    ) -> pb.AuditEntry:
        with self._database.begin() as session:
            entry = log.record(
                session,
                request.actor,
                request.action,
                request.subject,
                at=now(),
                detail=request.detail,
            )
        return to_proto(entry)


def listing(request: pb.ListAuditEntriesRequest) -> Select[Entry]:
    """What ListAuditEntries pages through."""
    statement = select(Entry)
    for column in (Entry.actor, Entry.subject, Entry.action):
        wanted = getattr(request, column.key)
        if wanted:
            statement = statement.where(column == wanted)
    return statement


def to_proto(entry: Entry) -> pb.AuditEntry:
    return pb.AuditEntry(
        name=entry.name,
        sequence=entry.sequence,
        create_time=stamp(entry.create_time),
        actor=entry.actor,
        action=entry.action,
        subject=entry.subject,
        detail=entry.detail,
        hash=entry.hash,
    )
