"""Vectors that know jobs: that names of one job come nearer, and what happens without what they lean to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from services.matching.skills.framework import Esco
from services.matching.text.artefacts import EVERY, FOLDER
from services.matching.text.encoder import MiniLM, Quality
from services.matching.text.leaning import Leaning, concepts_file
from services.matching.text.loading import load_encoder
from services.matching.text.vectors import Vector

JOBS = ["doorman", "club bouncer", "stonemason", "stone carver"]


@pytest.fixture(scope="module")
def plain() -> MiniLM:
    return MiniLM(FOLDER)


@pytest.fixture(scope="module")
def leaning(plain: MiniLM) -> Leaning:
    return Leaning(plain, FOLDER)


@pytest.fixture
def folder(tmp_path: Path, plain: MiniLM) -> Path:
    """A model's folder whose files may be taken away."""
    for name in (*(each.file for each in EVERY), concepts_file(FOLDER, plain).name):
        (tmp_path / name).symlink_to(FOLDER / name)
    return tmp_path


def test_names_of_one_job_come_nearer_and_of_two_jobs_do_not(
    plain: MiniLM, leaning: Leaning
) -> None:
    before, after = (each.encode(JOBS) @ each.encode(JOBS).T for each in (plain, leaning))

    for one, other in ((0, 1), (2, 3)):
        assert after[one, other] > before[one, other] + 0.1
    for one, other in ((0, 2), (0, 3), (1, 2), (1, 3)):
        assert after[one, other] < before[one, other] + 0.1


def test_a_text_leans_and_stays_itself(plain: MiniLM, leaning: Leaning) -> None:
    texts = [*JOBS, "overpaid housing benefit", "How we opened a library at night", "x" * 300]

    kept = (plain.encode(texts) * leaning.encode(texts)).sum(axis=1)

    assert ((kept > 0.7) & (kept < 0.999)).all()


def test_each_text_has_the_same_vector_alone_and_among_others(leaning: Leaning) -> None:
    texts = [f"{job} at night, {number} of them" for number in range(10) for job in JOBS]

    alone = np.vstack([leaning.encode([text]) for text in texts])

    assert (leaning.encode(texts) * alone).sum(axis=1).min() > 0.98
    assert leaning.encode([]).shape == (0, leaning.dimensions)


def test_the_concepts_nearest_to_a_text_are_among_the_likeliest(
    leaning: Leaning, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [*JOBS, "overpaid housing benefit", "How we opened a library at night", ""]
    usual = leaning.encode(texts)

    monkeypatch.setattr("services.matching.text.leaning.LIKELY", 15_000)

    assert np.allclose(usual, leaning.encode(texts), atol=1e-3)


def test_the_best_encoder_leans_and_its_vectors_are_kept_apart(
    folder: Path, plain: MiniLM, leaning: Leaning
) -> None:
    found = load_encoder(folder)

    assert found is not None
    assert found.name == leaning.name != plain.name
    assert len(found.name) <= Vector.__table__.c.encoder.type.length  # type: ignore[attr-defined]


@pytest.mark.parametrize("content", [None, b"", b"half a file", b"\x93NUMPY"])
def test_without_its_concepts_the_encoder_answers_as_it_is(
    folder: Path, plain: MiniLM, content: bytes | None, capsys: pytest.CaptureFixture[str]
) -> None:
    path = concepts_file(folder, plain)
    path.unlink()
    if content is not None:
        path.write_bytes(content)

    found = load_encoder(folder)

    assert found is not None
    assert found.name == plain.name
    assert found.quality == Quality.ENCODER
    said = capsys.readouterr().out
    assert "concepts_unusable" in said
    assert path.name in said
    assert "interchange model build" in said


def test_concepts_of_another_shape_are_refused(folder: Path, plain: MiniLM) -> None:
    path = concepts_file(folder, plain)
    path.unlink()
    np.save(path, np.zeros((3, 384), np.float16))

    found = load_encoder(folder)

    assert found is not None
    assert found.name == plain.name


def test_skills_are_proposed_by_the_encoder_as_it_is(leaning: Leaning) -> None:
    assert Esco(FOLDER, lambda: leaning).encoder is leaning.plain
    assert Esco(FOLDER, lambda: None).encoder is None
