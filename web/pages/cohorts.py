"""Cohorts: what they are, making one, applying to one, and who has applied."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as Reply

from web import words
from web.api import Json, Refused, asking
from web.asked import api, asked, coordinator, me, signed_in, together
from web.fields import amount, any_of, let_choose, line, one_of, one_of_many, paragraph, when
from web.flashes import tell
from web.forms import Asking, SureForm, question
from web.languages import gettext, lazy
from web.sessions import SignIn
from web.skills import slugs
from web.steps import step

pages = Blueprint("cohorts", __name__, url_prefix="/cohorts")
HERE = "/cohorts"
CONSENT = "cohort-2026-11"
STATES = {
    "DRAFT": lazy("Draft"),
    "OPEN": lazy("Takes applications"),
    "PAIRING": lazy("Is being paired"),
    "PUBLISHED": lazy("Pairs are published"),
    "CLOSED": lazy("Closed"),
}
APPLICATION_STATES = {"ACTIVE": lazy("Takes part"), "WITHDRAWN": lazy("Taken back")}
RUN_STATES = {
    "READY": lazy("Not published"),
    "PUBLISHED": lazy("Published"),
    "SUPERSEDED": lazy("Replaced by a later run"),
}
WEIGHTS = {
    "BALANCED": lazy("Balanced: themes, then distance, seniority and dates"),
    "NEARBY": lazy("Near each other before all else"),
    "LEARNING": lazy("What each wants to learn before all else"),
}
SETTLEMENTS = {
    "LOCKED": lazy("Locked: they are a pair"),
    "FORBIDDEN": lazy("Forbidden: they are no pair"),
    "APART": lazy("They asked not to meet"),
    "TOGETHER": lazy("They applied together"),
}
TERMS = {
    "WISHES": lazy("What they want to learn"),
    "TRAVEL": lazy("Distance"),
    "DATES": lazy("Days in common"),
    "GRADE": lazy("Seniority"),
}


class CohortForm(Asking):
    """Whom it is for and what holds for its pairs."""

    display_name = line(
        lazy("What is it called?"),
        lazy("Like: Leadership Exchange, spring 2027"),
        empty=lazy("Enter a name of at least 3 characters"),
    )
    description = paragraph(
        lazy("What is it about? (optional)"), lazy("For those who think of applying")
    )
    first_side = any_of(
        lazy("Sectors on the first side"),
        words.choices(words.SECTORS),
        lazy("Choose none on both sides if anybody can be paired with anybody"),
    )
    second_side = any_of(lazy("Sectors on the other side"), words.choices(words.SECTORS))
    first_day = when(lazy("First day on which pairs can meet"))
    last_day = when(lazy("Last day on which pairs can meet"))
    common_days = amount(lazy("Days that two must have in common"), most=100)
    grade_gap = amount(
        lazy("How many grades may two be apart?"), lazy("0 for the same, 9 for any"), most=9
    )
    organisation_quota = amount(
        lazy("How many people of one organisation are paired at most?"),
        lazy("0 for any number"),
        most=1000,
    )
    weights = one_of(lazy("What counts most?"), words.choices(WEIGHTS))


class ApplicationForm(Asking):
    """The short form."""

    person = one_of_many(lazy("For whom?"), [])
    grade_band = one_of_many(lazy("How senior are they?"), [])
    wants = line(
        lazy("What do you want to learn about?"),
        lazy("Separate themes with commas, like: housing, data"),
        most=500,
    )
    offers = line(
        lazy("What can you show something of?"),
        lazy("Separate themes with commas, like: housing, data"),
        most=500,
    )
    travel_miles = amount(
        lazy("How many miles would you travel?"), lazy("0 for any distance"), most=1000
    )
    remote_welcome = one_of(
        lazy("Would you also meet by video?"), [("yes", lazy("Yes")), ("no", lazy("No"))]
    )
    start_date = when(lazy("First day on which you can take part (optional)"))
    end_date = when(lazy("Last day on which you can take part (optional)"))
    consent = any_of(
        lazy("Agreement"),
        [
            (
                "yes",
                lazy(
                    "The coordinator may see this application, and the partner may see the name, "
                    "job title and work email address when the pairs are published"
                ),
            )
        ],
    )


def _is_coordinator(who: SignIn | None) -> bool:
    return bool(who and who.is_coordinator)


@pages.get("")
def cohorts() -> str:
    found = api().get("/v1/cohorts", pageToken=request.args.get("page", ""))
    return render_template(
        "cohorts/cohorts.html",
        title=gettext("Cohorts"),
        cohorts=found["cohorts"],
        token=found["nextPageToken"],
        states=STATES,
        is_coordinator=_is_coordinator(asked().signed_in),
    )


@pages.route("/new", methods=["GET", "POST"])
@coordinator
def new() -> Response | Reply:
    form = CohortForm(common_days=1, grade_gap=1, organisation_quota=0, weights="BALANCED")
    if form.was_sent():
        with form.told():
            made = api().post("/v1/cohorts", _fields(form), key=form.once)
            tell(gettext("The cohort is drafted. Nobody sees it before you open it."))
            return redirect(f"/{made['name']}", 303)
    return question(form, gettext("Draft a cohort"), button=gettext("Save as a draft"), back=HERE)


@pages.route("/<uuid:cohort>/edit", methods=["GET", "POST"])
@coordinator
def edit(cohort: UUID) -> Response | Reply:
    name = f"cohorts/{cohort}"
    found = api().get(f"/v1/{name}")
    form = CohortForm(**_values(found))
    if found["state"] != "DRAFT":
        del form.first_side, form.second_side
    if form.was_sent():
        with form.told():
            fields = _fields(form)
            path = f"/v1/{name}?updateMask={','.join(fields)}"
            api().patch(path, {**fields, "name": name, "etag": found["etag"]})
            tell(gettext("The cohort is changed."))
            return redirect(f"/{name}", 303)
    return question(form, gettext("Change the cohort"), button=gettext("Save"), back=f"/{name}")


def _fields(form: CohortForm) -> Json:
    sides = {
        name: form[field].data or []
        for name, field in (("firstSide", "first_side"), ("secondSide", "second_side"))
        if field in form
    }
    return {
        **sides,
        "displayName": form.display_name.data,
        "description": form.description.data or "",
        "firstDay": form.first_day.iso,
        "lastDay": form.last_day.iso,
        "commonDays": int(form.common_days.data or 1),
        "gradeGap": int(form.grade_gap.data or 0),
        "organisationQuota": int(form.organisation_quota.data or 0),
        "weights": form.weights.data or "BALANCED",
    }


def _values(cohort: Json) -> Json:
    return {
        "display_name": cohort["displayName"],
        "description": cohort["description"],
        "first_side": cohort["firstSide"],
        "second_side": cohort["secondSide"],
        "first_day": date.fromisoformat(cohort["firstDay"]),
        "last_day": date.fromisoformat(cohort["lastDay"]),
        "common_days": cohort["commonDays"],
        "grade_gap": cohort.get("gradeGap", 1),
        "organisation_quota": cohort["organisationQuota"],
        "weights": cohort["weights"],
    }


@pages.get("/<uuid:cohort>")
def one(cohort: UUID) -> str:
    name, who = f"cohorts/{cohort}", asked().signed_in
    asks = [asking(f"/v1/{name}")]
    if who:
        asks.append(asking(f"/v1/{name}/applications", state="ACTIVE", pageSize=20))
    if _is_coordinator(who):
        asks.append(asking(f"/v1/{name}/pairingRuns", pageSize=20))
    found, *more = together(*asks)
    return render_template(
        "cohorts/cohort.html",
        title=found["displayName"],
        cohort=found,
        states=STATES,
        run_states=RUN_STATES,
        weights=WEIGHTS,
        mine=_mine(more[0]["applications"], who) if who else [],
        runs=more[1]["pairingRuns"] if len(more) > 1 else [],
        is_coordinator=_is_coordinator(who),
        back=HERE,
    )


def _mine(applications: list[Json], who: SignIn) -> list[Json]:
    """One's own and those of people whom one manages; a coordinator's list has more."""
    return [
        each
        for each in applications
        if each["person"] == who.person or each["organisation"] in who.manages
    ]


@pages.post("/<uuid:cohort>/<any(open, startPairing):verb>")
@coordinator
def bring_on(cohort: UUID, verb: str) -> Reply:
    api().post(f"/v1/cohorts/{cohort}:{verb}")
    texts = {
        "open": gettext("The cohort takes applications. Managers are told."),
        "startPairing": gettext("The time for applications is over. Run the pairing."),
    }
    tell(texts[verb])
    return redirect(f"{HERE}/{cohort}", 303)


@pages.route("/<uuid:cohort>/close", methods=["GET", "POST"])
@coordinator
def close(cohort: UUID) -> Response | Reply:
    here, form = f"{HERE}/{cohort}", SureForm()
    return step(
        form,
        gettext("Close the cohort"),
        lambda: api().post(f"/v1/cohorts/{cohort}:close"),
        gettext("The cohort is closed."),
        is_destructive=True,
        lead=[
            gettext("Nobody can apply or be paired in it any more, and it is never opened again.")
        ],
        back=here,
    )


@pages.route("/<uuid:cohort>/apply", methods=["GET", "POST"])
@signed_in
def apply(cohort: UUID) -> Response | Reply:
    name = f"cohorts/{cohort}"
    found = api().get(f"/v1/{name}")
    form = ApplicationForm(remote_welcome="no", person=me().person)
    let_choose(form.grade_band, [("", gettext("Choose how senior")), *words.choices(words.GRADES)])
    let_choose(form.person, _people())
    if form.was_sent() and _has_agreed(form):
        with form.told():
            made = api().post(f"/v1/{name}/applications", _application(form), key=form.once)
            tell(gettext("The application is sent."))
            return redirect(f"/{made['name']}", 303)
    return question(
        form,
        gettext("Apply to %(name)s", name=found["displayName"]),
        button=gettext("Send the application"),
        back=f"/{name}",
    )


def _has_agreed(form: ApplicationForm) -> bool:
    if not form.consent.data:
        form.say(gettext("You can only take part if you agree to this"), "consent")
    return bool(form.consent.data)


def _people() -> list[tuple[str, str]]:
    """Oneself; for a manager, those whom they can apply for too."""
    myself = [(me().person, gettext("Myself"))]
    if not me().is_manager:
        return myself
    people = api().all("/v1/people", "people", organisation=me().manages[0], state="ACTIVE")
    others = [(e["name"], e["displayName"]) for e in people if e["name"] != me().person]
    return myself + sorted(others, key=lambda each: each[1])


def _application(form: ApplicationForm) -> Json:
    made: Json = {
        "person": form.person.data or "",
        "wants": slugs(form.wants.data),
        "offers": slugs(form.offers.data),
        "travelMiles": int(form.travel_miles.data or 0),
        "remoteWelcome": form.remote_welcome.data == "yes",
        "consentTextVersion": CONSENT,
    }
    if form.grade_band.data:
        made["gradeBand"] = form.grade_band.data
    if form.start_date.data and form.end_date.data:
        made["days"] = [{"startDate": form.start_date.iso, "endDate": form.end_date.iso}]
    return made


@pages.get("/<uuid:cohort>/applications")
@coordinator
def applications(cohort: UUID) -> str:
    name = f"cohorts/{cohort}"
    found, listed, settled = together(
        asking(f"/v1/{name}"),
        asking(f"/v1/{name}/applications", pageSize=50, pageToken=request.args.get("page", "")),
        asking(f"/v1/{name}/settledPairs", pageSize=100),
    )
    names = {each["name"]: each["displayName"] for each in listed["applications"]}
    return render_template(
        "cohorts/applications.html",
        title=gettext("Applicants"),
        cohort=found,
        applications=listed["applications"],
        token=listed["nextPageToken"],
        settled=settled["settledPairs"],
        names=names,
        settlements=SETTLEMENTS,
        states=APPLICATION_STATES,
        back=f"/{name}",
    )


@pages.get("/<uuid:cohort>/applications/<uuid:application>")
@signed_in
def application(cohort: UUID, application: UUID) -> str:
    name = f"cohorts/{cohort}/applications/{application}"
    found, of = together(asking(f"/v1/{name}"), asking(f"/v1/cohorts/{cohort}"))
    is_own = found["person"] == me().person or found["organisation"] in me().manages
    return render_template(
        "cohorts/application.html",
        title=gettext("Application to %(name)s", name=of["displayName"]),
        application=found,
        cohort=of,
        states=APPLICATION_STATES,
        terms=TERMS,
        partner=_partner(name) if is_own and of["state"] in ("PUBLISHED", "CLOSED") else None,
        may_withdraw=found["state"] == "ACTIVE" and of["state"] != "CLOSED",
        back=f"{HERE}/{cohort}",
    )


def _partner(name: str) -> Json | None:
    try:
        return api().get(f"/v1/{name}/partner")
    except Refused as refused:
        if refused.status == 404:
            return None
        raise


@pages.route("/<uuid:cohort>/applications/<uuid:application>/withdraw", methods=["GET", "POST"])
@signed_in
def withdraw(cohort: UUID, application: UUID) -> Response | Reply:
    here, form = f"{HERE}/{cohort}/applications/{application}", SureForm()
    return step(
        form,
        gettext("Take the application back"),
        lambda: api().post(f"/v1{here}:withdraw"),
        gettext("The application is taken back."),
        button=gettext("Take it back"),
        is_destructive=True,
        lead=[gettext("If there is a partner already, they are told, and we look for another.")],
        back=here,
        then=f"{HERE}/{cohort}",
    )
