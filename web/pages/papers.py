"""What people take along from an exchange: its agreement as a PDF, and its days for their calendar."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import icalendar
import orjson
import typst
from flask import Blueprint, Response, abort

from web import words
from web.api import Json
from web.asked import api, public_address, signed_in
from web.languages import day, day_and_time, gettext, language, number
from web.pages.exchanges import names_in

pages = Blueprint("papers", __name__, url_prefix="/exchanges")
AGREEMENT = Path(__file__).parent.parent / "agreement.typ"
DAY = timedelta(days=1)


@pages.get("/<uuid:number>/agreement.pdf")
@signed_in
def agreement(number: UUID) -> Response:
    exchange = api().get(f"/v1/exchanges/{number}")
    said = orjson.dumps(_said(exchange, names_in(exchange))).decode()
    pdf = typst.compile(
        str(AGREEMENT),
        sys_inputs={"data": said},
        pdf_standards=["ua-1"],  # a compiler that refuses what screen readers cannot read
        ignore_system_fonts=True,
    )
    return _file(pdf, "application/pdf", f"agreement-{language()}.pdf")


def _said(exchange: Json, names: dict[str, str]) -> Json:
    """All that the paper says, in the reader's language."""
    return {
        "language": language(),
        "author": exchange["hostOrganisationDisplayName"],
        "title": exchange["noticeTitle"],
        "caption": gettext("Agreement on an exchange"),
        "state": words.label(exchange["state"], words.EXCHANGE_STATES),
        "terms_title": gettext("Terms"),
        "term": gettext("Term"),
        "agreed": gettext("What is agreed"),
        "terms": _terms(exchange),
        "objectives_title": gettext("Objectives"),
        "objectives": exchange["objectives"] or [gettext("Not settled yet")],
        "signatures_title": gettext("Signatures"),
        "signature_columns": [gettext("As what"), gettext("Name"), gettext("Signed")],
        "signatures": [_signature(each, names) for each in exchange["signatories"]],
        "footer": gettext(
            "As it stood on %(moment)s. Signatures are given in Interchange, where everyone concerned can see them.",
            moment=day_and_time(exchange["updateTime"]),
        ),
    }


def _terms(exchange: Json) -> list[tuple[str, str]]:
    days = exchange["daysPerWeek"]
    rows = [
        (gettext("Host"), exchange["hostOrganisationDisplayName"]),
        (gettext("Visitor from"), exchange["visitingOrganisationDisplayName"]),
        (gettext("Format"), words.label(exchange["format"], words.FORMATS)),
        (gettext("From"), day(exchange["startDate"])),
        (gettext("Until"), day(exchange["endDate"])),
        (gettext("Days a week"), number(days) if days else ""),
        (gettext("Where"), words.label(exchange["attendance"], words.ATTENDANCES)),
        (gettext("Place"), _place(exchange)),
        (gettext("Who bears the cost"), words.label(exchange["payer"], words.PAYERS)),
        (gettext("More about the cost"), exchange["paymentNote"]),
        (gettext("Who covers the visitor’s desk"), exchange["cover"]),
    ]
    return [(name, value) for name, value in rows if value]


def _place(exchange: Json) -> str:
    return str((exchange.get("place") or {}).get("label", ""))


def _signature(signatory: Json, names: dict[str, str]) -> tuple[str, str, str]:
    return (
        words.label(signatory["role"], words.EXCHANGE_ROLES),
        names.get(signatory["person"], "") or "–",
        day(signatory.get("signTime")) or gettext("Not signed yet"),
    )


@pages.get("/<uuid:number>/calendar.ics")
@signed_in
def calendar(number: UUID) -> Response:
    exchange = api().get(f"/v1/exchanges/{number}")
    if not exchange["startDate"]:
        abort(404)
    made = icalendar.Calendar()
    made.add("prodid", "-//Interchange//Exchanges//EN")
    made.add("version", "2.0")
    made.add_component(_event(exchange))
    return _file(made.to_ical(), "text/calendar", "exchange.ics")


def _event(exchange: Json) -> icalendar.Event:
    """All its days as one entry; a later version of it replaces an earlier one in calendars."""
    first = date.fromisoformat(exchange["startDate"])
    last = date.fromisoformat(exchange["endDate"] or exchange["startDate"])
    changed = datetime.fromisoformat(exchange["updateTime"])
    event = icalendar.Event()
    event.add("uid", f"{words.id_of(exchange['name'])}@interchange")
    event.add("dtstamp", changed)
    event.add("last-modified", changed)
    event.add("sequence", int(changed.timestamp()))
    event.add("dtstart", first)
    event.add("dtend", last + DAY)  # the day after: RFC 5545, 3.6.1
    event.add("summary", exchange["noticeTitle"], parameters={"LANGUAGE": language()})
    event.add("description", "\n".join(f"{name}: {value}" for name, value in _terms(exchange)))
    event.add("location", _place(exchange) or exchange["hostOrganisationDisplayName"])
    event.add("url", public_address(f"/{exchange['name']}"))
    event.add("transp", "TRANSPARENT")
    return event


def _file(content: bytes, kind: str, name: str) -> Response:
    disposition = f'attachment; filename="{name}"'
    return Response(content, mimetype=kind, headers={"Content-Disposition": disposition})
