"""Proof that a region once said something: its own signature on the entry, the head or the manifest at that place."""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from services.federation.protocol import shapes
from services.federation.protocol.document import RegionDocument
from services.federation.protocol.encoding import b64
from services.federation.protocol.entry import (
    BadEntry,
    entry_hash,
    read_protected,
    verify_signature,
)
from services.federation.protocol.head import BadHead, read_head, read_manifest
from services.federation.protocol.keys import SIGNATURE_BYTES
from services.federation.protocol.receiving import Cursor, advance

# The signed part of an entry, or a line as it came: {"protected" | "head" | "manifest": …, "sig": …}.
Proof = Mapping[str, object]


class BadProof(Exception):
    """It does not show that the region said this; the reason is a stable code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def of_entry(protected: bytes, sig: bytes) -> Proof:
    """An entry's: what it says is no part of it."""
    return {"protected": b64(protected), "sig": b64(sig)}


def of_line(line: bytes) -> Proof:
    """A head's or a manifest's, in the bytes in which it was signed."""
    proof: Proof = orjson.loads(line)
    return proof


def to_line(proof: Proof) -> bytes:
    """As it is kept."""
    return orjson.dumps(proof)


def proved(proof: Proof, document: RegionDocument) -> tuple[str, Cursor]:
    """The channel and the place of a log that the document's region has signed for; else BadProof."""
    try:
        if "head" in proof:
            head = read_head(to_line(proof), document)
            return head.channel, Cursor(head.epoch, head.head, head.hash)
        if "manifest" in proof:
            manifest = read_manifest(to_line(proof), document)
            return manifest.channel, Cursor(manifest.epoch, manifest.upto, manifest.head_hash)
        return _of_entry(proof, document)
    except (BadHead, BadEntry) as problem:
        raise BadProof(problem.reason) from problem
    except ValueError as problem:
        raise BadProof("BAD_PROOF") from problem


def _of_entry(proof: Proof, document: RegionDocument) -> tuple[str, Cursor]:
    raw = shapes.octets(proof, "protected")
    signature = shapes.octets(proof, "sig", size=SIGNATURE_BYTES)
    said = read_protected(raw)
    verify_signature(raw, signature, said, document)
    return said.channel, advance(said, entry_hash(raw))
