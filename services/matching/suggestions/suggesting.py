"""Suggestions: whom the rules let meet, how well they fit, in which order, and why.

At most so many candidates are scored, those that share most with one's own side: the cost of a
suggestion does not grow with the region.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from interchange.common.v1.types_pb2 import Place
from interchange.matching.v1 import matching_pb2 as pb
from interchange.opportunities.v1 import notices_pb2
from interchange.opportunities.v1.notices_pb2 import Notice
from tantivy import Query

from chassis.auth import Principal
from chassis.partner_regions import Regions
from services.matching.index.queries import (
    alike_in_words,
    every,
    having,
    numbered,
)
from services.matching.index.schema import id_of
from services.matching.index.snapshot import Snapshot
from services.matching.index.those import Those
from services.matching.index.understanding import Understanding
from services.matching.search.filters import visible
from services.matching.suggestions.eligibility import Barred, exclusions
from services.matching.suggestions.explaining import Match, explain
from services.matching.suggestions.fairness import Exposure, Ranked, fair_order
from services.matching.suggestions.knowing import Knowing
from services.matching.suggestions.opening import GIVING, Opening, of_notice, of_profile
from services.matching.suggestions.scoring import Sight, score
from services.matching.suggestions.wording import Wording
from services.matching.text.encoder import Vectors
from services.matching.text.windows import on_scale, text_fit

MOST_CANDIDATES = 200
MEANT_ALIKE = 0.3  # a product of vectors; below it texts of one language are alike by chance
LEAST_RARITY = 0.1  # what every notice is about still counts for something
SAID_WORDS = 60  # of a notice: what it is about is said first
MEETS = {
    notices_pb2.WANTED: ("NEEDED", "OFFERED"),
    notices_pb2.NEEDED: ("OFFERED", "WANTED"),
    notices_pb2.OFFERED: ("WANTED", "NEEDED"),
}


Found = tuple[Match, Notice]


@dataclass(frozen=True, slots=True)
class View:
    """What one caller sees at one moment, and what is known of texts and skills."""

    snapshot: Snapshot
    regions: Regions
    understanding: Understanding
    knowing: Knowing
    who: Principal
    at: datetime
    _rarities: dict[str, float] = field(default_factory=dict)  # asked for with each pair

    def rarity_of(self, subject: str) -> float:
        """How much it says that something is about this skill or theme; what nobody else names says most."""
        known = self._rarities.get(subject)
        if known is None:
            rare = self.snapshot.rarity
            known = max(rare("skill", subject) or rare("theme", subject), LEAST_RARITY)
            self._rarities[subject] = known
        return known


@dataclass(frozen=True, slots=True)
class Side:
    """Whose suggestions they are: what it is, what it says, what it means."""

    opening: Opening
    kinds: Sequence[str]
    text: str
    vector: Vectors | None
    number: int  # in the index; 0 for a profile

    @property
    def said(self) -> str:
        return " ".join(self.text.split()[:SAID_WORDS])


def side_of(view: View, notice: Notice, place: Place) -> Side:
    number = id_of(notice.name)
    meanings = view.understanding.meanings
    return Side(
        opening=view.knowing.canonical(of_notice(notice, place)),
        kinds=MEETS[notice.kind],
        text=f"{notice.title}. {' '.join(notice.themes)}. {notice.body}",
        vector=None if meanings is None else meanings.vector(number),
        number=number,
    )


def sides_of(view: View, request: pb.SuggestForProfileRequest) -> Iterator[Side]:
    """What they want to learn meets what is offered; what they can meets what is needed and wanted."""
    for kinds, skills, levels, giving in (
        (("OFFERED",), request.wants, request.wants_levels, GIVING[notices_pb2.WANTED]),
        (("NEEDED", "WANTED"), request.has, request.has_levels, GIVING[notices_pb2.OFFERED]),
    ):
        if skills:
            named = view.knowing.canonical(of_profile(request, skills, levels, giving=giving))
            text = ". ".join(view.knowing.label(skill) for skill in sorted(named.skills))
            yield Side(named, kinds, text, view.understanding.vector_of(text), 0)


def matches(view: View, side: Side, barred: Barred) -> list[Found]:
    """All that may meet it, best first; of equals the newer, then by name."""
    found = candidates(view, side)
    texts = likenesses(view, side, list(found))
    scored = []
    for number, (notice, place) in found.items():
        other = view.knowing.canonical(of_notice(notice, place))
        if next(exclusions(side.opening, other, barred), None):
            continue
        match = meet(view, side.opening, other, texts.get(number, 0.0))
        if match.score.value:
            scored.append((match, notice))
    return sorted(scored, key=_key)


def meet(view: View, own: Opening, other: Opening, text: float) -> Match:
    sight = Sight(text, view.knowing.related(own.skills, other.skills), view.rarity_of)
    return Match(own, other, sight, score(own, other, sight))


def excluded(view: View, side: Side, barred: Barred) -> list[tuple[Notice, list[str]]]:
    """What shares most with it and is kept from it, with all codes."""
    found = (
        (
            notice,
            list(exclusions(side.opening, view.knowing.canonical(of_notice(notice, at)), barred)),
        )
        for notice, at in candidates(view, side).values()
    )
    return [(notice, codes) for notice, codes in found if codes]


def _key(each: Found) -> tuple[float, float, str]:
    match, notice = each
    published = notice.publish_time.seconds + notice.publish_time.nanos / 1e9
    return (-match.score.value, -published, notice.name)


def in_fair_order(found: Sequence[Found], exposure: Exposure) -> list[Found]:
    by_name = {notice.name: (match, notice) for match, notice in found}
    ranked = [Ranked(n.name, n.organisation, match.score.value) for match, n in by_name.values()]
    return [by_name[each.name] for each in fair_order(ranked, exposure.of)]


def shown(
    view: View, page: Sequence[Found], texts: Mapping[str, str], language: str
) -> Iterator[pb.Suggestion]:
    """As the caller reads them; `texts` are what one's own notices say, by name."""
    wording = Wording(language, view.knowing.label)
    for match, notice in page:
        text = texts.get(match.own.name, "")
        yield explain(match, view.regions.show(notice, at=view.at), text, wording)


def candidates(view: View, side: Side) -> dict[int, tuple[Notice, Place]]:
    """Those of the kinds that meet it, which share most with it, whether or not the rules let them."""
    possible = _possible(view, side)
    found: dict[int, float] = {}
    for group in _groups(side):
        found |= view.snapshot.best(every((possible.query, group)), MOST_CANDIDATES)
        if len(found) >= MOST_CANDIDATES:
            break
    near = _meant_alike(view, side, possible)
    wanted = list(dict.fromkeys([*near[: MOST_CANDIDATES // 2], *found, *near]))
    return view.snapshot.find(wanted[:MOST_CANDIDATES])


def _possible(view: View, side: Side) -> Those:
    seen = visible(view.snapshot, view.who, view.regions, at=view.at)
    met = seen & view.snapshot.having("kind", side.kinds)
    return met - view.snapshot.numbered([side.number]) if side.number else met


def _groups(side: Side) -> Iterator[Query]:
    skills, themes = having("skill", side.opening.skills), having("theme", side.opening.themes)
    alike = alike_in_words(side.said)
    yield from (every((skills, themes)), skills, every((themes, alike)), alike, themes)


def _meant_alike(view: View, side: Side, possible: Those) -> list[int]:
    meanings = view.understanding.meanings
    if meanings is None or side.vector is None:
        return []
    near = meanings.nearest(side.vector, at_least=MEANT_ALIKE, most=MOST_CANDIDATES * 2)
    rows = view.snapshot.sets.numbered(near)
    return [number for number, row in rows.items() if row in possible.rows]


def likenesses(view: View, side: Side, numbers: Sequence[int]) -> dict[int, float]:
    """For each notice how alike it is to this side in meaning and in words, 0 to 1."""
    meanings, encoder = view.understanding.meanings, view.understanding.encoder
    dense: Mapping[int, float] = {}
    if meanings is not None and encoder is not None and side.vector is not None:
        products = meanings.products(side.vector, numbers)
        scaled = on_scale(_array(products.values()), encoder.name).tolist()
        dense = dict(zip(products, scaled, strict=True))
    lexical = _lexical(view, side, numbers)
    return {n: text_fit(dense.get(n), min(lexical.get(n, 0.0), 1.0)) for n in numbers}


def _lexical(view: View, side: Side, numbers: Sequence[int]) -> Mapping[int, float]:
    """BM25 of each as a share of what one's own notice scores: 0 to 1 on every corpus. A profile has no words."""
    if not side.number:
        return {}
    ours = every((numbered([side.number, *numbers]), alike_in_words(side.said)))
    scores = view.snapshot.best(ours, len(numbers) + 1)
    most = scores.get(side.number, 0.0)
    return {number: found / most for number, found in scores.items()} if most else {}


def _array(values: Iterable[float]) -> Vectors:
    return np.fromiter(values, np.float32)
