"""Interests and exchanges between two regions, with the post between them played by the test, each word twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from interchange.federation.v1 import events_pb2 as federation
from interchange.federation.v1.partners_pb2 import Partner
from interchange.identity.v1 import events_pb2 as identity
from interchange.opportunities.v1 import events_pb2 as events
from interchange.opportunities.v1 import (
    exchanges_pb2,
    interests_pb2,
    notices_pb2,
    personal_data_pb2,
)
from interchange.opportunities.v1 import partner_records_pb2 as pb
from sqlalchemy import select

from chassis.auth import Principal
from chassis.bus.tables import outbox
from chassis.clock import now
from chassis.database import new_id
from chassis.errors import FailedPrecondition, NotFound
from chassis.foreign import foreign_name
from chassis.timestamps import to_proto as stamp
from services.opportunities.partner_records import clock
from tests.conftest import Databases
from tests.support.outbox import announced, everything_announced
from tests.unit.opportunities.conftest import CONSENT, REGION, People, Place, a_place
from tests.unit.opportunities.test_listeners import hear
from tests.unit.opportunities.test_story import TERMS

SCOTLAND = "scotland"
SCOTS: People = (
    "Highland",
    "Fife",
    "Ailsa Drumnadrochit",
    "Ewan Pittenweem",
    "Morag Lochcarron",
    "Callum Crail",
)
FEDERATION = Principal(service="federation")
TO_EAST = notices_pb2.Consent(text_version="introduction-2026-11", recipient_region=REGION)
TO_SCOTLAND = notices_pb2.Consent(text_version="introduction-2026-11", recipient_region=SCOTLAND)
KINDS = {
    kind.DESCRIPTOR.full_name: kind
    for kind in (events.PartnerRecordDue, events.PartnerRecordErased)
}


@dataclass
class Post:
    """What federation does between two regions, without a log: in order, and everything twice."""

    east: Place
    scotland: Place
    sequence: int = 0
    refused: list[str] = field(default_factory=list)
    carried: list[pb.PartnerRecord] = field(default_factory=list)
    _done: dict[str, int] = field(default_factory=lambda: {REGION: 0, SCOTLAND: 0})

    def deliver(self) -> None:
        """Carry until nobody has anything to say."""
        while self._carry(self.east, REGION) + self._carry(self.scotland, SCOTLAND):
            pass

    def _carry(self, place: Place, region: str) -> int:
        there = self.scotland if place is self.east else self.east
        with place.database.read() as session:
            rows = session.execute(
                select(outbox).where(outbox.c.pos > self._done[region]).order_by(outbox.c.pos)
            ).all()
        for row in rows:
            self._done[region] = row.pos
            kind = KINDS.get(row.headers["ce-type"])
            if kind:
                self._tell(place, region, there, kind.FromString(row.payload))
        return len(rows)

    def _tell(self, here: Place, region: str, there: Place, event: Any) -> None:
        if isinstance(event, events.PartnerRecordErased):
            self._forget(there, region, event.record)
            return
        get = pb.GetPartnerRecordRequest(region=event.region, record=event.record)
        with suppress(NotFound):
            record = here.ask(FEDERATION, here.records.GetPartnerRecord, get)
            self.carried.append(record)
            self.take(there, region, record)

    def take(self, there: Place, region: str, record: pb.PartnerRecord) -> None:
        self.sequence += 1
        request = pb.TakePartnerRecordRequest(
            region=region, epoch=1, sequence=self.sequence, record=record
        )
        for _ in range(2):
            try:
                there.ask(FEDERATION, there.records.TakePartnerRecord, request)
            except FailedPrecondition as problem:
                self.refused.append(problem.reason)

    def _forget(self, there: Place, region: str, record: str) -> None:
        request = pb.ForgetPartnerRecordRequest(region=region, record=record)
        for _ in range(2):
            there.ask(FEDERATION, there.records.ForgetPartnerRecord, request)

    def publish(self, **fields: Any) -> tuple[notices_pb2.Notice, notices_pb2.Notice]:
        """A notice of the East's, for all, and Scotland's copy of it."""
        content = {"visibility": notices_pb2.NETWORK, "kind": notices_pb2.OFFERED, **fields}
        own = self.east.publish(**content)
        hear(
            self.scotland,
            federation.PartnerRevised(
                region=REGION,
                region_display_name="East of England",
                state=Partner.ACTIVE,
                as_of_time=stamp(now()),
                version=1,
            ),
        )
        copy = notices_pb2.Notice()
        copy.CopyFrom(own)
        for private in ("author", "manager", "beneficiary", "consent", "open_interests"):
            copy.ClearField(private)
        copy.name = foreign_name(REGION, own.name)
        copy.organisation = foreign_name(REGION, own.organisation)
        self.sequence += 1
        hear(
            self.scotland,
            federation.PartnerNoticesTold(
                region=REGION,
                live=[
                    federation.LiveNoticeFacts(
                        notice=copy,
                        origin_notice=own.name,
                        origin_organisation=own.organisation,
                        position=federation.PositionFacts(epoch=1, sequence=self.sequence),
                    )
                ],
            ),
        )
        return own, copy

    def gone(self, copy: notices_pb2.Notice) -> None:
        """The East's national log says that the notice is gone."""
        self.sequence += 1
        position = federation.PositionFacts(epoch=1, sequence=self.sequence)
        gone = federation.GoneNoticeFacts(notice=copy.name, position=position)
        hear(self.scotland, federation.PartnerNoticesTold(region=REGION, gone=[gone]))

    def propose(self, copy: notices_pb2.Notice, **fields: Any) -> interests_pb2.Interest:
        """By the Highland manager."""
        made = self.scotland.propose(copy, self.scotland.norfolk_manager, **fields)
        self.deliver()
        return made

    def arrived(self) -> list[interests_pb2.Interest]:
        """What the managers in the East see."""
        return interests(self.east, self.east.norfolk_manager)

    def introduce(self) -> tuple[interests_pb2.Interest, interests_pb2.Interest]:
        """An accepted interest, as the East and as Scotland see it."""
        east, scotland = self.east, self.scotland
        _, copy = self.publish(beneficiary=east.officer.person, consent=TO_SCOTLAND)
        made = self.propose(copy, participant=scotland.officer.person, consent=TO_EAST)
        (arrived,) = self.arrived()
        east.endorse(east.norfolk_manager, arrived)
        accepted = east.accept(east.norfolk_manager, arrived)
        self.deliver()
        return accepted, get(scotland, scotland.norfolk_manager, made.name)


def interests(place: Place, who: Principal) -> list[interests_pb2.Interest]:
    request = interests_pb2.ListInterestsRequest(parent="notices/-")
    return list(place.ask(who, place.interests.ListInterests, request).interests)


def get(place: Place, who: Principal, name: str) -> interests_pb2.Interest:
    request = interests_pb2.GetInterestRequest(name=name)
    return place.ask(who, place.interests.GetInterest, request)


def introduction(place: Place, who: Principal, interest: str) -> interests_pb2.Introduction:
    request = interests_pb2.GetIntroductionRequest(name=f"{interest}/introduction")
    return place.ask(who, place.interests.GetIntroduction, request)


def everything_in(place: Place) -> str:
    """All rows of all tables but the bus's."""
    tables = (
        "notices",
        "interests",
        "exchanges",
        "signatories",
        "feedback",
        "partner_people",
        "exchange_actions",
    )
    with place.database.read() as session:
        run = session.connection().exec_driver_sql
        return str([run(f"SELECT * FROM {table}").all() for table in tables])


@pytest.fixture
def post(databases: Databases) -> Iterator[Post]:
    with (
        a_place(databases("opportunities")) as east,
        a_place(databases("opportunities"), region=SCOTLAND, people=SCOTS) as scotland,
    ):
        yield Post(east, scotland)


def test_an_interest_travels_and_shows_as_one_of_a_foreign_organisation(post: Post) -> None:
    own, copy = post.publish()

    made = post.propose(
        copy, participant=post.scotland.officer.person, consent=TO_EAST, message="May we come?"
    )

    (arrived,) = post.arrived()
    assert (arrived.notice, arrived.state) == (own.name, interests_pb2.Interest.PROPOSED)
    assert (arrived.organisation_display_name, arrived.message) == ("Highland", "May we come?")
    assert (arrived.organisation_region, arrived.notice_region) == (SCOTLAND, "")
    assert not arrived.participant
    assert made.notice_region == REGION
    assert not made.waiting
    (told,) = announced(post.east.database, events.InterestProposed)
    assert not (told.interest.participant or told.interest.interested_manager)
    assert told.interest.organisation_region == SCOTLAND
    assert told.interest.organisation_display_name == "Highland"


def test_nobody_is_told_of_who_has_not_consented_to_that_region(post: Post) -> None:
    _, copy = post.publish()

    made = post.propose(copy, participant=post.scotland.officer.person, consent=CONSENT)

    assert post.arrived() == []
    assert REGION in made.waiting
    assert "setConsent" in made.waiting
    with pytest.raises(FailedPrecondition, match="CONSENT_MISSING") as refused:
        post.scotland.endorse(post.scotland.norfolk_manager, made)
    assert REGION in refused.value.message
    give = interests_pb2.SetInterestConsentRequest(name=made.name, consent=TO_EAST)
    post.scotland.ask(post.scotland.officer, post.scotland.interests.SetInterestConsent, give)
    post.deliver()
    assert len(post.arrived()) == 1


def test_what_a_person_proposes_waits_for_their_own_manager(post: Post) -> None:
    _, copy = post.publish()
    scotland = post.scotland

    made = scotland.propose(copy, scotland.officer, consent=TO_EAST)
    post.deliver()
    assert post.arrived() == []

    scotland.endorse(scotland.norfolk_manager, made)
    post.deliver()
    (arrived,) = post.arrived()
    assert arrived.state == interests_pb2.Interest.ENDORSED


def test_the_introduction_shows_both_regions_who_everybody_is(post: Post) -> None:
    accepted, seen = post.introduce()

    east = introduction(post.east, post.east.norfolk_manager, accepted.name)
    scotland = introduction(post.scotland, post.scotland.officer, seen.name)

    everybody = {"Hazel Thirtlewood", "Priya Lartersworth", SCOTS[2], SCOTS[4]}
    assert seen.state == interests_pb2.Interest.ACCEPTED
    for made in (east, scotland):
        assert {each.display_name for each in made.parties} == everybody
        assert all(each.email for each in made.parties)
        assert {each.organisation_display_name for each in made.parties} == {"Norfolk", "Highland"}
    roles = {each.display_name: each.role for each in scotland.parties}
    party = interests_pb2.Introduction.Party
    assert roles == {
        "Hazel Thirtlewood": party.NOTICE_MANAGER,
        "Priya Lartersworth": party.BENEFICIARY,
        SCOTS[2]: party.INTERESTED_MANAGER,
        SCOTS[4]: party.PARTICIPANT,
    }


def test_until_acceptance_people_stay_private(post: Post) -> None:
    _, copy = post.publish()
    post.propose(copy, participant=post.scotland.officer.person, consent=TO_EAST)
    (arrived,) = post.arrived()

    with pytest.raises(FailedPrecondition, match="NOT_ACCEPTED"):
        introduction(post.east, post.east.norfolk_manager, arrived.name)


def test_acceptance_needs_a_consent_that_names_the_other_region(post: Post) -> None:
    east, scotland = post.east, post.scotland
    own, copy = post.publish(beneficiary=east.officer.person, consent=CONSENT)
    post.propose(copy, participant=scotland.officer.person, consent=TO_EAST)
    (arrived,) = post.arrived()
    east.endorse(east.norfolk_manager, arrived)

    with pytest.raises(FailedPrecondition, match="CONSENT_MISSING") as refused:
        east.accept(east.norfolk_manager, arrived)

    assert SCOTLAND in refused.value.message
    give = notices_pb2.SetNoticeConsentRequest(name=own.name, consent=TO_SCOTLAND)
    east.ask(east.officer, east.notices.SetNoticeConsent, give)
    assert east.accept(east.norfolk_manager, arrived).state == interests_pb2.Interest.ACCEPTED


def test_a_decision_comes_back_with_its_reason(post: Post) -> None:
    _, copy = post.publish()
    made = post.propose(copy)
    (arrived,) = post.arrived()
    decline = interests_pb2.DeclineInterestRequest(name=arrived.name, reason="Too far away")

    post.east.ask(post.east.norfolk_manager, post.east.interests.DeclineInterest, decline)
    post.deliver()

    seen = get(post.scotland, post.scotland.norfolk_manager, made.name)
    assert (seen.state, seen.decline_reason) == (interests_pb2.Interest.DECLINED, "Too far away")
    told = announced(post.scotland.database, events.InterestDeclined)
    assert [each.not_chosen for each in told] == [False]
    assert told[0].interest.notice_region == REGION


def test_what_a_region_had_decided_before_it_was_restored_it_decides_again(post: Post) -> None:
    scotland = post.scotland
    _, seen = post.introduce()
    decided = next(each for each in reversed(post.carried) if each.HasField("decision"))
    again = pb.PartnerRecord()
    again.CopyFrom(decided)

    def hear_again(state: interests_pb2.Interest.State.ValueType, exchange: str) -> None:
        again.decision.state, again.decision.exchange = state, exchange
        post.take(scotland, REGION, again)

    hear_again(interests_pb2.Interest.ENDORSED, "")

    endorsed = get(scotland, scotland.norfolk_manager, seen.name)
    assert (endorsed.state, endorsed.exchange) == (interests_pb2.Interest.ENDORSED, "")
    assert len(announced(scotland.database, events.ExchangeEndedEarly)) == 1
    lost = exchanges_pb2.GetExchangeRequest(name=seen.exchange)
    with pytest.raises(NotFound):
        scotland.ask(scotland.norfolk_manager, scotland.exchanges.GetExchange, lost)

    for exchange in (f"exchanges/{new_id()}", f"exchanges/{new_id()}"):
        hear_again(interests_pb2.Interest.ACCEPTED, exchange)
        accepted = get(scotland, scotland.norfolk_manager, seen.name)
        assert accepted.state == interests_pb2.Interest.ACCEPTED
        assert accepted.exchange == foreign_name(REGION, exchange)
    assert not post.refused


def test_a_notice_that_was_gone_meanwhile_is_answered_so(post: Post) -> None:
    own, copy = post.publish()
    post.east.ask(
        post.east.norfolk_manager,
        post.east.notices.WithdrawNotice,
        notices_pb2.WithdrawNoticeRequest(name=own.name),
    )

    made = post.propose(copy, participant=post.scotland.officer.person, consent=TO_EAST)

    seen = get(post.scotland, post.scotland.norfolk_manager, made.name)
    assert seen.state == interests_pb2.Interest.DECLINED
    assert [
        each.not_chosen for each in announced(post.scotland.database, events.InterestDeclined)
    ] == [True]
    assert announced(post.east.database, events.InterestProposed) == []
    assert SCOTS[4] not in everything_in(post.east)


def test_a_notice_that_closes_declines_what_came_from_abroad(post: Post) -> None:
    own, copy = post.publish()
    made = post.propose(copy)

    close = notices_pb2.CloseNoticeRequest(name=own.name)
    post.east.ask(post.east.norfolk_manager, post.east.notices.CloseNotice, close)
    post.deliver()

    seen = get(post.scotland, post.scotland.norfolk_manager, made.name)
    assert seen.state == interests_pb2.Interest.DECLINED


def test_what_was_never_told_lapses_with_the_notice(post: Post) -> None:
    _, copy = post.publish()
    made = post.propose(copy, participant=post.scotland.officer.person)

    post.gone(copy)

    seen = get(post.scotland, post.scotland.norfolk_manager, made.name)
    assert seen.state == interests_pb2.Interest.DECLINED


def test_what_is_taken_back_is_erased_where_it_went(post: Post) -> None:
    _, copy = post.publish()
    made = post.propose(copy, participant=post.scotland.officer.person, consent=TO_EAST)
    withdraw = interests_pb2.WithdrawInterestRequest(name=made.name)

    post.scotland.ask(
        post.scotland.norfolk_manager, post.scotland.interests.WithdrawInterest, withdraw
    )
    post.deliver()

    (arrived,) = post.arrived()
    assert arrived.state == interests_pb2.Interest.WITHDRAWN
    assert SCOTS[4] not in everything_in(post.east)
    assert len(announced(post.east.database, events.InterestWithdrawn)) == 1


def test_a_consent_taken_back_before_delivery_keeps_the_person_at_home(post: Post) -> None:
    _, copy = post.publish()
    scotland = post.scotland
    made = scotland.propose(
        copy, scotland.norfolk_manager, participant=scotland.officer.person, consent=TO_EAST
    )

    take_back = interests_pb2.SetInterestConsentRequest(name=made.name)
    scotland.ask(scotland.officer, scotland.interests.SetInterestConsent, take_back)
    post.deliver()

    assert post.arrived() == []
    assert post.carried == []
    assert len(announced(scotland.database, events.PartnerRecordErased)) == 1


def test_a_consent_given_again_puts_the_interest_again(post: Post) -> None:
    _, copy = post.publish()
    scotland = post.scotland
    made = post.propose(copy, participant=scotland.officer.person, consent=TO_EAST)
    for consent in (None, TO_EAST):
        change = interests_pb2.SetInterestConsentRequest(name=made.name, consent=consent)
        scotland.ask(scotland.officer, scotland.interests.SetInterestConsent, change)
        post.deliver()

    (arrived,) = post.arrived()
    assert arrived.state == interests_pb2.Interest.PROPOSED


def test_a_consent_that_ran_out_tells_nobody(post: Post) -> None:
    _, copy = post.publish()
    soon = notices_pb2.Consent(
        text_version="1", recipient_region=REGION, expire_time=stamp(now() + timedelta(days=1))
    )

    post.propose(copy, participant=post.scotland.officer.person, consent=soon)

    record = post.carried[0]
    assert record.expire_time == soon.expire_time
    record.expire_time.CopyFrom(stamp(now() - timedelta(seconds=1)))
    post.take(post.east, SCOTLAND, record)
    assert post.refused == ["EXPIRED"] * 2


def test_an_interest_is_taken_back_when_the_consent_to_it_ends(post: Post) -> None:
    _, copy = post.publish()
    made = post.propose(copy, participant=post.scotland.officer.person, consent=TO_EAST)

    for _ in range(2):
        clock.tend(post.scotland.database, at=now() + timedelta(days=91))
    post.deliver()

    (arrived,) = post.arrived()
    assert arrived.state == interests_pb2.Interest.WITHDRAWN
    assert SCOTS[4] not in everything_in(post.east)
    assert len(announced(post.scotland.database, events.PartnerRecordErased)) == 1
    seen = get(post.scotland, post.scotland.norfolk_manager, made.name)
    assert seen.state == interests_pb2.Interest.PROPOSED


def test_whom_we_were_told_of_is_forgotten_in_time(post: Post) -> None:
    post.introduce()

    clock.tend(post.east.database, at=now() + timedelta(days=367))

    assert SCOTS[4] not in everything_in(post.east)


def part(place: Place, region: str) -> None:
    """The operator ends the partnership."""
    hear(
        place,
        federation.PartnerRevised(
            region=region, region_display_name=region, state=Partner.REMOVED, version=9
        ),
    )


def test_nothing_waits_for_a_region_that_is_no_partner_any_more(post: Post) -> None:
    _, copy = post.publish()
    made = post.propose(copy)
    (arrived,) = post.arrived()
    post.east.endorse(post.east.norfolk_manager, arrived)

    part(post.scotland, REGION)
    part(post.east, SCOTLAND)
    post.deliver()  # what was decided before comes too late

    (arrived,) = post.arrived()
    assert arrived.state == interests_pb2.Interest.WITHDRAWN
    seen = get(post.scotland, post.scotland.norfolk_manager, made.name)
    assert seen.state == interests_pb2.Interest.DECLINED
    assert len(announced(post.scotland.database, events.InterestDeclined)) == 1
    assert len(announced(post.east.database, events.InterestWithdrawn)) == 1


def test_only_the_notices_region_decides(post: Post) -> None:
    _, copy = post.publish()
    made = post.propose(copy)
    scotland = post.scotland
    scotland.endorse(scotland.norfolk_manager, made)

    for method, request in (
        (scotland.interests.AcceptInterest, interests_pb2.AcceptInterestRequest(name=made.name)),
        (
            scotland.interests.DeclineInterest,
            interests_pb2.DeclineInterestRequest(name=made.name, reason="no"),
        ),
    ):
        with pytest.raises(FailedPrecondition, match="OWNED_ELSEWHERE"):
            scotland.ask(scotland.operator, method, request)


def test_an_operator_does_not_speak_for_a_foreign_organisation(post: Post) -> None:
    _, copy = post.publish()
    post.propose(copy, participant=post.scotland.officer.person, consent=TO_EAST)
    (arrived,) = post.arrived()
    east = post.east

    for method, request in (
        (
            east.interests.WithdrawInterest,
            interests_pb2.WithdrawInterestRequest(name=arrived.name),
        ),
        (
            east.interests.SetInterestConsent,
            interests_pb2.SetInterestConsentRequest(name=arrived.name),
        ),
    ):
        with pytest.raises(FailedPrecondition, match="OWNED_ELSEWHERE"):
            east.ask(east.operator, method, request)


def test_no_region_decides_on_what_is_not_between_us(post: Post) -> None:
    own = post.scotland.publish(visibility=notices_pb2.NETWORK)
    local = post.scotland.propose(own)

    decision = pb.DecisionRecord(interest=local.name, state=interests_pb2.Interest.DECLINED)
    post.take(post.scotland, REGION, pb.PartnerRecord(record="notices/x", decision=decision))

    assert post.refused == ["NOT_KNOWN_HERE"] * 2


def test_nobody_asks_for_records_that_are_not_for_them(post: Post) -> None:
    _, copy = post.publish()
    made = post.propose(copy)

    request = pb.GetPartnerRecordRequest(region="wales", record=made.name)
    with pytest.raises(NotFound, match="NOTHING_TO_TELL"):
        post.scotland.ask(FEDERATION, post.scotland.records.GetPartnerRecord, request)


def test_a_named_participant_without_a_consent_is_not_taken(post: Post) -> None:
    _, copy = post.publish()
    post.propose(copy, participant=post.scotland.officer.person, consent=TO_EAST)
    record = post.carried[0]
    record.record = record.record.replace("interests/0", "interests/1")
    record.interest.ClearField("consent")

    post.take(post.east, SCOTLAND, record)

    assert post.refused == ["CONSENT_MISSING"] * 2


def terms_of(post: Post, place: Place, who: Principal, exchange: str, **terms: Any) -> Any:
    message = exchanges_pb2.Exchange(name=exchange, **{**TERMS, **terms})  # type: ignore[arg-type]
    request = exchanges_pb2.UpdateExchangeRequest(exchange=message)
    answer = place.ask(who, place.exchanges.UpdateExchange, request)
    post.deliver()
    return answer


def sign(post: Post, place: Place, who: Principal, exchange: str) -> exchanges_pb2.Exchange:
    request = exchanges_pb2.SignExchangeRequest(name=exchange)
    answer = place.ask(who, place.exchanges.SignExchange, request)
    post.deliver()
    return answer


def agree(post: Post) -> tuple[str, str]:
    """An agreed exchange: its name in the East, where it lives, and in Scotland."""
    accepted, seen = post.introduce()
    terms_of(post, post.scotland, post.scotland.norfolk_manager, seen.exchange)
    for who in (post.east.norfolk_manager, post.east.officer):
        sign(post, post.east, who, accepted.exchange)
    for who in (post.scotland.norfolk_manager, post.scotland.officer):
        sign(post, post.scotland, who, seen.exchange)
    return accepted.exchange, seen.exchange


def test_an_exchange_lives_in_the_notices_region_and_the_other_follows(post: Post) -> None:
    accepted, seen = post.introduce()

    own = post.east.exchange(post.east.norfolk_manager, accepted.exchange)
    copy = post.scotland.exchange(post.scotland.officer, seen.exchange)

    assert (own.region, copy.region) == ("", REGION)
    assert own.name != copy.name
    assert (copy.host_organisation_display_name, copy.visiting_organisation_display_name) == (
        "Norfolk",
        "Highland",
    )
    ours = {each.person for each in copy.signatories}
    assert {post.scotland.officer.person, post.scotland.norfolk_manager.person} < ours


def test_what_is_done_abroad_waits_until_it_is_answered(post: Post) -> None:
    accepted, seen = post.introduce()
    scotland = post.scotland
    message = exchanges_pb2.Exchange(name=seen.exchange, **TERMS)  # type: ignore[arg-type]
    request = exchanges_pb2.UpdateExchangeRequest(exchange=message)

    waiting = scotland.ask(scotland.norfolk_manager, scotland.exchanges.UpdateExchange, request)
    assert [each.verb for each in waiting.pending_actions] == [exchanges_pb2.ExchangeAction.SETTLE]
    assert not waiting.cover
    post.deliver()

    there = post.east.exchange(post.east.norfolk_manager, accepted.exchange)
    here = scotland.exchange(scotland.officer, seen.exchange)
    assert there.cover == here.cover == TERMS["cover"]
    assert not here.pending_actions


def test_an_exchange_is_signed_run_and_judged_across_the_border(post: Post) -> None:
    own, copy = agree(post)
    east, scotland = post.east, post.scotland

    start = exchanges_pb2.StartExchangeRequest(name=copy)
    scotland.ask(scotland.norfolk_manager, scotland.exchanges.StartExchange, start)
    post.deliver()
    complete = exchanges_pb2.CompleteExchangeRequest(name=own)
    east.ask(east.norfolk_manager, east.exchanges.CompleteExchange, complete)
    post.deliver()
    praise = {"rating": 5, "text": "Time well spent"}
    for place, who, name in ((east, east.officer, own), (scotland, scotland.officer, copy)):
        give = exchanges_pb2.GiveFeedbackRequest(name=name, **praise)  # type: ignore[arg-type]
        place.ask(who, place.exchanges.GiveFeedback, give)
        post.deliver()

    there = east.exchange(east.officer, own)
    here = scotland.exchange(scotland.officer, copy)
    assert there.state == here.state == exchanges_pb2.Exchange.COMPLETED
    assert (
        [each.rating for each in there.feedback]
        == [each.rating for each in here.feedback]
        == [5, 5]
    )
    assert scotland.officer.person in {each.person for each in here.feedback}
    for database in (east.database, scotland.database):
        assert len(announced(database, events.ExchangeAgreed)) == 1
        assert len(announced(database, events.ExchangeStarted)) == 1
        assert len(announced(database, events.ExchangeCompleted)) == 1
        assert len(announced(database, events.FeedbackGiven)) == 2


def test_events_on_both_sides_name_their_own_people_only(post: Post) -> None:
    agree(post)

    for place in (post.east, post.scotland):
        own = {place.norfolk_manager.person, place.officer.person}
        for event in announced(place.database, events.ExchangeAgreed):
            assert set(event.exchange.signatories) == own
            assert event.exchange.partner_hosts is (place is post.scotland)


def test_terms_that_were_not_seen_are_not_signed(post: Post) -> None:
    accepted, seen = post.introduce()
    east, scotland = post.east, post.scotland
    terms_of(post, east, east.norfolk_manager, accepted.exchange)
    changed = exchanges_pb2.Exchange(name=accepted.exchange, cover="Nobody")
    request = exchanges_pb2.UpdateExchangeRequest(exchange=changed)
    east.ask(east.norfolk_manager, east.exchanges.UpdateExchange, request)

    signing = exchanges_pb2.SignExchangeRequest(name=seen.exchange)
    scotland.ask(scotland.officer, scotland.exchanges.SignExchange, signing)
    post._carry(scotland, SCOTLAND)
    post.deliver()

    mine = scotland.exchange(scotland.officer, seen.exchange)
    assert [(each.refusal, each.state) for each in mine.pending_actions] == [
        ("TERMS_CHANGED", exchanges_pb2.ExchangeAction.REFUSED)
    ]
    assert not scotland.exchange(scotland.norfolk_manager, seen.exchange).pending_actions
    signed = sign(post, scotland, scotland.officer, seen.exchange)
    assert [each.state for each in signed.pending_actions] == [exchanges_pb2.ExchangeAction.WAITING]
    assert not scotland.exchange(scotland.officer, seen.exchange).pending_actions


def test_terms_that_a_restored_region_has_lost_are_not_signed(post: Post) -> None:
    accepted, seen = post.introduce()
    east, scotland = post.east, post.scotland
    terms_of(post, east, east.norfolk_manager, accepted.exchange)
    signing = exchanges_pb2.SignExchangeRequest(name=seen.exchange)
    scotland.ask(scotland.officer, scotland.exchanges.SignExchange, signing)
    (action,) = scotland.exchange(scotland.officer, seen.exchange).pending_actions
    request = pb.GetPartnerRecordRequest(region=REGION, record=action.name)
    record = scotland.ask(FEDERATION, scotland.records.GetPartnerRecord, request)

    record.action.version += 1
    post.take(east, SCOTLAND, record)

    signatories = east.exchange(east.norfolk_manager, accepted.exchange).signatories
    assert not any(each.HasField("sign_time") for each in signatories)
    post.deliver()
    (refused,) = scotland.exchange(scotland.officer, seen.exchange).pending_actions
    assert refused.refusal == "TERMS_CHANGED"


def test_a_person_exports_what_they_did_abroad_and_nobody_elses(post: Post) -> None:
    _, seen = post.introduce()
    scotland = post.scotland
    for who in (scotland.officer, scotland.norfolk_manager):
        sign = exchanges_pb2.SignExchangeRequest(name=seen.exchange)
        scotland.ask(who, scotland.exchanges.SignExchange, sign)
    export = personal_data_pb2.ExportParticipationRequest(name=scotland.officer.person)

    own = scotland.ask(scotland.officer, scotland.participation.ExportParticipation, export)

    (exchange,) = own.exchanges
    assert [each.person for each in exchange.pending_actions] == [scotland.officer.person]
    assert scotland.norfolk_manager.person not in str(exchange)


def test_a_step_out_of_turn_is_refused_in_words(post: Post) -> None:
    _, seen = post.introduce()
    scotland = post.scotland

    start = exchanges_pb2.StartExchangeRequest(name=seen.exchange)
    scotland.ask(scotland.norfolk_manager, scotland.exchanges.StartExchange, start)
    post.deliver()

    (refused,) = scotland.exchange(scotland.norfolk_manager, seen.exchange).pending_actions
    assert refused.refusal == "NOT_AGREED"
    assert "PROPOSED" in refused.detail
    (told,) = announced(scotland.database, events.ExchangeActionRefused)
    assert (told.exchange.actor, told.refusal) == (scotland.norfolk_manager.person, "NOT_AGREED")
    assert refused.detail not in str(told)


def test_a_region_does_nothing_in_the_name_of_the_other_side(post: Post) -> None:
    accepted, _ = post.introduce()
    forged = pb.ExchangeActionRecord(
        exchange=accepted.exchange,
        verb=exchanges_pb2.ExchangeAction.SIGN,
        version=99,
        actor=pb.PartnerPerson(person=post.east.officer.person),
        roles=[exchanges_pb2.HOST_MANAGER, exchanges_pb2.HOST_PERSON],
    )

    post.take(post.east, SCOTLAND, pb.PartnerRecord(record="exchanges/1/actions/1", action=forged))

    own = post.east.exchange(post.east.norfolk_manager, accepted.exchange)
    assert not [each for each in own.signatories if each.HasField("sign_time")]


def test_erasing_a_participant_erases_them_abroad(post: Post) -> None:
    accepted, _ = post.introduce()
    person = post.scotland.officer.person
    del post.scotland.register.contacts[person]

    hear(post.scotland, identity.PersonErased(person=person))
    post.deliver()

    assert SCOTS[4] not in everything_in(post.east)
    assert foreign_name(SCOTLAND, person) not in everything_in(post.east)
    own = post.east.exchange(post.east.norfolk_manager, accepted.exchange)
    assert own.state == exchanges_pb2.Exchange.ENDED_EARLY
    assert person not in everything_in(post.scotland)


def test_erasing_a_beneficiary_erases_them_abroad(post: Post) -> None:
    _, seen = post.introduce()
    person = post.east.officer.person
    del post.east.register.contacts[person]

    hear(post.east, identity.PersonErased(person=person))
    post.deliver()

    assert "Priya Lartersworth" not in everything_in(post.scotland)
    assert foreign_name(REGION, person) not in everything_in(post.scotland)
    copy = post.scotland.exchange(post.scotland.officer, seen.exchange)
    assert copy.state == exchanges_pb2.Exchange.ENDED_EARLY


def test_erasing_a_manager_takes_their_name_out_of_the_next_word(post: Post) -> None:
    _, copy = post.publish()
    post.propose(copy, participant=post.scotland.officer.person, consent=TO_EAST)
    manager = post.scotland.norfolk_manager.person
    del post.scotland.register.contacts[manager]

    hear(post.scotland, identity.PersonErased(person=manager))
    post.deliver()

    assert SCOTS[2] not in everything_in(post.east)
    assert SCOTS[4] in everything_in(post.east)


def test_feedback_of_somebody_who_is_erased_is_gone_abroad(post: Post) -> None:
    own, copy = agree(post)
    east, scotland = post.east, post.scotland
    end = exchanges_pb2.EndExchangeRequest(name=own, reason="Over")
    east.ask(east.norfolk_manager, east.exchanges.EndExchange, end)
    post.deliver()
    give = exchanges_pb2.GiveFeedbackRequest(name=copy, rating=4, text="Midges everywhere")
    scotland.ask(scotland.officer, scotland.exchanges.GiveFeedback, give)
    post.deliver()
    assert "Midges" in everything_in(east)

    hear(scotland, identity.PersonErased(person=scotland.officer.person))
    post.deliver()

    assert "Midges" not in everything_in(east)
    assert "Midges" not in everything_in(scotland)


def test_no_event_holds_a_word_on_people(post: Post) -> None:
    agree(post)

    for place in (post.east, post.scotland):
        said = everything_announced(place.database)
        for word in (*SCOTS[2:], "Hazel Thirtlewood", "Priya Lartersworth", "council.example"):
            assert word.encode() not in said
