"""Starting and stopping a region: nothing is lost, nothing is left behind."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from click.testing import CliRunner

from cli.__main__ import main
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


# As a region without any backend for traces keeps them itself.
KEEPING_TRACES = {"TRACES": "1", "OTLP_ENDPOINT": ""}


def test_a_region_stops_whole_and_comes_back_with_everything(tmp_path: Path) -> None:
    with RunningRegion.started(tmp_path, typed=True, **KEEPING_TRACES) as region:
        world = region.world("stop")
        manager = world.manager(world.organisation("Stopping"), "Stop Manager")
        name = world.publish(manager, title="Zither lessons wanted")
        eventually(lambda: _shown_by_traces(region, name))
        examined = CliRunner().invoke(main, ["doctor"], env={"DATA_DIR": str(tmp_path)})
        assert examined.exit_code == 0, examined.output

    assert processes_of(tmp_path) == []
    with RunningRegion.started(tmp_path, typed=True) as region:
        assert region.visitor.get(f"/v1/{name}")["state"] == "PUBLISHED"

        def found() -> None:
            answer = region.visitor.get("/v1/notices:search", query="zither")
            assert [notice["name"] for notice in answer["notices"]] == [name]

        eventually(found)


def test_a_killed_supervisor_leaves_nobody_behind(tmp_path: Path) -> None:
    with RunningRegion.started(tmp_path, typed=True) as region:
        assert region.process
        assert len(processes_of(tmp_path)) > 5

        os.kill(region.process.pid, signal.SIGKILL)
        region.process.wait()

        eventually(lambda: _nobody(tmp_path), timeout_s=20)


def _nobody(folder: Path) -> None:
    left = processes_of(folder)
    assert left == []


def _shown_by_traces(region: RunningRegion, notice: str) -> None:
    """The whole way of the notice, found by its name and by who published it."""
    asked = ["show", "--notice", notice, "--role", "manager", "--brief"]
    environment = {"DATA_DIR": str(region.data)}
    said = CliRunner().invoke(main, ["traces", *asked], env=environment).output
    assert "POST /v1/notices/{notice}:publish" in said, said
    assert "process evt.opportunities.notice.published" in said, said
