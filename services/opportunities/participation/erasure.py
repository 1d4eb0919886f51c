"""When a person is erased: their ids and their words go, the organisations' record stays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from interchange.identity.v1 import events_pb2 as identity
from interchange.opportunities.v1 import events_pb2 as events
from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.orm import Session

from chassis.bus import publish
from chassis.clock import now
from services.opportunities.exchanges.models import Exchange, Feedback, Signatory
from services.opportunities.exchanges.parties import NAMED
from services.opportunities.interests.convert import facts as interest_facts
from services.opportunities.interests.models import Interest
from services.opportunities.notice_reports import settling
from services.opportunities.notices import closing
from services.opportunities.notices.convert import to_public
from services.opportunities.notices.kinds import State
from services.opportunities.notices.models import Notice
from services.opportunities.participation import abroad
from services.opportunities.participation.moving import end
from services.opportunities.partner_records import telling
from services.opportunities.requests.models import Request
from services.opportunities.swaps.models import Swap, SwapPart

REASON = "The person whom this was about has left the network."

# Ids that say who did something, where nothing else hangs on them.
TRACES = (
    (Notice, Notice.author),
    (Notice, Notice.consent_recorded_by),
    (Notice, Notice.impersonal_by),
    (Interest, Interest.consent_recorded_by),
    (Request, Request.consent_recorded_by),
    (Swap, Swap.proposer),
    (SwapPart, SwapPart.agreed_by),
)


def on_person_erased(session: Session, event: identity.PersonErased) -> None:
    """Afterwards no row here names the person, and no text is left that they wrote or asked for."""
    person, at = event.person, now()
    abroad.erase(session, person)
    session.execute(delete(Request).where(Request.person == person))
    _notices(session, person, at)
    _managed(session, person, at)
    _interests(session, person, at)
    _exchanges(session, person, at)
    settling.on_person_erased(session, person)
    for table, column in TRACES:
        clear = update(table).where(column == person).values({column: ""})
        session.execute(clear, execution_options={"synchronize_session": False})


def _notices(session: Session, person: str, at: datetime) -> None:
    """Notices on their behalf: they have no purpose any more."""
    for notice in _locked(session, Notice.beneficiary == person):
        notice.forget_beneficiary(at=at)
        if notice.is_open:
            closing.withdraw(session, notice, REASON, at=at)


def _managed(session: Session, person: str, at: datetime) -> None:
    """Notices that they answered for: open ones wait for a manager."""
    for notice in _locked(session, Notice.manager == person):
        notice.assign("", at=at)
        if notice.state is not State.CLOSED:
            publish(session, events.NoticeReassigned(notice=to_public(notice)))


def _locked(session: Session, theirs: ColumnElement[bool]) -> Sequence[Notice]:
    """In the order in which everybody locks several."""
    statement = select(Notice).where(theirs).order_by(Notice.id).with_for_update(of=Notice)
    return session.scalars(statement).all()


def _interests(session: Session, person: str, at: datetime) -> None:
    theirs = or_(
        Interest.participant == person, Interest.proposer == person, Interest.manager == person
    )
    statement = select(Interest).where(theirs).order_by(Interest.id).with_for_update(of=Interest)
    for interest in session.scalars(statement).all():
        _forget_in(session, interest, person, at)


def _forget_in(session: Session, interest: Interest, person: str, at: datetime) -> None:
    takes_part = interest.participant == person
    interest.forget(person)
    if takes_part and interest.is_open:
        interest.withdraw(reason=REASON, at=at)
        publish(session, events.InterestWithdrawn(interest=interest_facts(interest)))


def _exchanges(session: Session, person: str, at: datetime) -> None:
    signs = select(Signatory.exchange_id).where(Signatory.person == person)
    said = select(Feedback.exchange_id).where(Feedback.person == person)
    theirs = or_(Exchange.id.in_(signs), Exchange.id.in_(said))
    statement = select(Exchange).where(theirs).order_by(Exchange.id).with_for_update(of=Exchange)
    for exchange in session.scalars(statement).all():
        takes_part = any(e.person == person and e.role in NAMED for e in exchange.signatories)
        exchange.forget(person, at=at)
        if takes_part and exchange.is_open:
            end(session, exchange, REASON, at=at)
        telling.exchange(session, exchange)
