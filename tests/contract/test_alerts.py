"""Alerts, runbooks and metrics are in step: each alert has a page, each page an alert, each metric a program."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy import dashboards

ROOT = Path(__file__).parents[2]
RULES = ROOT / "deploy/helm/interchange/files/alerts"
RUNBOOKS = ROOT / "docs" / "runbooks"
METRIC = re.compile(r"\b(?:fed|interchange|grpc_server|http_server)_[a-z_]+")
# What Prometheus adds to a metric's own name.
SUFFIX = re.compile(r"_(total|bucket|count|sum)$")
PROGRAMS = ("chassis", "services", "gateway", "web")


def alerts() -> Iterator[Mapping[str, Any]]:
    for rules in sorted(RULES.glob("*.yaml")):
        for group in yaml.safe_load(rules.read_text())["groups"]:
            yield from group["rules"]


def measured() -> set[str]:
    """Every metric that the programs name."""
    sources = (each for program in PROGRAMS for each in (ROOT / program).rglob("*.py"))
    names = {
        name for each in sources for name in re.findall(rf'"({METRIC.pattern})"', each.read_text())
    }
    return {SUFFIX.sub("", name) for name in names}


@pytest.mark.parametrize("alert", list(alerts()), ids=lambda each: each["alert"])
def test_an_alert_says_what_is_wrong_and_what_to_open(alert: Mapping[str, Any]) -> None:
    assert alert["labels"]["severity"] in ("warning", "page")
    assert alert["annotations"]["summary"].endswith(".")
    runbook = ROOT / alert["annotations"]["runbook"]
    assert runbook.parent == RUNBOOKS
    assert f"`{alert['alert']}`" in runbook.read_text(), "the runbook does not name its alert"


@pytest.mark.parametrize("alert", list(alerts()), ids=lambda each: each["alert"])
def test_an_alert_asks_for_what_is_measured(alert: Mapping[str, Any]) -> None:
    asked = {SUFFIX.sub("", name) for name in METRIC.findall(alert["expr"])}

    assert asked or alert["expr"].startswith("up{")
    assert asked <= measured()


def test_every_runbook_is_opened_by_an_alert() -> None:
    opened = {Path(each["annotations"]["runbook"]).name for each in alerts()}

    assert opened == {each.name for each in RUNBOOKS.glob("*.md")}


def test_runbooks_link_to_what_is_there() -> None:
    for runbook in RUNBOOKS.glob("*.md"):
        for link in re.findall(r"\]\(([^)#:]+\.md)\)", runbook.read_text()):
            assert (RUNBOOKS / link).exists(), f"{runbook.name}: {link}"


@pytest.mark.parametrize("dashboard", dashboards.ALL, ids=lambda each: each.uid)
def test_a_dashboard_is_as_its_list_says_and_draws_what_is_measured(
    dashboard: dashboards.Dashboard,
) -> None:
    written = (dashboards.FOLDER / f"{dashboard.uid}.json").read_text()
    queries = [panel.query for row in dashboard.rows for panel in row.panels]
    asked = {SUFFIX.sub("", name) for query in queries for name in METRIC.findall(query)}

    assert written == dashboards.to_json(dashboard), "run `python -m deploy.dashboards`"
    assert asked <= measured()
