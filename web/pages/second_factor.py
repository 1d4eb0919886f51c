"""The second step of signing in: setting it up with an authenticator app, recovery codes, turning it off."""

from __future__ import annotations

import segno
from flask import Blueprint, Response, redirect, render_template
from markupsafe import Markup
from werkzeug.wrappers import Response as Reply

from web.api import Json
from web.asked import api, asked, me, signed_in, start_of
from web.fields import code, password
from web.flashes import tell
from web.forms import Asking, SureForm, question
from web.languages import gettext, lazy
from web.steps import step

pages = Blueprint("second_factor", __name__, url_prefix="/account/second-factor")
HERE = "/account/second-factor"
# What we remember between two pages, sealed: the secret until it is confirmed, the codes until they are saved.
SECRET, CODES = "second_factor_secret", "recovery_codes"
QR_SCALE = 4


class PasswordForm(Asking):
    """That it is they who ask."""

    password = password(lazy("Present password"), empty=lazy("Enter your present password"))


class CodeForm(Asking):
    """What the app shows."""

    code = code(
        lazy("Code"), lazy("Six digits that the app shows now"), empty=lazy("Enter the code")
    )


class ProofForm(Asking):
    """A code, from the app or from paper."""

    code = code(
        lazy("Code"),
        lazy("Six digits that the app shows now, or a recovery code"),
        empty=lazy("Enter the code"),
    )


@pages.get("")
@signed_in
def second_factor() -> str:
    return render_template(
        "second-factor.html",
        title=gettext("Second step of signing in"),
        factor=_state(),
        back="/account",
    )


def _state() -> Json:
    return api().get(_path())


def _path(verb: str = "") -> str:
    return f"/v1/{me().person}/secondFactor{verb}"


@pages.route("/set-up", methods=["GET", "POST"])
@signed_in
def set_up() -> Response | Reply:
    form: Asking = PasswordForm() if _state()["hasPassword"] else SureForm()
    if form.was_sent():
        with form.told():
            typed = form.data.get("password") or ""
            asked().data[SECRET] = api().post(_path(":begin"), {"password": typed})
            asked().remember()
            return redirect(f"{HERE}/set-up/app", 303)
    lead = [
        gettext(
            "With a second step, nobody can sign in as you with your password alone: "
            "a code from an app on your phone is needed too."
        ),
        gettext(
            "You need an authenticator app, such as the one that your organisation gives you, "
            "Google Authenticator, Microsoft Authenticator or FreeOTP."
        ),
    ]
    is_must = me().must_get_second_factor
    return question(
        form,
        gettext("Set up the second step of signing in"),
        button=gettext("Continue"),
        notice=gettext(
            "This region asks managers and operators for a second step. Set it up to go on."
        )
        if is_must
        else "",
        lead=lead,
        back="" if is_must else HERE,
    )


@pages.route("/set-up/app", methods=["GET", "POST"])
@signed_in
def connect_app() -> Response | Reply:
    secret, form = asked().data.get(SECRET), CodeForm()
    if not secret:
        return redirect(f"{HERE}/set-up", 303)
    if form.was_sent():
        with form.told():
            given = api().post(_path(":confirm"), {"code": form.code.data})
            asked().renew()  # with the rights that the session has from here on
            return _show(given)
    return question(
        form,
        gettext("Connect your authenticator app"),
        template="second-factor-app.html",
        picture=_picture(secret["otpauthUri"]),
        secret=_in_groups(secret["secret"]),
        otpauth=secret["otpauthUri"],
        button=gettext("Turn on"),
        back=f"{HERE}/set-up",
    )


def _picture(uri: str) -> Markup:
    """The QR code, drawn in the page itself: no secret stands in an address."""
    drawn = segno.make(uri, error="m").svg_inline(scale=QR_SCALE, light="#fff", lineclass=None)
    return Markup(drawn)  # noqa: S704  # made of squares alone


def _in_groups(secret: str) -> str:
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))


def _show(given: Json) -> Reply:
    asked().data.pop(SECRET, None)
    asked().data[CODES] = given["recoveryCodes"]
    asked().remember()
    return redirect(f"{HERE}/recovery-codes", 303)


@pages.route("/recovery-codes", methods=["GET", "POST"])
@signed_in
def recovery_codes() -> Response | Reply | str:
    codes, form = asked().data.get(CODES), SureForm()
    if not codes:
        return redirect(HERE, 303)
    if form.was_sent():
        asked().data.pop(CODES)
        asked().remember()
        tell(gettext("The second step of signing in is on."))
        return redirect(start_of(), 303)
    return render_template(
        "recovery-codes.html",
        title=gettext("Save your recovery codes"),
        codes=codes,
        form=form,
    )


@pages.route("/recovery-codes/renew", methods=["GET", "POST"])
@signed_in
def renew_codes() -> Response | Reply:
    form = ProofForm()
    if form.was_sent():
        with form.told():
            return _show(api().post(_path(":renewRecoveryCodes"), {"code": form.code.data}))
    return question(
        form,
        gettext("Make new recovery codes"),
        button=gettext("Make new codes"),
        lead=[gettext("The codes that you have now stop working.")],
        back=HERE,
        cancel=HERE,
    )


@pages.route("/turn-off", methods=["GET", "POST"])
@signed_in
def turn_off() -> Response | Reply:
    form: Asking = PasswordForm() if _state()["hasPassword"] else ProofForm()
    return step(
        form,
        gettext("Turn off the second step of signing in"),
        lambda: api().post(_path(":turnOff"), {name: form.data[name] for name in form.data}),
        gettext("The second step of signing in is off."),
        button=gettext("Turn off"),
        is_destructive=True,
        lead=[gettext("Your password alone is enough to sign in then. We tell you by mail.")],
        back=HERE,
    )
