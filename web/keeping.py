"""What somebody sent when they were signed out already: kept while they sign in, then put back into its form."""

from __future__ import annotations

from contextlib import suppress

from flask import current_app, request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from web.api import Away
from web.asked import CSRF, asked

TYPED = "typed"
SECRETS = ("password", "current", "new", "secret")
NOT_ANSWERED = frozenset({CSRF, "once", "code"})


def typed() -> list[tuple[str, str]]:
    """What was sent, without secrets."""
    return [
        (name, value)
        for name, value in request.form.items(multi=True)
        if name not in NOT_ANSWERED and not any(each in name for each in SECRETS)
    ]


def keep(because: str) -> str:
    """Keep it in a visitor's session, sealed like any; the page to come back to after signing in."""
    fields = typed()
    asked().leave(because)
    there = request.full_path.rstrip("?")
    if not _is_page(request.path):
        return _referring_page()
    asked().data[TYPED] = {"page": there, "fields": fields}
    asked().remember()
    return there


def put_back() -> MultiDict[str, str] | None:
    """What was typed on this page, once."""
    with suppress(Away):
        kept = asked().data.get(TYPED)
        if kept and kept["page"] == request.full_path.rstrip("?"):
            asked().data.pop(TYPED)
            asked().remember()
            return MultiDict((str(name), str(value)) for name, value in kept["fields"])
    return None


def _is_page(path: str) -> bool:
    """Whether a browser can ask for it without sending anything."""
    try:
        current_app.url_map.bind("").match(path, method="GET")
    except RequestRedirect:
        return True
    except HTTPException:
        return False
    return True


def _referring_page() -> str:
    """Of a button, the page that it stood on."""
    sent = request.referrer or ""
    is_ours = sent.startswith(request.host_url)
    return "/" + sent.removeprefix(request.host_url) if is_ours else "/"
