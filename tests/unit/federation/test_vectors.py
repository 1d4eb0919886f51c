"""The published test vectors: what another team's implementation must read, and write, to the byte."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from services.federation.protocol.document import read_document
from services.federation.protocol.entry import BadEntry, read_entry, verify_entry
from tests.unit.federation import vectors

PUBLISHED: dict[str, Any] = json.loads(
    (Path(__file__).parents[3] / "docs" / "federation" / "vectors.json").read_text()
)


def test_the_vectors_are_what_this_program_writes() -> None:
    """`python -m tests.unit.federation.vectors` writes them anew; a change here breaks every partner."""
    assert vectors.build(PUBLISHED["sealedRecord"]["payload"]) == PUBLISHED


def test_the_vectors_are_what_this_program_reads() -> None:
    vectors.check(PUBLISHED)


@pytest.mark.parametrize("case", PUBLISHED["refused"], ids=lambda case: case["reason"])
def test_what_must_be_refused_is_refused(case: dict[str, str]) -> None:
    document = read_document(PUBLISHED["document"].encode())

    with pytest.raises(BadEntry) as refused:
        verify_entry(*read_entry(case["line"].encode()), document)

    assert refused.value.reason == case["reason"]
