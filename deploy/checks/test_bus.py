"""The official NATS chart with our values: what its servers are told makes a bus that survives one of them.

The chart itself is not here. Its files say how it makes nats.conf: what it sets, then `merge`, as JSON in which keys
that end in `$include` are directives. That much is done here, for servers on loopback.
"""

from __future__ import annotations

import json
import re
import subprocess
import sysconfig
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from chassis.bus import Bus
from chassis.bus.connection import Outgoing
from chassis.bus.permissions import ADMIN
from chassis.bus.streams import STREAMS
from cli import keys
from cli.ports import free_port
from cli.provision import provision_bus
from deploy.checks.test_monitoring import free_ports
from tests.support import servers
from tests.support.authority import Authority
from tests.support.waiting import eventually

VALUES = Path(__file__).parents[1] / "nats" / "values.yaml"
INCLUDE = re.compile(r'".*\$include": "(.*)",?')
WITHIN_S = 30.0


@pytest.fixture(scope="module")
def values() -> Any:
    return yaml.safe_load(VALUES.read_text())


def test_what_it_mounts_is_what_it_reads(values: Any) -> None:
    (mount,) = (each["value"] for each in values["container"]["patch"])
    (volume,) = (each["value"] for each in values["podTemplate"]["patch"])

    (file,) = (text for key, text in values["config"]["merge"].items() if key.endswith("$include"))
    assert mount["name"] == volume["name"]
    assert Path("/etc/nats-config", file).parent == Path(mount["mountPath"])
    assert Path(file).name == "accounts.conf"


def test_three_servers_of_it_keep_events_when_one_is_lost(values: Any, tmp_path: Path) -> None:
    keys.create(tmp_path)
    authority = Authority(tmp_path / "authority")
    seeds, ca = tmp_path / "keys", tmp_path / "authority" / "ca.crt"

    with cluster(values, tmp_path, authority) as (urls, running):
        eventually(lambda: provisioned(urls[0], seeds, ca), timeout_s=WITHIN_S, every_s=0.5)
        with Bus(urls[0], name=ADMIN, seed_file=seeds / "admin.nk", authority_file=ca) as bus:
            bus.open()
            infos = [bus.request(f"$JS.API.STREAM.INFO.{each['name']}", {}) for each in STREAMS]
            assert {each["config"]["num_replicas"] for each in infos} == {3}

            servers.end(running[1])
            eventually(lambda: told(bus), timeout_s=WITHIN_S, every_s=0.5)


def provisioned(url: str, seeds: Path, authority: Path) -> None:
    """As the job of our chart does it, which is tried again until the servers have found each other."""
    try:
        provision_bus(url, seeds, replicas=3, authority=authority)
    except Exception as problem:
        raise AssertionError(problem) from problem


def told(bus: Bus) -> None:
    try:
        bus.publish(Outgoing("evt.identity.account.created", b"{}", {}))
    except Exception as problem:
        raise AssertionError(problem) from problem


@contextmanager
def cluster(
    values: Any, folder: Path, authority: Authority
) -> Iterator[tuple[list[str], list[subprocess.Popen[bytes]]]]:
    """As many servers as the values say; their URLs for clients."""
    number = values["config"]["cluster"]["replicas"]
    ports = [free_port() for _ in range(number)]
    first = free_ports(number)
    routes = [f"tls://127.0.0.1:{first + each}" for each in range(number)]
    with ExitStack() as stack:
        running = []
        for each in range(number):
            place = folder / f"nats-{each}"
            (place / "accounts").mkdir(parents=True)
            server = keys.parcels(folder)[keys.BUS_SERVER]
            (place / "accounts" / "accounts.conf").write_bytes(server["accounts.conf"])
            shown = authority.issue(f"nats-{each}")
            own = {
                "server_name": f"nats-{each}",
                "listen": f"127.0.0.1:{ports[each]}",
                "tls": {"cert_file": str(shown.certificate), "key_file": str(shown.key)},
            }
            text = nats_conf(values["config"], own, place, first + each, routes)
            (place / "nats.conf").write_text(text)
            binary = str(Path(sysconfig.get_path("scripts")) / "nats-server")
            process = servers.spawn(
                [binary, "-c", str(place / "nats.conf")], ports[each], place / "log"
            )
            stack.callback(servers.end, process)
            running.append(process)
        yield [f"tls://127.0.0.1:{port}" for port in ports], running


def nats_conf(config: Any, own: Any, place: Path, port: int, routes: list[str]) -> str:
    """What the chart makes of the values, for one server on loopback."""
    tls = {**own["tls"], **config["cluster"]["tls"]["merge"]}
    tls["ca_file"] = str(Path(own["tls"]["cert_file"]).with_name("ca.crt"))
    store = config["jetstream"]["fileStore"]
    told = {
        **own,
        "cluster": {
            "name": "nats",
            "listen": f"127.0.0.1:{port}",
            "no_advertise": True,
            "routes": routes,
            "tls": tls,
        },
        "jetstream": {
            "store_dir": str(place / "store"),
            "max_memory_store": 0,
            "max_file_store": int(store["maxSize"].removesuffix("Gi")) * 2**30,
            **config["jetstream"]["merge"],
        },
        **config["merge"],
    }
    return INCLUDE.sub(r"include \1;", json.dumps(told, indent=2, sort_keys=True))
