"""The inbox."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response as Reply

from web.asked import api, signed_in
from web.flashes import tell
from web.languages import gettext, ngettext

pages = Blueprint("messages", __name__, url_prefix="/messages")


@pages.get("")
@signed_in
def messages() -> str:
    found = api().get(
        "/v1/messages",
        unread=bool(request.args.get("unread")),
        pageToken=request.args.get("page", ""),
    )
    return render_template(
        "messages.html",
        title=gettext("Messages"),
        messages=found["messages"],
        unread=found["unreadCount"],
        token=found["nextPageToken"],
    )


@pages.get("/<uuid:message>")
@signed_in
def message(message: UUID) -> str:
    found = api().get(f"/v1/messages/{message}")
    return render_template("message.html", title=found["subject"], message=found, back="/messages")


@pages.post("/<uuid:message>/read")
@signed_in
def read(message: UUID) -> Reply:
    api().post(f"/v1/messages/{message}:markRead")
    return redirect("/messages", 303)


@pages.post("/read")
@signed_in
def read_all() -> Reply:
    marked = api().post("/v1/messages:markAllRead")["marked"]
    tell(
        ngettext("%(count)s message marked as read.", "%(count)s messages marked as read.", marked)
    )
    return redirect("/messages", 303)
