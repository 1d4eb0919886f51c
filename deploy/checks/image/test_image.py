"""The image is built, holds no more than it needs, and is a whole region when it is told what the chart says."""

from __future__ import annotations

import ctypes
import json
import os
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from cli import keys
from cli.settings import PROGRAMS, SERVICES
from deploy.checks.chart import Pod, Rendered, render
from deploy.images.containers import (
    NOBODY,
    Container,
    Network,
    build,
    debian_base,
    missing,
    root_of,
)
from tests.conftest import new_database
from tests.support import servers
from tests.support.waiting import eventually

NEWNET = 0x40000000
JOB_WITHIN_S = 120
READY_WITHIN_S = 120
DATABASES = "interchange-databases"
# In a cluster each pod has its own address; here all share one, so these must differ.
HEALTH_FROM, METRICS_FROM = 18081, 19091

pytestmark = [
    pytest.mark.skipif(bool(missing()), reason=f"not here: {', '.join(missing())}"),
    pytest.mark.usefixtures("tools_or_skip"),
]


@pytest.fixture(scope="module")
def root() -> Iterator[Path]:
    """The files of the image: a given one (IMAGE), or built on BASE_IMAGE or a base of Debian's packages."""
    with root_of(os.environ.get("IMAGE") or built()) as mounted:
        yield mounted


def built() -> str:
    wheels, model = (os.environ.get(each) for each in ("IMAGE_WHEELS", "IMAGE_MODEL"))
    return build(
        os.environ.get("BASE_IMAGE") or debian_base(),
        Path(wheels) if wheels else None,
        Path(model) if model else None,
    )


def test_it_holds_nothing_for_those_who_build(root: Path) -> None:
    (site,) = (root / "opt/interchange/lib").glob("python3*/site-packages")

    assert (site / "services").is_dir()
    assert not [each for each in site.rglob("*") if each.name in ("tests", "include")]
    assert not (site / "pip").exists()


def test_it_holds_no_compiler_and_says_what_it_holds(root: Path) -> None:
    bill = json.loads((root / "usr/share/doc/interchange/sbom.cdx.json").read_text())
    names = {each["name"] for each in bill["components"]}

    assert not any((root / "usr/bin" / each).exists() for each in ("cc", "gcc", "make"))
    assert {"grpcio", "Flask", "interchange"} <= names
    assert not {"mypy", "pytest", "ruff"} & names
    assert "not said" not in (root / "usr/share/doc/interchange/licences.txt").read_text()


def test_a_region_of_containers_does_what_it_is_for(root: Path, tmp_path: Path) -> None:
    things = render(
        "small", "postgresql.kind=external", f"postgresql.external.existingSecret={DATABASES}"
    )
    with ExitStack() as stack:
        network = stack.enter_context(Network(f"interchange-{os.getpid()}"))
        stack.enter_context(entered(network))
        sockets = Path(stack.enter_context(folder()))
        postgresql = stack.enter_context(servers.postgresql(sockets))
        sockets.chmod(0o711)  # containers are nobody that it knows
        region = Containers(root, network, things, tmp_path, databases(postgresql), sockets)
        for engine in ("nats", "valkey", "traces"):
            stack.enter_context(region.started(things.pod(engine)))
        for job in (each for each in things.pods if each.component == "jobs"):
            region.done(job)
        for name in PROGRAMS:
            stack.enter_context(region.started(things.pod(name)))
        eventually(ready, timeout_s=READY_WITHIN_S)

        said = region.done(things.pod("test"))
        kept = eventually(traces)

    assert "an exchange is agreed, started and completed" in said
    assert "all is well" in said
    assert any(each["notices"] for each in kept)


@contextmanager
def folder() -> Iterator[str]:
    """Not under pytest's own: PostgreSQL runs as another user, who may not enter that."""
    with TemporaryDirectory(prefix="interchange-") as made:
        yield made


@contextmanager
def entered(network: Network) -> Iterator[None]:
    """This thread, and what it starts, is inside the network."""
    libc = ctypes.CDLL(None, use_errno=True)
    with Path("/proc/thread-self/ns/net").open() as home, Path(network.path).open() as inside:
        assert libc.setns(inside.fileno(), NEWNET) == 0
        try:
            yield
        finally:
            assert libc.setns(home.fileno(), NEWNET) == 0


def databases(postgresql: str) -> dict[str, str]:
    return {service: new_database(postgresql, service) for service in SERVICES}


def ready() -> None:
    try:
        with urllib.request.urlopen("http://127.0.0.1:8080/readyz", timeout=5) as answer:
            assert answer.status == 200
    except OSError as problem:
        raise AssertionError(str(problem)) from problem


def traces() -> list[dict[str, object]]:
    """What the receiver in the region has kept."""
    with urllib.request.urlopen("http://127.0.0.1:4318/v1/traces", timeout=5) as answer:
        found: list[dict[str, object]] = json.load(answer)
    assert found
    return found


class Containers:
    """Pods of the chart as containers that share one network."""

    def __init__(
        self,
        root: Path,
        network: Network,
        things: Rendered,
        place: Path,
        urls: Mapping[str, str],
        sockets: Path,
    ) -> None:
        self._root, self._network, self._things = root, network, things
        self._place, self._urls, self._sockets = place, urls, sockets
        keys.create(place)
        self._parcels = {
            f"east-interchange-keys-{whom}": files for whom, files in keys.parcels(place).items()
        }
        names = [each["metadata"]["name"] for each in things.of("Service")]
        hosts = " ".join(f"{each} {each}.interchange.svc" for each in names)
        (place / "hosts").write_text(f"127.0.0.1 localhost {hosts}\n")

    def started(self, pod: Pod) -> Container:
        return self._container(pod, pod.component)

    def done(self, pod: Pod) -> str:
        """Run a job to its end; what it said."""
        name = pod.main["name"]
        with self._container(pod, name) as container:
            code = container.wait(JOB_WITHIN_S)
        said = container.log.read_text()
        assert code == 0, f"{name}: {said}"
        return said

    def _container(self, pod: Pod, name: str) -> Container:
        return Container(
            f"{name}-{os.getpid()}",
            self._root,
            self._network,
            pod.main["args"],
            self._environment(pod),
            self._mounts(pod),
            self._place,
        )

    def _environment(self, pod: Pod) -> dict[str, str]:
        given = {
            name: each["value"] if "value" in each else self._secret(each["valueFrom"])
            for name, each in pod.environment().items()
        }
        if pod.component in SERVICES:
            number = SERVICES.index(pod.component)
            given["INTERCHANGE_HEALTH_ADDRESS"] = f"127.0.0.1:{HEALTH_FROM + number}"
        if pod.component in PROGRAMS:
            given["INTERCHANGE_METRICS_PORT"] = str(METRICS_FROM + PROGRAMS.index(pod.component))
        return given

    def _secret(self, source: Mapping[str, Mapping[str, str]]) -> str:
        assert source["secretKeyRef"]["name"] == DATABASES
        return self._urls[source["secretKeyRef"]["key"]]

    def _mounts(self, pod: Pod) -> dict[Path, str]:
        volumes = {each["name"]: each for each in pod.spec["volumes"]}
        mounts = {self._place / "hosts": "/etc/hosts", self._sockets: str(self._sockets)}
        for each in pod.main["volumeMounts"]:
            if each["name"] == "tmp":
                continue
            filled = self._filled(pod, each["name"], volumes.get(each["name"], {}))
            mounts[filled / each["subPath"] if "subPath" in each else filled] = each["mountPath"]
        return mounts

    def _filled(self, pod: Pod, name: str, volume: Mapping[str, Mapping[str, str]]) -> Path:
        """A folder with what the volume holds."""
        place = self._place / f"{pod.component}-{pod.main['name']}-{name}"
        place.mkdir(exist_ok=True)
        files: Mapping[str, bytes] = {}
        if "secret" in volume:
            files = self._parcels[volume["secret"]["secretName"]]
        if "configMap" in volume:
            wanted = volume["configMap"]["name"]
            maps = {each["metadata"]["name"]: each for each in self._things.of("ConfigMap")}
            files = {key: text.encode() for key, text in maps[wanted]["data"].items()}
        for file, content in files.items():
            (place / file).write_bytes(content)
            os.chown(place / file, NOBODY, NOBODY)
        os.chown(place, NOBODY, NOBODY)
        return place
