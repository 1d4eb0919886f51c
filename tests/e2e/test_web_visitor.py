"""The pages as a visitor finds them: good in both languages, findable, and kind when something is away."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from cli.ports import free_port
from tests.support.pages import Browser, pages
from tests.support.region import RunningRegion
from tests.support.waiting import eventually

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
    "/sign-in",
    "/sign-in?because=idle",
    "/forgotten-password",
    "/confirm-email?token=x",
    "/reset-password?token=x",
]
GUARDED = [
    "/account",
    "/requests",
    "/messages",
    "/interests",
    "/exchanges",
    "/dashboard",
    "/operator",
]


@pytest.mark.parametrize("language", ["en", "cy"])
def test_every_page_of_a_visitor_is_a_good_page(web: str, language: str) -> None:
    browser = Browser(web, language)

    for path in VISITED:
        assert browser.get(path).headers["Content-Language"] == language


def test_a_language_is_remembered(web: str) -> None:
    browser = Browser(web)

    assert browser.get("/notices").heading == "Notices"
    assert browser.get("/notices?lang=cy").heading == "Hysbysiadau"
    assert browser.get("/notices").heading == "Hysbysiadau"
    assert browser.get("/notices?lang=en").heading == "Notices"


def test_a_published_notice_is_found_and_shown(web: str, region: RunningRegion) -> None:
    world = region.world("visit")
    council = world.organisation("Visited Council")
    manager = world.manager(council, "Vera Visited")
    name = world.publish(manager, title="Accordion care wanted", themes=["music"])
    browser = Browser(web)

    def found() -> None:  # in this organisation: others' notices may mean about the same
        page = browser.get(f"/notices?query=accordion&kind=WANTED&organisation={council}")
        assert page.says("1 notice found")
        assert page.says("music (1)")

    eventually(found)
    page = browser.get(f"/{name}")
    assert page.heading == "Accordion care wanted"
    assert page.says("Sign in to answer")
    assert not page.says("Vera Visited")
    assert browser.get("/managers?query=visited council").says("Vera Visited")


def test_what_is_for_others_asks_to_sign_in_first(web: str) -> None:
    browser = Browser(web)

    for path in GUARDED:
        page = browser.get(path)
        assert page.heading == "Sign in"
        assert f"next={path.replace('/', '%2F')}" in page.url or f"next={path}" in page.url


def test_what_is_not_there_is_said_to_be_not_there(web: str) -> None:
    browser = Browser(web)

    assert browser.get("/nothing-here", 404).heading == "Page not found"
    missing = "/notices/00000000-0000-7000-8000-000000000000"
    assert browser.get(missing, 404).heading == "Page not found"


def test_a_page_and_all_that_it_asks_for_are_one_trace(web: str, region: RunningRegion) -> None:
    page = Browser(web).get("/notices")

    trace = page.headers["Trace-Id"]
    region.expect_whole_trace(trace, through={"web", "gateway", "matching"})


def test_signing_in_never_leads_to_another_site(web: str, region: RunningRegion) -> None:
    world = region.world("next")
    member = world.member(world.organisation("Next Council"), "Nora Next")
    browser = Browser(web)

    for there in ("https://evil.example/", "//evil.example/", "/\\evil.example"):
        browser.get(f"/sign-in?next={there}")
        page = browser.send(email=member.email, password="a-long-enough-password")
        assert page.path == "/requests"
        browser.get("/account")
        browser.send(action="/sign-out")


def test_a_form_that_is_not_ours_is_not_taken(web: str) -> None:
    sent = {"email": "a@b.example", "password": "secret-secret"}

    other_site = requests.post(
        f"{web}/sign-in", sent, headers={"Sec-Fetch-Site": "cross-site"}, timeout=10
    )
    too_late = requests.post(f"{web}/sign-in", sent, timeout=10)

    assert other_site.status_code == 400
    assert "a@b.example" not in other_site.text
    assert too_late.status_code == 400
    assert "a@b.example" in too_late.text
    assert "secret-secret" not in too_late.text


def test_errors_come_first_and_lead_to_their_fields(web: str) -> None:
    browser = Browser(web)
    browser.get("/register")

    page = browser.send(422, display_name="", email="not an address", password="short")

    assert page.errors == [
        "Enter your name",
        "Enter an email address in the correct format, like name@example.com",
        "Choose your organisation",
        "Use 10 to 128 characters",
    ]
    assert page.value("email") == "not an address"
    assert words_of_title(page.text).startswith("Error: ")


def words_of_title(text: str) -> str:
    return text.split("<title>")[1].split("</title>")[0]


def test_a_wrong_password_is_told_and_the_address_kept(web: str) -> None:
    browser = Browser(web)
    browser.get("/sign-in")

    page = browser.send(422, email="nobody@council.example", password="wrong-password")

    assert page.errors == ["The email address or the password is wrong"]
    assert page.value("email") == "nobody@council.example"


def test_a_person_registers_and_confirms_by_the_mail(web: str, region: RunningRegion) -> None:
    world = region.world("join")
    organisation = world.organisation("Joining Council")
    address = f"jo.{world.suffix}@joining.example"
    browser = Browser(web)
    browser.get("/register")

    page = browser.send(
        display_name="Jo Joining",
        email=address,
        organisation=organisation,
        password="a-long-enough-password",
    )

    assert page.heading == "You are registered"
    mail = eventually(lambda: _first(region.mails_to(address)))
    link = next(part for part in mail.split() if "/confirm-email?token=" in part)
    assert (
        browser.get("/confirm-email?" + link.split("?")[1]).heading == "Confirm your email address"
    )
    assert browser.send().heading == "Your address is confirmed"


def _first(mails: list) -> str:
    assert mails
    return mails[0].get_body(("plain",)).get_content()


@pytest.fixture
def lonely(tmp_path: Path, redis_url: str) -> Iterator[str]:
    """Pages whose gateway is away."""
    with pages(tmp_path, f"http://127.0.0.1:{free_port()}", redis_url) as url:
        yield url


def test_without_the_gateway_pages_say_so_and_keep_what_was_typed(lonely: str) -> None:
    browser = Browser(lonely)

    assert browser.get("/notices", 503).says("Try again in a minute")
    browser.get("/sign-in")
    page = browser.send(503, email="somebody@council.example", password="whatever-it-is")

    assert page.says("What you typed is still here")
    assert page.value("email") == "somebody@council.example"


@pytest.fixture
def stuck(tmp_path: Path, redis_url: str) -> Iterator[str]:
    """Pages whose gateway takes what is asked and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pages(tmp_path, address, redis_url, page_timeout_s=0.5) as url:
            yield url


def test_a_slow_gateway_is_told_in_time_and_what_was_typed_is_kept(stuck: str) -> None:
    browser = Browser(stuck)

    assert browser.get("/notices", 503).says("Try again in a minute")
    browser.get("/register", 503)
    browser.get("/forgotten-password")
    page = browser.send(503, email="somebody@council.example")

    assert page.says("What you typed is still here")
    assert page.value("email") == "somebody@council.example"
