"""Runbooks of federation, walked to their last line by the commands that they name, on regions that go on running."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from interchange.federation.v1 import partners_pb2 as pb

from cli.federation.partners import partner_service
from cli.federation.root_key import root_key_path
from tests.e2e.test_network_story import (
    TERMS,
    Side,
    a_side,
    consent_for,
    is_accepted,
    is_found,
    the_interest,
)
from tests.support.network import EAST, SCOTLAND, SOUTH_WEST, RegionInNetwork, RunningNetwork
from tests.support.waiting import eventually
from tests.support.world import CONSENT, Member, World

pytestmark = pytest.mark.e2e

STILL_S = 60.0


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningNetwork]:
    """Of our own: others follow a region into three epochs an hour, and we need all of them."""
    with RunningNetwork.started(tmp_path_factory.mktemp("runbooks")) as running:
        yield running


@pytest.fixture(scope="module")
def world(network: RunningNetwork) -> World:
    return network.east.running.world("runbooks")


@pytest.fixture(scope="module")
def manager(world: World) -> Member:
    return world.manager(world.organisation("Runbook Rutland"), "Rae Runbook")


@pytest.fixture(scope="module")
def highland(network: RunningNetwork) -> Side:
    return a_side(network.scotland, "runbooks", "Runbook Highland", "Rhys Spaldingham", "Samir Wadeson")  # fmt: skip


@pytest.fixture(scope="module")
def devon(network: RunningNetwork) -> Side:
    return a_side(network.south_west, "runbooks", "Runbook Devon", "Hazel Thirtlemere", "Priya Lartersea")  # fmt: skip


@pytest.fixture(scope="module")
def root_key(network: RunningNetwork, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Of the East: kept offline, in no backup."""
    there = root_key_path(network.east.running.data)
    offline = shutil.move(there, tmp_path_factory.mktemp("offline") / there.name)
    yield offline
    shutil.move(offline, there)


@pytest.mark.usefixtures("root_key")
def test_an_origin_restored_from_its_backup_is_walked_to_the_end(
    network: RunningNetwork, world: World, manager: Member, tmp_path: Path
) -> None:
    east, partners = network.east, (network.scotland, network.south_west)
    withdrawn = world.publish(manager, visibility="NETWORK", title="Withdrawn later")
    erased = world.publish(manager, visibility="NETWORK", title="Erased later clavichord")
    network.agree(still_s=STILL_S)
    epoch = _epoch(network.scotland)
    file = _backed_up(east, tmp_path)
    lost = world.publish(manager, visibility="NETWORK", title="Published later")
    manager.api.post(f"/v1/{withdrawn}:withdraw")
    _remove(world, erased)
    network.agree(still_s=STILL_S)
    eventually(lambda: _has_no_erasures(east), timeout_s=30)

    _restore(east, file)

    eventually(lambda: _is_in_order(network, epoch + 1), timeout_s=60)
    network.agree(still_s=STILL_S)
    for each in partners:
        live = each.live(EAST)
        assert each.name_here(EAST, lost) not in live
        assert {each.name_here(EAST, withdrawn), each.name_here(EAST, erased)} <= set(live)

    # What the runbook says to look at: what was erased is erased again.
    _remove(world, erased)
    manager.api.post(f"/v1/{withdrawn}:withdraw")
    network.agree(still_s=STILL_S)
    eventually(lambda: _has_no_erasures(east), timeout_s=30)
    assert not [each for each in partners if each.search(query="clavichord", region=EAST)]


def test_an_origin_whose_key_was_rotated_after_its_backup_is_walked_to_the_end(
    network: RunningNetwork, world: World, manager: Member, root_key: Path, tmp_path: Path
) -> None:
    east = network.east
    file = _backed_up(east, tmp_path)
    held, _ = _rotated(east, root_key)
    lost = world.publish(manager, visibility="NETWORK", title="Under a key that is lost")
    network.agree(still_s=STILL_S)

    _restore(east, file)

    eventually(lambda: _says(east, "loss_not_proved", "UNKNOWN_KEY"), timeout_s=60)
    checked = network.scotland.interchange("federation", "check", EAST, check=False)
    assert f"{held} is known" in checked.output
    assert "rotate the key" in checked.output
    while _rotated(east, root_key)[0] <= held:
        pass
    east.interchange("federation", "new-epoch")

    eventually(network.all_are_active, timeout_s=60)
    network.agree(still_s=STILL_S)
    for each in (network.scotland, network.south_west):
        assert each.name_here(EAST, lost) not in each.live(EAST)
        assert "FAIL" not in each.interchange("federation", "check", EAST).output


def test_a_receiver_restored_from_its_backup_serves_nothing_that_is_gone(
    network: RunningNetwork, world: World, manager: Member, tmp_path: Path
) -> None:
    here = network.south_west
    erased = world.publish(manager, visibility="NETWORK", title="Erased meanwhile virginal")
    network.agree(still_s=STILL_S)
    file = _backed_up(here, tmp_path)
    _remove(world, erased)
    later = world.publish(manager, visibility="NETWORK", title="Published meanwhile")
    network.agree(still_s=STILL_S)

    _restore(here, file)

    # The first answer that anybody gets.
    assert not here.search(query="virginal", region=EAST)
    assert here.name_here(EAST, later) in here.live(EAST)
    network.agree(still_s=STILL_S)
    eventually(network.all_are_active, timeout_s=30)


def test_a_key_that_expires_is_walked_to_the_end(
    network: RunningNetwork, world: World, manager: Member, root_key: Path
) -> None:
    east = network.east
    before = _document(east)

    _rotated(east, root_key)

    assert _document(east) != before
    world.publish(manager, visibility="NETWORK", title="Under the new key")
    network.agree(still_s=STILL_S)
    for each in (network.scotland, network.south_west):
        checked = each.interchange("federation", "check", EAST)
        assert checked.exit_code == 0, checked.output
        assert not each.partner(EAST).quarantined_entries


def test_a_key_that_others_know_is_walked_to_the_end(
    network: RunningNetwork, world: World, manager: Member, root_key: Path
) -> None:
    east = network.east
    _, known = _rotated(east, root_key)
    name = world.publish(manager, visibility="NETWORK", title="Under a key that others know")
    network.agree(still_s=STILL_S)

    _, follower = _rotated(east, root_key, "--revoke", known)
    east.interchange("federation", "new-epoch")

    assert follower != known
    network.agree(still_s=STILL_S)
    eventually(network.all_are_active, timeout_s=60)
    assert network.scotland.name_here(EAST, name) in network.scotland.live(EAST)


def _backed_up(region: RegionInNetwork, folder: Path) -> Path:
    file = folder / f"{region.code}.backup"
    region.interchange("backup", str(file))
    return file


def _restore(region: RegionInNetwork, file: Path) -> None:
    """The machine is lost: another one, with an empty folder."""
    data = region.running.data
    region.running.stop()
    shutil.rmtree(data)
    region.interchange("restore", str(file))
    region.running.start()


def _remove(world: World, name: str) -> None:
    world.operator.post(f"/v1/{name}:close", {"reason": "REMOVED", "note": "unfit"})


def _has_no_erasures(region: RegionInNetwork) -> None:
    outstanding = {each.name: each.outstanding_erasures for each in region.partners()}
    assert not any(outstanding.values()), outstanding


def _is_in_order(network: RunningNetwork, epoch: int) -> None:
    """As the runbook's last step says: all active, cursors at heads, the epoch one higher."""
    network.all_are_active()
    for each in (network.scotland, network.south_west):
        (progress,) = [
            found
            for found in each.partner(EAST).progress
            if found.incoming and found.channel == "national"
        ]
        assert (progress.epoch, progress.cursor) == (epoch, progress.head), progress


def _epoch(region: RegionInNetwork) -> int:
    progress = region.partner(EAST).progress
    return max(each.epoch for each in progress if each.incoming and each.channel == "national")


def _rotated(region: RegionInNetwork, root_key: Path, *options: str) -> tuple[int, str]:
    """The version of the document that is published then, and the key that signs."""
    told = region.interchange(
        "federation", "rotate-key", "--root-key", str(root_key), *options
    ).output
    found = re.search(r"document version (\d+); signing with (\S+)", told)
    assert found, told
    return int(found[1]), found[2]


def _document(region: RegionInNetwork) -> object:
    return region.visitor.get("/.well-known/interchange-region").body


def _says(region: RegionInNetwork, *words: str) -> None:
    lines = (region.running.data / "logs" / "federation.log").read_text().splitlines()
    assert any(all(word in line for word in words) for line in lines), words


def test_interests_that_were_sent_after_a_backup_are_proposed_again(
    network: RunningNetwork, highland: Side, devon: Side, tmp_path: Path
) -> None:
    notice, here = _wanted(highland, devon, "heraldry")
    file = _backed_up(devon.region, tmp_path)
    mine, there = _proposed(highland, devon, notice, here)
    exchange = _accepted(highland, devon, notice, mine, there)

    _restore(devon.region, file)

    eventually(lambda: _is_forgotten(highland, exchange, devon), timeout_s=60)
    held = eventually(lambda: _held(devon.region, SCOTLAND, 2), timeout_s=60)
    assert not devon.manager.api.get(f"/v1/{here}/interests").body["interests"]
    # As the runbook says: there the exchange is ended, here what is held is dropped, and it is proposed again.
    highland.manager.api.post(f"/v1/{exchange}:end", {"reason": "Their region has lost it."})
    for each in eventually(lambda: _newly_held(devon.region, SCOTLAND, held), timeout_s=60):
        devon.region.interchange("federation", "set-aside", "drop", each)
    mine, there = _proposed(highland, devon, notice, here)
    exchange = _accepted(highland, devon, notice, mine, there)

    eventually(lambda: _both_know(highland, there, devon, mine, exchange), timeout_s=20)
    assert not _held(devon.region, SCOTLAND, 0)
    assert not _held(highland.region, SOUTH_WEST, 0)


def test_interests_that_came_after_a_backup_come_again_and_are_decided_again(
    network: RunningNetwork, highland: Side, devon: Side, tmp_path: Path
) -> None:
    before, before_here = _wanted(highland, devon, "falconry")
    known, known_there = _proposed(highland, devon, before, before_here)
    settled = _accepted(highland, devon, before, known, known_there)
    notice, here = _wanted(highland, devon, "campanology")
    file = _backed_up(highland.region, tmp_path)
    mine, there = _proposed(highland, devon, notice, here)
    lost = _accepted(highland, devon, notice, mine, there)
    highland.manager.api.patch(f"/v1/{settled}", TERMS)
    copy = devon.region.name_here(SCOTLAND, settled)
    eventually(lambda: _has_terms(devon, copy, TERMS["startDate"]), timeout_s=20)
    devon.manager.api.post(
        f"/v1/{copy}:sign", {"etag": devon.manager.api.get(f"/v1/{copy}")["etag"]}
    )
    eventually(lambda: _is_signed(highland, settled), timeout_s=20)

    _restore(highland.region, file)

    # What is said of an exchange holds as the region has it where it lives.
    eventually(lambda: _has_terms(devon, copy, ""), timeout_s=60)
    for side, name in ((highland, settled), (devon, copy)):
        assert not _signed(side, name)
    # What came is there again, and waits for the notice's manager as it did at first.
    assert eventually(lambda: the_interest(highland, notice), timeout_s=60) == there
    assert highland.manager.api.get(f"/v1/{there}")["state"] == "PROPOSED"
    exchange = _accepted(highland, devon, notice, mine, there)
    eventually(lambda: _both_know(highland, there, devon, mine, exchange), timeout_s=20)
    gone = devon.manager.api.call("GET", f"/v1/{devon.region.name_here(SCOTLAND, lost)}")
    assert gone.status == 404, gone.body
    assert not _held(highland.region, SOUTH_WEST, 0)


def _wanted(posting: Side, answering: Side, about: str) -> tuple[str, str]:
    """A notice for somebody, found across the border: its names there and here."""
    notice = posting.world.publish(
        posting.manager, visibility="NETWORK", title=f"Work shadowing wanted in {about}",
        beneficiary=posting.officer.name, consent=CONSENT,
    )  # fmt: skip
    here = answering.region.name_here(posting.region.code, notice)
    eventually(lambda: is_found(answering.region, here, about), timeout_s=20)
    return notice, here


def _proposed(posting: Side, answering: Side, notice: str, here: str) -> tuple[str, str]:
    """An interest that has crossed the border: its names at home and there."""
    proposal = {
        "participant": answering.officer.name,
        "consent": consent_for(posting.region.code),
        "message": "We would be glad to host.",
    }
    mine = answering.manager.api.post(f"/v1/{here}/interests", proposal)["name"]
    return str(mine), eventually(lambda: _the_open_one(posting, notice), timeout_s=20)


def _accepted(posting: Side, answering: Side, notice: str, mine: str, there: str) -> str:
    """It is accepted, and both know; the exchange that comes of it."""
    posting.manager.api.post(f"/v1/{there}:endorse")
    consent = consent_for(answering.region.code)
    posting.manager.api.post(f"/v1/{notice}:setConsent", {"consent": consent})
    posting.manager.api.post(f"/v1/{there}:accept")
    eventually(lambda: is_accepted(answering, mine), timeout_s=20)
    return str(posting.manager.api.get(f"/v1/{there}")["exchange"])


def _the_open_one(side: Side, notice: str) -> str:
    interests = side.manager.api.get(f"/v1/{notice}/interests")["interests"]
    names = [str(each["name"]) for each in interests if each["state"] == "PROPOSED"]
    assert len(names) == 1, interests
    return names[0]


def _is_forgotten(side: Side, exchange: str, other: Side) -> None:
    """Nobody of the other side is named any more."""
    people = {each["person"] for each in side.manager.api.get(f"/v1/{exchange}")["signatories"]}
    assert people == {"", side.manager.name, side.officer.name}, people


def _held(region: RegionInNetwork, partner: str, least: int) -> list[str]:
    """Names of what is held of a partner; so many at least."""
    request = pb.ListSetAsideEntriesRequest(parent=f"partners/{partner}")
    held = partner_service(region.settings).ListSetAsideEntries(request).set_aside_entries
    names = [each.name for each in held if each.state == pb.SetAsideEntry.HELD]
    assert len(names) >= least, names
    return names


def _newly_held(region: RegionInNetwork, partner: str, before: list[str]) -> list[str]:
    """As many as before, of which something later was said."""
    names = _held(region, partner, len(before))
    assert set(names) != set(before)
    return names


def _both_know(posting: Side, there: str, answering: Side, mine: str, exchange: str) -> None:
    """Of the same exchange, and of everybody who takes part."""
    copy = answering.region.name_here(posting.region.code, exchange)
    everybody = {posting.officer.display_name, answering.officer.display_name}
    for side, interest, known in ((posting, there, exchange), (answering, mine, copy)):
        assert side.manager.api.get(f"/v1/{interest}")["exchange"] == known
        assert side.manager.api.get(f"/v1/{known}")["state"] == "PROPOSED"
        parties = side.manager.api.get(f"/v1/{interest}/introduction")["parties"]
        assert everybody <= {each["displayName"] for each in parties}


def _has_terms(side: Side, exchange: str, start: object) -> None:
    shown = side.manager.api.get(f"/v1/{exchange}")
    assert shown["startDate"] == start, shown.body


def _is_signed(side: Side, exchange: str) -> None:
    assert _signed(side, exchange)


def _signed(side: Side, exchange: str) -> list[str]:
    signatories = side.manager.api.get(f"/v1/{exchange}")["signatories"]
    return [each["role"] for each in signatories if each.get("signTime")]
