"""The operator sets up how an organisation's people sign in."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, redirect
from werkzeug.wrappers import Response as Reply

from web.api import Json, Refused
from web.asked import api, operator, site
from web.fields import line
from web.flashes import tell
from web.forms import Asking, SureForm, question
from web.languages import gettext, lazy
from web.pages.through_organisation import CALLBACK
from web.steps import step

pages = Blueprint("providers", __name__, url_prefix="/operator/organisations/<uuid:organisation>")
NOT_THERE = 404


class ProviderForm(Asking):
    """What the organisation's IT department tells the operator."""

    issuer = line(
        lazy("Issuer"),
        lazy("Exactly as the provider names itself, like https://login.example.org/tenant/v2.0"),
        most=500,
        empty=lazy("Enter the issuer"),
    )
    client_id = line(lazy("Client ID"), most=200, empty=lazy("Enter the client ID"))
    client_secret = line(
        lazy("Client secret"),
        lazy("Leave it empty to keep the present one"),
        most=500,
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )


@pages.route("/provider", methods=["GET", "POST"])
@operator
def provider(organisation: UUID) -> Response | Reply:
    there, known = f"/operator/organisations/{organisation}", _known(organisation)
    form = ProviderForm(issuer=known.get("issuer", ""), client_id=known.get("clientId", ""))
    if form.was_sent():
        with form.told():
            api().post(f"/v1/organisations/{organisation}/identityProvider:set", _typed(form))
            tell(gettext("People of the organisation can sign in through it now."))
            return redirect(there, 303)
    remove = [(f"{there}/provider/remove", gettext("Take it away"))] if known else []
    return question(
        form,
        gettext("Sign-in of the organisation"),
        button=gettext("Save"),
        lead=_lead(),
        after=remove,
        back=there,
        cancel=there,
    )


def _known(organisation: UUID) -> Json:
    try:
        return api().get(f"/v1/organisations/{organisation}/identityProvider")
    except Refused as refused:
        if refused.status != NOT_THERE:
            raise
        return {}


def _typed(form: ProviderForm) -> Json:
    return {
        "issuer": form.issuer.data,
        "clientId": form.client_id.data,
        "clientSecret": form.client_secret.data or "",
    }


def _lead() -> list[str]:
    return [
        gettext(
            "Its own OpenID Connect provider, such as Microsoft Entra or Google. "
            "Ask its IT department to register this region there as a web application."
        ),
        gettext(
            "Address to register for sending people back: %(address)s",
            address=f"{site().config.own_url}{CALLBACK}",
        ),
    ]


@pages.route("/provider/remove", methods=["GET", "POST"])
@operator
def remove(organisation: UUID) -> Response | Reply:
    there, form = f"/operator/organisations/{organisation}", SureForm()
    return step(
        form,
        gettext("Take the organisation’s sign-in away"),
        lambda: api().delete(f"/v1/organisations/{organisation}/identityProvider"),
        gettext("Nobody signs in through the organisation any more."),
        button=gettext("Take it away"),
        is_destructive=True,
        lead=[gettext("Who has no password asks for one by mail. What is linked stays linked.")],
        back=f"{there}/provider",
        cancel=there,
        then=there,
    )
