"""From applicants to the graph of their possible pairs: all of them or, in a large cohort, each person's best few."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from services.matching.pairing.applicants import Rules, Wishes
from services.matching.pairing.fitting import Block, Reason, fit
from services.matching.pairing.graph import NOBODY, Graph
from services.matching.pairing.pool import Bools, Ints, Pool, sides

MOST_AT_ONCE = 7_000_000  # pairs that are looked at in one piece
BEST = 50  # possible pairs of each person that a larger cohort keeps
ROWS = 500  # people of one piece of it


def graph_of(pool: Pool, rules: Rules, wishes: Wishes) -> Graph:
    """Who may be paired with whom. Locked pairs are settled: they are in it no more, and use up quotas."""
    first, second = sides(pool)
    is_pool = first is second
    one, other, points = _edges(pool, first, second, rules, wishes)
    if is_pool:
        once = one < other
        one, other, points = one[once], other[once], points[once]
    is_first = np.zeros(len(pool), np.bool_)
    is_first[first] = True
    locked = _locked(pool, wishes)
    return Graph(
        size=len(pool),
        is_first=None if is_pool else is_first,
        one=one,
        other=other,
        points=points.astype(np.int64),
        is_kept=_kept(pool, one, other, wishes),
        organisation=np.where(locked, NOBODY, pool.organisation),
        quota=_quota(pool, rules, locked),
    ).only(~locked[one])


def is_restricted(pool: Pool) -> bool:
    """Whether only each person's best few are looked at."""
    first, second = sides(pool)
    return len(first) * len(second) > MOST_AT_ONCE


def _edges(
    pool: Pool, first: Ints, second: Ints, rules: Rules, wishes: Wishes
) -> tuple[Ints, Ints, Ints]:
    if not is_restricted(pool):
        return _allowed(fit(pool, first, second, rules, wishes))
    found = [_best(block) for block in _pieces(pool, first, second, rules, wishes)]
    for block in _pieces(pool, second, first, rules, wishes):
        theirs, mine, points = _best(block)
        found.append((mine, theirs, points))
    one, other, points = (np.concatenate(parts) for parts in zip(*found, strict=True))
    _, once = np.unique(one * len(pool) + other, return_index=True)
    return one[once], other[once], points[once]


def _pieces(pool: Pool, first: Ints, second: Ints, rules: Rules, wishes: Wishes) -> Iterator[Block]:
    for start in range(0, len(first), ROWS):
        yield fit(pool, first[start : start + ROWS], second, rules, wishes)


def _allowed(block: Block) -> tuple[Ints, Ints, Ints]:
    row, column = np.nonzero(block.reason == Reason.ALLOWED)
    return block.one[row], block.other[column], block.points[row, column].astype(np.int64)


def _best(block: Block) -> tuple[Ints, Ints, Ints]:
    """Each row's best; of equals the first, so that the answer is always the same."""
    points = np.where(block.reason == Reason.ALLOWED, block.points, -1)
    columns = np.argsort(-points, axis=1, kind="stable")[:, :BEST]
    row = np.repeat(np.arange(len(block.one)), columns.shape[1])
    column = columns.ravel()
    is_allowed = points[row, column] >= 0
    row, column = row[is_allowed], column[is_allowed]
    return block.one[row], block.other[column], points[row, column].astype(np.int64)


def _locked(pool: Pool, wishes: Wishes) -> Bools:
    named = {name for pair in wishes.locked for name in pair}
    return np.array([name in named for name in pool.names], np.bool_)


def _kept(pool: Pool, one: Ints, other: Ints, wishes: Wishes) -> Bools:
    at = pool.index
    before = np.full(len(pool), NOBODY)
    for mine, theirs in wishes.published:
        if mine in at and theirs in at:
            before[at[mine]], before[at[theirs]] = at[theirs], at[mine]
    kept: Bools = before[one] == other
    return kept


def _quota(pool: Pool, rules: Rules, locked: Bools) -> Ints:
    """What locked pairs have left of each organisation's quota."""
    used = np.bincount(pool.organisation[locked], minlength=len(pool.organisations))
    given = [rules.quota(each) for each in pool.organisations]
    rows = enumerate(given)
    left = [NOBODY if quota is None else max(quota - int(used[o]), 0) for o, quota in rows]
    return np.array(left, np.int64)
