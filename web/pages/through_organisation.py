"""Signing in through one's organisation: to its provider and back, and what is linked to one's account."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Reply

from web.api import Json, Refused, asking
from web.asked import api, asked, me, signed_in, site, together
from web.flashes import tell
from web.forms import SureForm, question
from web.languages import gettext
from web.pages.signing_in import NEEDED, next_page, to_second_step
from web.steps import step

pages = Blueprint("through_organisation", __name__)
CALLBACK = "/sign-in/callback"
LINKED = "/account/linked"
# What we remember of a browser: the sign-in under way, and one that waits to be linked.
FLOW, LINK = "external_sign_in", "link"
SIGNING_IN, LINKING = "SIGN_IN", "LINK"


@pages.get("/sign-in/organisation")
def organisations() -> str:
    found = api().get("/v1/identityProviders", pageSize=100, pageToken=request.args.get("page", ""))
    return render_template(
        "through-organisation.html",
        title=gettext("Sign in through your organisation"),
        organisations=[
            (_id(each), each["organisationDisplayName"]) for each in found["identityProviders"]
        ],
        token=found["nextPageToken"],
        next=request.args.get("next"),
        back=url_for("signing_in.sign_in", next=request.args.get("next")),
    )


def _id(provider: Json) -> str:
    return str(provider["name"]).split("/")[1]


@pages.get("/sign-in/organisation/<uuid:organisation>")
def go(organisation: UUID) -> Reply:
    """Off to the provider. A link and no form: the policy of our pages lets forms lead nowhere else."""
    return _begin(organisation, SIGNING_IN, request.args.get("next", ""))


@pages.get(f"{LINKED}/add/<uuid:organisation>")
@signed_in
def add(organisation: UUID) -> Reply:
    return _begin(organisation, LINKING, LINKED)


def _begin(organisation: UUID, purpose: str, there: str) -> Reply:
    begun = api().post(
        f"/v1/organisations/{organisation}/identityProvider:beginSignIn",
        {"redirectUri": f"{site().config.own_url}{CALLBACK}", "purpose": purpose},
    )
    asked().data[FLOW] = {"token": begun["flowToken"], "purpose": purpose, "next": there}
    asked().remember()
    return redirect(begun["authorizationUri"], 303)


@pages.get(CALLBACK)
def callback() -> Response | Reply:
    """The browser comes back from the provider."""
    flow = asked().data.pop(FLOW, None)
    if flow is None or not request.args.get("code"):
        return _failed()
    asked().remember()
    try:
        done = _complete(flow)
    except Refused as refused:
        if refused.reason == NEEDED:
            return to_second_step(refused, flow["next"])
        return _failed()
    if done.get("session"):
        asked().enter(done["session"])
        return redirect(next_page(flow["next"]), 303)
    asked().data[LINK] = _unlinked(done)
    asked().remember()
    is_linking = flow["purpose"] == LINKING and asked().signed_in
    return redirect(f"{LINKED}/confirm" if is_linking else "/sign-in/not-linked", 303)


def _complete(flow: Json) -> Json:
    body = {
        "flowToken": flow["token"],
        "state": request.args.get("state", ""),
        "code": request.args["code"],
        "issuer": request.args.get("iss", ""),
    }
    return api().post("/v1/sessions:completeExternalSignIn", body)


def _unlinked(done: Json) -> Json:
    return {
        "token": done["linkToken"],
        "organisation": done["organisation"],
        "organisation_name": done["organisationDisplayName"],
        "display_name": done["displayName"],
        "email": done["email"],
    }


def _failed() -> Response:
    shown = render_template(
        "words.html",
        title=gettext("You are not signed in"),
        lead=[
            gettext(
                "Your organisation’s sign-in page did not confirm who you are, it took too long, "
                "or you began in another browser."
            )
        ],
        after=[
            ("/sign-in/organisation", gettext("Try again")),
            ("/sign-in", gettext("Sign in with a password")),
        ],
    )
    return Response(shown, 401)


@pages.get("/sign-in/not-linked")
def not_linked() -> Reply | str:
    link = asked().data.get(LINK)
    if not link:
        return redirect("/sign-in", 303)
    return render_template(
        "not-linked.html",
        title=gettext("Which account is yours?"),
        organisation=link["organisation_name"],
        confirm=f"{LINKED}/confirm",
    )


@pages.get(LINKED)
@signed_in
def linked() -> str:
    own = me().me.get("organisation", "")
    found, offered = together(
        asking(f"/v1/{me().person}/linkedIdentities", pageSize=100),
        asking("/v1/identityProviders", pageSize=100),
    )
    known = {each["organisation"] for each in found["linkedIdentities"]}
    there = [each for each in offered["identityProviders"] if each["name"].startswith(f"{own}/")]
    return render_template(
        "linked.html",
        title=gettext("Signing in through your organisation"),
        linked=found["linkedIdentities"],
        offered=[(_id(each), each["organisationDisplayName"]) for each in there] if own else [],
        is_linked=own in known,
        back="/account",
    )


@pages.route(f"{LINKED}/confirm", methods=["GET", "POST"])
@signed_in
def confirm() -> Response | Reply:
    link, form = asked().data.get(LINK), SureForm()
    if not link:
        return redirect(LINKED, 303)
    if form.was_sent():
        with form.told():
            api().post(f"/v1/{me().person}/linkedIdentities", {"linkToken": link["token"]})
            asked().data.pop(LINK)
            asked().remember()
            name = link["organisation_name"]
            tell(gettext("You can sign in through %(organisation)s now.", organisation=name))
            return redirect(LINKED, 303)
    return question(
        form,
        gettext("Link this sign-in to your account?"),
        button=gettext("Link"),
        lead=[
            gettext(
                "Whoever signs in at %(organisation)s as you is then signed in here as you.",
                organisation=link["organisation_name"],
            )
        ],
        back=LINKED,
        cancel=LINKED,
    )


@pages.route(f"{LINKED}/<uuid:identity>/unlink", methods=["GET", "POST"])
@signed_in
def unlink(identity: UUID) -> Response | Reply:
    form = SureForm()
    return step(
        form,
        gettext("Unlink this sign-in"),
        lambda: api().delete(f"/v1/{me().person}/linkedIdentities/{identity}"),
        gettext("The sign-in is unlinked."),
        button=gettext("Unlink"),
        is_destructive=True,
        lead=[gettext("You sign in with your password then. We tell you by mail.")],
        back=LINKED,
    )
