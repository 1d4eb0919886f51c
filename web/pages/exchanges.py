"""Exchanges: their terms, signatures, course and feedback, and all of it on one timeline."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as Reply

from web import words
from web.api import Json, Refused
from web.asked import api, me, signed_in
from web.fields import amount, line, one_of, paragraph, when
from web.flashes import tell
from web.forms import Asking, SureForm, not_yet, question
from web.languages import gettext, lazy
from web.sessions import SignIn
from web.steps import step

pages = Blueprint("exchanges", __name__, url_prefix="/exchanges")
RATINGS = [
    ("5", lazy("5 – excellent")),
    ("4", lazy("4 – good")),
    ("3", lazy("3 – fair")),
    ("2", lazy("2 – weak")),
    ("1", lazy("1 – poor")),
]
SIDE = {"HOST_MANAGER": "hostOrganisation", "VISITING_MANAGER": "visitingOrganisation"}
OVER = ("COMPLETED", "ENDED_EARLY")


class TermsForm(Asking):
    """What is agreed."""

    start_date = when(lazy("First day"))
    end_date = when(lazy("Last day"))
    days_per_week = amount(lazy("Days a week (optional)"), most=7)
    attendance = one_of(
        lazy("Where?"), words.choices(words.ATTENDANCES), empty=lazy("Choose where it is")
    )
    payer = one_of(
        lazy("Who bears the cost?"), words.choices(words.PAYERS), empty=lazy("Choose who pays")
    )
    payment_note = line(lazy("More about the cost (optional)"), most=1000)
    objectives = paragraph(
        lazy("What is it to achieve?"),
        lazy("One objective a line, at most 10"),
        empty=lazy("Name at least one objective"),
    )
    cover = line(lazy("Who covers the visitor’s desk meanwhile?"), most=1000)


class ReasonForm(Asking):
    """Why it ends."""

    reason = paragraph(
        lazy("Why does it end?"),
        lazy("The other side reads this"),
        most=1000,
        empty=lazy("Say why it ends"),
    )


class FeedbackForm(Asking):
    """How it was."""

    rating = one_of(lazy("How was it?"), RATINGS, empty=lazy("Choose how it was"))
    text = paragraph(
        lazy("In your words (optional)"),
        lazy("Seen by those concerned and the region’s operator"),
        most=4000,
    )


def waits_for_signature(exchange: Json, who: SignIn) -> bool:
    """Whether this reader has still to sign."""
    return exchange["state"] == "PROPOSED" and any(
        not each.get("signTime") and _signs_as(each, exchange, who)
        for each in exchange["signatories"]
    )


def _signs_as(signatory: Json, exchange: Json, who: SignIn) -> bool:
    side = SIDE.get(signatory["role"], "")
    return signatory["person"] == who.person or (bool(side) and exchange[side] in who.manages)


def _manages(exchange: Json, who: SignIn) -> bool:
    return any(exchange[side] in who.manages for side in SIDE.values())


@pages.get("")
@signed_in
def exchanges() -> str:
    found = api().get("/v1/exchanges", pageToken=request.args.get("page", ""))
    who = me()
    return render_template(
        "exchanges.html",
        title=gettext("Exchanges"),
        exchanges=found["exchanges"],
        to_sign={each["name"] for each in found["exchanges"] if waits_for_signature(each, who)},
        token=found["nextPageToken"],
    )


@pages.get("/<uuid:number>")
@signed_in
def one(number: UUID) -> str:
    found = api().get(f"/v1/exchanges/{number}")
    who = me()
    names = names_in(found)
    return render_template(
        "exchange.html",
        title=found["noticeTitle"],
        exchange=found,
        names=names,
        timeline=_timeline(found, names),
        may_sign=waits_for_signature(found, who),
        manages=_manages(found, who),
        may_give_feedback=found["state"] in OVER
        and not any(each["person"] == who.person for each in found["feedback"])
        and any(each["person"] == who.person for each in found["signatories"]),
        back="/exchanges",
    )


def names_in(exchange: Json) -> dict[str, str]:
    """Those concerned by name, for those concerned."""
    try:
        parties = api().get(f"/v1/{exchange['interest']}/introduction")["parties"]
    except Refused:
        return {}
    return {each["person"]: each["displayName"] for each in parties}


def _timeline(exchange: Json, names: dict[str, str]) -> list[tuple[str, str]]:
    """What happened when, oldest first."""
    ended = exchange["state"] == "ENDED_EARLY"
    steps = [
        (exchange.get("createTime"), gettext("The two sides were introduced; terms were proposed")),
        *_signatures(exchange, names),
        (exchange.get("agreeTime"), gettext("Agreed: everyone has signed")),
        (exchange.get("startTime"), gettext("It began")),
        (
            exchange.get("endTime"),
            gettext("It ended early") if ended else gettext("It was completed"),
        ),
        *_said(exchange, names),
    ]
    # What happened in the same moment stays in this order: the last signature, then the agreement.
    return sorted(((time, text) for time, text in steps if time), key=lambda step: step[0])


def _signatures(exchange: Json, names: dict[str, str]) -> list[tuple[str | None, str]]:
    return [
        (each.get("signTime"), gettext("Signed by %(name)s", name=_who(each, names)))
        for each in exchange["signatories"]
    ]


def _said(exchange: Json, names: dict[str, str]) -> list[tuple[str | None, str]]:
    return [
        (each.get("createTime"), gettext("Feedback by %(name)s", name=_who(each, names)))
        for each in exchange["feedback"]
    ]


def _who(each: Json, names: dict[str, str]) -> str:
    role = words.label(each["role"], words.EXCHANGE_ROLES)
    name = names.get(each["person"], "")
    return f"{name} ({role})" if name else role


@pages.route("/<uuid:number>/terms", methods=["GET", "POST"])
@signed_in
def terms(number: UUID) -> Response | Reply:
    here = f"/exchanges/{number}"
    found = api().get(f"/v1{here}")
    form = TermsForm(**_values(found))
    if form.was_sent():
        with form.told():
            fields = _fields(form)
            path = f"/v1{here}?updateMask={','.join(fields)}"
            api().patch(path, {**fields, "name": found["name"], "etag": found["etag"]})
            tell(gettext("The terms are changed. Everyone signs them anew."))
            return redirect(here, 303)
    return question(
        form,
        gettext("Settle the terms"),
        caption=found["noticeTitle"],
        button=gettext("Save the terms"),
        lead=[gettext("A change takes all signatures away that were given.")],
        back=here,
    )


def _values(exchange: Json) -> Json:
    return {
        "start_date": _day(exchange["startDate"]),
        "end_date": _day(exchange["endDate"]),
        "days_per_week": exchange["daysPerWeek"] or None,
        "attendance": exchange["attendance"],
        "payer": exchange["payer"],
        "payment_note": exchange["paymentNote"],
        "objectives": "\n".join(exchange["objectives"]),
        "cover": exchange["cover"],
    }


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _fields(form: TermsForm) -> Json:
    return {
        "startDate": form.start_date.iso,
        "endDate": form.end_date.iso,
        "daysPerWeek": form.days_per_week.data or 0,
        "attendance": form.attendance.data,
        "payer": form.payer.data,
        "paymentNote": form.payment_note.data or "",
        "objectives": [each.strip() for each in form.objectives.data.splitlines() if each.strip()],
        "cover": form.cover.data or "",
    }


@pages.post("/<uuid:number>/<any(sign, start, complete):verb>")
@signed_in
def bring_on(number: UUID, verb: str) -> Response | Reply:
    here, form = f"/exchanges/{number}", SureForm()
    with form.told():
        etag = request.form.get("etag", "")
        api().post(f"/v1{here}:{verb}", {"etag": etag} if etag else {})
        texts = {
            "sign": gettext("You have signed."),
            "start": gettext("The exchange is under way."),
            "complete": gettext("The exchange is completed. Please leave feedback."),
        }
        tell(texts[verb])
        return redirect(here, 303)
    return not_yet(form, here)


@pages.route("/<uuid:number>/end", methods=["GET", "POST"])
@signed_in
def end(number: UUID) -> Response | Reply:
    here, form = f"/exchanges/{number}", ReasonForm()
    return step(
        form,
        gettext("End the exchange early"),
        lambda: api().post(f"/v1{here}:end", {"reason": form.reason.data}),
        gettext("The exchange is ended."),
        button=gettext("End it"),
        is_destructive=True,
        lead=[gettext("Everyone concerned is told. It can’t be taken up again.")],
        back=here,
    )


@pages.route("/<uuid:number>/feedback", methods=["GET", "POST"])
@signed_in
def feedback(number: UUID) -> Response | Reply:
    here, form = f"/exchanges/{number}", FeedbackForm()
    if form.was_sent():
        with form.told():
            body = {"rating": int(form.rating.data), "text": form.text.data or ""}
            api().post(f"/v1{here}:giveFeedback", body, key=form.once)
            tell(gettext("Thank you for your feedback."))
            return redirect(here, 303)
    return question(form, gettext("Leave feedback"), button=gettext("Send"), back=here)
