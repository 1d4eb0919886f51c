"""The last release becomes today's and back while people work: old and new programs go together."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from cli.settings import SERVICES
from deploy.checks.rolling import RETRIED, at_work
from tests.conftest import new_database
from tests.support import servers
from tests.support.fleet import Fleet, last, today

# Its gateway, which is here for as long as services are replaced, does not yet ask again what a program that stops has
# not begun: it says 503, and its caller asks again.
BY_THE_LAST_RELEASE = frozenset({503})


def test_the_last_release_becomes_today_and_back_while_people_work(tmp_path: Path) -> None:
    now, before = today(), last(tmp_path / "released")
    # As root, PostgreSQL runs as another user, who may not enter pytest's folders.
    with (
        TemporaryDirectory(prefix="interchange-") as folder,
        servers.postgresql(Path(folder)) as server,
        Fleet.assembled(tmp_path, {each: new_database(server, each) for each in SERVICES}) as fleet,
    ):
        fleet.start(before)

        with at_work(fleet, RETRIED | BY_THE_LAST_RELEASE) as go_on:
            fleet.prepare(now)
            go_on()
            for program in now.programs:
                fleet.replace(program, now)
                go_on()
            for program in reversed(before.programs):
                fleet.replace(program, before)
                go_on()
