"""Starting and stopping a region: nothing is lost, nothing is left behind."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.support.region import RunningRegion
from tests.support.waiting import eventually


def processes_of(folder: Path) -> list[str]:
    """Command lines of everything that names the folder, or was told of it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = (process / "environ").read_bytes() + (process / "cmdline").read_bytes()
            if str(folder).encode() in told and int(process.name) != os.getpid():
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


def test_a_region_stops_whole_and_comes_back_with_everything(tmp_path: Path) -> None:
    with RunningRegion.started(tmp_path) as region:
        world = region.world("stop")
        manager = world.manager(world.organisation("Stopping"), "Stop Manager")
        name = world.publish(manager, title="Zither lessons wanted")

    assert processes_of(tmp_path) == []
    with RunningRegion.started(tmp_path) as region:
        assert region.visitor.get(f"/v1/{name}")["state"] == "PUBLISHED"

        def found() -> None:
            answer = region.visitor.get("/v1/notices:search", query="zither")
            assert [notice["name"] for notice in answer["notices"]] == [name]

        eventually(found)


def test_a_killed_supervisor_leaves_nobody_behind(tmp_path: Path) -> None:
    with RunningRegion.started(tmp_path) as region:
        assert region.process
        assert len(processes_of(tmp_path)) > 5

        region.process.send_signal(signal.SIGKILL)
        region.process.wait()

        eventually(lambda: _nobody(tmp_path), timeout_s=20)


def _nobody(folder: Path) -> None:
    left = processes_of(folder)
    assert left == []
