"""Bringing our logs in step with the notices as they are, whatever we did not hear of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from grpc import ServicerContext
from interchange.opportunities.v1 import events_pb2 as events
from interchange.opportunities.v1 import notices_pb2 as pb
from interchange.opportunities.v1 import notices_pb2_grpc as rpc

from chassis.auth import JWKS, Verifier
from chassis.client import channel
from chassis.config import Config
from chassis.errors import Error, NotFound, Unavailable
from chassis.policy import anyone
from chassis.server import Server
from services.federation.log.syncing import Sync
from tests.conftest import Databases
from tests.unit.federation.ours import REGION, Ours, a_notice, revised

RULES = {"ListNotices": anyone, "GetNotice": anyone}


@dataclass
class Notices(rpc.NoticeServiceServicer):
    """A small real opportunities: lists what is published, two a page."""

    kept: dict[str, pb.Notice] = field(default_factory=dict)
    failure: Error | None = None

    def have(self, *notices: pb.Notice) -> None:
        self.kept |= {each.name: each for each in notices}

    def ListNotices(
        self, request: pb.ListNoticesRequest, context: ServicerContext
    ) -> pb.ListNoticesResponse:
        if self.failure:
            raise self.failure
        listed = [each for each in self.kept.values() if each.state == request.state]
        start = int(request.page_token or 0)
        more = str(start + 2) if start + 2 < len(listed) else ""
        return pb.ListNoticesResponse(notices=listed[start : start + 2], next_page_token=more)

    def GetNotice(self, request: pb.GetNoticeRequest, context: ServicerContext) -> pb.Notice:
        if request.name not in self.kept:
            raise NotFound("NO_SUCH_NOTICE", "there is none")
        return self.kept[request.name]


@dataclass
class Desk:
    """Our logs, and the notices that they should tell of."""

    ours: Ours
    notices: Notices
    sync: Sync

    def said(self) -> list[str]:
        return [each.op for each in self.ours.entries()]


@pytest.fixture
def desk(databases: Databases) -> Iterator[Desk]:
    ours, notices = Ours(databases("federation")), Notices()
    ours.publish_document()
    server = Server(Config(rpc_workers=2), rules=RULES, verifier=Verifier(JWKS(), region=REGION))
    rpc.add_NoticeServiceServicer_to_server(notices, server.grpc)
    server.start()
    with channel(server.address) as opened:
        yield Desk(ours, notices, Sync(ours.database, ours.export, opened, region=REGION))
    server.stop(0)


def test_what_was_published_before_is_said_once(desk: Desk) -> None:
    desk.notices.have(*(a_notice() for _ in range(5)))
    desk.notices.have(a_notice(region="scotland"), a_notice(visibility=pb.REGION))

    for _ in range(2):
        desk.sync.once()

    assert desk.said() == ["put"] * 5


def test_what_was_closed_or_lost_while_we_did_not_hear_is_taken_back(desk: Desk) -> None:
    closed, lost, kept = a_notice(), a_notice(), a_notice()
    desk.ours.hear(*(events.NoticePublished(notice=each) for each in (closed, lost, kept)))
    filled = revised(closed, state=pb.Notice.CLOSED, closing_reason=pb.Notice.FILLED)
    desk.notices.have(filled, kept)

    for _ in range(2):
        desk.sync.once()

    assert sorted(desk.said()) == ["put", "put", "put", "withdraw", "withdraw"]


def test_an_older_listing_takes_nothing_back(desk: Desk) -> None:
    notice = a_notice()
    desk.notices.have(notice)
    desk.ours.hear(events.NoticePublished(notice=revised(notice)))

    desk.sync.once()

    assert desk.said() == ["put"]


def test_a_narrower_policy_takes_back_and_a_wider_one_says_again(desk: Desk) -> None:
    desk.notices.have(a_notice())
    desk.sync.once()

    for policy in ({"kinds": [pb.WANTED]}, {}):
        with desk.ours.database.begin() as session:
            desk.ours.log.locked(session, "national", at=desk.ours.at).policy = policy
        desk.sync.once()

    assert desk.said() == ["put", "withdraw", "put"]


def test_while_the_owner_is_away_nothing_is_taken_back(desk: Desk) -> None:
    desk.ours.hear(events.NoticePublished(notice=a_notice()))
    desk.notices.failure = Unavailable("AWAY", "not now")

    with pytest.raises(Unavailable):
        desk.sync.once()

    assert desk.said() == ["put"]
