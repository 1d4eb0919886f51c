"""What the operator oversees on pages, and that each step is found in the audit."""

from __future__ import annotations

import sqlite3

from tests.support.pages import Browser
from tests.support.region import RunningRegion
from tests.support.story import Cast
from tests.support.waiting import eventually
from tests.support.world import PASSWORD

DRAFT = {
    "kind": "OFFERED",
    "format": "COACHING",
    "title": "To be looked at",
    "body": "Come and see.",
}
LETTERS = [f"01890000-0000-7000-8000-00000000000{number}" for number in (1, 2)]


def operator_of(cast: Cast) -> Browser:
    browser = Browser(cast.web, cast.language)
    browser.sign_in(f"operator.{cast.world.suffix}@region.example", PASSWORD)
    return browser


def test_notices_are_refused_published_and_removed(region: RunningRegion, web: str) -> None:
    cast = Cast(region.world("moderation"), web)
    operator, manager = operator_of(cast), cast.home_manager.api
    body = {"kind": "OFFERED", "format": "SWAP", "body": "Come and see."}
    names = []
    for title in ("Fit to be seen", "Not fit to be seen"):
        names.append(manager.post("/v1/notices", {**body, "title": title})["name"])
        manager.post(f"/v1/{names[-1]}:submit")

    page = operator.get("/operator/moderation")
    assert page.says("Not fit to be seen")
    operator.send(action=f"/operator/{names[0]}/publish")
    operator.get(f"/operator/{names[1]}/refuse")
    assert operator.send(422).errors == ["Say why"]
    operator.send(reason="It sells something")
    operator.get(f"/operator/{names[0]}/remove")
    assert operator.send(reason="It names somebody").says("The notice is removed.")

    notes = [manager.get(f"/v1/{each}")["closingNote"] for each in names]
    assert notes == ["It names somebody", "It sells something"]
    assert operator.get(f"/operator/audit?subject={names[0]}").says("Closed a notice")


def test_a_notice_is_given_back_and_comes_again(region: RunningRegion, web: str) -> None:
    cast = Cast(region.world("returned"), web)
    operator, manager = operator_of(cast), cast.at(cast.home_manager)
    name = cast.home_manager.api.post("/v1/notices", DRAFT)["name"]
    manager.get(f"/{name}")
    manager.send(action="/submit")

    operator.get(f"/{name}/return")
    assert operator.send(422).errors == ["Say what is to be changed"]
    assert operator.send(reason="Say for how long.").says("The notice is given back.")

    assert manager.get(f"/{name}").says("Say for how long.")
    assert not manager.send(action="/submit").says("Say for how long.")
    eventually(lambda: _told(manager, "Please change: To be looked at"))
    assert operator.get(f"/operator/audit?subject={name}").says("Gave a notice back")


def test_a_visitor_reports_a_notice_and_the_operator_decides(
    region: RunningRegion, web: str
) -> None:
    cast = Cast(region.world("reported"), web)
    operator, visitor = operator_of(cast), Browser(web)
    names = [cast.world.publish(cast.home_manager, title=f"Reported {each}") for each in "ab"]
    for name in names:
        visitor.get(f"/{name}")
        visitor.get(f"/{name}/report")
        assert visitor.send(422).errors == ["Choose what is wrong with it"]
        page = visitor.send(reason="PERSONAL_DATA", text="I am the person in it.")
        assert page.path == f"/{name}" and page.says("looks at it")

    queue = operator.get("/operator/moderation")
    assert queue.says("I am the person in it.") and queue.says("Somebody is named in it")
    operator.get(f"/operator/{names[0]}/remove")
    operator.send(reason="It names somebody")
    left = operator.get("/operator/moderation")
    (dismiss,) = [
        each.get("href")
        for each in left.all("a")
        if (each.get("href") or "").startswith(f"/operator/{names[1]}/reports/")
    ]
    operator.get(dismiss)
    assert operator.send(note="It is the name of a street").says("The report is settled.")

    assert not operator.get("/operator/moderation").says("I am the person in it.")


def test_what_seems_to_name_somebody_leaves_only_with_somebodys_word(
    region: RunningRegion, web: str
) -> None:
    cast = Cast(region.world("impersonal"), web)
    manager = cast.at(cast.home_manager)
    body = {**DRAFT, "body": "Ring the desk on 01603 222 222.", "visibility": "NETWORK"}
    name = cast.home_manager.api.post("/v1/notices", body)["name"]
    manager.get(f"/{name}")

    page = manager.send(422, action="/submit")
    assert "This seems to hold a name" in page.errors[0]
    assert manager.send(confirm="1").says("In review")


def test_a_manager_of_two_organisations_writes_in_the_name_of_either(
    region: RunningRegion, web: str
) -> None:
    cast = Cast(region.world("shared"), web)
    operator, host = operator_of(cast), cast.officer.organisation
    operator.get(f"/operator/{host}/appoint")
    assert operator.send(422).errors == ["Choose one person, or enter one address"]
    page = operator.send(422, from_elsewhere="nobody@council.example")
    assert page.errors == ["Nobody here has this address"]

    page = operator.send(from_elsewhere=cast.host_manager.email)

    assert page.says("Hugo Host")
    browser = cast.at(cast.host_manager)
    browser.get("/account/organisation")
    browser.send(organisation=host)
    browser.get("/notices/new")
    page = browser.send(kind="NEEDED", format="COACHING", title="Coach needed", body="For a term.")
    assert page.says("Homeshire shared")


def test_what_a_program_gave_up_on_is_replayed_or_dropped(region: RunningRegion, web: str) -> None:
    cast = Cast(region.world("letters"), web)
    operator = operator_of(cast)
    for letter in LETTERS:
        _give_up(region, letter)

    first, second = (f"notifications/{letter}" for letter in LETTERS)
    assert operator.get("/operator/dead-letters").says("evt.nothing.known")
    assert operator.send(action=f"/{first}/replay").says("It is handled now.")
    operator.get(f"/operator/dead-letters/{second}/drop")
    assert operator.send().says("It will not be handled.")
    for state in ("REPLAYED", "DROPPED"):
        assert operator.get(f"/operator/dead-letters?state={state}").says("evt.nothing.known")
    for letter, act in zip(LETTERS, ("Had what a program gave up on", "Dropped what"), strict=True):
        subject = f"programs/notifications/deadLetters/{letter}"
        assert operator.get(f"/operator/audit?subject={subject}").says(act)


def _told(who: Browser, subject: str) -> None:
    assert who.get("/messages").says(subject)


def _give_up(region: RunningRegion, letter: str) -> None:
    """As a consumer would with an event that nobody knows: replayed, it is passed over."""
    with sqlite3.connect(region.data / "notifications.db", timeout=20) as database:
        columns = (
            "id,consumer,event_id,subject,headers,payload,reason,detail,deliveries,created_at,state"
        )
        values = (letter.replace("-", ""), "notifications", letter, "evt.nothing.known", "{}", b"")
        more = ("permanent", "Permanent in handle", 1, "2026-11-02 09:00:00.000000", "WAITING")
        database.execute(
            f"INSERT INTO dead_letter ({columns}) VALUES ({','.join('?' * 11)})", values + more
        )


def test_health_coverage_and_partners_are_shown(region: RunningRegion, web: str) -> None:
    cast = Cast(region.world("health"), web)
    operator = operator_of(cast)

    page = operator.get("/operator/health")
    assert page.says("opportunities") and page.says("Well") and not page.says("Does not answer")
    assert eventually(lambda: operator.get("/operator/coverage")).says("Homeshire health")
    assert operator.get("/operator/partners").says("We have no partner yet")
