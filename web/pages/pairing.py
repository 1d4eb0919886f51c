"""For coordinators: runs of a cohort's pairing, what is settled before the next, and publishing one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as Reply

from web.api import Json, Refused, asking
from web.asked import api, coordinator, together
from web.flashes import tell
from web.forms import SureForm
from web.languages import gettext, lazy
from web.pages.cohorts import HERE, RUN_STATES, SETTLEMENTS, TERMS
from web.steps import step

pages = Blueprint("pairing", __name__, url_prefix=HERE)
WHY = {
    "NOBODY_ALLOWED": lazy("The rules leave nobody whom they could meet"),
    "QUOTA_FULL": lazy("Their organisation has its share of pairs"),
    "OUTNUMBERED": lazy("Everybody whom they could meet is needed by somebody else"),
}
EXCLUSIONS = {
    "SAME_ORGANISATION": lazy("of the same organisation"),
    "CONFLICT": lazy("of an organisation that one of the two rules out"),
    "FORBIDDEN": lazy("forbidden by the coordinator"),
    "KEPT_APART": lazy("asked not to meet"),
    "PAST_PARTNER": lazy("partners in an earlier cohort"),
    "APPLIED_WITH_ANOTHER": lazy("applied together with somebody else"),
    "LOCKED_WITH_ANOTHER": lazy("locked into another pair"),
    "GRADE_GAP": lazy("too far apart in seniority"),
    "TOO_FAR": lazy("too far away"),
    "NO_COMMON_DAYS": lazy("no days in common"),
}
CHANGES = {
    "TRAVEL": lazy("%(amount)s miles more"),
    "DATES": lazy("any days"),
    "GRADE": lazy("%(amount)s band more of seniority"),
    "QUOTA": lazy("%(amount)s person more of their organisation"),
    "FORBIDDEN": lazy("without what was forbidden for them"),
}


@pages.post("/<uuid:cohort>/pairingRuns")
@coordinator
def run(cohort: UUID) -> Reply:
    body = {"afresh": request.form.get("afresh") == "yes"}
    made = api().post(f"/v1/cohorts/{cohort}/pairingRuns", body)
    return redirect(f"/{made['name']}", 303)


@pages.get("/<uuid:cohort>/pairingRuns/<uuid:number>")
@coordinator
def pairing_run(cohort: UUID, number: UUID) -> str:
    name = f"cohorts/{cohort}/pairingRuns/{number}"
    found, of, runs, pairs, unpaired = together(
        asking(f"/v1/{name}"),
        asking(f"/v1/cohorts/{cohort}"),
        asking(f"/v1/cohorts/{cohort}/pairingRuns", pageSize=20),
        asking(f"/v1/{name}/pairs", pageSize=50, pageToken=request.args.get("page", "")),
        asking(f"/v1/{name}/unpaired", pageSize=100),
    )
    return render_template(
        "cohorts/run.html",
        title=gettext("Run %(number)s", number=found["number"]),
        run=found,
        cohort=of,
        others=[each for each in runs["pairingRuns"] if each["name"] != name],
        pairs=pairs["pairs"],
        token=pairs["nextPageToken"],
        unpaired=unpaired["unpaired"],
        states=RUN_STATES,
        terms=TERMS,
        why=WHY,
        exclusions=EXCLUSIONS,
        change_in_words=change_in_words,
        is_open=of["state"] in ("PAIRING", "PUBLISHED"),
        back=f"{HERE}/{cohort}",
    )


def change_in_words(relaxation: Json) -> str:
    """What would help, such as 10 miles more."""
    text = CHANGES.get(relaxation["change"])
    return str(text) % {"amount": relaxation["amount"]} if text else str(relaxation["text"])


@pages.post("/<uuid:cohort>/settle")
@coordinator
def settle(cohort: UUID) -> Reply:
    """A lock or a ban for two, by the names in the form; then back to where it was said."""
    sent: dict[str, Any] = {key: request.form.get(key, "") for key in ("one", "other")}
    how = request.form.get("settlement", "")
    if how in SETTLEMENTS:
        sent["settlement"] = how
    try:
        api().post(f"/v1/cohorts/{cohort}:settlePair", sent)
    except Refused as refused:
        if refused.status not in (400, 409, 412):
            raise
        tell(gettext("That was not done: one of them is settled with somebody else."))
        return redirect(f"{HERE}/{cohort}/applications", 303)
    tell(gettext("That is settled for the next run."))
    return redirect(f"{HERE}/{cohort}/applications", 303)


@pages.route("/<uuid:cohort>/pairingRuns/<uuid:number>/publish", methods=["GET", "POST"])
@coordinator
def publish(cohort: UUID, number: UUID) -> Response | Reply:
    here, form = f"{HERE}/{cohort}/pairingRuns/{number}", SureForm()
    return step(
        form,
        gettext("Publish the pairs"),
        lambda: api().post(f"/v1{here}:publish"),
        gettext("The pairs are published. Everybody whom it concerns is told."),
        button=gettext("Publish"),
        lead=[
            gettext("Partners learn who they are, and their managers too."),
            gettext("Who has no partner is told why."),
        ],
        back=here,
    )


@pages.get("/<uuid:cohort>/pairingRuns/<uuid:number>/compare")
@coordinator
def compare(cohort: UUID, number: UUID) -> str:
    here = f"{HERE}/{cohort}/pairingRuns/{number}"
    found = api().get(f"/v1{here}:compare", other=request.args.get("other", ""))
    return render_template(
        "cohorts/comparison.html",
        title=gettext(
            "Run %(number)s beside run %(other)s",
            number=found["run"]["number"],
            other=found["other"]["number"],
        ),
        comparison=found,
        back=here,
    )
