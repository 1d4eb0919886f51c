"""Where a process keeps its index: a folder of its own, one index in it for each generation and version."""

from __future__ import annotations

import fcntl
import shutil
from itertools import count
from pathlib import Path

from services.matching.index.index import Index
from services.matching.index.schema import VERSION


class Shelf:
    """The first folder that no other process has. Several may share a data folder, each with its own index."""

    def __init__(self, folder: Path) -> None:
        for number in count():
            self._folder = folder / str(number)
            self._folder.mkdir(parents=True, exist_ok=True)
            self._lock = (self._folder / "lock").open("w")
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                self._lock.close()
            else:
                return

    def open(self, generation: int) -> Index:
        """The index of this generation, as far as it had come."""
        return Index(self._folder / _name(generation))

    def clear(self, generation: int) -> None:
        """Keep no index but this generation's; none at all for 0."""
        for each in self._folder.iterdir():
            if each.is_dir() and each.name != _name(generation):
                shutil.rmtree(each, ignore_errors=True)

    def close(self) -> None:
        """Let another process have it."""
        self._lock.close()


def _name(generation: int) -> str:
    return f"{VERSION}-{generation}"
