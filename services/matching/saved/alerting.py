"""From a notice that came or changed to what people are told: written down with the notice, sent when it is due."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby

from interchange.common.v1.types_pb2 import Place
from interchange.matching.v1 import events_pb2 as events
from interchange.opportunities.v1 import notices_pb2
from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from chassis.bus import publish
from chassis.clock import now
from chassis.database import Database, after_commit
from chassis.server import Every
from services.matching.models import ONLY, Card, Progress
from services.matching.saved.finding import finds
from services.matching.saved.models import Alert, Alerts, SavedSearch
from services.matching.saved.schedule import Schedule

MOST_TOLD = 20  # in one message; the rest is a number
LONGEST_TITLE = 120
AT_ONCE = 500  # alerts of one transaction
EVERY_S = 30.0


class Alerting:
    """Finds whom a notice is for, and tells them. Each notice is told once for each search, whatever happens."""

    def __init__(self, database: Database, schedule: Schedule) -> None:
        self._database = database
        self._schedule = schedule
        self._sending = Every(EVERY_S, self._send_all, "alerts")

    def start(self) -> None:
        self._sending.start()

    def stop(self) -> None:
        self._sending.stop()

    def take(
        self, session: Session, notices: Sequence[notices_pb2.Notice], *, at: datetime
    ) -> None:
        """In the transaction that takes notices over: who is to be told of them, when. Closed: nobody."""
        cards = _cards(session, notices)
        closed = [each.name for each in cards if not each.is_open]
        if closed:
            _drop_waiting(session, closed)
        rows = list(self._rows(session, [each for each in cards if each.is_open], at))
        if rows:
            session.execute(upsert(Alert).on_conflict_do_nothing(), rows)
            after_commit(session, self._sending.ring)

    def _rows(
        self, session: Session, cards: Sequence[Card], at: datetime
    ) -> Iterator[dict[str, object]]:
        if not cards:
            return
        wanted = select(SavedSearch).where(SavedSearch.alerts != Alerts.OFF)
        searches = session.scalars(wanted).all()
        for card in cards:
            place = Place.FromString(card.place) if card.place else None
            shown = notices_pb2.Notice.FromString(card.payload)
            for each in searches:
                if finds(each.question, shown, place):
                    yield self._row(each, shown, at)

    def _row(
        self, search: SavedSearch, notice: notices_pb2.Notice, at: datetime
    ) -> dict[str, object]:
        return {
            "search_id": search.id,
            "notice": notice.name,
            "version": notice.version,
            "person": search.person,
            "title": notice.title[:LONGEST_TITLE],
            "due_time": self._schedule.due(search.alerts, at),
            "send_time": None,
        }

    def send_due(self, *, at: datetime) -> int:
        """Tell all whose alerts are due, each person once; how many alerts that were."""
        with self._database.begin() as session:
            due = session.scalars(
                select(Alert)
                .where(Alert.send_time.is_(None), Alert.due_time <= at)
                .order_by(Alert.person, Alert.due_time, Alert.notice, Alert.search_id)
                .limit(AT_ONCE)
                .with_for_update(skip_locked=True)
            ).all()
            for person, theirs in groupby(due, key=lambda each: each.person):
                _tell(session, person, list(theirs), at=at)
        return len(due)

    def _send_all(self) -> None:
        while self.send_due(at=now()) == AT_ONCE:
            pass


def _tell(session: Session, person: str, alerts: Sequence[Alert], *, at: datetime) -> None:
    """One message; a notice that several searches found stands in it once."""
    searches = _searches(session, {each.search_id for each in alerts})
    found = {each.notice: each for each in reversed(alerts)}
    event = events.NoticesFound(person=person, more=max(len(found) - MOST_TOLD, 0))
    for each in reversed(list(found.values())[-MOST_TOLD:]):
        search = searches[each.search_id]
        event.found.add(
            notice=each.notice,
            title=each.title,
            saved_search=search.name,
            search_title=search.display_name,
        )
    publish(session, event)
    for alert in alerts:
        alert.send_time = at
    session.execute(update(SavedSearch).where(SavedSearch.id.in_(searches)).values(alert_time=at))


def _searches(session: Session, identifiers: Iterable[object]) -> dict[object, SavedSearch]:
    found = session.scalars(select(SavedSearch).where(SavedSearch.id.in_(identifiers)))
    return {each.id: each for each in found}


def _cards(session: Session, notices: Sequence[notices_pb2.Notice]) -> list[Card]:
    """As they are shown; without those of which something newer is known."""
    generation = select(Progress.generation).where(Progress.id == ONLY).scalar_subquery()
    names = [each.name for each in notices]
    cards = select(Card).where(Card.generation == generation, Card.name.in_(names))
    fresh = session.scalars(cards.execution_options(populate_existing=True))
    found = {each.name: each for each in fresh}
    return [
        card
        for each in notices
        if (card := found.get(each.name)) is not None and card.version == each.version
    ]


def _drop_waiting(session: Session, notices: Sequence[str]) -> None:
    """Nobody is told of what is closed by then."""
    session.execute(delete(Alert).where(Alert.notice.in_(notices), Alert.send_time.is_(None)))
