"""A partner: another region whose root key we have pinned, and how it stands between us."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import IntEnum
from hashlib import sha256
from typing import Any, Self

from sqlalchemy import JSON, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from chassis.columns import named
from chassis.database import UtcDateTime
from chassis.errors import AlreadyExists, FailedPrecondition, InvalidArgument
from services.federation.columns import Base
from services.federation.protocol.document import RegionDocument, check_successor, read_document
from services.federation.protocol.keys import fingerprint, normalise_fingerprint

NATIONAL = "national"
UNREACHABLE_AFTER = timedelta(minutes=15)
STALE_AFTER = timedelta(hours=24)
# How often others are told how fresh what we have is, when nothing else changes.
TELL_EVERY = timedelta(seconds=60)

ENTRIES_PER_HOUR = 2_000
BURST = 10_000
LIVE_NOTICES = 20_000


class State(IntEnum):
    """How it stands between us; numbers are those of the proto."""

    PINNED = 1
    ACTIVE = 2
    UNREACHABLE = 3
    STALE = 4
    THROTTLED = 5
    SUSPENDED = 6
    FORKED = 7
    REMOVED = 8


# We ask it, and answer it.
EXCHANGING = (State.PINNED, State.ACTIVE, State.UNREACHABLE, State.STALE, State.THROTTLED)
# We answer it, so that it can mend what went wrong.
ANSWERED = (*EXCHANGING, State.FORKED)
AWAY = (State.UNREACHABLE, State.STALE)


class Partner(Base):
    """Another region. What it is lies in its document; the rest is what we agreed and saw."""

    __tablename__ = "partners"

    region: Mapped[str] = mapped_column(String(40), primary_key=True)
    root_public: Mapped[bytes] = mapped_column(LargeBinary)
    document: Mapped[bytes] = mapped_column(LargeBinary)
    document_version: Mapped[int]
    document_time: Mapped[datetime] = mapped_column(UtcDateTime)  # when it was read last
    display_name: Mapped[str] = mapped_column(String(100))
    url: Mapped[str] = mapped_column(String(300))
    key_expire_time: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)

    state: Mapped[State] = mapped_column(named(State), default=State.PINNED)
    state_reason: Mapped[str] = mapped_column(String(500), default="")
    channels: Mapped[list[str]] = mapped_column(JSON, default_factory=lambda: [NATIONAL])
    # As PartnerPolicy: {"kinds": [1], "formats": [2], "refused_organisations": ["organisations/…"]}
    policy: Mapped[dict[str, Any]] = mapped_column(JSON, default_factory=dict)
    entries_per_hour: Mapped[int] = mapped_column(default=ENTRIES_PER_HOUR)
    burst: Mapped[int] = mapped_column(default=BURST)
    live_notices: Mapped[int] = mapped_column(default=LIVE_NOTICES)

    create_time: Mapped[datetime] = mapped_column(UtcDateTime)
    last_contact_time: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    as_of_time: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    announce_time: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    failures: Mapped[int] = mapped_column(default=0)
    failure_reason: Mapped[str] = mapped_column(String(500), default="")
    clock_skew_s: Mapped[float] = mapped_column(default=0.0)
    # How far it has read our logs, as it said or asked last: {channel: [epoch, seq, hash or ""]}.
    their_cursors: Mapped[dict[str, list[Any]]] = mapped_column(JSON, default_factory=dict)
    version: Mapped[int] = mapped_column(default=1)

    @classmethod
    def pin(
        cls, raw: bytes, words: str, *, own_region: str, channels: list[str], at: datetime
    ) -> Self:
        """Trust the root key in a document, whose fingerprint its operator told us."""
        document = read_document(raw)
        if document.region == own_region:
            raise InvalidArgument("OWN_REGION", "is this region's own", field="partner.document")
        if normalise_fingerprint(words) != fingerprint(document.root_public):
            raise FailedPrecondition(
                "FINGERPRINT_DIFFERS",
                f"the eight words are not those of the root key in {document.region}'s document: "
                "ask its operator again, by voice",
            )
        partner = cls(
            region=document.region,
            root_public=document.root_public,
            document=raw,
            document_version=document.version,
            document_time=at,
            display_name=document.display_name,
            url=document.url,
            channels=channels or [NATIONAL],
            create_time=at,
        )
        partner.key_expire_time = _expiry(document)
        return partner

    @property
    def name(self) -> str:
        return f"partners/{self.region}"

    @property
    def terms_version(self) -> int:
        """The same as long as the terms are: operators change those, time all the rest."""
        terms = (
            self.channels,
            sorted(self.policy.items()),
            (self.entries_per_hour, self.burst, self.live_notices),
        )
        return int.from_bytes(sha256(repr(terms).encode()).digest()[:6])

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.root_public)

    @property
    def is_exchanging(self) -> bool:
        return self.state in EXCHANGING

    @property
    def is_answered(self) -> bool:
        return self.state in ANSWERED

    def follow(self, earlier: Partner) -> None:
        """Take the place of one that was removed: what others hear of it is newer than all before."""
        if earlier.state is not State.REMOVED:
            raise AlreadyExists("PARTNER_EXISTS", f"{self.name} is pinned already")
        self.version = earlier.version + 1

    def read_document(self) -> RegionDocument:
        """Who it is and which keys sign for it."""
        return read_document(self.document)

    def renew(self, raw: bytes, *, at: datetime) -> bool:
        """Take a newer document of the same root; whether it is newer. Another root: BadDocument."""
        document = read_document(raw)
        check_successor(self.read_document(), document)
        self.document_time = at
        if document.version <= self.document_version:
            return False
        self.document, self.document_version = raw, document.version
        self.display_name, self.url = document.display_name, document.url
        self.key_expire_time = _expiry(document)
        self._touch()
        return True

    def heard(self, *, skew_s: float | None, at: datetime) -> None:
        """It answered, or spoke to us; None: without saying what time it has."""
        self.last_contact_time = at
        if skew_s is not None:
            self.clock_skew_s = skew_s
        self.failures, self.failure_reason = 0, ""
        if self.state in (State.PINNED, *AWAY):
            self._become(State.ACTIVE)

    def failed(self, reason: str, *, at: datetime) -> None:
        """It did not answer, or not as it should."""
        self.failures, self.failure_reason = self.failures + 1, reason[:500]
        self.age(at=at)

    def age(self, *, at: datetime) -> None:
        """What silence makes of it."""
        if self.state not in (State.ACTIVE, State.UNREACHABLE):
            return
        silent = at - (self.last_contact_time or self.create_time)
        if silent > STALE_AFTER:
            self._become(State.STALE, self.failure_reason)
        elif silent > UNREACHABLE_AFTER and self.state is State.ACTIVE:
            self._become(State.UNREACHABLE, self.failure_reason)

    def caught_up(self, head_time: datetime) -> None:
        """We have read all that it had signed for at that time."""
        if self.as_of_time is None or head_time > self.as_of_time:
            self.as_of_time = head_time

    def throttle(self, reason: str) -> None:
        """It sends more than was agreed."""
        if self.state in (State.PINNED, State.ACTIVE, *AWAY):
            self._become(State.THROTTLED, reason)

    def calm(self) -> None:
        """It sends no more than was agreed again."""
        if self.state is State.THROTTLED:
            self._become(State.ACTIVE)

    def fork(self, reason: str) -> None:
        """It told two histories: nothing is read until it begins a new epoch."""
        if self.state in EXCHANGING:
            self._become(State.FORKED, reason)

    def mend(self) -> None:
        """It began a new epoch after a fork."""
        if self.state is State.FORKED:
            self._become(State.ACTIVE)

    def suspend(self, reason: str) -> None:
        """Stop exchanging; what came from it is hidden."""
        self._require_not_removed()
        self._become(State.SUSPENDED, reason or "SUSPENDED_BY_OPERATOR")

    def resume(self) -> None:
        """Go on from where it stood."""
        if self.state not in (State.SUSPENDED, State.THROTTLED):
            raise FailedPrecondition("NOT_SUSPENDED", f"{self.name} is {self.state.name}")
        self._become(State.PINNED)

    def remove(self) -> None:
        """Over."""
        self._require_not_removed()
        self._become(State.REMOVED)

    def agree(
        self,
        *,
        channels: list[str] | None = None,
        policy: dict[str, Any] | None = None,
        quota: tuple[int, int, int] | None = None,
    ) -> None:
        """New terms: those that are given."""
        self._require_not_removed()
        if channels is not None:
            self.channels = channels or [NATIONAL]
        if policy is not None:
            self.policy = policy
        if quota is not None:
            self.entries_per_hour = quota[0] or ENTRIES_PER_HOUR
            self.burst = quota[1] or BURST
            self.live_notices = quota[2] or LIVE_NOTICES
        self._touch()

    def is_due_to_be_announced(self, *, at: datetime) -> bool:
        """Whether others should hear again how fresh what we have is."""
        return self.announce_time is None or at - self.announce_time >= TELL_EVERY

    def announced(self, *, at: datetime) -> None:
        """Others are told, as of a version of its own."""
        self.announce_time = at
        self._touch()

    def reads(self, channel: str) -> bool:
        """Whether a channel of ours is for it."""
        return channel == f"to.{self.region}" or channel in self.channels

    def has_read(self, places: Mapping[str, tuple[int, int]]) -> None:
        """How far it is on channels of ours, without what it read there: (epoch, number) of each."""
        known = {name: (each[0], each[1]) for name, each in self.their_cursors.items()}
        moved = {name: [*at, ""] for name, at in places.items() if known.get(name) != at}
        if moved:
            self.their_cursors = {**self.their_cursors, **moved}

    def _require_not_removed(self) -> None:
        if self.state is State.REMOVED:
            raise FailedPrecondition("REMOVED", f"{self.name} is removed: pin it anew")

    def _become(self, state: State, reason: str = "") -> None:
        self.state, self.state_reason = state, reason[:500]
        self.announce_time = None
        self._touch()

    def _touch(self) -> None:
        self.version += 1


def _expiry(document: RegionDocument) -> datetime | None:
    return max((each.not_after for each in document.keys), default=None)
