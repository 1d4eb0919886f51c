"""Finding what looks like personal data in texts that leave the region: pure, and wrong now and then by nature."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from chassis.errors import FailedPrecondition, FieldViolation

REASON = "MAY_HOLD_PERSONAL_DATA"
WHAT_TO_DO = "take it out, or send confirm_no_personal_data if it is nothing of the kind"

EMAIL = re.compile(r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+")
# Nine or ten digits after the 0 or the country code, however they are grouped.
PHONE = re.compile(
    r"(?<![\d.])(?:(?:\+|00)44[\s-]*(?:\(0\)\s*)?|\(?0)(?=[1-35789])(?:[\s()-]*\d){9,10}(?!\d)"
)
# HM Revenue & Customs, NIM39110: letters that are never used, and prefixes that are never given.
NATIONAL_INSURANCE = re.compile(
    r"(?<!\w)(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z](?:\s?\d{2}){3}\s?[A-D](?!\w)",
    re.IGNORECASE,
)
TEN_DIGITS = re.compile(r"(?<!\d)\d{3}[ -]?\d{3}[ -]?\d{4}(?!\d)")


def findings(text: str) -> Iterator[str]:
    """What the text seems to hold, in words that say nothing of it."""
    if EMAIL.search(text):
        yield "an e-mail address"
    if PHONE.search(text):
        yield "a phone number"
    if NATIONAL_INSURANCE.search(text):
        yield "a National Insurance number"
    if any(is_nhs_number(found) for found in TEN_DIGITS.findall(text)):
        yield "an NHS number"


def is_nhs_number(text: str) -> bool:
    """Ten digits of which the last checks the others, modulo 11 (NHS Data Dictionary, NHS NUMBER)."""
    digits = [int(each) for each in text if each.isdigit()]
    weighted = sum(weight * digit for weight, digit in zip(range(10, 1, -1), digits, strict=False))
    return len(digits) == 10 and (11 - weighted % 11) % 11 == digits[9]


def require_impersonal(texts: Mapping[str, str], named: Mapping[str, bool]) -> None:
    """Refuse texts, by field, that seem to hold personal data: FailedPrecondition MAY_HOLD_PERSONAL_DATA.

    `named` says of each text whether the name of somebody registered stands in it. What was found is not repeated:
    errors end in logs.
    """
    violations = list(_violations(texts, named))
    if violations:
        fields = ", ".join(each.field for each in violations)
        raise FailedPrecondition(
            REASON,
            f"these texts may hold personal data, and other regions would read them: {fields}",
            violations=violations,
        )


def _violations(texts: Mapping[str, str], named: Mapping[str, bool]) -> Iterator[FieldViolation]:
    for field, text in texts.items():
        found = [*findings(text), *(["somebody's name"] if named.get(text) else [])]
        if found:
            yield FieldViolation(field, REASON, f"seems to hold {listed(found)}: {WHAT_TO_DO}")


def listed(words: Sequence[str]) -> str:
    """`a, b and c`."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last
