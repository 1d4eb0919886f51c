"""Consent to be introduced: what it is for, to whom, in which words, for how long; within the region and beyond it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from web.api import Json
from web.fields import one_of
from web.forms import Asking
from web.languages import day, gettext, lazy, moment

# Which wording somebody agrees to: each is kept with the consent, so a change of words is another version.
HERE = "introduction-2026-11"
ABROAD = "introduction-abroad-2026-11"
PERIODS = [
    ("30", lazy("30 days")),
    ("90", lazy("90 days")),
    ("365", lazy("A year")),
]


def period() -> Any:
    """A field: how long a consent towards another region holds."""
    return one_of(
        lazy("For how long may they be introduced to people in that region?"),
        PERIODS,
        lazy("After that it ends by itself. It can be taken back at any time before"),
        empty=lazy("Choose for how long it holds"),
    )


class AbroadForm(Asking):
    """How long a consent towards another region holds."""

    days = period()


def consent_to(region: str, days: str | None) -> Json:
    """As the API takes it."""
    if not region:
        return {"textVersion": HERE, "purpose": "introduction"}
    ends = datetime.now(UTC) + timedelta(days=int(days or 90))
    return {
        "textVersion": ABROAD,
        "purpose": "introduction",
        "recipientRegion": region,
        "expireTime": ends.isoformat(),
    }


def wording(region: str) -> list[str]:
    """What somebody agrees to. Changing it needs a new version above."""
    if not region:
        return [
            gettext(
                "If both sides say yes, the other side sees name, job title and work email address, and nothing else."
            )
        ]
    name = region_name(region)
    return [
        gettext(
            "What for: an introduction to the people of this notice, in %(region)s.", region=name
        ),
        gettext(
            "What leaves this region: name, job title and work email address, and nothing else, "
            "sealed so that only %(region)s can read it.",
            region=name,
        ),
    ]


def region_name(code: str) -> str:
    """Its code in words: the API names partner regions by code where it is about records."""
    return code.replace("-", " ").title()


def summary(consent: Json | None) -> str:
    """What is in force, for who may see it."""
    if not consent:
        return gettext("Not agreed yet")
    region, version = consent.get("recipientRegion", ""), consent["textVersion"]
    if not region:
        return gettext("Agreed, within this region (wording %(version)s)", version=version)
    return gettext(
        "Agreed, with %(region)s, until %(day)s (wording %(version)s)",
        region=region_name(region),
        day=day(consent.get("expireTime", "")),
        version=version,
    )


def covers(consent: Json | None, region: str) -> bool:
    """Whether it is in force for this region; empty is ours."""
    if not consent or consent.get("recipientRegion", "") != region:
        return False
    ends = moment(consent.get("expireTime", ""))
    return ends is None or ends > datetime.now(UTC)
