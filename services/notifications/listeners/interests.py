"""What both sides are told of interests: no names, but those of organisations and their regions."""

from __future__ import annotations

from collections.abc import Sequence

from interchange.opportunities.v1 import events_pb2 as events
from sqlalchemy.orm import Session

from chassis.names import format_name
from services.notifications.audience.queries import answering, called, managers
from services.notifications.inbox.settling import settle
from services.notifications.inbox.telling import tell

Facts = events.InterestFacts
UNDECIDED = ("interest-proposed", "interest-endorsed")  # what people are told while it is open


def on_proposed(session: Session, event: events.InterestProposed) -> None:
    """Either side's managers may endorse it."""
    facts = event.interest
    either = [*_interested_manager(session, facts), *_notice_managers(session, facts)]
    _tell(session, "interest-put-forward", [facts.participant], facts)
    _tell(session, "interest-proposed", _but(either, facts.participant), facts)


def on_endorsed(session: Session, event: events.InterestEndorsed) -> None:
    facts = event.interest
    settle(session, facts.interest, "interest-proposed")
    deciding = _notice_managers(session, facts)
    others = [*_interested_manager(session, facts), facts.participant]
    _tell(session, "interest-endorsed", deciding, facts)
    _tell(session, "interest-going-on", _but(others, *deciding), facts)


def on_accepted(session: Session, event: events.InterestAccepted) -> None:
    """All four, who may from now on know each other."""
    facts = event.interest
    settle(session, facts.interest, *UNDECIDED)
    people = [
        *answering(session, facts.notice_manager, facts.notice_organisation),
        *_interested_manager(session, facts),
        facts.beneficiary,
        facts.participant,
    ]
    introduction = format_name(facts.interest, "introduction")
    _tell(session, "interest-accepted", people, facts, about=introduction)


def on_declined(session: Session, event: events.InterestDeclined) -> None:
    facts = event.interest
    settle(session, facts.interest, *UNDECIDED)
    template = "interest-not-chosen" if event.not_chosen else "interest-declined"
    interested = [*_interested_manager(session, facts), facts.participant]
    _tell(session, template, interested, facts)


def on_withdrawn(session: Session, event: events.InterestWithdrawn) -> None:
    facts = event.interest
    settle(session, facts.interest, *UNDECIDED)
    _tell(session, "interest-withdrawn", _notice_managers(session, facts), facts)


def _notice_managers(session: Session, facts: Facts) -> list[str]:
    return [facts.notice_manager, *managers(session, facts.notice_organisation)]


def _interested_manager(session: Session, facts: Facts) -> list[str]:
    return answering(session, facts.interested_manager, facts.organisation)


def _but(people: Sequence[str], *others: str) -> list[str]:
    """Who is told something else already, is not told this as well."""
    return [each for each in people if each not in others]


def _tell(
    session: Session, template: str, people: Sequence[str], facts: Facts, *, about: str = ""
) -> None:
    tell(
        session,
        template,
        people,
        about=about or facts.interest,
        title=facts.notice_title,
        organisation=called(
            session, facts.organisation, facts.organisation_display_name, facts.organisation_region
        ),
        notice_organisation=called(
            session,
            facts.notice_organisation,
            facts.notice_organisation_display_name,
            facts.notice_region,
        ),
    )
