"""Who is signed in: one's own sessions, and for operators everybody's, lockouts, and lost second factors."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as Reply

from web.api import Refused, asking
from web.asked import api, asked, me, operator, signed_in, together
from web.fields import email, line, one_of
from web.flashes import tell
from web.forms import Asking, SureForm, question
from web.languages import gettext, lazy
from web.steps import step

pages = Blueprint("sign_ins", __name__)
OWN = "/account/sessions"
ALL = "/operator/sign-ins"
POLICIES = [
    ("OPTIONAL", lazy("Whoever wants one")),
    ("REQUIRED_FOR_MANAGERS_AND_OPERATORS", lazy("Managers and operators must; others may")),
]


class FindForm(Asking):
    """Whom the operator looks for."""

    email = email(
        lazy("Work email address"), lazy("The whole address"), empty=lazy("Enter their address")
    )


class ResetForm(Asking):
    """How the operator knows that it is they."""

    note = line(
        lazy("How did you make sure that it is they who ask?"),
        lazy("For the audit log. Name nobody"),
        most=500,
        empty=lazy("Say how you made sure"),
    )


class PolicyForm(Asking):
    """Who must have a second step."""

    policy = one_of(
        lazy("Who has a second step of signing in?"),
        POLICIES,
        lazy("Who must have one and has none is asked to set it up before anything else"),
        empty=lazy("Choose who has one"),
    )


@pages.get(OWN)
@signed_in
def own() -> str:
    found = api().get(
        f"/v1/{me().person}/sessions", pageSize=20, pageToken=request.args.get("page", "")
    )
    return render_template(
        "sessions.html",
        title=gettext("Where you are signed in"),
        sessions=found["sessions"],
        token=found["nextPageToken"],
        back="/account",
    )


@pages.post(f"{OWN}/<uuid:session>/end")
@signed_in
def end_own(session: UUID) -> Reply:
    api().delete(f"/v1/sessions/{session}")
    tell(gettext("That session is ended."))
    return redirect(OWN, 303)


@pages.route(f"{OWN}/end-all", methods=["GET", "POST"])
@signed_in
def end_all() -> Response | Reply:
    form = SureForm()
    if form.was_sent():
        with form.told():
            api().post("/v1/sessions:revokeAll")
            asked().forget()
            tell(gettext("You are signed out everywhere."))
            return redirect("/sign-in", 303)
    return question(
        form,
        gettext("Sign out everywhere"),
        button=gettext("Sign out everywhere"),
        is_destructive=True,
        lead=[gettext("All your sessions end, this one too, on every device.")],
        back=OWN,
        cancel=OWN,
    )


@pages.get(ALL)
@operator
def everybodys() -> str:
    opened, locked, region = together(
        asking("/v1/people/-/sessions", pageSize=50, pageToken=request.args.get("page", "")),
        asking("/v1/lockouts", pageSize=100),
        asking("/v1/regions/current"),
    )
    return render_template(
        "operator/sign-ins.html",
        title=gettext("Sign-ins and lockouts"),
        sessions=opened["sessions"],
        token=opened["nextPageToken"],
        lockouts=locked["lockouts"],
        policy=dict(POLICIES)[region["secondFactorPolicy"]],
        back="/operator",
    )


@pages.route(f"{ALL}/find", methods=["GET", "POST"])
@operator
def find() -> Response | Reply:
    form = FindForm()
    if form.was_sent():
        with form.told():
            person = find_person(form, "email")
            if person:
                return redirect(f"/operator/{person}", 303)
    return question(form, gettext("Find a person"), button=gettext("Find"), back=ALL)


def find_person(form: Asking, field: str) -> str:
    """The name of who has the address in a field of a form, which says so when nobody has."""
    try:
        return str(api().post("/v1/people:find", {"email": form[field].data})["name"])
    except Refused as refused:
        if refused.reason != "NO_SUCH_PERSON":
            raise
        form.say(gettext("Nobody here has this address"), field)
        return ""


@pages.get("/operator/people/<uuid:person>")
@operator
def one(person: UUID) -> str:
    name = f"people/{person}"
    found, factor, opened, linked = together(
        asking(f"/v1/{name}"),
        asking(f"/v1/{name}/secondFactor"),
        asking(f"/v1/{name}/sessions", pageSize=50),
        asking(f"/v1/{name}/linkedIdentities", pageSize=50),
    )
    return render_template(
        "operator/person.html",
        title=found["displayName"],
        person=found,
        factor=factor,
        sessions=opened["sessions"],
        linked=linked["linkedIdentities"],
        is_oneself=name == me().person,
        back=ALL,
    )


@pages.post("/operator/people/<uuid:person>/unlock")
@operator
def unlock(person: UUID) -> Reply:
    api().post(f"/v1/people/{person}:unlock")
    tell(gettext("They can try to sign in again now."))
    return redirect(f"/operator/people/{person}", 303)


@pages.post("/operator/people/<uuid:person>/sessions/<uuid:session>/end")
@operator
def end(person: UUID, session: UUID) -> Reply:
    api().delete(f"/v1/sessions/{session}")
    tell(gettext("That session is ended."))
    return redirect(f"/operator/people/{person}", 303)


@pages.route("/operator/people/<uuid:person>/reset-second-factor", methods=["GET", "POST"])
@operator
def reset_second_factor(person: UUID) -> Response | Reply:
    here, form = f"/operator/people/{person}", ResetForm()
    return step(
        form,
        gettext("Take the second step of signing in away"),
        lambda: api().post(f"/v1/people/{person}/secondFactor:reset", {"note": form.note.data}),
        gettext("The second step is taken away. They are told by mail."),
        button=gettext("Take it away"),
        is_destructive=True,
        lead=[
            gettext(
                "Ring them by a number that you know from elsewhere: "
                "whoever has found out their password may be the one who asks."
            ),
            gettext("They are signed out everywhere, and their password is enough to sign in."),
        ],
        back=here,
    )


@pages.route(f"{ALL}/second-step", methods=["GET", "POST"])
@operator
def policy() -> Response | Reply:
    form = PolicyForm(policy=api().get("/v1/regions/current")["secondFactorPolicy"])
    if form.was_sent():
        with form.told():
            body = {"policy": form.policy.data}
            api().post("/v1/regions/current:setSecondFactorPolicy", body)
            asked().renew()  # it may be asked of us, too
            tell(gettext("The rule for the second step is saved."))
            return redirect(ALL, 303)
    return question(
        form, gettext("Second step of signing in"), button=gettext("Save"), back=ALL, cancel=ALL
    )
