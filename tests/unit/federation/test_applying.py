"""Taking pages over: strictly in order, each once, all of it or nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from interchange.federation.v1 import events_pb2 as events
from interchange.opportunities.v1 import notices_pb2
from sqlalchemy import select

from chassis.bus.tables import outbox
from chassis.errors import Aborted
from chassis.foreign import foreign_name
from services.federation.partners.models import Partner
from services.federation.protocol.entry import Op
from services.federation.protocol.head import BadHead, join_page
from services.federation.protocol.keys import SigningKey, fingerprint
from services.federation.protocol.payloads import Receipt, write_receipt
from services.federation.receiving import telling
from services.federation.receiving.applying import apply
from services.federation.receiving.models import AsideState
from services.federation.receiving.notices import Admission
from services.federation.receiving.planning import Stop
from services.federation.receiving.revoking import purge
from tests.conftest import Databases
from tests.unit.federation.origins import AT, Origin, key_info, notice, subject_of
from tests.unit.federation.receiver import Receiver


@pytest.fixture
def receiver(databases: Databases) -> Receiver:
    return Receiver(databases("federation"))


@pytest.fixture
def origin() -> Origin:
    return Origin()


def name_of(number: int) -> str:
    return foreign_name("scotland", f"notices/{subject_of(number)}")


def test_a_notice_comes_with_names_of_this_region(receiver: Receiver, origin: Origin) -> None:
    origin.put(1, title="Shadow a\u202e housing team")

    receiver.take(origin)

    [event] = receiver.told_live()
    assert event.notice.region == "scotland"
    assert event.notice.name == name_of(1)
    assert event.origin_notice == f"notices/{subject_of(1)}"
    assert event.notice.organisation == foreign_name("scotland", event.origin_organisation)
    assert event.notice.title == "Shadow a housing team"
    assert event.notice.kind == notices_pb2.OFFERED
    assert event.notice.state == notices_pb2.Notice.PUBLISHED
    assert (event.position.epoch, event.position.sequence) == (1, 1024)


def test_pages_come_one_after_the_other(receiver: Receiver, origin: Origin) -> None:
    for number in range(10):
        origin.put(number)

    receiver.take(origin, origin.page(0, 4))
    receiver.take(origin, origin.page(4, 6))

    assert receiver.seq(origin) == (1, 10)
    assert len(receiver.told_live()) == len(receiver.live()) == 10


def test_the_whole_feed_twice_is_once(receiver: Receiver, origin: Origin) -> None:
    origin.put(1)
    origin.put(2)
    origin.withdraw(1)

    receiver.take(origin)
    receiver.take(origin)

    assert len(receiver.entries()) == 3
    assert len(receiver.told_live()) == 1
    assert receiver.live() == {subject_of(2)}


def test_nothing_is_applied_ahead_of_a_gap(receiver: Receiver, origin: Origin) -> None:
    for number in range(5):
        origin.put(number)

    planned = receiver.take(origin, origin.page(2))

    assert planned.stop is Stop.GAP
    assert receiver.seq(origin) == (1, 0)
    assert not receiver.told_live()


def test_another_history_is_noticed_and_not_taken(receiver: Receiver, origin: Origin) -> None:
    origin.put(1)
    receiver.take(origin)
    other = Origin(root=origin.root, key=origin.key)
    other.put(7)
    other.put(8)

    planned = receiver.take(origin, other.page())

    assert planned.stop is Stop.FORK
    assert receiver.seq(origin) == (1, 1)
    assert receiver.live() == {subject_of(1)}


def test_what_follows_another_history_is_a_fork_too(receiver: Receiver, origin: Origin) -> None:
    origin.put(1)
    receiver.take(origin)
    other = Origin(root=origin.root, key=origin.key)
    other.put(7)
    other.put(8)

    planned = receiver.take(origin, other.page(1))

    assert planned.stop is Stop.FORK


def test_an_older_epoch_is_dropped_and_a_newer_asks_for_a_snapshot(
    receiver: Receiver, origin: Origin
) -> None:
    origin.put(1)
    old = origin.page()
    origin.begin_epoch()

    assert receiver.take(origin).stop is Stop.NEWER_EPOCH
    receiver.take_snapshot(origin)
    assert not receiver.take(origin, old).entries
    assert receiver.seq(origin) == (2, 2)


def test_a_page_is_taken_whole_or_not_at_all(receiver: Receiver, origin: Origin) -> None:
    origin.put(1)
    origin.erase(1)
    page = receiver.read(origin)

    with pytest.raises(RuntimeError), receiver.database.begin() as session:
        planned = receiver.plan(session, origin, page)
        apply(session, planned, receiver.answers, quota=9, at=AT)
        raise RuntimeError("killed before the commit")

    assert receiver.seq(origin) == (1, 0)
    assert not receiver.entries()
    receiver.take(origin)
    assert receiver.seq(origin) == (1, 2)


def test_a_plan_for_another_state_is_refused(receiver: Receiver, origin: Origin) -> None:
    origin.put(1)
    page = receiver.read(origin)
    with receiver.database.begin() as session:
        planned = receiver.plan(session, origin, page)
    receiver.take(origin)

    with pytest.raises(Aborted), receiver.database.begin() as session:
        apply(session, planned, receiver.answers, quota=9, at=AT)


def test_withdrawn_is_gone(receiver: Receiver, origin: Origin) -> None:
    origin.put(1)
    receiver.take(origin)
    origin.withdraw(1)

    receiver.take(origin)

    [gone] = receiver.told_gone()
    assert (gone.notice, gone.erase, gone.position.sequence) == (name_of(1), False, 2048)
    assert not receiver.live()


def test_what_was_replaced_within_a_page_was_never_seen(receiver: Receiver, origin: Origin) -> None:
    origin.put(1, version=1)
    origin.put(1, version=2)
    origin.put(2)
    origin.withdraw(2)

    receiver.take(origin)

    assert [event.notice.version for event in receiver.told_live()] == [2]
    assert not receiver.told_gone()
    assert [entry.is_live for entry in receiver.entries()] == [False, True, False, False]


def test_a_revision_takes_the_place_of_what_was(receiver: Receiver, origin: Origin) -> None:
    origin.put(1, version=1)
    receiver.take(origin)
    origin.put(1, version=2)

    receiver.take(origin)

    assert [entry.is_live for entry in receiver.entries()] == [False, True]


def test_erased_leaves_nothing_but_that_it_was(receiver: Receiver, origin: Origin) -> None:
    origin.put(1)
    receiver.take(origin)
    origin.erase(1)

    receiver.take(origin)

    [gone] = receiver.told_gone()
    assert gone.erase
    assert [entry.payload for entry in receiver.entries()] == [None, None]
    assert receiver.erased == [subject_of(1)]


def test_erased_before_it_came_is_answered_too(receiver: Receiver, origin: Origin) -> None:
    origin.put(1)
    origin.erase(1)
    assert origin.entries[0].payload is None

    receiver.take(origin)

    assert not receiver.told_live()
    assert receiver.erased == [subject_of(1)]


def test_published_again_after_an_erasure_is_live_and_answered(
    receiver: Receiver, origin: Origin
) -> None:
    origin.put(1, version=1)
    origin.erase(1)
    origin.put(1, version=2)

    receiver.take(origin)

    assert receiver.live() == {subject_of(1)}
    assert receiver.erased == [subject_of(1)]
    assert [bool(entry.payload) for entry in receiver.entries()] == [False, False, True]


def test_a_payload_that_somebody_took_out_stops_the_reading(
    receiver: Receiver, origin: Origin
) -> None:
    origin.put(1)
    origin.put(2)
    stripped = origin.entries[1].line().replace(b',"payload"', b',"gone"')

    receiver.take(origin, join_page([origin.entries[0].line(), stripped], origin.head()))

    assert receiver.seq(origin) == (1, 1)
    [quarantined] = receiver.aside()
    assert (quarantined.state, quarantined.reason) == (AsideState.QUARANTINED, "PAYLOAD_MISSING")
    receiver.take(origin)
    assert receiver.seq(origin) == (1, 2)


@pytest.mark.parametrize("changed", ["sig", "payload"])
def test_one_bit_is_enough_not_to_be_trusted(
    receiver: Receiver, origin: Origin, changed: str
) -> None:
    origin.put(1)
    line = origin.entries[0].line()
    place = line.index(f'"{changed}":"'.encode()) + len(changed) + 14
    flipped = line[:place] + (b"A" if line[place : place + 1] != b"A" else b"B") + line[place + 1 :]

    receiver.take(origin, join_page([flipped], origin.head()))
    receiver.take(origin, join_page([flipped], origin.head()))

    assert receiver.seq(origin) == (1, 0)
    [quarantined] = receiver.aside()
    assert quarantined.state is AsideState.QUARANTINED


def test_a_key_that_nobody_vouched_for_is_not_trusted(receiver: Receiver, origin: Origin) -> None:
    content = origin.put(1).payload
    origin.entries.clear()
    origin.say(Op.PUT, subject_of(1), content, key=SigningKey.generate("scotland-2026-9"))

    receiver.take(origin)

    assert receiver.seq(origin) == (1, 0)
    assert [each.reason for each in receiver.aside()] == ["UNKNOWN_KEY"]


def test_a_head_of_somebody_else_is_no_page(receiver: Receiver, origin: Origin) -> None:
    stranger = Origin()

    with pytest.raises(BadHead):
        receiver.take(origin, stranger.page())


def test_what_is_not_understood_is_held_and_the_rest_flows_on(
    receiver: Receiver, origin: Origin
) -> None:
    origin.say(Op.PUT, subject_of(1), b'{"notice":{}}')
    origin.say(Op.PUT, subject_of(2), b"{}", kind="interchange.notice.v2")
    origin.say("transmogrify", subject_of(3), b"{}")
    origin.put(4)

    receiver.take(origin)

    assert receiver.seq(origin) == (1, 4)
    held = [(each.state, each.reason) for each in receiver.aside()]
    assert held == [
        (AsideState.HELD, "BAD_PAYLOAD"),
        (AsideState.HELD, "UNKNOWN_MAJOR"),
        (AsideState.HELD, "UNKNOWN_OP"),
    ]
    assert receiver.live() == {subject_of(4)}


def test_an_entry_about_another_notice_is_held(receiver: Receiver, origin: Origin) -> None:
    content = origin.put(1).payload
    origin.entries.clear()
    origin.say(Op.PUT, subject_of(2), content)

    receiver.take(origin)

    assert [each.reason for each in receiver.aside()] == ["BAD_SUBJECT"]


@pytest.mark.parametrize(
    "admission",
    [
        Admission(kinds=frozenset({notices_pb2.WANTED})),
        Admission(formats=frozenset({notices_pb2.SWAP})),
        Admission(
            refused_organisations=frozenset({f"organisations/{notice(1)['organisation']['id']}"})
        ),
    ],
)
def test_what_policy_does_not_admit_is_held(
    databases: Databases, origin: Origin, admission: Admission
) -> None:
    receiver = Receiver(databases("federation"), admission=admission)
    origin.put(1)

    receiver.take(origin)

    assert not receiver.live()
    assert [each.reason for each in receiver.aside()] == ["NOT_ADMITTED"]


def test_a_notice_that_is_not_understood_any_more_is_not_shown_as_it_was(
    receiver: Receiver, origin: Origin
) -> None:
    origin.put(1)
    receiver.take(origin)
    origin.say(Op.PUT, subject_of(1), b"{}", kind="interchange.notice.v2")

    receiver.take(origin)

    [gone] = receiver.told_gone()
    # Before the entry itself, so that the entry may be taken over later.
    assert gone.position.sequence == 2047
    assert not receiver.live()


def test_a_held_entry_that_is_overtaken_is_dropped(receiver: Receiver, origin: Origin) -> None:
    origin.say(Op.PUT, subject_of(1), b"{}", kind="interchange.notice.v2")
    receiver.take(origin)
    origin.put(1, version=2)

    receiver.take(origin)

    [held] = receiver.aside()
    assert (held.state, held.line) == (AsideState.DROPPED, None)


def test_more_live_notices_than_agreed_are_held(databases: Databases, origin: Origin) -> None:
    receiver = Receiver(databases("federation"), quota=2)
    for number in range(4):
        origin.put(number)
    receiver.take(origin)
    origin.withdraw(0)
    origin.put(5)

    receiver.take(origin)

    assert [each.reason for each in receiver.aside()] == ["LIVE_QUOTA", "LIVE_QUOTA"]
    assert receiver.live() == {subject_of(1), subject_of(5)}


def test_a_snapshot_sweeps_what_it_does_not_list(receiver: Receiver, origin: Origin) -> None:
    for number in range(3):
        origin.put(number)
    receiver.take(origin)
    del origin.entries[2]  # a backup from before the third
    origin.withdraw(0)
    origin.begin_epoch()

    receiver.take_snapshot(origin)

    gone = {event.notice for event in receiver.told_gone()}
    assert gone == {name_of(0), name_of(2)}
    assert receiver.live() == {subject_of(1)}
    assert receiver.seq(origin) == (2, 2)
    origin.put(9)
    receiver.take(origin, origin.page(2))
    assert receiver.live() == {subject_of(1), subject_of(9)}


def test_a_snapshot_erases_what_it_lists_as_erased_and_that_is_signed_for(
    receiver: Receiver,
) -> None:
    origin = Origin(waits_for_receipts=True)
    origin.put(0)
    origin.put(1)
    receiver.take(origin)
    origin.erase(0)
    origin.begin_epoch()

    receiver.take_snapshot(origin)

    (gone,) = receiver.told_gone()
    assert (gone.notice, gone.erase) == (name_of(0), True)
    assert receiver.erased == [subject_of(0)]
    assert receiver.live() == {subject_of(1)}


def test_a_snapshot_that_is_not_what_was_signed_for_is_refused(
    receiver: Receiver, origin: Origin
) -> None:
    for number in range(3):
        origin.put(number)
    receiver.take(origin)
    origin.begin_epoch()
    lines = [each.line() for each in origin.live]

    with pytest.raises(BadHead):
        receiver.take_snapshot(origin, join_page(lines[1:], origin.manifest()))

    assert len(receiver.live()) == 3
    assert receiver.seq(origin) == (1, 3)


def test_a_snapshot_within_an_epoch_goes_on_from_where_it_ends(
    receiver: Receiver, origin: Origin
) -> None:
    origin.put(1)
    receiver.take(origin)
    for number in range(2, 6):
        origin.put(number)
    origin.withdraw(1)

    receiver.take_snapshot(origin)

    assert receiver.seq(origin) == (1, 6)
    assert receiver.live() == {subject_of(number) for number in range(2, 6)}


def test_a_receipt_reaches_who_asked_for_it(receiver: Receiver) -> None:
    origin = Origin(channel="to.east-of-england")
    receipt = Receipt(channel="national", epoch=1, seq=7, subject=subject_of(1))
    origin.say(Op.RECEIPT, subject_of(1), write_receipt(receipt), kind="interchange.receipt.v1")

    receiver.take(origin)

    assert receiver.receipts == [receipt]


def test_what_a_revoked_key_signed_is_taken_back(receiver: Receiver, origin: Origin) -> None:
    from services.federation.protocol.document import Revoked

    origin.put(1)
    stolen, fresh = SigningKey.generate("scotland-stolen"), origin.key
    origin.revise(keys=(key_info(fresh), key_info(stolen)))
    origin.key = stolen
    origin.put(2)
    receiver.take(origin)
    origin.key = fresh
    origin.revise(revoked=(Revoked("scotland-stolen", "national", 1, 2),))

    with receiver.database.begin() as session:
        assert purge(session, origin.document) == 1

    assert receiver.seq(origin) == (1, 1)
    assert [event.notice for event in receiver.told_gone()] == [name_of(2)]
    receiver.take(origin)
    assert [each.reason for each in receiver.aside()] == ["UNKNOWN_KEY"]
    assert receiver.seq(origin) == (1, 1)


def test_what_a_page_says_is_told_some_at_a_time_on_the_partners_lane(
    receiver: Receiver, origin: Origin
) -> None:
    for number in range(120):
        origin.put(number)

    receiver.take(origin)

    told = receiver.events(events.PartnerNoticesTold)
    assert [len(each.live) for each in told] == [50, 50, 20]
    assert {each.region for each in told} == {"scotland"}
    with receiver.database.read() as session:
        subjects = set(session.scalars(select(outbox.c.subject)))
    assert subjects == {"lane.federation.0.notices.told"}


def test_partners_have_lanes_of_their_own_and_each_pinning_counts_as_later(
    receiver: Receiver, origin: Origin
) -> None:
    other = Origin(region="wales")
    with receiver.database.begin() as session:
        for number, each in enumerate((origin, other)):
            session.add(pinned(each, at=AT + timedelta(seconds=number)))
        for each in (origin, other):
            word = events.GoneNoticeFacts(notice=name_of(1))
            telling.tell(session, each.region, [word])

    first, second = receiver.events(events.PartnerNoticesTold)
    with receiver.database.read() as session:
        subjects = list(session.scalars(select(outbox.c.subject).order_by(outbox.c.pos)))
    assert subjects == [f"lane.federation.{lane}.notices.told" for lane in (0, 1)]
    assert second.pinning == first.pinning + 1_000_000


def pinned(origin: Origin, *, at: datetime) -> Partner:
    return Partner.pin(
        origin.signed_document,
        fingerprint(origin.root.public),
        own_region="east-of-england",
        channels=[],
        at=at,
    )
