"""Being signed in, on pages: seen and ended, outlived by what was typed, and looked after by operators."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import RunningRegion
from tests.support.pages import Browser
from tests.support.world import PASSWORD, World


@pytest.fixture
def world(region: RunningRegion, request: pytest.FixtureRequest) -> World:
    return region.world(request.node.name.replace("_", "-")[5:30])


def signed_in(web: str, email: str, language: str = "en") -> Browser:
    browser = Browser(web, language)
    browser.sign_in(email, PASSWORD)
    return browser


def test_what_was_typed_outlives_a_time_out(world: World, web: str) -> None:
    member = world.member(world.organisation("Typedshire"), "Tess Typer")
    browser = signed_in(web, member.email)
    browser.get("/account/skills")
    world.visitor.sign_in(member.email, PASSWORD).post("/v1/sessions:revokeAll")

    assert browser.send(has="Housing options 4").heading == "Sign in"
    page = browser.send(email=member.email, password=PASSWORD)

    assert page.path == "/account/skills"
    assert page.value("has") == "Housing options 4"
    assert page.says("You were signed out before this was sent")
    assert browser.send().says("housing options (level 4)")


def test_sessions_are_seen_and_ended(world: World, web: str) -> None:
    member = world.member(world.organisation("Sessionshire"), "Sid Session")
    other, browser = signed_in(web, member.email), signed_in(web, member.email, "cy")

    page = browser.get("/account/sessions")
    assert page.says("Yma, nawr")
    browser.send(action="/end")
    browser.get("/account/sessions/end-all")
    browser.send()
    assert browser.get("/account").heading == "Mewngofnodi"
    assert other.get("/account").heading == "Sign in"


def test_every_page_says_when_one_is_signed_out(world: World, web: str) -> None:
    member = world.member(world.organisation("Timeshire"), "Tim Time")
    browser = signed_in(web, member.email)

    assert browser.get("/account").says("If you do nothing, you are signed out at")
    assert browser.get("/stay").heading == "You are still signed in"


def test_an_operator_sees_sign_ins_and_helps(world: World, web: str) -> None:
    member = world.member(world.organisation("Lockedshire"), "Lou Locked")
    stranger = Browser(web)
    for _ in range(10):
        stranger.sign_in_fails(member.email, "not the right one")
    assert stranger.sign_in_fails(member.email, PASSWORD)
    operator = signed_in(web, f"operator.{world.suffix}@region.example")

    operator.get("/operator/sign-ins")
    page = operator.send(action=f"/operator/{member.name}/unlock")
    assert page.says("They can try to sign in again now.")
    assert signed_in(web, member.email).get("/account").says("Lou Locked")
    operator.get("/operator/sign-ins/find")
    assert operator.send(422, email="nobody@council.example").errors
    assert operator.send(email=member.email).heading == "Lou Locked"
    operator.send(action="/end")
    operator.get("/operator/sign-ins/second-step")
    assert operator.send(policy="OPTIONAL").path == "/operator/sign-ins"
