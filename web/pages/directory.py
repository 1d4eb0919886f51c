"""The region's organisations: found by name, work and place, each with who acts for it and to whom it belongs."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as Reply

from web import words
from web.api import Json, asking
from web.asked import api, asked, signed_in, together
from web.fields import let_choose, one_of_many
from web.flashes import tell
from web.forms import Asking, question
from web.languages import gettext, lazy
from web.nearby import bounds_of
from web.results import around, parts

pages = Blueprint("directory", __name__, url_prefix="/organisations")

FACETS = {
    "kind": (lazy("Kind"), words.ORGANISATION_KINDS),
    "sector": (lazy("Sector"), words.SECTORS),
}


class ParentForm(Asking):
    """To whom it belongs."""

    parent = one_of_many(
        lazy("It belongs to"),
        [],
    )


@pages.get("")
def organisations() -> str:
    chosen = {name: request.args.getlist(name) for name in FACETS}
    bounds, query = bounds_of(request.args), request.args.get("query", "")
    found = api().get(
        "/v1/organisations:search",
        **chosen,
        **bounds.asked,
        query=query,
        sort="NEAREST_FIRST" if bounds.place and not query else "",
        pageToken=request.args.get("page", ""),
    )
    return render_template(
        "organisations.html",
        title=gettext("Organisations"),
        found=[
            (
                each,
                hit,
                parts(each["displayName"], hit["nameMarks"]),
                parts(hit["snippet"], hit["snippetMarks"]),
            )
            for each, hit in zip(found["organisations"], found["hits"], strict=True)
        ],
        **around(found, chosen, FACETS, bounds),
    )


@pages.get("/<uuid:organisation>")
def one(organisation: UUID) -> str:
    name = f"organisations/{organisation}"
    found, managers, notices = together(
        asking(f"/v1/{name}"),
        asking(f"/v1/{name}/managers", pageSize=100),
        asking("/v1/notices:search", organisation=name, sort="NEWEST", pageSize=10),
    )
    return render_template(
        "organisation.html",
        title=found["displayName"],
        organisation=found,
        parent=_parent(found),
        managers=managers["managers"],
        notices=notices["notices"],
        total=notices["totalSize"],
        is_mine=_manages(name),
        back="/organisations",
    )


def _parent(organisation: Json) -> Json | None:
    found: Json | None = (
        api().get(f"/v1/{organisation['parent']}") if organisation["parent"] else None
    )
    return found


def _manages(name: str) -> bool:
    who = asked().signed_in
    return who is not None and (who.is_operator or name in who.manages)


@pages.route("/<uuid:organisation>/parent", methods=["GET", "POST"])
@signed_in
def parent(organisation: UUID) -> Response | Reply:
    name = f"organisations/{organisation}"
    found = api().get(f"/v1/{name}")
    form, here = ParentForm(parent=found["parent"]), f"/{name}"
    known = api().all("/v1/organisations", "organisations", state="VERIFIED")
    let_choose(
        form.parent,
        [
            ("", gettext("No other organisation")),
            *((each["name"], each["displayName"]) for each in known if each["name"] != name),
        ],
    )
    if form.was_sent():
        with form.told():
            body = {"name": name, "parent": form.parent.data or "", "etag": found["etag"]}
            api().patch(f"/v1/{name}?updateMask=parent", body)
            tell(gettext("It is noted to whom the organisation belongs."))
            return redirect(here, 303)
    return question(
        form,
        gettext("To whom does the organisation belong?"),
        caption=found["displayName"],
        button=gettext("Save"),
        lead=[
            gettext(
                "Such as a group of trusts, or the council that a company is owned by. Notices of one group are "
                "not suggested to each other."
            )
        ],
        back=here,
        cancel=here,
    )
