"""What would fit: a notice, a person, an organisation; what was left out and why; and "not this one, because"."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as Reply

from web import words
from web.api import Json, Refused, asking
from web.asked import api, manager, me, signed_in, together
from web.fields import any_of, line, one_of, one_of_many
from web.flashes import tell
from web.forms import Asking, question
from web.languages import gettext, language, lazy

pages = Blueprint("suggestions", __name__)

NOT_FOUND = 404
NOTHING: Json = {"suggestions": [], "nextPageToken": ""}

REASONS = {
    "NOT_RELEVANT": lazy("It is about something else"),
    "DATES_DO_NOT_WORK": lazy("The dates or days don’t work"),
    "TOO_FAR_AWAY": lazy("It is too far away"),
    "WRONG_LEVEL": lazy("The level is wrong"),
    "ALREADY_IN_TOUCH": lazy("They were in touch before"),
    "CONFLICT_OF_INTEREST": lazy("Somebody involved has an interest in the outcome"),
    "SOMETHING_ELSE": lazy("Something else"),
}


class CheckForm(Asking):
    """Which check of somebody a manager has seen."""

    vetting_held = one_of_many(
        lazy("Check of their criminal record that you have seen"),
        [("VETTING_UNSPECIFIED", lazy("Not said")), *words.VETTINGS.items()],
        lazy(
            "Notices that ask for more are not suggested. Nobody outside your organisation sees it"
        ),
    )


class DismissForm(Asking):
    """Why not this one."""

    reason = one_of(lazy("Why not?"), words.choices(REASONS), empty=lazy("Choose why not"))
    note = line(
        lazy("In words (optional)"),
        lazy("Kept for your organisation’s managers. Name nobody"),
        most=500,
    )
    whole = any_of(
        lazy("Should this hold for the whole organisation?"),
        [("yes", lazy("Yes, suggest nothing of theirs for any notice of ours"))],
    )


def paging() -> Json:
    return {"pageToken": request.args.get("page", ""), "language": language()}


@pages.get("/notices/<uuid:number>/suggestions")
@manager
def for_notice(number: UUID) -> str:
    name = f"notices/{number}"
    notice, found = _with_suggestions(name)
    return render_template(
        "suggestions.html",
        title=gettext("Notices that would fit"),
        caption=notice["title"],
        own={name: notice},
        suggestions=found["suggestions"],
        token=found["nextPageToken"],
        excluded=f"/{name}/excluded",
        back=f"/{name}",
    )


def _with_suggestions(name: str) -> list[Json]:
    """The notice and what would fit it: nothing yet, when it was published this very moment."""
    try:
        return together(asking(f"/v1/{name}"), asking(f"/v1/{name}:suggest", **paging()))
    except Refused as refusal:
        if refusal.status != NOT_FOUND:
            raise
    return [api().get(f"/v1/{name}"), NOTHING]


@pages.get("/suggestions/organisation")
@manager
def for_organisation() -> str:
    organisation = me().manages[0]
    found = api().get(f"/v1/{organisation}:suggest", **paging())
    names = {each["forNotice"] for each in found["suggestions"]}
    own = together(*(asking(f"/v1/{name}") for name in sorted(names)))
    return render_template(
        "suggestions.html",
        title=gettext("Notices that would fit yours"),
        own={notice["name"]: notice for notice in own},
        suggestions=found["suggestions"],
        token=found["nextPageToken"],
        back="/dashboard",
    )


@pages.get("/suggestions")
@signed_in
def for_me() -> str:
    return _for_person(me().person, gettext("Notices that would fit you"), back="/account")


@pages.get("/people/<uuid:number>/suggestions")
@manager
def for_person(number: UUID) -> str:
    return _for_person(
        f"people/{number}",
        gettext("Notices that would fit this person"),
        back="/suggestions/people",
    )


@pages.get("/suggestions/people")
@manager
def people() -> str:
    """One's own people, to look for one of them."""
    found = api().get(
        "/v1/people",
        organisation=me().manages[0],
        state="ACTIVE",
        pageSize=50,
        pageToken=request.args.get("page", ""),
    )
    return render_template(
        "suggestions_people.html",
        title=gettext("For whom do you look?"),
        people=found["people"],
        token=found["nextPageToken"],
        back="/dashboard",
    )


@pages.route("/people/<uuid:number>/check", methods=["GET", "POST"])
@manager
def check(number: UUID) -> Response | Reply:
    name, back = f"people/{number}", "/suggestions/people"
    person = api().get(f"/v1/{name}")
    form = CheckForm(vetting_held=person["vettingHeld"])
    if form.was_sent():
        with form.told():
            body = {"name": name, "etag": person["etag"], "vettingHeld": form.vetting_held.data}
            api().patch(f"/v1/{name}?updateMask=vettingHeld", body)
            tell(gettext("The check is noted."))
            return redirect(back, 303)
    title = gettext("Which check do they have?")
    return question(
        form,
        title,
        caption=person["displayName"],
        button=gettext("Save"),
        back=back,
        cancel=back,
    )


def _for_person(name: str, title: str, *, back: str) -> str:
    person = api().get(f"/v1/{name}")
    found = NOTHING
    if person["skills"]:
        organisation = api().get(f"/v1/{person['organisation']}")
        profile = _profile(person, organisation.get("place"))
        found = api().post("/v1/notices:suggestForProfile", profile)
    return render_template(
        "suggestions.html",
        title=title,
        own={},
        suggestions=found["suggestions"],
        token=found["nextPageToken"],
        is_profile=True,
        back=back,
    )


def _profile(person: Json, place: Json | None) -> Json:
    """What matters of somebody who sets out from this place, and nothing that says who they are."""
    by_stance = {
        stance: [each["skill"] for each in person["skills"] if each["stance"] == stance]
        for stance in ("HAS", "WANTS")
    }
    return {
        "organisation": person["organisation"],
        "has": by_stance["HAS"],
        "wants": by_stance["WANTS"],
        "hasLevels": _levels(person, "HAS"),
        "wantsLevels": _levels(person, "WANTS"),
        "gradeBand": person["gradeBand"],
        "vettingHeld": person["vettingHeld"],
        **({"place": place} if place else {}),
        **paging(),
    }


def _levels(person: Json, stance: str) -> list[Json]:
    return [
        {"skill": each["skill"], "level": each["level"]}
        for each in person["skills"]
        if each["stance"] == stance and each["level"]
    ]


@pages.get("/notices/<uuid:number>/excluded")
@manager
def excluded(number: UUID) -> str:
    name = f"notices/{number}"
    notice, found = together(asking(f"/v1/{name}"), asking(f"/v1/{name}:excluded", **paging()))
    return render_template(
        "suggestions_excluded.html",
        title=gettext("What was left out, and why"),
        notice=notice,
        excluded=found["excluded"],
        token=found["nextPageToken"],
        back=f"/{name}/suggestions",
    )


@pages.route("/notices/<uuid:number>/dismiss/<uuid:other>", methods=["GET", "POST"])
@manager
def dismiss(number: UUID, other: UUID) -> Response | Reply:
    form, here = DismissForm(), f"/notices/{number}/suggestions"
    if form.was_sent():
        with form.told():
            said = {
                "other": f"notices/{other}",
                "reason": form.reason.data,
                "note": form.note.data or "",
                "wholeOrganisation": bool(form.whole.data),
            }
            api().post(f"/v1/notices/{number}:dismissSuggestion", said)
            tell(gettext("It is not suggested for this notice any more."))
            return redirect(here, 303)
    return question(
        form,
        gettext("Not this one"),
        caption=api().get(f"/v1/notices/{other}")["title"],
        button=gettext("Don’t suggest it again"),
        back=here,
        cancel=here,
    )


@pages.post("/notices/<uuid:number>/restore/<uuid:other>")
@manager
def restore(number: UUID, other: UUID) -> Reply:
    api().post(f"/v1/notices/{number}:restoreSuggestion", {"other": f"notices/{other}"})
    tell(gettext("It may be suggested again."))
    return redirect(f"/notices/{number}/suggestions", 303)
