"""Regions as a network: a notice crosses borders, people meet across them, and what is erased is gone everywhere."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import Any

import pytest
from interchange.federation.v1 import partners_pb2 as pb

from chassis.clock import now
from cli.federation.partners import partner_service
from tests.support.api import Answer
from tests.support.network import EAST, SCOTLAND, SOUTH_WEST, RegionInNetwork, RunningNetwork
from tests.support.waiting import eventually
from tests.support.world import CONSENT, Member, World

TYPICAL_S = 0.25
TERMS = {
    "startDate": "2027-03-01",
    "endDate": "2027-03-26",
    "daysPerWeek": 2,
    "attendance": "HYBRID",
    "payer": "HOME",
    "objectives": ["See how the team works from first contact to outcome"],
    "cover": "The team shares the work meanwhile.",
}


@dataclass
class Side:
    """One organisation in one region."""

    region: RegionInNetwork
    world: World
    manager: Member
    officer: Member


def a_side(region: RegionInNetwork, suffix: str, council: str, manager: str, officer: str) -> Side:
    world = region.running.world(suffix)
    organisation = world.organisation(council)
    return Side(
        region, world, world.manager(organisation, manager), world.member(organisation, officer)
    )


@pytest.fixture(scope="module")
def norfolk(network: RunningNetwork) -> Side:
    return a_side(network.east, "story", "Crossing Norfolk", "Hazel Thirtlemere", "Priya Lartersea")


@pytest.fixture(scope="module")
def highland(network: RunningNetwork) -> Side:
    return a_side(network.scotland, "story", "Crossing Highland", "Rhys Spaldingham", "Samir Wadeson")  # fmt: skip


def published(side: Side, **fields: object) -> str:
    return side.world.publish(side.manager, visibility="NETWORK", **fields)


def is_found(region: RegionInNetwork, name: str, query: str) -> dict[str, Any]:
    found = [each for each in region.search(query=query) if each["name"] == name]
    assert found, (region.code, query)
    return found[0]


def is_gone(region: RegionInNetwork, name: str, query: str) -> None:
    assert not [each for each in region.search(query=query) if each["name"] == name]


def test_a_notice_is_found_across_the_border_in_a_quarter_of_a_second(
    network: RunningNetwork, norfolk: Side
) -> None:
    times = []
    for number in range(9):
        word = f"quillwork{number}"
        name = published(norfolk, title=f"Mentor wanted in {word}")
        begun = time.monotonic()
        here = network.scotland.name_here(EAST, name)
        found = eventually(lambda here=here, word=word: is_found(network.scotland, here, word))
        times.append(time.monotonic() - begun)

    assert found["region"] == EAST
    assert found["regionDisplayName"] == "East of England"
    assert found["freshness"] == "CURRENT"
    assert found["asOfTime"] <= now().isoformat()
    assert found["organisationDisplayName"] == "Crossing Norfolk"
    print(f"published to found: median {statistics.median(times) * 1000:.0f} ms, {times}")
    # Others may share this machine: how all of them stand is the bench's to judge.
    assert min(times) < TYPICAL_S, times
    assert statistics.median(times) < 4 * TYPICAL_S, times


def test_a_copy_is_read_only_and_says_where_it_is_from(
    network: RunningNetwork, norfolk: Side, highland: Side
) -> None:
    name = published(norfolk, title="Bassoon restoration wanted")
    here = network.scotland.name_here(EAST, name)
    eventually(lambda: is_found(network.scotland, here, "bassoon"))

    shown = network.scotland.visitor.get(f"/v1/{here}")
    changed = highland.world.operator.call("PATCH", f"/v1/{here}", {"title": "Ours now"})
    closed = highland.world.operator.call("POST", f"/v1/{here}:close", {"reason": "FILLED"})

    assert shown["title"] == "Bassoon restoration wanted"
    assert shown["region"] == EAST
    assert changed.status >= 400 and closed.status >= 400
    assert network.scotland.visitor.get(f"/v1/{here}")["title"] == "Bassoon restoration wanted"
    regions = network.scotland.visitor.get("/v1/notices:search", query="bassoon")["facets"]
    assert any(
        each["field"] == "region" and each["values"][0]["value"] == EAST for each in regions
    ), regions


def test_what_is_for_the_region_only_stays_there(network: RunningNetwork, norfolk: Side) -> None:
    local = norfolk.world.publish(norfolk.manager, title="Local harpsichord tuning", visibility="REGION")  # fmt: skip
    name = published(norfolk, title="National harpsichord tuning")
    here = network.scotland.name_here(EAST, name)

    eventually(lambda: is_found(network.scotland, here, "harpsichord"))

    assert [each["name"] for each in network.scotland.search(query="harpsichord")] == [here]
    assert is_found(network.east, local, "harpsichord")


def test_a_notice_that_stops_to_be_for_the_network_is_gone(
    network: RunningNetwork, norfolk: Side
) -> None:
    name = published(norfolk, title="Oboe reeds wanted")
    here = network.scotland.name_here(EAST, name)
    eventually(lambda: is_found(network.scotland, here, "oboe"))

    norfolk.manager.api.patch(f"/v1/{name}", {"visibility": "REGION"})

    eventually(lambda: is_gone(network.scotland, here, "oboe"))
    assert is_found(network.east, name, "oboe")


@pytest.fixture(scope="module")
def interest(network: RunningNetwork, norfolk: Side, highland: Side) -> tuple[str, str]:
    """An interest of Highland in a notice of Norfolk, accepted: its names in Scotland and in the East."""
    notice = published(
        norfolk, title="Work shadowing wanted in glassblowing", beneficiary=norfolk.officer.name,
        consent=CONSENT,
    )  # fmt: skip
    here = network.scotland.name_here(EAST, notice)
    eventually(lambda: is_found(network.scotland, here, "glassblowing"))
    proposed = highland.manager.api.post(
        f"/v1/{here}/interests",
        {
            "participant": highland.officer.name,
            "consent": consent_for(EAST),
            "message": "We would be glad to host.",
        },
    )
    assert proposed["state"] == "PROPOSED"
    there = eventually(lambda: the_interest(norfolk, notice), timeout_s=20)
    assert highland.officer.display_name not in str(norfolk.manager.api.get(f"/v1/{there}").body)
    norfolk.manager.api.post(f"/v1/{there}:endorse")
    early = norfolk.manager.api.call("POST", f"/v1/{there}:accept", {})
    assert early["reason"] == "CONSENT_MISSING", early.body
    norfolk.manager.api.post(f"/v1/{notice}:setConsent", {"consent": consent_for(SCOTLAND)})
    norfolk.manager.api.post(f"/v1/{there}:accept")
    mine = str(proposed["name"])
    eventually(lambda: is_accepted(highland, mine), timeout_s=20)
    return mine, there


def consent_for(region: str) -> dict[str, str]:
    return {**CONSENT, "recipientRegion": region}


def the_interest(side: Side, notice: str) -> str:
    interests = side.manager.api.get(f"/v1/{notice}/interests")["interests"]
    assert len(interests) == 1, interests
    return str(interests[0]["name"])


def is_accepted(side: Side, interest: str) -> Answer:
    answer = side.manager.api.get(f"/v1/{interest}")
    assert answer["state"] == "ACCEPTED", answer.body
    return answer


def test_an_interest_waits_for_consent_to_be_told_of_in_that_region(
    network: RunningNetwork, norfolk: Side, highland: Side
) -> None:
    notice = published(norfolk, title="Coaching wanted in thatching")
    here = network.scotland.name_here(EAST, notice)
    eventually(lambda: is_found(network.scotland, here, "thatching"))
    proposal = {"participant": highland.officer.name, "consent": CONSENT}
    waiting = highland.manager.api.post(f"/v1/{here}/interests", proposal)["name"]
    # What goes the same way after it arrives, and names nobody.
    other = published(norfolk, title="Discussion group wanted in wattling")
    copy = network.scotland.name_here(EAST, other)
    eventually(lambda: is_found(network.scotland, copy, "wattling"))
    highland.manager.api.post(f"/v1/{copy}/interests", {"message": "We would join."})
    eventually(lambda: the_interest(norfolk, other), timeout_s=20)
    assert not norfolk.manager.api.get(f"/v1/{notice}/interests").body.get("interests")

    highland.manager.api.post(f"/v1/{waiting}:setConsent", {"consent": consent_for(EAST)})

    eventually(lambda: the_interest(norfolk, notice), timeout_s=20)


def test_both_sides_are_introduced_across_the_border(
    norfolk: Side, highland: Side, interest: tuple[str, str]
) -> None:
    mine, there = interest
    for side, name in ((highland, mine), (norfolk, there)):

        def introduced(side: Side = side, name: str = name) -> None:
            parties = side.manager.api.get(f"/v1/{name}/introduction")["parties"]
            names = {each["displayName"] for each in parties}
            assert {norfolk.officer.display_name, highland.officer.display_name} <= names, names

        eventually(introduced)


def test_the_other_side_follows_a_copy_of_the_exchange(
    norfolk: Side, highland: Side, interest: tuple[str, str]
) -> None:
    mine, there = interest
    exchange = str(norfolk.manager.api.get(f"/v1/{there}")["exchange"])
    copy = str(eventually(lambda: highland.manager.api.get(f"/v1/{mine}")["exchange"]))

    norfolk.manager.api.patch(f"/v1/{exchange}", TERMS)

    def settled() -> None:
        seen = highland.manager.api.get(f"/v1/{copy}")
        assert seen["startDate"] == TERMS["startDate"], seen.body
        assert seen["objectives"] == TERMS["objectives"]

    eventually(settled, timeout_s=20)


def test_a_signature_from_across_the_border_counts_for_the_terms_that_were_seen(
    norfolk: Side, highland: Side, interest: tuple[str, str]
) -> None:
    mine, there = interest
    exchange = str(norfolk.manager.api.get(f"/v1/{there}")["exchange"])
    copy = str(highland.manager.api.get(f"/v1/{mine}")["exchange"])

    seen = highland.manager.api.get(f"/v1/{copy}")
    highland.manager.api.post(f"/v1/{copy}:sign", {"etag": seen["etag"]})

    def signed() -> None:
        signatories = norfolk.manager.api.get(f"/v1/{exchange}")["signatories"]
        assert any(each.get("signTime") for each in signatories), signatories

    eventually(signed, timeout_s=20)


def test_a_person_who_erases_their_data_is_gone_everywhere_with_receipts(
    network: RunningNetwork, norfolk: Side, highland: Side, interest: tuple[str, str]
) -> None:
    _, there = interest
    name = highland.officer.display_name

    highland.officer.api.delete(f"/v1/{highland.officer.name}")

    def receipted() -> None:
        listed = erasures(network.scotland, EAST)
        assert listed, "nothing was asked for"
        assert all(each.HasField("receipt_time") for each in listed), listed

    eventually(receipted, timeout_s=30)
    for path in (f"/v1/{there}", f"/v1/{there}/introduction"):
        assert name not in str(norfolk.manager.api.call("GET", path).body)


def erasures(region: RegionInNetwork, of: str) -> list[pb.Erasure]:
    stub = partner_service(region.settings)
    return list(stub.ListErasures(pb.ListErasuresRequest(parent=f"partners/{of}")).erasures)


def test_what_the_operator_removes_is_erased_by_every_region(
    network: RunningNetwork, norfolk: Side
) -> None:
    name = published(norfolk, title="Offensive kazoo lessons")
    elsewhere = {code: network[code].name_here(EAST, name) for code in (SCOTLAND, SOUTH_WEST)}
    for code, here in elsewhere.items():
        eventually(lambda code=code, here=here: is_found(network[code], here, "kazoo"))
    before = {code: len(erasures(network.east, code)) for code in elsewhere}

    norfolk.world.operator.post(f"/v1/{name}:close", {"reason": "REMOVED", "note": "unfit"})

    for code, here in elsewhere.items():

        def erased(code: str = code, here: str = here) -> None:
            listed = erasures(network.east, code)
            assert len(listed) == before[code] + 1
            assert all(each.HasField("receipt_time") for each in listed)
            answer = network[code].visitor.call("GET", f"/v1/{here}")
            assert "kazoo" not in str(answer.body), answer.body

        eventually(erased, timeout_s=30)


def test_a_notice_that_is_withdrawn_while_a_region_is_off_is_gone_when_it_is_back(
    network: RunningNetwork, norfolk: Side
) -> None:
    name = published(norfolk, title="Vielle tuition offered")
    here = network.south_west.name_here(EAST, name)
    eventually(lambda: is_found(network.south_west, here, "vielle"))
    network.south_west.running.stop()

    norfolk.manager.api.post(f"/v1/{name}:withdraw")
    network.south_west.running.start()

    eventually(lambda: is_gone(network.south_west, here, "vielle"), timeout_s=1)
    is_gone(network.scotland, network.scotland.name_here(EAST, name), "vielle")
