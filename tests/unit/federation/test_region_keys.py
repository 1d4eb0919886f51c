"""Who this region is to others: keys that only its program can read, a document that only its root key can change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import pytest
from grpc import ServicerContext
from interchange.federation.v1 import region_keys_pb2 as pb
from interchange.opportunities.v1 import events_pb2 as events
from interchange.opportunities.v1 import notices_pb2
from sqlalchemy import select

from chassis.auth import Principal, acting_as
from chassis.errors import FailedPrecondition, InvalidArgument
from chassis.identity import Audit
from chassis.secrets import BadSecret
from chassis.validation import validate
from services.federation.keys.keyring import Keyring
from services.federation.keys.models import RegionKey
from services.federation.keys.service import RegionKeyService
from services.federation.policy import RULES
from services.federation.protocol import sealing
from services.federation.protocol.document import (
    KeyInfo,
    RegionDocument,
    SealingInfo,
    sign_document,
)
from services.federation.protocol.keys import RootKey, fingerprint
from tests.conftest import Databases
from tests.support.register import Register, a_manager, an_operator, serving
from tests.unit.federation.ours import REGION, Ours, a_notice

NO_CONTEXT = cast(ServicerContext, None)
CLI = Principal(service="cli")
Answer = TypeVar("Answer")


@dataclass
class Desk:
    """The service, the command that holds the root key, and the audit log."""

    ours: Ours
    register: Register
    service: RegionKeyService
    root: RootKey = field(default_factory=RootKey.generate)
    synced: list[str] = field(default_factory=list)

    def ask(self, method: Callable[[Any, Any], Answer], request: Any) -> Answer:
        validate(request)
        with acting_as(CLI):
            return method(request, NO_CONTEXT)

    def create_key(self) -> pb.RegionKey:
        return self.ask(self.service.CreateRegionKey, pb.CreateRegionKeyRequest())

    def document(self, *keys: pb.RegionKey, version: int = 1, region: str = REGION) -> bytes:
        """As `interchange federation init` writes it."""
        document = RegionDocument(
            region=region,
            display_name="East of England",
            url="https://east.example",
            version=version,
            root_public=self.root.public,
            keys=tuple(
                KeyInfo(
                    each.kid,
                    each.public_key,
                    each.not_before_time.ToDatetime(tzinfo=self.ours.at.tzinfo),
                    each.not_after_time.ToDatetime(tzinfo=self.ours.at.tzinfo),
                )
                for each in keys
            ),
            sealing=tuple(SealingInfo(each.kid, each.sealing_key) for each in keys),
        )
        return sign_document(document, self.root)

    def publish(self, document: bytes) -> pb.RegionIdentity:
        request = pb.PublishRegionDocumentRequest(document=document)
        return self.ask(self.service.PublishRegionDocument, request)

    def identity(self) -> pb.RegionIdentity:
        return self.ask(self.service.GetRegionIdentity, pb.GetRegionIdentityRequest())


@pytest.fixture
def desk(databases: Databases) -> Iterator[Desk]:
    ours, register = Ours(databases("federation")), Register()
    with serving(register) as channel:
        synced: list[str] = []
        service = RegionKeyService(
            ours.database,
            ours.keyring,
            ours.log,
            Audit(channel),
            lambda: synced.append("asked"),
            region=REGION,
        )
        yield Desk(ours, register, service, synced=synced)


def test_before_the_first_document_there_is_no_identity(desk: Desk) -> None:
    key = desk.create_key()

    identity = desk.identity()

    assert (identity.document, identity.fingerprint) == (b"", "")
    assert [(each.kid, each.published) for each in identity.keys] == [(key.kid, False)]
    with pytest.raises(FailedPrecondition, match="NOT_INITIALISED"):
        desk.ask(desk.service.StartEpoch, pb.StartEpochRequest())


def test_a_document_makes_its_key_the_one_that_signs(desk: Desk) -> None:
    key = desk.create_key()

    identity = desk.publish(desk.document(key))

    assert identity.fingerprint == fingerprint(desk.root.public)
    assert (identity.document_version, identity.url) == (1, "https://east.example")
    assert identity.keys[0].published
    assert [each.channel for each in identity.channels] == ["national"]
    assert desk.ours.keyring.signer().kid == key.kid
    assert desk.ours.keyring.signer().public == key.public_key
    assert desk.synced == ["asked"]
    actions = [each.action for each in desk.register.audited]
    assert actions == ["regionKey.create", "regionDocument.publish"]


def test_keys_are_rotated_and_old_ones_still_open_what_was_sealed(desk: Desk) -> None:
    old = desk.create_key()
    desk.publish(desk.document(old))
    sealed = sealing.seal(old.sealing_key, b"a word in confidence", context=b"test")
    new = desk.create_key()

    desk.publish(desk.document(old, new, version=2))

    opener = desk.ours.keyring.openers()[old.kid]
    assert sealing.open(opener, sealed, context=b"test") == b"a word in confidence"
    assert desk.ours.keyring.signer().kid == new.kid


def test_private_keys_are_encrypted_at_rest_and_bound_to_their_names(desk: Desk) -> None:
    desk.publish(desk.document(desk.create_key()))
    with desk.ours.database.read() as session:
        (stored,) = session.scalars(select(RegionKey))

    private = desk.ours.keyring.signer().private
    assert private not in stored.private
    other = Keyring(desk.ours.database, b"x" * 32, region=REGION, clock=lambda: desk.ours.at)
    with pytest.raises(BadSecret):
        other.signer()


def test_another_root_an_older_version_and_foreign_keys_are_refused(desk: Desk) -> None:
    key = desk.create_key()
    first = desk.document(key)
    desk.publish(first)
    foreign = pb.RegionKey(kid="made-up", public_key=bytes(32), sealing_key=bytes(32))

    for document, reason in (
        (first, "OLDER_VERSION"),
        (desk.document(foreign, version=2), "NO_KEY"),
        (desk.document(key, version=2, region="scotland"), "OTHER_REGION"),
    ):
        with pytest.raises(FailedPrecondition, match=reason):
            desk.publish(document)
    desk.root = RootKey.generate()
    with pytest.raises(FailedPrecondition, match="OTHER_ROOT"):
        desk.publish(desk.document(key, version=2))
    with pytest.raises(InvalidArgument):
        desk.publish(b"{}")
    assert desk.identity().document == first


def test_a_new_epoch_and_a_policy_are_written_down_and_take_effect(desk: Desk) -> None:
    desk.publish(desk.document(desk.create_key()))
    desk.ours.hear(events.NoticePublished(notice=a_notice()))
    policy = pb.ChannelPolicy(kinds=[notices_pb2.WANTED])

    desk.ask(desk.service.StartEpoch, pb.StartEpochRequest())
    identity = desk.ask(
        desk.service.SetChannelPolicy,
        pb.SetChannelPolicyRequest(channel="group.wanted", policy=policy),
    )

    group, national = identity.channels
    assert (national.epoch, national.head, national.live_notices) == (2, 2, 1)
    assert (group.channel, group.policy) == ("group.wanted", policy)
    assert [each.action for each in desk.register.audited][2:] == [
        "epoch.start",
        "channel.setPolicy",
    ]
    assert desk.synced == ["asked", "asked"]


MANAGER = a_manager("people/1", "organisations/1")
OPERATOR = an_operator()
GATEWAY = Principal(service="gateway")
MATCHING = Principal(service="matching")


@pytest.mark.parametrize(
    ("method", "who", "may"),
    [
        ("CreatePartner", "operator", True),
        ("CreatePartner", "cli", True),
        ("CreatePartner", "manager", False),
        ("RemovePartner", "gateway", False),
        ("ListPartners", "matching", True),
        ("ListErasures", "matching", False),
        ("CreateRegionKey", "cli", True),
        ("CreateRegionKey", "operator", False),
        ("PublishRegionDocument", "operator", False),
        ("StartEpoch", "operator", True),
        ("AnswerPartner", "gateway", True),
        ("AnswerPartner", "operator", False),
        ("AnswerPartner", "cli", False),
    ],
)
def test_who_may_do_what(method: str, who: str, may: bool) -> None:
    people = {
        "operator": OPERATOR,
        "manager": MANAGER,
        "cli": CLI,
        "gateway": GATEWAY,
        "matching": MATCHING,
    }

    assert RULES[method](people[who]) is may
