"""ParticipationService: what is held here on one person, for them to see."""

from __future__ import annotations

from grpc import ServicerContext
from interchange.opportunities.v1 import personal_data_pb2 as pb
from interchange.opportunities.v1 import personal_data_pb2_grpc as rpc

from chassis.auth import principal
from chassis.clock import now
from chassis.database import Database
from chassis.errors import PermissionDenied
from chassis.names import parse_name
from chassis.timestamps import to_proto as stamp
from services.opportunities.identity import Identity
from services.opportunities.notice_reports.convert import to_proto as report_to_proto
from services.opportunities.notice_reports.queries import of_reporter
from services.opportunities.participation import convert, queries
from services.opportunities.policy import may_export
from services.opportunities.requests.convert import to_proto as request_to_proto
from services.opportunities.swaps.convert import to_proto as swap_to_proto


class ParticipationService(rpc.ParticipationServiceServicer):
    """A person's own record, without what it says of others."""

    def __init__(self, database: Database, identity: Identity) -> None:
        self._read = database.read
        self._identity = identity

    def ExportParticipation(
        self, request: pb.ExportParticipationRequest, _: ServicerContext
    ) -> pb.ParticipationExport:
        person = request.name
        parse_name("people", person)
        if not may_export(principal(), person):
            raise PermissionDenied("NOT_YOUR_RECORD", "people export their own record only")
        self._identity.audit.record_operator("person.exportParticipation", person)
        with self._read() as session:
            return pb.ParticipationExport(
                person=person,
                requests=map(request_to_proto, queries.requests(session, person)),
                notices=[convert.notice(e, person) for e in queries.notices(session, person)],
                interests=[convert.interest(e, person) for e in queries.interests(session, person)],
                exchanges=[convert.exchange(e, person) for e in queries.exchanges(session, person)],
                swaps=[swap_to_proto(each, {}) for each in queries.swaps(session, person)],
                reports=map(report_to_proto, of_reporter(session, person)),
                export_time=stamp(now()),
            )
