"""The chain of hashes: what an entry's hash is made of, and where a chain is broken."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

GENESIS = "0" * 64  # what the first entry follows


@dataclass(frozen=True, slots=True)
class Link:
    """An entry as it was stored."""

    sequence: int
    create_time: datetime
    actor: str
    action: str
    subject: str
    detail: str
    hash: str


def digest(previous: str, entry: Link) -> str:
    """Lower-case hex SHA-256 over the hash before, a newline, and the entry's canonical content."""
    return sha256(previous.encode() + b"\n" + canonical(entry)).hexdigest()


def canonical(entry: Link) -> bytes:
    """The content as JSON in UTF-8: keys in order, no spaces, microseconds of UTC. The hash is no part of it."""
    content = {
        "action": entry.action,
        "actor": entry.actor,
        "detail": entry.detail,
        "sequence": entry.sequence,
        "subject": entry.subject,
        "time": entry.create_time.astimezone(UTC).isoformat(timespec="microseconds"),
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


class Walk:
    """Follows a chain from its beginning, one entry at a time, and remembers nothing but the last."""

    def __init__(self) -> None:
        self.checked = 0
        self.hash = GENESIS

    def fits(self, entry: Link) -> bool:
        """Whether this is the next entry and unaltered; the walk goes on only if it is."""
        if entry.sequence != self.checked + 1 or entry.hash != digest(self.hash, entry):
            return False
        self.checked, self.hash = entry.sequence, entry.hash
        return True
