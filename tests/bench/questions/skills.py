"""Whether the skills that a sentence asks for are proposed first: RP@5 and RP@10 on labelled sentences.

The sentences are public development data (`SKILLS_DATA`, or ../shared/data/skills beside the
project). Ours is what ProposeSkills answers; BM25 is tantivy's with English stems over the labels.
RP@k: what is right among the first k, as a share of k or of all that is right if that is less.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from services.matching.skills import esco
from services.matching.skills.books import Books
from services.matching.skills.proposing import propose
from services.matching.text.artefacts import FOLDER
from services.matching.text.encoder import Encoder, MiniLM, StaticVectors
from tests.bench.questions.by_words import index_of
from tests.bench.report import Row

ROOT = Path(__file__).parents[3]
DEPTH = 10
WORDS = re.compile(r"\w+")
Ranking = Callable[[str], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A text, and the labels of the skills that it asks for."""

    text: str
    right: frozenset[str]


def sentences(folder: Path, part: str) -> list[Sentence]:
    texts = {each["id"]: each["text"] for each in _lines(folder / f"{part}_queries.jsonl")}
    answers = _lines(folder / f"{part}_qrels.jsonl")
    return [Sentence(texts[each["q"]], frozenset(each["rel"])) for each in answers]


def _lines(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def rp(rank: Ranking, asked: Sequence[Sentence], k: int) -> float:
    shares = [
        sum(label in each.right for label in rank(each.text)[:k]) / min(k, len(each.right))
        for each in asked
    ]
    return float(np.mean(shares))


def by_words(labels: Sequence[str]) -> Ranking:
    index = index_of(labels)
    searcher = index.searcher()

    def rank(text: str) -> Sequence[str]:
        words = " ".join(WORDS.findall(text.lower()))
        hits = searcher.search(index.parse_query(words, ["text"]), DEPTH).hits
        return [labels[n] for n in searcher.fast_field_values("id", [at for _, at in hits])]

    return cache(rank)


def by_meaning(encoder: Encoder) -> Ranking:
    concepts = esco.read(FOLDER)
    books = Books(concepts, esco.vectors(FOLDER, encoder, concepts))
    return cache(lambda text: [each.concept.label for each in propose(books, encoder, text, DEPTH)])


def rows(_: Path) -> Iterator[Row]:
    folder = Path(os.environ.get("SKILLS_DATA", ROOT.parent / "shared/data/skills"))
    if not folder.is_dir():
        yield Row("skills from sentences", f"no data in {folder}", "-", "SKILLS_DATA", False)
        return
    words = by_words([each["text"] for each in _lines(folder / "esco_skills.jsonl")])
    ours, lesser = by_meaning(MiniLM(FOLDER)), by_meaning(StaticVectors(FOLDER))
    for part, k, least in (
        ("tech", 5, 0.60),
        ("tech", 10, 0),
        ("house", 5, 0),
        ("house", 10, 0.59),
    ):
        asked = sentences(folder, f"{part}_test")
        baseline, found = rp(words, asked, k), rp(ours, asked, k)
        what, against = f"skills from sentences, {part.upper()}: RP@{k}", f"BM25 {baseline:.3f}"
        share = found / baseline
        yield Row(what, f"{share:.2f}x ({found:.3f})", against, ">= 1.35x", share >= 1.35)
        if least:
            yield Row(what, f"{found:.3f}", against, f">= {least:.2f}", found >= least)
    asked = sentences(folder, "house_test")
    share = rp(lesser, asked, DEPTH) / rp(words, asked, DEPTH)
    what = "skills from sentences, HOUSE, static vectors: RP@10"
    yield Row(what, f"{share:.2f}x", "BM25", ">= 1.2x", share >= 1.2)
