"""`interchange keys`: the keys of a region's programs, for where folders are not shared."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from cli import keys as keyring
from cli import kubernetes

RELEASE = click.option(
    "--release", default="interchange", show_default=True, help="The Helm release's full name."
)


@click.group()
def keys() -> None:
    """Make the keys that a region's programs know each other by."""


@keys.command()
@RELEASE
def manifest(release: str) -> None:
    """Print new Secrets for `kubectl apply -f -`: one for each program, and nothing kept here."""
    items = kubernetes.secrets(release, _new())
    click.echo(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}, indent=2))


@keys.command()
@RELEASE
@click.option(
    "--api", default=kubernetes.own_cluster, help="The cluster's API; inside one: its own."
)
@click.option(
    "--account",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=kubernetes.ACCOUNT,
    help="The service account: a folder with token, namespace and ca.crt.",
)
def apply(release: str, api: str, account: Path) -> None:
    """Inside a cluster: make the Secrets in this namespace, unless they are there."""
    namespace = kubernetes.Namespace(api, account)
    items = kubernetes.secrets(release, _new())
    there = [each for each in items if namespace.has(each["metadata"]["name"])]
    if len(there) == len(items):
        click.echo("the Secrets are there: nothing to do")
        return
    if there:
        names = ", ".join(each["metadata"]["name"] for each in there)
        raise click.ClickException(
            f"some Secrets are there ({names}) and others are not. Keys are made together: "
            "bring the missing ones back from your backup, or delete all of them to begin anew"
        )
    try:
        for each in items:
            namespace.create(each)
    except kubernetes.Refused as problem:
        raise click.ClickException(str(problem)) from problem
    click.echo(f"made {len(items)} Secrets")


def _new() -> Mapping[str, Mapping[str, bytes]]:
    with TemporaryDirectory() as folder:
        keyring.create(Path(folder))
        return keyring.parcels(Path(folder))
