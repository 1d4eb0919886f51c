"""What people take along: the agreement as a PDF, the days for a calendar, the feed, what search engines read."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from xml.etree import ElementTree as ET

import icalendar
import pytest
from pypdf import PdfReader

from tests.support.pages import Browser
from tests.support.region import RunningRegion
from tests.support.story import Cast, accept, answer, ask, publish_from_request, settle
from tests.support.waiting import eventually

ATOM = "{http://www.w3.org/2005/Atom}"


def agreed(cast: Cast) -> tuple[Browser, str]:
    """An exchange with terms, and its manager."""
    home, host, officer = (
        cast.at(each) for each in (cast.home_manager, cast.host_manager, cast.officer)
    )
    ask(officer)
    exchange = accept(home, answer(host, publish_from_request(home)))
    settle(home, exchange)
    return home, exchange


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["Signatures", "Olga Officer", "1 February 2027"]),
        ("cy", ["Llofnodion", "1 Chwefror 2027"]),
    ],
)
def test_an_agreement_is_a_pdf_that_everybody_can_read(
    region: RunningRegion, web: str, language: str, said: list[str]
) -> None:
    home, exchange = agreed(Cast(region.world(f"paper-{language}"), web, language))

    held = home.session.get(f"{web}{exchange}/agreement.pdf", timeout=20)

    assert held.headers["Content-Type"] == "application/pdf"
    pdf = PdfReader(BytesIO(held.content))
    root = pdf.trailer["/Root"]
    assert root["/Lang"] == language and root["/MarkInfo"]["/Marked"]
    assert pdf.metadata and pdf.metadata.title == "Work shadowing wanted in housing options"
    text = " ".join(" ".join(page.extract_text() for page in pdf.pages).split())
    assert [each for each in said if each not in text] == []

    calendar = icalendar.Calendar.from_ical(
        home.session.get(f"{web}{exchange}/calendar.ics", timeout=20).text
    )
    (event,) = calendar.events
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (date(2027, 2, 1), date(2027, 2, 27))
    assert event["SUMMARY"] == "Work shadowing wanted in housing options"


def test_papers_are_for_those_concerned(region: RunningRegion, web: str) -> None:
    cast = Cast(region.world("paper-others"), web)
    _, exchange = agreed(cast)
    stranger = cast.world.manager(cast.world.organisation("Strange Council"), "Stan Strange")

    for name in ("agreement.pdf", "calendar.ics"):
        cast.at(stranger).get(f"{exchange}/{name}", 404)


def test_new_notices_can_be_followed_and_found(region: RunningRegion, web: str) -> None:
    cast = Cast(region.world("feed"), web)
    manager = cast.home_manager
    shown = cast.world.publish(manager, title="Bell ringing wanted", themes=["bells & <towers>"])
    hidden = cast.world.publish(manager, title="Kept at home", visibility="ORGANISATION")
    visitor = Browser(web)

    def followed() -> ET.Element:
        feed = visitor.session.get(f"{web}/notices.atom?query=bell+ringing", timeout=20)
        assert feed.headers["Content-Type"].startswith("application/atom+xml")
        entries = ET.fromstring(feed.content).findall(f"{ATOM}entry")
        titles = {str(each.findtext(f"{ATOM}title")): each for each in entries}
        assert "Wanted: Bell ringing wanted" in titles, list(titles)
        return titles["Wanted: Bell ringing wanted"]

    link = eventually(followed).find(f"{ATOM}link")
    assert link is not None and link.get("href") == f"{web}/{shown}"
    mapped = visitor.session.get(f"{web}/sitemap.xml", timeout=20).text
    assert f"{web}/{shown}<" in mapped and hidden not in mapped
    robots = visitor.session.get(f"{web}/robots.txt", timeout=20).text
    assert "Disallow: /operator" in robots and f"Sitemap: {web}/sitemap.xml" in robots
    page = visitor.get(f"/{shown}")
    said = {each.get("property"): each.get("content") for each in page.all("meta")}
    assert said["og:title"] == "Bell ringing wanted"
    assert said["og:url"] == f"{web}/{shown}"
    assert str(said["og:description"]).startswith("Wanted: work shadowing, Homeshire feed.")
