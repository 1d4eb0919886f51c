"""What can be asked of the index, as values: never as text that somebody could put an operator into."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tantivy import FieldType, Occur, Query

from services.matching.index.schema import NEVER, WEIGHTS, schema
from services.matching.text.terms import stems_of, words_of


def having(field: str, values: Iterable[str]) -> Query:
    """Those that have any of the values; it adds nothing to a score."""
    terms = [Query.term_query(schema(), field, value, "basic") for value in values]
    return Query.const_score_query(any_of(terms), 0.0)


def numbered(ids: Sequence[int]) -> Query:
    """Those with these numbers; it adds nothing to a score."""
    # Term by term: a set of terms is looked for by an automaton over all of them, at twice the cost.
    terms = [Query.term_query(schema(), "id", number, "basic") for number in ids]
    return Query.const_score_query(any_of(terms), 0.0)


def between(field: str, first: int = -NEVER, last: int = NEVER) -> Query:
    """Those whose moment is not before the first and not after the last."""
    within = Query.range_query(schema(), field, FieldType.Integer, first, last)
    return Query.const_score_query(within, 0.0)


def every(queries: Iterable[Query]) -> Query:
    """Those that answer all of them; all there are, when there is none."""
    parts = [(Occur.Must, each) for each in queries]
    return Query.boolean_query(parts) if parts else Query.all_query()


def any_of(queries: Iterable[Query]) -> Query:
    """Those that answer one of them at least; none, when there is none."""
    parts = [(Occur.Should, each) for each in queries]
    return Query.boolean_query(parts) if parts else Query.empty_query()


def more_for(query: Query, others: Iterable[Query]) -> Query:
    """Those that answer the first; who answers one of the others, too, ranks the higher for it."""
    extras = [(Occur.Should, each) for each in others]
    return Query.boolean_query([(Occur.Must, query), *extras])


def but_not(query: Query, other: Query) -> Query:
    return Query.boolean_query([(Occur.Must, query), (Occur.MustNot, other)])


def term(field: str, stem: str, weight: float) -> Query:
    """Those in which this term is, as they rank by BM25 times a weight."""
    return Query.boost_query(Query.term_query(schema(), field, stem, "freq"), weight)


def alike_in_words(text: str) -> Query:
    """Those that share words with a text, as they rank by BM25."""
    stems = dict.fromkeys(stem for word in words_of(text) for stem in stems_of(word))
    return any_of(term(field, stem, weight) for stem in stems for field, weight in WEIGHTS.items())
