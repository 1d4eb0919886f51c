"""PartnerDoorService: what the gateway hands on."""

from __future__ import annotations

from grpc import ServicerContext
from interchange.federation.v1 import region_keys_pb2 as pb
from interchange.federation.v1 import region_keys_pb2_grpc as rpc

from services.federation.door.answering import Door, Request


class PartnerDoorService(rpc.PartnerDoorServiceServicer):
    """Requests of other regions, as they came."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def AnswerPartner(
        self, request: pb.AnswerPartnerRequest, _: ServicerContext
    ) -> pb.AnswerPartnerResponse:
        reply = self._door.answer(
            Request(
                request.method,
                request.target,
                request.authority,
                {each.name: each.value for each in request.headers},
                request.body,
            )
        )
        return pb.AnswerPartnerResponse(
            status=reply.status,
            headers=[pb.HttpField(name="content-type", value=reply.content_type)],
            body=reply.body,
        )
