"""Notices, and the service over a real database, fed by the events that opportunities would send."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import count
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import grpc
import pytest
from google.protobuf.message import Message
from grpc import ServicerContext
from interchange.common.v1.types_pb2 import PUBLIC, Place
from interchange.federation.v1.events_pb2 import PartnerRevised
from interchange.federation.v1.partners_pb2 import Partner
from interchange.matching.v1 import matching_pb2 as pb
from interchange.opportunities.v1 import events_pb2 as events
from interchange.opportunities.v1 import notices_pb2

from chassis.auth import ANONYMOUS, Principal, acting_as
from chassis.clock import now
from chassis.database import Database, new_id
from chassis.identity import Audit
from chassis.timestamps import to_proto as stamp
from chassis.validation import validate
from services.matching.index.follower import Follower
from services.matching.index.understanding import Understanding
from services.matching.listeners import Listeners
from services.matching.organisations.directory import Directory
from services.matching.rebuild import Rebuild
from services.matching.saved.alerting import Alerting
from services.matching.saved.schedule import Schedule
from services.matching.service import MatchingService
from services.matching.skills.framework import Esco, Framework
from services.matching.suggestions.answering import Suggestions
from services.matching.text.encoder import Encoder
from tests.conftest import Databases

NO_CONTEXT = cast(ServicerContext, None)
NORFOLK, SUFFOLK, ESSEX = (f"organisations/{new_id()}" for _ in range(3))
NORWICH = Place(label="Norwich", latitude=52.63, longitude=1.30)
IPSWICH = Place(label="Ipswich", latitude=52.06, longitude=1.16)
LEEDS = Place(label="Leeds", latitude=53.80, longitude=-1.55)
VISITOR = ANONYMOUS
REGION = "east-of-england"
NORFOLK_MANAGER = Principal(person="people/1", organisation=NORFOLK, manages=frozenset({NORFOLK}))
FIRST_DAY = datetime(2026, 11, 1, tzinfo=UTC)
BY_DAY = Schedule(time(7), time(20), ZoneInfo("Europe/London"))
_minutes = iter(range(1_000_000))
_versions = count(1)


def a_notice(**fields: Any) -> notices_pb2.Notice:
    """A published notice of Norfolk's, each a minute newer than the one before."""
    published = FIRST_DAY + timedelta(minutes=next(_minutes))
    content = {
        "name": f"notices/{new_id()}",
        "kind": notices_pb2.WANTED,
        "format": notices_pb2.WORK_SHADOWING,
        "title": "Work shadowing wanted in housing options",
        "body": "A colleague would like to see how a district runs its service.",
        "organisation": NORFOLK,
        "organisation_display_name": "Norfolk",
        "sector": PUBLIC,
        "visibility": notices_pb2.REGION,
        "region": REGION,
        "attendance": notices_pb2.IN_PERSON,
        "state": notices_pb2.Notice.PUBLISHED,
        "version": 3,
        "publish_time": stamp(published),
        "close_time": stamp(now() + timedelta(days=90)),
        **fields,
    }
    return notices_pb2.Notice(**content)


def a_partner(
    region: str,
    display_name: str,
    state: Partner.State.ValueType = Partner.ACTIVE,
    *,
    as_of: datetime | None = None,
) -> PartnerRevised:
    """What federation says of a partner, newer than all it said before."""
    return PartnerRevised(
        region=region,
        region_display_name=display_name,
        state=state,
        as_of_time=stamp(as_of or now()),
        version=next(_versions),
    )


def a_follower(
    database: Database,
    folder: Path,
    load: Callable[[], Encoder | None] = lambda: None,
    *,
    soon_s: float = 0.0,
) -> Follower:
    """One that knows words only, unless it is given an encoder; its files are at once as what it shows."""
    understanding = Understanding(database, load)
    return Follower(database, folder / "index", understanding, region=REGION, soon_s=soon_s)


def names_in(follower: Follower) -> set[str]:
    snapshot = follower.snapshot
    numbers = snapshot.sets.numbers(snapshot.all.rows).tolist()
    return {notice.name for notice, _ in snapshot.find(numbers).values()}


class Noted(Audit):
    """Keeps what was recorded in a list."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, str]] = []

    def record(self, action: str, subject: str) -> None:
        self.entries.append((action, subject))


@dataclass
class Desk:
    """The service, and a way to tell it what happened elsewhere."""

    database: Database
    follower: Follower
    listeners: Listeners
    service: MatchingService
    folder: Path
    audit: Noted
    suggestions: Suggestions
    directory: Directory

    def another(self) -> Follower:
        """As another process would follow; with an index of its own."""
        return a_follower(self.database, self.folder)

    def hear(self, *told: Message) -> None:
        """Events as the consumer hands them over, each twice."""
        for event in told:
            for _ in range(2):
                with self.database.begin() as session:
                    self.listeners.handlers[type(event)](session, event)
        self.follower.follow()

    def publish(self, **fields: Any) -> notices_pb2.Notice:
        notice = a_notice(**fields)
        self.hear(events.NoticePublished(notice=notice))
        return notice

    def search(self, who: Principal = VISITOR, **fields: Any) -> pb.SearchNoticesResponse:
        request = pb.SearchNoticesRequest(**fields)
        validate(request)
        with acting_as(who):
            return self.service.SearchNotices(request, NO_CONTEXT)

    def found(self, who: Principal = VISITOR, **fields: Any) -> list[str]:
        return [notice.name for notice in self.search(who, **fields).notices]

    def suggest(
        self, notice: notices_pb2.Notice, who: Principal = NORFOLK_MANAGER, **fields: Any
    ) -> pb.SuggestNoticesResponse:
        request = pb.SuggestNoticesRequest(name=notice.name, **fields)
        with acting_as(who):
            return self.service.SuggestNotices(request, NO_CONTEXT)

    def suggest_for_organisation(self, organisation: str) -> pb.SuggestForOrganisationResponse:
        request = pb.SuggestForOrganisationRequest(name=organisation)
        with acting_as(NORFOLK_MANAGER):
            return self.service.SuggestForOrganisation(request, NO_CONTEXT)

    def suggest_for_profile(self, **fields: Any) -> pb.SuggestForProfileResponse:
        request = pb.SuggestForProfileRequest(**{"organisation": NORFOLK, **fields})
        validate(request)
        with acting_as(NORFOLK_MANAGER):
            return self.service.SuggestForProfile(request, NO_CONTEXT)

    def excluded(self, notice: notices_pb2.Notice) -> pb.ListExcludedNoticesResponse:
        request = pb.ListExcludedNoticesRequest(name=notice.name)
        with acting_as(NORFOLK_MANAGER):
            return self.service.ListExcludedNotices(request, NO_CONTEXT)

    def dismiss(
        self, notice: notices_pb2.Notice, other: notices_pb2.Notice, **fields: Any
    ) -> pb.Dismissal:
        request = pb.DismissSuggestionRequest(name=notice.name, other=other.name, **fields)
        validate(request)
        with acting_as(NORFOLK_MANAGER):
            return self.service.DismissSuggestion(request, NO_CONTEXT)

    def restore(self, notice: notices_pb2.Notice, other: notices_pb2.Notice) -> pb.Dismissal:
        request = pb.RestoreSuggestionRequest(name=notice.name, other=other.name)
        with acting_as(NORFOLK_MANAGER):
            return self.service.RestoreSuggestion(request, NO_CONTEXT)


@pytest.fixture
def desk(databases: Databases, tmp_path: Path) -> Iterator[Desk]:
    database = databases("matching")
    follower = a_follower(database, tmp_path)
    nobody = grpc.insecure_channel("127.0.0.1:1")
    framework = Framework(database, Esco(tmp_path / "no-model", lambda: None))
    assert not framework.books.concepts
    audit = Noted()
    suggestions = Suggestions(database, follower, framework, audit)
    directory = Directory(database, lambda: None)
    rebuild = Rebuild(database, nobody, nobody, nobody)
    service = MatchingService(follower, directory, rebuild, suggestions, audit)
    follower.follow()
    alerting = Alerting(database, BY_DAY)
    listeners = Listeners(follower, alerting)
    yield Desk(database, follower, listeners, service, tmp_path, audit, suggestions, directory)
    follower.stop()
    nobody.close()
