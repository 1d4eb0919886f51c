"""A cohort from draft to introduction, and the morning after somebody drops out: through the API and on pages."""

from __future__ import annotations

from tests.e2e.conftest import RunningRegion
from tests.support.api import Api
from tests.support.pages import Browser
from tests.support.waiting import eventually
from tests.support.world import PASSWORD, Member, World

COHORT = {
    "displayName": "Leadership Exchange",
    "firstSide": ["PUBLIC"],
    "secondSide": ["THIRD"],
    "firstDay": "2027-03-01",
    "lastDay": "2027-06-30",
}


def a_coordinator(world: World, organisation: str) -> Member:
    member = world.member(organisation, "Cora Tindall")
    world.operator.post(f"/v1/{member.name}:appointCoordinator")
    api = world.visitor.sign_in(member.email, PASSWORD)
    return Member(member.name, member.display_name, member.email, organisation, api)


def apply(member: Member, cohort: str, wants: str, offers: str) -> str:
    body = {"wants": [wants], "offers": [offers], "consentTextVersion": "cohort-2026-11"}
    return str(eventually(lambda: member.api.post(f"/v1/{cohort}/applications", body))["name"])


def is_told(api: Api, template: str) -> None:
    messages = api.get("/v1/messages").body["messages"]
    assert template in {each["template"] for each in messages}


def test_leaders_are_paired_introduced_and_paired_again(region: RunningRegion, web: str) -> None:
    world = region.world("cohort")
    council = world.organisation("Wensum Council")
    charity = world.organisation("Larkspur Trust", kind="THIRD_SECTOR")
    cora = a_coordinator(world, council)
    manager = world.manager(charity, "Mo Hartest")
    ann, cy = (world.member(council, name) for name in ("Ann Underwood", "Cy Mossop"))
    bo, di = (world.member(charity, name) for name in ("Bo Larkin", "Di Fenwick"))

    cohort = str(cora.api.post("/v1/cohorts", COHORT)["name"])
    cora.api.post(f"/v1/{cohort}:open")
    eventually(lambda: is_told(manager.api, "cohort-opened"))
    mine = apply(ann, cohort, "data", "care")
    apply(bo, cohort, "care", "data")
    apply(cy, cohort, "boards", "press")
    apply(di, cohort, "press", "boards")
    assert world.visitor.call("GET", f"/v1/{cohort}/applications").status == 401
    cora.api.post(f"/v1/{cohort}:startPairing")

    browser = Browser(web)
    browser.sign_in(cora.email, PASSWORD)
    browser.get(f"/{cohort}/applications")
    browser.get(f"/{cohort}")
    page = browser.send(action=f"/{cohort}/pairingRuns")
    assert page.says("It is proved that there are no more pairs")
    browser.get(f"{page.path}/publish")
    assert browser.send().says("Published")

    eventually(lambda: is_told(ann.api, "pair-published"))
    eventually(lambda: is_told(manager.api, "pair-published-manager"))
    theirs = Browser(web, "cy")
    theirs.sign_in(ann.email, PASSWORD)
    assert theirs.get(f"/{mine}").says("Bo Larkin")

    theirs.get(f"/{mine}/withdraw")
    theirs.send()
    eventually(lambda: is_told(bo.api, "partner-dropped-out"))
    again = cora.api.post(f"/v1/{cohort}/pairingRuns")
    assert (again["pairs"], again["keptPairs"]) == (1, 1)
    browser.get(f"/{again['name']}")
    published = cora.api.get(f"/v1/{cohort}")["publishedRun"]
    assert browser.get(f"/{again['name']}/compare?other={published}").says("Pairs only there")
    cora.api.post(f"/v1/{again['name']}:publish")
    eventually(lambda: is_told(bo.api, "applicant-left-unpaired"))

    world.operator.delete(f"/v1/{ann.name}")
    eventually(lambda: _is_gone(cora.api, cohort, mine))


def _is_gone(api: Api, cohort: str, application: str) -> None:
    listed = api.get(f"/v1/{cohort}/applications").body["applications"]
    assert application not in {each["name"] for each in listed}
