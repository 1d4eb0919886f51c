"""Saved searches and stars: what is found, told once whatever happens, when it may be told, and to whom it belongs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from google.protobuf.message import Message
from grpc import ServicerContext
from interchange.common.v1.types_pb2 import THIRD, Place
from interchange.identity.v1 import events_pb2 as identity
from interchange.matching.v1 import events_pb2 as told
from interchange.matching.v1 import matching_pb2
from interchange.matching.v1 import saved_searches_pb2 as pb
from interchange.opportunities.v1 import events_pb2 as events
from interchange.opportunities.v1 import notices_pb2

from chassis.auth import Principal, acting_as
from chassis.clock import now
from chassis.errors import Aborted, InvalidArgument, NotFound
from chassis.validation import validate
from services.matching.saved.alerting import Alerting
from services.matching.saved.finding import finds
from services.matching.saved.models import Alerts
from services.matching.saved.service import FavouriteService, SavedSearchService
from tests.support.outbox import announced
from tests.unit.matching.conftest import BY_DAY, IPSWICH, LEEDS, NORWICH, Desk, a_notice

NO_CONTEXT = cast(ServicerContext, None)
ANN = Principal(person="people/ann", organisation="organisations/elsewhere")
BO = Principal(person="people/bo", organisation="organisations/elsewhere")
Search = matching_pb2.SearchNoticesRequest
LATER = timedelta(days=8)


@dataclass
class Keeper:
    """The two services, and the clock job, on a desk."""

    desk: Desk
    searches: SavedSearchService
    stars: FavouriteService
    alerting: Alerting

    def ask(self, who: Principal, request: Message) -> Any:
        validate(request)
        method = type(request).__name__.removesuffix("Request")
        servicer = self.searches if hasattr(self.searches, method) else self.stars
        if "Star" in method or "Favourite" in method or "Unstar" in method:
            servicer = self.stars
        with acting_as(who):
            return getattr(servicer, method)(request, NO_CONTEXT)

    def save(
        self, who: Principal = ANN, alerts: Any = pb.SavedSearch.INSTANT, **search: Any
    ) -> str:
        saved = pb.SavedSearch(display_name="Mine", search=Search(**search), alerts=alerts)
        return str(self.ask(who, pb.CreateSavedSearchRequest(saved_search=saved)).name)

    def told(self, at: datetime | None = None) -> list[told.NoticesFound]:
        """All that was announced once everything due at this moment was sent."""
        self.alerting.send_due(at=at or now() + LATER)
        return announced(self.desk.database, told.NoticesFound)


@pytest.fixture
def keeper(desk: Desk) -> Keeper:
    return Keeper(
        desk,
        SavedSearchService(desk.database),
        FavouriteService(desk.database),
        Alerting(desk.database, BY_DAY),
    )


@pytest.mark.parametrize(
    ("search", "is_found"),
    [
        ({}, True),
        ({"query": "housing option"}, True),
        ({"query": "HOUSING shadow"}, True),
        ({"query": "planning"}, False),
        ({"kind": [notices_pb2.WANTED]}, True),
        ({"kind": [notices_pb2.OFFERED]}, False),
        ({"theme": ["Housing", "data"]}, True),
        ({"theme": ["data"]}, False),
        ({"sector": [THIRD]}, False),
        ({"region": ["scotland"]}, False),
        ({"remote": True}, False),
        ({"from_date": "2027-05-01"}, False),
        ({"to_date": "2027-02-01"}, True),
        ({"latitude": IPSWICH.latitude, "longitude": IPSWICH.longitude, "radius_miles": 50}, True),
        ({"latitude": LEEDS.latitude, "longitude": LEEDS.longitude, "radius_miles": 50}, False),
    ],
)
def test_a_search_finds_what_its_filters_and_words_say(
    search: dict[str, Any], is_found: bool
) -> None:
    notice = a_notice(themes=["housing"], start_date="2027-01-10", end_date="2027-04-01")

    assert finds(Search(**search), notice, NORWICH) is is_found


def test_what_not_everybody_sees_is_not_told() -> None:
    inner = a_notice(visibility=notices_pb2.ORGANISATION)

    assert not finds(Search(), inner, Place())


def test_a_new_notice_is_told_once(keeper: Keeper) -> None:
    keeper.save(query="housing")
    keeper.save(BO, query="planning")

    notice = keeper.desk.publish()  # heard twice

    (found,) = keeper.told()
    assert (found.person, [each.notice for each in found.found]) == (ANN.person, [notice.name])
    assert len(keeper.told()) == 1


def test_a_crash_between_writing_down_and_telling_tells_once(keeper: Keeper) -> None:
    """Without any mark of our own of what was handled: the row itself is the mark."""
    keeper.save()
    notice = a_notice()
    with pytest.raises(RuntimeError), keeper.desk.database.begin() as session:
        keeper.desk.listeners.on_notices(session, [events.NoticePublished(notice=notice)])
        raise RuntimeError("the power is cut before the transaction ends")
    assert not keeper.told()

    keeper.desk.hear(events.NoticePublished(notice=notice))
    again = Alerting(keeper.desk.database, BY_DAY)  # another process takes over
    keeper.desk.hear(events.NoticePublished(notice=notice))

    assert again.send_due(at=now() + LATER) == 1
    assert again.send_due(at=now() + LATER) == 0
    assert len(keeper.told()) == 1


def test_a_change_is_told_to_those_whom_it_concerns_only_now(keeper: Keeper) -> None:
    keeper.save(query="housing")
    keeper.save(BO, query="planning")
    notice = keeper.desk.publish()
    keeper.told()

    notice.version += 1
    notice.body = "Now with planning."
    keeper.desk.hear(events.NoticeRevised(notice=notice))

    assert [each.person for each in keeper.told()] == [ANN.person, BO.person]


def test_what_is_closed_before_it_is_told_is_not_told(keeper: Keeper) -> None:
    keeper.save(alerts=pb.SavedSearch.DAILY)
    notice = keeper.desk.publish()

    closed = a_notice(name=notice.name, state=notices_pb2.Notice.CLOSED, version=notice.version + 1)
    keeper.desk.hear(events.NoticeClosed(notice=closed))

    assert not keeper.told()


def test_what_waits_is_told_in_one_and_each_notice_once(keeper: Keeper) -> None:
    keeper.save(alerts=pb.SavedSearch.DAILY, query="housing")
    keeper.save(alerts=pb.SavedSearch.DAILY, query="shadowing")
    names = {keeper.desk.publish().name for _ in range(3)}

    (found,) = keeper.told()

    assert [each.notice for each in found.found] == sorted(names)
    assert found.more == 0


def test_nobody_is_told_what_they_switched_off(keeper: Keeper) -> None:
    name = keeper.save(alerts=pb.SavedSearch.WEEKLY)
    keeper.desk.publish()

    off = pb.SavedSearch(name=name, alerts=pb.SavedSearch.OFF)
    keeper.ask(ANN, pb.UpdateSavedSearchRequest(saved_search=off))
    keeper.desk.publish()

    assert not keeper.told()


@pytest.mark.parametrize(
    ("alerts", "found_at", "due_at"),
    [
        (Alerts.INSTANT, "2027-01-06 12:00", "2027-01-06 12:00"),  # a Wednesday
        (Alerts.INSTANT, "2027-01-06 23:00", "2027-01-07 07:00"),
        (Alerts.INSTANT, "2027-01-06 03:00", "2027-01-06 07:00"),
        (Alerts.DAILY, "2027-01-06 12:00", "2027-01-07 07:00"),
        (Alerts.WEEKLY, "2027-01-06 12:00", "2027-01-11 07:00"),
        (Alerts.WEEKLY, "2027-01-11 06:00", "2027-01-11 07:00"),
        (Alerts.DAILY, "2027-07-06 12:00", "2027-07-07 06:00"),  # summer time
    ],
)
def test_alerts_keep_the_hours(alerts: Alerts, found_at: str, due_at: str) -> None:
    found, due = (datetime.fromisoformat(each).replace(tzinfo=UTC) for each in (found_at, due_at))

    assert BY_DAY.due(alerts, found) == due


def test_a_search_is_its_owners_alone(keeper: Keeper) -> None:
    name = keeper.save(query="housing", page_size=5)

    kept = keeper.ask(ANN, pb.GetSavedSearchRequest(name=name))
    assert (kept.search.query, kept.search.page_size) == ("housing", 0)
    with pytest.raises(NotFound):
        keeper.ask(BO, pb.GetSavedSearchRequest(name=name))
    with pytest.raises(NotFound):
        keeper.ask(BO, pb.DeleteSavedSearchRequest(name=name))
    stale = pb.SavedSearch(name=name, display_name="Other", etag='"9"')
    with pytest.raises(Aborted):
        keeper.ask(ANN, pb.UpdateSavedSearchRequest(saved_search=stale))
    assert not keeper.ask(BO, pb.ListSavedSearchesRequest()).saved_searches
    keeper.ask(ANN, pb.DeleteSavedSearchRequest(name=name))
    assert not keeper.ask(ANN, pb.ListSavedSearchesRequest()).saved_searches


def test_a_search_that_could_not_be_asked_is_not_kept(keeper: Keeper) -> None:
    with pytest.raises(InvalidArgument, match="radius"):
        keeper.save(radius_miles=10)


def test_stars_stay_until_they_are_taken_away(keeper: Keeper) -> None:
    notice = keeper.desk.publish()

    for _ in range(2):
        keeper.ask(ANN, pb.StarNoticeRequest(name=notice.name))

    (star,) = keeper.ask(ANN, pb.ListFavouritesRequest()).favourites
    assert star.notice.title == notice.title
    closed = a_notice(name=notice.name, state=notices_pb2.Notice.CLOSED, version=9)
    keeper.desk.hear(events.NoticeClosed(notice=closed))
    (star,) = keeper.ask(ANN, pb.ListFavouritesRequest()).favourites
    assert not star.HasField("notice")
    with pytest.raises(NotFound):
        keeper.ask(BO, pb.StarNoticeRequest(name=notice.name))
    keeper.ask(ANN, pb.UnstarNoticeRequest(name=notice.name))
    assert not keeper.ask(ANN, pb.ListFavouritesRequest()).favourites


def test_erasure_takes_searches_alerts_and_stars(keeper: Keeper) -> None:
    keeper.save(alerts=pb.SavedSearch.WEEKLY)
    notice = keeper.desk.publish()
    keeper.ask(ANN, pb.StarNoticeRequest(name=notice.name))

    keeper.desk.hear(identity.PersonErased(person=ANN.person))

    with keeper.desk.database.read() as session:
        for table in ("saved_searches", "alerts", "favourites"):
            assert not session.connection().exec_driver_sql(f"SELECT * FROM {table}").all(), table
    assert not keeper.told()
