"""Runbooks of federation, walked to their last line by the commands that they name, on regions that go on running."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.federation.root_key import root_key_path
from tests.support.network import EAST, RegionInNetwork, RunningNetwork
from tests.support.waiting import eventually
from tests.support.world import Member, World

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
