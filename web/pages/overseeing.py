"""What the operator oversees: what programs gave up on, their health, partners, who answers."""

from __future__ import annotations

from base64 import b64decode
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as Reply

from web import words
from web.api import ALL_AT_ONCE, asking
from web.asked import api, operator, site, together
from web.fields import line
from web.flashes import tell
from web.forms import Asking, SureForm, not_yet
from web.languages import gettext, lazy
from web.pages.operating import HERE
from web.steps import step

pages = Blueprint("overseeing", __name__, url_prefix=HERE)
HEALTH_WITHIN_S = 3.0
LATEST = 20


class SuspendForm(Asking):
    """Why a partner is stopped."""

    reason = line(
        lazy("Why?"),
        lazy("For the operators of this region"),
        most=500,
        empty=lazy("Say why"),
    )


@pages.get("/health")
@operator
def health() -> str:
    found = site().gateway.health(HEALTH_WITHIN_S)
    return render_template(
        "operator/health.html",
        title=gettext("Health of the programs"),
        programs=found.get("programs", {}),
        back=HERE,
    )


@pages.get("/dead-letters")
@operator
def dead_letters() -> str:
    programs = _programs()
    state = request.args.get("state", "WAITING")
    answers = together(
        *(asking(f"/v1/programs/{each}/deadLetters", state=state, pageSize=50) for each in programs)
    )
    letters = [letter for answer in answers for letter in answer["deadLetters"]]
    return render_template(
        "operator/dead_letters.html",
        title=gettext("What programs gave up on"),
        letters=sorted(letters, key=lambda each: str(each["createTime"]), reverse=True),
        more=any(answer["nextPageToken"] for answer in answers),
        states=words.DEAD_LETTER_STATES,
        state=state,
        back=HERE,
    )


def _programs() -> list[str]:
    """Those that could give up on something: all that the gateway asks, but for its cache."""
    known = site().gateway.health(HEALTH_WITHIN_S).get("programs", {})
    return [each for each, state in known.items() if each != "valkey" and state != "away"]


@pages.post("/dead-letters/<program>/<uuid:letter>/replay")
@operator
def replay(program: str, letter: UUID) -> Response | Reply:
    form = SureForm()
    with form.told():
        api().post(f"/v1/programs/{program}/deadLetters/{letter}:replay")
        tell(gettext("It is handled now."))
        return redirect(f"{HERE}/dead-letters", 303)
    return not_yet(form, f"{HERE}/dead-letters")


@pages.route("/dead-letters/<program>/<uuid:letter>/drop", methods=["GET", "POST"])
@operator
def drop(program: str, letter: UUID) -> Response | Reply:
    form = SureForm()
    return step(
        form,
        gettext("Drop it"),
        lambda: api().post(f"/v1/programs/{program}/deadLetters/{letter}:drop"),
        gettext("It will not be handled."),
        is_destructive=True,
        lead=[
            gettext(
                "What it would have done is never done. It stays listed, and the audit log says who decided."
            )
        ],
        back=f"{HERE}/dead-letters",
    )


@pages.get("/coverage")
@operator
def coverage() -> str:
    times, figures, begun = together(
        asking("/v1/answeringTimes", pageSize=50, pageToken=request.args.get("page", "")),
        asking("/v1/figures"),
        asking("/v1/managers", pageSize=ALL_AT_ONCE),
    )
    managed = {
        each["organisation"]
        for each in api().all("/v1/managers", "managers", begun)
        if each.get("commitTime")
    }
    return render_template(
        "operator/coverage.html",
        title=gettext("Coverage and answering times"),
        times=[
            {**each, "isCovered": each["organisation"] in managed}
            for each in times["answeringTimes"]
        ],
        token=times["nextPageToken"],
        figures=figures,
        back=HERE,
    )


@pages.get("/partners")
@operator
def partners() -> str:
    found = api().get("/v1/partners", pageSize=50, pageToken=request.args.get("page", ""))
    return render_template(
        "operator/partners.html",
        title=gettext("Partner regions"),
        partners=found["partners"],
        token=found["nextPageToken"],
        back=HERE,
    )


@pages.get("/partners/<partner>")
@operator
def partner(partner: str) -> str:
    name = f"partners/{partner}"
    found, aside, told = together(
        asking(f"/v1/{name}"),
        asking(f"/v1/{name}/setAsideEntries", pageSize=LATEST),
        asking(f"/v1/{name}/forks", pageSize=1),
    )
    return render_template(
        "operator/partner.html",
        title=found["displayName"] or partner,
        partner=found,
        aside=aside["setAsideEntries"],
        has_forked=bool(told["forks"]),
        back=f"{HERE}/partners",
    )


@pages.get("/partners/<partner>/forks")
@operator
def forks(partner: str) -> str:
    name = f"partners/{partner}"
    asked = {"pageSize": LATEST, "pageToken": request.args.get("page", "")}
    found, told = together(asking(f"/v1/{name}"), asking(f"/v1/{name}/forks", **asked))
    return render_template(
        "operator/forks.html",
        title=gettext("Two histories"),
        partner=found,
        forks=told["forks"],
        token=told["nextPageToken"],
        back=f"{HERE}/partners/{partner}",
    )


@pages.get("/partners/<partner>/forks/evidence")
@operator
def evidence(partner: str) -> Response:
    """A line of JSON for each fork, as `interchange federation forks --evidence` prints them."""
    found = api().all(f"/v1/partners/{partner}/forks", "forks")
    disposition = f'attachment; filename="forks-{partner}.jsonl"'
    return Response(
        b"".join(b64decode(each["evidence"]) + b"\n" for each in found),
        mimetype="application/x-ndjson",
        headers={"Content-Disposition": disposition},
    )


@pages.route("/partners/<partner>/suspend", methods=["GET", "POST"])
@operator
def suspend(partner: str) -> Response | Reply:
    here, form = f"{HERE}/partners/{partner}", SuspendForm()
    return step(
        form,
        gettext("Suspend the partner"),
        lambda: api().post(f"/v1/partners/{partner}:suspend", {"reason": form.reason.data}),
        gettext("The partner is suspended."),
        is_destructive=True,
        lead=[
            gettext(
                "We stop exchanging with it, and its notices are hidden here until you resume."
            ),
            gettext("Interests and exchanges with its people wait meanwhile. Nothing is lost."),
        ],
        caption=partner,
        back=here,
    )


@pages.route("/partners/<partner>/resume", methods=["GET", "POST"])
@operator
def resume(partner: str) -> Response | Reply:
    here, form = f"{HERE}/partners/{partner}", SureForm()
    return step(
        form,
        gettext("Resume the partner"),
        lambda: api().post(f"/v1/partners/{partner}:resume"),
        gettext("We exchange with the partner again."),
        lead=[gettext("We go on from where it stood, and its notices are shown again.")],
        caption=partner,
        back=here,
    )
