"""What codes of pairing are called, in words that a coordinator can repeat."""

from __future__ import annotations

from services.matching.pairing.explaining import Change, Relaxation, Why
from services.matching.pairing.fitting import Reason

EXCLUDED = {
    Reason.SAME_ORGANISATION: "of the same organisation",
    Reason.CONFLICT: "of an organisation that one of the two rules out",
    Reason.FORBIDDEN: "forbidden by the coordinator",
    Reason.KEPT_APART: "asked not to meet",
    Reason.PAST_PARTNER: "partners in an earlier cohort",
    Reason.APPLIED_WITH_ANOTHER: "applied together with somebody else",
    Reason.LOCKED_WITH_ANOTHER: "locked into another pair",
    Reason.GRADE_GAP: "too far apart in seniority",
    Reason.TOO_FAR: "too far away",
    Reason.NO_COMMON_DAYS: "no days in common",
}
WHY = {
    Why.NOBODY_ALLOWED: "The rules leave nobody whom they could meet",
    Why.QUOTA_FULL: "Their organisation has its share of pairs",
    Why.OUTNUMBERED: "Everybody whom they could meet is needed by somebody else",
}
# From which share of a term's points on it is said so.
TERMS = {
    "WISHES": (
        (0.6, "Much of what each wants to learn, the other can show"),
        (0.2, "Some of what each wants to learn, the other can show"),
        (0.0, "They want to learn other things than the other can show"),
    ),
    "TRAVEL": (
        (0.7, "They are near each other"),
        (0.3, "They can reach each other"),
        (0.0, "They are far apart"),
    ),
    "DATES": ((0.6, "They have plenty of days in common"), (0.0, "They have few days in common")),
    "GRADE": ((0.9, "They are equally senior"), (0.0, "They are not equally senior")),
}


def term(code: str, points: int, most: int) -> str:
    """A term in words. `most` is what a perfect pair has of it."""
    share = points / most if most else 0.0
    return next(text for least, text in TERMS[code] if share >= least)


def relaxation(found: Relaxation) -> str:
    amount = found.amount
    texts = {
        Change.TRAVEL: f"{amount} miles more",
        Change.DATES: "any days",
        Change.GRADE: f"{amount} band more of seniority",
        Change.QUOTA: f"{amount} person more of their organisation",
        Change.FORBIDDEN: "without what the coordinator forbade for them",
    }
    return texts[found.change]
