"""A manager's office at one organisation: what it asks of them, committing to it, and stepping down."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, abort, redirect, render_template
from werkzeug.wrappers import Response as Reply

from web.api import Json
from web.asked import api, asked, me, signed_in, start_of
from web.fields import let_choose, one_of
from web.flashes import tell
from web.forms import Asking, SureForm, not_yet, question
from web.languages import gettext, lazy

pages = Blueprint("office", __name__, url_prefix="/organisations/<uuid:organisation>/managers")


class SuccessorForm(Asking):
    """Who takes over."""

    successor = one_of(lazy("Who takes over what you answer for?"), [])


@pages.get("/<uuid:office>")
@signed_in
def one(organisation: UUID, office: UUID) -> str:
    found, _ = _load(organisation, office)
    return render_template(
        "office.html",
        title=gettext("Interchange Manager of %(name)s", name=found["organisationDisplayName"]),
        office=found,
        is_theirs=found["person"] == me().person,
        back=start_of(),
    )


@pages.post("/<uuid:office>/commit")
@signed_in
def commit(organisation: UUID, office: UUID) -> Response | Reply:
    found, _ = _load(organisation, office)
    form = SureForm()
    with form.told():
        api().post(f"/v1/{found['name']}:commit")
        tell(gettext("Thank you. You are shown as a committed manager from now on."))
        return redirect(start_of(), 303)
    return not_yet(form, f"/{found['name']}")


@pages.route("/<uuid:office>/step-down", methods=["GET", "POST"])
@signed_in
def step_down(organisation: UUID, office: UUID) -> Response | Reply:
    found, others = _load(organisation, office)
    form = SuccessorForm()
    let_choose(form.successor, [(each["person"], each["displayName"]) for each in others])
    if not others:
        del form.successor
    if form.was_sent():
        with form.told():
            body = {"successor": form.successor.data or ""} if others else {}
            api().post(f"/v1/{found['name']}:stepDown", body)
            asked().renew()  # the rights that go with the office go, too
            tell(gettext("The office is given up. The region’s operator is told."))
            return redirect(start_of(), 303)
    return question(
        form,
        gettext("Step down"),
        caption=found["organisationDisplayName"],
        button=gettext("Step down"),
        is_destructive=True,
        lead=[_what_happens(bool(others))],
        back=f"/{found['name']}",
        cancel=f"/{found['name']}",
    )


def _what_happens(has_others: bool) -> str:
    if has_others:
        return gettext(
            "Whoever takes over answers for the open notices and interests. "
            "If you choose nobody, it is who has been manager the longest."
        )
    return gettext(
        "The organisation has no manager then: its open notices and interests wait until one is appointed."
    )


def _load(organisation: UUID, office: UUID) -> tuple[Json, list[Json]]:
    """The office, for who holds it and for operators, and the organisation's other managers."""
    parent = f"organisations/{organisation}"
    managers = api().all(f"/v1/{parent}/managers", "managers")
    found = [each for each in managers if each["name"] == f"{parent}/managers/{office}"]
    if not found:
        abort(404)
    if not (found[0]["person"] == me().person or me().is_operator):
        abort(403)
    return found[0], [each for each in managers if each not in found]
