"""Prometheus itself reads our rules, scrapes a running region, and raises the alarm when a program is killed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.ports import free_port, is_listening
from cli.settings import PROGRAMS
from deploy.checks.chart import CHART
from tests.support.region import RunningRegion
from tests.support.waiting import eventually

RULES = sorted((CHART / "files" / "alerts").glob("*.yaml"))
WANTED = "Debian's `prometheus` package has what this needs"

needs_prometheus = pytest.mark.skipif(not shutil.which("prometheus"), reason=WANTED)
needs_promtool = pytest.mark.skipif(not shutil.which("promtool"), reason=WANTED)

# For each rule: series that make it fire, and those that must not.
FIRING = {
    "ProgramDown": ('up{job="east-identity"}', "0x60", "1x60"),
    "OutboxStuck": ('interchange_outbox_oldest_seconds{job="identity"}', "90x60", "5x60"),
    "ConsumerBehind": ('interchange_consumer_pending{job="matching"}', "5000x60", "10x60"),
    "DeadLetters": ('interchange_dead_letters{job="matching"}', "1x60", "0x60"),
    "MailWaits": ('interchange_mail_queue_oldest_seconds{job="notifications"}', "2000x60", "20x60"),
    "JobFails": ('interchange_jobs_total{job="identity",outcome="failed"}', "0+1x60", "0x60"),
    "PartnerSilent": ('fed_last_contact_seconds{partner="scotland"}', "2000x60", "30x60"),
    "ErasureOutstanding": ('fed_erasure_oldest_seconds{partner="scotland"}', "700000x60", "60x60"),
    "SigningKeyExpiring": ('fed_key_expires_seconds{partner="east"}', "1000x60", "9000000x60"),
}
# Those that compare two series.
RATIOS = {
    "CallsFail": (
        ('grpc_server_handled_total{job="identity",grpc_code="INTERNAL"}', "0+60x60", "0+0x60"),
        ('grpc_server_handled_total{job="identity",grpc_code="OK"}', "0+600x60", "0+600x60"),
    ),
    "RequestsFail": (
        ('http_server_request_duration_seconds_count{job="gateway",http_response_status_code="503"}', "0+60x60", "0+0x60"),
        ('http_server_request_duration_seconds_count{job="gateway",http_response_status_code="200"}', "0+600x60", "0+600x60"),
    ),
    "ConnectionsExhausted": (
        ('interchange_database_connections_in_use{job="identity"}', "10x60", "3x60"),
        ('interchange_database_pool_size{job="identity"}', "10x60", "10x60"),
    ),
}  # fmt: skip


@needs_promtool
def test_promtool_reads_every_rule() -> None:
    subprocess.run(["promtool", "check", "rules", *RULES], check=True, capture_output=True)


@needs_promtool
@pytest.mark.parametrize("alert", [*FIRING, *RATIOS])
@pytest.mark.parametrize("is_bad", [True, False], ids=["bad", "good"])
def test_a_rule_fires_when_it_should_and_only_then(
    tmp_path: Path, alert: str, is_bad: bool
) -> None:
    series = RATIOS.get(alert) or (FIRING[alert],)
    given = [{"series": name, "values": bad if is_bad else good} for name, bad, good in series]
    count = f'count(ALERTS{{alertname="{alert}",alertstate="firing"}}) or vector(0)'
    claim = {
        "expr": count,
        "eval_time": "40m",
        "exp_samples": [{"labels": "{}", "value": int(is_bad)}],
    }
    test = {"interval": "1m", "input_series": given, "promql_expr_test": [claim]}
    file = tmp_path / "test.yaml"
    rules = {"rule_files": [str(each) for each in RULES], "evaluation_interval": "1m"}
    file.write_text(yaml.safe_dump({**rules, "tests": [test]}))

    done = subprocess.run(
        ["promtool", "test", "rules", file], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def prometheus(folder: Path, targets: dict[str, int]) -> Iterator[str]:
    """A Prometheus that scrapes these ports every second, with our rules, impatient ones."""
    rules = folder / "rules.yaml"
    groups = yaml.safe_load((CHART / "files/alerts/region.yaml").read_text())
    for rule in groups["groups"][0]["rules"]:
        rule["for"] = "1s"
    rules.write_text(yaml.safe_dump(groups))
    jobs = [
        {"job_name": name, "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}
        for name, port in targets.items()
    ]
    often = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    config = folder / "prometheus.yaml"
    config.write_text(
        yaml.safe_dump({"global": often, "rule_files": [str(rules)], "scrape_configs": jobs})
    )
    port = free_port()
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(
            ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder / 'tsdb'}",
             f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log,
        )  # fmt: skip
    try:
        eventually(lambda: ready(f"http://127.0.0.1:{port}"), timeout_s=30)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def ready(url: str) -> None:
    try:
        urllib.request.urlopen(f"{url}/-/ready", timeout=5).close()
    except OSError as problem:
        raise AssertionError(f"not ready: {problem}") from problem


def ask(url: str, path: str) -> Any:
    with urllib.request.urlopen(f"{url}{path}", timeout=5) as answer:
        return json.load(answer)["data"]


@needs_prometheus
def test_prometheus_scrapes_a_region_and_raises_the_alarm(tmp_path: Path) -> None:
    first = free_ports(len(PROGRAMS))
    targets = {name: first + place for place, name in enumerate(PROGRAMS)}

    with (
        RunningRegion.started(tmp_path, METRICS_PORT=str(first)) as region,
        prometheus(tmp_path, targets) as url,
    ):

        def all_up() -> None:
            active = ask(url, "/api/v1/targets")["activeTargets"]
            health = {each["labels"]["job"]: each["health"] for each in active}
            assert health == dict.fromkeys(PROGRAMS, "up")

        eventually(all_up, timeout_s=30)
        assert not firing(url)

        with stopped(region, "notifications"):
            eventually(lambda: expect(("ProgramDown", "notifications"), firing(url)), timeout_s=30)


def firing(url: str) -> set[tuple[str, str]]:
    alerts = ask(url, "/api/v1/alerts")["alerts"]
    return {
        (each["labels"]["alertname"], each["labels"]["job"])
        for each in alerts
        if each["state"] == "firing"
    }


def expect(wanted: tuple[str, str], found: set[tuple[str, str]]) -> None:
    assert wanted in found, found


@contextmanager
def stopped(region: RunningRegion, program: str) -> Iterator[None]:
    """The program stands still, as one that hangs."""
    pid = region.pid(program)
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def free_ports(count: int) -> int:
    """The first of so many free ports in a row."""
    for _ in range(50):
        first = free_port()
        if first + count < 65_000 and not any(map(is_listening, range(first, first + count))):
            return first
    raise RuntimeError(f"no {count} free ports in a row")
