"""How the index keeps up with the read model, and what it does when it can't."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from interchange.opportunities.v1 import events_pb2 as events
from interchange.opportunities.v1 import notices_pb2
from sqlalchemy import update

from chassis.bus import Consumer, Relay, publish
from chassis.database import Database
from chassis.errors import Unavailable
from services.matching.index.follower import Follower, _take_card
from services.matching.index.index import Index
from services.matching.models import Card
from tests.conftest import Databases
from tests.support.servers import Nats
from tests.support.waiting import eventually
from tests.unit.matching.conftest import Desk, a_follower, a_notice, names_in


@pytest.fixture
def away() -> Iterator[Database]:
    with Database("sqlite:////nowhere/matching.db") as database:
        yield database


def test_before_anything_is_loaded_there_is_no_answer_rather_than_an_empty_one(
    away: Database, tmp_path: Path
) -> None:
    follower = a_follower(away, tmp_path)
    follower.start()

    with pytest.raises(Unavailable, match="NOT_LOADED"):
        _ = follower.snapshot

    follower.stop()


def test_once_started_it_knows_everything(desk: Desk) -> None:
    notice = desk.publish()
    follower = desk.another()

    follower.start()

    assert names_in(follower) == {notice.name}
    follower.stop()


def test_a_card_that_is_spoilt_does_not_keep_the_others_out(desk: Desk) -> None:
    spoilt, sound = desk.publish(), desk.publish()
    with desk.database.begin() as session:
        card = update(Card).where(Card.name == spoilt.name)
        session.execute(card.values(payload=b"\xff\xff"))

    again = desk.another()
    again.follow()

    assert names_in(again) == {sound.name}


def test_what_somebody_waits_for_does_not_stand_behind_masses(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.matching.index.follower.COMMITS_APART_S", 60.0)
    monkeypatch.setattr("services.matching.index.follower.FEW_COMMITS", 0)
    follower = desk.another()
    follower.start()

    def finds(*notices: notices_pb2.Notice) -> None:
        assert names_in(follower) == {each.name for each in notices}

    of_masses = desk.publish()
    follower.wake()
    eventually(lambda: finds(of_masses))
    alone = desk.publish()
    follower.hurry()

    eventually(lambda: finds(of_masses, alone), timeout_s=20)
    follower.stop()


def test_what_somebody_waits_for_is_found_before_the_masses_before_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.matching.index.follower.MASSES", 3)
    follower, found = desk.another(), list[set[str]]()
    follower.follow()
    masses = {desk.publish().name for _ in range(3)}
    alone = desk.publish().name

    def take(index: Index, card: Card) -> None:
        found.append(names_in(follower))
        _take_card(index, card)

    monkeypatch.setattr("services.matching.index.follower._take_card", take)
    follower.hurry([alone])
    follower.follow()

    assert found == [set(), *[{alone}] * 4]  # once more with the masses, which is once
    assert names_in(follower) == {alone, *masses}


def on_disk(follower: Follower) -> int:
    """Up to which position of the read model the index's files are."""
    assert follower._index
    return follower._index.position


def test_what_is_new_is_found_before_it_is_on_disk(desk: Desk) -> None:
    beside = desk.publish(title="Mentor wanted", body="Somebody who knows archives.")
    desk.follower._soon_s, before = 60.0, on_disk(desk.follower)

    new = desk.publish(title="Mentor wanted for archives")

    assert desk.found(query="archives") == [new.name, beside.name]
    assert desk.search(query="archives").notices[0].title == new.title
    assert desk.found(query="archivse") == [new.name, beside.name]
    assert desk.found(query="zarquon") == []
    assert on_disk(desk.follower) == before


def test_who_ends_before_it_has_written_what_it_showed_finds_it_again(desk: Desk) -> None:
    first = desk.publish()
    desk.follower._soon_s = 60.0
    shown = desk.publish()

    desk.follower.stop()
    desk.follower.start()

    assert names_in(desk.follower) == {first.name, shown.name}
    desk.follower.stop()


def test_what_is_taken_back_at_once_is_found_no_more(desk: Desk) -> None:
    first = desk.publish()
    desk.follower._soon_s = 60.0
    notice = desk.publish(title="Mentor wanted for archives")

    desk.hear(events.NoticeRevised(notice=_later(notice, title="Mentor wanted for museums")))
    assert desk.found(query="archives") == []
    assert desk.found(query="museums") == [notice.name]
    closed = _later(notice, version=notice.version + 2, state=notices_pb2.Notice.WITHDRAWN)
    desk.hear(events.NoticeClosed(notice=closed))

    assert names_in(desk.follower) == {first.name}


def _later(notice: notices_pb2.Notice, **fields: object) -> notices_pb2.Notice:
    later = notices_pb2.Notice()
    later.CopyFrom(notice)
    later.MergeFrom(notices_pb2.Notice(**{"version": notice.version + 1, **fields}))
    return later


def test_what_was_shown_is_on_disk_soon(desk: Desk) -> None:
    desk.publish()
    follower = desk.another()
    follower._soon_s = 0.05
    follower.start()
    before = on_disk(follower)

    desk.publish()
    follower.wake()

    eventually(lambda: _is(on_disk(follower), before + 1))
    follower.stop()


def test_masses_wait_until_they_are_enough_or_it_is_time(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.matching.index.follower.MASSES", 3)
    monkeypatch.setattr("services.matching.index.follower.ENOUGH", 5)
    follower = desk.another()
    follower.follow()

    first = {desk.publish().name for _ in range(3)}
    follower.follow(masses=False)
    assert names_in(follower) == set()
    more = {desk.publish().name for _ in range(2)}
    follower.follow(masses=False)
    assert names_in(follower) == {*first, *more}

    last = {desk.publish().name for _ in range(3)}
    follower.start()
    eventually(lambda: _is(sorted(names_in(follower)), sorted({*first, *more, *last})))
    follower.stop()


def test_an_index_that_broke_is_built_anew(desk: Desk) -> None:
    notice = desk.publish()
    told = events.NoticePublished(notice=a_notice())
    with desk.database.begin() as session:
        desk.listeners.handlers[type(told)](session, told)
    shutil.rmtree(desk.folder / "index" / "0")

    desk.follower.start()

    def both_are_found() -> None:
        try:
            names = desk.found(query="housing")
        except Unavailable:
            names = []
        assert set(names) == {notice.name, told.notice.name}

    eventually(both_are_found)
    desk.follower.stop()


def test_what_opportunities_announces_is_found(
    desk: Desk, databases: Databases, nats: Nats
) -> None:
    opportunities = databases("opportunities")
    notice = a_notice()
    with nats.connect("opportunities") as theirs, nats.connect("matching") as ours:
        relay = Relay(opportunities, theirs, "opportunities")
        consumer = Consumer(desk.database, ours, "matching", desk.listeners.handlers)
        parts = (relay, desk.follower, consumer)
        for part in parts:
            part.start()

        with opportunities.begin() as session:
            publish(session, events.NoticePublished(notice=notice))
        eventually(lambda: _is(desk.found(), [notice.name]))
        notice.state, notice.version = notices_pb2.Notice.CLOSED, 4
        with opportunities.begin() as session:
            publish(session, events.NoticeClosed(notice=notice))
        eventually(lambda: _is(desk.found(), []))

        for part in reversed(parts):
            part.stop()


def _is(found: list[str], expected: list[str]) -> None:
    assert found == expected
