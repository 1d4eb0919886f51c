"""Signed heads, which say how far a log goes, and signed manifests of snapshots, which say all that is live."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

import orjson

from services.federation.protocol import shapes
from services.federation.protocol.document import RegionDocument
from services.federation.protocol.encoding import b64, framed, read_object, to_text
from services.federation.protocol.entry import MAX_PAGE_BYTES, MAX_PAGE_ENTRIES
from services.federation.protocol.keys import SIGNATURE_BYTES, SigningKey, is_signed

HEAD_DOMAIN = b"interchange.head.v1"
SNAPSHOT_DOMAIN = b"interchange.snapshot.v1"
MAX_BYTES = 4096


class BadHead(Exception):
    """The bytes are no head, manifest or page that can be trusted; the reason is a stable code."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Head:
    """How far a log goes: its newest entry, and the first one that is still served."""

    origin: str
    channel: str
    epoch: int
    head: int
    hash: str
    min: int
    time: datetime
    kid: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """A snapshot: so many live entries with this digest are all that counts up to an entry of the log."""

    origin: str
    channel: str
    epoch: int
    upto: int
    head_hash: str
    count: int
    digest: str
    time: datetime
    kid: str


def sign_head(head: Head, key: SigningKey) -> bytes:
    """The last line of a page of a feed; its kid is the signer's."""
    members = {
        "origin": head.origin,
        "channel": head.channel,
        "epoch": head.epoch,
        "head": head.head,
        "hash": head.hash,
        "min": head.min,
        "time": to_text(head.time),
        "kid": key.kid,
    }
    return _sign("head", HEAD_DOMAIN, members, key)


def read_head(line: bytes, document: RegionDocument) -> Head:
    """The verified head in a line. BadHead BAD_HEAD, WRONG_ORIGIN, UNKNOWN_KEY, BAD_SIGNATURE."""
    try:
        signed, signature = _parts(line, "head")
        head = _head(read_object(signed))
    except ValueError as problem:
        raise BadHead("BAD_HEAD", str(problem)) from problem
    _verify(head, document, framed(HEAD_DOMAIN, signed), signature)
    return head


def claimed_origin(line: bytes) -> str:
    """Whose head a line says that it is, before anything of it is verified. BadHead BAD_HEAD."""
    try:
        return _head(read_object(_parts(line, "head")[0])).origin
    except ValueError as problem:
        raise BadHead("BAD_HEAD", str(problem)) from problem


def sign_manifest(manifest: Manifest, key: SigningKey) -> bytes:
    """The last line of each page of a snapshot; its kid is the signer's."""
    members = {
        "origin": manifest.origin,
        "channel": manifest.channel,
        "epoch": manifest.epoch,
        "upto": manifest.upto,
        "headHash": manifest.head_hash,
        "count": manifest.count,
        "digest": manifest.digest,
        "time": to_text(manifest.time),
        "kid": key.kid,
    }
    return _sign("manifest", SNAPSHOT_DOMAIN, members, key)


def read_manifest(line: bytes, document: RegionDocument) -> Manifest:
    """The verified manifest in a line. BadHead BAD_MANIFEST, WRONG_ORIGIN, UNKNOWN_KEY, BAD_SIGNATURE."""
    try:
        signed, signature = _parts(line, "manifest")
        manifest = _manifest(read_object(signed))
    except ValueError as problem:
        raise BadHead("BAD_MANIFEST", str(problem)) from problem
    _verify(manifest, document, framed(SNAPSHOT_DOMAIN, signed), signature)
    return manifest


def snapshot_digest(hashes: Iterable[str]) -> str:
    """What a manifest says of its entries: the SHA-256 over their hashes' bytes, in the order of the log."""
    digest = sha256()
    for each in hashes:
        digest.update(bytes.fromhex(each))
    return digest.hexdigest()


def split_page(body: bytes) -> tuple[list[bytes], bytes]:
    """A page's entries and its last line, which is the head or the manifest. BadHead BAD_PAGE."""
    if len(body) > MAX_PAGE_BYTES:
        raise BadHead("BAD_PAGE", f"a page has at most {MAX_PAGE_BYTES} bytes")
    *lines, last = body.removesuffix(b"\n").split(b"\n")
    if not last or len(lines) > MAX_PAGE_ENTRIES:
        raise BadHead("BAD_PAGE", f"a page is at most {MAX_PAGE_ENTRIES} entries and a last line")
    return lines, last


def join_page(lines: Iterable[bytes], last: bytes) -> bytes:
    """A page as it travels."""
    return b"\n".join((*lines, last)) + b"\n"


def _sign(name: str, domain: bytes, members: dict[str, object], key: SigningKey) -> bytes:
    signed = orjson.dumps(members)
    return orjson.dumps({name: b64(signed), "sig": b64(key.sign(framed(domain, signed)))})


def _parts(line: bytes, name: str) -> tuple[bytes, bytes]:
    if len(line) > MAX_BYTES:
        raise ValueError(f"a {name} has at most {MAX_BYTES} bytes")
    members = read_object(line)
    return shapes.octets(members, name), shapes.octets(members, "sig", size=SIGNATURE_BYTES)


def _verify(said: Head | Manifest, document: RegionDocument, signed: bytes, sig: bytes) -> None:
    if said.origin != document.region:
        raise BadHead("WRONG_ORIGIN", f"of {said.origin}, not of {document.region}")
    public = document.current_key(said.kid, at=said.time)
    if public is None:
        raise BadHead("UNKNOWN_KEY", f"{said.kid} may not sign for {said.origin} at that time")
    if not is_signed(public, sig, signed):
        raise BadHead("BAD_SIGNATURE", f"{said.kid} did not sign it")


def _head(source: shapes.Source) -> Head:
    return Head(
        origin=shapes.matching(source, "origin", shapes.REGION),
        channel=shapes.matching(source, "channel", shapes.CHANNEL),
        epoch=shapes.whole(source, "epoch", least=1),
        head=shapes.whole(source, "head"),
        hash=shapes.matching(source, "hash", shapes.SHA256),
        min=shapes.whole(source, "min", least=1),
        time=shapes.moment(source, "time"),
        kid=shapes.matching(source, "kid", shapes.KID),
    )


def _manifest(source: shapes.Source) -> Manifest:
    return Manifest(
        origin=shapes.matching(source, "origin", shapes.REGION),
        channel=shapes.matching(source, "channel", shapes.CHANNEL),
        epoch=shapes.whole(source, "epoch", least=1),
        upto=shapes.whole(source, "upto"),
        head_hash=shapes.matching(source, "headHash", shapes.SHA256),
        count=shapes.whole(source, "count"),
        digest=shapes.matching(source, "digest", shapes.SHA256),
        time=shapes.moment(source, "time"),
        kid=shapes.matching(source, "kid", shapes.KID),
    )
