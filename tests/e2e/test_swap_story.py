"""A council, another and a charity swap three posts: suggested, proposed, agreed, begun; and when one drops out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.pages import Browser
from tests.support.region import RunningRegion
from tests.support.waiting import eventually
from tests.support.world import CONSENT, PASSWORD, Member, World

TERMS = {
    "attendance": "IN_PERSON",
    "payer": "HOME",
    "objectives": ["See the other side"],
    "cover": "Who comes covers.",
}


@dataclass(frozen=True)
class Side:
    """A manager, the holder of a post, and the post's notice."""

    manager: Member
    holder: Member
    notice: str


@dataclass(frozen=True)
class Ring:
    """Three sides of whom each would learn what the next one's post teaches."""

    world: World
    sides: list[Side]

    def suggested(self) -> dict[str, Any]:
        """The suggestion with all three, once matching knows of them."""
        mine = {side.notice for side in self.sides}
        found = self.sides[0].manager.api.get("/v1/swaps:suggest")["proposals"]
        whole = [
            each for each in found if {leg["leg"]["visitingNotice"] for leg in each["legs"]} == mine
        ]
        assert whole, "matching has not heard of all three yet"
        return whole[0]

    def propose(self) -> str:
        suggestion = eventually(self.suggested)
        body = {
            "legs": [_named(leg["leg"]) for leg in suggestion["legs"]],
            "shorter": [
                {"legs": [_named(leg) for leg in each["legs"]]} for each in suggestion["shorter"]
            ],
        }
        return str(self.sides[0].manager.api.post("/v1/swaps", body)["name"])

    def agree(self, swap: str, *sides: Side) -> Any:
        for side in sides:
            answer = side.manager.api.post(f"/v1/{swap}:agree")
        return answer


def a_ring(world: World, name: str, *, with_back: bool) -> Ring:
    teaches = [f"{name}-housing", f"{name}-care", f"{name}-youth"]
    learns = [[teaches[1]], [teaches[2]], [teaches[0]]]
    if with_back:  # the second would also take the first one's post
        learns[1].append(teaches[0])
    return Ring(
        world,
        [
            _side(world, f"{name.title()} {who}", teach, learn)
            for who, teach, learn in zip(
                ("Norfolk", "Suffolk", "Shelter"), teaches, learns, strict=True
            )
        ],
    )


def _side(world: World, organisation: str, teaches: str, learns: list[str]) -> Side:
    made = world.organisation(organisation)
    manager = world.manager(made, f"Manager {organisation}")
    holder = world.member(made, f"Holder {organisation}")
    notice = world.publish(
        manager,
        kind="OFFERED",
        format="SWAP",
        title=f"Post for swapping at {organisation}",
        body="A post that teaches what it says, for somebody who would like to learn it.",
        skills=[teaches],
        startDate="2027-03-01",
        endDate="2027-03-31",
        beneficiary=holder.name,
        consent=CONSENT,
        swapWishes={"skills": learns},
    )
    return Side(manager, holder, notice)


@pytest.fixture(scope="module")
def world(region: RunningRegion) -> World:
    return region.world("swaps")


def test_three_posts_are_swapped_all_at_once(world: World, web: str) -> None:
    ring = a_ring(world, "whole", with_back=False)
    swap = ring.propose()
    third = ring.sides[2]
    eventually(lambda: _told(third.manager, "swap-proposed", swap))
    eventually(lambda: _told(third.holder, "swap-proposed", swap))

    agreed = ring.agree(swap, *ring.sides)

    assert agreed["state"] == "AGREED"
    for leg in agreed["legs"]:
        _sign(ring, leg)
    begun = ring.sides[1].manager.api.post(f"/v1/{swap}:begin")
    assert begun["state"] == "UNDER_WAY"
    assert {leg["exchangeState"] for leg in begun["legs"]} == {"UNDER_WAY"}
    assert ring.sides[0].manager.api.get(f"/v1/{ring.sides[0].notice}")["closingReason"] == "FILLED"
    for language, words in (("en", "Who goes where"), ("cy", "Pwy sy’n mynd i ble")):
        browser = Browser(web, language)
        browser.sign_in(third.manager.email, PASSWORD)
        assert browser.get(f"/{swap}").says(words)


def test_when_one_drops_out_two_can_still_swap(world: World) -> None:
    ring = a_ring(world, "broken", with_back=True)
    swap = ring.propose()
    first, second, third = ring.sides
    ring.agree(swap, first)

    left = third.manager.api.post(f"/v1/{swap}:leave")

    assert (left["state"], left["left"]) == ("DEGRADED", [third.notice])
    pair = left["successor"]
    eventually(lambda: _told(second.manager, "swap-degraded", swap))
    eventually(lambda: _told(second.manager, "swap-proposed", pair))
    agreed = ring.agree(pair, first, second)
    assert agreed["state"] == "AGREED"
    assert {leg["visitingNotice"] for leg in agreed["legs"]} == {first.notice, second.notice}
    assert third.manager.api.call("GET", f"/v1/{pair}").status == 404


def _named(leg: dict[str, Any]) -> dict[str, Any]:
    return {key: leg[key] for key in ("visitingNotice", "hostNotice")}


def _sign(ring: Ring, leg: dict[str, Any]) -> None:
    """Settle the terms of one step; then everybody whom it concerns signs it."""
    concerned = [
        side for side in ring.sides if side.notice in (leg["visitingNotice"], leg["hostNotice"])
    ]
    concerned[0].manager.api.patch(f"/v1/{leg['exchange']}", TERMS)
    for side in concerned:
        for member in (side.manager, side.holder):
            member.api.post(f"/v1/{leg['exchange']}:sign")


def _told(member: Member, template: str, about: str) -> None:
    messages = member.api.get("/v1/messages", pageSize=100)["messages"]
    assert any((each["template"], each["about"]) == (template, about) for each in messages)
