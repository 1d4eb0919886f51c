"""Whether names of one job are found among those of others: mean average precision over `titles.txt`.

Each name asks once, the others of its line are right, all other names are wrong. BM25 is tantivy's
with English stems; ours is meaning and words together, by the encoder that matching loads and as search
and suggestions add them up.

Half of the lines, drawn by a seed, are to try things on; the bars are about the other half only, on which nothing is
ever to be tried. What is tried is shown beside, so that a gain that is of the lines only is seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tantivy import Query

from services.matching.text.artefacts import FOLDER
from services.matching.text.encoder import Encoder, MiniLM, StaticVectors
from services.matching.text.lexical import Lexicon
from services.matching.text.loading import load_encoder
from services.matching.text.terms import stems_of
from services.matching.text.windows import on_scale, text_fit
from tests.bench.questions.by_words import index_of
from tests.bench.report import Row

TITLES = Path(__file__).with_name("titles.txt")
SEED = 2026
Scores = NDArray[np.float32]  # (names, names): how well the second answers the first


def groups() -> list[list[str]]:
    lines = TITLES.read_text().splitlines()
    return [
        [name.strip() for name in line.split("|")] for line in lines if not line.startswith("#")
    ]


def halves(lines: int) -> tuple[set[int], set[int]]:
    """Lines to try things on, and lines to judge by."""
    drawn = np.random.default_rng(SEED).permutation(lines).tolist()
    return set(drawn[: lines // 2]), set(drawn[lines // 2 :])


def average_precision(ranking: Sequence[int], right: set[int]) -> float:
    found, total = 0, 0.0
    for place, each in enumerate(ranking, start=1):
        if each in right:
            found += 1
            total += found / place
    return total / len(right)


def mean_average_precision(scores: Scores, belonging: Sequence[int], lines: set[int]) -> float:
    """Of the names of these lines, found among all. Equal scores keep an order drawn once, in nobody's favour."""
    order = np.random.default_rng(4).permutation(len(belonging))
    values = []
    for row, group in enumerate(belonging):
        if group not in lines:
            continue
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


def together(names: Sequence[str], encoder: Encoder) -> Scores:
    lexicon, vectors = Lexicon.of(names), encoder.encode(names)
    dense = on_scale(vectors @ vectors.T, encoder.name)
    lexical = [[lexicon.likeness(one, other) for other in names] for one in names]
    return np.vectorize(text_fit, otypes=[np.float32])(dense, np.array(lexical))


def rows(_: Path) -> Iterator[Row]:
    lines = groups()
    names = [name for line in lines for name in line]
    belonging = [number for number, line in enumerate(lines) for _ in line]
    tried, judged = halves(len(lines))
    encoder, vectors = load_encoder(), MiniLM(FOLDER).encode(names)
    assert encoder is not None, "make model"
    words, alone = bm25(names), vectors @ vectors.T
    ours = together(names, encoder)

    def score(scores: Scores, of: set[int] = judged) -> float:
        return mean_average_precision(scores, belonging, of)

    for beside, least, other in (("BM25", 1.7, words), ("MiniLM alone", 1.08, alone)):
        against = f"tried {score(ours, tried) / score(other, tried):.2f}x; {beside}"
        yield _row("names of one job: MAP", score(ours), against, score(other), least=least)
    lesser = score(together(names, StaticVectors(FOLDER)))
    yield _row("names of one job, static vectors: MAP", lesser, "BM25", score(words), least=1.3)


def _row(what: str, ours: float, beside: str, baseline: float, *, least: float) -> Row:
    share = ours / baseline
    found, against = f"{share:.2f}x ({ours:.3f})", f"{beside} {baseline:.3f}"
    return Row(what, found, against, f">= {least}x", share >= least)
