"""A backup's file is read as it was written, or refused in words, wherever it is damaged."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from cli.backup.archive import Manifest, Reading, Writing

LINES = {
    f"notices/{number}.jsonl": [b'{"a":%d}\n' % each for each in range(40)] for number in (1, 2)
}


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    path = tmp_path / "region.backup"
    with Writing(path) as archive:
        for member, lines in LINES.items():
            archive.add(member, lines)
        archive.finish(Manifest("east-of-england", "2026-11-30T12:00:00Z", {}, False))
    return path


def test_a_flipped_byte_is_refused_or_harmless(backup: Path) -> None:
    content = backup.read_bytes()
    refused = 0

    for place in range(len(content)):
        damaged = bytearray(content)
        damaged[place] ^= 0xFF
        backup.write_bytes(damaged)
        refused += not _is_as_written(backup)

    assert refused > len(content) / 2  # the rest are a zip's dates and the like


def test_a_file_cut_short_is_refused(backup: Path) -> None:
    content = backup.read_bytes()

    for length in range(len(content)):
        backup.write_bytes(content[:length])
        assert not _is_as_written(backup)


def _is_as_written(path: Path) -> bool:
    """Whether it is taken; never as something else, and refused by a message only."""
    try:
        archive = Reading(path)
    except click.ClickException:
        return False
    assert {each: list(archive.lines(each)) for each in archive.members("")} == LINES
    return True
