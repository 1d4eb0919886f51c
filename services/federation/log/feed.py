"""Reading our logs as partners do: pages of a feed, and snapshots of what is live."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypedDict

from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import Session

from chassis.errors import Aborted, FailedPrecondition, NotFound
from services.federation.log.models import Channel, LogEntry, Snapshot
from services.federation.protocol import entry as entries
from services.federation.protocol.entry import MAX_PAGE_BYTES, MAX_PAGE_ENTRIES, Entry, Op
from services.federation.protocol.head import (
    Head,
    Manifest,
    join_page,
    sign_head,
    sign_manifest,
    snapshot_digest,
)
from services.federation.protocol.keys import SigningKey

SNAPSHOT_KEPT = timedelta(hours=1)
# The head or the manifest, and the ends of lines.
RESERVED_BYTES = 8 * 1024


@dataclass(frozen=True, slots=True)
class Reader:
    """Serves our logs, signed as of now."""

    region: str
    signer: SigningKey
    at: datetime

    def feed(self, session: Session, name: str, *, epoch: int, after: int, limit: int) -> bytes:
        """Entries after one, and the signed head. Aborted EPOCH, FailedPrecondition BELOW_MIN."""
        channel = self._channel(session, name)
        if epoch and epoch != channel.epoch:
            raise Aborted("EPOCH", f"{name} is in epoch {channel.epoch}")
        if after + 1 < channel.first_seq:
            raise FailedPrecondition(
                "BELOW_MIN", f"{name} begins at {channel.first_seq}: take a snapshot"
            )
        rows = _after(session, channel, after, min(limit or MAX_PAGE_ENTRIES, MAX_PAGE_ENTRIES))
        head = sign_head(self.head(channel), self.signer)
        return join_page(_fitting(_lines(session, rows)), head)

    def head(self, channel: Channel) -> Head:
        """How far a log goes."""
        return Head(
            origin=self.region,
            channel=channel.channel,
            epoch=channel.epoch,
            head=channel.seq,
            hash=channel.hash,
            min=channel.first_seq,
            time=self.at,
            kid=self.signer.kid,
        )

    def begin_snapshot(self, session: Session, name: str) -> Snapshot:
        """The snapshot of this moment; the one that is there when nothing has changed since."""
        # Locked, or an entry of this moment might be listed and not counted.
        channel = self._channel(session, name, for_update=True)
        found = session.get(Snapshot, _snapshot_id(channel))
        if found and found.expire_time > self.at:
            return found
        live = list(session.execute(_live(channel)))
        manifest = self._manifest(channel, [each.hash for each in live])
        snapshot = Snapshot(
            id=_snapshot_id(channel),
            channel=name,
            epoch=channel.epoch,
            manifest=sign_manifest(manifest, self.signer),
            numbers=[each.seq for each in live],
            expire_time=self.at + SNAPSHOT_KEPT,
        )
        return session.merge(snapshot)

    def snapshot_page(self, session: Session, name: str, identifier: str, after: int) -> bytes:
        """Entries of a snapshot that was begun, and its manifest. FailedPrecondition SNAPSHOT_GONE."""
        snapshot = session.get(Snapshot, f"{name}:{identifier}")
        if snapshot is None or snapshot.expire_time <= self.at:
            raise FailedPrecondition(
                "SNAPSHOT_GONE", "that snapshot is not kept any more: begin again"
            )
        numbers = [each for each in snapshot.numbers if each > after][:MAX_PAGE_ENTRIES]
        rows = session.scalars(
            select(LogEntry)
            .where(LogEntry.channel == name, LogEntry.epoch == snapshot.epoch)
            .where(LogEntry.seq.in_(numbers))
            .order_by(LogEntry.seq)
        ).all()
        return join_page(_fitting(_lines(session, rows)), snapshot.manifest)

    def _manifest(self, channel: Channel, hashes: Sequence[str]) -> Manifest:
        return Manifest(
            origin=self.region,
            channel=channel.channel,
            epoch=channel.epoch,
            upto=channel.seq,
            head_hash=channel.hash,
            count=len(hashes),
            digest=snapshot_digest(hashes),
            time=self.at,
            kid=self.signer.kid,
        )

    def _channel(self, session: Session, name: str, *, for_update: bool = False) -> Channel:
        found = session.get(Channel, name, with_for_update=for_update)
        if found is None:
            raise NotFound("NO_SUCH_CHANNEL", f"nothing was ever said on {name}")
        return found


class Place(TypedDict):
    """How far a log goes, unsigned."""

    epoch: int
    head: int
    hash: str
    min: int


def heads(session: Session, names: Iterable[str]) -> dict[str, Place]:
    """How far logs go, unsigned, as hello and status tell it."""
    found = session.scalars(select(Channel).where(Channel.channel.in_(list(names))))
    return {
        each.channel: {
            "epoch": each.epoch,
            "head": each.seq,
            "hash": each.hash,
            "min": each.first_seq,
        }
        for each in found
    }


def live_count(session: Session, channel: Channel) -> int:
    """How many notices are live on a channel."""
    shown = _live(channel).where(LogEntry.op == Op.PUT.value)
    return session.scalar(select(func.count()).select_from(shown.subquery())) or 0


def forget_snapshots(session: Session, *, at: datetime) -> None:
    """Drop those that nobody may read on."""
    session.execute(delete(Snapshot).where(Snapshot.expire_time <= at))


def _snapshot_id(channel: Channel) -> str:
    return f"{channel.channel}:{channel.epoch}.{channel.seq}"


def _live(channel: Channel) -> Select[int, str]:
    return (
        select(LogEntry.seq, LogEntry.hash)
        .where(LogEntry.channel == channel.channel, LogEntry.epoch == channel.epoch)
        .where(LogEntry.is_live)
        .order_by(LogEntry.seq)
    )


def _after(session: Session, channel: Channel, after: int, limit: int) -> Sequence[LogEntry]:
    statement = (
        select(LogEntry)
        .where(LogEntry.channel == channel.channel, LogEntry.epoch == channel.epoch)
        # What was said since the head was read is not what we sign for.
        .where(LogEntry.seq > after, LogEntry.seq <= channel.seq)
        .order_by(LogEntry.seq)
        .limit(limit)
    )
    return session.scalars(statement).all()


def _lines(session: Session, rows: Sequence[LogEntry]) -> Iterable[bytes]:
    """Each as it travels; where the payload was erased, with the entry that says so."""
    proofs = _erasures(session, [each for each in rows if each.payload is None])
    for each in rows:
        proof = None if each.payload is not None else proofs.get(each.subject)
        proof = proof if proof and proof.seq > each.seq else None
        yield Entry(
            each.protected,
            each.payload,
            each.sig,
            entries.Erasure(proof.protected, proof.sig) if proof else None,
        ).line()


def _erasures(session: Session, missing: Sequence[LogEntry]) -> dict[str, LogEntry]:
    if not missing:
        return {}
    first = missing[0]
    found = session.scalars(
        select(LogEntry)
        .where(LogEntry.channel == first.channel, LogEntry.epoch == first.epoch)
        .where(LogEntry.op == Op.ERASE.value)
        .where(LogEntry.subject.in_({each.subject for each in missing}))
        .order_by(LogEntry.seq)
    )
    return {each.subject: each for each in found}


def _fitting(lines: Iterable[bytes]) -> Iterable[bytes]:
    """As many as a page may hold; at least one, for no entry is larger than a page."""
    room = MAX_PAGE_BYTES - RESERVED_BYTES
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            return
        yield line
