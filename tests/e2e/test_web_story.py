"""The first story on the pages alone: a request becomes a notice, an interest, an introduction, an exchange."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import RunningRegion
from tests.support.pages import Browser, Page, words
from tests.support.story import Cast, link, live_the_story
from tests.support.waiting import eventually
from tests.support.world import PASSWORD


@pytest.fixture(params=["en", "cy"])
def cast(request: pytest.FixtureRequest, region: RunningRegion, web: str) -> Cast:
    return Cast(region.world(f"pages-{request.param}"), web, request.param)


def test_the_story_can_be_lived_on_pages(cast: Cast) -> None:
    live_the_story(cast)

    for member in (cast.officer, cast.home_manager, cast.host_manager):
        browser = cast.at(member)
        told = member.api.get("/v1/messages", pageSize=100)["messages"]
        for about in {each["about"] for each in told if each["about"]}:
            browser.get(f"/{about}")


def test_a_manager_writes_copies_closes_and_withdraws(region: RunningRegion, web: str) -> None:
    cast = Cast(region.world("pages-write"), web, "en")
    home = cast.at(cast.home_manager)

    home.get("/notices/new")
    page = home.send(422, title="ab", body="", start_date=["31", "2", "2027"])
    assert "Enter a real date, like 27 3 2027" in page.errors
    assert page.value("title") == "ab"
    page = home.send(
        kind="OFFERED",
        format="MENTORING",
        title="Mentoring offered in planning",
        body="Two hours a month.",
        start_date=["", "", ""],
        themes="Planning, housing",
    )
    first = page.path
    home.send(action="/submit")
    home.send(action="/publish")
    home.get(f"{first}/suggestions")
    home.get(f"{first}/interests")
    home.get(f"{first}/close")
    assert home.send().says("Filled")
    home.get(first)
    copied = home.send(action="/copy").path.removesuffix("/edit")
    home.get(f"{copied}/withdraw")
    assert home.send(reason="Not needed").says("Withdrawn")


def test_declining_asks_for_a_reason_that_the_other_side_reads(
    region: RunningRegion, web: str
) -> None:
    cast = Cast(region.world("pages-no"), web, "en")
    notice = cast.world.publish(cast.home_manager, kind="OFFERED", title="Desk offered by the sea")
    host, home = cast.at(cast.host_manager), cast.at(cast.home_manager)

    host.get(f"/{notice}/answer")
    interest = host.send(participant=cast.host_manager.name, consent="yes").path
    if host.page and host.page.all("form", action=f"{interest}/endorse"):
        host.send(action="/endorse")
    home.get(f"{interest}/decline")
    assert home.send(422, reason="").errors == ["Say why you decline"]
    home.send(reason="The desk is taken.")

    assert host.get(interest).says("The desk is taken.")


def test_somebody_changes_exports_and_erases_what_is_held(region: RunningRegion, web: str) -> None:
    cast = Cast(region.world("pages-own"), web, "en")
    officer = cast.at(cast.officer)

    officer.get("/account/profile")
    assert officer.send(job_title="Senior housing officer").says("Senior housing officer")
    officer.get("/account/skills")
    page = officer.send(has="Housing options 4\nData analysis", wants="Bid writing 2")
    assert page.says("housing options (level 4)") and page.says("bid writing (level 2)")
    officer.get("/account/preferences")
    assert officer.send(frequency="DAILY_DIGEST").says("Once a day, in one mail")
    held = officer.session.get(f"{web}/account/export", timeout=20)
    assert held.headers["Content-Disposition"].startswith("attachment")
    assert "Senior housing officer" in held.text
    officer.get("/account/erase")
    assert officer.send(422, confirm="yes").errors == ["Type ERASE to confirm"]
    assert officer.send(confirm="erase").heading == "Your account is erased"

    assert officer.sign_in_fails(cast.officer.email, PASSWORD)


def test_the_inbox_is_read(region: RunningRegion, web: str) -> None:
    cast = Cast(region.world("pages-inbox"), web, "en")
    officer = cast.at(cast.officer)

    def told() -> Page:
        page = officer.get("/messages")
        assert not page.says("0 messages are not read yet.")
        return page

    message = link(eventually(told), "/messages/")
    officer.get(message)
    officer.send(action="/read")
    page = officer.get("/messages")
    if page.all("form", action="/messages/read"):
        page = officer.send(action="/messages/read")
    assert page.says("0 messages are not read yet.")


def test_an_operator_verifies_appoints_and_reads_the_log(region: RunningRegion, web: str) -> None:
    world = region.world("pages-operator")
    organisation = world.organisation("Unchecked Charity", verified=False, kind="THIRD_SECTOR")
    member = world.member(organisation, "Mira Member")
    operator = Browser(web)
    page = operator.sign_in(f"operator.{world.suffix}@region.example", PASSWORD)

    assert page.path == "/operator"
    assert page.says("Unchecked Charity")
    operator.get(f"/operator/{organisation}/verify")
    assert operator.send(note="Called the number on the register").says("Verified")
    operator.get(f"/operator/{organisation}/appoint")
    assert operator.send(person=member.name).says("Mira Member")
    page = operator.get(f"/operator/audit?subject={organisation}")
    assert page.says("Verified an organisation") and page.says("The log is whole")
    asked = eventually(lambda: _dealt_with(operator, "Unchecked Charity"))
    assert operator.get(asked).says("This was dealt with")
    assert operator.get(f"{asked}?lang=cy").says("Cafodd hyn ei drin")
    operator.get("/messages?lang=en")
    for path in (
        "/operator/organisations",
        "/operator/deliveries",
        "/operator/deliveries?state=SENT",
    ):
        operator.get(path)


def _dealt_with(operator: Browser, organisation: str) -> str:
    """Where the message about it is, once its card says so."""
    cards = operator.get("/messages").all("li", class_="app-card")
    (card,) = [each for each in cards if organisation in words(each)]
    assert "Dealt with" in words(card) and "Something waits for you" not in words(card)
    return next(card.iter("a")).get("href") or ""


def test_a_manager_commits_to_the_office_and_gives_it_up(region: RunningRegion, web: str) -> None:
    cast = Cast(region.world("pages-office"), web)
    world, host = cast.world, cast.host_manager
    member = world.member(host.organisation, "Nia New")
    made = world.operator.post(f"/v1/{host.organisation}:appointManager", {"person": member.name})[
        "name"
    ]
    browser = cast.at(member)

    assert browser.get("/dashboard").says("Read what it asks of you and commit to it")
    cast.at(cast.officer).get(f"/{made}", 403)
    browser.get(f"/{made}")
    assert not browser.send(action="/commit").says("Read what it asks of you")
    browser.get(f"/{made}/step-down")
    page = browser.send(successor=host.name)

    assert page.says("The office is given up.") and page.path == "/requests"
    browser.get(f"/{made}", 404)


def test_what_is_for_others_is_refused_to_who_is_signed_in(region: RunningRegion, web: str) -> None:
    cast = Cast(region.world("pages-others"), web, "en")
    officer, home = cast.at(cast.officer), cast.at(cast.home_manager)

    assert officer.get("/dashboard", 403).heading == "You may not see this page"
    assert officer.get("/operator", 403).heading == "You may not see this page"
    assert home.get("/operator/audit", 403).heading == "You may not see this page"
