"""What was set aside and what forked, as operators see it: never what it says."""

from __future__ import annotations

from typing import Any

import orjson
from interchange.federation.v1 import partners_pb2 as pb

from chassis import convert
from chassis.names import format_name
from chassis.timestamps import to_proto as stamp
from services.federation.receiving.models import Fork, SetAside


def to_proto(entry: SetAside) -> pb.SetAsideEntry:
    return pb.SetAsideEntry(
        name=format_name("partners", entry.origin, "setAsideEntries", entry.id),
        state=convert.number(entry.state),
        reason=entry.reason,
        detail=entry.detail,
        channel=entry.channel,
        epoch=entry.epoch,
        sequence=entry.seq,
        create_time=stamp(entry.create_time),
    )


def fork_to_proto(fork: Fork) -> pb.Fork:
    return pb.Fork(
        name=format_name("partners", fork.origin, "forks", fork.id),
        channel=fork.channel,
        epoch=fork.epoch,
        sequence=fork.seq,
        hash=fork.hash,
        proof=fork.proof,
        read_sequence=fork.read_seq,
        read_hash=fork.read_hash,
        read_proof=fork.read_proof or b"",
        head=fork.head or b"",
        teller=format_name("partners", fork.teller),
        create_time=stamp(fork.create_time),
        evidence=orjson.dumps(_evidence(fork), option=orjson.OPT_UTC_Z),
    )


def _evidence(fork: Fork) -> dict[str, Any]:
    """Both places with the origin's signatures: whoever has its document can verify that it signed both."""
    return {
        "origin": fork.origin,
        "channel": fork.channel,
        "epoch": fork.epoch,
        "read": _place(fork.read_seq, fork.read_hash, fork.read_proof),
        "other": _place(fork.seq, fork.hash, fork.proof),
        "head": orjson.loads(fork.head) if fork.head else None,
        "teller": fork.teller,
        "time": fork.create_time,
    }


def _place(number: int, entry_hash: str, proof: bytes | None) -> dict[str, Any]:
    shown = orjson.loads(proof) if proof else None
    return {"seq": number, "hash": entry_hash, "proof": shown}
