"""What people are told of cohorts: pairs are introduced, and who has no partner hears why, kindly."""

from __future__ import annotations

from interchange.matching.v1 import events_pb2 as events
from sqlalchemy.orm import Session

from services.notifications.audience.queries import all_managers, display_name, managers
from services.notifications.inbox.settling import settle
from services.notifications.inbox.telling import tell

Facts = events.ApplicationFacts


def on_opened(session: Session, event: events.CohortOpened) -> None:
    """Managers, who know for whom it would be something."""
    tell(session, "cohort-opened", all_managers(session), about=event.cohort, title=event.title)


def on_applied(session: Session, event: events.ApplicationMade) -> None:
    """Whoever of the two did not do it themselves."""
    facts = event.application
    if event.applied_by:
        _tell(session, "application-made-for-you", [facts.person], facts)
    else:
        _tell(session, "application-made", _managers(session, facts), facts)


def on_withdrawn(session: Session, event: events.ApplicationWithdrawn) -> None:
    settle(session, event.application.application, "pair-published")
    _tell(
        session, "application-withdrawn", _managers(session, event.application), event.application
    )
    if event.HasField("partner"):
        settle(session, event.partner.application, "pair-published")
        both = [event.partner.person, *_managers(session, event.partner)]
        _tell(session, "partner-dropped-out", both, event.partner)


def on_paired(session: Session, event: events.PairPublished) -> None:
    """All four sides: from now on they may know each other."""
    for mine, theirs in ((event.one, event.other), (event.other, event.one)):
        partner = display_name(session, theirs.organisation)
        _tell(session, "pair-published", [mine.person], mine, partner_organisation=partner)
        responsible = _managers(session, mine)
        _tell(session, "pair-published-manager", responsible, mine, partner_organisation=partner)


def on_left_unpaired(session: Session, event: events.ApplicantLeftUnpaired) -> None:
    facts = event.application
    _tell(session, "applicant-left-unpaired", [facts.person], facts, why=event.why)
    _tell(session, "left-unpaired-manager", _managers(session, facts), facts, why=event.why)


def _managers(session: Session, facts: Facts) -> list[str]:
    """Those of the applicant's organisation, but not the applicant."""
    return [each for each in managers(session, facts.organisation) if each != facts.person]


def _tell(session: Session, template: str, people: list[str], facts: Facts, **more: object) -> None:
    tell(
        session,
        template,
        people,
        about=facts.application,
        title=facts.title,
        organisation=display_name(session, facts.organisation),
        **more,
    )
