"""The state of an exchange that lives in a partner region: our copy follows it, and our people hear of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from google.protobuf.message import Message
from interchange.opportunities.v1 import events_pb2 as events
from interchange.opportunities.v1 import exchanges_pb2
from interchange.opportunities.v1 import partner_records_pb2 as pb
from sqlalchemy.orm import Session

from chassis.bus import publish
from chassis.errors import InvalidArgument
from chassis.foreign import clean
from chassis.names import parse
from chassis.timestamps import from_proto, optional
from chassis.validation import validate
from services.opportunities.exchanges.actions import ExchangeAction
from services.opportunities.exchanges.convert import TERMS, facts, read_terms
from services.opportunities.exchanges.models import Exchange, Feedback, Signatory, State
from services.opportunities.exchanges.parties import Party, Role, posted_side_visits
from services.opportunities.interests.models import Interest
from services.opportunities.partner_records import copies, people
from services.opportunities.partner_records.told import Told, unknown

LONGEST = {"end_reason": 1000, "text": 4000}
NEWS: Mapping[State, type[Message]] = {
    State.AGREED: events.ExchangeAgreed,
    State.UNDER_WAY: events.ExchangeStarted,
    State.COMPLETED: events.ExchangeCompleted,
    State.ENDED_EARLY: events.ExchangeEndedEarly,
}


def take(session: Session, told: Told) -> str:
    message = told.record.exchange
    validate(exchanges_pb2.UpdateExchangeRequest(exchange=message.exchange))
    interest = copies.own_interest(session, told.region, message.interest)
    exchange = _copy(session, interest, told)
    before = _seen(exchange)
    exchange.follow(_values(session, exchange, told), version=message.version, at=told.at)
    refused = list(_answer(exchange, message))
    session.flush()
    for each in refused:
        told_of = facts(exchange, actor=each.person)
        publish(session, events.ExchangeActionRefused(exchange=told_of, refusal=each.refusal))
    for kind in _news(before, _seen(exchange)):
        publish(session, kind(exchange=facts(exchange, actor="")))
    return exchange.name


def _copy(session: Session, interest: Interest, told: Told) -> Exchange:
    name = told.record.exchange.exchange.name
    exchange_id = copies.exchange_id(told.region, name)
    copies.require_only(session, interest, exchange_id)
    found = session.get(Exchange, exchange_id, with_for_update={"of": Exchange})
    if found:
        if found.interest_id != interest.id:
            raise unknown("exchange")
        return found
    posted = Party(interest.notice.owner, "", "")
    answered = Party(interest.owner, interest.participant, interest.manager)
    visits = posted_side_visits(interest.notice.kind)
    sides = (answered, posted) if visits else (posted, answered)
    made = copies.new_exchange(interest, *sides, name=name, told=told)
    session.add(made)
    session.flush()
    return made


def _values(session: Session, exchange: Exchange, told: Told) -> Mapping[str, object]:
    message = told.record.exchange.exchange
    return {
        **read_terms(message, TERMS),
        "state": State(message.state),
        "end_reason": clean(message.end_reason)[: LONGEST["end_reason"]],
        "agree_time": optional(message, "agree_time"),
        "start_time": optional(message, "start_time"),
        "end_time": optional(message, "end_time"),
        "signatories": list(_signatories(session, exchange, told)),
        "feedback": list(_feedback(session, exchange, told)),
    }


def _signatories(session: Session, exchange: Exchange, told: Told) -> Iterator[Signatory]:
    """Those rows that there are, changed: a role is signed for once."""
    known = {each.role: each for each in exchange.signatories}
    newest = {Role(each.role): each for each in told.record.exchange.exchange.signatories}
    for role, message in newest.items():
        person = _person(session, exchange, told, role, message.person)
        signatory = known.get(role) or Signatory(role=role, person=person)
        signatory.person = person or (signatory.person if exchange.is_ours(role) else "")
        signatory.sign_time = optional(message, "sign_time")
        yield signatory


def _feedback(session: Session, exchange: Exchange, told: Told) -> Iterator[Feedback]:
    for message in told.record.exchange.exchange.feedback[:20]:
        role = Role(message.role)
        yield Feedback(
            role=role,
            person=_person(session, exchange, told, role, message.person),
            rating=min(max(message.rating, 1), 5),
            text=clean(message.text)[: LONGEST["text"]],
            create_time=from_proto(message.create_time),
        )


def _person(session: Session, exchange: Exchange, told: Told, role: Role, name: str) -> str:
    """Our name of somebody. Of our own people a region names only those whom it heard of from us."""
    if exchange.is_ours(role):
        return name if people.is_told(session, told.region, name) else ""
    return people.name_of(told.region, pb.PartnerPerson(person=name))


def _answer(exchange: Exchange, message: pb.ExchangeRecord) -> Iterator[ExchangeAction]:
    """What was done here is done there, or refused: the latter are told of."""
    for outcome in message.outcomes:
        try:
            _, action_id = parse(outcome.action, "exchanges/*/actions/*", field="record")
        except InvalidArgument:
            continue
        refused = exchange.answered(action_id, outcome.refusal, clean(outcome.detail))
        if refused:
            yield refused


Seen = tuple[State, Mapping[str, object], frozenset[Role], int]


def _seen(exchange: Exchange) -> Seen:
    """What people are told of when it changes."""
    terms = {field: getattr(exchange, field) for field in TERMS}
    signed = frozenset(each.role for each in exchange.signatories if each.sign_time)
    return exchange.state, terms, signed, len(exchange.feedback)


def _news(before: Seen, after: Seen) -> Iterator[type[Message]]:
    if before[1] != after[1]:
        yield events.ExchangeTermsChanged
    if after[2] - before[2]:
        yield events.ExchangeSigned
    if before[0] is not after[0] and after[0] in NEWS:
        yield NEWS[after[0]]
    if after[3] > before[3]:
        yield events.FeedbackGiven
