"""Whether notices of small authorities are seen: 333 authorities, seeded, each notice asked for once.

Large authorities post many notices, and better written ones, which is what pure relevance rewards. A
small authority's notice that stands in nobody's first ten is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from services.matching.suggestions.fairness import SHOWN_FIRST, Exposure, Ranked, fair_order
from tests.bench.report import Row

AUTHORITIES = 333
SUBJECTS = 12
LOOKED_AT = 200
SMALL = 2  # notices at most
Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Network:
    """Who posted each notice, and how well each fits each."""

    owners: NDArray[np.intp]
    fits: Scores
    is_small: NDArray[np.bool_]


def network(seed: int) -> Network:
    rng = np.random.default_rng(seed)
    counts = np.minimum(1 + rng.pareto(1.1, AUTHORITIES).astype(int), 40)
    owners = np.repeat(np.arange(AUTHORITIES), counts)
    about = rng.dirichlet(np.full(SUBJECTS, 0.3), len(owners))
    about /= np.linalg.norm(about, axis=1, keepdims=True)
    places = rng.uniform(0, 1, (AUTHORITIES, 2))[owners]
    away = np.linalg.norm(places[:, None] - places[None], axis=2)
    written = 0.02 * np.log(counts)[owners] + rng.normal(0, 0.02, len(owners))
    fits = 0.65 * about @ about.T + 0.15 * np.clip(1 - away, 0, 1) + written[None] + 0.05
    return Network(owners, np.clip(fits, 0, 1), counts[owners] <= SMALL)


def ask_all(
    made: Network, order: Callable[[Sequence[Ranked]], Sequence[Ranked]], exposure: Exposure
) -> tuple[float, float]:
    """The share of small authorities' notices that nobody saw among the first, and the mean fit of the first."""
    seen, fits = set[int](), []
    for asks in np.random.default_rng(7).permutation(len(made.owners)):
        scores = np.where(made.owners == made.owners[asks], -1.0, made.fits[asks])
        best = np.argsort(-scores, kind="stable")[:LOOKED_AT]
        ranked = [Ranked(str(n), str(made.owners[n]), float(scores[n])) for n in best]
        first = order(ranked)[:SHOWN_FIRST]
        exposure.note([each.name for each in first])
        seen.update(int(each.name) for each in first)
        fits.append(np.mean([each.fit for each in first]))
    lost = [number not in seen for number in np.flatnonzero(made.is_small)]
    return float(np.mean(lost)), float(np.mean(fits))


def rows(_: Path) -> Iterator[Row]:
    made, exposure = network(seed=333), Exposure()
    pure, pure_fit = ask_all(made, lambda ranked: ranked, Exposure())
    fair, fair_fit = ask_all(made, lambda ranked: fair_order(ranked, exposure.of), exposure)
    share, cost = fair / pure, 1 - fair_fit / pure_fit
    what, beside = "small authorities' notices nobody sees", f"pure relevance {pure:.1%}"
    yield Row(what, f"{share:.2f}x ({fair:.1%})", beside, "<= 1/3", share <= 1 / 3)
    yield Row(
        "what that costs of mean fit", f"{cost:.2%}", f"{pure_fit:.3f}", "<= 1%", cost <= 0.01
    )
