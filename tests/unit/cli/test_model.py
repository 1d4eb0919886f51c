"""The model's files, with and without those that not everybody wants."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.commands.model import model
from services.matching.text.artefacts import EVERY, FOLDER, MINILM, STATIC_FILES
from services.matching.text.loading import load_encoder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """All but the static vectors."""
    for artefact in set(EVERY) - set(STATIC_FILES):
        (tmp_path / artefact.file).symlink_to(FOLDER / artefact.file)
    monkeypatch.setenv("MODEL_DIR", str(tmp_path))
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(model, arguments)


def test_a_model_without_static_vectors_is_whole_for_who_wants_none(folder: Path) -> None:
    assert run("verify", "--without-static").exit_code == 0
    assert run("build", "--unless-whole", "--without-static").output == ""

    missing = run("verify")

    assert missing.exit_code == 1
    assert all(f"{each.file} cannot be read" in missing.output for each in STATIC_FILES)


def test_without_static_vectors_the_encoder_answers_and_without_it_words_do(folder: Path) -> None:
    assert load_encoder(folder) is not None

    (folder / MINILM.file).unlink()

    assert load_encoder(folder) is None
