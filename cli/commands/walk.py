"""`interchange walk`: does the region do what it is for?"""

from __future__ import annotations

import click

from cli.channels import service_channel
from cli.settings import Settings
from cli.walk import Door, Story, WentWrong, look


@click.command()
@click.option("--gateway", envvar="GATEWAY_URL", required=True, help="Where the API answers.")
@click.option("--web", envvar="WEB_URL", default="", help="Where the pages answer.")
@click.option(
    "--story/--no-story",
    default=True,
    help="Walk the main story with two organisations made for it, or only look.",
)
def walk(gateway: str, web: str, story: bool) -> None:
    """Look at a running region from outside; with the story, publish, find, accept and complete something."""
    door = Door(gateway)
    try:
        look(door, Door(web) if web else None, click.echo)
        if story:
            Story.through(door, service_channel(Settings(), "identity"), click.echo).walk()
    except WentWrong as problem:
        raise click.ClickException(str(problem)) from problem
    click.echo("all is well")
