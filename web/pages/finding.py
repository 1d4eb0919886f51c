"""What programs read to find notices: the feed (Atom, RFC 4287), and what search engines may read."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from xml.etree import ElementTree as ET

from flask import Blueprint, Response, request

from web import words
from web.api import Json
from web.asked import api, public_address
from web.languages import gettext, language
from web.nearby import bounds_of
from web.results import FACETS
from web.security import UNFIT

pages = Blueprint("finding", __name__)
ATOM = "http://www.w3.org/2005/Atom"
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
ENTRIES = 50
LISTED = 1000  # notices in the map at most: the newest
FRESH_S, MAPPED_S = 300, 3600
OPEN = ("/", "/notices", "/troubleshooters", "/organisations", "/managers", "/figures", "/register")
# Pages of somebody's own, and forms.
CLOSED = (
    "/account /dashboard /exchanges /people /interests /messages /operator /requests /sign-in /sign-out "
    "/confirm-email /reset-password /forgotten-password /notices/new /notices/mine /notices/import"
).split()

ET.register_namespace("", ATOM)


@pages.get("/notices.atom")
def feed() -> Response:
    """New notices, with the filters of the page."""
    found = api().get(
        "/v1/notices:search",
        **{name: request.args.getlist(name) for name in FACETS},
        **bounds_of(request.args).asked,
        query=request.args.get("query", ""),
        sort="NEWEST",
        pageSize=ENTRIES,
    )
    return _xml(_feed(found["notices"]), "application/atom+xml", FRESH_S)


def _feed(notices: list[Json]) -> ET.Element:
    here = public_address(request.full_path.rstrip("?"))
    root = ET.Element(f"{{{ATOM}}}feed", {LANGUAGE: language()})
    _add(root, "id", here)
    _add(root, "title", gettext("New notices – Interchange"))
    _add(
        root,
        "updated",
        max((each["updateTime"] for each in notices), default="1970-01-01T00:00:00Z"),
    )
    _add(root, "link", rel="self", type="application/atom+xml", href=here)
    _add(
        root,
        "link",
        rel="alternate",
        type="text/html",
        href=here.replace("/notices.atom", "/notices", 1),
    )
    for each in notices:
        _entry(root, each)
    return root


def _entry(root: ET.Element, notice: Json) -> None:
    entry, address = _add(root, "entry"), public_address(f"/{notice['name']}")
    kind = words.label(notice["kind"], words.KINDS)
    _add(entry, "id", f"urn:uuid:{words.id_of(notice['name'])}")
    _add(entry, "title", f"{kind}: {notice['title']}")
    _add(entry, "updated", notice["updateTime"])
    _add(entry, "published", notice["publishTime"])
    _add(entry, "link", rel="alternate", type="text/html", href=address)
    _add(_add(entry, "author"), "name", notice["organisationDisplayName"])
    for term in (notice["kind"], notice["format"], *notice["themes"]):
        _add(entry, "category", term=term)
    _add(entry, "summary", notice["body"], type="text")


@pages.get("/robots.txt")
def robots() -> Response:
    lines = ["User-agent: *", *(f"Disallow: {each}" for each in CLOSED)]
    text = "\n".join([*lines, f"Sitemap: {public_address('/sitemap.xml')}", ""])
    return _kept(Response(text, mimetype="text/plain"), MAPPED_S)


@pages.get("/sitemap.xml")
def sitemap() -> Response:
    """Open pages and the newest public notices."""
    root = ET.Element("urlset", xmlns=SITEMAP)
    for path in OPEN:
        ET.SubElement(ET.SubElement(root, "url"), "loc").text = public_address(path)
    for notice in islice(_public(), LISTED):
        url = ET.SubElement(root, "url")
        ET.SubElement(url, "loc").text = public_address(f"/{notice['name']}")
        ET.SubElement(url, "lastmod").text = notice["updateTime"]
    return _xml(root, "application/xml", MAPPED_S)


def _public() -> Iterable[Json]:
    token = ""
    while True:
        answer = api().get("/v1/notices", state="PUBLISHED", pageSize=100, pageToken=token)
        yield from (each for each in answer["notices"] if each["visibility"] != "ORGANISATION")
        token = answer["nextPageToken"]
        if not token:
            return


def _add(parent: ET.Element, name: str, text: str = "", **attributes: str) -> ET.Element:
    made = ET.SubElement(parent, f"{{{ATOM}}}{name}", attributes)
    made.text = UNFIT.sub("", text) or None
    return made


def _xml(root: ET.Element, kind: str, fresh_s: int) -> Response:
    content = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return _kept(Response(content, content_type=f"{kind}; charset=utf-8"), fresh_s)


def _kept(response: Response, seconds: int) -> Response:
    """Readers may keep it for a while; those who are signed in may see more, so each for themselves."""
    response.headers["Cache-Control"] = f"private, max-age={seconds}"
    return response
