"""Skills are proposed and confirmed on pages; suggestions are explained, refused with a reason, and taken back."""

from __future__ import annotations

from tests.e2e.conftest import RunningRegion
from tests.support.pages import Browser
from tests.support.story import Cast
from tests.support.waiting import eventually

TEXT = "We look for somebody who can manage budgets of a housing service."


def test_an_author_confirms_the_skills_that_are_proposed(region: RunningRegion, web: str) -> None:
    cast = Cast(region.world("pages-skills"), web, "en")
    home = cast.at(cast.home_manager)

    home.get("/notices/new")
    page = home.send(kind="NEEDED", format="MENTORING", title="Help", body=TEXT, suggest="1")
    assert page.value("body") == TEXT
    assert page.says("manage budgets")
    page = home.send(
        kind="NEEDED", format="MENTORING", title="Help with money", proposed=["manage-budgets"]
    )

    assert page.path.startswith("/notices/")
    assert page.says("manage budgets")


def test_a_suggestion_is_explained_refused_and_taken_back(region: RunningRegion, web: str) -> None:
    cast = Cast(region.world("pages-fit"), web, "en")
    skill = "restore-lighthouses"
    shared = {"skills": [skill], "themes": ["lighthouses"]}
    wanted = cast.world.publish(cast.home_manager, kind="WANTED", title="See lamps", **shared)
    needed = cast.world.publish(cast.host_manager, kind="NEEDED", title="Lamps to mend", **shared)
    home = cast.at(cast.home_manager)

    eventually(lambda: _require(home, f"/{wanted}/suggestions", "Both name restore lighthouses"))
    home.get(f"/{wanted}/dismiss/{needed.rpartition('/')[2]}")
    assert home.send(422).errors == ["Choose why not"]
    assert not home.send(reason="TOO_FAR_AWAY").says("Lamps to mend")
    excluded = home.get(f"/{wanted}/excluded")
    assert excluded.says("Your organisation said that it is not wanted")
    assert home.send(action=f"/restore/{needed.rpartition('/')[2]}").says("Lamps to mend")
    assert home.get("/suggestions/organisation").says("For your notice: See lamps")


def test_a_person_sees_what_fits_them(region: RunningRegion, web: str) -> None:
    cast = Cast(region.world("pages-profile"), web, "en")
    cast.world.publish(
        cast.host_manager, kind="OFFERED", title="Learn to thatch", skills=["thatch-roofs"]
    )
    person = cast.at(cast.home_manager)

    person.get("/account/skills")
    person.send(has="", wants="thatch roofs 2")

    eventually(lambda: _require(person, "/suggestions", "Learn to thatch"))
    assert person.get("/suggestions").says("I’d like this")
    assert person.get("/suggestions/people").says("For whom do you look?")


def _require(browser: Browser, path: str, text: str) -> None:
    assert browser.get(path).says(text)
