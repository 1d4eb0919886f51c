"""Taking over what opportunities and identity say: newer wins, twice is once, any order will do."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from interchange.common.v1.types_pb2 import Place
from interchange.identity.v1 import organisations_pb2
from interchange.opportunities.v1 import notices_pb2 as pb
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.matching.models import ONLY, Card, Organisation, Progress


def progress(session: Session) -> Progress:
    """The read model's one row, locked: changes come one after the other."""
    return session.scalars(select(Progress).where(Progress.id == ONLY).with_for_update()).one()


def take_notice(session: Session, notice: pb.Notice, *, at: datetime) -> None:
    """Into every generation that takes changes."""
    current = progress(session)
    for generation in current.generations:
        put(session, current, generation, notice, at=at)


def put(
    session: Session, current: Progress, generation: int, notice: pb.Notice, *, at: datetime
) -> None:
    """Into one generation, if it is newer than what is there."""
    known = session.get(Card, (generation, notice.name))
    if known and known.version >= notice.version:
        return
    is_open = notice.state == pb.Notice.PUBLISHED
    place = dress(session, notice)
    card = Card(
        generation=generation,
        name=notice.name,
        organisation=notice.organisation,
        version=notice.version,
        is_open=is_open,
        payload=notice.SerializeToString() if is_open else b"",
        place=place if is_open else None,
        position=current.step(),
        update_time=at,
    )
    session.merge(card)


def take_organisation(session: Session, message: organisations_pb2.Organisation) -> None:
    """Show its newest name and sector with all its notices."""
    current = progress(session)
    known = session.get(Organisation, message.name)
    if known and known.version > message.version:
        return
    session.merge(
        Organisation(
            name=message.name,
            display_name=message.display_name,
            sector=message.sector,
            place=_known(message.place),
            version=message.version,
        )
    )
    session.flush()
    for card in _cards_of(session, message.name):
        notice = pb.Notice.FromString(card.payload)
        place = dress(session, notice)
        payload = notice.SerializeToString()
        if (payload, place) != (card.payload, card.place):
            card.payload, card.place, card.position = payload, place, current.step()


def _cards_of(session: Session, organisation: str) -> Iterable[Card]:
    open_ones = select(Card).where(Card.organisation == organisation, Card.is_open)
    return session.scalars(open_ones).all()


def dress(session: Session, notice: pb.Notice) -> bytes | None:
    """Show it with its organisation's newest name and sector; where it is, which may be where that is."""
    own = _known(notice.place)
    known = session.get(Organisation, notice.organisation)
    if known is None:
        return own
    notice.organisation_display_name = known.display_name
    notice.sector = known.sector  # type: ignore[assignment]  # the proto's number
    return own or known.place


def _known(place: Place) -> bytes | None:
    """A place with coordinates. One in words only says 0, 0, which is in the sea."""
    return place.SerializeToString() if place.latitude or place.longitude else None
