"""The data folder of a region on one machine: room on the disk, and keys that nobody else reads."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from cli.doctor.finding import Finding
from cli.doctor.places import Places

ROOM = 2 * 1024**3  # bytes: the streams, the logs and a backup want some
GIB = 1024**3


def machine(places: Places) -> Iterator[Finding]:
    """What can be seen from here."""
    if places.data_dir:
        yield room(places.data_dir)
        yield secrecy(places.data_dir / "keys")


def room(folder: Path, least: int = ROOM) -> Finding:
    """How much the disk has left."""
    free = shutil.disk_usage(folder).free
    remedy = "make room, or move DATA_DIR: a full disk refuses every change" if free < least else ""
    return Finding("disk", f"{free / GIB:.1f} GiB free", remedy)


def secrecy(keys: Path) -> Finding:
    """Whether only their owner may read the keys."""
    files = [path for path in keys.rglob("*") if path.is_file()]
    seen = [
        path.name for path in files if path.stat().st_mode & 0o077 and "services" not in path.name
    ]
    if not files:
        return Finding("keys", "there are none", f"bring {keys} back from the backup")
    if seen:
        return Finding("keys", f"others may read {', '.join(seen[:3])}", f"chmod -R go= {keys}")
    return Finding("keys", "only their owner may read them")
