"""Entries of a region's log: bytes that are signed as they are, chained by hash, with a payload that can be erased."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

import orjson

from services.federation.protocol import shapes
from services.federation.protocol.document import RegionDocument
from services.federation.protocol.encoding import b64, framed, read_object, to_text
from services.federation.protocol.keys import SIGNATURE_BYTES, SigningKey, is_signed

DOMAIN = b"interchange.entry.v1"
MAX_ENTRY_BYTES = 65_536
MAX_PAGE_ENTRIES = 1000
MAX_PAGE_BYTES = 2 * 1024 * 1024
SPEC_VERSION = "1.0"
CONTENT_TYPE = "application/json"
# `prev` of the first entry of an epoch, and the hash of an empty log.
GENESIS = "0" * 64
NO_PAYLOAD = ""

TYPE = re.compile(r"[a-z][a-z0-9.-]{0,80}\.v[1-9][0-9]{0,3}")
OP = re.compile(r"[a-z_]{1,20}")
SCHEMA = re.compile(r"[a-z0-9./-]{1,100}")
SUBJECT = re.compile(shapes.UUID_TEXT.pattern + "|")
PHASH = re.compile(shapes.SHA256.pattern + "|")


class Op(StrEnum):
    """What an entry does. The set is closed: another one is held until this program knows it."""

    PUT = "put"
    WITHDRAW = "withdraw"
    ERASE = "erase"
    EOI = "eoi"
    RECEIPT = "receipt"
    EPOCH = "epoch"


class BadEntry(Exception):
    """The bytes are no entry that can be trusted; the reason is a stable code, the detail names no content."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Protected:
    """What an entry says of itself: CloudEvents' attributes, and its place in the log."""

    origin: str
    channel: str
    epoch: int
    seq: int
    prev: str
    op: str
    type: str
    subject: str
    time: datetime
    dataschema: str
    phash: str = NO_PAYLOAD
    kid: str = ""
    exp: datetime | None = None

    @property
    def id(self) -> str:
        return f"{self.origin}:{self.channel}:{self.epoch}:{self.seq}"

    @property
    def source(self) -> str:
        return f"urn:region:{self.origin}"

    @property
    def major(self) -> tuple[str, int]:
        """The type without its major, and the major: `interchange.notice.v1` is ("interchange.notice", 1)."""
        name, _, major = self.type.rpartition(".v")
        return name, int(major)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as it travels. Relays and logs keep and hand on these bytes unchanged.

    Where the payload was erased, the later entry that erased it comes along, so that a reader can
    tell an erasure from a payload that somebody on the way took out.
    """

    protected: bytes
    payload: bytes | None
    sig: bytes
    erasure: Erasure | None = None

    @property
    def hash(self) -> str:
        return entry_hash(self.protected)

    def line(self) -> bytes:
        """The entry as a line of NDJSON, without the line's end."""
        members: dict[str, object] = {"protected": b64(self.protected), "sig": b64(self.sig)}
        if self.payload is not None:
            members["payload"] = b64(self.payload)
        if self.erasure is not None:
            members["erasure"] = {
                "protected": b64(self.erasure.protected),
                "sig": b64(self.erasure.sig),
            }
        return orjson.dumps(members)


@dataclass(frozen=True, slots=True)
class Erasure:
    """The signed part of an `erase` entry, as proof."""

    protected: bytes
    sig: bytes


def entry_hash(protected: bytes) -> str:
    """What the entry after it names it by: signature and payload are no part of it."""
    return sha256(protected).hexdigest()


def seal_entry(said: Protected, payload: bytes | None, key: SigningKey) -> Entry:
    """The next entry of a log, signed; `phash` and `kid` are filled in here.

    BadEntry TOO_LARGE or BAD_ENTRY where no partner would read it.
    """
    phash = NO_PAYLOAD if payload is None else sha256(payload).hexdigest()
    protected = write_protected(replace(said, phash=phash, kid=key.kid))
    entry = Entry(protected, payload, key.sign(framed(DOMAIN, protected)))
    read_entry(entry.line())
    return entry


def write_protected(said: Protected) -> bytes:
    members: dict[str, object] = {
        "specversion": SPEC_VERSION,
        "id": said.id,
        "source": said.source,
        "type": said.type,
        "time": to_text(said.time),
        "subject": said.subject,
        "datacontenttype": CONTENT_TYPE,
        "dataschema": said.dataschema,
        "channel": said.channel,
        "epoch": said.epoch,
        "seq": said.seq,
        "prev": said.prev,
        "op": said.op,
        "phash": said.phash,
        "kid": said.kid,
    }
    if said.exp is not None:
        members["exp"] = to_text(said.exp)
    return orjson.dumps(members)


def read_entry(line: bytes) -> tuple[Entry, Protected]:
    """An entry and what it says of itself, nothing of it verified yet. BadEntry TOO_LARGE, BAD_ENTRY."""
    if len(line) > MAX_ENTRY_BYTES:
        raise BadEntry("TOO_LARGE", f"an entry has at most {MAX_ENTRY_BYTES} bytes")
    try:
        entry = _read_line(line)
        return entry, read_protected(entry.protected)
    except ValueError as problem:
        raise BadEntry("BAD_ENTRY", str(problem)) from problem


def verify_entry(
    entry: Entry, protected: Protected, document: RegionDocument, *, at: datetime | None = None
) -> None:
    """Raise BadEntry unless the document's region said this and its payload is as it was signed.

    WRONG_ORIGIN, UNKNOWN_KEY, BAD_SIGNATURE, PAYLOAD_CHANGED, and PAYLOAD_MISSING: a payload may be
    missing only where the origin signed its erasure, or where the entry expired before `at`.
    """
    verify_signature(entry.protected, entry.sig, protected, document)
    if entry.payload is not None:
        if sha256(entry.payload).hexdigest() != protected.phash:
            raise BadEntry("PAYLOAD_CHANGED", protected.id)
    elif protected.phash and not (at and protected.exp and protected.exp <= at):
        _verify_erasure(entry.erasure, protected, document)


def verify_signature(
    signed: bytes, signature: bytes, protected: Protected, document: RegionDocument
) -> None:
    """Raise BadEntry WRONG_ORIGIN, UNKNOWN_KEY or BAD_SIGNATURE unless the region said this."""
    said = protected
    if said.origin != document.region:
        raise BadEntry("WRONG_ORIGIN", f"of {said.origin}, in a log of {document.region}")
    public = document.key(said.kid, channel=said.channel, epoch=said.epoch, seq=said.seq)
    if public is None:
        raise BadEntry("UNKNOWN_KEY", f"{said.kid} may not sign {said.id}")
    if not is_signed(public, signature, framed(DOMAIN, signed)):
        raise BadEntry("BAD_SIGNATURE", said.id)


def _verify_erasure(erasure: Erasure | None, missing: Protected, document: RegionDocument) -> None:
    if erasure is None:
        raise BadEntry("PAYLOAD_MISSING", missing.id)
    try:
        said = read_protected(erasure.protected)
    except ValueError as problem:
        raise BadEntry("PAYLOAD_MISSING", f"{missing.id}: its erasure is not readable") from problem
    if not _erases(said, missing):
        raise BadEntry("PAYLOAD_MISSING", f"{missing.id}: {said.id} does not erase it")
    verify_signature(erasure.protected, erasure.sig, said, document)


def _erases(said: Protected, earlier: Protected) -> bool:
    return (
        said.op == Op.ERASE
        and said.subject == earlier.subject
        and (said.origin, said.channel, said.epoch)
        == (earlier.origin, earlier.channel, earlier.epoch)
        and said.seq > earlier.seq
    )


def _read_line(line: bytes) -> Entry:
    members = read_object(line)
    return Entry(
        protected=shapes.octets(members, "protected"),
        payload=shapes.octets(members, "payload") if "payload" in members else None,
        sig=shapes.octets(members, "sig", size=SIGNATURE_BYTES),
        erasure=_read_erasure(members["erasure"]) if "erasure" in members else None,
    )


def _read_erasure(members: object) -> Erasure:
    if type(members) is not dict:
        raise ValueError("erasure must be an object")
    return Erasure(
        shapes.octets(members, "protected"), shapes.octets(members, "sig", size=SIGNATURE_BYTES)
    )


def read_protected(raw: bytes) -> Protected:
    """What an entry says of itself; ValueError names the field that is wrong. Unknown fields are left alone."""
    source = read_object(raw)
    said = Protected(
        origin=_origin(source),
        channel=shapes.matching(source, "channel", shapes.CHANNEL),
        epoch=shapes.whole(source, "epoch", least=1),
        seq=shapes.whole(source, "seq", least=1),
        prev=shapes.matching(source, "prev", shapes.SHA256),
        op=shapes.matching(source, "op", OP),
        type=shapes.matching(source, "type", TYPE),
        subject=shapes.matching(source, "subject", SUBJECT),
        time=shapes.moment(source, "time"),
        dataschema=shapes.matching(source, "dataschema", SCHEMA),
        phash=shapes.matching(source, "phash", PHASH),
        kid=shapes.matching(source, "kid", shapes.KID),
        exp=shapes.moment(source, "exp") if "exp" in source else None,
    )
    _check(said, source)
    return said


def _origin(source: shapes.Source) -> str:
    scheme, _, region = shapes.text(source, "source", limit=60).rpartition(":")
    if scheme != "urn:region" or not shapes.REGION.fullmatch(region):
        raise ValueError("source must look like urn:region:scotland")
    return region


def _check(said: Protected, source: shapes.Source) -> None:
    if source.get("specversion") != SPEC_VERSION:
        raise ValueError("specversion must be 1.0")
    if source.get("id") != said.id:
        raise ValueError("id must be origin:channel:epoch:seq")
    if not said.subject and said.op != Op.EPOCH:
        raise ValueError("subject must be a UUID")
    if said.seq == 1 and said.prev != GENESIS:
        raise ValueError("prev of the first entry must be zeros")
