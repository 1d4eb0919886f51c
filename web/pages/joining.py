"""Registering a person or an organisation, and what the mails about it lead to."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as Reply

from web import words
from web.api import Json
from web.asked import api, asked
from web.fields import email, let_choose, line, one_of, one_of_many, paragraph, password
from web.forms import Asking, SureForm, question
from web.languages import gettext, language, lazy
from web.pages.through_organisation import LINK

pages = Blueprint("joining", __name__)


class RegisterForm(Asking):
    """A person who joins an organisation."""

    display_name = line(lazy("Your name"), most=100, empty=lazy("Enter your name"))
    email = email(
        lazy("Work email address"),
        lazy("We send a link to it to check that it is yours"),
        empty=lazy("Enter your work email address"),
    )
    organisation = one_of_many(lazy("Organisation"), [], empty=lazy("Choose your organisation"))
    job_title = line(lazy("Job title (optional)"), most=100)
    password = password(
        lazy("Password"),
        lazy("10 to 128 characters"),
        empty=lazy("Enter a password"),
        is_new=True,
    )


class OrganisationForm(Asking):
    """An organisation that wants to take part."""

    display_name = line(lazy("Name of the organisation"), most=200, empty=lazy("Enter its name"))
    kind = one_of(
        lazy("What sort of organisation is it?"),
        words.choices(words.ORGANISATION_KINDS),
        empty=lazy("Choose what sort of organisation it is"),
    )
    website = line(lazy("Website (optional)"), lazy("Like https://example.org"), most=300)
    contact_email = email(
        lazy("Email address for the operator’s questions (optional)"),
        lazy("A shared mailbox; it is not shown to the public"),
    )
    description = paragraph(lazy("What it does (optional)"), most=2000)


class NewPasswordForm(Asking):
    """A password by the link of a mail."""

    password = password(
        lazy("New password"),
        lazy("10 to 128 characters"),
        empty=lazy("Enter a password"),
        is_new=True,
    )


class AddressForm(Asking):
    """Whose password was forgotten."""

    email = email(lazy("Work email address"), empty=lazy("Enter your work email address"))


@pages.route("/register", methods=["GET", "POST"])
def register() -> Response | str:
    link = asked().data.get(LINK)
    form = RegisterForm(**_prefilled(link))
    if link:
        del form.password  # their organisation's sign-in is enough
    known = api().all("/v1/organisations", "organisations", state="VERIFIED")
    let_choose(
        form.organisation,
        [
            ("", gettext("Choose an organisation")),
            *((each["name"], each["displayName"]) for each in known),
        ],
    )
    if form.was_sent():
        with form.told():
            api().post("/v1/people", _person(form, link), key=form.once)
            asked().data.pop(LINK, None)
            return _registered()
    return question(
        form,
        gettext("Register"),
        button=gettext("Register"),
        lead=[gettext("A manager of your organisation approves you after that.")],
        after=[
            ("/register/organisation", gettext("My organisation is not in the list")),
            ("/sign-in", gettext("I am registered already")),
        ],
    )


def _prefilled(link: Json | None) -> Json:
    """What their organisation's sign-in has told of them already."""
    return {name: link[name] for name in ("display_name", "email", "organisation")} if link else {}


def _person(form: RegisterForm, link: Json | None) -> Json:
    proof = {"linkToken": link["token"]} if link else {"password": form.password.data}
    return {
        **proof,
        "displayName": form.display_name.data,
        "email": form.email.data,
        "organisation": form.organisation.data,
        "jobTitle": form.job_title.data or "",
        "language": language(),
    }


def _registered() -> str:
    return render_template(
        "done.html",
        title=gettext("You are registered"),
        lead=[
            gettext("We have sent you a mail. Open its link to confirm your address."),
            gettext("A manager of your organisation approves you. We tell you by mail."),
        ],
        after=[("/sign-in", gettext("Sign in"))],
    )


@pages.route("/register/organisation", methods=["GET", "POST"])
def organisation() -> Response | str:
    form = OrganisationForm()
    if form.was_sent():
        with form.told():
            api().post("/v1/organisations", _organisation(form), key=form.once)
            return render_template(
                "done.html",
                title=gettext("The organisation is registered"),
                lead=[
                    gettext(
                        "The region’s operator checks it and appoints a manager. Then its people can register."
                    )
                ],
                after=[("/notices", gettext("Look at notices meanwhile"))],
            )
    return question(
        form,
        gettext("Register an organisation"),
        button=gettext("Register the organisation"),
        back="/register",
    )


def _organisation(form: OrganisationForm) -> dict[str, str]:
    return {
        "displayName": form.display_name.data,
        "kind": form.kind.data,
        "website": form.website.data or "",
        "contactEmail": form.contact_email.data or "",
        "description": form.description.data or "",
    }


@pages.route("/confirm-email", methods=["GET", "POST"])
def confirm_email() -> Response | str:
    """A click does it, not the link itself: mail scanners follow links."""
    form = SureForm()
    if form.was_sent():
        with form.told():
            api().post("/v1/people:confirmEmail", {"token": request.args.get("token", "")})
            return render_template(
                "done.html",
                title=gettext("Your address is confirmed"),
                lead=[
                    gettext("You can sign in. What you may do depends on your manager’s approval.")
                ],
                after=[("/sign-in", gettext("Sign in"))],
            )
    return question(form, gettext("Confirm your email address"), button=gettext("Confirm"))


@pages.route("/accept-invitation", methods=["GET", "POST"])
@pages.route("/reset-password", methods=["GET", "POST"])
def new_password() -> Response | Reply | str:
    form = NewPasswordForm()
    if "token" not in request.args:
        return redirect("/forgotten-password", 303)
    if form.was_sent():
        with form.told():
            body = {"token": request.args["token"], "password": form.password.data}
            api().post("/v1/people:resetPassword", body)
            return render_template(
                "done.html",
                title=gettext("Your password is set"),
                lead=[gettext("You can sign in with it now.")],
                after=[("/sign-in", gettext("Sign in"))],
            )
    return question(form, gettext("Choose a password"), button=gettext("Set password"))


@pages.route("/forgotten-password", methods=["GET", "POST"])
def forgotten_password() -> Response | str:
    form = AddressForm()
    if form.was_sent():
        with form.told():
            api().post("/v1/people:requestPasswordReset", {"email": form.email.data})
            return render_template(
                "done.html",
                title=gettext("Look into your mail"),
                lead=[gettext("If the address is registered, a mail with a link is on its way.")],
            )
    return question(
        form, gettext("Set a new password"), button=gettext("Send me a link"), back="/sign-in"
    )
