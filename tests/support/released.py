"""The last release: its programs as they were shipped, kept to run beside those of today."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
ARCHIVE = ROOT / "tests" / "released" / "programs.tar.xz"
# What a region's services and gateway are made of, with their migrations and their generated contract.
PACKAGES = ("chassis", "services", "gateway", "web", "cli", "gen")
LEFT_OUT = ("__pycache__", ".pyi", "borders.txt")


def unpack(folder: Path) -> Path:
    """The released programs in a folder; answers what to put on the path for them."""
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder, filter="data")
    return folder


def pack(root: Path, target: Path = ARCHIVE) -> None:
    """Keep the programs below `root` as the release that later ones must go with. The same files, the same bytes."""
    with tarfile.open(target, "w:xz") as archive:
        for path in sorted(_files(root)):
            archive.add(path, str(path.relative_to(root)), filter=_nameless)


def _files(root: Path) -> Iterator[Path]:
    for package in PACKAGES:
        for path in (root / package).rglob("*"):
            if path.is_file() and not any(each in str(path) for each in LEFT_OUT):
                yield path


def _nameless(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.mtime, member.uid, member.gid, member.uname, member.gname = 0, 0, 0, "", ""
    return member


if __name__ == "__main__":
    pack(ROOT)
