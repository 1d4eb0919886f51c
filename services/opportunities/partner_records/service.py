"""PartnerRecordService: what federation carries between regions, given, taken and forgotten."""

from __future__ import annotations

from grpc import ServicerContext
from interchange.opportunities.v1 import partner_records_pb2 as pb
from interchange.opportunities.v1 import partner_records_pb2_grpc as rpc

from chassis.clock import now
from chassis.database import Database
from services.opportunities.identity import Identity
from services.opportunities.partner_records import forgetting, giving, people, taking
from services.opportunities.partner_records.told import Told


class PartnerRecordService(rpc.PartnerRecordServiceServicer):
    """Interests, decisions, exchanges and what is done to them, between this region and others."""

    def __init__(self, database: Database, identity: Identity, *, region: str) -> None:
        self._begin = database.begin
        self._read = database.read
        self._identity = identity
        self._region = region

    def GetPartnerRecord(
        self, request: pb.GetPartnerRecordRequest, _: ServicerContext
    ) -> pb.PartnerRecord:
        with self._read() as session:
            named = giving.find(session, request.region, request.record, at=now()).people
        contacts = self._identity.contacts(named)
        # Anew: a consent may have been taken back while identity was asked.
        with self._begin() as session:
            telling = giving.find(session, request.region, request.record, at=now())
            giving.require_known(telling, contacts)
            people.note_told(session, request.region, request.record, telling.people)
            return telling.write(contacts)

    def TakePartnerRecord(
        self, request: pb.TakePartnerRecordRequest, _: ServicerContext
    ) -> pb.TakePartnerRecordResponse:
        told = Told(request.region, request.record, own_region=self._region, at=now())
        with self._begin() as session:
            taking.take(session, told, taking.Position(request.epoch, request.sequence))
        return pb.TakePartnerRecordResponse()

    def ForgetPartnerRecord(
        self, request: pb.ForgetPartnerRecordRequest, _: ServicerContext
    ) -> pb.ForgetPartnerRecordResponse:
        with self._begin() as session:
            forgetting.forget(session, request.region, request.record, at=now())
        return pb.ForgetPartnerRecordResponse()
