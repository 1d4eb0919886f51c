"""Between notices and their messages: the public form, the whole form, and what callers write."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from interchange.opportunities.v1 import notices_pb2 as pb

from chassis import convert
from chassis.auth import Principal
from chassis.errors import InvalidArgument
from chassis.etags import etag
from chassis.names import format_name, parse_name
from chassis.timestamps import optional
from chassis.timestamps import to_proto as stamp
from services.opportunities.convert import consent_to_proto
from services.opportunities.notices import conditions, wishes
from services.opportunities.notices.kinds import Attendance, Format, Kind, Visibility
from services.opportunities.notices.models import Notice
from services.opportunities.policy import sees_notice_whole


def to_proto(notice: Notice, who: Principal, *, open_interests: int = 0) -> pb.Notice:
    """The notice as this caller may see it."""
    message = to_public(notice)
    if sees_notice_whole(who, notice):
        _complete(message, notice, open_interests)
    return message


def to_public(notice: Notice) -> pb.Notice:
    """The notice as everybody sees it, events too: it names no person."""
    return pb.Notice(
        name=notice.name,
        kind=convert.number(notice.kind),
        format=convert.number(notice.format),
        title=notice.title,
        body=notice.body,
        themes=notice.themes,
        skills=notice.skills,
        grade_bands=notice.grade_bands,  # type: ignore[arg-type]  # numbers of GradeBand
        organisation=notice.organisation,
        organisation_display_name=notice.display_name,
        sector=convert.number(notice.sector),
        place=convert.place(notice.place),
        attendance=convert.number(notice.attendance),
        start_date=convert.day(notice.start_date),
        end_date=convert.day(notice.end_date),
        days_per_week=notice.days_per_week,
        visibility=convert.number(notice.visibility),
        swap_wishes=wishes.to_proto(notice.swap_wishes),
        conditions=conditions.to_proto(notice.conditions),
        places_taken=notice.places_taken if notice.has_places else 0,
        state=convert.number(notice.state),
        closing_reason=convert.number(notice.closing_reason),
        close_time=convert.moment(notice.close_time),
        create_time=convert.moment(notice.create_time),
        publish_time=convert.moment(notice.publish_time),
        update_time=convert.moment(notice.update_time),
        region=notice.region,
        version=notice.version,
        etag=etag(notice.version),
    )


def _complete(message: pb.Notice, notice: Notice, open_interests: int) -> None:
    """Add what only its managers, operators and the beneficiary see."""
    message.author, message.manager = notice.author, notice.manager
    message.beneficiary = notice.beneficiary
    consent = consent_to_proto(notice.consent)
    if consent:
        message.consent.CopyFrom(consent)
    if notice.request_id:
        message.request = format_name("requests", notice.request_id)
    if notice.copied_from:
        message.copied_from = format_name("notices", notice.copied_from)
    message.open_interests = open_interests
    message.closing_note, message.review_note = notice.closing_note, notice.review_note
    message.no_personal_data_confirmer = notice.impersonal_by
    if notice.impersonal_time:
        message.no_personal_data_confirm_time.CopyFrom(stamp(notice.impersonal_time))


def _beneficiary(message: pb.Notice) -> str:
    if message.beneficiary:
        parse_name("people", message.beneficiary, field="notice.beneficiary")
    return message.beneficiary


# From a message to the attribute of the same name.
READERS: dict[str, Callable[[pb.Notice], object]] = {
    "kind": lambda message: Kind(message.kind),
    "format": lambda message: Format(message.format),
    "title": lambda message: message.title,
    "body": lambda message: message.body,
    "themes": lambda message: list(message.themes),
    "skills": lambda message: list(message.skills),
    "grade_bands": lambda message: list(message.grade_bands),
    "place": lambda message: convert.read_place(message.place),
    "attendance": lambda message: Attendance(message.attendance or Attendance.IN_PERSON),
    "start_date": lambda message: convert.read_day(message.start_date, field="notice.start_date"),
    "end_date": lambda message: convert.read_day(message.end_date, field="notice.end_date"),
    "days_per_week": lambda message: message.days_per_week,
    "visibility": lambda message: Visibility(message.visibility or Visibility.REGION),
    "close_time": lambda message: optional(message, "close_time"),
    "beneficiary": _beneficiary,
    "swap_wishes": wishes.read,
    "conditions": conditions.read,
}
# A consent is recorded, with who and when, rather than copied.
WRITABLE = frozenset(READERS) | {"consent"}
# What a copy takes over; whom a notice is for and what they would swap for stays in its region.
COPIED_FIELDS = frozenset(READERS) - {"beneficiary", "visibility", "swap_wishes"}
FIXED = ("organisation",)


def read_content(message: pb.Notice, fields: Collection[str]) -> Mapping[str, object]:
    """Values by attribute, of these fields."""
    return {field: READERS[field](message) for field in fields if field in READERS}


def require_unchanged(notice: Notice, message: pb.Notice) -> None:
    """Refuse another value for what can't be changed: silence would look like success."""
    for field in FIXED:
        given = getattr(message, field)
        if given and given != getattr(notice, field):
            raise InvalidArgument(
                "IMMUTABLE", "can't be changed: post another notice", field=f"notice.{field}"
            )
