"""`interchange model`: the files by which matching understands texts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from cli.model.building import NotBuilt, problems
from cli.model.building import build as build_files
from cli.settings import Settings
from services.matching.text.artefacts import EVERY, STATIC_FILES, Artefact

without_static = click.option(
    "--without-static",
    is_flag=True,
    help="Leave out the static vectors, which descend from a model under the Llama 2 licence.",
)


def _files(without_static: bool) -> Sequence[Artefact]:
    return [each for each in EVERY if not (without_static and each in STATIC_FILES)]


@click.group()
def model() -> None:
    """The files by which matching understands texts; without them it looks for words only."""


@model.command()
@click.option("--unless-whole", is_flag=True, help="Do nothing when they are there and whole.")
@without_static
def build(unless_whole: bool, without_static: bool) -> None:
    """Make them from published packages. Everybody who does gets the same bytes."""
    folder, files = Settings().model_dir, _files(without_static)
    if unless_whole and not list(problems(folder, files)):
        return
    try:
        build_files(folder, files)
    except NotBuilt as problem:
        raise click.ClickException(str(problem)) from problem
    click.echo(f"the model's files are in {folder}")


@model.command()
@without_static
def verify(without_static: bool) -> None:
    """Check that they are there, and are byte for byte those of this version."""
    folder: Path = Settings().model_dir
    found = list(problems(folder, _files(without_static)))
    if found:
        raise click.ClickException("; ".join(found))
    click.echo(f"the model in {folder} is whole")
