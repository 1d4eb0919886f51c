"""Whether names of one job are found among those of others: mean average precision over `titles.txt`.

Each name asks once, the others of its line are right, all other names are wrong. BM25 is tantivy's
with English stems; ours is meaning and words together, as suggestions use them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tantivy import Query

from services.matching.text.artefacts import FOLDER
from services.matching.text.encoder import MiniLM, StaticVectors
from services.matching.text.lexical import Lexicon
from services.matching.text.terms import stems_of
from services.matching.text.windows import on_scale, text_fit
from tests.bench.questions.by_words import index_of
from tests.bench.report import Row

TITLES = Path(__file__).with_name("titles.txt")
Scores = NDArray[np.float32]  # (names, names): how well the second answers the first


def groups() -> list[list[str]]:
    lines = TITLES.read_text().splitlines()
    return [
        [name.strip() for name in line.split("|")] for line in lines if not line.startswith("#")
    ]


def average_precision(ranking: Sequence[int], right: set[int]) -> float:
    found, total = 0, 0.0
    for place, each in enumerate(ranking, start=1):
        if each in right:
            found += 1
            total += found / place
    return total / len(right)


def mean_average_precision(scores: Scores, belonging: Sequence[int]) -> float:
    """Equal scores are in nobody's favour: they keep an order drawn once."""
    order = np.random.default_rng(4).permutation(len(belonging))
    values = []
    for row, group in enumerate(belonging):
        ranked = order[np.argsort(-scores[row][order], kind="stable")]
        right = {each for each, its in enumerate(belonging) if its == group and each != row}
        values.append(average_precision([each for each in ranked if each != row], right))
    return float(np.mean(values))


def bm25(names: Sequence[str]) -> Scores:
    index = index_of(names)
    searcher, scores = index.searcher(), np.zeros((len(names), len(names)), np.float32)
    for row, name in enumerate(names):
        terms = [Query.term_query(index.schema, "text", term) for term in stems_of(name)]
        found = searcher.search(terms[0].or_should_match(*terms[1:]), len(names)).hits
        places = searcher.fast_field_values("id", [address for _, address in found])
        scores[row, places] = [score for score, _ in found]
    return scores


def together(names: Sequence[str], vectors: Scores, encoder: str) -> Scores:
    lexicon = Lexicon.of(names)
    dense = on_scale(vectors @ vectors.T, encoder)
    lexical = [[lexicon.likeness(one, other) for other in names] for one in names]
    return np.vectorize(text_fit, otypes=[np.float32])(dense, np.array(lexical))


def rows(_: Path) -> Iterator[Row]:
    together_in = groups()
    names = [name for group in together_in for name in group]
    belonging = [number for number, group in enumerate(together_in) for _ in group]

    def score(scores: Scores) -> float:
        return mean_average_precision(scores, belonging)

    minilm, static = MiniLM(FOLDER), StaticVectors(FOLDER)
    vectors = minilm.encode(names)
    few = static.encode(names)
    words, alone = score(bm25(names)), score(vectors @ vectors.T)
    ours = score(together(names, vectors, minilm.name))
    lesser = score(together(names, few, static.name))
    yield _row("names of one job: MAP", ours, "BM25", words, least=1.7)
    yield _row("names of one job: MAP", ours, "MiniLM alone", alone, least=1.08)
    yield _row("names of one job, static vectors: MAP", lesser, "BM25", words, least=1.3)


def _row(what: str, ours: float, beside: str, baseline: float, *, least: float) -> Row:
    share = ours / baseline
    measured, against = f"{share:.2f}x ({ours:.3f})", f"{beside} {baseline:.3f}"
    return Row(what, measured, against, f">= {least}x", share >= least)
