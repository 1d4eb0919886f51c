"""What goes wrong between regions: cables, firewalls, kills, backups, keys, versions. At the end all agree."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from interchange.federation.v1 import partners_pb2 as pb

from chassis.clock import now
from chassis.errors import Error
from cli.federation.partners import partner_service
from tests.support.network import EAST, SCOTLAND, SOUTH_WEST, RegionInNetwork, RunningNetwork
from tests.support.storm import Storm, backup
from tests.support.waiting import eventually
from tests.support.world import Member, World

# `make faults` makes 20,000 in each fault, which takes minutes.
CHANGES = int(os.environ.get("NETWORK_CHANGES", "240"))
CUT_S = float(os.environ.get("NETWORK_CUT_S", "2"))
# So long nothing moves where something should, and it is lost: longer than anybody waits before trying again.
STILL_S = 60.0
# What a notice can say, so that the comparison of what arrives compares something.
EVERY_FIELD = {
    "visibility": "NETWORK",
    "gradeBands": ["MIDDLE", "SENIOR"],
    "attendance": "HYBRID",
    "startDate": (now().date() + timedelta(days=30)).isoformat(),
    "endDate": (now().date() + timedelta(days=90)).isoformat(),
    "daysPerWeek": 2.5,
    "closeTime": (now() + timedelta(days=21)).isoformat(),
    "place": {"label": "Ely", "latitude": 52.4, "longitude": 0.26},
    "conditions": {
        "skillLevels": [{"skill": "housing-options", "level": 3}],
        "vettingNeeded": "STANDARD",
        "places": 2,
    },
}
DATABASES = ("opportunities", "matching", "federation")


@pytest.fixture(scope="module")
def world(network: RunningNetwork) -> World:
    return network.east.running.world("faults")


@pytest.fixture(scope="module")
def manager(world: World) -> Member:
    return world.manager(world.organisation("Faulty Fenland"), "Fay Faultless")


@pytest.fixture(scope="module")
def storm(network: RunningNetwork, world: World, manager: Member) -> Storm:
    template = world.publish(manager, title="Template of the storm", **EVERY_FIELD)
    _allow_many(network)
    storm = Storm(network.east.running, template)
    storm.stand(CHANGES // 4)
    network.agree(still_s=STILL_S)
    return storm


def _allow_many(network: RunningNetwork) -> None:
    for each in (network.scotland, network.south_west):
        quota = pb.PartnerQuota(entries_per_hour=1_000_000, burst=1_000_000, live_notices=100_000)
        partner = pb.Partner(name=f"partners/{EAST}", quota=quota)
        partner_service(each.settings).UpdatePartner(
            pb.UpdatePartnerRequest(partner=partner, update_mask={"paths": ["quota"]})
        )


@pytest.fixture(autouse=True)
def all_agree_at_the_end(network: RunningNetwork) -> Iterator[None]:
    """Whatever was done: afterwards every region shows the same of each other."""
    yield
    for each in network.regions.values():
        each.proxy.mend()
    network.agree(still_s=STILL_S)


@pytest.mark.parametrize("fault", ["cut", "swallow"])
def test_changes_while_the_way_is_closed_arrive_afterwards(
    network: RunningNetwork, storm: Storm, fault: str
) -> None:
    before = _read(network.scotland)
    getattr(network.east.proxy, fault)()
    began = time.monotonic()

    storm.change(CHANGES, f"Changed {fault}")
    time.sleep(max(CUT_S - (time.monotonic() - began), 0))
    network.east.proxy.mend()

    with _measured(fault):
        _catch_up(network, before + CHANGES)


@pytest.mark.parametrize(
    ("victim", "where"), [("federation", EAST), ("federation", SCOTLAND), ("nats", SCOTLAND)]
)
def test_a_kill_in_the_middle_of_a_page_loses_and_doubles_nothing(
    network: RunningNetwork, storm: Storm, victim: str, where: str
) -> None:
    before = _read(network.scotland)
    storm.change(CHANGES, f"Killed {victim} {where}")
    network.wait(lambda: _has_read(network.scotland, before + 1), still_s=STILL_S)

    network[where].running.kill(victim)

    with _measured(f"{victim} of {where} killed"):
        _catch_up(network, before + CHANGES)


def test_database_connections_that_are_cut_lose_and_double_nothing(
    network: RunningNetwork, storm: Storm, postgresql_url: str
) -> None:
    before = _read(network.scotland)
    storm.change(CHANGES, "Disconnected")
    network.wait(lambda: _has_read(network.scotland, before + 1), still_s=STILL_S)
    engine = sa.create_engine(postgresql_url, isolation_level="AUTOCOMMIT")
    end = sa.text(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname LIKE 'federation_%'"
    )
    with engine.connect() as connection:
        for _ in range(5):
            connection.execute(end)
            time.sleep(0.1)
    engine.dispose()

    with _measured("connections cut"):
        _catch_up(network, before + CHANGES)


def _catch_up(network: RunningNetwork, least: int) -> None:
    """Until Scotland has read so far, and all regions show the same."""
    network.wait(lambda: _has_read(network.scotland, least), still_s=STILL_S)
    network.agree(still_s=STILL_S)


def _read(region: RegionInNetwork) -> int:
    """How far a region has read the East's national log."""
    progress = region.partner(EAST).progress
    return max(each.cursor for each in progress if each.incoming and each.channel == "national")


def _has_read(region: RegionInNetwork, least: int) -> None:
    try:
        assert _read(region) >= least
    except Error as problem:  # it is starting again
        raise AssertionError from problem


@contextmanager
def _measured(what: str) -> Iterator[None]:
    """Prints how long the block took; `pytest -s` shows it."""
    began = time.monotonic()
    yield
    print(f"{what}: {CHANGES:,} changes, agreed {time.monotonic() - began:.1f} s after")


def test_an_origin_that_is_restored_begins_a_new_epoch_and_nothing_is_resurrected(
    network: RunningNetwork, world: World, manager: Member, tmp_path: Path
) -> None:
    before = world.publish(manager, visibility="NETWORK", title="Before the backup")
    network.agree()
    epoch = _epoch(network.scotland, EAST)
    _backup(network.east, tmp_path)
    after = world.publish(manager, visibility="NETWORK", title="After the backup")
    manager.api.post(f"/v1/{before}:withdraw")
    network.agree()

    _restore(network.east, tmp_path)

    eventually(lambda: _is_newer(network.scotland, EAST, epoch), timeout_s=60)
    network.agree(still_s=STILL_S)
    here = network.scotland.name_here(EAST, after)
    assert here not in network.scotland.live(EAST)


def _epoch(region: RegionInNetwork, of: str) -> int:
    progress = region.partner(of).progress
    return max(each.epoch for each in progress if each.incoming and each.channel == "national")


def _is_newer(region: RegionInNetwork, of: str, than: int) -> None:
    assert _epoch(region, of) > than


def test_a_receiver_that_is_restored_reads_again_and_serves_nothing_that_is_gone(
    network: RunningNetwork, world: World, manager: Member, tmp_path: Path
) -> None:
    gone = world.publish(manager, visibility="NETWORK", title="Gone after the backup")
    network.agree()
    _backup(network.south_west, tmp_path)
    manager.api.post(f"/v1/{gone}:withdraw")
    world.publish(manager, visibility="NETWORK", title="New after the backup")
    network.agree()

    _restore(network.south_west, tmp_path)

    network.agree(still_s=STILL_S)
    assert network.south_west.name_here(EAST, gone) not in network.south_west.live(EAST)


def _backup(region: RegionInNetwork, folder: Path) -> None:
    for name in DATABASES:
        backup(region.running.data / f"{name}.db", folder / f"{name}.db")


def _restore(region: RegionInNetwork, folder: Path) -> None:
    """As an operator does: stop, put all databases of one moment back, begin with an empty bus."""
    data = region.running.data
    region.running.stop()
    for name in DATABASES:
        for left in data.glob(f"{name}.db*"):
            left.unlink()
        shutil.copy(folder / f"{name}.db", data / f"{name}.db")
    shutil.rmtree(data / "nats" / "store")
    region.running.start()


def test_a_key_that_is_rotated_in_the_middle_of_the_stream_is_followed(
    network: RunningNetwork, storm: Storm
) -> None:
    first = storm.publish(CHANGES // 6, "Under the old key")
    rotated = network.east.interchange("federation", "rotate-key")
    second = storm.publish(CHANGES // 6, "Under the new key")

    network.agree(still_s=STILL_S)

    assert "document version" in rotated.output
    assert network.scotland.partner(EAST).state == pb.Partner.ACTIVE
    assert not network.scotland.partner(EAST).quarantined_entries
    storm.close([*first, *second])


def test_what_is_erased_while_a_partner_is_away_is_gone_when_it_is_back(
    network: RunningNetwork, world: World, manager: Member
) -> None:
    name = world.publish(manager, visibility="NETWORK", title="Erased meanwhile glockenspiel")
    network.agree()
    network.south_west.running.stop()

    world.operator.post(f"/v1/{name}:close", {"reason": "REMOVED", "note": "unfit"})
    eventually(lambda: _is_outstanding(network.east, SOUTH_WEST, 1))
    network.south_west.running.start()

    assert "glockenspiel" not in str(network.south_west.search(query="glockenspiel"))
    eventually(lambda: _is_outstanding(network.east, SOUTH_WEST, 0), timeout_s=30)


def _is_outstanding(region: RegionInNetwork, partner: str, least: int) -> None:
    outstanding = region.partner(partner).outstanding_erasures
    assert outstanding >= least if least else outstanding == 0, outstanding


def test_a_suspended_partner_is_hidden_and_comes_back_whole(
    network: RunningNetwork, world: World, manager: Member
) -> None:
    world.publish(manager, visibility="NETWORK", title="Hidden nyckelharpa")
    network.agree()

    network.scotland.interchange("federation", "suspend", EAST, "--reason", "a test")
    eventually(lambda: _count(network.scotland, "nyckelharpa", 0))
    network.scotland.interchange("federation", "resume", EAST)

    eventually(lambda: _count(network.scotland, "nyckelharpa", 1))


def _count(region: RegionInNetwork, query: str, count: int) -> None:
    assert len(region.search(query=query)) == count


def test_operators_see_how_everybody_stands(network: RunningNetwork) -> None:
    status = network.east.interchange("federation", "status").output
    check = network.east.interchange("federation", "check", SCOTLAND)

    assert "scotland" in status and "south-west" in status
    assert "ACTIVE" in status
    assert check.exit_code == 0, check.output
    assert "FAIL" not in check.output
    assert "no forks" in network.east.interchange("federation", "forks").output


def test_an_operator_issues_everything_anew(network: RunningNetwork) -> None:
    before = _epoch(network.scotland, EAST)

    told = network.east.interchange("federation", "new-epoch").output

    assert f"national: epoch {before + 1}" in told
    eventually(lambda: _is_newer(network.scotland, EAST, before), timeout_s=60)


def test_the_document_of_a_region_is_public(network: RunningNetwork) -> None:
    answer = network.east.visitor.get("/.well-known/interchange-region")

    assert set(answer.body) == {"protected", "sig"}
    stranger = network.east.visitor.call("GET", "/federation/v1/feed/national")
    assert stranger.status in (401, 403), stranger.body
    assert json.dumps(stranger.body)
