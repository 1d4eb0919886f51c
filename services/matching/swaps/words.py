"""Why a leg is proposed, in words that a manager can repeat, in English and Welsh."""

from __future__ import annotations

from collections.abc import Iterator

from interchange.matching.v1.matching_pb2 import Reason

from services.matching.swaps.legs import BARE, TERMS, Fit
from services.matching.swaps.posts import Post

# By code and language.
WORDS = {
    "SKILLS_WANTED": {
        "en": "The post has what they want to learn: {skills}.",
        "cy": "Mae gan y swydd yr hyn y maent am ei ddysgu: {skills}.",
    },
    "ANY_SKILLS": {
        "en": "They would learn whatever the post teaches.",
        "cy": "Byddent yn dysgu beth bynnag mae'r swydd yn ei gynnig.",
    },
    "NEAR": {
        "en": "It is {miles} miles away; they would travel {radius}.",
        "cy": "Mae {miles} milltir i ffwrdd; byddent yn teithio {radius}.",
    },
    "ANY_DISTANCE": {
        "en": "Distance does not matter.",
        "cy": "Nid yw pellter o bwys.",
    },
    "DAYS_TOGETHER": {
        "en": "Their dates have {days} days in common.",
        "cy": "Mae ganddynt {days} diwrnod yn gyffredin.",
    },
    "FLEXIBLE_DATES": {
        "en": "Their dates are flexible.",
        "cy": "Mae eu dyddiadau'n hyblyg.",
    },
    "SAME_GRADE": {
        "en": "Both posts suit the same grade.",
        "cy": "Mae'r ddwy swydd yn addas i'r un radd.",
    },
}


def reasons(visitor: Post, host: Post, fit: Fit, language: str) -> list[Reason]:
    """Every term of the worth, and what was required and adds nothing, strongest first."""
    found = [*_terms(visitor, fit, language)]
    if visitor.bands & host.bands:
        found.append(_reason("SAME_GRADE", 0.0, language))
    return sorted(found, key=lambda each: -each.contribution)


def _terms(visitor: Post, fit: Fit, language: str) -> Iterator[Reason]:
    skills = ", ".join(sorted(fit.shared_skills))
    code = "SKILLS_WANTED" if fit.shared_skills else "ANY_SKILLS"
    yield _reason(code, _part("skills", fit), language, skills=skills)
    radius = visitor.wish.radius_miles if visitor.wish else 0.0
    is_near = fit.away_miles is not None and fit.near < 1.0
    miles = round(fit.away_miles or 0)
    code = "NEAR" if is_near else "ANY_DISTANCE"
    yield _reason(code, _part("near", fit), language, miles=miles, radius=round(radius))
    code = "FLEXIBLE_DATES" if fit.days_together is None else "DAYS_TOGETHER"
    yield _reason(code, _part("days", fit), language, days=fit.days_together)


def _part(term: str, fit: Fit) -> float:
    return (1 - BARE) * TERMS[term] * float(getattr(fit, term))


def _reason(code: str, contribution: float, language: str, **facts: object) -> Reason:
    text = WORDS[code][language or "en"].format(**facts)
    return Reason(code=code, text=text, contribution=contribution)
