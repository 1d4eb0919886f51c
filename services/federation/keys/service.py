"""RegionKeyService: who this region is to others."""

from __future__ import annotations

from collections.abc import Callable

from grpc import ServicerContext
from interchange.federation.v1 import region_keys_pb2 as pb
from interchange.federation.v1 import region_keys_pb2_grpc as rpc
from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.clock import now
from chassis.database import Database
from chassis.errors import InvalidArgument
from chassis.identity import Audit
from services.federation.keys.convert import channel_to_proto, key_to_proto, read_policy
from services.federation.keys.keyring import Keyring
from services.federation.keys.models import ONLY, Identity, RegionKey
from services.federation.log.feed import live_count
from services.federation.log.models import Channel
from services.federation.log.writing import Log
from services.federation.partners.models import NATIONAL
from services.federation.protocol.document import BadDocument, read_document
from services.federation.protocol.keys import fingerprint


class RegionKeyService(rpc.RegionKeyServiceServicer):
    """The document that the root key signed, the keys it lists, the channels we write."""

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        log: Log,
        audit: Audit,
        resync: Callable[[], None],
        *,
        region: str,
    ) -> None:
        """`resync` has our logs say what they should, soon."""
        self._begin = database.begin
        self._read = database.read
        self._keyring = keyring
        self._log = log
        self._audit = audit
        self._resync = resync
        self._region = region

    def GetRegionIdentity(
        self, request: pb.GetRegionIdentityRequest, _: ServicerContext
    ) -> pb.RegionIdentity:
        with self._read() as session:
            return self._identity(session)

    def CreateRegionKey(
        self, request: pb.CreateRegionKeyRequest, _: ServicerContext
    ) -> pb.RegionKey:
        self._audit.record("regionKey.create", f"regions/{self._region}")
        with self._begin() as session:
            key = self._keyring.create(session, days=request.days, at=now())
        return key_to_proto(key, published=False)

    def PublishRegionDocument(
        self, request: pb.PublishRegionDocumentRequest, _: ServicerContext
    ) -> pb.RegionIdentity:
        self._audit.record("regionDocument.publish", f"regions/{self._region}")
        try:
            with self._begin() as session:
                self._keyring.publish(session, request.document, at=now())
                self._log.locked(session, NATIONAL, at=now())
        except BadDocument as problem:
            raise InvalidArgument(problem.reason, problem.detail, field="document") from problem
        self._resync()
        with self._read() as session:
            return self._identity(session)

    def StartEpoch(self, request: pb.StartEpochRequest, _: ServicerContext) -> pb.RegionIdentity:
        self._audit.record("epoch.start", f"channels/{request.channel or NATIONAL}")
        self._keyring.published()
        with self._begin() as session:
            self._log.start_epoch(session, request.channel or NATIONAL, at=now())
            return self._identity(session)

    def SetChannelPolicy(
        self, request: pb.SetChannelPolicyRequest, _: ServicerContext
    ) -> pb.RegionIdentity:
        self._audit.record("channel.setPolicy", f"channels/{request.channel}")
        with self._begin() as session:
            channel = self._log.locked(session, request.channel, at=now())
            channel.policy = read_policy(request.policy)
            identity = self._identity(session)
        self._resync()
        return identity

    def _identity(self, session: Session) -> pb.RegionIdentity:
        found = session.get(Identity, ONLY)
        document = read_document(found.document) if found else None
        listed = {each.kid for each in document.keys} if document else set()
        keys = session.scalars(select(RegionKey).order_by(RegionKey.not_before_time.desc()))
        channels = session.scalars(select(Channel).order_by(Channel.channel)).all()
        return pb.RegionIdentity(
            region=self._region,
            document=found.document if found else b"",
            fingerprint=fingerprint(document.root_public) if document else "",
            url=document.url if document else "",
            document_version=found.version if found else 0,
            keys=[key_to_proto(each, published=each.kid in listed) for each in keys],
            channels=[channel_to_proto(each, live_count(session, each)) for each in channels],
        )
