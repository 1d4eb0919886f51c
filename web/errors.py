"""Pages for what goes wrong: each says what it is and what to do, and nothing that was typed is lost."""

from __future__ import annotations

import structlog
from flask import Flask, Response, make_response, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as Reply

from web import keeping
from web.api import Away, Refused
from web.asked import asked
from web.languages import gettext, lazy
from web.sessions import SecondFactorMissing, SignedOut

log = structlog.get_logger(__name__)

TITLES = {
    400: lazy("We could not read what was sent"),
    403: lazy("You may not see this page"),
    404: lazy("Page not found"),
    405: lazy("Page not found"),
    413: lazy("What was sent is too large"),
    429: lazy("There were too many requests"),
    500: lazy("Sorry, there is a problem with the service"),
    503: lazy("Sorry, the service does not answer at the moment"),
}
TEXTS = {
    400: lazy("Go back and try again."),
    403: lazy("It is for other people, or you have lost or not yet got the right to it."),
    404: lazy(
        "If you typed the address, check that it is correct. The page may also have been closed or removed."
    ),
    405: lazy("If you typed the address, check that it is correct."),
    413: lazy("Go back and shorten it."),
    429: lazy("Wait a minute, then try again."),
    500: lazy("It is our fault, and we have a record of it. Try again later."),
    503: lazy("Try again in a minute. Nothing that was saved before is lost."),
}
FOR_ANYBODY = ("signing_in", "joining")


def register(app: Flask) -> None:
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(Away, _away)
    app.register_error_handler(SignedOut, _signed_out)
    app.register_error_handler(SecondFactorMissing, _second_factor_missing)
    app.register_error_handler(Exception, _fault)


def page(status: int) -> Response:
    known = status if status in TITLES else 500 if status >= 500 else 400
    shown = render_template("error.html", title=TITLES[known], text=TEXTS[known], status=known)
    return make_response(shown, status)


def _http(problem: HTTPException) -> Reply:
    if problem.code in (301, 302, 303, 307, 308) and problem.response:
        return problem.response  # type: ignore[return-value]
    return page(problem.code or 500)


def _refused(refused: Refused) -> Reply:
    """What a page could not be made without."""
    if refused.status == 401:
        return _signed_out(SignedOut("ended"))
    return page(refused.status if refused.status in TITLES else 400)


def _away(away: Away) -> Reply:
    log.warning("gateway_away", error=str(away))
    if request.method == "POST":
        return again(TITLES[503], gettext("What you typed is below. Nothing was saved yet."), 503)
    return page(503)


def _fault(problem: Exception) -> Reply:
    log.error("page_failed", exc_info=problem)
    return page(500)


def _second_factor_missing(_: SecondFactorMissing) -> Reply:
    return redirect(url_for("second_factor.set_up"), 303)


def _signed_out(out: SignedOut) -> Reply:
    if request.method == "POST":
        there = keeping.keep(out.because)
    else:
        asked().leave(out.because)
        there = request.full_path.rstrip("?")
    return redirect(url_for("signing_in.sign_in", next=there, because=out.because or None), 303)


def not_our_form() -> Reply:
    """The session of the form has ended, or another site sent it. Only the first can be sent again."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        return page(400)
    is_for_somebody = request.blueprint not in FOR_ANYBODY
    if is_for_somebody and asked().was_signed_in and not asked().signed_in:
        return _signed_out(SignedOut(asked().because or "idle"))
    return again(
        gettext("This page was open for too long"),
        gettext("Check what you typed and send it again. Nothing was saved yet."),
        400,
    )


def again(title: object, text: str, status: int) -> Response:
    """What was typed, to be sent again."""
    try:
        token = asked().csrf_token
    except Away:
        token = ""
    shown = render_template(
        "again.html", title=title, text=text, typed=keeping.typed(), token=token
    )
    return make_response(shown, status)
