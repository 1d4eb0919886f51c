"""Making this region's document: what the root key signs. Only the operator's command does."""

from __future__ import annotations

from dataclasses import replace

import click
from interchange.federation.v1 import region_keys_pb2 as pb
from interchange.federation.v1 import region_keys_pb2_grpc as rpc

from chassis.timestamps import from_proto
from cli.channels import service_channel
from cli.settings import Settings
from services.federation.protocol.document import (
    KeyInfo,
    RegionDocument,
    Revoked,
    SealingInfo,
    read_document,
    sign_document,
)
from services.federation.protocol.keys import RootKey
from services.federation.protocol.poke import MAX_POKE_BYTES, POKE_BYTES

# What we understand of what partners send, by type without its major.
MAJORS = {"interchange.notice": (1,), "interchange.record": (1,), "interchange.receipt": (1,)}
LIMITS = {
    "entryBytes": 65_536,
    "pageEntries": 1_000,
    "pageBytes": 2 * 1024 * 1024,
    POKE_BYTES: MAX_POKE_BYTES,
}


class Identity:
    """This region's document at its federation service."""

    def __init__(self, settings: Settings) -> None:
        self._keys = rpc.RegionKeyServiceStub(service_channel(settings, "federation"))

    def told(self) -> pb.RegionIdentity:
        """What others are told; a clear word when nothing is."""
        found = self.found()
        if not found.document:
            raise click.ClickException(
                "this region has no identity yet; begin with `interchange federation init`"
            )
        return found

    def found(self) -> pb.RegionIdentity:
        """What others are told, which may be nothing yet."""
        return self._keys.GetRegionIdentity(pb.GetRegionIdentityRequest())

    def start_epoch(self, channel: str) -> pb.RegionIdentity:
        """Every live notice of a channel again, from number 1."""
        return self._keys.StartEpoch(pb.StartEpochRequest(channel=channel))

    def begin(
        self, root: RootKey, *, region: str, display_name: str, url: str, days: int = 0
    ) -> pb.RegionIdentity:
        """The first document, with a signing key of its own."""
        key = self._new_key(days)
        document = RegionDocument(
            region=region,
            display_name=display_name,
            url=url,
            version=1,
            root_public=root.public,
            keys=(_signing(key),),
            sealing=(_sealing(key),),
            majors=MAJORS,
            limits=LIMITS,
        )
        return self._publish(document, root)

    def rotate(
        self, root: RootKey, *, days: int = 0, revoked: Revoked | None = None
    ) -> pb.RegionIdentity:
        """A document with a new key in front. Old ones stay listed: what they signed stays signed."""
        document = self._document_of(root)
        key = self._new_key(days)
        following = replace(
            document,
            version=document.version + 1,
            keys=(_signing(key), *document.keys),
            sealing=(_sealing(key), *document.sealing),
            revoked=(*document.revoked, *([revoked] if revoked else [])),
            majors=MAJORS,
            limits=LIMITS,
        )
        return self._publish(following, root)

    def move(self, root: RootKey, url: str) -> pb.RegionIdentity:
        """A document that says another address."""
        document = self._document_of(root)
        return self._publish(replace(document, version=document.version + 1, url=url), root)

    def _document_of(self, root: RootKey) -> RegionDocument:
        document = read_document(self.told().document)
        if root.public != document.root_public:
            raise click.ClickException("that is not the root key of this region")
        return document

    def _new_key(self, days: int) -> pb.RegionKey:
        return self._keys.CreateRegionKey(pb.CreateRegionKeyRequest(days=days))

    def _publish(self, document: RegionDocument, root: RootKey) -> pb.RegionIdentity:
        signed = sign_document(document, root)
        return self._keys.PublishRegionDocument(pb.PublishRegionDocumentRequest(document=signed))


def _signing(key: pb.RegionKey) -> KeyInfo:
    not_before, not_after = from_proto(key.not_before_time), from_proto(key.not_after_time)
    return KeyInfo(key.kid, key.public_key, not_before, not_after)


def _sealing(key: pb.RegionKey) -> SealingInfo:
    return SealingInfo(key.kid, key.sealing_key)
