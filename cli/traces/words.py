"""What the pages of traces say, in English and Welsh, as the pages of the region do."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import request

ENGLISH, WELSH = "en", "cy"
COOKIE = "language"  # the pages' own: chosen there, it holds here
COOKIE_S = 365 * 86400
ROLES = ("visitor", "participant", "manager", "coordinator", "operator")
NOT_FOUND = 404
IN_WELSH = {
    "All traces": "Pob olrhain",
    "At ms": "Ar ôl ms",
    "Began (UTC)": "Dechreuodd (UTC)",
    "Find": "Chwilio",
    "Kept": "Wedi’u cadw",
    "Language": "Iaith",
    "None came yet. Do something in the region, then load this page again.": (
        "Ni ddaeth yr un eto. Gwnewch rywbeth yn y rhanbarth, yna llwythwch y dudalen hon eto."
    ),
    "None is like that. Ask for less.": "Nid oes yr un felly. Gofynnwch am lai.",
    "Not found": "Heb ei ganfod",
    "Notice": "Hysbysiad",
    "Program": "Rhaglen",
    "Programs": "Rhaglenni",
    "Shown": "Wedi’u dangos",
    "Something failed": "Methodd rhywbeth",
    "Span": "Rhychwant",
    "Spans": "Rhychwantau",
    "Spans that came and were not kept": "Rhychwantau a ddaeth ac na chadwyd",
    "That can’t be shown": "Ni ellir dangos hynny",
    "Took": "Cymerodd",
    "Took ms": "Cymerodd ms",
    "Trace": "Olrhain",
    "Traces": "Olrheiniau",
    "Traces found": "Olrheiniau a ganfuwyd",
    "Waterfall": "Rhaeadr",
    "What": "Beth",
    "When": "Pryd",
    "Who": "Pwy",
    "Who, by role": "Pwy, yn ôl rôl",
    "With the statements to databases": "Gyda’r gorchmynion i gronfeydd data",
    "Without the statements to databases": "Heb y gorchmynion i gronfeydd data",
    "anybody": "unrhyw un",
    "coordinator": "cydlynydd",
    "failed": "methodd",
    "manager": "rheolwr",
    "more than one trace begins so": "mae mwy nag un olrhain yn dechrau felly",
    "no such trace is kept": "ni chedwir olrhain o’r fath",
    "operator": "gweithredwr",
    "participant": "cyfranogwr",
    "visitor": "ymwelydd",
}


def language() -> str:
    """As asked, as chosen before, or as the browser prefers."""
    for wanted in (request.args.get("lang"), request.cookies.get(COOKIE)):
        if wanted in (ENGLISH, WELSH):
            return wanted
    return request.accept_languages.best_match([ENGLISH, WELSH], ENGLISH) or ENGLISH


def gettext(text: str) -> str:
    return IN_WELSH.get(text, text) if language() == WELSH else text


def in_language(other: str) -> str:
    """This page in another language."""
    kept = {key: value for key, value in request.args.items() if key != "lang"}
    return f"{request.path}?{urlencode({**kept, 'lang': other})}"


def title_of(status: int) -> str:
    return gettext("Not found" if status == NOT_FOUND else "That can’t be shown")
