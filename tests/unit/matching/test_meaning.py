"""Finding by meaning, and what is said when only words can be used; two replicas alike."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from interchange.matching.v1 import matching_pb2 as pb
from interchange.opportunities.v1 import events_pb2 as events
from interchange.opportunities.v1 import notices_pb2
from sqlalchemy import func, select

from chassis.auth import acting_as
from chassis.clock import now
from services.matching.index.understanding import Understanding
from services.matching.search.searching import search
from services.matching.text.artefacts import FOLDER
from services.matching.text.encoder import Encoder
from services.matching.text.loading import load_encoder
from services.matching.text.vectors import Vector
from tests.support.waiting import eventually
from tests.unit.matching.conftest import VISITOR, Desk, a_follower

Answer = pb.SearchNoticesResponse


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    found = load_encoder(FOLDER)
    assert found is not None
    return found


class Knowing:
    """A replica of the desk's that understands, brought up to date before each question."""

    def __init__(self, desk: Desk, encoder: Encoder) -> None:
        self.follower = a_follower(desk.database, desk.folder, lambda: encoder)
        self.follower.understanding.load()

    def search(self, **fields: object) -> Answer:
        self.follower.follow()
        catch_up(self.follower.understanding)
        request = pb.SearchNoticesRequest(**fields)
        with acting_as(VISITOR):
            return search(
                self.follower,
                request,
                VISITOR,
                at=now(),
            )


def catch_up(understanding: Understanding) -> None:
    while understanding.step():
        pass


@pytest.fixture
def knowing(desk: Desk, encoder: Encoder) -> Iterator[Knowing]:
    replica = Knowing(desk, encoder)
    yield replica
    replica.follower.stop()


def titles(answer: Answer) -> list[str]:
    return [notice.title for notice in answer.notices]


def test_what_means_the_same_is_found_without_its_words(desk: Desk, knowing: Knowing) -> None:
    desk.publish(title="Secondment offered in debt advice", format=notices_pb2.SECONDMENT, body="")
    desk.publish(title="Secondment offered in bridge engineering", body="")

    answer = knowing.search(query="help with money problems")

    assert titles(answer) == ["Secondment offered in debt advice"]
    assert answer.quality == Answer.ENCODER
    assert 0 < answer.hits[0].score <= 1
    assert desk.search(query="help with money problems").total_size == 0


def test_who_asks_again_is_told_of_what_came_and_went_meanwhile(
    desk: Desk, knowing: Knowing
) -> None:
    query = "help with money problems"
    first = desk.publish(title="Debt advice", body="")
    assert titles(knowing.search(query=query)) == titles(knowing.search(query=query))

    desk.publish(title="Advice on debts", body="")
    first.version, first.state = 9, notices_pb2.Notice.CLOSED
    desk.hear(events.NoticeClosed(notice=first))

    assert titles(knowing.search(query=query)) == ["Advice on debts"]


def test_filters_and_counts_hold_for_what_is_found_by_meaning(desk: Desk, knowing: Knowing) -> None:
    for number in range(6):
        desk.publish(title="Debt advice", body="", format=1 + number % 3, kind=1 + number % 2)

    answer = knowing.search(query="help with money problems", kind=[notices_pb2.WANTED])

    counts = {each.field: {v.value: v.count for v in each.values} for each in answer.facets}
    assert answer.total_size == 3
    for value, count in counts["format"].items():
        chosen = [notices_pb2.Format.Value(value)]
        again = knowing.search(
            query="help with money problems", kind=[notices_pb2.WANTED], format=chosen
        )
        assert again.total_size == count
    assert sum(counts["kind"].values()) == 6


def test_an_inner_notice_is_not_found_by_its_meaning_either(desk: Desk, knowing: Knowing) -> None:
    desk.publish(title="Debt advice", visibility=notices_pb2.ORGANISATION)

    assert knowing.search(query="help with money problems").total_size == 0


def test_a_notice_is_found_by_words_before_it_is_understood(desk: Desk, knowing: Knowing) -> None:
    notice = desk.publish(title="Allotments wanted")
    knowing.follower.follow()

    with acting_as(VISITOR):
        answer = search(
            knowing.follower,
            pb.SearchNoticesRequest(query="allotment"),
            VISITOR,
            at=now(),
        )

    assert [each.name for each in answer.notices] == [notice.name]


def test_meanings_wait_while_masses_come_but_not_for_ever(
    desk: Desk, knowing: Knowing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.matching.index.understanding.MASSES", 3)
    monkeypatch.setattr("services.matching.index.understanding.CALM_S", 600.0)
    monkeypatch.setattr("services.matching.index.understanding.LONGEST_S", 1.0)
    understanding = knowing.follower.understanding
    knowing.follower.follow()
    for _ in range(3):
        desk.publish()

    began = time.monotonic()
    knowing.follower.follow()
    understanding.start()

    def are_understood() -> None:
        assert understanding.meanings is not None
        assert len(understanding.meanings) == 3

    eventually(are_understood, timeout_s=20)
    assert time.monotonic() - began >= 1.0
    understanding.stop()


def test_what_was_revised_or_closed_is_no_longer_found_by_what_it_meant(
    desk: Desk, knowing: Knowing
) -> None:
    revised = desk.publish(title="Debt advice", body="")
    closed = desk.publish(title="Money advice team", body="")
    assert knowing.search(query="help with money problems").total_size == 2

    revised.title, revised.version = "Swimming lessons", 4
    closed.state, closed.version = notices_pb2.Notice.CLOSED, 4
    desk.hear(events.NoticeRevised(notice=revised), events.NoticeClosed(notice=closed))

    assert knowing.search(query="help with money problems").total_size == 0
    assert titles(knowing.search(query="learning to swim")) == ["Swimming lessons"]


def test_nothing_is_kept_of_what_a_notice_said_once_it_is_gone(
    desk: Desk, knowing: Knowing
) -> None:
    closed = desk.publish(title="Debt advice", body="As it was.")
    knowing.search()
    assert vectors(desk) == 2

    closed.state, closed.version = notices_pb2.Notice.CLOSED, 4
    desk.hear(events.NoticeClosed(notice=closed))
    knowing.search()

    assert vectors(desk) == 0


def vectors(desk: Desk) -> int:
    with desk.database.read() as session:
        return session.scalar(select(func.count()).select_from(Vector)) or 0


def test_two_replicas_of_one_stream_answer_alike(desk: Desk, encoder: Encoder) -> None:
    early = Knowing(desk, encoder)
    for number in range(30):
        desk.publish(title=f"{SUBJECTS[number % 5]} {number}", body=f"{SUBJECTS[number % 3]} work")
        if number % 7 == 0:
            early.search()  # takes what there is, in other steps than the one who comes late
    late = Knowing(desk, encoder)

    for query in ("housing", "money for charities", "planing", ""):
        one, other = early.search(query=query), late.search(query=query)
        assert [each.name for each in one.notices] == [each.name for each in other.notices]
        assert [each.score for each in one.hits] == pytest.approx(
            [each.score for each in other.hits], abs=1e-4
        )
        assert (one.total_size, one.facets) == (other.total_size, other.facets)
    early.follower.stop()
    late.follower.stop()


SUBJECTS = ("Housing options", "Grant funding", "Local plans", "Debt advice", "Youth work")


def test_pages_by_relevance_hold_each_once_while_notices_come(desk: Desk, knowing: Knowing) -> None:
    names = {desk.publish(title=f"Housing options {number}").name for number in range(9)}
    found: list[str] = []
    token = ""

    for number in range(5):
        answer = knowing.search(query="housing advice", page_size=2, page_token=token)
        found += [notice.name for notice in answer.notices]
        token = answer.next_page_token
        desk.publish(title=f"Unlike anything {number}", body="")

    assert len(found) == len(set(found)) == 9
    assert set(found) == names


def test_vectors_are_kept_for_whoever_comes_later(
    desk: Desk, encoder: Encoder, tmp_path: Path
) -> None:
    for subject in SUBJECTS:
        desk.publish(title=subject)
    Knowing(desk, encoder).search()
    asked: list[str] = []

    class Watched:
        name, dimensions, quality = encoder.name, encoder.dimensions, encoder.quality

        def encode(self, texts: list[str]) -> object:
            asked.extend(texts)
            return encoder.encode(texts)

    later = Knowing(desk, Watched())  # type: ignore[arg-type]
    assert later.search(query="lodgings").quality == Answer.ENCODER

    assert asked == ["lodgings"]


def test_without_an_encoder_words_are_looked_for_and_that_is_said(desk: Desk) -> None:
    desk.publish()

    assert desk.search(query="housing").quality == Answer.WORDS
