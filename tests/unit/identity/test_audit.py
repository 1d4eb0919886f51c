"""The audit log shows whatever was done to it: altered, removed, put in between, cut off, or rewritten."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from multiprocessing import get_context
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from interchange.identity.v1 import audit_pb2 as pb
from interchange.opportunities.v1 import events_pb2 as events
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from chassis.auth import Principal
from chassis.bus.envelope import encode, headers
from chassis.bus.handling import Handling
from chassis.database import Database, new_id
from services.identity.audit import log
from services.identity.audit.chain import GENESIS, Link, Walk, digest
from services.identity.audit.listeners import HANDLERS
from services.identity.audit.models import Entry, Head
from services.identity.audit.verifying import PAGE, Verdict, verify
from tests.conftest import Databases
from tests.unit.identity.house import CLI, NOTIFICATIONS, House
from tests.unit.identity.measuring import most_memory_of_a_check

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
ACTOR = Principal(person="people/1")
ENTRIES = 5


def fill(database: Database, entries: int = ENTRIES) -> None:
    with database.begin() as session:
        for number in range(entries):
            log.append(session, ACTOR, "organisation.verify", f"organisations/{number}", at=NOW)


def fill_one_by_one(database: Database, entries: int) -> None:
    for _ in range(entries):
        fill(database, 1)


def written(entries: list[Link]) -> list[Link]:
    """The same entries with the hashes that make them a chain."""
    chain, previous = [], GENESIS
    for entry in entries:
        previous = digest(previous, entry)
        chain.append(replace(entry, hash=previous))
    return chain


@pytest.fixture
def database(databases: Databases) -> Database:
    made = databases("identity")
    fill(made)
    return made


links = st.builds(
    Link,
    sequence=st.integers(min_value=1, max_value=2**31 - 1),
    create_time=st.datetimes(timezones=st.just(UTC)),
    actor=st.text(max_size=20),
    action=st.text(max_size=20),
    subject=st.text(max_size=20),
    detail=st.text(max_size=20),
    hash=st.just(""),
)


@given(links, links)
def test_entries_that_differ_have_hashes_that_differ(one: Link, other: Link) -> None:
    assert (digest(GENESIS, one) == digest(GENESIS, other)) is (one == other)


@given(st.lists(links, max_size=8))
def test_a_chain_fits_as_it_was_written(entries: list[Link]) -> None:
    chain = written([replace(each, sequence=n) for n, each in enumerate(entries, start=1)])
    walk = Walk()

    assert all(walk.fits(each) for each in chain)
    assert walk.checked == len(chain)


@given(links)
def test_a_moment_is_the_same_in_every_time_zone(entry: Link) -> None:
    if not timedelta(days=2) < entry.create_time - datetime.min.replace(tzinfo=UTC):
        return
    here = timezone(timedelta(hours=-5))

    assert digest(GENESIS, replace(entry, create_time=entry.create_time.astimezone(here))) == (
        digest(GENESIS, entry)
    )


def test_the_form_that_is_hashed_never_changes() -> None:
    entry = Link(1, NOW, "people/1", "organisation.verify", "organisations/1", "", "")

    content = (
        '{"action":"organisation.verify","actor":"people/1","detail":"","sequence":1,'
        '"subject":"organisations/1","time":"2026-11-02T09:00:00.000000+00:00"}'
    )
    assert digest(GENESIS, entry) == sha256(f"{GENESIS}\n{content}".encode()).hexdigest()


def test_an_untouched_log_is_intact(database: Database) -> None:
    verdict = verify(database)

    assert verdict.is_intact
    assert verdict.entries == ENTRIES
    with database.read() as session:
        newest = session.get_one(Entry, ENTRIES)
    assert verdict.head_hash == newest.hash


def test_an_empty_log_is_intact(databases: Databases) -> None:
    assert verify(databases("identity")) == Verdict(0, 0, GENESIS)


def rewrite_from(session: Session, sequence: int) -> None:
    """Alter an entry, and make all hashes after it fit again."""
    session.execute(update(Entry).where(Entry.sequence == sequence).values(actor="people/2"))
    session.expire_all()
    entries = session.scalars(select(Entry).order_by(Entry.sequence)).all()
    bare = [
        Link(e.sequence, e.create_time, e.actor, e.action, e.subject, e.detail, "") for e in entries
    ]
    for entry, link in zip(entries, written(bare), strict=True):
        entry.hash = link.hash


def put_in_between(session: Session) -> None:
    """Move what comes after up by one, and insert a copy."""
    for sequence in range(ENTRIES, 2, -1):
        session.execute(
            update(Entry).where(Entry.sequence == sequence).values(sequence=sequence + 1)
        )
    put(session, 3)


def put(session: Session, sequence: int, hash: str = "0" * 64) -> None:
    values = {
        "sequence": sequence,
        "create_time": NOW,
        "actor": "people/2",
        "action": "operator.appoint",
        "subject": "people/2",
        "detail": "",
        "hash": hash,
    }
    session.execute(insert(Entry).values(values))


def extend(session: Session) -> None:
    """An entry at the end that fits, but which the head does not count."""
    last = session.get_one(Entry, ENTRIES)
    number = ENTRIES + 1
    entry = Link(number, NOW, "people/2", "operator.appoint", "people/2", "", "")
    put(session, number, digest(last.hash, entry))


TAMPERING: list[tuple[str, Callable[[Session], object], int]] = [
    (
        "an actor",
        lambda s: s.execute(update(Entry).where(Entry.sequence == 3).values(actor="x")),
        3,
    ),
    (
        "a detail",
        lambda s: s.execute(update(Entry).where(Entry.sequence == 1).values(detail="x")),
        1,
    ),
    (
        "a moment",
        lambda s: s.execute(
            update(Entry)
            .where(Entry.sequence == 2)
            .values(create_time=NOW + timedelta(microseconds=1))
        ),
        2,
    ),
    ("a hash", lambda s: s.execute(update(Entry).where(Entry.sequence == 4).values(hash="x")), 4),
    ("the first removed", lambda s: s.execute(delete(Entry).where(Entry.sequence == 1)), 1),
    ("one removed", lambda s: s.execute(delete(Entry).where(Entry.sequence == 3)), 3),
    ("the last removed", lambda s: s.execute(delete(Entry).where(Entry.sequence == ENTRIES)), 5),
    ("the end cut off", lambda s: s.execute(delete(Entry).where(Entry.sequence > 2)), 3),
    ("all removed", lambda s: s.execute(delete(Entry)), 1),
    ("one put in between", put_in_between, 3),
    ("one put at the end", extend, ENTRIES + 1),
    ("one put before", lambda s: put(s, 0), 1),
    ("rewritten to the end", lambda s: rewrite_from(s, 3), ENTRIES),
    ("the head removed", lambda s: s.execute(delete(Head)), 1),
    ("the head turned back", lambda s: s.execute(update(Head).values(entries=4)), 5),
]


@pytest.mark.parametrize(
    ("tamper", "first_broken"), [t[1:] for t in TAMPERING], ids=[t[0] for t in TAMPERING]
)
def test_tampering_is_found_where_it_was_done(
    database: Database, tamper: Callable[[Session], object], first_broken: int
) -> None:
    with database.begin() as session:
        tamper(session)

    verdict = verify(database)

    assert not verdict.is_intact
    assert verdict.first_broken == first_broken


def test_entries_stay_in_a_row_when_many_write_at_once(database: Database) -> None:
    def write(number: int) -> None:
        with database.begin() as session:
            log.append(session, ACTOR, "manager.appoint", f"people/{number}", at=NOW)

    with ThreadPoolExecutor(4) as writers:
        list(writers.map(write, range(20)))

    assert verify(database) == replace(verify(database), entries=ENTRIES + 20, first_broken=0)


def test_what_is_written_while_the_log_is_checked_does_no_harm(database: Database) -> None:
    with ThreadPoolExecutor(1) as writer:
        writing = writer.submit(fill_one_by_one, database, 30)
        verdicts = [verify(database)]
        while not writing.done():
            verdicts.append(verify(database))

    assert all(each.is_intact for each in verdicts)
    assert verify(database).entries == ENTRIES + 30


def test_what_is_undone_leaves_no_entry(database: Database) -> None:
    with pytest.raises(RuntimeError), database.begin() as session:
        log.append(session, ACTOR, "manager.appoint", "people/1", at=NOW)
        raise RuntimeError

    fill(database, 1)

    assert verify(database).entries == ENTRIES + 1


def test_a_long_log_is_checked_in_constant_memory(databases: Databases) -> None:
    database = databases("identity")
    fill(database, 2)

    def used(entries: int) -> int:
        _extend_to(database, entries)
        url = database.engine.url.render_as_string(hide_password=False)
        # A process of its own: what else this one does meanwhile would be counted too.
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
            return process.submit(most_memory_of_a_check, url).result()

    short, long = used(2 * PAGE), used(8 * PAGE)

    assert long < 1.25 * short


def _extend_to(database: Database, entries: int) -> None:
    with database.begin() as session:
        head = session.get_one(Head, 1)
        rows, previous = [], head.hash
        for number in range(head.entries + 1, entries + 1):
            link = Link(number, NOW, "people/1", "person.create", f"people/{number}", "", "")
            previous = digest(previous, link)
            rows.append(
                {
                    "sequence": number,
                    "create_time": NOW,
                    "actor": link.actor,
                    "action": link.action,
                    "subject": link.subject,
                    "detail": "",
                    "hash": previous,
                }
            )
        session.execute(insert(Entry), rows)
        head.entries, head.hash = entries, previous


def test_programs_record_what_their_operators_do(house: House) -> None:
    request = pb.RecordAuditEntryRequest(
        actor=house.operator.person, action="notice.close", subject="notices/1", detail="removed"
    )

    entry = house.audit.RecordAuditEntry(request, NOTIFICATIONS)

    assert entry.name == f"auditEntries/{entry.sequence}"
    newest = house.audit.ListAuditEntries(pb.ListAuditEntriesRequest(page_size=1), house.operator)
    assert list(newest.audit_entries) == [entry]
    verdict = house.audit.VerifyAuditLog(pb.VerifyAuditLogRequest(), CLI)
    assert (verdict.intact, verdict.head_hash) == (True, entry.hash)
    assert (verdict.entries, verdict.first_broken_sequence) == (entry.sequence, 0)


def test_what_people_did_elsewhere_is_written_down_once_and_as_of_when(database: Database) -> None:
    act = events.ActTaken(actor="people/2", action="notice.withdraw", subject="notices/1")
    arrived = ("evt.opportunities.act.taken", headers(act, new_id(), NOW, ""), encode(act))
    for _ in range(2):
        with database.begin() as session:
            Handling("identity", HANDLERS).apply(session, *arrived)

    with database.read() as session:
        newest = session.scalars(select(Entry).order_by(Entry.sequence.desc())).first()

    assert newest
    assert newest.sequence == ENTRIES + 1
    assert (newest.actor, newest.action, newest.subject) == ("people/2", act.action, act.subject)
    assert newest.create_time == NOW
    assert verify(database).is_intact


def test_the_log_is_listed_newest_first_and_filtered(house: House) -> None:
    norfolk = house.organisation("Norfolk")
    house.organisation("Suffolk")
    operator = house.operator.person

    def found(**filters: Any) -> list[tuple[str, str]]:
        request = pb.ListAuditEntriesRequest(**filters)
        entries = house.audit.ListAuditEntries(request, house.operator).audit_entries
        return [(each.actor, each.action) for each in entries]

    assert found(subject=norfolk) == [(operator, "organisation.verify")]
    assert found(actor="programs/cli") == [("programs/cli", "operator.appoint")]
    assert len(found(action="organisation.verify")) == 2
    assert found(actor=operator) == [(operator, "organisation.verify")] * 2


def test_a_broken_log_says_where(house: House) -> None:
    house.organisation("Norfolk")
    with house.database.begin() as session:
        session.execute(update(Entry).where(Entry.sequence == 2).values(subject="people/9"))

    verdict = house.audit.VerifyAuditLog(pb.VerifyAuditLogRequest(), house.operator)

    assert (verdict.intact, verdict.entries, verdict.first_broken_sequence) == (False, 1, 2)
