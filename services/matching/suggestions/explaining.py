"""A suggestion's explanation as data: the terms it is made of, skills, sentences, miles, days, one change."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from interchange.matching.v1 import matching_pb2 as pb
from interchange.opportunities.v1.notices_pb2 import Notice

from chassis.convert import day
from services.matching.skills.terms import telling
from services.matching.suggestions.opening import Opening
from services.matching.suggestions.scoring import (
    Score,
    Sight,
    common_days,
    missing_skills,
    near_skills,
    score,
    shortfalls,
)
from services.matching.suggestions.wording import Wording

SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
# Of a sentence's telling words, in the shorter of two. Less is chance.
LEAST_SHARED = 0.3
MOST_SENTENCES = 40
LONGEST_SENTENCE = 300


@dataclass(frozen=True, slots=True)
class Match:
    """Two sides, what is known of them, and how well they meet."""

    own: Opening
    other: Opening
    sight: Sight
    score: Score


def explain(match: Match, notice: Notice, text: str, wording: Wording) -> pb.Suggestion:
    """Of a notice that is suggested; `text` is what one's own side says."""
    own, other, sight = match.own, match.other, match.sight
    first, last = common_days(own, other) or (None, None)
    related = near_skills(own, other, sight)
    return pb.Suggestion(
        notice=notice,
        score=match.score.value,
        reasons=[
            pb.Reason(code=each.code, text=wording.term(each), contribution=each.contribution)
            for each in match.score.terms
        ],
        for_notice=own.name,
        shared_skills=sorted(own.skills & other.skills),
        related_skills=[pb.RelatedSkills(own=a, other=b) for a, b in related.items()],
        missing_skills=sorted(missing_skills(own, other, sight)),
        sentences=sentences_that_meet(text, f"{notice.title}. {notice.body}"),
        distance_miles=own.where.miles_to(other.where) if own.where and other.where else None,
        start_date=day(first),
        end_date=day(last),
        counterfactual=best_change(match, wording),
        shared_levels=list(_shared_levels(own, other)),
    )


def _shared_levels(own: Opening, other: Opening) -> Iterator[pb.SharedLevel]:
    for skill in sorted(own.skills & other.skills):
        ours, theirs = own.levels.get(skill, 0), other.levels.get(skill, 0)
        if ours or theirs:
            yield pb.SharedLevel(skill=skill, own=ours, other=theirs)


def best_change(match: Match, wording: Wording) -> pb.Counterfactual | None:
    """The single change of the other side that would gain most."""
    best: tuple[float, str, str] | None = None
    for code, subject, changed in _changes(match):
        gained = score(match.own, changed, match.sight).value
        if gained > (best[0] if best else match.score.value):
            best = (gained, code, subject)
    if best is None:
        return None
    value, code, subject = best
    text = wording.change(code, wording.skill(subject) if subject else "")
    return pb.Counterfactual(code=code, text=text, score=value)


def _changes(match: Match) -> Iterator[tuple[str, str, Opening]]:
    own, other = match.own, match.other
    if not other.is_remote:
        yield "REMOTE", "", replace(other, is_remote=True)
    if own.start or own.end:
        yield "DATES", "", replace(other, start=own.start, end=own.end)
    for skill in shortfalls(own, other):
        level = {skill: own.levels[skill]}
        yield "LEVEL", skill, replace(other, levels={**other.levels, **level})
    for skill in sorted(missing_skills(own, other, match.sight)):
        yield "SKILL", skill, replace(other, skills=other.skills | {skill})


def sentences_that_meet(own: str, other: str) -> pb.SentencePair | None:
    """The sentence of each side that share the largest part of their telling words; None when none do."""
    theirs = [(each, set(telling(each))) for each in sentences(other)]
    best, pair = LEAST_SHARED, None
    for sentence in sentences(own):
        words = set(telling(sentence))
        for their_sentence, their_words in theirs:
            shared = len(words & their_words) / max(min(len(words), len(their_words)), 3)
            if shared > best:
                best, pair = shared, pb.SentencePair(own=sentence, other=their_sentence)
    return pair


def sentences(text: str) -> list[str]:
    found = (each.strip()[:LONGEST_SENTENCE] for each in SENTENCE.split(text))
    return [each for each in found if each][:MOST_SENTENCES]
