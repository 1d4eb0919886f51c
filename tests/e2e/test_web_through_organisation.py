"""Signing in through an organisation's own provider, on pages, with a real provider beside the region."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest

from tests.e2e.conftest import RunningRegion
from tests.support.pages import Browser, Page
from tests.support.provider import CLIENT_ID, CLIENT_SECRET, RunningProvider, provider
from tests.support.world import PASSWORD, World


@pytest.fixture
def running(region: RunningRegion, web: str, tmp_path: Path) -> Iterator[RunningProvider]:
    with provider(tmp_path, f"{web}/sign-in/callback") as server:
        yield server


@pytest.fixture
def world(region: RunningRegion, request: pytest.FixtureRequest) -> World:
    return region.world(request.node.name.replace("_", "-")[5:30])


def set_up(world: World, web: str, running: RunningProvider) -> str:
    """The operator sets an organisation's provider up on their page; the organisation's name."""
    organisation = world.organisation(f"Oidcshire {world.suffix}")
    operator = Browser(web)
    operator.sign_in(f"operator.{world.suffix}@region.example", PASSWORD)
    operator.get(f"/operator/{organisation}/provider")
    page = operator.send(422, issuer="https://127.0.0.1:1", client_id="x", client_secret="y")
    assert page.errors
    page = operator.send(issuer=running.issuer, client_id=CLIENT_ID, client_secret=CLIENT_SECRET)
    assert page.says("can sign in through it now")
    return organisation


def through(browser: Browser, running: RunningProvider, path: str, status: int = 200) -> Page:
    """Follow a link to the provider, sign in there, and come back."""
    sent = browser.session.get(urljoin(browser.url, path), allow_redirects=False, timeout=20)
    assert sent.status_code == 303, sent.text[:500]
    answer = running.sign_in(sent.headers["Location"])
    return browser.get(f"/sign-in/callback?code={answer.code}&state={answer.state}", status)


def test_somebody_links_and_signs_in(world: World, web: str, running: RunningProvider) -> None:
    organisation = set_up(world, web, running)
    member = world.member(organisation, "Olwen Oidc")
    browser = Browser(web)

    page = browser.get("/sign-in/organisation")
    (link,) = [each for each in page.all("a") if f"Oidcshire {world.suffix}" in _text(each)]
    page = through(browser, running, link.get("href") or "")
    assert page.heading == "Which account is yours?"
    browser.get("/sign-in?next=/account/linked/confirm")
    page = browser.send(email=member.email, password=PASSWORD)
    assert page.path == "/account/linked/confirm"
    assert browser.send().says("Linked on")

    again = Browser(web, "cy")
    page = through(again, running, f"/sign-in/organisation/{organisation.split('/')[1]}")
    assert page.path == "/requests"
    again.get("/account/linked")
    (unlink,) = [each for each in again.page.all("a") if "/unlink" in (each.get("href") or "")]  # type: ignore[union-attr]
    again.get(unlink.get("href") or "")
    again.send()
    page = through(browser, running, f"/account/linked/add/{organisation.split('/')[1]}")
    assert page.path == "/account/linked/confirm"


def test_somebody_new_registers_without_a_password(
    world: World, web: str, running: RunningProvider
) -> None:
    organisation = set_up(world, web, running)
    browser = Browser(web)
    through(browser, running, f"/sign-in/organisation/{organisation.split('/')[1]}")

    page = browser.get("/register")
    assert not page.all("input", type="password")
    page = browser.send(display_name="Nia Newydd", email=f"nia.{world.suffix}@council.example")

    assert page.heading == "You are registered"


def test_an_answer_that_was_not_asked_for_is_refused(web: str) -> None:
    page = Browser(web).get("/sign-in/callback?code=1&state=2", 401)

    assert page.heading == "You are not signed in"
    assert urlsplit(page.url).path == "/sign-in/callback"


def _text(element: object) -> str:
    return "".join(element.itertext())  # type: ignore[attr-defined]
