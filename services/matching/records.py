"""MatchingRecordService: what is held here on one person, for them to see."""

from __future__ import annotations

from grpc import ServicerContext
from interchange.matching.v1 import records_pb2 as pb
from interchange.matching.v1 import records_pb2_grpc as rpc
from sqlalchemy import select

from chassis.auth import principal
from chassis.clock import now
from chassis.database import Database
from chassis.errors import PermissionDenied
from chassis.names import parse_name
from chassis.timestamps import to_proto as stamp
from services.matching.cohorts.convert import application_to_proto
from services.matching.cohorts.models import Application
from services.matching.identity import Identity
from services.matching.policy import may_export
from services.matching.saved import queries
from services.matching.saved.convert import favourite_to_proto, to_proto


class MatchingRecordService(rpc.MatchingRecordServiceServicer):
    """A person's own record, without what it says of others."""

    def __init__(self, database: Database, identity: Identity) -> None:
        self._read = database.read
        self._identity = identity

    def ExportMatching(
        self, request: pb.ExportMatchingRequest, _: ServicerContext
    ) -> pb.MatchingExport:
        person = request.name
        parse_name("people", person)
        if not may_export(principal(), person):
            raise PermissionDenied("NOT_YOUR_RECORD", "people export their own record only")
        self._identity.audit.record_operator("person.exportMatching", person)
        mine = select(Application).where(Application.person == person).order_by(Application.id)
        with self._read() as session:
            saved, starred = queries.everything(session, person)
            return pb.MatchingExport(
                person=person,
                applications=map(application_to_proto, session.scalars(mine)),
                saved_searches=map(to_proto, saved),
                favourites=[favourite_to_proto(each, None) for each in starred],
                export_time=stamp(now()),
            )
