"""A manager's notices: writing, publishing, ending and copying them, and what would fit them."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as Reply

from web import proposals, words
from web.api import Json
from web.asked import acts_for, api, manager
from web.fields import amount, any_of, line, one_of, one_of_many, paragraph, when
from web.flashes import tell
from web.forms import Asking, SureForm, confirmation, not_yet, question
from web.languages import gettext, lazy
from web.skills import in_words, levels, slugs, with_levels, without_levels
from web.steps import step

pages = Blueprint("notices", __name__, url_prefix="/notices")

NO_CONDITIONS: Json = {
    "skillLevels": [],
    "vettingNeeded": "",
    "vettingHeld": "",
    "places": 0,
    "newPartnersOnly": False,
}


class NoticeForm(Asking):
    """All that a notice says."""

    kind = one_of(
        lazy("What is it?"),
        words.choices(words.KIND_HINTS),
        empty=lazy("Choose what it is"),
    )
    format = one_of_many(
        lazy("Format"),
        [("", lazy("Choose a format")), *words.FORMATS.items()],
        empty=lazy("Choose a format"),
    )
    title = line(
        lazy("Title"),
        lazy("One line. Name nobody"),
        empty=lazy("Enter a title of at least 3 characters"),
    )
    body = paragraph(
        lazy("What it is about"),
        lazy("Say nothing by which somebody could be recognised"),
        empty=lazy("Say what it is about"),
    )
    themes = line(
        lazy("Themes (optional)"), lazy("Separate them with commas, like: housing, data"), most=500
    )
    skills = line(
        lazy("Skills (optional)"),
        lazy(
            "Separate them with commas. Where the level matters, add it, from 1 (awareness) to "
            "5 (expert), like: housing options (4)"
        ),
        most=1000,
    )
    proposed = proposals.boxes()
    attendance = one_of(lazy("Where?"), words.choices(words.ATTENDANCES))
    grade_bands = any_of(
        lazy("Whom does it suit?"), words.choices(words.GRADES), lazy("Choose none for anyone")
    )
    start_date = when(lazy("First day (optional)"))
    end_date = when(lazy("Last day (optional)"))
    days_per_week = amount(lazy("Days a week (optional)"), most=7)
    places = amount(
        lazy("How many answers can be accepted? (optional)"),
        lazy("Leave it empty for any number"),
        most=1000,
    )
    vetting_needed = one_of_many(
        lazy("Check of criminal records that whoever comes must have"),
        [("", lazy("None")), *words.VETTINGS_NEEDED.items()],
    )
    vetting_held = one_of_many(
        lazy("Check that who goes has"),
        [("", lazy("Not said")), *words.VETTINGS.items()],
    )
    new_partners = any_of(
        lazy("New partners only?"),
        [("yes", lazy("Suggest no organisation with which ours has had an exchange"))],
    )
    visibility = one_of(
        lazy("Who may see it?"),
        words.choices(words.VISIBILITIES),
        empty=lazy("Choose who may see it"),
    )


class ReasonForm(Asking):
    """Why it is taken back."""

    reason = paragraph(
        lazy("Why? (optional)"), lazy("Kept for your organisation’s managers"), most=1000
    )


@pages.get("/mine")
@manager
def mine() -> str:
    found = api().get(
        "/v1/notices",
        organisation=acts_for(),
        pageSize=50,
        pageToken=request.args.get("page", ""),
    )
    return render_template(
        "mine.html",
        title=gettext("Your organisation’s notices"),
        notices=found["notices"],
        token=found["nextPageToken"],
        back="/dashboard",
    )


@pages.route("/new", methods=["GET", "POST"])
@manager
def new() -> Response | Reply:
    form = NoticeForm(attendance="IN_PERSON", visibility="REGION", kind="WANTED")
    _offer_skills(form)
    if form.was_sent() and not proposals.is_asking():
        with form.told():
            body = {**_fields(form), "organisation": acts_for()}
            made = api().post("/v1/notices", body, key=form.once)
            tell(gettext("The draft is saved."))
            return redirect(f"/{made['name']}", 303)
    return question(
        form,
        gettext("Write a notice"),
        button=gettext("Save as a draft"),
        back="/dashboard",
        suggests=True,
    )


@pages.route("/<uuid:number>/edit", methods=["GET", "POST"])
@manager
def edit(number: UUID) -> Response | Reply:
    name = f"notices/{number}"
    notice = api().get(f"/v1/{name}")
    form = NoticeForm(**_values(notice))
    _offer_skills(form)
    if form.was_sent() and not proposals.is_asking():
        with form.told():
            fields = _fields(form)
            api().patch(
                f"/v1/{name}",
                {**fields, "name": name, "etag": notice["etag"]},
                updateMask=",".join(fields),
                **confirmation(),
            )
            tell(gettext("The notice is changed."))
            return redirect(f"/{name}", 303)
    title = gettext("Change the notice")
    return question(form, title, button=gettext("Save"), back=f"/{name}", suggests=True)


def _offer_skills(form: NoticeForm) -> None:
    text = ". ".join(filter(None, (form.title.data, form.body.data)))
    proposals.offer(form, text, named=slugs(without_levels(form.skills.data)))


def _fields(form: NoticeForm) -> Json:
    return {
        "kind": form.kind.data,
        "format": form.format.data,
        "title": form.title.data,
        "body": form.body.data,
        "themes": slugs(form.themes.data),
        "skills": proposals.with_chosen(form, without_levels(form.skills.data)),
        "attendance": form.attendance.data or "IN_PERSON",
        "gradeBands": form.grade_bands.data or [],
        "startDate": form.start_date.iso,
        "endDate": form.end_date.iso,
        "daysPerWeek": form.days_per_week.data or 0,
        "visibility": form.visibility.data,
        "conditions": {
            "skillLevels": levels(form.skills.data),
            "vettingNeeded": form.vetting_needed.data or "VETTING_UNSPECIFIED",
            "vettingHeld": form.vetting_held.data or "VETTING_UNSPECIFIED",
            "places": int(form.places.data or 0),
            "newPartnersOnly": bool(form.new_partners.data),
        },
    }


def _values(notice: Json) -> Json:
    def day(text: str) -> date | None:
        return date.fromisoformat(text) if text else None

    conditions = notice.get("conditions", NO_CONDITIONS)
    return {
        "kind": notice["kind"],
        "format": notice["format"],
        "title": notice["title"],
        "body": notice["body"],
        "themes": in_words(notice["themes"]),
        "skills": with_levels(notice["skills"], conditions["skillLevels"]),
        "attendance": notice["attendance"],
        "grade_bands": notice["gradeBands"],
        "start_date": day(notice["startDate"]),
        "end_date": day(notice["endDate"]),
        "days_per_week": notice["daysPerWeek"] or None,
        "visibility": notice["visibility"],
        "places": conditions["places"] or None,
        "vetting_needed": conditions["vettingNeeded"],
        "vetting_held": conditions["vettingHeld"],
        "new_partners": ["yes"] if conditions["newPartnersOnly"] else [],
    }


@pages.post("/<uuid:number>/<any(submit, publish):verb>")
@manager
def bring_on(number: UUID, verb: str) -> Response | Reply:
    form, here = SureForm(), f"/notices/{number}"
    texts = {
        "submit": gettext("The notice is up for review. Read it once more, then publish it."),
        "publish": gettext("The notice is published."),
    }
    with form.told():
        api().post(f"/v1{here}:{verb}", confirmation())
        tell(texts[verb])
        return redirect(here, 303)
    return not_yet(form, here, after=[(f"{here}/edit", gettext("Change the notice"))])


@pages.post("/<uuid:number>/copy")
@manager
def copy(number: UUID) -> Reply:
    made = api().post(f"/v1/notices/{number}:copy")
    tell(gettext("This is the copy. Change what is different, then put it up for review."))
    return redirect(f"/{made['name']}/edit", 303)


@pages.route("/<uuid:number>/withdraw", methods=["GET", "POST"])
@manager
def withdraw(number: UUID) -> Response | Reply:
    form, here = ReasonForm(), f"/notices/{number}"
    return step(
        form,
        gettext("Withdraw the notice"),
        lambda: api().post(f"/v1/notices/{number}:withdraw", {"reason": form.reason.data or ""}),
        gettext("The notice is withdrawn."),
        button=gettext("Withdraw"),
        is_destructive=True,
        lead=[
            gettext(
                "It disappears everywhere, also in partner regions, and is never opened again. "
                "Those who answered it are told. You can copy it later."
            )
        ],
        back=here,
        then="/notices/mine",
    )


@pages.route("/<uuid:number>/close", methods=["GET", "POST"])
@manager
def close(number: UUID) -> Response | Reply:
    form, here = SureForm(), f"/notices/{number}"
    return step(
        form,
        gettext("Close the notice as filled"),
        lambda: api().post(f"/v1/notices/{number}:close", {"reason": "FILLED"}),
        gettext("The notice is closed as filled."),
        button=gettext("Close it"),
        lead=[gettext("It is never opened again, and those who were not chosen are told.")],
        back=here,
        then="/notices/mine",
    )
