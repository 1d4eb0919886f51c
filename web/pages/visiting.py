"""What anybody may see: the start page, public notices, managers, figures."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from babel.numbers import format_percent
from flask import Blueprint, render_template, request

from web import words
from web.api import Json, asking
from web.asked import api, asked, start_of, together
from web.languages import Words, gettext, language, lazy
from web.nearby import bounds_of
from web.pages.answering import answering, manages
from web.results import FACETS, around, parts

pages = Blueprint("visiting", __name__)

NEW = 5
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
        total=found["totalSize"],
        figures=figures,
        home=start_of(),
    )


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
