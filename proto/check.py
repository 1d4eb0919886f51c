"""Check the protos offline: buf's lint and its breaking checks, on descriptor images."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import tarfile
import tempfile
from pathlib import Path

PROTO = Path(__file__).parent
ROOT = PROTO.parent
IMAGE = ROOT / "gen" / "interchange" / "descriptors.binpb"
RELEASED = ROOT / "tests" / "released" / "programs.tar.xz"  # the last release, with its image
BUF = Path(sysconfig.get_path("scripts")) / "buf"


def buf(*arguments: str) -> bool:
    """Whether buf finds nothing to complain of; what it finds is printed."""
    with tempfile.TemporaryDirectory() as cache:
        found = subprocess.run(
            [str(BUF), *arguments],
            cwd=ROOT,
            env={"BUF_CACHE_DIR": cache, "HOME": cache},
            check=False,
        )
    return found.returncode == 0


def released(folder: Path) -> Path:
    """The descriptor image of the last release."""
    with tarfile.open(RELEASED) as archive:
        archive.extract(str(IMAGE.relative_to(ROOT)), folder, filter="data")
    return folder / IMAGE.relative_to(ROOT)


def main() -> None:
    linted = buf("lint", f"{IMAGE}#format=binpb", "--path", "interchange")
    with tempfile.TemporaryDirectory() as folder:
        against = f"{released(Path(folder))}#format=binpb"
        compatible = buf("breaking", f"{IMAGE}#format=binpb", "--against", against)
    sys.exit(not (linted and compatible))


if __name__ == "__main__":
    main()
