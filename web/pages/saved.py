"""Searches that a person keeps, with alerts, and notices that they starred."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as Reply

from web import words
from web.api import Json, asking
from web.asked import api, me, signed_in, together
from web.fields import line, one_of
from web.flashes import tell
from web.forms import Asking, SureForm, question
from web.languages import day, gettext, lazy, number
from web.nearby import bounds_of, kept
from web.results import FACETS
from web.steps import step

pages = Blueprint("saved", __name__)
HERE = "/savedSearches"
ALERTS = {
    "INSTANT": lazy("At once, but not at night"),
    "DAILY": lazy("Once a day, all in one"),
    "WEEKLY": lazy("On Mondays, all in one"),
    "OFF": lazy("Never"),
}


class SearchForm(Asking):
    """What it is called and how soon one is told."""

    display_name = line(
        lazy("What do you call this search?"), empty=lazy("Say what you call this search")
    )
    alerts = one_of(
        lazy("How soon do you want to hear of new notices that it finds?"), words.choices(ALERTS)
    )


@pages.get(HERE)
@signed_in
def searches() -> str:
    found, wishes = together(
        asking("/v1/savedSearches", pageToken=request.args.get("page", "")),
        asking(f"/v1/{me().person}/preferences"),
    )
    return render_template(
        "saved/searches.html",
        title=gettext("Saved searches"),
        searches=[{**each, "href": address(each["search"])} for each in found["savedSearches"]],
        token=found["nextPageToken"],
        alerts=ALERTS,
        is_mailed=not wishes["alertsOff"],
    )


@pages.post(f"{HERE}/mail")
@signed_in
def mail() -> Reply:
    """Mail of what searches find, on or off; all other mail stays as it is."""
    off = request.form.get("off") == "yes"
    path = f"/v1/{me().person}/preferences?updateMask=alertsOff"
    api().patch(path, {"alertsOff": off})
    tell(
        gettext("You get no mail about saved searches.") if off else gettext("You get mail again.")
    )
    return redirect(HERE, 303)


@pages.route(f"{HERE}/new", methods=["GET", "POST"])
@signed_in
def new() -> Response | Reply:
    asked = _asked()
    form = SearchForm(display_name=asked.get("query", ""), alerts="DAILY")
    if form.was_sent():
        with form.told():
            saved = {"displayName": form.display_name.data, "alerts": form.alerts.data or "DAILY"}
            api().post("/v1/savedSearches", {**saved, "search": asked}, key=form.once)
            tell(gettext("The search is saved."))
            return redirect(HERE, 303)
    return question(
        form,
        gettext("Save this search"),
        button=gettext("Save"),
        lead=[gettext("What you search for: %(what)s", what=in_words(asked))],
        back=address(asked),
    )


def _asked() -> Json:
    """The search as the page of notices has it in its address."""
    chosen: Json = {name: request.args.getlist(name) for name in FACETS if request.args.get(name)}
    if request.args.get("query"):
        chosen["query"] = request.args["query"]
    return {**chosen, **bounds_of(request.args).asked}


def address(search: Json) -> str:
    """The page of notices with this search."""
    chosen = {name: search[name] for name in ("query", *FACETS) if search.get(name)}
    query = urlencode({**chosen, **kept(search)}, doseq=True)
    return f"/notices?{query}" if query else "/notices"


def in_words(search: Json) -> str:
    """Such as “housing”, Wanted, Mentoring."""
    parts = [f"“{search['query']}”"] if search.get("query") else []
    for name, (_, known) in FACETS.items():
        parts += [words.label(each, known) for each in search.get(name, [])]
    if search.get("radiusMiles"):
        miles = number(search["radiusMiles"])
        place = f"{number(search['latitude'])}, {number(search['longitude'])}"
        parts.append(gettext("within %(miles)s miles of %(place)s", miles=miles, place=place))
    if search.get("fromDate"):
        parts.append(gettext("from %(day)s", day=day(search["fromDate"])))
    if search.get("toDate"):
        parts.append(gettext("until %(day)s", day=day(search["toDate"])))
    return ", ".join(parts) or gettext("all notices")


@pages.route(f"{HERE}/<uuid:search>", methods=["GET", "POST"])
@signed_in
def change(search: UUID) -> Response | Reply:
    name = f"savedSearches/{search}"
    found = api().get(f"/v1/{name}")
    form = SearchForm(display_name=found["displayName"], alerts=found["alerts"])
    if form.was_sent():
        with form.told():
            body: dict[str, Any] = {
                "name": name,
                "etag": found["etag"],
                "displayName": form.display_name.data,
                "alerts": form.alerts.data,
            }
            api().patch(f"/v1/{name}?updateMask=displayName,alerts", body)
            tell(gettext("The search is changed."))
            return redirect(HERE, 303)
    return question(
        form,
        gettext("Change the search"),
        button=gettext("Save"),
        lead=[gettext("What you search for: %(what)s", what=in_words(found["search"]))],
        back=HERE,
        after=[(f"{HERE}/{search}/delete", gettext("Delete the search"))],
    )


@pages.route(f"{HERE}/<uuid:search>/delete", methods=["GET", "POST"])
@signed_in
def delete(search: UUID) -> Response | Reply:
    form = SureForm()
    return step(
        form,
        gettext("Delete the search"),
        lambda: api().delete(f"/v1{HERE}/{search}"),
        gettext("The search is deleted. You hear nothing more of it."),
        button=gettext("Delete"),
        is_destructive=True,
        back=f"{HERE}/{search}",
        then=HERE,
    )


@pages.get("/favourites")
@signed_in
def favourites() -> str:
    found = api().get("/v1/favourites", pageToken=request.args.get("page", ""))
    return render_template(
        "saved/favourites.html",
        title=gettext("Starred notices"),
        favourites=found["favourites"],
        token=found["nextPageToken"],
    )


@pages.post("/notices/<uuid:notice>/<any(star, unstar):verb>")
@signed_in
def star(notice: UUID, verb: str) -> Reply:
    api().post(f"/v1/notices/{notice}:{verb}")
    texts = {
        "star": gettext("The notice is starred."),
        "unstar": gettext("The star is taken away."),
    }
    tell(texts[verb])
    return redirect("/favourites", 303)
