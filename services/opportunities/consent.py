"""A person's consent to be introduced, kept beside what they consented to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum

from interchange.opportunities.v1 import notices_pb2 as pb
from sqlalchemy import String
from sqlalchemy.orm import Mapped, MappedAsDataclass, mapped_column

from chassis.columns import named
from chassis.database import UtcDateTime
from chassis.errors import FailedPrecondition, InvalidArgument
from chassis.timestamps import optional
from services.opportunities.columns import resource

INTRODUCTION = "introduction"
HOLDS_FOR = timedelta(days=90)  # for another region, when nobody says how long
HOLDS_AT_MOST = timedelta(days=366)


class Method(IntEnum):
    """How a consent was given."""

    METHOD_UNSPECIFIED = 0
    GIVEN_BY_PERSON = 1
    RECORDED_BY_MANAGER = 2


@dataclass(frozen=True, slots=True)
class Consent:
    """Which wording somebody agreed to, how, when, who recorded it, what it is for and how far it reaches."""

    text_version: str
    method: Method
    give_time: datetime
    recorded_by: str
    purpose: str = INTRODUCTION
    recipient_region: str = ""  # empty: ours
    expire_time: datetime | None = None

    def permits(self, *regions: str, at: datetime) -> bool:
        """Whether the person may now be introduced to people of one of these regions."""
        is_in_force = self.expire_time is None or at < self.expire_time
        return self.purpose == INTRODUCTION and self.recipient_region in regions and is_in_force


def given(message: pb.Consent, *, whose: str, by: str, at: datetime) -> Consent:
    """A consent of `whose` that `by` tells us of: their own, or one given to their manager."""
    method = Method.GIVEN_BY_PERSON if whose == by else Method.RECORDED_BY_MANAGER
    return Consent(
        message.text_version,
        method,
        at,
        recorded_by=by,
        purpose=message.purpose or INTRODUCTION,
        recipient_region=message.recipient_region,
        expire_time=_end(message, at),
    )


def consent_missing(whose: str, name: str, region: str = "") -> FailedPrecondition:
    """Of the beneficiary of a notice, or the participant of an interest; the region when it is another."""
    abroad = f' and recipient_region "{region}"' if region else ""
    return FailedPrecondition(
        "CONSENT_MISSING",
        f"the {whose} has not consented to be introduced: they or their manager record it "
        f"with POST /v1/{name}:setConsent{abroad}",
        whose=whose,
        name=name,
    )


def _end(message: pb.Consent, at: datetime) -> datetime | None:
    end = optional(message, "expire_time")
    if end is None:
        return at + HOLDS_FOR if message.recipient_region else None
    if not at < end <= at + HOLDS_AT_MOST:
        raise InvalidArgument(
            "BAD_EXPIRE_TIME",
            f"must be later than now, at most {HOLDS_AT_MOST.days} days ahead",
            field="consent.expire_time",
        )
    return end


class Consenting(MappedAsDataclass, kw_only=True):
    """Columns of whatever one person may consent to."""

    consent_text: Mapped[str] = mapped_column(String(50), default="", init=False)
    consent_method: Mapped[Method] = mapped_column(
        named(Method), default=Method.METHOD_UNSPECIFIED, init=False
    )
    consent_time: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None, init=False)
    consent_recorded_by: Mapped[str] = mapped_column(resource(), default="", init=False, index=True)
    consent_purpose: Mapped[str] = mapped_column(String(100), default=INTRODUCTION, init=False)
    consent_region: Mapped[str] = mapped_column(String(40), default="", init=False)
    consent_expire_time: Mapped[datetime | None] = mapped_column(
        UtcDateTime, default=None, init=False
    )

    @property
    def consent(self) -> Consent | None:
        if self.consent_time is None:
            return None
        return Consent(
            self.consent_text,
            self.consent_method,
            self.consent_time,
            self.consent_recorded_by,
            self.consent_purpose,
            self.consent_region,
            self.consent_expire_time,
        )

    @consent.setter
    def consent(self, consent: Consent | None) -> None:
        self.consent_text = consent.text_version if consent else ""
        self.consent_method = consent.method if consent else Method.METHOD_UNSPECIFIED
        self.consent_time = consent.give_time if consent else None
        self.consent_recorded_by = consent.recorded_by if consent else ""
        self.consent_purpose = consent.purpose if consent else INTRODUCTION
        self.consent_region = consent.recipient_region if consent else ""
        self.consent_expire_time = consent.expire_time if consent else None
