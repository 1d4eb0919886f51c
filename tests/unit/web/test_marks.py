"""Marks in what was found: a text is cut at them, and nothing of it is lost."""

from __future__ import annotations

from web.results import parts


def test_a_text_is_cut_at_its_marks() -> None:
    marks = [{"start": 3, "end": 10}, {"start": 15, "end": 19}]

    assert parts("Tŷ housing and more", marks) == [
        ("Tŷ ", False),
        ("housing", True),
        (" and ", False),
        ("more", True),
    ]
    assert parts("as it is", []) == [("as it is", False)]
    assert parts("", []) == []
