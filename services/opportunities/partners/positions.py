"""Of two words on one thing the later one wins, in whatever order they arrive."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import and_, delete, or_, tuple_
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from services.opportunities.partners.models import PartnerPosition

# Pinning, epoch, sequence: the first that differs decides.
Place = tuple[int, int, int]


def move(session: Session, region: str, subject: str, *, epoch: int, sequence: int) -> bool:
    """Note that a word has come; whether it is later than any before. Locks the subject."""
    known, values = PartnerPosition, {"epoch": epoch, "sequence": sequence}
    is_later = or_(known.epoch < epoch, and_(known.epoch == epoch, known.sequence < sequence))
    statement = upsert(known).values(region=region, subject=subject, **values)
    moved = session.scalar(
        statement.on_conflict_do_update(
            index_elements=[known.region, known.subject], set_=values, where=is_later
        ).returning(known.subject)
    )
    return moved is not None


def move_all(session: Session, region: str, places: Mapping[str, Place]) -> set[str]:
    """Note that words have come, each on another thing; the things of which it is later than any before."""
    known = PartnerPosition
    columns = ("pinning", "epoch", "sequence")
    statement = upsert(known)
    new = [statement.excluded[each] for each in columns]
    moving = statement.on_conflict_do_update(
        index_elements=[known.region, known.subject],
        set_=dict(zip(columns, new, strict=True)),
        where=tuple_(*(getattr(known, each) for each in columns)) < tuple_(*new),
    ).returning(known.subject)
    rows = [
        {"region": region, "subject": subject, **dict(zip(columns, places[subject], strict=True))}
        for subject in sorted(places)  # in the order in which everybody locks several
    ]
    return set(session.scalars(moving, rows)) if rows else set()


def forget(session: Session, region: str) -> None:
    """Let the region say all of its records again; what became something here keeps its place.

    Of notices there is nothing to forget: what is said after another pinning is later by itself.
    """
    of_region = delete(PartnerPosition).where(PartnerPosition.region == region)
    records = of_region.where(PartnerPosition.pinning == 0)
    session.execute(records.where(PartnerPosition.local_name == ""))


def become(session: Session, region: str, subject: str, local_name: str) -> None:
    """Note what a record became here, for the day when it must be forgotten."""
    found = session.get_one(PartnerPosition, (region, subject), populate_existing=True)
    found.local_name = local_name


def local_name(session: Session, region: str, subject: str) -> str:
    """What a record became here; empty: it never came, or nothing came of it."""
    found = session.get(PartnerPosition, (region, subject))
    return found.local_name if found else ""
