"""Programs that are forked where their libraries are behave as those that are started anew."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support.waiting import eventually

# What is born: says who it is, then does as its first argument has it.
CHILD = """
import json, os, signal, sys, time
print(json.dumps({"argv": sys.argv, "name": __name__, "environ": dict(os.environ)}))
match sys.argv[1]:
    case "exit": sys.exit(3)
    case "fail": raise ValueError("on purpose")
    case "die": os.kill(os.getpid(), signal.SIGKILL)
    case "stay": time.sleep(60)
    case "word": sys.exit("a last word")
"""
# Who has them born, one after the other, in a process with one thread.
PARENT = """
import json, sys, time
from pathlib import Path
from cli.nursery import Nursery
folder = Path(sys.argv[1])
sys.path.insert(0, str(folder))
with Nursery.opened() as nursery:
    for how in sys.argv[2].split(","):
        born = nursery.bear("child", [how, *sys.argv[3:]], {"ONLY": "this"}, folder / "log")
        title = Path(f"/proc/{born.pid}/cmdline")
        print(json.dumps({"pid": born.pid}), flush=True)
        if how == "stay":
            while b"child" not in title.read_bytes():
                time.sleep(0.01)
            print(title.read_bytes().replace(bytes(1), b" ").decode(), flush=True)
            time.sleep(float(sys.argv[3]))
            born.terminate()
        print(json.dumps({"status": born.wait(), "again": born.poll()}), flush=True)
"""
STATUSES = {"return": 0, "exit": 3, "fail": 1, "die": -9, "word": 1}


def parent(folder: Path, *arguments: str) -> list[str]:
    (folder / "child.py").write_text(CHILD)
    return [sys.executable, "-c", PARENT, str(folder), *arguments]


def told(folder: Path, *arguments: str) -> list[Any]:
    done = subprocess.run(parent(folder, *arguments), capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def test_a_status_is_what_a_program_of_its_own_would_have(tmp_path: Path) -> None:
    said = told(tmp_path, ",".join(STATUSES))

    found = [each for each in said if "status" in each]
    assert found == [{"status": each, "again": each} for each in STATUSES.values()]


def test_it_is_told_its_environment_and_arguments_and_prints_into_its_log(tmp_path: Path) -> None:
    told(tmp_path, "word", "more")

    said, last = (tmp_path / "log").read_text().splitlines()
    found = json.loads(said)
    assert found["name"] == "__main__"
    assert found["argv"][1:] == ["word", "more"]
    assert found["environ"] == {"ONLY": "this"}
    assert last == "a last word"


def test_one_that_can_not_begin_is_one_that_failed(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()  # nothing can be printed there

    assert told(tmp_path, "return")[-1] == {"status": 1, "again": 1}


def test_it_has_a_name_and_ends_when_it_is_told_to(tmp_path: Path) -> None:
    done = subprocess.run(parent(tmp_path, "stay", "0"), capture_output=True, text=True, check=True)

    assert "python -m child" in done.stdout
    assert '"status": -15' in done.stdout


def test_a_parent_that_is_killed_leaves_nobody_behind(tmp_path: Path) -> None:
    with subprocess.Popen(parent(tmp_path, "stay", "60"), stdout=subprocess.PIPE) as process:
        assert process.stdout
        pid = json.loads(process.stdout.readline())["pid"]
        process.stdout.readline()

        process.kill()

    eventually(lambda: gone(pid))


def gone(pid: int) -> None:
    """Ended, whether or not somebody has asked how."""
    stat = Path(f"/proc/{pid}/stat")
    assert not stat.exists() or stat.read_text().rpartition(") ")[2].startswith("Z")
