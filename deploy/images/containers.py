"""Containers of our image without a cluster: not root, a read-only root, one network namespace; by buildah and runc."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).parents[2]
BASE, IMAGE = "localhost/interchange-base", "localhost/interchange-check"
NOBODY = 10001
FILES = 4096
BUILD_WITHIN_S = 1800
STOP_WITHIN_S = 15


def missing() -> list[str]:
    """What has to be there and is not."""
    tools = [each for each in ("buildah", "runc", "ip") if not shutil.which(each)]
    return tools if os.geteuid() == 0 else [*tools, "root"]


def build(base: str, wheels: Path | None = None, model: Path | None = None) -> str:
    """Build the image on `base`; answers its name."""
    mounts = [
        part
        for source, target in ((wheels, "/wheels"), (model, "/model"))
        if source and source.exists()
        for part in ("-v", f"{source}:{target}:ro")
    ]
    buildah(
        "bud", "--isolation", "chroot", "--network", "host", "--layers=false",
        "--build-arg", f"BASE_IMAGE={base}", *mounts,
        "-f", "deploy/images/Containerfile", "-t", IMAGE, ".",
    )  # fmt: skip
    return IMAGE


def debian_base() -> str:
    """An image of Debian with Python, made from its packages; for where no registry of images is reached."""
    if base_exists():
        return BASE
    with TemporaryDirectory(prefix="interchange-base-") as folder:
        include = "python3,python3-venv,ca-certificates"
        run(["debootstrap", "--variant=minbase", f"--include={include}", "bookworm", folder])
        for each in ("var/cache/apt/archives", "var/lib/apt/lists", "usr/share/locale"):
            shutil.rmtree(Path(folder, each))
        container = buildah("from", "scratch").strip()
        mounted = buildah("mount", container).strip()
        run(["cp", "-a", f"{folder}/.", mounted])
        buildah("umount", container)
        buildah("commit", "-q", container, BASE)
        buildah("rm", container)
    return BASE


def base_exists() -> bool:
    """Whether it was made before."""
    return BASE in buildah("images", "--format", "{{.Name}}")


def buildah(*arguments: str) -> str:
    """What buildah prints."""
    return run(["buildah", *arguments])


def run(command: Sequence[str]) -> str:
    """What the command prints; raises with its last words when it fails."""
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=BUILD_WITHIN_S, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]}: {(done.stdout + done.stderr)[-3000:]}")
    return done.stdout


class Network:
    """A network namespace of its own, with nothing in it but loopback."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> Self:
        run(["ip", "netns", "add", self.name])
        run(["ip", "netns", "exec", self.name, "ip", "link", "set", "lo", "up"])
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        run(["ip", "netns", "delete", self.name])

    @property
    def path(self) -> str:
        return f"/var/run/netns/{self.name}"

    def command(self, *arguments: str) -> list[str]:
        """A command that runs in it."""
        return ["ip", "netns", "exec", self.name, *arguments]


@contextmanager
def root_of(image: str) -> Iterator[Path]:
    """The image's files, mounted."""
    with ExitStack() as stack:
        container = buildah("from", "--pull-never", image).strip()
        stack.callback(buildah, "rm", container)
        mounted = buildah("mount", container).strip()
        stack.callback(buildah, "umount", container)
        yield Path(mounted)


def specification(
    root: Path,
    network: Network,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    mounts: Mapping[Path, str],
) -> dict[str, Any]:
    """An OCI runtime's configuration that is as strict as the chart is."""
    path = "/opt/interchange/bin:/usr/local/bin:/usr/bin:/bin"
    own = {"PATH": path, "HOME": "/tmp", "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    binds = [
        {"type": "bind", "source": str(source), "destination": target, "options": ["rbind", "rw"]}
        for source, target in mounts.items()
    ]
    return {
        "ociVersion": "1.0.2",
        "process": {
            "user": {"uid": NOBODY, "gid": NOBODY},
            "args": ["interchange", *arguments],
            "env": [f"{name}={value}" for name, value in {**own, **environment}.items()],
            "cwd": "/tmp",
            "noNewPrivileges": True,
            "capabilities": {},
            "rlimits": [
                {"type": "RLIMIT_NOFILE", "hard": FILES, "soft": FILES},
                {"type": "RLIMIT_NPROC", "hard": FILES, "soft": FILES},
            ],
        },
        "root": {"path": str(root), "readonly": True},
        "hostname": "interchange",
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"]},
            {"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "nodev", "mode=1777"]},
            *binds,
        ],
        "linux": {
            "namespaces": [
                {"type": "pid"}, {"type": "ipc"}, {"type": "uts"}, {"type": "mount"},
                {"type": "network", "path": network.path},
            ],
            "maskedPaths": ["/proc/kcore", "/proc/keys"],
            "readonlyPaths": ["/proc/sys"],
        },
    }  # fmt: skip


class Container:
    """One program of the image, started when entered, stopped and removed when left."""

    def __init__(
        self,
        name: str,
        root: Path,
        network: Network,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        mounts: Mapping[Path, str],
        folder: Path,
    ) -> None:
        self.name = name
        self.bundle = folder / name
        self.bundle.mkdir()
        self.log = self.bundle / "log"
        config = specification(root, network, arguments, environment, mounts)
        (self.bundle / "config.json").write_text(json.dumps(config))

    def __enter__(self) -> Self:
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                ["runc", "run", "--bundle", self.bundle, self.name], stdout=log, stderr=log
            )
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        subprocess.run(["runc", "kill", self.name, "TERM"], capture_output=True, check=False)
        try:
            self.process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            subprocess.run(["runc", "kill", self.name, "KILL"], capture_output=True, check=False)
            self.process.wait()

    def wait(self, within_s: float) -> int:
        """Until it has ended by itself; its exit code."""
        return self.process.wait(within_s)
