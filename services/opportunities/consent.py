"""A person's consent to be introduced, kept beside what they consented to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from sqlalchemy import String
from sqlalchemy.orm import Mapped, MappedAsDataclass, mapped_column

from chassis.columns import named
from chassis.database import UtcDateTime
from services.opportunities.columns import resource


class Method(IntEnum):
    """How a consent was given."""

    METHOD_UNSPECIFIED = 0
    GIVEN_BY_PERSON = 1
    RECORDED_BY_MANAGER = 2


@dataclass(frozen=True, slots=True)
class Consent:
    """Which wording somebody agreed to, how, when, and who recorded it."""

    text_version: str
    method: Method
    give_time: datetime
    recorded_by: str


def given(text_version: str, *, whose: str, by: str, at: datetime) -> Consent:
    """A consent of `whose` that `by` tells us of: their own, or one given to their manager."""
    method = Method.GIVEN_BY_PERSON if whose == by else Method.RECORDED_BY_MANAGER
    return Consent(text_version, method, at, recorded_by=by)


class Consenting(MappedAsDataclass, kw_only=True):
    """Columns of whatever one person may consent to."""

    consent_text: Mapped[str] = mapped_column(String(50), default="", init=False)
    consent_method: Mapped[Method] = mapped_column(
        named(Method), default=Method.METHOD_UNSPECIFIED, init=False
    )
    consent_time: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None, init=False)
    consent_recorded_by: Mapped[str] = mapped_column(resource(), default="", init=False, index=True)

    @property
    def consent(self) -> Consent | None:
        if self.consent_time is None:
            return None
        return Consent(
            self.consent_text, self.consent_method, self.consent_time, self.consent_recorded_by
        )

    @consent.setter
    def consent(self, consent: Consent | None) -> None:
        self.consent_text = consent.text_version if consent else ""
        self.consent_method = consent.method if consent else Method.METHOD_UNSPECIFIED
        self.consent_time = consent.give_time if consent else None
        self.consent_recorded_by = consent.recorded_by if consent else ""
