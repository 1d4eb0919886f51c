"""Swaps of several posts: what is suggested, the ring as all who take part see it, and agreeing to it."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi, sin
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as Reply

from web import words
from web.api import Json
from web.asked import api, manager, me, signed_in
from web.fields import amount, any_of, line, one_of
from web.flashes import tell
from web.forms import Asking, SureForm, not_yet, question
from web.languages import gettext, language, lazy
from web.sessions import SignIn
from web.skills import in_words, slugs
from web.steps import step

pages = Blueprint("swaps", __name__, url_prefix="/swaps")
# The drawing: a square, room for the circles at its edge.
MIDDLE, RADIUS, DOT = 160, 110, 26
GIVES = [
    ("", lazy("Its holder would take another post in turn")),
    ("true", lazy("We host, and need nothing back")),
]


class WishesForm(Asking):
    """Which posts would be taken in turn, and who may come."""

    needs_nothing_back = one_of(lazy("What would you like in return?"), GIVES)
    sectors = any_of(
        lazy("Where would they go?"), words.choices(words.SECTORS), lazy("Choose none for anywhere")
    )
    grade_bands = any_of(
        lazy("Posts of which grade?"), words.choices(words.GRADES), lazy("Choose none for any")
    )
    skills = line(
        lazy("What would they like to learn? (optional)"),
        lazy("The post has at least one of these. Separate them with commas"),
        most=1000,
    )
    radius_miles = amount(lazy("How many miles would they travel? (optional)"), most=1000)
    takes_sectors = any_of(
        lazy("From where may somebody come?"),
        words.choices(words.SECTORS),
        lazy("Choose none for anywhere"),
    )


@dataclass(frozen=True)
class Dot:
    """A member of the ring in the drawing."""

    number: int
    name: str
    x: float
    y: float


@dataclass(frozen=True)
class Arrow:
    """A leg in the drawing, from edge to edge."""

    x1: float
    y1: float
    x2: float
    y2: float


@pages.get("")
@signed_in
def swaps() -> str:
    found = api().get("/v1/swaps", pageToken=request.args.get("page", ""))
    return render_template(
        "swaps.html",
        title=gettext("Swaps"),
        swaps=[
            {**each, "members": list(_members(each["legs"]).values())} for each in found["swaps"]
        ],
        waiting={each["name"] for each in found["swaps"] if _waits(each, me())},
        token=found["nextPageToken"],
    )


@pages.get("/<uuid:number>")
@signed_in
def one(number: UUID) -> str:
    swap, who = api().get(f"/v1/swaps/{number}"), me()
    members = _members(swap["legs"])
    return render_template(
        "swap.html",
        title=gettext("Swap of %(count)s posts", count=len(members)),
        swap=swap,
        drawing=_drawing(swap["legs"]),
        left=[members[each] for each in swap["left"] if each in members],
        waits=_waits(swap, who),
        takes_part=_takes_part(swap, who),
        may_begin=_may_begin(swap, who),
        mine=who.manages,
        back="/swaps",
    )


@pages.post("/<uuid:number>/<any(agree, begin):verb>")
@signed_in
def bring_on(number: UUID, verb: str) -> Response | Reply:
    here, form = f"/swaps/{number}", SureForm()
    with form.told():
        etag = request.form.get("etag", "")
        api().post(f"/v1{here}:{verb}", {"etag": etag} if etag else {})
        texts = {
            "agree": gettext("You have agreed for your organisation."),
            "begin": gettext("All steps of the swap are under way."),
        }
        tell(texts[verb])
        return redirect(here, 303)
    return not_yet(form, here)


@pages.route("/<uuid:number>/leave", methods=["GET", "POST"])
@signed_in
def leave(number: UUID) -> Response | Reply:
    here, form = f"/swaps/{number}", SureForm()
    return step(
        form,
        gettext("Leave the swap"),
        lambda: api().post(f"/v1{here}:leave"),
        gettext("You have left the swap. The others are told."),
        is_destructive=True,
        lead=[
            gettext(
                "The others go on with a shorter swap if they can; else it comes to nothing. You can’t come back."
            )
        ],
        back=here,
    )


@pages.get("/suggested")
@signed_in
def suggested() -> str:
    found = api().get(
        "/v1/swaps:suggest", language=language(), pageToken=request.args.get("page", "")
    )
    return render_template(
        "swaps_suggested.html",
        title=gettext("Swaps that could be proposed"),
        proposals=[
            {**each, "drawing": _drawing([leg["leg"] for leg in each["legs"]]), "sent": _sent(each)}
            for each in found["proposals"]
        ],
        posts=found["posts"],
        gap=round(found["gap"] * 100),
        token=found["nextPageToken"],
        back="/swaps",
    )


@pages.post("/propose")
@signed_in
def propose() -> Response | Reply:
    form = SureForm()
    with form.told():
        shorter = [{"legs": _legs(each)} for each in request.form.getlist("shorter")]
        body = {"legs": _legs(request.form.get("legs", "")), "shorter": shorter}
        made = api().post("/v1/swaps", body)
        tell(gettext("The swap is proposed. Everybody who takes part is asked."))
        return redirect(f"/{made['name']}", 303)
    return question(
        form,
        gettext("This can’t be proposed any more"),
        button=gettext("Try again"),
        back="/swaps/suggested",
    )


@pages.route("/notices/<uuid:number>", methods=["GET", "POST"])
@manager
def wishes(number: UUID) -> Response | Reply:
    name = f"notices/{number}"
    notice = api().get(f"/v1/{name}")
    form = WishesForm(**_values(notice.get("swapWishes") or {}))
    if form.was_sent():
        with form.told():
            body = {"swapWishes": _fields(form), "name": name, "etag": notice["etag"]}
            api().patch(f"/v1/{name}?updateMask=swapWishes", body)
            tell(
                gettext("The wishes are saved. The post takes part in swaps once it is published.")
            )
            return redirect(f"/{name}", 303)
    return question(
        form,
        gettext("What would be taken in turn"),
        caption=notice["title"],
        button=gettext("Save"),
        back=f"/{name}",
    )


def _values(wishes: Json) -> Json:
    return {
        "needs_nothing_back": "true" if wishes.get("needsNothingBack") else "",
        "sectors": wishes.get("sectors", []),
        "grade_bands": wishes.get("gradeBands", []),
        "skills": in_words(wishes.get("skills", [])),
        "radius_miles": wishes.get("radiusMiles") or None,
        "takes_sectors": wishes.get("takesSectors", []),
    }


def _fields(form: WishesForm) -> Json:
    return {
        "needsNothingBack": form.needs_nothing_back.data == "true",
        "sectors": form.sectors.data or [],
        "gradeBands": form.grade_bands.data or [],
        "skills": slugs(form.skills.data),
        "radiusMiles": form.radius_miles.data or 0,
        "takesSectors": form.takes_sectors.data or [],
    }


def _members(legs: list[Json]) -> dict[str, str]:
    """Organisations by notice, in order around the ring."""
    members: dict[str, str] = {}
    for leg in legs:
        members.setdefault(leg["hostNotice"], leg["hostOrganisationDisplayName"])
    for leg in legs:
        members.setdefault(leg["visitingNotice"], leg["visitingOrganisationDisplayName"])
    return members


def _drawing(legs: list[Json]) -> tuple[list[Dot], list[Arrow]]:
    """Members on a circle, the first at the top, and who goes to whom."""
    members = _members(legs)
    dots = {
        notice: _dot(place, len(members), name)
        for place, (notice, name) in enumerate(members.items())
    }
    arrows = [_arrow(dots[leg["visitingNotice"]], dots[leg["hostNotice"]]) for leg in legs]
    return list(dots.values()), arrows


def _dot(place: int, size: int, name: str) -> Dot:
    angle = 2 * pi * place / size - pi / 2
    return Dot(place + 1, name, MIDDLE + RADIUS * cos(angle), MIDDLE + RADIUS * sin(angle))


def _arrow(visitor: Dot, host: Dot) -> Arrow:
    """Beside the middle line, so that two who trade places have two arrows."""
    dx, dy = host.x - visitor.x, host.y - visitor.y
    far = (dx * dx + dy * dy) ** 0.5
    ux, uy = dx / far, dy / far
    aside_x, aside_y = -uy * 8, ux * 8
    return Arrow(
        visitor.x + ux * DOT + aside_x,
        visitor.y + uy * DOT + aside_y,
        host.x - ux * (DOT + 8) + aside_x,
        host.y - uy * (DOT + 8) + aside_y,
    )


def _waits(swap: Json, who: SignIn) -> bool:
    """Whether this reader's organisation has still to agree."""
    if swap["state"] != "PROPOSED":
        return False
    return any(
        leg[f"{side}Organisation"] in who.manages and not leg.get(f"{side}AgreeTime")
        for leg in swap["legs"]
        for side in ("visiting", "host")
    )


def _takes_part(swap: Json, who: SignIn) -> bool:
    return any(
        leg[f"{side}Organisation"] in who.manages
        for leg in swap["legs"]
        for side in ("visiting", "host")
    )


def _may_begin(swap: Json, who: SignIn) -> bool:
    is_signed = all(leg["exchangeState"] == "AGREED" for leg in swap["legs"])
    may = _takes_part(swap, who) or who.is_operator
    return may and swap["state"] == "AGREED" and is_signed


def _sent(proposal: Json) -> Json:
    """A proposal as its form sends it: legs as pairs of notices."""
    legs = [each["leg"] for each in proposal["legs"]]
    return {"legs": _pairs(legs), "shorter": [_pairs(e["legs"]) for e in proposal["shorter"]]}


def _pairs(legs: list[Json]) -> str:
    return " ".join(f"{leg['visitingNotice']}>{leg['hostNotice']}" for leg in legs)


def _legs(pairs: str) -> list[Json]:
    split = (pair.partition(">") for pair in pairs.split())
    return [{"visitingNotice": visitor, "hostNotice": host} for visitor, _, host in split]
