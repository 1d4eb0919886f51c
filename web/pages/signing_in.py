"""Signing in and out."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import urlsplit

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Reply

from web.api import Away, Refused
from web.asked import api, asked, signed_in, start_of
from web.fields import code, email, password
from web.flashes import tell
from web.forms import Asking, question
from web.languages import gettext, lazy
from web.sessions import SignedOut

pages = Blueprint("signing_in", __name__)

BECAUSE = {
    "idle": lazy("You were signed out because you did nothing for a while."),
    "long": lazy("You were signed out because you had been signed in for a long time."),
    "ended": lazy("You were signed out because your session was ended."),
    "challenge": lazy("That took too long, or too many tries. Please begin again."),
}
# What the gateway says when the password is right and a code is asked for.
NEEDED = "SECOND_FACTOR_NEEDED"
CHALLENGE = "challenge"


class SignInForm(Asking):
    """Address and password."""

    email = email(lazy("Work email address"), empty=lazy("Enter your work email address"))
    password = password(lazy("Password"), empty=lazy("Enter your password"))


class CodeForm(Asking):
    """The second step."""

    code = code(lazy("Code"), lazy("Six digits"), empty=lazy("Enter the code"))


@pages.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> Response | Reply:
    form = SignInForm()
    if form.was_sent():
        with form.told():
            try:
                if _entered(form):
                    return redirect(next_page(request.args.get("next")), 303)
            except Refused as refused:
                if refused.reason == NEEDED:
                    return to_second_step(refused, request.args.get("next"))
                raise
    return question(
        form,
        gettext("Sign in"),
        button=gettext("Sign in"),
        notice=BECAUSE.get(request.args.get("because", "")),
        after=[
            (
                url_for("through_organisation.organisations", next=request.args.get("next")),
                gettext("Sign in through your organisation"),
            ),
            ("/forgotten-password", gettext("I have forgotten my password")),
            ("/register", gettext("Register")),
        ],
    )


@pages.route("/sign-in/code", methods=["GET", "POST"])
def second_step() -> Response | Reply:
    """The code of an authenticator app, after the password."""
    challenge, form = asked().data.get(CHALLENGE), CodeForm()
    if not challenge:
        return redirect(_again("challenge"), 303)
    if form.was_sent():
        with form.told():
            try:
                _answer(str(challenge), form.code.data)
                return redirect(next_page(request.args.get("next")), 303)
            except Refused as refused:
                if refused.reason == "BAD_CHALLENGE":
                    return redirect(_again("challenge"), 303)
                raise
    return question(
        form,
        gettext("Enter a code from your authenticator app"),
        button=gettext("Continue"),
        after=[("/sign-in/lost-phone", gettext("I do not have my phone"))],
        back=_again(""),
    )


@pages.get("/sign-in/lost-phone")
def lost_phone() -> str:
    return render_template(
        "words.html",
        title=gettext("Signing in without your phone"),
        lead=[
            gettext(
                "Use one of the recovery codes that you saved when you set up the second step. "
                "Enter it in place of the code. Each works once."
            ),
            gettext(
                "If you have none left, ask the region’s operator. "
                "They make sure that it is you, and take the second step away."
            ),
        ],
        back="/sign-in/code",
    )


def _answer(challenge: str, code: str) -> None:
    tokens = api().post("/v1/sessions:answerChallenge", {"challenge": challenge, "code": code})
    asked().data.pop(CHALLENGE, None)
    asked().enter(tokens)


def _entered(form: SignInForm) -> bool:
    """Whether they are in; the answer to the second step is asked for elsewhere."""
    body = {"email": form.email.data, "password": form.password.data}
    try:
        tokens = api().post("/v1/sessions", body)
    except Refused as refused:
        if refused.status != 401 or refused.reason == NEEDED:
            raise
        form.refuse(refused)
        return False
    asked().enter(tokens)
    return True


def to_second_step(refused: Refused, there: str | None) -> Reply:
    """Whichever the first step was, the challenge that it gave is answered next."""
    asked().data[CHALLENGE] = refused.metadata["challenge"]
    asked().remember()
    return redirect(url_for("signing_in.second_step", next=there), 303)


def _again(because: str) -> str:
    """The first step, once more."""
    return url_for(".sign_in", next=request.args.get("next"), because=because or None)


def next_page(there: str | None) -> str:
    """Back to the page that asked for it; never to another site. Asked once they are in: it depends on who they are."""
    wanted = there or ""
    parts = urlsplit(wanted)
    is_ours = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and not parts.netloc
    return wanted if is_ours and wanted != "/" else start_of()


@pages.post("/sign-out")
def sign_out() -> Reply:
    with suppress(Away, Refused, SignedOut):  # here it is ended; there it ends by itself
        asked().sign_out()
    tell(gettext("You are signed out."))
    return redirect("/", 303)


@pages.get("/stay")
@signed_in
def stay() -> str:
    """Being asked keeps the session."""
    return render_template(
        "words.html",
        title=gettext("You are still signed in"),
        lead=[gettext("You can close this page, and go on where you were.")],
    )
