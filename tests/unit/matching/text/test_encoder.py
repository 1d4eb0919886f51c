"""Encoders: that like texts come out alike, and what happens when their files are not what they should be."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from interchange.matching.v1.matching_pb2 import SearchNoticesResponse

from services.matching.text.artefacts import EVERY, FOLDER, MINILM, STATIC, Unusable
from services.matching.text.encoder import Encoder, MiniLM, StaticVectors
from services.matching.text.loading import load_encoder

TEXTS = ["Homelessness prevention officer", "Swimming pool attendant"]


@pytest.fixture(params=[MiniLM, StaticVectors], scope="module")
def encoder(request: pytest.FixtureRequest) -> Encoder:
    made: Encoder = request.param(FOLDER)
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for artefact in EVERY:
        (tmp_path / artefact.file).symlink_to(FOLDER / artefact.file)
    return tmp_path


def spoil(path: Path) -> None:
    path.unlink()  # the link, not what it leads to
    path.write_bytes(b"half a file")


def test_like_texts_come_out_alike(encoder: Encoder) -> None:
    near, far = encoder.encode(TEXTS) @ encoder.encode(["helping people who are homeless"]).T

    assert near[0] > 0.5 > far[0]


def test_vectors_have_length_one_and_the_order_of_their_texts(encoder: Encoder) -> None:
    texts = [f"{'word ' * number} number {number}" for number in (40, 2, 300, 7)]

    vectors = encoder.encode(texts)

    assert vectors.shape == (4, encoder.dimensions)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    alone = np.vstack([encoder.encode([text]) for text in texts])
    assert (vectors * alone).sum(axis=1).min() > 0.98


@pytest.mark.parametrize("text", ["", " ", "\x00\x07", "\u202e" * 50, "word " * 20_000])
def test_any_text_has_a_vector_of_numbers(encoder: Encoder, text: str) -> None:
    assert np.isfinite(encoder.encode([text])).all()


def test_the_best_encoder_is_taken(folder: Path) -> None:
    found = load_encoder(folder)

    assert found is not None
    assert found.quality == SearchNoticesResponse.ENCODER


def test_without_its_file_static_vectors_answer_and_without_theirs_nothing_does(
    folder: Path,
) -> None:
    (folder / MINILM.file).unlink()
    found = load_encoder(folder)
    assert found is not None
    assert found.quality == SearchNoticesResponse.STATIC_VECTORS

    spoil(folder / STATIC.file)

    assert load_encoder(folder) is None


@pytest.mark.parametrize("artefact", EVERY, ids=lambda each: each.file)
def test_a_file_that_is_missing_or_other_is_named(folder: Path, artefact: object) -> None:
    assert artefact in EVERY
    each = EVERY[EVERY.index(artefact)]
    spoil(folder / each.file)

    with pytest.raises(Unusable, match=f"{each.file} is corrupt or of another version"):
        each.check(folder)

    shutil.rmtree(folder)
    with pytest.raises(Unusable, match=f"{each.file} cannot be read"):
        each.check(folder)
