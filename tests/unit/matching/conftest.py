"""Notices, and the service over a real database, fed by the events that opportunities would send."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import grpc
import pytest
from google.protobuf.message import Message
from grpc import ServicerContext
from interchange.common.v1.types_pb2 import PUBLIC, Place
from interchange.matching.v1 import matching_pb2 as pb
from interchange.opportunities.v1 import events_pb2 as events
from interchange.opportunities.v1 import notices_pb2

from chassis.auth import ANONYMOUS, Principal, acting_as
from chassis.clock import now
from chassis.database import Database, new_id
from chassis.timestamps import to_proto as stamp
from chassis.validation import validate
from services.matching.audit import Audit
from services.matching.index.follower import Follower
from services.matching.listeners import Listeners
from services.matching.rebuild import Rebuild
from services.matching.service import MatchingService
from tests.conftest import Databases

NO_CONTEXT = cast(ServicerContext, None)
NORFOLK, SUFFOLK, ESSEX = (f"organisations/{new_id()}" for _ in range(3))
NORWICH = Place(label="Norwich", latitude=52.63, longitude=1.30)
IPSWICH = Place(label="Ipswich", latitude=52.06, longitude=1.16)
LEEDS = Place(label="Leeds", latitude=53.80, longitude=-1.55)
VISITOR = ANONYMOUS
NORFOLK_MANAGER = Principal(person="people/1", organisation=NORFOLK, manages=frozenset({NORFOLK}))
FIRST_DAY = datetime(2026, 11, 1, tzinfo=UTC)
_minutes = iter(range(1_000_000))


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
        "attendance": notices_pb2.IN_PERSON,
        "state": notices_pb2.Notice.PUBLISHED,
        "version": 3,
        "publish_time": stamp(published),
        "close_time": stamp(now() + timedelta(days=90)),
        **fields,
    }
    return notices_pb2.Notice(**content)


@dataclass
class Desk:
    """The service, and a way to tell it what happened elsewhere."""

    database: Database
    follower: Follower
    listeners: Listeners
    service: MatchingService

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


@pytest.fixture
def desk(databases: Databases) -> Iterator[Desk]:
    database = databases("matching")
    follower = Follower(database)
    nobody = grpc.insecure_channel("127.0.0.1:1")
    service = MatchingService(follower, Rebuild(database, nobody, nobody), Audit(nobody))
    follower.follow()
    yield Desk(database, follower, Listeners(follower), service)
    nobody.close()
