"""Pairs between two sides: the most there can be, those that are worth most, and prices that prove either.

Quotas are seats for staying away: an organisation with three people too many gets three seats that only
its people can take, and all are taken. What is left is matching in a bipartite graph.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching, min_weight_full_bipartite_matching

from services.matching.pairing.graph import NOBODY, Graph, Matching, Prices
from services.matching.pairing.pool import Bools, Ints

Worth = NDArray[np.int64]


@dataclass(frozen=True)
class Table:
    """The graph with its seats: rows are people of the first side and seats of the second, columns the others."""

    rows: Ints  # who; NOBODY for a seat
    columns: Ints
    row_seats: Ints  # whose seat, by row: an organisation's number; NOBODY for people
    column_seats: Ints
    row: Ints  # each possible pair, and who may take which seat
    column: Ints
    pair: Ints  # its number in the graph; NOBODY for a seat

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.rows), len(self.columns)

    @property
    def has_seats(self) -> bool:
        return bool(np.any(self.rows < 0) or np.any(self.columns < 0))

    def worth(self, worth: Worth) -> tuple[Worth, int]:
        """Of all, and that of a seat: more than any pair, so that no seat stays free."""
        seat = int(worth.max(initial=0)) + 1
        return np.append(worth, seat)[self.pair], seat


def table_of(graph: Graph) -> Table:
    assert graph.is_first is not None  # noqa: S101  # who calls has looked
    first, second = np.flatnonzero(graph.is_first), np.flatnonzero(~graph.is_first)
    row_seats, column_seats = _seats(graph, second), _seats(graph, first)
    place = np.empty(graph.size, np.int64)
    place[first], place[second] = np.arange(len(first)), np.arange(len(second))
    seat_row, seat_column = _takers(graph, row_seats, second, len(first), place)
    mine_column, mine_row = _takers(graph, column_seats, first, len(second), place)
    return Table(
        rows=np.append(first, np.full(len(row_seats), NOBODY)),
        columns=np.append(second, np.full(len(column_seats), NOBODY)),
        row_seats=np.append(np.full(len(first), NOBODY), row_seats),
        column_seats=np.append(np.full(len(second), NOBODY), column_seats),
        row=np.concatenate([place[graph.one], seat_row, mine_row]),
        column=np.concatenate([place[graph.other], seat_column, mine_column]),
        pair=np.append(np.arange(len(graph)), np.full(len(seat_row) + len(mine_row), NOBODY)),
    )


def most(graph: Graph) -> Matching:
    """As many pairs as possible (Hopcroft and Karp)."""
    table = table_of(graph)
    if table.has_seats:  # which are to be taken first
        return best(graph, np.ones(len(graph), np.int64))
    return _people(graph, table, _largest(table))


def best(graph: Graph, worth: Worth) -> Matching:
    """The pairs that together are worth most; each is worth more than nothing."""
    table = table_of(graph)
    return _people(graph, table, _heaviest(table, *table.worth(worth)))


def prices(graph: Graph, worth: Worth, matching: Matching) -> Prices:
    """Those that prove that no choice is worth more than this one, if that is so."""
    table = table_of(graph)
    all_worth, seat = table.worth(worth)
    rows, columns = _prices(table, all_worth, _taken(graph, table, matching))
    return _without_seats(graph, table, rows, columns, seat)


def reachable(graph: Graph) -> tuple[Bools, Bools]:
    """Of each person, and of each organisation's seats, whether some largest choice leaves them free.

    Two of these, one on each side, would make one pair more if they were allowed to (Dulmage and
    Mendelsohn 1958); and so would one seat less of such an organisation.
    """
    table = table_of(graph)
    taken = _largest(table)
    back = _turned(taken, table.shape[1])
    people = np.zeros(graph.size, np.bool_)
    seats = np.zeros(len(graph.quota), np.bool_)
    for who, whose, free in (
        (table.rows, table.row_seats, _spread(table.row, table.column, taken, back)),
        (table.columns, table.column_seats, _spread(table.column, table.row, back, taken)),
    ):
        people[who[free & (who >= 0)]] = True
        seats[whose[free & (whose >= 0)]] = True
    return people, seats


def _largest(table: Table) -> Matching:
    where = (np.ones(len(table.row), np.int8), (table.row, table.column))
    matrix = csr_array(coo_array(where, table.shape))
    return np.asarray(maximum_bipartite_matching(matrix, "column"), np.int64)


def _heaviest(table: Table, worth: Worth, most_of_one: int) -> Matching:
    """Every row may also stay alone, in a column of its own that is worth nothing."""
    rows, columns = table.shape
    if not rows or not columns:
        return np.full(rows, NOBODY)
    alone = np.arange(rows)
    costs = np.append(most_of_one + 1 - worth, np.full(rows, most_of_one + 1))
    where = np.append(table.row, alone), np.append(table.column, columns + alone)
    matrix = csr_array(coo_array((costs.astype(np.float64), where), (rows, columns + rows)))
    taken = np.asarray(min_weight_full_bipartite_matching(matrix)[1], np.int64)
    return np.where(taken < columns, taken, NOBODY)


def _spread(mine: Ints, theirs: Ints, taken: Matching, back: Matching) -> Bools:
    """Who is free on one side, and who can be freed by letting others change."""
    free: Bools = taken == NOBODY
    frontier = free
    while frontier.any():
        partners = back[np.unique(theirs[frontier[mine]])]
        frontier = np.zeros_like(free)
        frontier[partners[partners >= 0]] = True
        frontier &= ~free
        free = free | frontier
    return free


def _seats(graph: Graph, side: Ints) -> Ints:
    """For people on this side who are too many of one organisation: whose each seat is."""
    whose = graph.organisation[side]
    members = np.bincount(whose[whose >= 0], minlength=len(graph.quota))
    over = np.where(graph.quota >= 0, np.maximum(members - graph.quota, 0), 0)
    return np.repeat(np.arange(len(graph.quota)), over)


def _takers(graph: Graph, seats: Ints, side: Ints, offset: int, place: Ints) -> tuple[Ints, Ints]:
    """Seats and who may take them: each person of the organisation each of its seats."""
    at: list[Ints] = [np.empty(0, np.int64)]
    who: list[Ints] = [np.empty(0, np.int64)]
    for number, organisation in enumerate(seats):
        members = place[side[graph.organisation[side] == organisation]]
        at.append(np.full(len(members), offset + number))
        who.append(members)
    return np.concatenate(at), np.concatenate(who)


def _turned(taken: Matching, columns: int) -> Matching:
    back = np.full(columns, NOBODY)
    rows = np.flatnonzero(taken >= 0)
    back[taken[rows]] = rows
    return back


def _people(graph: Graph, table: Table, taken: Matching) -> Matching:
    """By people, without the seats."""
    matching = np.full(graph.size, NOBODY)
    partner = np.append(table.columns, NOBODY)[taken]
    is_pair = (table.rows >= 0) & (partner >= 0)
    matching[table.rows[is_pair]] = partner[is_pair]
    matching[partner[is_pair]] = table.rows[is_pair]
    return matching


def _taken(graph: Graph, table: Table, matching: Matching) -> Matching:
    """By rows again; seats are taken by the first of their organisation who are not paired."""
    place = np.full(graph.size + 1, NOBODY)
    place[table.columns[table.columns >= 0]] = np.flatnonzero(table.columns >= 0)
    taken = np.where(table.rows >= 0, place[np.append(matching, NOBODY)[table.rows]], NOBODY)
    _sit(taken, table.rows, table.column_seats, graph, matching)
    back = _turned(taken, table.shape[1])
    _sit(back, table.columns, table.row_seats, graph, matching)
    columns = np.flatnonzero(back >= 0)
    taken[back[columns]] = columns
    return taken


def _sit(taken: Matching, who: Ints, seats: Ints, graph: Graph, matching: Matching) -> None:
    for organisation in np.unique(seats[seats >= 0]):
        is_free = (who >= 0) & (graph.organisation[who] == organisation) & (matching[who] < 0)
        places = np.flatnonzero(seats == organisation)
        free = np.flatnonzero(is_free)[: len(places)]
        taken[free] = places[: len(free)]


def _prices(table: Table, worth: Worth, taken: Matching) -> tuple[Worth, Worth]:
    """The lowest prices that hold: nought for who is alone, and along each pair together its worth.

    The longest ways in the graph of possible exchanges (Bellman and Ford). Where all pairs are worth
    the same this is König's cover.
    """
    rows, columns = table.shape
    order = np.argsort(table.column, kind="stable")
    row, column, worth_of = table.row[order], table.column[order], worth[order]
    heads = np.flatnonzero(np.diff(column, prepend=-1))
    is_taken = taken[row] == column
    own = np.zeros(rows, np.int64)
    own[row[is_taken]] = worth_of[is_taken]
    price = np.zeros(columns + 1, np.int64)  # the last one is for who is alone
    for _ in range(rows + columns if len(row) else 0):
        of_row = own - price[taken]
        least = np.maximum.reduceat(worth_of - of_row[row], heads)
        if np.all(least <= price[column[heads]]):
            break
        price[column[heads]] = np.maximum(price[column[heads]], least)
    return own - price[taken], price[:-1]


def _without_seats(graph: Graph, table: Table, rows: Worth, columns: Worth, seat: int) -> Prices:
    """What a seat's price leaves of its worth is the price of the quota, which each member saves."""
    organisations = np.zeros(len(graph.quota) + 1)  # the last one is for no organisation
    people = np.zeros(graph.size)
    for who, whose, price in (
        (table.rows, table.row_seats, rows),
        (table.columns, table.column_seats, columns),
    ):
        organisations[whose[whose >= 0]] = seat - price[whose >= 0]
        people[who[who >= 0]] = price[who >= 0]
    return Prices(people - organisations[graph.organisation], organisations[:-1])
