"""What pages say: the right verb on the right side, in both languages, days and plurals too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask, g

from web import languages, words
from web.catalogue import texts, welsh
from web.skills import levels, slugs, with_levels, without_levels

PLACEHOLDER = re.compile(r"%\(\w+\)s")


@contextmanager
def speaking(language: str) -> Iterator[None]:
    with Flask("test").test_request_context():
        g.language = language
        yield


@pytest.mark.parametrize(
    ("kind", "verb"),
    [
        ("WANTED", "I can offer this"),
        ("NEEDED", "I can offer this"),
        ("OFFERED", "I’d like this"),
    ],
)
def test_the_verb_of_who_answers_tells_the_side(kind: str, verb: str) -> None:
    assert words.answer_verb(kind) == verb


@pytest.mark.parametrize(
    ("own", "other", "verb"),
    [
        ("WANTED", "OFFERED", "We’d like this"),
        ("WANTED", "NEEDED", "We can offer this"),
        ("NEEDED", "OFFERED", "We’d like this"),
        ("NEEDED", "WANTED", "We can host this person"),
        ("OFFERED", "WANTED", "We can offer this"),
        ("OFFERED", "NEEDED", "We can offer this"),
    ],
)
def test_the_verb_between_two_notices_tells_the_side(own: str, other: str, verb: str) -> None:
    assert words.answer_verb_for({"kind": own}, {"kind": other}) == verb


def test_every_text_has_its_welsh() -> None:
    catalogue = welsh()
    missing = []
    for message in texts():
        known = catalogue.get(message.id) if message.id else None
        if message.id and not (known and _is_whole(known.string)):
            missing.append(message.id)

    assert missing == [], "translate these in web/translations/cy (see web/catalogue.py)"


def _is_whole(string: object) -> bool:
    return all(string) if isinstance(string, tuple) else bool(string)


def test_a_translation_fills_in_what_the_text_does() -> None:
    for message in welsh():
        said = set(PLACEHOLDER.findall(str(message.id)))
        for each in message.string if isinstance(message.string, tuple) else [message.string]:
            assert set(PLACEHOLDER.findall(each)) <= said, message.id


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "o bobl"), (1, "person"), (2, "berson"), (3, "pherson"), (6, "pherson"), (7, "o bobl")],
)
def test_welsh_counts_in_six_ways(count: int, text: str) -> None:
    with speaking("cy"):
        assert languages.ngettext("person", "people", count) == text


def test_days_are_said_in_the_persons_language() -> None:
    with speaking("en"):
        assert languages.day("2027-03-01") == "1 March 2027"
        assert languages.day_and_time("2027-07-01T12:00:00Z") == "1 July 2027, 13:00"
    with speaking("cy"):
        assert languages.day("2027-03-01") == "1 Mawrth 2027"


def test_a_value_that_we_do_not_know_yet_is_still_shown() -> None:
    assert words.label("PEER_REVIEW", words.FORMATS) == "Peer review"
    assert words.label("FORMAT_UNSPECIFIED", words.FORMATS) == ""


def test_words_become_ids() -> None:
    assert slugs(" Housing options, data ,, Data") == ["housing-options", "data"]
    assert slugs(None) == []


def test_levels_are_read_behind_skills_and_written_there() -> None:
    typed = "housing options (4), data analysis,case work ( 2 )"

    assert levels(typed) == [
        {"skill": "housing-options", "level": 4},
        {"skill": "case-work", "level": 2},
    ]
    assert slugs(without_levels(typed)) == ["housing-options", "data-analysis", "case-work"]
    assert with_levels(["housing-options", "data-analysis"], levels(typed)) == (
        "housing options (4), data analysis"
    )
    assert levels("housing (9), (3)") == []
