"""What signatories are told of exchanges: of small steps all but who took them, of large ones all."""

from __future__ import annotations

from collections.abc import Sequence

from interchange.opportunities.v1 import events_pb2 as events
from interchange.opportunities.v1.exchanges_pb2 import Exchange
from sqlalchemy.orm import Session

from chassis.convert import read_day
from services.notifications.audience.queries import called, managers, region_called
from services.notifications.inbox.settling import settle
from services.notifications.inbox.telling import tell

Facts = events.ExchangeFacts
UNSIGNED = ("exchange-terms-changed", "exchange-action-refused")  # what asks for something


def on_terms_changed(session: Session, event: events.ExchangeTermsChanged) -> None:
    settle(session, event.exchange.exchange, *UNSIGNED)
    _tell(session, "exchange-terms-changed", _others(event.exchange), event.exchange)


def on_signed(session: Session, event: events.ExchangeSigned) -> None:
    """The last signature makes it agreed, and that is news enough."""
    settle(session, event.exchange.exchange, *UNSIGNED, people=[event.exchange.actor])
    if event.exchange.state != Exchange.AGREED:
        _tell(session, "exchange-signed", _others(event.exchange), event.exchange)


def on_agreed(session: Session, event: events.ExchangeAgreed) -> None:
    facts = event.exchange
    settle(session, facts.exchange, *UNSIGNED)
    days = {
        "first_day": read_day(facts.start_date, field="start_date"),
        "last_day": read_day(facts.end_date, field="end_date"),
    }
    _tell(session, "exchange-agreed", facts.signatories, facts, **days)


def on_started(session: Session, event: events.ExchangeStarted) -> None:
    settle(session, event.exchange.exchange, *UNSIGNED)
    _tell(session, "exchange-started", event.exchange.signatories, event.exchange)


def on_completed(session: Session, event: events.ExchangeCompleted) -> None:
    settle(session, event.exchange.exchange, *UNSIGNED)
    _tell(session, "exchange-completed", event.exchange.signatories, event.exchange)


def on_ended_early(session: Session, event: events.ExchangeEndedEarly) -> None:
    settle(session, event.exchange.exchange, *UNSIGNED)
    _tell(session, "exchange-ended-early", event.exchange.signatories, event.exchange)


def on_action_refused(session: Session, event: events.ExchangeActionRefused) -> None:
    """Who did it, and the managers of their side, who may do it in their place."""
    facts = event.exchange
    ours = facts.visiting_organisation if facts.partner_hosts else facts.host_organisation
    region = region_called(session, facts.partner_region)
    others = [each for each in managers(session, ours) if each != facts.actor]
    kind = "exchange-action-refused"
    _tell(session, kind, [facts.actor], facts, region=region, yours=True)
    _tell(session, kind, others, facts, region=region, yours=False)


def on_feedback(session: Session, event: events.FeedbackGiven) -> None:
    _tell(session, "feedback-given", _others(event.exchange), event.exchange)


def _others(facts: Facts) -> list[str]:
    return [person for person in facts.signatories if person != facts.actor]


def _tell(
    session: Session, template: str, people: Sequence[str], facts: Facts, **more: object
) -> None:
    region = facts.partner_region
    host, visitor = (region, "") if facts.partner_hosts else ("", region)
    tell(
        session,
        template,
        people,
        about=facts.exchange,
        title=facts.notice_title,
        host=called(session, facts.host_organisation, facts.host_organisation_display_name, host),
        visitor=called(
            session,
            facts.visiting_organisation,
            facts.visiting_organisation_display_name,
            visitor,
        ),
        **more,
    )
