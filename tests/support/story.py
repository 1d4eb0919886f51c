"""The first story on pages: who plays in it, and what each of them does."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.pages import Browser, Page
from tests.support.world import PASSWORD, Member, World

Opens = Callable[[str, str, str], Browser]  # pages' address, language, who it is


class Cast:
    """Two organisations with their managers, and the officer who asks."""

    def __init__(
        self,
        world: World,
        web: str,
        language: str = "en",
        opens: Opens = lambda *a: Browser(*a[:2]),
    ) -> None:
        self.world, self.web, self.language, self._opens = world, web, language, opens
        home = world.organisation(f"Homeshire {world.suffix}")
        host = world.organisation(f"Hostshire {world.suffix}")
        self.home_manager = world.manager(home, "Hanna Home")
        self.host_manager = world.manager(host, "Hugo Host")
        self.officer = world.member(home, "Olga Officer", jobTitle="Housing officer")

    def at(self, member: Member) -> Browser:
        """Their browser, signed in."""
        browser = self._opens(self.web, self.language, member.display_name.split()[0].lower())
        browser.sign_in(member.email, PASSWORD)
        return browser


def live_the_story(cast: Cast) -> None:
    """From a request to feedback, by everyone concerned."""
    officer = cast.at(cast.officer)
    home, host = cast.at(cast.home_manager), cast.at(cast.host_manager)
    ask(officer)
    notice = publish_from_request(home)
    interest = answer(host, notice)
    exchange = accept(home, interest)
    assert host.get(interest).says("Olga Officer")
    settle_and_sign(home, exchange, [host, officer])
    complete(home, exchange)
    officer.get(f"{exchange}/feedback")
    page = officer.send(rating="5", text="I saw how they do it.")
    assert page.says("I saw how they do it.")
    for each in (officer, home, host):
        for path in ("/messages", "/requests", "/interests", "/exchanges", "/account", exchange):
            each.get(path)


def ask(officer: Browser) -> None:
    """One question a page, then check and send."""
    officer.get("/requests/new")
    officer.send(body="I would like to see a housing-options service at work.")
    officer.send(title="Shadowing in housing options")
    officer.send(format="WORK_SHADOWING")
    officer.send(skills="Housing options")
    page = officer.send(consent="yes")
    assert page.says("Shadowing in housing options")
    assert page.says("housing options")
    assert officer.send().path.startswith("/requests/")


def publish_from_request(home: Browser) -> str:
    page = home.get("/dashboard")
    assert page.says("Shadowing in housing options")
    home.get(link(page, "/requests/"))
    home.send(action="/draft")
    page = home.send(title="Work shadowing wanted in housing options")
    home.send(action="/submit")
    page = home.send(action="/publish")
    assert not page.says("Olga Officer")
    return page.path


def answer(host: Browser, notice: str) -> str:
    verb = words_of(host.get(notice), f"{notice}/answer")
    assert verb in ("I can offer this", "Gallaf gynnig hyn")
    page = host.get(f"{notice}/answer")
    assert page.heading == verb
    page = host.send(participant="", message="Come to us for a week.", consent="ask")
    if page.all("form", action=f"{page.path}/endorse"):
        host.send(action="/endorse")
    return page.path


def accept(home: Browser, interest: str) -> str:
    page = home.get("/dashboard")
    assert interest in [each.get("href") for each in page.all("a")]
    home.get(interest)
    page = home.send(action="/accept")
    return link(page, "/exchanges/")


def settle_and_sign(home: Browser, exchange: str, others: list[Browser]) -> None:
    settle(home, exchange)
    for each in (home, *others):
        each.get(exchange)
        each.send(action="/sign")


def settle(home: Browser, exchange: str) -> None:
    home.get(f"{exchange}/terms")
    home.send(
        start_date=["1", "2", "2027"],
        end_date=["26", "2", "2027"],
        days_per_week="2",
        attendance="REMOTE",
        payer="NOBODY",
        objectives="See first interviews\nWrite a personal housing plan",
        cover="The team shares the desk",
    )


def complete(home: Browser, exchange: str) -> None:
    home.get(exchange)
    home.send(action="/start")
    page = home.send(action="/complete")
    assert len([each for each in page.all("ol") if each.get("class") == "app-timeline"]) == 1


def link(page: Page, beginning: str) -> str:
    links = [each.get("href") or "" for each in page.all("a")]
    return next(each for each in links if each.startswith(beginning) and each.count("-") == 4)


def words_of(page: Page, href: str) -> str:
    return "".join(page.all("a", href=href)[0].itertext()).strip()
