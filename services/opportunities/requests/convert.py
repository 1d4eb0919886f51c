"""Between requests and their messages."""

from __future__ import annotations

from datetime import datetime

from interchange.opportunities.v1 import events_pb2 as events
from interchange.opportunities.v1 import notices_pb2
from interchange.opportunities.v1 import requests_pb2 as pb

from chassis import convert
from chassis.auth import Principal
from chassis.etags import etag
from chassis.names import format_name
from chassis.timestamps import to_proto as stamp
from services.opportunities.consent import given
from services.opportunities.convert import consent_to_proto
from services.opportunities.notices.kinds import Format
from services.opportunities.requests.models import Request

NO_FORMAT = notices_pb2.FORMAT_UNSPECIFIED
# What a notice takes from the request that it is drafted from, unless the manager writes something else.
TAKEN = ("format", "title", "body", "themes", "skills")


def from_proto(message: pb.Request, who: Principal, *, at: datetime) -> Request:
    """A new request of whoever calls, to the managers of their organisation."""
    request = Request(
        person=who.person,
        organisation=who.organisation,
        title=message.title,
        body=message.body,
        format=Format(message.format) if message.format else None,
        themes=list(message.themes),
        skills=list(message.skills),
        create_time=at,
        update_time=at,
    )
    if message.HasField("consent"):
        request.consent = given(message.consent, whose=who.person, by=who.person, at=at)
    return request


def to_proto(request: Request) -> pb.Request:
    return pb.Request(
        name=request.name,
        person=request.person,
        organisation=request.organisation,
        title=request.title,
        body=request.body,
        format=convert.number(request.format or NO_FORMAT),
        themes=request.themes,
        skills=request.skills,
        consent=consent_to_proto(request.consent),
        state=convert.number(request.state),
        decline_reason=request.decline_reason,
        notice=_notice(request),
        create_time=stamp(request.create_time),
        update_time=stamp(request.update_time),
        etag=etag(request.version),
    )


def facts(request: Request) -> events.RequestFacts:
    """What every event about a request carries: ids, no texts."""
    return events.RequestFacts(
        request=request.name,
        person=request.person,
        organisation=request.organisation,
        notice=_notice(request),
    )


def to_notice(request: Request, written: notices_pb2.Notice) -> notices_pb2.Notice:
    """The notice to draft: what the manager wrote, and of the request what they left open."""
    notice = notices_pb2.Notice()
    notice.CopyFrom(written)
    source = to_proto(request)
    for field in TAKEN:
        if not getattr(notice, field):
            _take(notice, field, getattr(source, field))
    notice.kind = notice.kind or notices_pb2.WANTED
    notice.format = notice.format or notices_pb2.WORK_SHADOWING
    notice.organisation, notice.beneficiary = request.organisation, request.person
    notice.ClearField("consent")
    return notice


def _take(notice: notices_pb2.Notice, field: str, value: object) -> None:
    if field in ("themes", "skills"):
        getattr(notice, field).extend(value)
        return
    setattr(notice, field, value)


def _notice(request: Request) -> str:
    return format_name("notices", request.notice_id) if request.notice_id else ""
