"""Neighbours hand on what a region said before it went away, and find out together that it told two histories."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from interchange.federation.v1 import partners_pb2 as pb
from interchange.opportunities.v1.notices_pb2 import MENTORING

from cli.federation.partners import name_of, partner_service
from services.federation.protocol.document import read_document
from services.federation.protocol.proof import proved
from tests.support.evil import EvilRegion, set_up
from tests.support.network import EAST, SCOTLAND, SOUTH_WEST, RegionInNetwork, RunningNetwork
from tests.support.waiting import eventually

MALLORY = "mallory"


def test_what_a_region_said_before_it_went_away_is_found_by_way_of_a_neighbour(
    network: RunningNetwork,
) -> None:
    world = network.east.running.world("neighbours")
    manager = world.manager(world.organisation("Relayed Rutland"), "Rex Relay")
    gone = world.publish(manager, visibility="NETWORK", title="Psaltery tuition")
    network.agree()
    network.scotland.interchange(
        "federation", "suspend", EAST, "--reason", "so that it misses this"
    )
    late = world.publish(manager, visibility="NETWORK", title="Crumhorn tuition")
    manager.api.post(f"/v1/{gone}:withdraw")
    eventually(lambda: _titles(network.south_west, "tuition", {"Crumhorn tuition"}))

    network.east.proxy.cut()
    network.scotland.interchange("federation", "resume", EAST)

    eventually(lambda: _titles(network.scotland, "tuition", {"Crumhorn tuition"}), timeout_s=30)
    assert network.scotland.partner(EAST).state_reason
    network.east.proxy.mend()
    manager.api.post(f"/v1/{late}:withdraw")
    network.agree(still_s=60)
    eventually(network.all_are_active, timeout_s=30)


def _titles(region: RegionInNetwork, query: str, titles: set[str]) -> None:
    assert {each["title"] for each in region.search(query=query, region=EAST)} == titles


def test_narrower_terms_hide_what_is_live_already_and_wider_ones_bring_it_back(
    network: RunningNetwork,
) -> None:
    world = network.east.running.world("terms")
    manager = world.manager(world.organisation("Termly Thetford"), "Terry Terms")
    publish = {"visibility": "NETWORK", "body": "Tabor and pipe."}
    world.publish(manager, title="Shadowing a taborer", **publish)
    world.publish(manager, title="Mentored by a taborer", format="MENTORING", **publish)
    both = {"Shadowing a taborer", "Mentored by a taborer"}
    eventually(lambda: _titles(network.scotland, "taborer", both))
    network.agree()

    _agree(network.scotland, EAST, pb.Partner(policy=pb.PartnerPolicy(formats=[MENTORING])))
    eventually(lambda: _titles(network.scotland, "taborer", {"Mentored by a taborer"}))
    _agree(network.scotland, EAST, pb.Partner(policy=pb.PartnerPolicy()))
    eventually(lambda: _titles(network.scotland, "taborer", both))

    _agree(network.east, SCOTLAND, pb.Partner(channels=["group.nobody"]))
    eventually(lambda: _titles(network.scotland, "taborer", set()), timeout_s=20)
    assert network.south_west.search(query="taborer")
    _agree(network.east, SCOTLAND, pb.Partner(channels=["national"]))
    network.agree()


def _agree(region: RegionInNetwork, other: str, terms: pb.Partner) -> None:
    """As an operator changes what is exchanged with a partner."""
    terms.name = name_of(other)
    named = "channels" if terms.channels else "policy"
    request = pb.UpdatePartnerRequest(partner=terms, update_mask={"paths": [named]})
    partner_service(region.settings).UpdatePartner(request)


@pytest.fixture
def mallory(network: RunningNetwork, tmp_path: Path) -> Iterator[EvilRegion]:
    """Pinned by two regions, and telling each of them something else."""
    evil = EvilRegion(MALLORY, "two-faced")
    set_up(evil)
    with evil.serving():
        document = tmp_path / "mallory.json"
        document.write_bytes(evil.document())
        victims = (network.scotland, network.south_west)
        for each in victims:
            each.interchange("federation", "add", str(document), "--fingerprint", evil.fingerprint)
        yield evil
        for each in victims:
            each.interchange("federation", "remove", MALLORY, "--yes")


def test_a_two_faced_region_is_found_out_by_those_whom_it_deceives(
    network: RunningNetwork, mallory: EvilRegion
) -> None:
    victims = {SCOTLAND: network.scotland, SOUTH_WEST: network.south_west}
    for each in victims.values():
        eventually(lambda each=each: _is(each, pb.Partner.FORKED), timeout_s=30)

    document = read_document(mallory.document())
    for code, each in victims.items():
        (line,) = each.interchange("federation", "forks", MALLORY, "--evidence").output.splitlines()
        shown = json.loads(line)
        assert shown["teller"] in set(victims) - {code}
        for place in (shown["read"], shown["other"]):
            channel, proof = proved(place["proof"], document)
            assert (channel, proof.hash) == ("national", place["hash"])

    mallory.begin_epoch()

    for each in victims.values():
        eventually(lambda each=each: _is(each, pb.Partner.ACTIVE), timeout_s=30)


def _is(region: RegionInNetwork, state: pb.Partner.State.ValueType) -> None:
    partner = region.partner(MALLORY)
    assert partner.state == state, partner
