"""Taking over what opportunities, identity and federation say: newer wins, twice is once, any order will do."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from interchange.common.v1.types_pb2 import Place
from interchange.federation.v1.events_pb2 import PartnerRevised
from interchange.identity.v1 import organisations_pb2
from interchange.opportunities.v1 import notices_pb2 as pb
from sqlalchemy import Table, delete, select
from sqlalchemy.orm import Session

from chassis import partner_regions
from chassis.bulk import insert_all
from services.matching.models import ONLY, Card, Organisation, PartnerRegion, Progress
from services.matching.swaps.taking import note_posts

# A notice as it is shown, and where it is.
Dressed = tuple[pb.Notice, bytes | None]

CARDS: Table = Card.__table__  # type: ignore[assignment]  # it is one


def progress(session: Session) -> Progress:
    """The read model's one row, locked: changes come one after the other."""
    return session.scalars(select(Progress).where(Progress.id == ONLY).with_for_update()).one()


def take_notices(session: Session, notices: Sequence[pb.Notice], *, at: datetime) -> None:
    """Into every generation that takes changes. Each notice once."""
    current = progress(session)
    shown = dressed(session, notices)
    for generation in current.generations:
        put(session, current, generation, shown, at=at)


def dressed(session: Session, notices: Iterable[pb.Notice]) -> list[Dressed]:
    """As they are shown."""
    listed = list(notices)
    known = _organisations(session, {each.organisation for each in listed})
    return [(each, dress(each, known.get(each.organisation))) for each in listed]


def put(
    session: Session,
    current: Progress,
    generation: int,
    shown: Sequence[Dressed],
    *,
    at: datetime,
) -> None:
    """Into one generation what is newer than what is there. Each notice once."""
    known = _versions(session, generation, [notice.name for notice, _ in shown])
    newer = [each for each in shown if each[0].version > known.get(each[0].name, -1)]
    replaced = [notice.name for notice, _ in newer if notice.name in known]
    if replaced:
        session.execute(delete(Card).where(Card.generation == generation, Card.name.in_(replaced)))
    rows = [_row(generation, notice, place, current.step(), at) for notice, place in newer]
    insert_all(session, CARDS, rows)
    note_posts(session, (notice for notice, _ in newer))


def _versions(session: Session, generation: int, names: Sequence[str]) -> dict[str, int]:
    found = select(Card.name, Card.version).where(
        Card.generation == generation, Card.name.in_(names)
    )
    return {row.name: row.version for row in session.execute(found)}


def _row(
    generation: int, notice: pb.Notice, place: bytes | None, position: int, at: datetime
) -> dict[str, Any]:
    is_open = notice.state == pb.Notice.PUBLISHED
    return {
        "generation": generation,
        "name": notice.name,
        "organisation": notice.organisation,
        "version": notice.version,
        "is_open": is_open,
        "payload": notice.SerializeToString() if is_open else b"",
        "place": place if is_open else None,
        "position": position,
        "update_time": at,
    }


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
            parent=message.parent,
            payload=message.SerializeToString(),
            version=message.version,
        )
    )
    session.flush()
    known = session.get(Organisation, message.name)
    for card in _cards_of(session, message.name):
        notice = pb.Notice.FromString(card.payload)
        place = dress(notice, known)
        payload = notice.SerializeToString()
        if (payload, place) != (card.payload, card.place):
            card.payload, card.place, card.position = payload, place, current.step()


def take_region(session: Session, event: PartnerRevised) -> None:
    """Show its newest standing with all that comes from it."""
    current = progress(session)
    if partner_regions.take(session, PartnerRegion, event):
        current.step()  # so that who follows looks


def _cards_of(session: Session, organisation: str) -> Iterable[Card]:
    open_ones = select(Card).where(Card.organisation == organisation, Card.is_open)
    return session.scalars(open_ones).all()


def _organisations(session: Session, names: Collection[str]) -> dict[str, Organisation]:
    found = session.scalars(select(Organisation).where(Organisation.name.in_(names)))
    return {each.name: each for each in found}


def dress(notice: pb.Notice, known: Organisation | None) -> bytes | None:
    """Show it with its organisation's newest name and sector; where it is, which may be where that is."""
    own = _known(notice.place)
    if known is None:
        return own
    notice.organisation_display_name = known.display_name
    notice.sector = known.sector  # type: ignore[assignment]  # the proto's number
    return own or known.place


def _known(place: Place) -> bytes | None:
    """A place with coordinates. One in words only says 0, 0, which is in the sea."""
    return place.SerializeToString() if place.latitude or place.longitude else None
