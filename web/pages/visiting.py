"""What anybody may see: the start page, public notices, managers, figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from babel.numbers import format_percent
from flask import Blueprint, render_template, request

from web import words
from web.api import Json, asking
from web.asked import api, asked, together
from web.languages import Words, gettext, language, lazy
from web.pages.answering import answering, manages
from web.pages.nearby import MILES, Bounds, bounds_of

pages = Blueprint("visiting", __name__)

NEW = 5
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
SORTS = [
    ("", lazy("Best first")),
    ("NEWEST", lazy("Newest first")),
    ("CLOSING_SOON", lazy("Closing soon")),
]
NEAREST = ("NEAREST", lazy("Nearest first"))


@pages.get("/")
def home() -> str:
    found, figures = together(
        asking("/v1/notices:search", sort="NEWEST", pageSize=NEW), asking("/v1/figures")
    )
    return render_template(
        "home.html",
        title=gettext("Learn from people who do your work elsewhere"),
        notices=found["notices"],
        figures=figures,
        home=start_of(),
    )


def start_of() -> str:
    """Where whoever is signed in begins."""
    who = asked().signed_in
    if who is None:
        return "/"
    if who.is_operator:
        return "/operator"
    return "/dashboard" if who.is_manager else "/requests"


@pages.get("/notices")
def notices() -> str:
    return _listing(gettext("Notices"))


@pages.get("/troubleshooters")
def troubleshooters() -> str:
    """Experts whom one can call on: offers of help with a problem."""
    return _listing(
        gettext("Troubleshooters"),
        gettext(
            "People with experience whom your organisation can call on, for a phone call or for longer. Who "
            "they are is told once both sides have said yes."
        ),
        kind=["OFFERED"],
        format=["TROUBLESHOOTING"],
    )


def _listing(title: str, lead: str = "", **fixed: list[str]) -> str:
    """Notices that are found; of what is fixed there is nothing to choose."""
    chosen = {name: request.args.getlist(name) for name in FACETS if name not in fixed}
    bounds = bounds_of(request.args)
    sorts = [*SORTS, NEAREST] if bounds.place else SORTS
    sort = request.args.get("sort", "")
    asked_for = {
        **chosen,
        **fixed,
        "query": request.args.get("query", ""),
        "sort": sort if sort in dict(sorts) else "",
    }
    found = api().get(
        "/v1/notices:search", **asked_for, **bounds.asked, pageToken=request.args.get("page", "")
    )
    narrowed = {**{key: value for key, value in asked_for.items() if value}, **bounds.typed}
    return render_template(
        "notices.html",
        title=title,
        lead=lead,
        # For the feed and for saving the search, which know no page.
        filters=urlencode(narrowed, doseq=True),
        found=[
            (
                each,
                parts(each["title"], hit["titleMarks"]),
                parts(hit["snippet"], hit["snippetMarks"]),
                hit.get("distanceMiles"),
            )
            for each, hit in zip(found["notices"], found["hits"], strict=True)
        ],
        **around(found, chosen, FACETS, bounds),
        sorts=sorts,
    )


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


@pages.get("/notices/<uuid:notice>")
def notice(notice: UUID) -> str:
    name = f"notices/{notice}"
    found = api().get(f"/v1/{name}")
    return render_template(
        "notice.html",
        title=found["title"],
        notice=found,
        answering=answering(found, asked().signed_in),
        is_mine=manages(found, asked().signed_in),
    )


@pages.get("/managers")
def managers() -> str:
    found = api().get(
        "/v1/managers",
        query=request.args.get("query", ""),
        pageSize=50,
        pageToken=request.args.get("page", ""),
    )
    return render_template(
        "managers.html",
        title=gettext("Interchange Managers"),
        managers=found["managers"],
        token=found["nextPageToken"],
    )


@pages.get("/figures")
def figures() -> str:
    found = api().get("/v1/figures")
    return render_template(
        "figures.html",
        title=gettext("The scheme’s figures"),
        figures=found,
        kinds=_bars(found["noticesByKind"], "kind", words.KINDS),
        formats=_bars(found["noticesByFormat"], "format", words.FORMATS),
        steps=_steps(found),
        percent=lambda share: format_percent(share, locale=language()),
    )


def _bars(counts: list[Json], field: str, known: dict[str, Words]) -> list[Json]:
    rows = [{"label": words.label(each[field], known), "count": each["count"]} for each in counts]
    return sorted(rows, key=lambda row: -row["count"])


def _steps(figures: Json) -> list[Json]:
    steps = [
        (gettext("Notices published"), "notices"),
        (gettext("Interests proposed"), "interests"),
        (gettext("Exchanges proposed"), "exchanges"),
        (gettext("Exchanges under way"), "exchangesUnderWay"),
        (gettext("Exchanges completed"), "exchangesCompleted"),
    ]
    return [{"label": label, "count": figures[field]} for label, field in steps]
