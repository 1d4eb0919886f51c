"""Two histories of one partner as a row for people."""

from __future__ import annotations

from collections.abc import Iterable

from interchange.federation.v1 import partners_pb2 as pb

SHORT = 12  # of a hash: enough to tell two apart by eye


def fork_row(fork: pb.Fork) -> Iterable[str]:
    """Whose log, up to where we had read, what else was told to whom."""
    yield fork.name.split("/")[1]
    yield f"{fork.channel} {fork.epoch}"
    yield f"{fork.read_sequence} {fork.read_hash[:SHORT]}"
    yield f"{fork.sequence} {fork.hash[:SHORT]}"
    yield fork.teller.removeprefix("partners/")
    yield fork.create_time.ToJsonString()
