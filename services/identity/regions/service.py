"""RegionService: the region, as everybody sees it and as operators change it."""

from __future__ import annotations

from google.protobuf.field_mask_pb2 import FieldMask
from grpc import ServicerContext
from interchange.identity.v1 import regions_pb2 as pb
from interchange.identity.v1 import regions_pb2_grpc as rpc
from sqlalchemy.orm import Session

from chassis import etags, fields
from chassis.auth import principal
from chassis.clock import now
from chassis.database import Database
from chassis.errors import NotFound
from chassis.names import format_name
from services.identity.audit import log
from services.identity.regions.models import Region

CURRENT = "regions/current"
WRITABLE = frozenset({"display_name", "operator_display_name", "contact_email"})


class RegionService(rpc.RegionServiceServicer):
    """The one region of this instance."""

    def __init__(self, database: Database, *, region: str, display_name: str) -> None:
        self._begin = database.begin
        self._read = database.read
        self._code = region
        self._display_name = display_name

    def GetRegion(self, request: pb.GetRegionRequest, _: ServicerContext) -> pb.Region:
        self._require_ours(request.name)
        with self._read() as session:
            return to_proto(self._load(session))

    def UpdateRegion(self, request: pb.UpdateRegionRequest, _: ServicerContext) -> pb.Region:
        message = request.region
        self._require_ours(message.name)
        named = fields.changed(FieldMask(), message, allowed=WRITABLE)
        with self._begin() as session:
            region = self._load(session, for_update=True)
            etags.check(message.etag, region.version)
            region.revise({field: getattr(message, field) for field in named})
            session.add(region)
            log.append(session, principal(), "region.update", region.name, at=now())
        return to_proto(region)

    def SetSecondFactorPolicy(
        self, request: pb.SetSecondFactorPolicyRequest, _: ServicerContext
    ) -> pb.Region:
        self._require_ours(request.name)
        chosen = pb.SecondFactorPolicy.Name(request.policy)
        with self._begin() as session:
            region = self._load(session, for_update=True)
            region.ask_for_second_factors(request.policy == pb.REQUIRED_FOR_MANAGERS_AND_OPERATORS)
            session.add(region)
            log.append(
                session,
                principal(),
                "region.setSecondFactorPolicy",
                region.name,
                at=now(),
                detail=chosen,
            )
        return to_proto(region)

    def _load(self, session: Session, *, for_update: bool = False) -> Region:
        found = session.get(Region, self._code, with_for_update=for_update)
        return found or Region(code=self._code, display_name=self._display_name)

    def _require_ours(self, name: str) -> None:
        if name not in (CURRENT, format_name("regions", self._code)):
            raise NotFound("NO_SUCH_REGION", f"this instance serves {self._code} only")


def to_proto(region: Region) -> pb.Region:
    return pb.Region(
        name=region.name,
        display_name=region.display_name,
        operator_display_name=region.operator_display_name,
        contact_email=region.contact_email,
        etag=etags.etag(region.version),
        second_factor_policy=_policy(region),
    )


def _policy(region: Region) -> pb.SecondFactorPolicy.ValueType:
    if region.second_factor_required:
        return pb.REQUIRED_FOR_MANAGERS_AND_OPERATORS
    return pb.OPTIONAL
