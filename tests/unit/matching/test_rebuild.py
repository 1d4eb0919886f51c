"""The read model thrown away and built anew, while it answers and events flow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import grpc
import pytest
from grpc import ServicerContext
from interchange.identity.v1 import audit_pb2, organisations_pb2
from interchange.identity.v1.audit_pb2_grpc import (
    AuditServiceServicer,
    add_AuditServiceServicer_to_server,
)
from interchange.identity.v1.organisations_pb2_grpc import (
    OrganisationServiceServicer,
    add_OrganisationServiceServicer_to_server,
)
from interchange.opportunities.v1 import events_pb2 as events
from interchange.opportunities.v1 import notices_pb2
from interchange.opportunities.v1.notices_pb2_grpc import (
    NoticeServiceServicer,
    add_NoticeServiceServicer_to_server,
)
from sqlalchemy import update

from chassis.auth import JWKS, ServiceToken, Verifier, generate_key
from chassis.client import channel
from chassis.config import Config
from chassis.errors import FailedPrecondition, Unavailable
from chassis.policy import service
from chassis.server import Server
from services.matching.index.follower import Follower
from services.matching.models import Card
from services.matching.rebuild import Rebuild
from tests.unit.matching.conftest import NORFOLK, NORWICH, Desk, a_notice


@dataclass
class Owner(NoticeServiceServicer, OrganisationServiceServicer, AuditServiceServicer):
    """A small real opportunities and identity: lists what it was given, a few notices at a time."""

    notices: list[notices_pb2.Notice] = field(default_factory=list)
    meanwhile: Callable[[], None] = lambda: None
    organisations: list[organisations_pb2.Organisation] = field(default_factory=list)
    audited: list[tuple[str, str]] = field(default_factory=list)

    def RecordAuditEntry(
        self, request: audit_pb2.RecordAuditEntryRequest, context: ServicerContext
    ) -> audit_pb2.AuditEntry:
        self.audited.append((request.actor, request.action))
        return audit_pb2.AuditEntry()

    def ListOrganisations(
        self, request: organisations_pb2.ListOrganisationsRequest, context: ServicerContext
    ) -> organisations_pb2.ListOrganisationsResponse:
        return organisations_pb2.ListOrganisationsResponse(organisations=self.organisations)

    def ListNotices(
        self, request: notices_pb2.ListNoticesRequest, context: ServicerContext
    ) -> notices_pb2.ListNoticesResponse:
        start = int(request.page_token or 0)
        page = self.notices[start : start + 2]
        more = start + 2 < len(self.notices)
        answer = notices_pb2.ListNoticesResponse(
            notices=page, next_page_token=str(start + 2) if more else ""
        )
        self.meanwhile()
        return answer


MATCHING = generate_key("matching")
ASKED = ("ListNotices", "ListOrganisations", "RecordAuditEntry")


@contextmanager
def answering(owner: Owner) -> Iterator[grpc.Channel]:
    """The owner on a port of its own, and our channel to it."""
    verifier = Verifier(JWKS([MATCHING]), region="east-of-england")
    rules = dict.fromkeys(ASKED, service("matching"))
    server = Server(Config(), rules=rules, verifier=verifier)
    add_NoticeServiceServicer_to_server(owner, server.grpc)
    add_OrganisationServiceServicer_to_server(owner, server.grpc)
    add_AuditServiceServicer_to_server(owner, server.grpc)
    server.start()
    with channel(server.address, token=ServiceToken(MATCHING, "matching")) as opened:
        yield opened
    server.stop(0)


@contextmanager
def rebuilding(desk: Desk, owner: Owner) -> Iterator[Rebuild]:
    with answering(owner) as opened:
        yield Rebuild(desk.database, opened, opened)


def test_a_spoilt_read_model_is_as_its_owner_says_afterwards(desk: Desk) -> None:
    known = desk.publish(title="Right title")
    ghost = desk.publish(title="A ghost")
    spoilt = notices_pb2.Notice()
    spoilt.CopyFrom(known)
    spoilt.title = "Wrong title"
    with desk.database.begin() as session:
        card = update(Card).where(Card.name == known.name)
        session.execute(card.values(payload=spoilt.SerializeToString(), version=99))
    missed = a_notice(title="Never heard of")

    with rebuilding(desk, Owner([known, missed])) as rebuild:
        reports = list(rebuild.run())
    desk.follower.follow()

    assert (reports[-1].done, reports[-1].complete) == (2, True)
    assert {each.title for each in desk.search().notices} == {"Right title", "Never heard of"}
    assert ghost.name not in desk.found()


def test_it_answers_and_hears_while_it_is_built(desk: Desk) -> None:
    notices = [desk.publish(title=f"Notice {number}") for number in range(5)]
    closed = notices_pb2.Notice()
    closed.CopyFrom(notices[4])
    closed.state, closed.version = notices_pb2.Notice.CLOSED, 9
    arriving = a_notice(title="Arrives meanwhile")
    seen: list[int] = []

    def meanwhile() -> None:
        seen.append(desk.search().total_size)
        desk.hear(events.NoticeClosed(notice=closed), events.NoticePublished(notice=arriving))

    with rebuilding(desk, Owner(notices, meanwhile)) as rebuild:
        for _ in rebuild.run():
            pass
    desk.follower.follow()

    assert seen == [5, 5, 5]
    titles = {each.title for each in desk.search().notices}
    assert titles == {"Notice 0", "Notice 1", "Notice 2", "Notice 3", "Arrives meanwhile"}


def test_one_rebuild_at_a_time(desk: Desk) -> None:
    with rebuilding(desk, Owner([a_notice() for _ in range(5)])) as rebuild:
        first = rebuild.run()
        next(first)

        with pytest.raises(FailedPrecondition, match="REBUILD_RUNNING"):
            next(rebuild.run())

        assert [report.complete for report in first][-1]


def test_a_program_that_starts_again_knows_what_it_knew(desk: Desk) -> None:
    names = {desk.publish().name for _ in range(3)}

    again = Follower(desk.database)
    again.follow()

    assert {notice.name for notice in again.catalogue.notices.values()} == names


def test_another_process_sees_what_this_one_took(desk: Desk) -> None:
    other = Follower(desk.database)
    other.follow()

    notice = desk.publish()
    other.follow()

    assert other.catalogue.number(notice.name) is not None


def test_a_rebuild_that_failed_leaves_the_old_one_and_the_way_free(desk: Desk) -> None:
    known = desk.publish()
    with channel("127.0.0.1:1") as nobody, pytest.raises(Unavailable):
        list(Rebuild(desk.database, nobody, nobody).run())
    desk.follower.follow()
    assert desk.found() == [known.name]

    with rebuilding(desk, Owner([known])) as again:
        assert list(again.run())[-1].complete


def test_a_rebuild_that_nobody_listens_to_any_more_ends(desk: Desk) -> None:
    notices = [desk.publish() for _ in range(5)]
    with rebuilding(desk, Owner(notices)) as rebuild:
        forsaken = rebuild.run()
        next(forsaken)
        forsaken.close()

        assert list(rebuild.run())[-1].done == 5


def test_what_was_closed_before_a_rebuild_stays_closed(desk: Desk) -> None:
    notice = desk.publish()
    closed = notices_pb2.Notice()
    closed.CopyFrom(notice)
    closed.state, closed.version = notices_pb2.Notice.CLOSED, 4
    desk.hear(events.NoticeClosed(notice=closed))
    with rebuilding(desk, Owner()) as rebuild:
        list(rebuild.run())

    desk.hear(events.NoticePublished(notice=notice))  # held up until now

    assert desk.found() == []


def test_a_tombstone_that_was_wrong_gives_way_to_the_owner(desk: Desk) -> None:
    notice = desk.publish()
    with desk.database.begin() as session:
        spoilt = update(Card).where(Card.name == notice.name)
        session.execute(spoilt.values(is_open=False, version=99))

    with rebuilding(desk, Owner([notice])) as rebuild:
        list(rebuild.run())
    desk.follower.follow()

    assert desk.found() == [notice.name]


def test_a_rebuild_brings_back_where_organisations_are(desk: Desk) -> None:
    notice = a_notice()
    norfolk = organisations_pb2.Organisation(
        name=NORFOLK, display_name="Norfolk County Council", place=NORWICH, version=1
    )

    with rebuilding(desk, Owner([notice], organisations=[norfolk])) as rebuild:
        list(rebuild.run())
    desk.follower.follow()

    answer = desk.search(latitude=NORWICH.latitude, longitude=NORWICH.longitude, radius_miles=1)
    assert [each.organisation_display_name for each in answer.notices] == ["Norfolk County Council"]
