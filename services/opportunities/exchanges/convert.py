"""Between exchanges and their messages."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from interchange.opportunities.v1 import events_pb2 as events
from interchange.opportunities.v1 import exchanges_pb2 as pb

from chassis import convert
from chassis.auth import ANONYMOUS, Principal
from chassis.etags import etag
from chassis.names import format_name
from chassis.timestamps import to_proto as stamp
from services.opportunities.exchanges.actions import ActionState, ExchangeAction
from services.opportunities.exchanges.models import Exchange, Feedback, Payer, Signatory
from services.opportunities.notices.kinds import Attendance


def to_proto(exchange: Exchange, who: Principal = ANONYMOUS) -> pb.Exchange:
    """The exchange as all those concerned see it: they have been introduced. Of refusals each sees their own."""
    return pb.Exchange(
        name=exchange.name,
        notice=exchange.notice.name,
        notice_title=exchange.notice.title,
        interest=exchange.interest_name,
        format=convert.number(exchange.format),
        host_organisation=exchange.host_organisation,
        host_organisation_display_name=exchange.host.display_name,
        visiting_organisation=exchange.visiting_organisation,
        visiting_organisation_display_name=exchange.visitor.display_name,
        start_date=convert.day(exchange.start_date),
        end_date=convert.day(exchange.end_date),
        days_per_week=exchange.days_per_week,
        attendance=convert.number(exchange.attendance),
        place=convert.place(exchange.place),
        payer=convert.number(exchange.payer),
        payment_note=exchange.payment_note,
        objectives=exchange.objectives,
        cover=exchange.cover,
        signatories=map(signatory, sorted(exchange.signatories, key=lambda each: each.role)),
        state=convert.number(exchange.state),
        end_reason=exchange.end_reason,
        feedback=map(feedback, sorted(exchange.feedback, key=lambda each: each.create_time)),
        create_time=stamp(exchange.create_time),
        agree_time=convert.moment(exchange.agree_time),
        start_time=convert.moment(exchange.start_time),
        end_time=convert.moment(exchange.end_time),
        update_time=stamp(exchange.update_time),
        etag=etag(exchange.version),
        region=exchange.region,
        pending_actions=[
            pending(each)
            for each in exchange.actions
            if each.state is ActionState.WAITING or each.person == who.person
        ],
    )


def signatory(each: Signatory) -> pb.Signatory:
    return pb.Signatory(
        role=convert.number(each.role),
        person=each.person,
        sign_time=convert.moment(each.sign_time),
    )


def pending(each: ExchangeAction) -> pb.ExchangeAction:
    return pb.ExchangeAction(
        name=format_name("exchanges", each.exchange_id, "actions", each.id),
        verb=convert.number(each.verb),
        person=each.person,
        state=convert.number(each.state),
        refusal=each.refusal,
        detail=each.detail,
        create_time=stamp(each.create_time),
    )


def feedback(each: Feedback) -> pb.Feedback:
    return pb.Feedback(
        role=convert.number(each.role),
        person=each.person,
        rating=each.rating,
        text=each.text,
        create_time=stamp(each.create_time),
    )


def facts(exchange: Exchange, *, actor: str) -> events.ExchangeFacts:
    """What every event about an exchange carries: people of this region as ids, no texts."""
    return events.ExchangeFacts(
        exchange=exchange.name,
        notice=exchange.notice.name,
        notice_title=exchange.notice.title,
        host_organisation=exchange.host_organisation,
        visiting_organisation=exchange.visiting_organisation,
        signatories=sorted(
            {each.person for each in exchange.signatories if each.person} & local_people(exchange)
        ),
        actor=actor,
        state=convert.number(exchange.state),
        start_date=convert.day(exchange.start_date),
        end_date=convert.day(exchange.end_date),
        host_organisation_display_name=exchange.host.display_name,
        visiting_organisation_display_name=exchange.visitor.display_name,
        partner_region=exchange.partner_region,
        partner_hosts=bool(exchange.host.region),
    )


def local_people(exchange: Exchange) -> set[str]:
    """Who takes part for an organisation of this region."""
    return {each.person for each in exchange.signatories if exchange.is_ours(each.role)}


# From a message to the attribute of the same name.
TERMS: dict[str, Callable[[pb.Exchange], object]] = {
    "start_date": lambda message: convert.read_day(message.start_date, field="exchange.start_date"),
    "end_date": lambda message: convert.read_day(message.end_date, field="exchange.end_date"),
    "days_per_week": lambda message: message.days_per_week,
    "attendance": lambda message: Attendance(message.attendance),
    "place": lambda message: convert.read_place(message.place),
    "payer": lambda message: Payer(message.payer),
    "payment_note": lambda message: message.payment_note,
    "objectives": lambda message: list(message.objectives),
    "cover": lambda message: message.cover,
}


def read_terms(message: pb.Exchange, fields: Collection[str]) -> Mapping[str, object]:
    """Terms by attribute, of these fields."""
    return {field: TERMS[field](message) for field in fields}


def terms_to_proto(terms: Mapping[str, Any]) -> pb.Exchange:
    """Terms by attribute as a message that holds nothing else."""
    return pb.Exchange(
        start_date=convert.day(terms["start_date"]),
        end_date=convert.day(terms["end_date"]),
        days_per_week=terms["days_per_week"],
        attendance=convert.number(terms["attendance"]),
        place=convert.place(terms["place"]),
        payer=convert.number(terms["payer"]),
        payment_note=terms["payment_note"],
        objectives=terms["objectives"],
        cover=terms["cover"],
    )
