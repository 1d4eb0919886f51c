"""A search that is kept on a page finds a notice that is published later, and says so once; stars, too."""

from __future__ import annotations

from tests.e2e.conftest import RunningRegion
from tests.support.api import Api
from tests.support.pages import Browser
from tests.support.waiting import eventually
from tests.support.world import PASSWORD, World


def test_a_saved_search_tells_of_a_new_notice(region: RunningRegion, web: str) -> None:
    world: World = region.world("saved")
    manager = world.manager(world.organisation("Waveney Council"), "Mo Hartest")
    officer = world.member(manager.organisation, "Olga Stowe")
    browser = Browser(web)
    browser.sign_in(officer.email, PASSWORD)

    browser.get("/savedSearches/new?query=lighthouse&kind=OFFERED")
    browser.send(display_name="Lighthouses", alerts="DAILY")
    notice = world.publish(manager, kind="OFFERED", title="Desk offered in a lighthouse")

    # It waits for the morning; nobody sleeps so long in a test.
    (saved,) = officer.api.get("/v1/savedSearches")["savedSearches"]
    assert (saved["displayName"], saved["alerts"]) == ("Lighthouses", "DAILY")
    eventually(lambda: _is_found(officer.api, notice))
    browser.get(f"/{notice}")
    browser.send(action="/star")
    assert browser.get("/favourites").says("Desk offered in a lighthouse")
    export = officer.api.get(f"/v1/{officer.name}:exportMatching")
    assert [each["noticeName"] for each in export["favourites"]] == [notice]
    browser.get(f"/{saved['name']}/delete")
    assert browser.send().says("You have saved no search yet")


def _is_found(api: Api, notice: str) -> None:
    found = api.get("/v1/notices:search", query="lighthouse")["notices"]
    assert notice in {each["name"] for each in found}
