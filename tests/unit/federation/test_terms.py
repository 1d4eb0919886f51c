"""Narrower terms hide what they do not admit at once; wider ones bring back what still stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from interchange.federation.v1 import events_pb2 as events
from interchange.opportunities.v1 import notices_pb2
from sqlalchemy import delete, insert, select, update

from chassis.foreign import foreign_name
from services.federation.partners.models import Partner
from services.federation.protocol.keys import fingerprint
from services.federation.protocol.receiving import Cursor
from services.federation.receiving.applying import aside_row
from services.federation.receiving.judging import Judging
from services.federation.receiving.models import ReceivedCursor, ReceivedEntry, SetAside
from services.federation.receiving.notices import Admission
from services.federation.receiving.planning import Held, Plan
from services.federation.receiving.reading import Received
from services.federation.receiving.readmitting import Readmitting
from services.federation.receiving.relaying import Relays
from services.federation.receiving.terms import refused, took
from services.federation.records.models import IncomingRecord
from tests.conftest import Databases
from tests.unit.federation.origins import AT, Origin, subject_of
from tests.unit.federation.receiver import Receiver

OFFERED, WANTED = subject_of(1), subject_of(2)


@dataclass
class Desk:
    """A region that has read Scotland, and the terms between them."""

    receiver: Receiver
    scotland: Origin
    readmitting: Readmitting

    def agree(self, **terms: object) -> None:
        """New terms, and what follows from them."""
        self.change(lambda partner: partner.agree(**terms))  # type: ignore[arg-type]
        self.readmitting.step()

    def change(self, change: Callable[[Partner], None]) -> None:
        with self.receiver.database.begin() as session:
            change(session.get_one(Partner, "scotland"))

    @property
    def cursor(self) -> ReceivedCursor:
        with self.receiver.database.read() as session:
            return session.get_one(ReceivedCursor, ("scotland", "national"))

    @property
    def held(self) -> list[tuple[str, str]]:
        return [
            (each.reason, each.subject)
            for each in self.receiver.aside()
            if each.state.name == "HELD"
        ]


@pytest.fixture
def desk(databases: Databases) -> Desk:
    scotland, receiver = Origin(), Receiver(databases("federation"))
    with receiver.database.begin() as session:
        words = fingerprint(scotland.root.public)
        session.add(
            Partner.pin(scotland.signed_document, words, own_region="east", channels=[], at=AT)
        )
    scotland.put(1)
    scotland.put(2, kind="WANTED")
    receiver.take(scotland)
    judging = Judging(receiver.database)
    readmitting = Readmitting(receiver.database, judging, lambda: AT + timedelta(seconds=5))
    readmitting.step()
    return Desk(receiver, scotland, readmitting)


ONLY_WANTED = {"kinds": [notices_pb2.WANTED]}


def test_the_same_terms_change_nothing(desk: Desk) -> None:
    desk.agree(quota=(5, 5, 50))

    assert desk.receiver.live() == {OFFERED, WANTED}
    assert desk.held == []


def test_what_a_narrower_policy_does_not_admit_is_gone_at_once_and_held(desk: Desk) -> None:
    desk.agree(policy=ONLY_WANTED)

    assert desk.receiver.live() == {WANTED}
    assert desk.held == [("NOT_ADMITTED", OFFERED)]
    assert desk.cursor.live_notices == 1
    (gone,) = desk.receiver.told_gone()
    assert gone.notice.startswith("notices/")
    assert not gone.erase


def test_a_wider_policy_brings_back_what_still_stands(desk: Desk) -> None:
    desk.agree(policy=ONLY_WANTED)

    desk.agree(policy={})

    assert desk.receiver.live() == {OFFERED, WANTED}
    assert desk.held == []
    assert desk.cursor.live_notices == 2


def test_each_word_counts_as_later_than_the_one_before_and_earlier_than_the_next_entry(
    desk: Desk,
) -> None:
    for _ in range(3):
        desk.agree(policy=ONLY_WANTED)
        desk.agree(policy={})
    desk.scotland.put(1, version=2)
    desk.receiver.take(desk.scotland)

    name = foreign_name("scotland", f"notices/{OFFERED}")
    told = desk.receiver.events(events.PartnerNoticesTold)
    shown = [live.position for each in told for live in each.live if live.notice.name == name]
    hidden = [gone.position for each in told for gone in each.gone if gone.notice == name]
    assert (len(shown), len(hidden)) == (5, 3)
    in_turn = [place.sequence for pair in zip(shown, hidden, strict=False) for place in pair]
    in_turn += [each.sequence for each in shown[len(hidden) :]]
    assert in_turn == sorted(set(in_turn))


def test_what_was_withdrawn_meanwhile_does_not_come_back(desk: Desk) -> None:
    desk.agree(policy=ONLY_WANTED)
    desk.scotland.withdraw(1)
    desk.receiver.take(desk.scotland)

    desk.agree(policy={})

    assert desk.receiver.live() == {WANTED}


def test_what_comes_back_waits_until_its_origin_was_heard_again(desk: Desk) -> None:
    desk.agree(policy=ONLY_WANTED)
    late = Readmitting(
        desk.receiver.database,
        Judging(desk.receiver.database),
        lambda: AT + timedelta(hours=1),
    )
    desk.change(lambda partner: partner.agree(policy={}))
    late.step()
    assert desk.receiver.live() == {WANTED}
    desk.receiver.take(desk.scotland, desk.scotland.page(2, at=AT + timedelta(hours=1)))

    late.step()

    assert desk.receiver.live() == {OFFERED, WANTED}


def test_what_an_origin_does_not_share_with_us_any_more_is_not_ours_to_show(desk: Desk) -> None:
    with desk.receiver.database.begin() as session:
        refused(session, "scotland", "national")
    desk.readmitting.step()

    assert desk.receiver.live() == set()
    assert {reason for reason, _ in desk.held} == {"NOT_SHARED"}
    with desk.receiver.database.begin() as session:
        cursor = session.get_one(ReceivedCursor, ("scotland", "national"))
        took(session, session.get_one(Partner, "scotland"), cursor, Admission())
    desk.readmitting.step()
    assert desk.receiver.live() == {OFFERED, WANTED}


def test_a_channel_that_we_read_no_more_is_not_shown(desk: Desk) -> None:
    desk.agree(channels=["group.others"])
    assert desk.receiver.live() == set()

    desk.agree(channels=["national"])
    assert desk.receiver.live() == {OFFERED, WANTED}


def test_what_a_page_under_older_terms_brought_is_judged_by_those_that_hold(desk: Desk) -> None:
    desk.agree(policy=ONLY_WANTED)
    desk.scotland.put(3)
    desk.receiver.take(desk.scotland)  # by terms that admit all
    with desk.receiver.database.begin() as session:
        cursor = session.get_one(ReceivedCursor, ("scotland", "national"))
        took(session, session.get_one(Partner, "scotland"), cursor, Admission())

    desk.readmitting.step()

    assert desk.receiver.live() == {WANTED}


def test_what_is_hidden_is_relayed_all_the_same(desk: Desk) -> None:
    desk.agree(policy=ONLY_WANTED)

    with desk.receiver.database.read() as session:
        page = Relays().page(session, "scotland", "national", epoch=1, after=0, limit=10)

    assert page == desk.scotland.page()


def as_an_older_release_left_it(desk: Desk, received: Received) -> None:
    """Held, because that release could make nothing of it."""
    cursor, held = desk.cursor, Held("UNKNOWN_MAJOR", "of a later version")
    plan = Plan("scotland", "national", cursor.place, cursor.place, (), (), {})
    with desk.receiver.database.begin() as session:
        session.execute(insert(SetAside).values(aside_row(plan, received, held, AT)))
        at_entry = ReceivedEntry.seq == received.protected.seq
        session.execute(update(ReceivedEntry).where(at_entry).values(is_live=False))
        session.execute(
            update(ReceivedCursor).values(
                judged_by="by another release", live_notices=ReceivedCursor.live_notices - 1
            )
        )


def test_what_this_release_can_read_is_taken_over_after_the_upgrade(desk: Desk) -> None:
    (_, wanted) = desk.receiver.read(desk.scotland, desk.scotland.page()).entries
    as_an_older_release_left_it(desk, wanted)
    assert desk.receiver.live() == {OFFERED}

    desk.readmitting.step()

    assert desk.receiver.live() == {OFFERED, WANTED}
    assert desk.held == []
    assert desk.cursor.live_notices == 2


def test_what_no_release_can_read_yet_stays_held(desk: Desk) -> None:
    desk.scotland.say("merge", subject_of(3))
    desk.receiver.take(desk.scotland)
    with desk.receiver.database.begin() as session:
        session.execute(update(ReceivedCursor).values(judged_by="by another release"))

    desk.readmitting.step()

    assert desk.held == [("UNKNOWN_OP", subject_of(3))]


def test_a_record_that_was_held_is_handed_to_its_owner_when_it_can_be_read(desk: Desk) -> None:
    private = Origin(channel="to.east")
    private.say("eoi", subject_of(4), b"sealed", kind="interchange.record.v1")
    page = desk.receiver.read(private)
    desk.receiver.take(private)
    plan = Plan("scotland", "to.east", Cursor(1, 1, ""), Cursor(1, 1, ""), (), (), {})
    held = Held("UNKNOWN_MAJOR", "of a later version")
    with desk.receiver.database.begin() as session:
        session.execute(delete(IncomingRecord))
        session.execute(insert(SetAside).values(aside_row(plan, page.entries[0], held, AT)))

    desk.readmitting.step()

    assert desk.held == []
    with desk.receiver.database.read() as session:
        assert session.scalars(select(IncomingRecord.subject)).all() == [subject_of(4)]
