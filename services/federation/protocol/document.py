"""The region document: who a region is, signed by the root key that its partners have pinned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from urllib.parse import urlsplit

import orjson

from services.federation.protocol import shapes
from services.federation.protocol.encoding import b64, framed, read_object, to_text
from services.federation.protocol.keys import RootKey, is_signed

DOMAIN = b"interchange.document.v1"
MAX_BYTES = 65_536
MAX_LISTED = 200
MAX_MAJORS = 50
# Keys are taken a little before and after their time: clocks differ.
SKEW = timedelta(minutes=10)


class BadDocument(Exception):
    """The bytes are no document of a region; the reason is a stable code, the detail a sentence for operators."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """A signing key, public part. It stays listed for as long as anything that it signed is served."""

    kid: str
    public: bytes
    not_before: datetime
    not_after: datetime

    def is_valid(self, at: datetime) -> bool:
        return self.not_before - SKEW <= at <= self.not_after + SKEW


@dataclass(frozen=True, slots=True)
class SealingInfo:
    """An X25519 key that personal data for the region is sealed to. The first of a document is the one to use."""

    kid: str
    public: bytes


@dataclass(frozen=True, slots=True)
class Revoked:
    """What a key signed from here on is void: on one channel from an entry on, or on every channel."""

    kid: str
    channel: str | None = None
    epoch: int = 0
    from_seq: int = 0

    def covers(self, kid: str, channel: str, epoch: int, seq: int) -> bool:
        if kid != self.kid:
            return False
        return self.channel is None or (
            self.channel == channel and (epoch, seq) >= (self.epoch, self.from_seq)
        )


@dataclass(frozen=True, slots=True)
class RegionDocument:
    """What a region tells of itself: where it answers, which keys sign for it, what it understands."""

    region: str
    display_name: str
    url: str
    version: int
    root_public: bytes
    keys: tuple[KeyInfo, ...]
    sealing: tuple[SealingInfo, ...] = ()
    revoked: tuple[Revoked, ...] = ()
    majors: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    limits: Mapping[str, int] = field(default_factory=dict)

    def key(self, kid: str, *, channel: str, epoch: int, seq: int) -> bytes | None:
        """The public key with which this entry of a log may be signed; None when there is none.

        When it was signed is no matter: what an old key signed stays signed.
        """
        if any(each.covers(kid, channel, epoch, seq) for each in self.revoked):
            return None
        return next((each.public for each in self.keys if each.kid == kid), None)

    def current_key(self, kid: str, *, at: datetime) -> bytes | None:
        """The public key with which a head or a request of this moment may be signed; None when there is none."""
        if any(each.kid == kid for each in self.revoked):
            return None
        found = next((each for each in self.keys if each.kid == kid), None)
        return found.public if found and found.is_valid(at) else None


def sign_document(document: RegionDocument, root: RootKey) -> bytes:
    """The document as its region serves it; its root key is the signer's."""
    protected = orjson.dumps(_to_json(document, root.public))
    signature = root.sign(framed(DOMAIN, protected))
    return orjson.dumps({"protected": b64(protected), "sig": b64(signature)})


@lru_cache(maxsize=64)  # with every request the same few, each with a signature to verify
def read_document(raw: bytes) -> RegionDocument:
    """The document in the bytes, signed by the root key inside; whether that is the pinned one is the caller's to ask.

    BadDocument TOO_LARGE, BAD_DOCUMENT, BAD_SIGNATURE.
    """
    if len(raw) > MAX_BYTES:
        raise BadDocument("TOO_LARGE", f"a region document has at most {MAX_BYTES} bytes")
    try:
        outer = read_object(raw)
        protected, signature = shapes.octets(outer, "protected"), shapes.octets(outer, "sig")
        document = _from_json(read_object(protected))
    except ValueError as problem:
        raise BadDocument("BAD_DOCUMENT", str(problem)) from problem
    if not is_signed(document.root_public, signature, framed(DOMAIN, protected)):
        raise BadDocument("BAD_SIGNATURE", "the root key inside did not sign it")
    return document


def check_successor(known: RegionDocument, offered: RegionDocument) -> None:
    """Raise BadDocument OTHER_REGION, OTHER_ROOT, OLDER_VERSION unless the offered may take the known one's place."""
    if offered.region != known.region:
        raise BadDocument("OTHER_REGION", f"it is of {offered.region}, not of {known.region}")
    if offered.root_public != known.root_public:
        raise BadDocument("OTHER_ROOT", "another root key signed it than the one pinned")
    if offered.version < known.version:
        raise BadDocument("OLDER_VERSION", f"version {offered.version}, {known.version} is known")


def _to_json(document: RegionDocument, root_public: bytes) -> dict[str, object]:
    return {
        "region": document.region,
        "displayName": document.display_name,
        "url": document.url,
        "version": document.version,
        "root": b64(root_public),
        "keys": [_key_to_json(each) for each in document.keys],
        "sealing": [{"kid": each.kid, "public": b64(each.public)} for each in document.sealing],
        "revoked": [_revoked_to_json(each) for each in document.revoked],
        "majors": {name: list(majors) for name, majors in document.majors.items()},
        "limits": dict(document.limits),
    }


def _key_to_json(key: KeyInfo) -> dict[str, str]:
    return {
        "kid": key.kid,
        "public": b64(key.public),
        "notBefore": to_text(key.not_before),
        "notAfter": to_text(key.not_after),
    }


def _revoked_to_json(revoked: Revoked) -> dict[str, object]:
    if revoked.channel is None:
        return {"kid": revoked.kid}
    return {
        "kid": revoked.kid,
        "channel": revoked.channel,
        "epoch": revoked.epoch,
        "fromSeq": revoked.from_seq,
    }


def _from_json(content: shapes.Source) -> RegionDocument:
    return RegionDocument(
        region=shapes.matching(content, "region", shapes.REGION),
        display_name=_display_name(content),
        url=_url(content),
        version=shapes.whole(content, "version", least=1),
        root_public=shapes.octets(content, "root", size=shapes.KEY_BYTES),
        keys=shapes.objects(content, "keys", _key, limit=MAX_LISTED),
        sealing=shapes.objects(content, "sealing", _sealing, limit=MAX_LISTED),
        revoked=shapes.objects(content, "revoked", _revoked, limit=MAX_LISTED),
        majors=_majors(content),
        limits=_limits(content),
    )


def _display_name(content: shapes.Source) -> str:
    name = shapes.text(content, "displayName", limit=100)
    if not name.strip() or not name.isprintable():
        raise ValueError("displayName must be a line of text")
    return name


def _url(content: shapes.Source) -> str:
    """Where the region answers. Plain http passes here: callers refuse it outside of one machine."""
    url = shapes.text(content, "url", limit=200)
    parts = urlsplit(url)
    extra = parts.username or parts.password or parts.query or parts.fragment
    if parts.scheme not in ("https", "http") or not parts.hostname or extra or not url.isascii():
        raise ValueError("url must look like https://exchange.example.org")
    _ = parts.port  # raises when it is no port
    return url.rstrip("/")


def _key(content: shapes.Source) -> KeyInfo:
    return KeyInfo(
        kid=shapes.matching(content, "kid", shapes.KID),
        public=shapes.octets(content, "public", size=shapes.KEY_BYTES),
        not_before=shapes.moment(content, "notBefore"),
        not_after=shapes.moment(content, "notAfter"),
    )


def _sealing(content: shapes.Source) -> SealingInfo:
    return SealingInfo(
        kid=shapes.matching(content, "kid", shapes.KID),
        public=shapes.octets(content, "public", size=shapes.KEY_BYTES),
    )


def _revoked(content: shapes.Source) -> Revoked:
    kid = shapes.matching(content, "kid", shapes.KID)
    if "channel" not in content:
        return Revoked(kid)
    return Revoked(
        kid=kid,
        channel=shapes.matching(content, "channel", shapes.CHANNEL),
        epoch=shapes.whole(content, "epoch"),
        from_seq=shapes.whole(content, "fromSeq"),
    )


def _majors(content: shapes.Source) -> dict[str, tuple[int, ...]]:
    value = content.get("majors", {})
    if type(value) is not dict or len(value) > MAX_MAJORS:
        raise ValueError("majors must name the majors of each type")
    for majors in value.values():
        if type(majors) is not list or not all(type(each) is int for each in majors):
            raise ValueError("majors must name the majors of each type")
    return {str(name): tuple(majors) for name, majors in value.items()}


def _limits(content: shapes.Source) -> dict[str, int]:
    value = content.get("limits", {})
    if type(value) is not dict or len(value) > MAX_MAJORS:
        raise ValueError("limits must be numbers by name")
    if not all(type(each) is int for each in value.values()):
        raise ValueError("limits must be numbers by name")
    return {str(name): each for name, each in value.items()}
