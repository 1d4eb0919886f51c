"""A manager's day: it begins with what waits for them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template
from werkzeug.wrappers import Response as Reply

from web.api import Ask, Json, asking
from web.asked import api, manager, me, together
from web.flashes import tell
from web.languages import gettext, moment
from web.pages.exchanges import waits_for_signature
from web.sessions import SignIn

pages = Blueprint("dashboard", __name__)

SOON = timedelta(days=14)
MOST = 100


@pages.get("/dashboard")
@manager
def dashboard() -> str:
    who = me()
    asks = [
        asking("/v1/requests", state="OPEN", pageSize=MOST),
        asking("/v1/notices/-/interests", state="PROPOSED", pageSize=MOST),
        asking("/v1/notices/-/interests", state="ENDORSED", pageSize=MOST),
        asking("/v1/exchanges", state="PROPOSED", pageSize=MOST),
        asking("/v1/messages", unread=True, pageSize=1),
        *_by_organisation(who),
    ]
    requests, proposed, endorsed, exchanges, messages, *mine = together(*asks)
    offices = [each for answer in mine for each in answer.get("managers", []) if _is_own(each)]
    notices = [each for answer in mine for each in answer.get("notices", [])]
    return render_template(
        "dashboard.html",
        title=gettext("What waits for you"),
        waiting=_waiting(who, requests, proposed, endorsed, exchanges),
        offices=offices,
        people=[each for answer in mine for each in answer.get("people", [])],
        expiring=[each for each in notices if _expires_soon(each)],
        drafts=[each for each in notices if each["state"] in ("DRAFT", "IN_REVIEW")],
        published=[each for each in notices if each["state"] == "PUBLISHED"],
        unread=messages["unreadCount"],
    )


def _by_organisation(who: SignIn) -> Iterable[Ask]:
    for organisation in who.manages:
        yield asking("/v1/notices", organisation=organisation, pageSize=MOST)
        yield asking("/v1/people", organisation=organisation, state="PENDING", pageSize=MOST)
        yield asking(f"/v1/{organisation}/managers", pageSize=MOST)


def _is_own(office: Json) -> bool:
    return bool(office["person"] == me().person)


def _waiting(
    who: SignIn, requests: Json, proposed: Json, endorsed: Json, exchanges: Json
) -> list[dict[str, Any]]:
    """What only this manager, or another of the same organisation, can bring on its way."""
    return [
        _part(
            gettext("Requests to answer"),
            requests["requests"],
            "title",
            _is_to(who, "organisation"),
        ),
        _part(
            gettext("Interests to endorse"),
            proposed["interests"],
            "noticeTitle",
            _is_to(who, "organisation"),
        ),
        _part(
            gettext("Interests to answer"),
            endorsed["interests"],
            "noticeTitle",
            _is_to(who, "noticeOrganisation"),
        ),
        _part(
            gettext("Agreements to sign"),
            exchanges["exchanges"],
            "noticeTitle",
            lambda each: waits_for_signature(each, who),
        ),
    ]


def _is_to(who: SignIn, field: str) -> Any:
    return lambda each: each[field] in who.manages


def _part(title: str, items: list[Json], named: str, is_mine: Any) -> dict[str, Any]:
    mine = [{**each, "shown": each[named]} for each in items if is_mine(each)]
    return {"title": title, "entries": mine}


def _expires_soon(notice: Json) -> bool:
    closes = moment(notice.get("closeTime", ""))
    return (
        notice["state"] == "PUBLISHED" and closes is not None and closes < datetime.now(UTC) + SOON
    )


@pages.post("/people/<uuid:person>/approve")
@manager
def approve(person: UUID) -> Reply:
    approved = api().post(f"/v1/people/{person}:approve")
    tell(gettext("%(name)s is a member now.", name=approved["displayName"]))
    return redirect("/dashboard", 303)
