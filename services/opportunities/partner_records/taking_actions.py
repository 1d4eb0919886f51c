"""What a partner region's people did to an exchange of ours: done by its own rules, or refused in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from google.protobuf.message import Message
from interchange.opportunities.v1 import events_pb2 as events
from interchange.opportunities.v1 import partner_records_pb2 as pb
from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.bus import publish
from chassis.errors import Error, PermissionDenied
from chassis.foreign import clean
from chassis.names import parse_name
from services.opportunities.exchanges.actions import ActionOutcome, Verb
from services.opportunities.exchanges.convert import TERMS, facts, read_terms
from services.opportunities.exchanges.models import Exchange, State
from services.opportunities.exchanges.parties import NAMED, Role
from services.opportunities.partner_records import people, telling
from services.opportunities.partner_records.told import Told, unknown

Actor = tuple[str, set[Role]]


def take(session: Session, told: Told) -> str:
    message = told.record.action
    exchange = _load(session, told)
    actor = _actor(exchange, told)
    refusal, detail = "", ""
    try:
        # What a refusal leaves half done goes; the refusal itself stays.
        with session.begin_nested():
            news = _carry_out(exchange, actor, told)
    except Error as problem:
        session.refresh(exchange)
        refusal, detail, news = problem.reason, problem.message, []
    outcome = ActionOutcome(
        action=told.record.record, refusal=refusal[:50], detail=detail[:500], create_time=told.at
    )
    exchange.note_outcome(outcome, at=told.at)
    _keep_actor(session, exchange, message, told)
    for kind in news:
        publish(session, kind(exchange=facts(exchange, actor="")))
    telling.exchange(session, exchange)
    return f"{exchange.name}/actions/{actor[0]}"


def _load(session: Session, told: Told) -> Exchange:
    exchange_id = parse_name("exchanges", told.record.action.exchange, field="record")
    statement = select(Exchange).where(Exchange.id == exchange_id)
    found = session.scalars(statement.with_for_update(of=Exchange)).one_or_none()
    if found is None or found.follower != told.region:
        raise unknown("exchange")
    return found


def _actor(exchange: Exchange, told: Told) -> Actor:
    """Who acts, in those of the roles named that are that region's to fill."""
    message = told.record.action
    person = people.name_of(told.region, message.actor)
    wanted = {Role(each) for each in message.roles if each}
    theirs = {role for role in wanted if not exchange.is_ours(role)}
    named = {each.role for each in exchange.signatories if each.person == person}
    return person, {role for role in theirs if role not in NAMED or role in named}


def _keep_actor(
    session: Session, exchange: Exchange, message: pb.ExchangeActionRecord, told: Told
) -> None:
    theirs = exchange.visitor if exchange.visitor.region else exchange.host
    actors = [(message.actor, theirs.name)] if message.actor.person else []
    people.keep(session, told.region, told.record.record, actors, expire_time=told.expire_time)


def _carry_out(exchange: Exchange, actor: Actor, told: Told) -> list[type[Message]]:
    message = told.record.action
    verb = Verb(message.verb)
    if verb is not Verb.END and not actor[1]:
        raise PermissionDenied("NOT_CONCERNED", f"{exchange.name} is for others to change")
    if verb in (Verb.SIGN, Verb.SETTLE):
        exchange.require_terms_seen(message.version)
    return VERBS[verb](exchange, actor, told)


def _sign(exchange: Exchange, actor: Actor, told: Told) -> list[type[Message]]:
    if not exchange.sign(*actor, at=told.at):
        return []
    agreed = [events.ExchangeAgreed] if exchange.state is State.AGREED else []
    return [events.ExchangeSigned, *agreed]


def _settle(exchange: Exchange, actor: Actor, told: Told) -> list[type[Message]]:
    _require_manager(exchange, actor)
    changed = exchange.settle(read_terms(told.record.action.terms, TERMS), at=told.at)
    return [events.ExchangeTermsChanged] if changed else []


def _start(exchange: Exchange, actor: Actor, told: Told) -> list[type[Message]]:
    _require_manager(exchange, actor)
    exchange.start(at=told.at)
    return [events.ExchangeStarted]


def _complete(exchange: Exchange, actor: Actor, told: Told) -> list[type[Message]]:
    _require_manager(exchange, actor)
    exchange.complete(at=told.at)
    return [events.ExchangeCompleted]


def _end(exchange: Exchange, _: Actor, told: Told) -> list[type[Message]]:
    exchange.end(clean(told.record.action.reason), at=told.at)
    return [events.ExchangeEndedEarly]


def _give_feedback(exchange: Exchange, actor: Actor, told: Told) -> list[type[Message]]:
    said = told.record.action.feedback
    person, roles = actor
    rating, text = min(max(said.rating, 1), 5), clean(said.text)[:4000]
    exchange.give_feedback(person, min(roles), rating=rating, text=text, at=told.at)
    return [events.FeedbackGiven]


def _require_manager(exchange: Exchange, actor: Actor) -> None:
    if not any(role not in NAMED for role in actor[1]):
        raise PermissionDenied("NOT_ITS_MANAGER", f"this step of {exchange.name} is for managers")


VERBS: Mapping[Verb, Callable[[Exchange, Actor, Told], list[type[Message]]]] = {
    Verb.SIGN: _sign,
    Verb.SETTLE: _settle,
    Verb.START: _start,
    Verb.COMPLETE: _complete,
    Verb.END: _end,
    Verb.GIVE_FEEDBACK: _give_feedback,
}
