"""How long partners' words are kept: the live ones for good, the others as long as was agreed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from services.federation.partners.models import Partner
from services.federation.protocol.keys import fingerprint
from services.federation.receiving import retention
from services.federation.receiving.models import AsideState, ReceivedCursor, SetAside
from services.federation.receiving.proving import proof_of
from services.federation.receiving.relaying import Relays
from tests.conftest import Databases
from tests.unit.federation.origins import AT, Origin, subject_of
from tests.unit.federation.receiver import Receiver

DAYS = timedelta(days=90)
MANY = 1_000_000


@pytest.fixture
def scotland() -> Origin:
    return Origin()


@pytest.fixture
def receiver(databases: Databases, scotland: Origin) -> Receiver:
    """It has read seven entries: three notices, of which one was revised, one withdrawn, one erased."""
    made = Receiver(databases("federation"))
    for number in (1, 2, 3):
        scotland.put(number)
    scotland.put(1, version=2)
    scotland.withdraw(2)
    scotland.erase(3)
    scotland.put(4)
    made.take(scotland)
    with made.database.begin() as session:
        words = fingerprint(scotland.root.public)
        session.add(
            Partner.pin(scotland.signed_document, words, own_region="east", channels=[], at=AT)
        )
    return made


def prune(receiver: Receiver, *, after: timedelta = DAYS * 2, most: int = MANY) -> None:
    retention.prune(receiver.database, keep=DAYS, most=most, at=AT + after)


def kept(receiver: Receiver) -> list[int]:
    return [each.seq for each in receiver.entries()]


def relayed(receiver: Receiver, after: int) -> bytes | None:
    with receiver.database.read() as session:
        return Relays().page(session, "scotland", "national", epoch=1, after=after, limit=100)


def test_what_is_old_goes_but_not_what_is_live_nor_the_proof_of_where_we_are(
    receiver: Receiver, scotland: Origin
) -> None:
    prune(receiver)

    assert kept(receiver) == [4, 7]
    assert receiver.live() == {subject_of(1), subject_of(4)}
    with receiver.database.read() as session:
        cursor = session.get_one(ReceivedCursor, ("scotland", "national"))
        assert cursor.place.place == (1, 7)
        assert proof_of(session, cursor)


def test_what_is_not_old_stays_and_is_relayed(receiver: Receiver) -> None:
    prune(receiver, after=DAYS / 2)

    assert kept(receiver) == [1, 2, 3, 4, 5, 6, 7]
    assert relayed(receiver, 0)


def test_a_neighbour_is_not_handed_a_log_with_holes(receiver: Receiver) -> None:
    prune(receiver)

    assert relayed(receiver, 5) is None
    page = relayed(receiver, 6)
    assert page
    assert page.count(b"\n") == 2  # the entry, and the head


def test_more_entries_than_agreed_are_not_kept_however_new(receiver: Receiver) -> None:
    prune(receiver, after=timedelta(), most=3)

    assert kept(receiver) == [4, 5, 6, 7]
    assert relayed(receiver, 4)


def test_reading_goes_on_after_that(receiver: Receiver, scotland: Origin) -> None:
    prune(receiver)
    scotland.withdraw(1)

    receiver.take(scotland, scotland.page(7))

    assert receiver.live() == {subject_of(4)}


def test_what_waits_for_a_decision_is_kept_what_was_decided_goes(
    receiver: Receiver, scotland: Origin
) -> None:
    scotland.say("merge", subject_of(8))
    scotland.say("merge", subject_of(9))
    receiver.take(scotland)
    first, _ = receiver.aside()
    with receiver.database.begin() as session:
        decided = update(SetAside).where(SetAside.id == first.id)
        session.execute(decided.values(state=AsideState.DROPPED, line=None))

    prune(receiver)

    assert [each.subject for each in receiver.aside()] == [subject_of(9)]
