"""A small real federation service: one region's keys and partners, in memory, on a real gRPC server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from google.protobuf.timestamp_pb2 import Timestamp
from grpc import ServicerContext
from interchange.federation.v1 import partners_pb2 as pb
from interchange.federation.v1 import partners_pb2_grpc as rpc
from interchange.federation.v1 import region_keys_pb2 as keys_pb
from interchange.federation.v1 import region_keys_pb2_grpc as keys_rpc

from chassis.auth import JWKS, Verifier
from chassis.auth.tokens import Jwk
from chassis.config import Config
from chassis.errors import FailedPrecondition, NotFound
from chassis.policy import service
from chassis.server import Server
from services.federation.protocol.document import read_document
from services.federation.protocol.keys import SigningKey, fingerprint, normalise_fingerprint

NOW = datetime.now(UTC)
METHODS = (
    "GetRegionIdentity", "CreateRegionKey", "PublishRegionDocument", "StartEpoch", "CreatePartner",
    "ListPartners", "CheckPartner", "SuspendPartner", "ResumePartner", "RemovePartner",
    "ListSetAsideEntries", "RetrySetAsideEntry", "DropSetAsideEntry", "ListErasures",
)  # fmt: skip


def moment(**before: float) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(NOW - timedelta(**before))
    return stamp


@dataclass
class Office:
    """What the servicers share."""

    identity: keys_pb.RegionIdentity = field(default_factory=keys_pb.RegionIdentity)
    partners: dict[str, pb.Partner] = field(default_factory=dict)
    steps: list[pb.CheckPartnerResponse.Step] = field(default_factory=list)
    set_aside: list[pb.SetAsideEntry] = field(default_factory=list)
    erasures: list[pb.Erasure] = field(default_factory=list)
    asked: list[object] = field(default_factory=list)


class RegionKeys(keys_rpc.RegionKeyServiceServicer):
    def __init__(self, office: Office) -> None:
        self.office = office

    def GetRegionIdentity(
        self, _: keys_pb.GetRegionIdentityRequest, __: ServicerContext
    ) -> keys_pb.RegionIdentity:
        return self.office.identity

    def CreateRegionKey(
        self, request: keys_pb.CreateRegionKeyRequest, _: ServicerContext
    ) -> keys_pb.RegionKey:
        made = SigningKey.generate(f"key-{len(self.office.identity.keys) + 1}")
        key = keys_pb.RegionKey(
            kid=made.kid,
            public_key=made.public,
            sealing_key=X25519PrivateKey.generate().public_key().public_bytes_raw(),
            not_before_time=moment(),
            not_after_time=moment(days=-(request.days or 90)),
        )
        self.office.identity.keys.insert(0, key)
        return key

    def PublishRegionDocument(
        self, request: keys_pb.PublishRegionDocumentRequest, _: ServicerContext
    ) -> keys_pb.RegionIdentity:
        document, identity = read_document(request.document), self.office.identity
        identity.document, identity.region, identity.url = request.document, document.region, document.url  # fmt: skip
        identity.document_version = document.version
        identity.fingerprint = fingerprint(document.root_public)
        return identity

    def StartEpoch(
        self, request: keys_pb.StartEpochRequest, _: ServicerContext
    ) -> keys_pb.RegionIdentity:
        return keys_pb.RegionIdentity(channels=[keys_pb.Channel(channel=request.channel, epoch=4)])


class Partners(rpc.PartnerServiceServicer):
    def __init__(self, office: Office) -> None:
        self.office = office

    def CreatePartner(self, request: pb.CreatePartnerRequest, _: ServicerContext) -> pb.Partner:
        partner = request.partner
        document = read_document(partner.document)
        if normalise_fingerprint(partner.fingerprint) != fingerprint(document.root_public):
            raise FailedPrecondition("FINGERPRINT_DIFFERS", "the eight words are not those")
        partner.display_name, partner.url = document.display_name, document.url
        partner.state = pb.Partner.PINNED
        self.office.partners[partner.name] = partner
        return partner

    def ListPartners(
        self, request: pb.ListPartnersRequest, _: ServicerContext
    ) -> pb.ListPartnersResponse:
        """One a page, so that whoever asks must ask on."""
        names = sorted(self.office.partners)
        at = int(request.page_token or 0)
        more = str(at + 1) if at + 1 < len(names) else ""
        page = [self.office.partners[each] for each in names[at : at + 1]]
        return pb.ListPartnersResponse(partners=page, next_page_token=more)

    def CheckPartner(
        self, request: pb.CheckPartnerRequest, _: ServicerContext
    ) -> pb.CheckPartnerResponse:
        self._load(request.name)
        return pb.CheckPartnerResponse(steps=self.office.steps)

    def SuspendPartner(self, request: pb.SuspendPartnerRequest, _: ServicerContext) -> pb.Partner:
        return self._become(request.name, pb.Partner.SUSPENDED, request.reason)

    def ResumePartner(self, request: pb.ResumePartnerRequest, _: ServicerContext) -> pb.Partner:
        return self._become(request.name, pb.Partner.ACTIVE)

    def RemovePartner(self, request: pb.RemovePartnerRequest, _: ServicerContext) -> pb.Partner:
        return self._become(request.name, pb.Partner.REMOVED)

    def ListSetAsideEntries(
        self, _: pb.ListSetAsideEntriesRequest, __: ServicerContext
    ) -> pb.ListSetAsideEntriesResponse:
        return pb.ListSetAsideEntriesResponse(set_aside_entries=self.office.set_aside)

    def RetrySetAsideEntry(
        self, request: pb.RetrySetAsideEntryRequest, _: ServicerContext
    ) -> pb.SetAsideEntry:
        return pb.SetAsideEntry(name=request.name, state=pb.SetAsideEntry.TAKEN)

    def DropSetAsideEntry(
        self, request: pb.DropSetAsideEntryRequest, _: ServicerContext
    ) -> pb.SetAsideEntry:
        return pb.SetAsideEntry(name=request.name, state=pb.SetAsideEntry.DROPPED)

    def ListErasures(
        self, _: pb.ListErasuresRequest, __: ServicerContext
    ) -> pb.ListErasuresResponse:
        return pb.ListErasuresResponse(erasures=self.office.erasures)

    def _become(self, name: str, state: pb.Partner.State.ValueType, reason: str = "") -> pb.Partner:
        partner = self._load(name)
        partner.state, partner.state_reason = state, reason
        return partner

    def _load(self, name: str) -> pb.Partner:
        if name not in self.office.partners:
            raise NotFound("NO_SUCH_PARTNER", f"{name} does not exist", name=name)
        return self.office.partners[name]


@contextmanager
def serving(office: Office, cli_key: Jwk) -> Iterator[Server]:
    """It, for the operator's command only."""
    verifier = Verifier(JWKS([cli_key]), region="east-of-england")
    rules = dict.fromkeys(METHODS, service("cli"))
    server = Server(Config(), rules=rules, verifier=verifier)
    keys_rpc.add_RegionKeyServiceServicer_to_server(RegionKeys(office), server.grpc)  # type: ignore[abstract]  # the rest is not asked
    rpc.add_PartnerServiceServicer_to_server(Partners(office), server.grpc)  # type: ignore[abstract]  # the rest is not asked
    server.start()
    try:
        yield server
    finally:
        server.stop(0)
