"""Comparing what a partner has read of us with what we have said: who restored a backup is found out here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.clock import now
from chassis.errors import InvalidArgument
from services.federation.log.models import Channel, LogEntry
from services.federation.log.writing import Log
from services.federation.partners.models import Partner
from services.federation.protocol import shapes
from services.federation.protocol.document import RegionDocument
from services.federation.protocol.proof import BadProof, Proof, proved
from services.federation.protocol.receiving import Cursor

# More would be a storm: partners would do nothing but read us anew.
EPOCH_AT_MOST_EVERY = timedelta(hours=1)
MOST_CHANNELS = 100
# Epochs are hours apart: a backup that lacks so many is older than any that is kept. A partner that
# made one up could otherwise bring us to where numbers end.
FURTHEST_AHEAD = 10_000

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Read:
    """How far somebody has read one of our logs."""

    epoch: int
    seq: int
    hash: str
    proof: Proof | None = None

    @property
    def place(self) -> Cursor:
        return Cursor(self.epoch, self.seq, self.hash)


def read_cursors(said: Mapping[str, Any]) -> Sequence[tuple[str, Read]]:
    """The cursors in what a partner says; InvalidArgument BAD_HELLO for anything else.

    The first of a channel is how far it is. After a fork another follows: where it saw what does
    not go with that.
    """
    try:
        return shapes.objects(said, "cursors", _read, limit=MOST_CHANNELS)
    except ValueError as problem:
        raise InvalidArgument(
            "BAD_HELLO",
            'say {"cursors": [{"channel": "national", "epoch": 1, "seq": 7, "hash": "…", "proof": {…}}]}',
        ) from problem


def _read(cursor: shapes.Source) -> tuple[str, Read]:
    return shapes.matching(cursor, "channel", shapes.CHANNEL), Read(
        epoch=shapes.whole(cursor, "epoch"),
        seq=shapes.whole(cursor, "seq"),
        hash=shapes.matching(cursor, "hash", shapes.SHA256),
        proof=_proof(cursor),
    )


def _proof(cursor: shapes.Source) -> Proof | None:
    proof = cursor.get("proof")
    if proof is not None and not isinstance(proof, dict):
        raise ValueError("proof must be an object")
    return proof


class Comparing:
    """A partner that holds our signature under what is not in our log proves that we lost it.

    Then a new epoch says all anew. Of what it only claims nothing comes.
    """

    def __init__(
        self,
        writing: Log,
        document: Callable[[], RegionDocument],
        clock: Callable[[], datetime] = now,
    ) -> None:
        """`document` is our own: whose keys have signed for us."""
        self._log = writing
        self._document = document
        self._clock = clock

    def compare(self, session: Session, region: str, said: Mapping[str, Any]) -> None:
        """Remember how far they are, and begin a new epoch where we have lost what they know."""
        partner = session.get_one(Partner, region, with_for_update=True)
        theirs = [(name, read) for name, read in read_cursors(said) if partner.reads(name)]
        partner.their_cursors = {
            name: [read.epoch, read.seq, read.hash] for name, read in reversed(theirs)
        }
        at = self._clock()
        # In one order, so that two who say hello don't wait for each other.
        for name, read in sorted(theirs, key=lambda each: each[0]):
            if self._is_lost(session, name, read, at):
                self._renew(session, name, read, at)

    def _is_lost(self, session: Session, name: str, read: Read, at: datetime) -> bool:
        """Whether they have read of us what we do not have, and we may begin anew already."""
        if not read.seq:
            return False
        # Looked at before it is locked: of a hundred that say hello, one at most makes us write.
        if _is_ours(session, name, read) or not self._is_proved(name, read):
            return False
        channel = self._log.locked(session, name, at=at)
        if read.epoch > channel.epoch + FURTHEST_AHEAD:
            log.warning("epoch_too_far", channel=name, epoch=channel.epoch, read=read.epoch)
            return False
        is_early = channel.epoch > 1 and at - channel.epoch_time < EPOCH_AT_MOST_EVERY
        if is_early:
            log.warning("epoch_too_soon", channel=name, epoch=channel.epoch)
        return not is_early

    def _is_proved(self, name: str, read: Read) -> bool:
        """Whether our own signature says that this place was in our log."""
        try:
            shown = proved(read.proof or {}, self._document())
        except BadProof as problem:
            log.warning("loss_not_proved", channel=name, read=read.seq, reason=problem.reason)
            return False
        return shown == (name, read.place)

    def _renew(self, session: Session, name: str, read: Read, at: datetime) -> None:
        """In an epoch after all that anybody has heard of."""
        channel = self._log.locked(session, name, at=at)
        log.error("log_lost", channel=name, epoch=channel.epoch, head=channel.seq, read=read.seq)
        channel.epoch = max(channel.epoch, read.epoch)
        self._log.start_epoch(session, name, at=at)


def _is_ours(session: Session, name: str, read: Read) -> bool:
    """Whether what they read last is of an epoch that is over, or in our log as they read it."""
    epoch = session.scalar(select(Channel.epoch).where(Channel.channel == name)) or 0
    if read.epoch < epoch:
        return True
    found = session.get(LogEntry, (name, read.epoch, read.seq))
    return found is not None and found.hash == read.hash
