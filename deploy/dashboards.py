"""Grafana dashboards out of a list of panels: `python -m deploy.dashboards` writes them into the chart."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "helm" / "interchange" / "files" / "dashboards"
WIDTH, HEIGHT = 24, 8
SOURCE = {"type": "prometheus", "uid": "${source}"}


@dataclass(frozen=True)
class Panel:
    """One question: what is drawn, in which unit, and a legend of the labels that tell lines apart."""

    title: str
    query: str
    unit: str = "short"
    legend: str = "{{job}}"


@dataclass(frozen=True)
class Row:
    """Panels side by side."""

    title: str
    panels: Sequence[Panel]


@dataclass(frozen=True)
class Dashboard:
    """One page."""

    uid: str
    title: str
    rows: Sequence[Row]


def p99(metric: str, by: str = "job") -> str:
    """What one in a hundred exceeds."""
    return f"histogram_quantile(0.99, sum by ({by}, le) (rate({metric}_bucket[5m])))"


REGION = Dashboard(
    "interchange-region",
    "Interchange: the region",
    [
        Row("What people notice", [
            Panel("Requests a second", "sum by (job) (rate(http_server_request_duration_seconds_count[5m]))", "reqps"),
            Panel("Requests that fail", 'sum by (job) (rate(http_server_request_duration_seconds_count{http_response_status_code=~"5.."}[5m]))', "reqps"),
            Panel("Slowest of a hundred requests", p99("http_server_request_duration_seconds"), "s"),
        ]),
        Row("Calls between programs", [
            Panel("Calls a second", "sum by (job) (rate(grpc_server_handled_total[5m]))", "reqps"),
            Panel("Calls by what went wrong", 'sum by (job, grpc_code) (rate(grpc_server_handled_total{grpc_code!="OK"}[5m]))', "reqps", "{{job}} {{grpc_code}}"),
            Panel("Slowest of a hundred calls", p99("grpc_server_handling_seconds"), "s"),
        ]),
        Row("News", [
            Panel("Events that wait in outboxes", "interchange_outbox_depth"),
            Panel("Oldest event in an outbox", "interchange_outbox_oldest_seconds", "s"),
            Panel("Events that wait for a program", "interchange_consumer_pending", "short", "{{job}} {{consumer}}"),
            Panel("Dead letters", "interchange_dead_letters"),
        ]),
        Row("Saturation", [
            Panel("Calls in work", "grpc_server_in_progress"),
            Panel("Connections in work, of the pool", "interchange_database_connections_in_use / interchange_database_pool_size", "percentunit"),
            Panel("CPU", "rate(process_cpu_seconds_total[5m])", "percentunit", "{{job}} {{instance}}"),
            Panel("Memory", "process_resident_memory_bytes", "bytes", "{{job}} {{instance}}"),
        ]),
        Row("Mail and clocks", [
            Panel("Mails by outcome", "sum by (outcome) (rate(interchange_mails_total[5m]))", "short", "{{outcome}}"),
            Panel("Oldest mail that waits", "interchange_mail_queue_oldest_seconds", "s"),
            Panel("Clock jobs that failed", 'increase(interchange_jobs_total{outcome="failed"}[1h])', "short", "{{job}}"),
        ]),
    ],
)  # fmt: skip

FEDERATION = Dashboard(
    "interchange-federation",
    "Interchange: partner regions",
    [
        Row("How they stand", [
            Panel("Since they answered last", "fed_last_contact_seconds", "s", "{{partner}}"),
            Panel("Entries signed for and not read", "fed_cursor_lag_entries", "short", "{{partner}} {{channel}}"),
            Panel("Age of their newest head", "fed_head_age_seconds", "s", "{{partner}}"),
        ]),
        Row("What was not taken", [
            Panel("Held", "fed_held", "short", "{{partner}}"),
            Panel("In quarantine", "fed_quarantined", "short", "{{partner}}"),
            Panel("Oldest erasure without a receipt", "fed_erasure_oldest_seconds", "s", "{{partner}}"),
            Panel("Until a signing key ends", "fed_key_expires_seconds", "s", "{{partner}}"),
        ]),
    ],
)  # fmt: skip

ALL = (REGION, FEDERATION)


def to_json(dashboard: Dashboard) -> str:
    """As Grafana imports it."""
    source = {"name": "source", "type": "datasource", "query": "prometheus", "label": "Prometheus"}
    page = {
        "uid": dashboard.uid,
        "title": dashboard.title,
        "tags": ["interchange"],
        "schemaVersion": 39,
        "editable": False,
        "time": {"from": "now-3h", "to": "now"},
        "refresh": "30s",
        "templating": {"list": [source]},
        "panels": list(_panels(dashboard)),
    }
    return json.dumps(page, indent=1) + "\n"


def _panels(dashboard: Dashboard) -> Iterator[dict[str, Any]]:
    number = 0
    for height, row in enumerate(dashboard.rows):
        y = height * (HEIGHT + 1)
        number += 1
        yield {
            "id": number,
            "type": "row",
            "title": row.title,
            "gridPos": {"x": 0, "y": y, "w": WIDTH, "h": 1},
        }
        width = WIDTH // len(row.panels)
        for place, panel in enumerate(row.panels):
            number += 1
            at = {"x": place * width, "y": y + 1, "w": width, "h": HEIGHT}
            yield {"id": number, "gridPos": at, **_panel(panel)}


def _panel(panel: Panel) -> dict[str, Any]:
    target = {
        "refId": "A", "datasource": SOURCE, "expr": panel.query, "legendFormat": panel.legend
    }  # fmt: skip
    return {
        "type": "timeseries",
        "title": panel.title,
        "datasource": SOURCE,
        "targets": [target],
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
    }


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for dashboard in ALL:
        (FOLDER / f"{dashboard.uid}.json").write_text(to_json(dashboard))


if __name__ == "__main__":
    main()
