"""Which of our notices go out, and what is said of them: the handlers of what opportunities announces."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from interchange.common.v1.types_pb2 import GradeBand, Place, Sector, Vetting
from interchange.opportunities.v1 import events_pb2 as opportunities
from interchange.opportunities.v1 import notices_pb2 as pb
from sqlalchemy import Table, bindparam, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from chassis.bulk import rounds
from chassis.bus import Handlers, Together
from chassis.clock import now
from chassis.names import parse_name
from chassis.timestamps import optional
from services.federation.log.models import Channel, HeardNotice, LogEntry
from services.federation.log.writing import Draft, Log
from services.federation.partners.models import NATIONAL
from services.federation.protocol.entry import Op
from services.federation.protocol.payloads import (
    NOTICE_SCHEMA,
    NOTICE_TYPE,
    ConditionFields,
    NoticePayload,
    PlaceFields,
    write_notice,
)

NoticeEvent = (
    opportunities.NoticePublished | opportunities.NoticeRevised | opportunities.NoticeClosed
)


# Written once. Not newest first, for which the database would go through the whole log in its order.
SAID = select(LogEntry.subject, LogEntry.epoch, LogEntry.seq, LogEntry.op, LogEntry.version).where(
    LogEntry.channel == bindparam("in_channel"),
    LogEntry.subject.in_(bindparam("subjects", expanding=True)),
)
HEARD: Table = HeardNotice.__table__  # type: ignore[assignment]  # it is one


@dataclass(frozen=True, slots=True)
class Told:
    """What partners have heard of a notice last."""

    op: Op
    version: int


class Export:
    """Puts on each channel what its policy lets out, and takes back what it does not any more."""

    def __init__(
        self,
        log: Log,
        *,
        region: str,
        is_open: Callable[[], bool],
        clock: Callable[[], datetime] = now,
    ) -> None:
        """`is_open`: whether this region has told others who it is. Before that it has nobody to tell."""
        self._log = log
        self._region = region
        self._is_open = is_open
        self._clock = clock

    @property
    def is_open(self) -> bool:
        """Whether there is somebody to tell."""
        return self._is_open()

    @property
    def handlers(self) -> Handlers:
        together = Together(self.on_notices)
        return {
            opportunities.NoticePublished: together,
            opportunities.NoticeRevised: together,
            opportunities.NoticeClosed: together,
        }

    def on_notices(self, session: Session, told: Sequence[NoticeEvent]) -> None:
        ours = [each.notice for each in told if each.notice.region == self._region]
        if ours and self._is_open():
            self.tell(session, ours, at=self._clock())

    def tell(self, session: Session, notices: Iterable[pb.Notice], *, at: datetime) -> None:
        """In their order, on every channel where they stand or should stand.

        Twice is once, and older is nothing.
        """
        self._log.locked(session, NATIONAL, at=at)
        channels = session.scalars(select(Channel).order_by(Channel.channel)).all()
        public = [each for each in channels if not each.channel.startswith("to.")]
        # Each word on a notice finds the one before it written.
        for different in rounds(notices, key=_subject):
            newest = _newest(session, different, at)
            for channel in public if newest else ():
                self._tell_on(session, channel, newest, at)

    def take_back(self, session: Session, name: str, *, at: datetime) -> None:
        """Withdraw a notice wherever it stands: its owner lists it no more."""
        subject = str(parse_name("notices", name))
        live = select(LogEntry).where(LogEntry.subject == subject, LogEntry.is_live)
        live = live.where(LogEntry.op == Op.PUT.value)
        for entry in session.scalars(live.order_by(LogEntry.channel)).all():
            draft = Draft(
                channel=entry.channel,
                op=Op.WITHDRAW,
                type=NOTICE_TYPE,
                dataschema=NOTICE_SCHEMA,
                subject=subject,
                version=entry.version,
            )
            self._log.append(session, draft, at=at)

    def _tell_on(
        self, session: Session, channel: Channel, notices: Sequence[pb.Notice], at: datetime
    ) -> None:
        told = _told(session, channel.channel, map(_subject, notices))
        ops = [(each, _op(each, channel.policy, told.get(_subject(each)))) for each in notices]
        drafts = [_draft(channel, notice, op) for notice, op in ops if op is not None]
        if drafts:
            self._log.append_all(session, drafts, at=at)


def _newest(session: Session, notices: Sequence[pb.Notice], at: datetime) -> Sequence[pb.Notice]:
    """Those of which we have heard no later version; from now on these are the ones."""
    statement = insert(HEARD)
    hearing = statement.on_conflict_do_update(
        index_elements=["notice"],
        set_={key: statement.excluded[key] for key in ("version", "hear_time")},
        where=HEARD.c.version <= statement.excluded.version,
    ).returning(HEARD.c.notice)
    rows = [
        {"notice": _subject(each), "version": each.version, "hear_time": at} for each in notices
    ]
    newest = set(session.scalars(hearing, rows))
    return [each for each in notices if _subject(each) in newest]


def _draft(channel: Channel, notice: pb.Notice, op: Op) -> Draft:
    return Draft(
        channel=channel.channel,
        op=op,
        type=NOTICE_TYPE,
        dataschema=NOTICE_SCHEMA,
        subject=_subject(notice),
        payload=write_notice(to_payload(notice)) if op is Op.PUT else None,
        version=notice.version,
    )


def _subject(notice: pb.Notice) -> str:
    return str(parse_name("notices", notice.name))


def _told(session: Session, channel: str, subjects: Iterable[str]) -> Mapping[str, Told]:
    """Our newest word on each."""
    said = session.execute(SAID, {"in_channel": channel, "subjects": list(subjects)}).all()
    ordered = sorted(said, key=lambda each: (each.epoch, each.seq))
    return {each.subject: Told(Op(each.op), each.version) for each in ordered}


def _op(notice: pb.Notice, policy: Mapping[str, Any], told: Told | None) -> Op | None:
    """What to say; None: nothing. What the operator removed is erased, for nobody knows what it said."""
    if told is not None and told.version > notice.version:
        return None
    if is_let_out(notice, policy):
        is_said = told and told.op == Op.PUT and told.version == notice.version
        return None if is_said else Op.PUT
    if told is None or told.op == Op.ERASE:
        return None
    if notice.closing_reason == pb.Notice.REMOVED:
        return Op.ERASE  # also what was withdrawn: partners may have kept it
    return Op.WITHDRAW if told.op == Op.PUT else None


def is_let_out(notice: pb.Notice, policy: Mapping[str, Any]) -> bool:
    """Whether it is for the network, and the channel's policy has nothing against it."""
    if notice.state != pb.Notice.PUBLISHED or notice.visibility != pb.NETWORK:
        return False
    kinds, formats = policy.get("kinds"), policy.get("formats")
    return (
        (not kinds or notice.kind in kinds)
        and (not formats or notice.format in formats)
        and notice.organisation not in policy.get("refused_organisations", ())
    )


def to_payload(notice: pb.Notice) -> NoticePayload:
    """The notice as regions tell each other of it: who wrote it and whom it is for has no place there."""
    return {
        "notice": {
            "id": _subject(notice),
            "version": notice.version,
            "kind": pb.Kind.Name(notice.kind),
            "format": pb.Format.Name(notice.format),
            "title": notice.title,
            "body": notice.body,
            "themes": list(notice.themes),
            "skills": list(notice.skills),
            "gradeBands": [GradeBand.Name(each) for each in notice.grade_bands],
            "attendance": pb.Attendance.Name(notice.attendance),
            "startDate": notice.start_date,
            "endDate": notice.end_date,
            "daysPerWeek": notice.days_per_week,
            "closeTime": optional(notice, "close_time"),
            "publishTime": optional(notice, "publish_time"),
            "updateTime": optional(notice, "update_time"),
            "place": _place(notice.place) if notice.HasField("place") else None,
            "conditions": _conditions(notice) if notice.HasField("conditions") else None,
        },
        "organisation": {
            "id": str(parse_name("organisations", notice.organisation)),
            "displayName": notice.organisation_display_name,
            "sector": Sector.Name(notice.sector),
        },
    }


def _conditions(notice: pb.Notice) -> ConditionFields:
    conditions = notice.conditions
    return {
        "skillLevels": {each.skill: each.level for each in conditions.skill_levels},
        "vettingNeeded": _vetting(conditions.vetting_needed),
        "vettingHeld": _vetting(conditions.vetting_held),
        "places": conditions.places,
        "placesTaken": notice.places_taken,
        "newPartnersOnly": conditions.new_partners_only,
    }


def _vetting(number: Vetting.ValueType) -> str:
    return Vetting.Name(number) if number else ""


def _place(place: Place) -> PlaceFields:
    return {"label": place.label, "latitude": place.latitude, "longitude": place.longitude}
