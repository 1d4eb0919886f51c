"""One's own saved searches and stars, and the notices behind them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from interchange.opportunities.v1 import notices_pb2
from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import Session

from chassis.auth import Principal, principal
from chassis.errors import FailedPrecondition, NotFound
from chassis.etags import check
from chassis.names import parse_name
from services.matching.models import ONLY, Card, Progress
from services.matching.saved.models import Alert, Favourite, SavedSearch

MOST_SAVED = 50  # searches of one person
MOST_STARRED = 500
SEEN_BY_ALL = frozenset({notices_pb2.REGION, notices_pb2.NETWORK})


def load(session: Session, name: str, etag: str = "", *, lock: bool = False) -> SavedSearch:
    """One of the caller's own; others' are not there."""
    found = session.get(SavedSearch, parse_name("savedSearches", name), with_for_update=lock)
    if found is None or found.person != principal().person:
        raise NotFound("NO_SUCH_SEARCH", f"{name} does not exist, or is not yours")
    check(etag, found.version)
    return found


def searches(person: str) -> Select[SavedSearch]:
    return select(SavedSearch).where(SavedSearch.person == person)


def favourites(person: str) -> Select[Favourite]:
    return select(Favourite).where(Favourite.person == person)


def require_room(session: Session, table: type[SavedSearch | Favourite], most: int) -> None:
    person = principal().person
    there = session.scalar(select(func.count()).where(table.person == person)) or 0
    if there >= most:
        raise FailedPrecondition("TOO_MANY", f"{most} are as many as one can keep")


def cards(session: Session, notices: Collection[str]) -> Mapping[str, Card]:
    """What is known of these notices."""
    generation = select(Progress.generation).where(Progress.id == ONLY).scalar_subquery()
    statement = select(Card).where(Card.generation == generation, Card.name.in_(notices))
    return {each.name: each for each in session.scalars(statement)}


def shown(card: Card | None, who: Principal) -> Card | None:
    """A notice that the caller may see: a public one, or one of their own organisation."""
    if card is None or not card.is_open:
        return None
    notice = notices_pb2.Notice.FromString(card.payload)
    is_own = notice.organisation in who.manages or notice.organisation == who.organisation
    return card if notice.visibility in SEEN_BY_ALL or is_own else None


def everything(session: Session, person: str) -> tuple[Sequence[SavedSearch], Sequence[Favourite]]:
    """All that is kept for a person."""
    saved = session.scalars(searches(person).order_by(SavedSearch.id)).all()
    starred = session.scalars(favourites(person).order_by(Favourite.notice)).all()
    return saved, starred


def forget(session: Session, person: str) -> None:
    """All that is kept for a person goes."""
    for table in (Alert, SavedSearch, Favourite):
        session.execute(delete(table).where(table.person == person))
