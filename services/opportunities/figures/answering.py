"""How long organisations let those wait who answer their notices."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median

from interchange.opportunities.v1 import exchanges_pb2 as pb
from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from chassis import convert
from services.opportunities.interests.models import Interest, State
from services.opportunities.organisations.models import Organisation

LOOKED_BACK = timedelta(days=90)
HOUR = timedelta(hours=1)
ANSWERED = (State.ACCEPTED, State.DECLINED)


@dataclass
class Times:
    """Of one organisation: since when interests wait, and the hours that answered ones waited."""

    waiting: list[datetime] = field(default_factory=list)
    hours: list[float] = field(default_factory=list)


def times(session: Session, organisations: Sequence[str], *, at: datetime) -> Mapping[str, Times]:
    """By organisation. What was never endorsed never waited for an answer."""
    found: dict[str, Times] = defaultdict(Times)
    for organisation, state, endorsed, decided in _interests(session, organisations, at):
        if state is State.ENDORSED:
            found[organisation].waiting.append(endorsed)
        elif decided:
            found[organisation].hours.append((decided - endorsed) / HOUR)
    return found


def _interests(
    session: Session, organisations: Sequence[str], at: datetime
) -> Iterable[tuple[str, State, datetime, datetime | None]]:
    answered = and_(Interest.state.in_(ANSWERED), Interest.decide_time >= at - LOOKED_BACK)
    statement = select(
        Interest.notice_organisation, Interest.state, Interest.endorse_time, Interest.decide_time
    ).where(
        Interest.notice_organisation.in_(organisations),
        Interest.endorse_time.is_not(None),
        or_(Interest.state == State.ENDORSED, answered),
    )
    return session.execute(statement)


def to_proto(organisation: Organisation, found: Times) -> pb.AnsweringTime:
    return pb.AnsweringTime(
        organisation=organisation.name,
        organisation_display_name=organisation.display_name,
        waiting=len(found.waiting),
        oldest_endorse_time=convert.moment(min(found.waiting, default=None)),
        answered=len(found.hours),
        median_hours=median(found.hours) if found.hours else 0,
    )
