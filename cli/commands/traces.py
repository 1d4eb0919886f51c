"""`interchange traces`: what happened, program by program, in the traces that the region keeps."""

from __future__ import annotations

import os
from typing import Any

import click
from opentelemetry.proto.trace.v1 import trace_pb2 as otlp
from rich.console import Console

from cli.channels import address_book
from cli.settings import Settings
from cli.traces.spans import each_span, read
from cli.traces.waterfall import waterfall

ASKED_WITHIN_S = 10
COLUMNS = 200  # of a list in a file; a terminal says its own

at_option = click.option(
    "--at",
    envvar="TRACES_URL",
    help="Where they are received; by default by the running region.",
)
notice_option = click.option("--notice", default="", help="Those about this notice.")
role_option = click.option(
    "--role", default="", help="Those in which one acts as manager, operator, visitor …"
)
failed_option = click.option("--failed", is_flag=True, help="Those in which something failed.")


@click.group()
def traces() -> None:
    """The last thousand traces: receive them, find one, look at it."""


@traces.command()
@click.option("--port", default=4318, show_default=True, help="Where to listen.")
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Keep it to yourself: it asks nobody who they are.",
)
def receive(port: int, host: str) -> None:
    """Receive OTLP over HTTP until Ctrl-C, and show it on a page. A demonstration does so by itself."""
    from cli.traces.__main__ import receive as receive_until_told

    receive_until_told(port, host)


@traces.command("list")
@notice_option
@role_option
@failed_option
@click.option("--most", default=20, show_default=True, help="How many.")
@at_option
def list_(notice: str, role: str, failed: bool, most: int, at: str | None) -> None:
    """List traces, the newest first."""
    from cli.traces.summary import Summary
    from cli.traces.terminal import listing

    found = [Summary(**each) for each in _find(at, notice, role, failed, most)]
    if not found:
        click.echo("no such trace")
        return
    _console().print(listing(found))


@traces.command()
@click.argument("trace_id", required=False)
@notice_option
@role_option
@failed_option
@click.option("--brief", is_flag=True, help="Without the statements to databases.")
@at_option
def show(
    trace_id: str | None, notice: str, role: str, failed: bool, brief: bool, at: str | None
) -> None:
    """Show one trace as a waterfall: by TRACE_ID or its beginning, or the newest that fits."""
    from cli.traces.terminal import picture

    wanted = trace_id or _newest(at, notice, role, failed)
    answer = _ask(at, f"/v1/traces/{wanted}")
    if answer.status_code != 200:
        raise click.ClickException(f"{wanted}: no such trace is kept, or more than one begins so")
    click.echo(f"trace {wanted}  {_base(at)}/traces/{wanted}\n")
    came = each_span(otlp.TracesData.FromString(answer.content).resource_spans)
    spans = [read(program, span) for program, span in came]
    _console().print(picture(waterfall(spans, brief=brief)))


def _newest(at: str | None, notice: str, role: str, failed: bool) -> str:
    found = _find(at, notice, role, failed, 1)
    if not found:
        raise click.ClickException("no such trace")
    return str(found[0]["id"])


def _find(at: str | None, notice: str, role: str, failed: bool, most: int) -> list[dict[str, Any]]:
    question = {"notice": notice, "role": role, "failed": "1" if failed else "", "most": most}
    found: list[dict[str, Any]] = _ask(at, "/v1/traces", **question).json()
    return found


def _ask(at: str | None, path: str, **query: Any) -> Any:
    import requests  # a tenth of a second that the other commands need not wait

    try:
        return requests.get(_base(at) + path, params=query, timeout=ASKED_WITHIN_S)
    except requests.RequestException as problem:
        raise click.ClickException(f"nobody receives traces at {_base(at)}") from problem


def _base(at: str | None) -> str:
    if at:
        return at.rstrip("/")
    port = address_book(Settings()).traces
    if not port:
        raise click.ClickException(
            "this region keeps no traces; start it with TRACES=1, or say where with --at"
        )
    return f"http://127.0.0.1:{port}"


def _console() -> Console:
    """As wide as the terminal; in a file nothing is cut."""
    found = Console()
    return found if found.is_terminal or "COLUMNS" in os.environ else Console(width=COLUMNS)
