"""The sets in memory say the same as the engine, at every moment and whichever way they came to be."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from interchange.common.v1.types_pb2 import OFFICER
from interchange.opportunities.v1 import events_pb2 as events
from interchange.opportunities.v1 import notices_pb2

from chassis.clock import now
from chassis.timestamps import to_proto as stamp
from services.matching.index.schema import NEVER, id_of
from services.matching.index.sets import FIELDS, Sets
from services.matching.index.snapshot import Snapshot
from services.matching.search.asking import understand
from tests.unit.matching.conftest import IPSWICH, NORWICH, SUFFOLK, Desk

Said = dict[tuple[str, str], set[int]]


def said(sets: Sets) -> Said:
    """The numbers of the notices with each term of each field that any has."""
    return {
        (field, term): set(sets.numbers(sets.having(field, [term])).tolist())
        for field in FIELDS
        for term in sets.counts(field, sets.there)
    }


def some_history(desk: Desk) -> Iterator[notices_pb2.Notice]:
    """Notices of many kinds; then some are revised, one twice, and some closed, one of them revised."""
    published = [
        desk.publish(
            kind=1 + number % 3,
            title=f"Shadowing in team {number % 4}",
            themes=["Housing", f"theme {number % 2}"],
            grade_bands=[OFFICER] if number % 2 else [],
            place=NORWICH if number % 3 else IPSWICH,
            organisation_display_name=f"Council {number % 2}",
        )
        for number in range(12)
    ]
    yield from published
    for version, number in enumerate((0, 1, 0), start=4):
        published[number].title, published[number].version = f"Planning {version}", version
        desk.hear(events.NoticeRevised(notice=published[number]))
        yield published[number]
    for number in (1, 2):
        gone = published[number]
        gone.version, gone.state = 9, notices_pb2.Notice.CLOSED
        desk.hear(events.NoticeClosed(notice=gone))
        yield gone


def test_sets_that_followed_are_those_that_are_read_anew(desk: Desk) -> None:
    assert list(some_history(desk))
    other = desk.another()

    other.follow()

    sets, others = desk.follower.snapshot.sets, other.snapshot.sets
    assert said(sets) == said(others)
    assert said(sets)["theme", "housing"] == set(sets.numbers(sets.there).tolist())
    for moment in ("published", "closes", "start", "end"):
        of_each = dict(zip(sets.numbers(sets.there), sets.numbers(sets.there, moment), strict=True))
        there = others.numbers(others.there)
        assert of_each == dict(zip(there, others.numbers(others.there, moment), strict=True))
    other.stop()


def test_each_term_is_counted_as_often_as_it_is_had(desk: Desk) -> None:
    assert list(some_history(desk))
    other = desk.another()

    other.follow()

    for sets in (desk.follower.snapshot.sets, other.snapshot.sets):
        for some in (sets.there, sets.having("kind", ["WANTED"])):
            for field in FIELDS:
                had = {term: sets.having(field, [term]) & some for term in sets.terms(field)}
                expected = {term: len(rows) for term, rows in had.items() if rows}
                assert sets.counts(field, some) == expected
    other.stop()


@pytest.mark.parametrize("query", ["shadowing", "planning team", "plannign", "shad", "housing 3"])
def test_words_are_said_by_those_that_the_engine_finds(desk: Desk, query: str) -> None:
    assert list(some_history(desk))
    snapshot = desk.follower.snapshot

    asked = understand(snapshot, query)

    for word, found in zip(asked.words, asked.sets(snapshot), strict=True):
        alone = understand(snapshot, word.asked).all_words()
        assert set(snapshot.sets.numbers(found).tolist()) == set(snapshot.numbers(alone, 100))


def test_filters_hold_for_those_that_the_engine_finds(desk: Desk) -> None:
    assert list(some_history(desk))
    snapshot = desk.follower.snapshot
    middle = int(snapshot.sets.numbers(snapshot.sets.there, "published")[5])
    wanted, planned = snapshot.having("kind", ["WANTED"]), snapshot.having("theme", ["theme 1"])

    for those in (
        wanted,
        wanted | planned,
        wanted & planned,
        wanted - planned,
        snapshot.having("kind", []),
        snapshot.having("region", ["nowhere"]),
        snapshot.between("published", middle),
        snapshot.between("published", last=middle),
        snapshot.between("closes", int(now().timestamp() * 1_000_000), NEVER),
        snapshot.all - snapshot.having("visibility", ["NETWORK"]),
    ):
        in_sets = set(snapshot.sets.numbers(those.rows).tolist())
        assert in_sets == set(snapshot.numbers(those.query, 100))


def test_a_moment_stays_as_it_was(desk: Desk) -> None:
    moments: list[tuple[Snapshot, Said]] = []
    for _ in some_history(desk):
        snapshot = desk.follower.snapshot
        moments.append((snapshot, said(snapshot.sets)))

    for snapshot, was in moments:
        assert said(snapshot.sets) == was
        numbers = set(snapshot.sets.numbers(snapshot.sets.there).tolist())
        assert set(snapshot.sets.numbered(numbers)) == numbers


def test_what_is_gone_is_not_kept_for_ever(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.matching.index.sets.MOST_GONE", 3)
    notice = desk.publish(organisation=SUFFOLK, title="Allotments")
    first = desk.follower.snapshot

    for version in range(4, 12):
        notice.version, notice.update_time.seconds = version, stamp(now()).seconds
        desk.hear(events.NoticeRevised(notice=notice))

    last = desk.follower.snapshot
    assert last.sets.rows is not first.sets.rows
    assert len(last.sets.rows) < 8  # as often as it was revised
    assert list(last.sets.numbered([id_of(notice.name)])) == [id_of(notice.name)]
    assert desk.found(query="allotments") == [notice.name]
