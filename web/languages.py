"""English and Welsh: which one a person reads, its words, plurals, days and numbers."""

from __future__ import annotations

import gettext as catalogues
from datetime import UTC, date, datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from flask import g, has_request_context, request
from markupsafe import Markup, escape

ENGLISH, WELSH = "en", "cy"
LANGUAGES = {ENGLISH: "English", WELSH: "Cymraeg"}
COOKIE = "language"
COOKIE_S = 365 * 86400
HERE = ZoneInfo("Europe/London")
DAY = "d MMMM y"
PLACE = Path(__file__).parent / "translations"


@cache
def catalogue(language: str) -> catalogues.NullTranslations:
    """The words of a language. English is what the code says."""
    file = PLACE / language / "LC_MESSAGES" / "messages.po"
    if not file.exists():
        return catalogues.NullTranslations()
    with file.open("rb") as source:
        read = read_po(source, locale=language)
    compiled = BytesIO()
    write_mo(compiled, read)
    compiled.seek(0)
    return catalogues.GNUTranslations(compiled)


def choose() -> str:
    """What this request is answered in: as it asks, as was chosen before, or as the browser prefers."""
    asked = request.args.get("lang", "")
    if asked in LANGUAGES:
        return asked
    kept = request.cookies.get(COOKIE, "")
    if kept in LANGUAGES:
        return kept
    return request.accept_languages.best_match(list(LANGUAGES), ENGLISH) or ENGLISH


def language() -> str:
    """The language of the page in work."""
    return str(g.get("language", ENGLISH)) if has_request_context() else ENGLISH


def gettext(message: str, **values: object) -> str:
    text = catalogue(language()).gettext(message)
    return text % values if values else text


def ngettext(one: str, many: str, count: int, **values: object) -> str:
    text = catalogue(language()).ngettext(one, many, count)
    return text % {"count": number(count), **values}


class Words:
    """A text that is translated when it is shown, for what is written down before anybody asks."""

    def __init__(self, message: str) -> None:
        self._message = message

    def __str__(self) -> str:
        return gettext(self._message)

    def __mod__(self, values: object) -> str:
        """Validators of WTForms fill their bounds in."""
        return str(self) % values

    def __html__(self) -> Markup:
        return escape(str(self))


def lazy(message: str) -> Words:
    """Marks a text for translation and translates it when it is shown."""
    return Words(message)


def moment(text: str) -> datetime | None:
    """A timestamp of the API."""
    return datetime.fromisoformat(text).astimezone(UTC) if text else None


def day(value: str | date | None) -> str:
    """A day in words, such as 3 March 2027; a timestamp's day where its reader is."""
    if not value:
        return ""
    if isinstance(value, str):
        value = date.fromisoformat(value) if len(value) == 10 else _local(value)
    return format_date(value, DAY, locale=language())


def day_and_time(value: str) -> str:
    """Such as 3 March 2027, 14:05."""
    return format_datetime(_local(value), f"{DAY}, HH:mm", locale=language()) if value else ""


def hour(value: str) -> str:
    """Such as 14:05."""
    return format_datetime(_local(value), "HH:mm", locale=language())


def _local(value: str) -> datetime:
    return datetime.fromisoformat(value).astimezone(HERE)


def number(value: float) -> str:
    return format_decimal(value, locale=language())
