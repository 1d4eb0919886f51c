"""What a partner region decided on an interest of ours in its notice."""

from __future__ import annotations

from interchange.opportunities.v1 import events_pb2 as events
from interchange.opportunities.v1 import partner_records_pb2 as pb
from interchange.opportunities.v1.interests_pb2 import Introduction
from sqlalchemy.orm import Session

from chassis.bus import publish
from chassis.errors import FailedPrecondition
from chassis.foreign import clean
from services.opportunities.exchanges.models import Exchange
from services.opportunities.exchanges.parties import Party, posted_side_visits
from services.opportunities.interests.convert import facts
from services.opportunities.interests.models import Interest, State
from services.opportunities.partner_records import copies, people
from services.opportunities.partner_records.told import Told

DECISIONS = (State.ENDORSED, State.ACCEPTED, State.DECLINED)


def take(session: Session, told: Told) -> str:
    """Bring our interest to where its notice's region says that it is, and tell our people."""
    message = told.record.decision
    interest = copies.own_interest(session, told.region, message.interest)
    interest.origin_interest = told.record.record
    state = State(message.state) if message.state else State.PROPOSED
    if state not in DECISIONS:
        raise FailedPrecondition("NO_DECISION", "an interest is endorsed, accepted or declined")
    if state is State.ACCEPTED:
        _accept(session, interest, told)
    elif interest.follow_decision(
        state,
        reason=clean(message.decline_reason),
        code=message.reason_code,
        exchange_id=None,
        at=told.at,
    ):
        copies.drop_lost(session, interest, at=told.at)
        publish(session, _news(interest, message))
    return interest.name


def _news(
    interest: Interest, message: pb.DecisionRecord
) -> events.InterestEndorsed | events.InterestDeclined:
    if interest.state is State.ENDORSED:
        return events.InterestEndorsed(interest=facts(interest))
    return events.InterestDeclined(interest=facts(interest), not_chosen=bool(message.reason_code))


def _accept(session: Session, interest: Interest, told: Told) -> None:
    """The introduction: its people are known here from now on, and the exchange has a copy."""
    message = told.record.decision
    exchange_id = copies.exchange_id(told.region, message.exchange)
    is_news = interest.follow_decision(
        State.ACCEPTED, reason="", code="", exchange_id=exchange_id, at=told.at
    )
    if interest.state is not State.ACCEPTED:
        return
    copies.drop_lost(session, interest, at=told.at)
    _keep_people(session, interest, told)
    if session.get(Exchange, exchange_id) is None:
        session.add(_exchange(interest, told))
    if is_news:
        exchange = f"exchanges/{exchange_id}"
        publish(session, events.InterestAccepted(interest=facts(interest), exchange=exchange))


def _keep_people(session: Session, interest: Interest, told: Told) -> None:
    parties = [
        pb.PartnerPerson(
            person=each.person,
            display_name=each.display_name[:200],
            job_title=each.job_title[:200],
            email=each.email[:254],
        )
        for each in told.record.decision.parties
        if each.person
    ]
    people.keep(
        session,
        told.region,
        told.record.record,
        [(each, interest.notice_organisation) for each in parties],
        expire_time=told.expire_time,
    )


def _exchange(interest: Interest, told: Told) -> Exchange:
    """A copy with the notice's terms, until its own region tells of it."""
    named = {
        each.role: people.name_of(told.region, pb.PartnerPerson(person=each.person))
        for each in told.record.decision.parties
    }
    posted = Party(
        interest.notice.owner,
        named.get(Introduction.Party.BENEFICIARY, ""),
        named.get(Introduction.Party.NOTICE_MANAGER, ""),
    )
    answered = Party(interest.owner, interest.participant, interest.manager)
    sides = (answered, posted) if posted_side_visits(interest.notice.kind) else (posted, answered)
    return copies.new_exchange(interest, *sides, name=told.record.decision.exchange, told=told)
