"""For which organisation a manager of several acts: chosen, remembered, shown on every page."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as Reply

from web.asked import ORGANISATION, acts_for, manager, me, site
from web.fields import let_choose, one_of
from web.flashes import tell
from web.forms import Asking, question
from web.languages import COOKIE_S, gettext, lazy
from web.pages.signing_in import next_page

pages = Blueprint("acting", __name__)


class OrganisationForm(Asking):
    """Those that they manage."""

    organisation = one_of(
        lazy("Which organisation do you act for?"),
        [],
        lazy(
            "Notices and answers that you write are in its name. You see what waits in all of them"
        ),
        empty=lazy("Choose an organisation"),
    )


@pages.route("/account/organisation", methods=["GET", "POST"])
@manager
def organisation() -> Response | Reply:
    form = OrganisationForm(organisation=acts_for())
    let_choose(form.organisation, [(each["name"], each["displayName"]) for each in me().managed])
    if form.was_sent() and form.organisation.data in me().manages:
        names = {each["name"]: each["displayName"] for each in me().managed}
        name = names.get(form.organisation.data, "")
        tell(gettext("You act for %(organisation)s now.", organisation=name))
        return _remembered(redirect(_back(), 303), form.organisation.data)
    return question(form, gettext("Choose an organisation"), button=gettext("Save"), back=_back())


def _back() -> str:
    return next_page(request.args.get("next"))


def _remembered(reply: Reply, chosen: str) -> Reply:
    reply.set_cookie(
        ORGANISATION,
        chosen.partition("/")[2],
        max_age=COOKIE_S,
        secure=site().config.is_secure,
        httponly=True,
        samesite="Lax",
    )
    return reply
