"""When a person is erased: what partner regions were told of them is erased there, too."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from chassis.errors import InvalidArgument
from chassis.names import parse
from services.opportunities.interests.models import Interest
from services.opportunities.interests.queries import PATTERN
from services.opportunities.partner_records import telling
from services.opportunities.partner_records.models import ToldPerson


def erase(session: Session, person: str) -> None:
    """Of records that are about them all goes. Of those that only name them as a manager the next word replaces it.

    Called before they are cleared here: what a record is about must still be known.
    """
    told = session.scalars(select(ToldPerson).where(ToldPerson.person == person)).all()
    for each in told:
        _erase(session, each, person)
    session.execute(delete(ToldPerson).where(ToldPerson.person == person))


def _erase(session: Session, told: ToldPerson, person: str) -> None:
    interest = _interest(session, told.record)
    if interest is None and told.record.count("/") == 1:
        return  # an exchange: its next word, without them, is told when they are cleared from it
    if interest and person not in (interest.participant, interest.notice.beneficiary):
        return telling.due(session, told.region, told.record)
    telling.erased(session, told.region, told.record)
    if interest:
        interest.is_told = False


def _interest(session: Session, record: str) -> Interest | None:
    try:
        _, interest_id = parse(record, PATTERN)
    except InvalidArgument:
        return None
    return session.get(Interest, interest_id)
