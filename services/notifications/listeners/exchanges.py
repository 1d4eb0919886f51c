"""What signatories are told of exchanges: of small steps all but who took them, of large ones all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from interchange.opportunities.v1 import events_pb2 as events
from interchange.opportunities.v1.exchanges_pb2 import Exchange
from sqlalchemy.orm import Session

from chassis.convert import spelt
from services.notifications.audience.queries import display_name
from services.notifications.inbox.telling import tell

Facts = events.ExchangeFacts


def on_terms_changed(session: Session, event: events.ExchangeTermsChanged) -> None:
    _tell(session, "exchange-terms-changed", _others(event.exchange), event.exchange)


def on_signed(session: Session, event: events.ExchangeSigned) -> None:
    """The last signature makes it agreed, and that is news enough."""
    if event.exchange.state != Exchange.AGREED:
        _tell(session, "exchange-signed", _others(event.exchange), event.exchange)


def on_agreed(session: Session, event: events.ExchangeAgreed) -> None:
    facts = event.exchange
    days = _days(facts.start_date, facts.end_date)
    _tell(session, "exchange-agreed", facts.signatories, facts, days=days)


def on_started(session: Session, event: events.ExchangeStarted) -> None:
    _tell(session, "exchange-started", event.exchange.signatories, event.exchange)


def on_completed(session: Session, event: events.ExchangeCompleted) -> None:
    _tell(session, "exchange-completed", event.exchange.signatories, event.exchange)


def on_ended_early(session: Session, event: events.ExchangeEndedEarly) -> None:
    _tell(session, "exchange-ended-early", event.exchange.signatories, event.exchange)


def on_feedback(session: Session, event: events.FeedbackGiven) -> None:
    _tell(session, "feedback-given", _others(event.exchange), event.exchange)


def _others(facts: Facts) -> list[str]:
    return [person for person in facts.signatories if person != facts.actor]


def _tell(
    session: Session, template: str, people: Sequence[str], facts: Facts, **more: object
) -> None:
    tell(
        session,
        template,
        people,
        about=facts.exchange,
        title=facts.notice_title,
        host=display_name(session, facts.host_organisation),
        visitor=display_name(session, facts.visiting_organisation),
        **more,
    )


def _days(first: str, last: str) -> str:
    """In words; empty when the terms leave it open."""
    if not first:
        return ""
    return f"from {_day(first)} to {_day(last)}" if last else f"from {_day(first)}"


def _day(text: str) -> str:
    return spelt(date.fromisoformat(text))
