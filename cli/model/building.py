"""Fetch the packages by their hashes, make the files in a process of its own, check them, put them in place."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from services.matching.text.artefacts import EVERY, Artefact, Unusable

LOCK = Path(__file__).with_name("packages.lock")


class NotBuilt(Exception):
    """A step failed; the message says which and what it said."""


def build(folder: Path, files: Sequence[Artefact] = EVERY) -> None:
    """Put these of the model's files into the folder, all or none of them, and no others of its own."""
    with TemporaryDirectory(prefix="interchange-model-") as scratch:
        packages, made = Path(scratch) / "packages", Path(scratch) / "made"
        made.mkdir()
        _run("fetching the packages", *_fetching(packages))
        _run("making the files", sys.executable, "-m", "cli.model.making", str(made), path=packages)
        for left_out in set(EVERY) - set(files):
            (made / left_out.file).unlink()
            (folder / left_out.file).unlink(missing_ok=True)
        wrong = list(problems(made, files))
        if wrong:
            raise NotBuilt(f"what was made is not what this version expects: {'; '.join(wrong)}")
        _move(made, folder)


def problems(folder: Path, files: Sequence[Artefact] = EVERY) -> Iterator[str]:
    """What is wrong with these files in a folder, one sentence for each."""
    for artefact in files:
        try:
            artefact.check(folder)
        except Unusable as problem:
            yield str(problem)


def _fetching(packages: Path) -> list[str]:
    return [
        *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
        *("--no-deps", "--no-compile", "--only-binary", ":all:", "--require-hashes"),
        *("--target", str(packages), "--requirement", str(LOCK)),
    ]


def _run(step: str, *command: str, path: Path | None = None) -> None:
    parts = [*([str(path)] if path else []), *filter(None, sys.path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(parts)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotBuilt(f"{step} failed: {done.stderr.strip()[-2000:]}")


def _move(made: Path, folder: Path) -> None:
    """Each under its final name at once, so that who reads meanwhile never sees half a file."""
    folder.mkdir(parents=True, exist_ok=True)
    for each in made.iterdir():
        beside = folder / f".{each.name}"
        beside.write_bytes(each.read_bytes())
        beside.replace(folder / each.name)
