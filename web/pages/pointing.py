"""Where mails and messages point to: the address of a thing in the API leads to the page that shows it."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, redirect
from werkzeug.wrappers import Response as Reply

from web.asked import me, signed_in, start_of

pages = Blueprint("pointing", __name__)


@pages.get("/people/<uuid:person>")
@signed_in
def person(person: UUID) -> Reply:
    """Oneself; for operators anybody; managers approve on their own first page who wants to join."""
    if me().person == f"people/{person}":
        return redirect("/account", 303)
    return redirect(f"/operator/people/{person}" if me().is_operator else start_of(), 303)


@pages.get("/people/<uuid:_>/preferences")
@signed_in
def preferences(_: UUID) -> Reply:
    """One's own, whoever's mail one followed."""
    return redirect("/account/preferences", 303)


@pages.get("/notices/<uuid:notice>/interests/<uuid:interest>/introduction")
@signed_in
def introduction(notice: UUID, interest: UUID) -> Reply:
    return redirect(f"/notices/{notice}/interests/{interest}", 303)


@pages.get("/notices/<uuid:notice>/reports/<uuid:report>")
@signed_in
def report(**_: UUID) -> Reply:
    """The queue of what is to be looked at."""
    return redirect("/operator/moderation", 303)
