"""What people type, and what authors write who want to be found for everything."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.matching.search.snippets import marked, snippet
from services.matching.search.welsh import forms
from services.matching.text.terms import stems_of
from tests.unit.matching.conftest import Desk

SYNTAX = [
    'title:housing AND NOT "x"',
    "housing^1000 OR *:*",
    "[a TO z] {a TO b}",
    "((((",
    '"',
    "\\",
    "+-&&||!(){}[]^~*?:/",
    "*",
    "IN [a b]",
    "\x00\x1f",
    "\u202ehousing",
    "'; DROP TABLE cards; --",
    "<script>alert(1)</script>",
]


@pytest.mark.parametrize("query", SYNTAX)
def test_query_syntax_is_text(desk: Desk, query: str) -> None:
    desk.publish(title="Allotments")

    answer = desk.search(query=query)

    assert answer.total_size == 0


def test_words_between_operators_are_words(desk: Desk) -> None:
    notice = desk.publish(title="Allotments")

    assert desk.found(query='"allotments" AND') == [notice.name]
    assert desk.found(query="\u202eallotments\x00") == [notice.name]


@pytest.mark.parametrize(
    ("query", "meant"),
    [
        ("alotments", "allotments"),
        ("allotmnets", "allotments"),
        ("hosuing allotments", "housing allotments"),
    ],
)
def test_a_misspelt_word_is_found_and_its_spelling_offered(
    desk: Desk, query: str, meant: str
) -> None:
    notice = desk.publish(title="Allotments and housing")

    answer = desk.search(query=query)

    assert [each.name for each in answer.notices] == [notice.name]
    assert answer.did_you_mean == meant


def test_nothing_is_offered_for_words_that_are_there_or_like_none(desk: Desk) -> None:
    desk.publish(title="Allotments")

    assert desk.search(query="allotment").did_you_mean == ""
    assert desk.search(query="allot").did_you_mean == ""
    assert desk.search(query="xylophone").did_you_mean == ""
    assert desk.found(query="xylophone") == []


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("Gofal plant yng Nghaerdydd", "Caerdydd"),
        ("Tai cymdeithasol", "dai"),
        ("Gwaith tŷ", "ty"),
        ("Ein Tŷ ni", "tŷ"),
        ("Cymorth i ofalwyr", "gofalwyr"),
        ("Llyfrgelloedd", "lyfrgelloedd"),
    ],
)
def test_welsh_is_found_in_its_other_forms_and_without_its_accents(
    desk: Desk, written: str, asked: str
) -> None:
    notice = desk.publish(title=written, body="")
    desk.publish(title="Something else", body="")

    assert desk.found(query=asked) == [notice.name]


def test_a_mutated_word_leads_back() -> None:
    assert {"caerdydd", "gaerdydd"} <= set(forms("nghaerdydd"))
    assert list(forms("ty")) == []


def test_a_word_said_a_thousand_times_does_not_climb(desk: Desk) -> None:
    stuffed = desk.publish(title="Housing offer", body="housing " * 12_000)
    honest = desk.publish(
        title="Housing options work shadowing", body="See how a housing options team works."
    )

    assert desk.found(query="housing options") == [honest.name]
    assert desk.found(query="housing work")[0] == honest.name
    scores = {hit.notice: hit.score for hit in desk.search(query="housing").hits}
    assert scores[stuffed.name] < scores[honest.name] * 1.2


@pytest.mark.parametrize(
    "body",
    [
        "\x00\x08" * 50_000,
        "\u202e\u2066" * 30_000,
        "x" * 100_000,
        "a:b AND (" * 10_000,
        "é" * 100_000,
    ],
    ids=["control", "direction", "one word", "syntax", "accents"],
)
def test_a_malicious_notice_breaks_nothing(desk: Desk, body: str) -> None:
    desk.publish(title="Innocent", body=body)
    honest = desk.publish(title="Housing options")

    answer = desk.search(query="housing")

    assert [each.name for each in answer.notices] == [honest.name]
    (hit,) = desk.search(query="innocent").hits
    assert len(hit.snippet) <= 302
    assert not set(hit.snippet) & set("\x00\x08\u202e\u2066")
    assert min(_spent(lambda: desk.search(query="innocent")) for _ in range(3)) < 1


def _spent(work: Callable[[], object]) -> float:
    """CPU seconds of this thread: others, and a look for garbage, are not what is asked."""
    started = time.thread_time()
    work()
    return time.thread_time() - started


def test_what_was_looked_for_is_marked_in_plain_text(desk: Desk) -> None:
    desk.publish(
        title="Tŷ <b>Allotments</b>", body="Who knows <i>allotments</i>? " + "Words. " * 60
    )

    (hit,) = desk.search(query="allotment").hits

    (mark,) = hit.snippet_marks
    assert hit.snippet[mark.start : mark.end] == "allotments"
    assert "<i>" in hit.snippet
    (mark,) = hit.title_marks
    assert "Tŷ <b>Allotments</b>"[mark.start : mark.end] == "Allotments"


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=50)
@given(st.text(max_size=300), st.text(max_size=20))
def test_marks_are_within_their_text_and_in_order(text: str, wanted: str) -> None:
    stems = set(stems_of(wanted)) | set(stems_of(text[10:30]))

    for each in (snippet(text, stems), marked(text, stems)):
        ends = [end for place in each.ranges for end in place]
        assert ends == sorted(ends)
        assert all(0 <= start < end <= len(each.text) for start, end in each.ranges)
        assert all(stems_of(each.text[start:end])[0] in stems for start, end in each.ranges)
