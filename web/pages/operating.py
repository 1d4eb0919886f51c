"""What the region's operator does: verifying organisations, appointing managers, watching the log and the mail."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as Reply

from web import words
from web.api import asking
from web.asked import api, operator, together
from web.fields import email, let_choose, line, one_of_many
from web.flashes import tell
from web.forms import Asking, SureForm, question
from web.languages import gettext, lazy, number
from web.pages.sign_ins import POLICIES, find_person
from web.steps import step

pages = Blueprint("operating", __name__, url_prefix="/operator")
HERE = "/operator"
WELL = ("ACTIVE", "REMOVED")  # partners that need nobody


class VerifyForm(Asking):
    """How it was checked."""

    note = line(
        lazy("How did you check it?"),
        lazy("For the audit log. Name nobody"),
        most=500,
        empty=lazy("Say how you checked it"),
    )


class CoordinatorForm(Asking):
    """Who runs programmes."""

    person = one_of_many(lazy("Who?"), [], empty=lazy("Choose who it is"))


class AppointForm(Asking):
    """Who acts for an organisation."""

    person = one_of_many(lazy("Somebody of this organisation"), [])
    from_elsewhere = email(
        lazy("Or somebody of another organisation: their work address (optional)"),
        lazy("Where organisations share their staff. They may manage several"),
    )
    contact_email = email(
        lazy("Public address for the role (optional)"),
        lazy("Without one, the person’s work address becomes public"),
    )

    def was_sent(self) -> bool:
        if not super().was_sent():
            return False
        if bool(self.person.data) == bool(self.from_elsewhere.data):
            self.say(lazy("Choose one person, or enter one address"), "person")
        return not self.summary

    def find(self) -> str:
        """The name of who is meant; empty when nobody has the address."""
        return str(self.person.data or find_person(self, "from_elsewhere"))


@pages.get("")
@operator
def start() -> str:
    waiting, failed, reported, in_review, partners, figures = together(
        asking("/v1/organisations", state="REGISTERED", pageSize=100),
        asking("/v1/deliveries", state="FAILED", pageSize=100),
        asking("/v1/notices/-/reports", state="OPEN", pageSize=100),
        asking("/v1/notices", state="IN_REVIEW", pageSize=100),
        asking("/v1/partners", pageSize=100),
        asking("/v1/figures"),
    )
    return render_template(
        "operator/start.html",
        title=gettext("What waits for you"),
        waiting=waiting["organisations"],
        failed=len(failed["deliveries"]),
        reported=len(reported["reports"]),
        in_review=len(in_review["notices"]),
        silent=[each for each in partners["partners"] if each["state"] not in WELL],
        figures=figures,
    )


@pages.get("/organisations")
@operator
def organisations() -> str:
    found = api().get(
        "/v1/organisations",
        query=request.args.get("query", ""),
        pageSize=50,
        pageToken=request.args.get("page", ""),
    )
    return render_template(
        "operator/organisations.html",
        title=gettext("Organisations"),
        organisations=found["organisations"],
        token=found["nextPageToken"],
        back=HERE,
    )


@pages.get("/organisations/<uuid:organisation>")
@operator
def organisation(organisation: UUID) -> str:
    name = f"organisations/{organisation}"
    found, managers = together(asking(f"/v1/{name}"), asking(f"/v1/{name}/managers", pageSize=100))
    return render_template(
        "operator/organisation.html",
        title=found["displayName"],
        organisation=found,
        managers=managers["managers"],
        back=f"{HERE}/organisations",
    )


@pages.route("/organisations/<uuid:organisation>/verify", methods=["GET", "POST"])
@operator
def verify(organisation: UUID) -> Response | Reply:
    here, form = f"{HERE}/organisations/{organisation}", VerifyForm()
    if form.was_sent():
        with form.told():
            path = f"/v1/organisations/{organisation}:verify"
            api().post(path, {"note": form.note.data})
            tell(gettext("The organisation is verified. It can publish notices now."))
            return redirect(here, 303)
    return question(
        form,
        gettext("Verify the organisation"),
        button=gettext("Verify"),
        lead=[
            gettext(
                "Ask the organisation itself, by a number or an address that you know from elsewhere."
            )
        ],
        back=here,
    )


@pages.route("/organisations/<uuid:organisation>/appoint", methods=["GET", "POST"])
@operator
def appoint(organisation: UUID) -> Response | Reply:
    here, form = f"{HERE}/organisations/{organisation}", AppointForm()
    let_choose(form.person, _members(organisation))
    if form.was_sent():
        with form.told():
            person = form.find()
            if person:
                body = {"person": person, "contactEmail": form.contact_email.data or ""}
                api().post(f"/v1/organisations/{organisation}:appointManager", body)
                tell(gettext("The manager is appointed and told by mail."))
                return redirect(here, 303)
    return question(
        form,
        gettext("Appoint a manager"),
        button=gettext("Appoint"),
        lead=[gettext("They read all requests to the organisation and answer for its notices.")],
        back=here,
    )


@pages.get("/coordinators")
@operator
def coordinators() -> str:
    found = api().get("/v1/people", coordinator=True, pageToken=request.args.get("page", ""))
    return render_template(
        "operator/coordinators.html",
        title=gettext("Programme coordinators"),
        people=found["people"],
        token=found["nextPageToken"],
        back=HERE,
    )


@pages.route("/organisations/<uuid:organisation>/coordinator", methods=["GET", "POST"])
@operator
def appoint_coordinator(organisation: UUID) -> Response | Reply:
    here, form = f"{HERE}/organisations/{organisation}", CoordinatorForm()
    let_choose(form.person, _members(organisation))
    if form.was_sent():
        with form.told():
            api().post(f"/v1/{form.person.data}:appointCoordinator")
            tell(gettext("The coordinator is appointed and told by mail."))
            return redirect(f"{HERE}/coordinators", 303)
    return question(
        form,
        gettext("Appoint a programme coordinator"),
        button=gettext("Appoint"),
        lead=[gettext("They run cohorts, and see who applies to them.")],
        back=here,
    )


@pages.route("/coordinators/<uuid:person>/dismiss", methods=["GET", "POST"])
@operator
def dismiss_coordinator(person: UUID) -> Response | Reply:
    here, form = f"{HERE}/coordinators", SureForm()
    return step(
        form,
        gettext("End the role"),
        lambda: api().post(f"/v1/people/{person}:dismissCoordinator"),
        gettext("They coordinate programmes no more."),
        is_destructive=True,
        lead=[gettext("They see no applications any more. What they have begun goes on.")],
        back=here,
    )


def _members(organisation: UUID) -> list[tuple[str, str]]:
    people = api().all(
        "/v1/people", "people", organisation=f"organisations/{organisation}", state="ACTIVE"
    )
    named = [(each["name"], each["displayName"]) for each in people]
    return [("", gettext("Choose a person")), *named]


@pages.get("/audit")
@operator
def audit() -> str:
    entries, checked = together(
        asking(
            "/v1/auditEntries",
            action=request.args.get("action", ""),
            subject=request.args.get("subject", ""),
            pageSize=50,
            pageToken=request.args.get("page", ""),
        ),
        asking("/v1/auditEntries:verify"),
    )
    return render_template(
        "operator/audit.html",
        title=gettext("Audit log"),
        entries=entries["auditEntries"],
        token=entries["nextPageToken"],
        checked=checked,
        policies=dict(POLICIES),
        back=HERE,
    )


@pages.get("/deliveries")
@operator
def deliveries() -> str:
    state = request.args.get("state", "")
    found = api().get(
        "/v1/deliveries", state=state, pageSize=50, pageToken=request.args.get("page", "")
    )
    return render_template(
        "operator/deliveries.html",
        title=gettext("Mail"),
        deliveries=found["deliveries"],
        states=words.DELIVERY_STATES,
        state=state,
        token=found["nextPageToken"],
        back=HERE,
    )


@pages.post("/deliveries/<uuid:delivery>/retry")
@operator
def retry(delivery: UUID) -> Reply:
    tried = api().post(f"/v1/deliveries/{delivery}:retry")
    tell(
        gettext(
            "The mail is tried again (it was tried %(times)s times).",
            times=number(tried["attempts"]),
        )
    )
    return redirect(f"{HERE}/deliveries?state=FAILED", 303)
