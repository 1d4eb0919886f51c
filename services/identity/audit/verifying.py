"""Checking the whole audit log, a page at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from chassis.database import Database
from services.identity.audit.chain import Link, Walk
from services.identity.audit.models import HEAD, Entry, Head

PAGE = 1000

COLUMNS = (
    Entry.sequence,
    Entry.create_time,
    Entry.actor,
    Entry.action,
    Entry.subject,
    Entry.detail,
    Entry.hash,
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found: how many entries fit, the first that does not (0: none), the hash of the last that does."""

    entries: int
    first_broken: int
    head_hash: str

    @property
    def is_intact(self) -> bool:
        return self.first_broken == 0


def verify(database: Database) -> Verdict:
    """Follow the chain to the head. Memory stays the same however long it is; others may append meanwhile."""
    walk = Walk()
    while True:
        for entry in _after(database, walk.checked):
            if not walk.fits(entry):
                return Verdict(walk.checked, walk.checked + 1, walk.hash)
        # The head is read after the entries: what it counts was there to be read.
        head = _head(database)
        if head.entries <= walk.checked or not _is_there(database, walk.checked + 1):
            return _compared(walk, head)


def _compared(walk: Walk, head: Head) -> Verdict:
    """Entries taken from the end leave the head ahead; entries put there leave it behind."""
    if head.entries == walk.checked and head.hash == walk.hash:
        return Verdict(walk.checked, 0, walk.hash)
    broken = min(head.entries, walk.checked)
    is_longer_or_shorter = head.entries != walk.checked
    return Verdict(walk.checked, max(broken + is_longer_or_shorter, 1), walk.hash)


def _after(database: Database, sequence: int) -> Iterator[Link]:
    page = _page(database, sequence)
    while page:
        yield from page
        page = _page(database, page[-1].sequence)


def _page(database: Database, after: int) -> Sequence[Link]:
    # A transaction a page: none is held open for as long as a long log takes.
    statement = select(*COLUMNS).order_by(Entry.sequence).limit(PAGE)
    if after:  # the first page shows also what was put before the first entry
        statement = statement.where(Entry.sequence > after)
    with database.read() as session:
        return [Link(*row) for row in session.execute(statement)]


def _head(database: Database) -> Head:
    with database.read() as session:
        return session.get(Head, HEAD) or Head(id=HEAD, entries=0, hash="")


def _is_there(database: Database, sequence: int) -> bool:
    statement = select(Entry.sequence).where(Entry.sequence == sequence)
    with database.read() as session:
        return session.scalar(statement) is not None
