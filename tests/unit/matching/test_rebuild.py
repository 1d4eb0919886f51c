"""The read model thrown away and built anew, while it answers and events flow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import grpc
import pytest
from grpc import ServicerContext
from interchange.federation.v1.partners_pb2 import (
    ListPartnersRequest,
    ListPartnersResponse,
    Partner,
)
from interchange.federation.v1.partners_pb2_grpc import (
    PartnerServiceServicer,
    add_PartnerServiceServicer_to_server,
)
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
from interchange.opportunities.v1.exchanges_pb2 import (
    Exchange,
    ListExchangesRequest,
    ListExchangesResponse,
)
from interchange.opportunities.v1.exchanges_pb2_grpc import (
    ExchangeServiceServicer,
    add_ExchangeServiceServicer_to_server,
)
from interchange.opportunities.v1.notices_pb2_grpc import (
    NoticeServiceServicer,
    add_NoticeServiceServicer_to_server,
)
from interchange.opportunities.v1.swaps_pb2 import (
    ListSwapsRequest,
    ListSwapsResponse,
    Swap,
    SwapLeg,
)
from interchange.opportunities.v1.swaps_pb2_grpc import (
    SwapServiceServicer,
    add_SwapServiceServicer_to_server,
)
from sqlalchemy import update

from chassis.auth import JWKS, ServiceToken, Verifier, generate_key
from chassis.client import channel
from chassis.config import Config
from chassis.errors import FailedPrecondition, Unavailable
from chassis.policy import service
from chassis.server import Server
from services.matching.models import Card
from services.matching.rebuild import Rebuild
from services.matching.suggestions.relations import Office, partners_of
from services.matching.swaps.models import KnownSwap
from tests.unit.matching.conftest import (
    ESSEX,
    NORFOLK,
    NORWICH,
    SUFFOLK,
    Desk,
    a_notice,
    a_partner,
    names_in,
)


@dataclass
class Owner(
    NoticeServiceServicer,
    SwapServiceServicer,
    OrganisationServiceServicer,
    ExchangeServiceServicer,
    PartnerServiceServicer,
    AuditServiceServicer,
):
    """A small real opportunities, identity and federation: lists what it was given, a few notices at a time."""

    notices: list[notices_pb2.Notice] = field(default_factory=list)
    meanwhile: Callable[[], None] = lambda: None
    organisations: list[organisations_pb2.Organisation] = field(default_factory=list)
    partners: list[Partner] | None = field(default_factory=list)  # None: federation is away
    swaps: list[Swap] = field(default_factory=list)
    managers: list[organisations_pb2.Manager] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
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

    def ListPartners(
        self, request: ListPartnersRequest, context: ServicerContext
    ) -> ListPartnersResponse:
        if self.partners is None:
            raise Unavailable("AWAY", "not now")
        return ListPartnersResponse(partners=self.partners)

    def ListManagers(
        self, request: organisations_pb2.ListManagersRequest, context: ServicerContext
    ) -> organisations_pb2.ListManagersResponse:
        return organisations_pb2.ListManagersResponse(managers=self.managers)

    def ListExchanges(
        self, request: ListExchangesRequest, context: ServicerContext
    ) -> ListExchangesResponse:
        return ListExchangesResponse(exchanges=self.exchanges)

    def ListSwaps(self, _: ListSwapsRequest, __: ServicerContext) -> ListSwapsResponse:
        return ListSwapsResponse(swaps=self.swaps)

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
ASKED = (
    *("ListNotices", "ListSwaps", "ListOrganisations", "ListManagers", "ListExchanges"),
    *("ListPartners", "RecordAuditEntry"),
)


@contextmanager
def answering(owner: Owner) -> Iterator[grpc.Channel]:
    """The owner on a port of its own, and our channel to it."""
    verifier = Verifier(JWKS([MATCHING]), region="east-of-england")
    rules = dict.fromkeys(ASKED, service("matching"))
    server = Server(Config(), rules=rules, verifier=verifier)
    add_NoticeServiceServicer_to_server(owner, server.grpc)
    add_SwapServiceServicer_to_server(owner, server.grpc)
    add_OrganisationServiceServicer_to_server(owner, server.grpc)
    add_ExchangeServiceServicer_to_server(owner, server.grpc)
    add_PartnerServiceServicer_to_server(owner, server.grpc)
    add_AuditServiceServicer_to_server(owner, server.grpc)
    server.start()
    with channel(server.address, token=ServiceToken(MATCHING, "matching")) as opened:
        yield opened
    server.stop(0)


@contextmanager
def rebuilding(desk: Desk, owner: Owner) -> Iterator[Rebuild]:
    with answering(owner) as opened:
        yield Rebuild(desk.database, opened, opened, opened)


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


def test_what_an_earlier_release_left_out_is_read_by_itself_once(desk: Desk) -> None:
    notice = desk.publish()
    manager = organisations_pb2.Manager(name=f"{ESSEX}/managers/1", organisation=ESSEX)
    owner = Owner([notice], managers=[manager])

    with channel("127.0.0.1:1") as nobody:
        Rebuild(desk.database, nobody, nobody, nobody).catch_up()  # others start after us
    with rebuilding(desk, owner) as rebuild:
        rebuild.catch_up()
        owner.notices.clear()
        rebuild.catch_up()
    desk.follower.follow()

    assert desk.found() == [notice.name]
    with desk.database.read() as session:
        assert session.get_one(Office, manager.name).is_held


def test_where_nothing_was_said_yet_there_is_nothing_to_read_again(desk: Desk) -> None:
    owner = Owner([a_notice()])

    with rebuilding(desk, owner) as rebuild:
        rebuild.catch_up()
        desk.publish()
        rebuild.catch_up()

    assert len(desk.found()) == 1


def test_one_rebuild_at_a_time(desk: Desk) -> None:
    with rebuilding(desk, Owner([a_notice() for _ in range(5)])) as rebuild:
        first = rebuild.run()
        next(first)

        with pytest.raises(FailedPrecondition, match="REBUILD_RUNNING"):
            next(rebuild.run())

        assert [report.complete for report in first][-1]


def test_a_program_that_starts_again_knows_what_it_knew(desk: Desk) -> None:
    names = {desk.publish().name for _ in range(3)}

    again = desk.another()
    again.follow()

    assert names_in(again) == names


def test_another_process_sees_what_this_one_took(desk: Desk) -> None:
    other = desk.another()
    other.follow()

    notice = desk.publish()
    other.follow()

    assert names_in(other) == {notice.name}


def test_a_rebuild_that_failed_leaves_the_old_one_and_the_way_free(desk: Desk) -> None:
    known = desk.publish()
    with channel("127.0.0.1:1") as nobody, pytest.raises(Unavailable):
        list(Rebuild(desk.database, nobody, nobody, nobody).run())
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


def test_it_learns_of_swaps_whose_notices_are_not_free(desk: Desk) -> None:
    leg = SwapLeg(visiting_notice="notices/1", host_notice="notices/2")
    swap = Swap(name="swaps/1", legs=[leg], state=Swap.PROPOSED, version=2)

    with rebuilding(desk, Owner(swaps=[swap])) as rebuild:
        list(rebuild.run())

    with desk.database.read() as session:
        known = session.get_one(KnownSwap, "swaps/1")
    assert (known.is_pending, known.notices) == (True, ["notices/1", "notices/2"])


def test_it_learns_who_acts_for_whom_and_who_had_exchanges(desk: Desk) -> None:
    manager = organisations_pb2.Manager(name=f"{ESSEX}/managers/1", organisation=ESSEX)
    agreed = Exchange(host_organisation=SUFFOLK, visiting_organisation=NORFOLK)
    agreed.agree_time.GetCurrentTime()
    proposed = Exchange(host_organisation=ESSEX, visiting_organisation=NORFOLK)

    with rebuilding(desk, Owner(managers=[manager], exchanges=[agreed, proposed])) as rebuild:
        list(rebuild.run())

    with desk.database.read() as session:
        assert partners_of(session, NORFOLK) == {SUFFOLK}
        assert session.get_one(Office, manager.name).is_held


def test_it_learns_of_regions_whose_word_it_missed(desk: Desk) -> None:
    scottish = a_notice(region="scotland", visibility=notices_pb2.NETWORK)
    hidden = a_notice(region="wales", visibility=notices_pb2.NETWORK)
    partners = [
        Partner(name="partners/scotland", display_name="Scotland", state=Partner.ACTIVE, version=4),
        Partner(name="partners/wales", display_name="Wales", state=Partner.SUSPENDED, version=2),
    ]

    with rebuilding(desk, Owner([scottish, hidden], partners=partners)) as rebuild:
        list(rebuild.run())
    desk.follower.follow()

    assert [each.region_display_name for each in desk.search().notices] == ["Scotland"]


def test_it_goes_on_knowing_regions_while_federation_is_away(desk: Desk) -> None:
    desk.hear(a_partner("scotland", "Scotland", Partner.SUSPENDED))
    scottish = a_notice(region="scotland", visibility=notices_pb2.NETWORK)

    with rebuilding(desk, Owner([scottish], partners=None)) as rebuild:
        list(rebuild.run())
    desk.follower.follow()

    assert desk.found() == []
