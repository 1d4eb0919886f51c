"""A region is written into one file while people work, and is whole again elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from threading import Event
from typing import Any
from zipfile import ZipFile

import orjson
import pytest
from click.testing import CliRunner, Result

from cli.__main__ import main
from cli.backup.archive import Reading
from cli.settings import SERVICES
from tests.conftest import new_database
from tests.support.api import Api
from tests.support.posting import Posting, pages
from tests.support.region import RunningRegion
from tests.support.waiting import eventually

pytestmark = pytest.mark.e2e

OF_ITS_TIME = "time"  # when the stream got it: a restored one gets it anew


@pytest.fixture(scope="module")
def posting(region: RunningRegion) -> Posting:
    world = region.world("backup")
    return Posting(world.manager(world.organisation("Council kept"), "Manager kept"), "backup")


@pytest.fixture(scope="module")
def backup(
    region: RunningRegion, posting: Posting, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Taken in the middle of posts, which went on."""
    file = tmp_path_factory.mktemp("backup") / "region.backup"
    with at_work(posting):
        publishes_on(posting)
        expect_done(interchange(region.data, "backup", str(file)))
        publishes_on(posting)
    return file


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_what_is_restored_is_what_was_written(
    backup: Path, engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    environment = {}
    if engine == "postgresql":
        server = request.getfixturevalue("postgresql_url")
        environment = {
            f"{each.upper()}_DATABASE_URL": new_database(server, each) for each in SERVICES
        }

    data = tmp_path / "not there yet"

    expect_done(interchange(data, "restore", str(backup), **environment))

    again = tmp_path / "again.backup"
    expect_done(interchange(data, "backup", str(again), **environment))
    assert contents(again) == contents(backup)


def test_of_many_backups_the_newest_are_kept(backup: Path, tmp_path: Path) -> None:
    expect_done(interchange(tmp_path, "restore", str(backup)))
    folder = tmp_path / "nightly"
    folder.mkdir()
    for name in (
        "east-of-england-20260101T020000Z",
        "east-of-england-20260102T020000Z",
        "wales-20250101T020000Z",
    ):
        (folder / f"{name}.backup").touch()

    expect_done(interchange(tmp_path, "backup", str(folder), "--keep", "2"))

    kept = sorted(path.name for path in folder.iterdir())
    assert len(kept) == 3
    assert "east-of-england-20260101T020000Z.backup" not in kept
    assert "wales-20250101T020000Z.backup" in kept


def test_what_was_never_a_region_is_not_backed_up(tmp_path: Path) -> None:
    refused = interchange(tmp_path, "backup", str(tmp_path / "nothing.backup"))

    assert refused.exit_code == 1
    assert "was never used" in refused.output


def test_a_restored_region_goes_on(backup: Path, posting: Posting, tmp_path: Path) -> None:
    expect_done(interchange(tmp_path, "restore", str(backup)))

    with RunningRegion.started(tmp_path) as restored:
        # The same keys: who was signed in still is.
        manager = Api(restored.url, token=posting.manager.api.token)

        eventually(lambda: expect_whole(manager, posting), timeout_s=60)
        Posting(replace(posting.manager, api=manager), "restored").notice(0)


def test_a_region_in_use_is_not_written_over(
    region: RunningRegion, backup: Path, tmp_path: Path
) -> None:
    expect_done(interchange(tmp_path, "restore", str(backup)))

    running = interchange(region.data, "restore", str(backup))
    full = interchange(tmp_path, "restore", str(backup))
    another = interchange(tmp_path / "new", "restore", str(backup), REGION="wales")

    assert "is running" in running.output
    assert "is in use" in full.output
    assert "the backup is of east-of-england" in another.output
    assert running.exit_code == full.exit_code == another.exit_code == 1


def test_a_damaged_file_is_refused(backup: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.backup"
    content = bytearray(backup.read_bytes())
    with ZipFile(backup) as whole:
        largest = max(whole.infolist(), key=lambda member: member.compress_size)
    content[largest.header_offset + largest.compress_size // 2] ^= 0xFF
    damaged.write_bytes(content)

    refused = interchange(tmp_path / "new", "restore", str(damaged))

    assert refused.exit_code == 1
    assert largest.filename in refused.output
    assert not (tmp_path / "new").exists()


def interchange(data: Path, *arguments: str, **environment: str) -> Result:
    """The operator's command on a data folder."""
    return CliRunner(env={"DATA_DIR": str(data), **environment}).invoke(main, arguments)


def expect_done(result: Result) -> None:
    assert result.exit_code == 0, result.output


def contents(file: Path) -> Mapping[str, list[dict[str, Any]]]:
    """All rows and messages, by what they are of."""
    archive = Reading(file)
    return {
        member: [_timeless(orjson.loads(line)) for line in archive.lines(member)]
        for member in archive.manifest.contents
        if member.endswith(".jsonl")
    }


def _timeless(line: dict[str, Any]) -> dict[str, Any]:
    return {
        key: value for key, value in line.items() if key != OF_ITS_TIME or "payload" not in line
    }


@contextmanager
def at_work(posting: Posting) -> Iterator[None]:
    """Somebody posts without a pause for as long as the block takes."""
    numbers, is_over = count(), Event()

    def work() -> None:
        while not is_over.is_set():
            posting.notice(next(numbers))

    with ThreadPoolExecutor(1) as pool:
        client = pool.submit(work)
        try:
            yield
        finally:
            is_over.set()
        client.result()


def publishes_on(posting: Posting) -> None:
    already = len(posting.published)
    eventually(lambda: _assert(len(posting.published) > already + 5), timeout_s=60)


def expect_whole(manager: Api, posting: Posting) -> None:
    """All programs know the same notices, each once: what one had told and another not yet heard came after."""
    organisation = posting.manager.organisation
    kept = {
        each["name"]: each["state"]
        for each in pages(manager, "/v1/notices", "notices", organisation=organisation)
    }
    published = Counter(name for name, state in kept.items() if state == "PUBLISHED")
    found = pages(manager, "/v1/notices:search", "notices", organisation=organisation)
    told = pages(manager, "/v1/messages", "messages")
    assert len(published) > 5
    assert set(published) < set(posting.published)
    assert Counter(each["name"] for each in found) == published
    assert (
        Counter(each["about"] for each in told if each["template"] == "notice-published")
        == published
    )


def _assert(claim: bool) -> None:
    assert claim
