"""Writing a log: the next number under the channel's lock, in the transaction that has something to say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from chassis.bulk import insert_all
from chassis.database import after_commit
from services.federation.log import metrics
from services.federation.log.models import Channel, Erasure, LogEntry
from services.federation.partners.models import Partner, State
from services.federation.protocol.entry import (
    GENESIS,
    Op,
    Protected,
    read_protected,
    seal_entry,
)
from services.federation.protocol.keys import SigningKey
from services.federation.protocol.payloads import EPOCH_SCHEMA, EPOCH_TYPE

SHOWN = (Op.PUT, Op.EOI)
# Who is suspended has what it has: it must erase as well, when it is back.
ASKED = tuple(each for each in State if each is not State.REMOVED)

# On a session: the channels that its transaction has locked.
LOCKED = "interchange_locked_channels"
# Written once; of the table, for nobody in the session has the older entry in hand.
ENTRIES: Table = LogEntry.__table__  # type: ignore[assignment]  # it is one
SUPERSEDE = (
    update(ENTRIES)
    .where(
        ENTRIES.c.channel == bindparam("in_channel"),
        ENTRIES.c.subject.in_(bindparam("subjects", expanding=True)),
        ENTRIES.c.is_live,
    )
    .values(is_live=False)
)


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be said, without its place in the log."""

    channel: str
    op: Op
    type: str
    dataschema: str
    subject: str = ""
    payload: bytes | None = None
    expire_time: datetime | None = None
    version: int = 0


class Log:
    """Appends to the logs of this region. Whoever waits for news is told once it is durable."""

    def __init__(
        self, signer: Callable[[], SigningKey], *, region: str, moved: Callable[[], None]
    ) -> None:
        self._signer = signer
        self._region = region
        self._moved = moved

    def append(self, session: Session, draft: Draft, *, at: datetime) -> None:
        """The next entry of the channel. Rolled back, it never was, and its number is free again."""
        self.append_all(session, [draft], at=at)

    def append_all(self, session: Session, drafts: Sequence[Draft], *, at: datetime) -> None:
        """The next entries of one channel, in their order, each on another subject."""
        channel = self.locked(session, drafts[0].channel, at=at)
        _supersede(session, channel, drafts)
        said = [(each, self._is_live(session, each, at=at)) for each in drafts]
        self._write(session, channel, said, at=at)

    def repeat(self, session: Session, erasure: LogEntry, *, at: datetime) -> None:
        """Ask again for an erasure: of those who have given a receipt none is wanted anew."""
        channel = self.locked(session, erasure.channel, at=at)
        draft = _draft(erasure)
        _supersede(session, channel, [draft])
        self._write(session, channel, [(draft, True)], at=at)

    def locked(self, session: Session, channel: str, *, at: datetime) -> Channel:
        """The channel's row, locked until the transaction ends; made when nothing was ever said on it."""
        held: dict[str, Channel] = session.info.setdefault(LOCKED, {})
        if channel not in held:  # a hundred entries may be one transaction's
            held[channel] = self._lock(session, channel, at=at)
        return held[channel]

    def _lock(self, session: Session, channel: str, *, at: datetime) -> Channel:
        found = session.get(Channel, channel, with_for_update=True, populate_existing=True)
        if found is not None:
            return found
        blank = {"channel": channel, "epoch": 1, "seq": 0, "hash": GENESIS, "first_seq": 1}
        row = {**blank, "policy": {}, "epoch_time": at}
        session.execute(upsert(Channel).values(row).on_conflict_do_nothing())
        return session.get_one(Channel, channel, with_for_update=True)

    def start_epoch(self, session: Session, name: str, *, at: datetime) -> Channel:
        """Begin anew: what is live is said again from number 2 on, after a word on where it was before."""
        channel = self.locked(session, name, at=at)
        live = self._live(session, name)
        session.execute(
            update(LogEntry).where(LogEntry.channel == name, LogEntry.is_live).values(is_live=False)
        )
        channel.epoch, channel.seq, channel.hash = channel.epoch + 1, 0, GENESIS
        channel.first_seq, channel.epoch_time = 1, at
        anew = Draft(name, Op.EPOCH, EPOCH_TYPE, EPOCH_SCHEMA)
        self._write(session, channel, [(anew, False), *((each, True) for each in live)], at=at)
        after_commit(session, metrics.epochs.labels(name).inc)
        return channel

    def _live(self, session: Session, name: str) -> Sequence[Draft]:
        live = select(LogEntry).where(LogEntry.channel == name, LogEntry.is_live)
        ordered = live.order_by(LogEntry.epoch, LogEntry.seq)
        return [_draft(each) for each in session.scalars(ordered)]

    def _write(
        self,
        session: Session,
        channel: Channel,
        said: Sequence[tuple[Draft, bool]],
        *,
        at: datetime,
    ) -> None:
        """Number, chain, sign and keep what is said, each with whether it is live."""
        signer = self._signer()
        rows = [self._row(channel, draft, signer, is_live, at) for draft, is_live in said]
        insert_all(session, ENTRIES, rows)
        after_commit(session, self._moved)

    def _row(
        self, channel: Channel, draft: Draft, signer: SigningKey, is_live: bool, at: datetime
    ) -> dict[str, Any]:
        """The next entry, as it is kept; the channel has moved on."""
        said = Protected(
            origin=self._region,
            channel=channel.channel,
            epoch=channel.epoch,
            seq=channel.seq + 1,
            prev=channel.hash,
            op=draft.op,
            type=draft.type,
            subject=draft.subject,
            time=at,
            dataschema=draft.dataschema,
            phash="",
            kid="",
            exp=draft.expire_time,
        )
        sealed = seal_entry(said, draft.payload, signer)
        channel.seq, channel.hash = said.seq, sealed.hash
        return {
            "channel": channel.channel,
            "epoch": channel.epoch,
            "seq": said.seq,
            "hash": sealed.hash,
            "op": draft.op,
            "type": draft.type,
            "subject": draft.subject,
            "protected": sealed.protected,
            "payload": sealed.payload,
            "sig": sealed.sig,
            "is_live": is_live,
            "version": draft.version,
            "expire_time": draft.expire_time,
            "time": at,
        }

    def _is_live(self, session: Session, draft: Draft, *, at: datetime) -> bool:
        """Whether the entry will stand for something; of an erasure whether anybody is asked for it."""
        return self._erase(session, draft, at=at) if draft.op is Op.ERASE else draft.op in SHOWN

    def _erase(self, session: Session, draft: Draft, *, at: datetime) -> bool:
        """Drop what was said, at once; ask every reader for a receipt. Whether there is any."""
        of_subject = update(LogEntry).where(
            LogEntry.channel == draft.channel, LogEntry.subject == draft.subject
        )
        session.execute(of_subject.values(payload=None))
        partners = session.scalars(select(Partner).where(Partner.state.in_(ASKED)))
        readers = [each.region for each in partners if each.reads(draft.channel)]
        for region in readers:
            asked = Erasure(
                region=region,
                channel=draft.channel,
                subject=draft.subject,
                create_time=at,
                receipt_time=None,  # named, or one that was given for an earlier erasure would stay
            )
            session.merge(asked)
        return bool(readers)


def _supersede(session: Session, channel: Channel, drafts: Sequence[Draft]) -> None:
    """Of one subject only the newest word is live."""
    subjects = [each.subject for each in drafts if each.subject and each.op is not Op.RECEIPT]
    if subjects:
        session.execute(SUPERSEDE, {"in_channel": channel.channel, "subjects": subjects})


def receipted(session: Session, region: str, channel: str, subject: str, *, at: datetime) -> None:
    """A partner signed that something is erased; a receipt for what we did not ask for says nothing."""
    asked = session.get(Erasure, (region, channel, subject))
    if asked is None:
        return
    asked.receipted(at=at)
    session.flush()
    waiting = select(Erasure.region).where(
        Erasure.channel == channel, Erasure.subject == subject, Erasure.receipt_time.is_(None)
    )
    if session.scalars(waiting.limit(1)).first() is None:
        over = update(LogEntry).where(LogEntry.channel == channel, LogEntry.subject == subject)
        session.execute(over.where(LogEntry.op == Op.ERASE.value).values(is_live=False))


def _draft(entry: LogEntry) -> Draft:
    """What was said, to say it again."""
    return Draft(
        channel=entry.channel,
        op=Op(entry.op),
        type=entry.type,
        dataschema=read_protected(entry.protected).dataschema,
        subject=entry.subject,
        payload=entry.payload,
        expire_time=entry.expire_time,
        version=entry.version,
    )
