"""`interchange keys`: the keys of a region's programs, for where folders are not shared."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

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
@click.option(
    "--beside",
    type=click.File(),
    help="The Secrets that are there, as `kubectl get secrets -o json` prints them: print what they lack, "
    "for `kubectl replace --force -f -`.",
)
@click.option(
    "--renew",
    "renewed",
    metavar="PROGRAM",
    type=click.Choice(keyring.SIGNERS),
    multiple=True,
    help="With --beside: new keys for this program, in place of those that it has.",
)
def manifest(release: str, beside: TextIO | None, renewed: tuple[str, ...]) -> None:
    """Print new Secrets for `kubectl apply -f -`: one for each program, and nothing kept here."""
    there = _read(release, json.load(beside)["items"]) if beside else {}
    items = [
        kubernetes.secret(release, whom, files)
        for whom, files in _missing(release, there, renewed).items()
    ]
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
    """Inside a cluster: make the Secrets in this namespace that are not there. Safe to run again."""
    namespace = kubernetes.Namespace(api, account)
    try:
        made = _complete(namespace, release)
    except kubernetes.Refused as problem:
        raise click.ClickException(str(problem)) from problem
    click.echo(f"made {', '.join(made)}" if made else "the Secrets are there: nothing to do")


def _complete(namespace: kubernetes.Namespace, release: str) -> list[str]:
    found = {whom: namespace.read(kubernetes.name_of(release, whom)) for whom in keyring.WHOM}
    there = {whom: files for whom, files in found.items() if files is not None}
    missing = _missing(release, there)
    # What says who there is comes last: whoever ends before that begins again as if nothing had been made.
    for whom, files in missing.items():
        bring = namespace.replace if whom in there else namespace.create
        bring(kubernetes.secret(release, whom, files))
    return [kubernetes.name_of(release, whom) for whom in missing]


def _missing(release: str, there: keyring.Parcels, renewed: Sequence[str] = ()) -> keyring.Parcels:
    try:
        return keyring.missing(there, renewed)
    except keyring.Lost as lost:
        raise click.ClickException(
            f"Secrets {release}-keys-… are gone or lack a file: {lost}. What they encrypted, new ones can't "
            "read: bring them back from your backup, or delete all of them to begin anew"
        ) from lost


def _read(release: str, items: list[dict[str, Any]]) -> keyring.Parcels:
    secrets = {each["metadata"]["name"]: each for each in items}
    names = {whom: kubernetes.name_of(release, whom) for whom in keyring.WHOM}
    return {
        whom: kubernetes.files_of(secrets[name]) for whom, name in names.items() if name in secrets
    }
