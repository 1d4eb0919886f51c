"""Counting what there is and what there was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from interchange.opportunities.v1 import exchanges_pb2 as pb
from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from chassis import convert
from services.opportunities.exchanges.models import Exchange, Feedback, State
from services.opportunities.interests.models import Interest
from services.opportunities.notices.kinds import State as NoticeState
from services.opportunities.notices.models import Notice

T = TypeVar("T")
# Each region counts its own; the sum over all regions is then right.
OURS = Notice.origin_notice == ""


def figures(session: Session) -> pb.Figures:
    """Our own part of the scheme's figures."""
    kinds = _published_by(session, Notice.kind)
    formats = _published_by(session, Notice.format)
    exchanges = _exchanges(session)
    return pb.Figures(
        notices=sum(kinds.values()),
        open_notices=_open_notices(session),
        interests=session.scalar(select(func.count(Interest.id)).where(Interest.region == "")) or 0,
        exchanges=sum(exchanges.values()),
        exchanges_under_way=exchanges.get(State.UNDER_WAY, 0),
        exchanges_completed=exchanges.get(State.COMPLETED, 0),
        mean_rating=_mean_rating(session),
        notices_by_kind=[
            pb.CountByKind(kind=convert.number(kind), count=kinds[kind]) for kind in sorted(kinds)
        ],
        notices_by_format=[
            pb.CountByFormat(format=convert.number(each), count=formats[each])
            for each in sorted(formats)
        ],
    )


def _published_by(session: Session, column: InstrumentedAttribute[T]) -> Mapping[T, int]:
    """Notices ever published, by the values of a column."""
    published = select(column, func.count(Notice.id)).where(Notice.publish_time.is_not(None), OURS)
    rows = session.execute(published.group_by(column)).all()
    return dict(rows)


def _open_notices(session: Session) -> int:
    published = select(func.count(Notice.id)).where(Notice.state == NoticeState.PUBLISHED, OURS)
    return session.scalar(published) or 0


def _mean_rating(session: Session) -> float:
    ratings = select(func.avg(Feedback.rating)).join(Exchange).where(Exchange.region == "")
    return float(session.scalar(ratings) or 0)


def _exchanges(session: Session) -> Mapping[State, int]:
    by_state = (
        select(Exchange.state, func.count(Exchange.id))
        .where(Exchange.region == "")
        .group_by(Exchange.state)
    )
    return dict(session.execute(by_state).all())
