"""The second step of signing in, on pages: set up, asked for, lost and found, and demanded by the region."""

from __future__ import annotations

from datetime import timedelta

import pyotp
import pytest

from chassis.clock import now
from tests.e2e.conftest import RunningRegion
from tests.support.pages import Browser, Page, words
from tests.support.waiting import eventually
from tests.support.world import PASSWORD, Member, World

HERE = "/account/second-factor"


class Phone:
    """An authenticator app. Its clock goes a step forward with each code, for a code is taken once."""

    def __init__(self, secret: str) -> None:
        self._app, self._ahead = pyotp.TOTP(secret.replace(" ", "")), -30

    def code(self) -> str:
        shown = self._app.at(now() + timedelta(seconds=self._ahead))
        self._ahead += 30
        return shown


def enrol(browser: Browser) -> tuple[Phone, list[str]]:
    """Set it up from the first page on; the phone, and the recovery codes."""
    browser.get(f"{HERE}/set-up")
    page = browser.send(password=PASSWORD)
    assert "<svg" in page.text
    phone = Phone(words(page.all("code")[0]))
    assert browser.send(422, code="12").errors
    page = browser.send(code=phone.code())
    codes = [words(each) for each in page.all("code")]
    browser.send()
    return phone, codes


@pytest.fixture
def member(region: RunningRegion, request: pytest.FixtureRequest) -> Member:
    world = region.world(request.node.name.replace("_", "-")[:30])
    return world.member(world.organisation("Secondshire"), "Sara Second")


@pytest.fixture
def sara(member: Member, web: str) -> Browser:
    browser = Browser(web)
    browser.sign_in(member.email, PASSWORD)
    return browser


def test_somebody_signs_in_with_two_steps(
    region: RunningRegion, member: Member, sara: Browser, web: str
) -> None:
    phone, codes = enrol(sara)
    assert sara.get(HERE).says("10 left")

    again = Browser(web, "cy")
    page = again.sign_in(member.email, PASSWORD)
    assert page.heading == "Rhowch god o’ch ap dilysu"
    assert again.send(422, code="000000").errors
    again.send(code=phone.code())
    assert again.get("/account").says("Sara Second")

    lost = Browser(web)
    lost.sign_in(member.email, PASSWORD)
    lost.get("/sign-in/lost-phone")
    lost.get("/sign-in/code")
    lost.send(code=codes[0].upper())
    assert lost.get(HERE).says("9 left")
    subjects = {
        "Signing in to your account needs a code now",
        "A recovery code was used to sign in",
    }
    eventually(lambda: _told(region, member, subjects))


def _told(region: RunningRegion, member: Member, subjects: set[str]) -> None:
    told = [str(each["Subject"]) for each in region.mails_to(member.email)]
    assert all(any(each.startswith(wanted) for each in told) for wanted in subjects), told


def test_it_is_turned_off_with_the_password(member: Member, sara: Browser) -> None:
    phone, codes = enrol(sara)
    sara.get(f"{HERE}/recovery-codes/renew")
    page = sara.send(code=codes[1])
    assert codes[0] not in page.text
    sara.send()
    sara.get(f"{HERE}/turn-off")
    assert sara.send(422, password="not the right one").errors
    assert sara.send(password=PASSWORD).says("It is off")
    assert phone


def test_a_region_that_asks_for_it_leads_managers_there(region: RunningRegion, web: str) -> None:
    world = region.world("asked")
    manager = world.manager(world.organisation("Askedshire"), "Mona Manager")
    _ask(world, "REQUIRED_FOR_MANAGERS_AND_OPERATORS")
    try:
        browser = Browser(web)
        page = browser.sign_in(manager.email, PASSWORD)
        assert page.path == f"{HERE}/set-up"
        assert browser.get("/notices").status == 200
        assert browser.get("/dashboard").path == f"{HERE}/set-up"
        enrol(browser)
        assert _page(browser).path == "/dashboard"
    finally:
        _ask(world, "OPTIONAL")


def _page(browser: Browser) -> Page:
    assert browser.page
    return browser.page


def _ask(world: World, policy: str) -> None:
    """The operator's token was made before: it holds its rights while it lives."""
    world.operator.post("/v1/regions/current:setSecondFactorPolicy", {"policy": policy})
