"""What stands around the results of a search: how many, what was meant, facets, and marks in what was found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request

from web import words
from web.api import Json
from web.languages import Words, lazy
from web.nearby import MILES, Bounds

FACETS = {
    "kind": (lazy("Kind"), words.KINDS),
    "format": (lazy("Format"), words.FORMATS),
    "theme": (lazy("Theme"), {}),
    "skill": (lazy("Skill"), {}),
    "sector": (lazy("Sector"), words.SECTORS),
    "gradeBand": (lazy("Grade"), words.GRADES),
    "attendance": (lazy("Where"), words.ATTENDANCES),
    "organisation": (lazy("Organisation"), {}),
    "region": (lazy("Region"), {}),
}
OPEN_AT_FIRST = ("kind",)
SHOWN = 12  # values of a facet, and all that are chosen
# What is missing from an answer, by what could be used for it.
LIMITS = {
    "WORDS": lazy("At the moment only the words themselves are looked for, not what they mean."),
    "STATIC_VECTORS": lazy("At the moment the meaning of whole sentences is not understood."),
}


def around(
    found: Json,
    chosen: dict[str, list[str]],
    facets: Mapping[str, tuple[Words, dict[str, Words]]],
    bounds: Bounds,
) -> dict[str, Any]:
    """What stands around the results of a search: how many, what was meant, and the facets to narrow it by."""
    query = request.args.get("query")
    return {
        "meant": found["didYouMean"],
        "limits": LIMITS.get(found["quality"], "") if query else "",
        "total": found["totalSize"],
        "token": found["nextPageToken"],
        "facets": [
            facet(each, *facets[each["field"]], chosen[each["field"]])
            for each in found["facets"]
            if each["values"] and each["field"] in chosen
        ],
        "is_filtered": any(chosen.values()) or bool(query or bounds.typed),
        "bounds": bounds,
        "miles": MILES,
    }


def parts(text: str, marks: list[Json]) -> list[tuple[str, bool]]:
    """A text cut at its marks: each piece, and whether it is one of them."""
    pieces: list[tuple[str, bool]] = []
    at = 0
    for mark in marks:
        start, end = mark["start"], mark["end"]
        pieces += [(text[at:start], False), (text[start:end], True)]
        at = end
    return [(piece, is_marked) for piece, is_marked in (*pieces, (text[at:], False)) if piece]


def facet(found: Json, label: Words, known: dict[str, Words], chosen: list[str]) -> dict[str, Any]:
    """A facet of an answer as boxes to tick."""
    values = [_value(each, known, chosen) for each in found["values"]]
    shown = [each for at, each in enumerate(values) if at < SHOWN or each["is_chosen"]]
    is_open = found["field"] in OPEN_AT_FIRST or any(each["is_chosen"] for each in values)
    return {"field": found["field"], "label": label, "choices": shown, "is_open": is_open}


def _value(value: Json, known: dict[str, Words], chosen: list[str]) -> dict[str, Any]:
    name = value["value"]
    label = words.label(name, known) if name in known else value["label"] or name
    return {**value, "label": label, "is_chosen": name in chosen}
