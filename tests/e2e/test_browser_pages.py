"""Pages in a real browser, in every state: empty, full, wrong, long words, narrow, and by the keyboard alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser as Chromium

from cli.ports import free_port
from tests.e2e.test_web_tables import FAULTY
from tests.support.keyboard import Keyboard
from tests.support.pages import pages
from tests.support.region import RunningRegion
from tests.support.screen import NARROW, Gallery, Screen
from tests.support.waiting import eventually
from tests.support.world import PASSWORD

VISITED = [
    "/",
    "/notices",
    "/notices?query=nothingfitsthis",
    "/managers",
    "/managers?query=nobody",
    "/organisations",
    "/organisations?query=nobody",
    "/troubleshooters",
    "/figures",
    "/register",
    "/register/organisation",
    "/sign-in?because=idle",
    "/sign-in/organisation",
    "/forgotten-password",
    "/confirm-email?token=x",
    "/reset-password?token=x",
]
EMPTY = [
    "/dashboard",
    "/requests",
    "/interests",
    "/exchanges",
    "/messages",
    "/notices/mine",
    "/notices/import",
    "/account/profile",
    "/account/skills",
    "/account/preferences",
    "/account/password",
    "/account/erase",
    "/account/second-factor",
    "/account/second-factor/set-up",
    "/account/sessions",
    "/account/linked",
    "/cohorts",
    "/favourites",
    "/savedSearches",
]
OPERATED = [
    "/operator",
    "/operator/organisations",
    "/operator/organisations?query=nobody",
    "/operator/audit",
    "/operator/audit?action=nothing.of_this",
    "/operator/deliveries",
    "/operator/deliveries?state=FAILED",
    "/operator/moderation",
    "/operator/coverage",
    "/operator/partners",
    "/operator/health",
    "/operator/dead-letters",
]
LONG = "Unpronounceable" * 8  # 120 letters without a place to break

Opens = Callable[..., Screen]


@pytest.fixture
def opens(chromium: Chromium, gallery: Gallery, web: str) -> Opens:
    def open_(language: str = "en", who: str = "", url: str = web) -> Screen:
        return Screen(chromium, gallery, url, language, who)

    return open_


@pytest.mark.parametrize("language", ["en", "cy"])
def test_every_page_of_a_visitor_can_be_used_by_all(opens: Opens, language: str) -> None:
    visitor = opens(language)

    for path in VISITED:
        visitor.get(path)
    visitor.get("/nothing-here", 404)
    visitor.get("/register")
    visitor.send(422, display_name="", email="not an address", password="short")


@pytest.mark.parametrize("language", ["en", "cy"])
def test_every_empty_page_can_be_used_by_all(
    opens: Opens, region: RunningRegion, language: str
) -> None:
    world = region.world(f"empty-{language}")
    manager = world.manager(world.organisation(f"Empty Council {language}"), "Emma Empty")
    screen = opens(language, "emma")
    screen.sign_in(manager.email, PASSWORD)

    for path in EMPTY:
        screen.get(path)
    screen.get("/operator", 403)
    screen.get("/notices/new")
    screen.send(422, title="ab", body="", start_date=["31", "2", "2027"])
    screen.get("/notices/import")
    screen.send(csv=("notices.csv", FAULTY.encode()))
    screen.get("/account/password")
    screen.send(422, current_password="", new_password="short")


@pytest.mark.parametrize("language", ["en", "cy"])
def test_every_page_of_an_operator_can_be_used_by_all(
    opens: Opens, region: RunningRegion, language: str
) -> None:
    world = region.world(f"operated-{language}")
    organisation = world.organisation(
        f"New Charity {language}", verified=False, kind="THIRD_SECTOR"
    )
    screen = opens(language, "operator")
    screen.sign_in(f"operator.{world.suffix}@region.example", PASSWORD)

    for path in OPERATED:
        screen.get(path)
    for action in ("", "/verify", "/appoint"):
        screen.get(f"/operator/{organisation}{action}")
    screen.send(422)
    manager = world.manager(world.organisation(f"Seen Council {language}"), "Mo Seen")
    body = {
        "kind": "OFFERED",
        "format": "SWAP",
        "title": "To be looked at",
        "body": "Come and see.",
    }
    reviewed = manager.api.post("/v1/notices", body)["name"]
    manager.api.post(f"/v1/{reviewed}:submit")
    world.publish(manager)
    screen.get("/operator/moderation")
    screen.get(f"/operator/{reviewed}/refuse")
    screen.send(422)


def test_long_words_break_on_a_phone(opens: Opens, region: RunningRegion) -> None:
    world = region.world("long")
    manager = world.manager(world.organisation(LONG), "Lena Long")
    name = world.publish(manager, title=LONG, body=LONG * 3, themes=[LONG[:50]])
    screen = opens("en", "lena")
    screen.sign_in(manager.email, PASSWORD)

    def found() -> None:
        assert screen.get(f"/notices?theme={LONG[:50]}").says(LONG)

    eventually(found)
    for path in (f"/{name}", f"/{name}/edit", f"/{name}/suggestions", "/notices/mine", "/managers"):
        screen.get(path)


def test_paper_holds_the_notice_and_nothing_to_press(opens: Opens, region: RunningRegion) -> None:
    world = region.world("printed")
    manager = world.manager(world.organisation("Paper Council"), "Paul Paper")
    name = world.publish(manager, title="Printing wanted")
    screen = opens("en", "paul")
    screen.sign_in(manager.email, PASSWORD)
    screen.get(f"/{name}")

    screen.tab.emulate_media(media="print")

    assert screen.tab.get_by_role("heading", name="Printing wanted").is_visible()
    for each in ("nav", "aside", "button", ".govuk-footer", ".govuk-skip-link"):
        assert not [found for found in screen.tab.locator(each).all() if found.is_visible()], each


def test_the_keyboard_alone_is_enough(opens: Opens, region: RunningRegion) -> None:
    world = region.world("keys")
    member = world.member(world.organisation("Keyboard Council"), "Kay Keyboard")
    screen = opens("en", "kay")
    screen.get("/sign-in")
    keyboard = screen.tab.keyboard

    keyboard.press("Tab")
    assert screen.focused() == "Skip to main content"
    keyboard.press("Enter")
    assert screen.focused() == "main-content"
    while screen.focused() != "email":
        keyboard.press("Tab")
    with screen.tab.expect_navigation():
        keyboard.press("Enter")
    eventually(lambda: screen.expect_focus("There is a problem"))
    keyboard.press("Tab")
    keyboard.press("Enter")
    assert screen.focused() == "email"
    keyboard.type(member.email)
    while screen.focused() != "password":
        keyboard.press("Tab")
    keyboard.type(PASSWORD)
    with screen.tab.expect_navigation():
        keyboard.press("Enter")

    assert "/requests" in screen.tab.url


def test_posting_and_verifying_need_no_mouse(
    chromium: Chromium, gallery: Gallery, region: RunningRegion, web: str
) -> None:
    world = region.world("mouseless")
    manager = world.manager(world.organisation("Mouseless Council"), "Max Mouseless")
    waiting = world.organisation("Waiting Charity", verified=False, kind="THIRD_SECTOR")
    max_, operator = (Keyboard(chromium, gallery, web, "en", who) for who in ("max", "operator"))

    max_.sign_in(manager.email, PASSWORD)
    max_.get("/notices/new")
    max_.send(
        kind="OFFERED",
        format="COACHING",
        title="Coaching for new leaders",
        body="One hour a week.",
        attendance="REMOTE",
        start_date=["1", "2", "2027"],
        visibility="REGION",
    )
    max_.send(action="/submit")
    posted = max_.send(action="/publish")
    operator.sign_in(f"operator.{world.suffix}@region.example", PASSWORD)
    operator.get(f"/operator/{waiting}")
    operator.get(f"/operator/{waiting}/verify")
    verified = operator.send(note="Rang the number of the charity register")

    assert posted.heading == "Coaching for new leaders"
    assert verified.says("The organisation is verified.")


def test_a_visitor_looks_around_a_place_and_among_days(opens: Opens, region: RunningRegion) -> None:
    world = region.world("around")
    lerwick = {"label": "Lerwick", "latitude": 60.15, "longitude": -1.15}
    scalloway = {"label": "Scalloway", "latitude": 60.14, "longitude": -1.28}
    unst = {"label": "Unst", "latitude": 60.75, "longitude": -0.88}
    manager = world.manager(world.organisation("Lerwick Council", place=lerwick), "Nell Near")
    spring = {"startDate": "2027-03-01", "endDate": "2027-05-31"}
    world.publish(manager, title="Spring at the loom in Lerwick", **spring)
    world.publish(manager, title="Spring at the loom in Scalloway", place=scalloway, **spring)
    world.publish(manager, title="Spring at the loom in Unst", place=unst, **spring)
    world.publish(
        manager, title="Autumn at the loom in Lerwick", startDate="2027-09-01", endDate="2027-11-30"
    )
    screen = opens()
    screen.get("/notices")

    def finds(miles: str, order: str, *titles: str) -> None:
        """What is typed into the page's fields shows these, in their order, beside what needs no place."""
        fields = screen.tab.locator("form.app-filters")
        if not fields.get_by_label("Near (optional)").is_visible():
            fields.get_by_text("Where and when").click()
        fields.get_by_label("Near (optional)").fill("Lerwick")
        fields.get_by_label("Within").select_option(miles)
        fields.get_by_label("Not over before (optional)").fill("2027-02-01")
        fields.get_by_label("Begins by (optional)").fill("2027-06-30")
        fields.get_by_label("Order").select_option(order)
        with screen.tab.expect_navigation():
            fields.get_by_role("button", name="Apply").click()
        shown = screen.tab.locator(".app-cards h2").all_inner_texts()
        assert [each for each in shown if " at the loom in " in each] == list(titles)

    near, next_, far = (
        f"Spring at the loom in {each}" for each in ("Lerwick", "Scalloway", "Unst")
    )
    eventually(lambda: finds("80", "NEWEST", far, next_, near))
    finds("80", "NEAREST", near, next_, far)  # which is offered once there is a place
    finds("10", "NEAREST", near, next_)
    assert "5 miles away" in screen.tab.locator(".app-cards").inner_text()
    assert screen.tab.get_by_label("Near (optional)").is_visible()  # what narrows stays open
    screen.look()


def test_the_menu_of_a_phone_opens_by_the_keyboard(opens: Opens) -> None:
    screen = opens()
    screen.get("/")
    screen.resize(NARROW)

    screen.tab.get_by_role("button", name="Menu").press("Enter")

    assert screen.tab.get_by_role("link", name="Sign in").first.is_visible()
    screen.look()


def test_who_does_nothing_is_warned_before_being_signed_out(
    opens: Opens, region: RunningRegion
) -> None:
    world = region.world("idle")
    member = world.member(world.organisation("Idle Council"), "Ida Idle")
    screen = opens("en", "ida")
    screen.tab.clock.install()
    screen.sign_in(member.email, PASSWORD)

    screen.tab.clock.fast_forward("29:00")
    warning = screen.tab.get_by_role("button", name="Stay signed in")
    assert warning.is_visible()
    screen.look()
    warning.click()

    warning.wait_for(state="hidden")


@pytest.fixture
def lonely(tmp_path: Path, redis_url: str) -> Iterator[str]:
    """Pages whose gateway is away."""
    with pages(tmp_path, f"http://127.0.0.1:{free_port()}", redis_url) as url:
        yield url


def test_pages_without_the_gateway_can_be_used_by_all(opens: Opens, lonely: str) -> None:
    screen = opens("en", "lonely", lonely)

    screen.get("/notices", 503)
    screen.get("/sign-in")
    screen.send(503, email="somebody@council.example", password="whatever-it-is")
