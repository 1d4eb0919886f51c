"""Swaps: all agree or nothing begins, nobody is named before, and what is left when somebody drops out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from interchange.identity.v1 import events_pb2 as identity
from interchange.opportunities.v1 import events_pb2 as events
from interchange.opportunities.v1 import exchanges_pb2, interests_pb2, notices_pb2, swaps_pb2
from interchange.opportunities.v1 import personal_data_pb2 as participation_pb2
from interchange.opportunities.v1.swaps_pb2 import Swap

from chassis.auth import Principal
from chassis.clock import now
from chassis.errors import (
    Aborted,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PermissionDenied,
)
from demo import swaps as demonstration
from services.opportunities.listeners import HANDLERS
from services.opportunities.swaps import clock
from services.opportunities.swaps.forming import form
from services.opportunities.swaps.service import SwapService
from tests.conftest import Databases
from tests.support.outbox import announced, everything_announced
from tests.support.register import a_manager, a_member
from tests.unit.opportunities.conftest import CONSENT, Place, a_place

POST = {
    "kind": notices_pb2.OFFERED,
    "format": notices_pb2.SWAP,
    "start_date": "2027-03-01",
    "end_date": "2027-03-31",
}
TERMS = {
    "attendance": notices_pb2.IN_PERSON,
    "payer": exchanges_pb2.Exchange.HOME,
    "objectives": ["See the other side"],
    "cover": "Who comes covers.",
}


@dataclass
class Side:
    """An organisation with a post, its holder and its manager."""

    manager: Principal
    holder: Principal
    notice: notices_pb2.Notice


@dataclass
class Three:
    """A council, another, and a charity, each with a post up for a swap."""

    place: Place
    swaps: SwapService
    norfolk: Side
    suffolk: Side
    shelter: Side

    @property
    def sides(self) -> list[Side]:
        return [self.norfolk, self.suffolk, self.shelter]

    def legs(self, *sides: Side) -> list[swaps_pb2.SwapLeg]:
        """Each takes the post of the one before, the first that of the last."""
        before = [sides[-1], *sides[:-1]]
        return [
            swaps_pb2.SwapLeg(visiting_notice=one.notice.name, host_notice=other.notice.name)
            for one, other in zip(sides, before, strict=True)
        ]

    def propose(self, who: Principal | None = None, **fields: object) -> Swap:
        """The ring of three, which can fall back to Norfolk and Suffolk alone."""
        pair = swaps_pb2.ShorterSwap(legs=self.legs(self.norfolk, self.suffolk))
        content = {"legs": self.legs(*self.sides), "shorter": [pair], **fields}
        request = swaps_pb2.ProposeSwapRequest(swap=Swap(**content))  # type: ignore[arg-type]
        return self.place.ask(who or self.norfolk.manager, self.swaps.ProposeSwap, request)

    def agree(self, side: Side, swap: Swap, etag: str = "") -> Swap:
        request = swaps_pb2.AgreeSwapRequest(name=swap.name, etag=etag)
        return self.place.ask(side.manager, self.swaps.AgreeSwap, request)

    def agreed(self) -> Swap:
        swap = self.propose()
        for side in self.sides:
            swap = self.agree(side, swap)
        return swap

    def leave(self, side: Side, swap: Swap) -> Swap:
        request = swaps_pb2.LeaveSwapRequest(name=swap.name)
        return self.place.ask(side.manager, self.swaps.LeaveSwap, request)

    def begin(self, swap: Swap) -> Swap:
        request = swaps_pb2.BeginSwapRequest(name=swap.name)
        return self.place.ask(self.norfolk.manager, self.swaps.BeginSwap, request)

    def get(self, swap: str, who: Principal | None = None) -> Swap:
        request = swaps_pb2.GetSwapRequest(name=swap)
        return self.place.ask(who or self.place.operator, self.swaps.GetSwap, request)

    def sign(self, exchange: str) -> None:
        """Everybody whom it concerns, who settle the terms first."""
        everybody = [each for side in self.sides for each in (side.manager, side.holder)]
        seen = self.place.exchange(self.place.operator, exchange)
        parties = {each.person for each in seen.signatories}
        mine = [each for each in everybody if each.person in parties]
        message = exchanges_pb2.Exchange(name=exchange, **TERMS)  # type: ignore[arg-type]
        manager = next(each for each in mine if each.manages)
        update = exchanges_pb2.UpdateExchangeRequest(exchange=message)
        self.place.ask(manager, self.place.exchanges.UpdateExchange, update)
        for who in mine:
            request = exchanges_pb2.SignExchangeRequest(name=exchange)
            self.place.ask(who, self.place.exchanges.SignExchange, request)

    def under_way(self) -> Swap:
        swap = self.agreed()
        for leg in swap.legs:
            self.sign(leg.exchange)
        return self.begin(swap)


@pytest.fixture
def three(databases: Databases) -> Iterator[Three]:
    with a_place(databases("opportunities")) as place:
        shelter = place.register.enter("Fenland Shelter")
        manager = a_manager(place.register.employ(shelter, "Nadia Overstrand"), shelter)
        keyworker = a_member(place.register.employ(shelter, "Tomos Wymondham"), shelter)
        yield Three(
            place,
            SwapService(place.database, place.notices._identity),
            _side(place, place.norfolk_manager, place.officer, "Policy officer, housing"),
            _side(place, place.suffolk_manager, place.host, "Commissioner, adult care"),
            _side(place, manager, keyworker, "Key worker, night shelter"),
        )


def _side(place: Place, manager: Principal, holder: Principal, title: str) -> Side:
    wishes = notices_pb2.SwapWishes(radius_miles=40)
    fields = {**POST, "title": title, "beneficiary": holder.person, "consent": CONSENT}
    notice = place.publish(manager, swap_wishes=wishes, **fields)
    return Side(manager, holder, notice)


def test_all_who_take_part_see_the_swap_whole_and_nobody_is_named(three: Three) -> None:
    proposed = three.propose()

    for side in three.sides:
        assert three.get(proposed.name, side.manager).legs == proposed.legs
        assert three.get(proposed.name, side.holder).legs == proposed.legs
    assert proposed.legs[0].host_organisation_display_name == "Fenland Shelter"
    assert (proposed.legs[0].start_date, proposed.legs[0].end_date) == ("2027-03-01", "2027-03-31")
    assert "people/" not in str(proposed)


def test_to_others_it_is_not_there(three: Three) -> None:
    proposed = three.propose()
    essex = three.place.register.enter("Essex")
    stranger = a_manager(three.place.register.employ(essex, "Somebody Else"), essex)

    with pytest.raises(NotFound):
        three.get(proposed.name, stranger)

    listed = swaps_pb2.ListSwapsRequest()
    assert not three.place.ask(stranger, three.swaps.ListSwaps, listed).swaps
    mine = three.place.ask(three.shelter.holder, three.swaps.ListSwaps, listed).swaps
    assert [each.name for each in mine] == [proposed.name]


def test_the_last_to_agree_introduces_the_two_sides_of_each_leg(three: Three) -> None:
    swap = three.propose()
    swap = three.agree(three.norfolk, swap)
    swap = three.agree(three.suffolk, swap)
    assert not any(leg.exchange for leg in swap.legs)

    swap = three.agree(three.shelter, swap)

    assert swap.state == Swap.AGREED
    for leg, visitor in zip(swap.legs, _visitors(three, swap), strict=True):
        exchange = three.place.exchange(visitor.holder, leg.exchange)
        assert exchange.notice == leg.host_notice
        assert visitor.holder.person in {each.person for each in exchange.signatories}
        name = f"{exchange.interest}/introduction"
        request = interests_pb2.GetIntroductionRequest(name=name)
        parties = three.place.ask(
            visitor.holder, three.place.interests.GetIntroduction, request
        ).parties
        assert len(parties) == 4


def test_a_third_side_learns_no_name_from_a_leg_that_is_not_theirs(three: Three) -> None:
    swap = three.agreed()
    leg = next(each for each in swap.legs if three.shelter.notice.name not in str(each))

    with pytest.raises(NotFound):
        three.place.exchange(three.shelter.manager, leg.exchange)


def test_who_has_not_consented_can_not_be_agreed_for(three: Three) -> None:
    swap = three.propose()
    withdraw = notices_pb2.SetNoticeConsentRequest(name=three.norfolk.notice.name)
    three.place.ask(three.norfolk.manager, three.place.notices.SetNoticeConsent, withdraw)

    with pytest.raises(FailedPrecondition, match="not consented"):
        three.agree(three.norfolk, swap)


def test_an_agreement_goes_with_the_consent(three: Three) -> None:
    swap = three.agree(three.norfolk, three.propose())
    withdraw = notices_pb2.SetNoticeConsentRequest(name=three.norfolk.notice.name)

    three.place.ask(three.norfolk.holder, three.place.notices.SetNoticeConsent, withdraw)

    seen = three.get(swap.name)
    assert not any(leg.HasField("visiting_agree_time") for leg in seen.legs)


def test_nobody_agrees_for_another_organisation(three: Three) -> None:
    swap = three.propose()
    request = swaps_pb2.AgreeSwapRequest(name=swap.name)

    with pytest.raises(PermissionDenied):
        three.place.ask(three.place.operator, three.swaps.AgreeSwap, request)


def test_agreeing_twice_changes_nothing(three: Three) -> None:
    once = three.agree(three.norfolk, three.propose())

    assert three.agree(three.norfolk, once) == once


def test_agreeing_to_what_has_changed_is_refused(three: Three) -> None:
    swap = three.propose()
    three.agree(three.norfolk, swap)

    with pytest.raises(Aborted):
        three.agree(three.suffolk, swap, etag=swap.etag)


def test_no_leg_begins_alone(three: Three) -> None:
    swap = three.agreed()
    three.sign(swap.legs[0].exchange)
    start = exchanges_pb2.StartExchangeRequest(name=swap.legs[0].exchange)
    manager = _visitors(three, swap)[0].manager

    with pytest.raises(FailedPrecondition, match="begins with all others"):
        three.place.ask(manager, three.place.exchanges.StartExchange, start)
    with pytest.raises(FailedPrecondition):
        three.begin(swap)

    states = {leg.exchange_state for leg in three.get(swap.name).legs}
    assert states == {exchanges_pb2.Exchange.AGREED, exchanges_pb2.Exchange.PROPOSED}
    assert three.get(swap.name).state == Swap.AGREED


def test_all_legs_begin_together_and_the_posts_are_filled(three: Three) -> None:
    swap = three.under_way()

    assert swap.state == Swap.UNDER_WAY
    assert {leg.exchange_state for leg in swap.legs} == {exchanges_pb2.Exchange.UNDER_WAY}
    for side in three.sides:
        closed = three.place.get(side.manager, side.notice.name)
        assert closed.closing_reason == notices_pb2.Notice.FILLED


def test_the_swap_is_completed_with_its_last_leg(three: Three) -> None:
    swap = three.under_way()

    for leg, side in zip(swap.legs, _visitors(three, swap), strict=True):
        assert three.get(swap.name).state == Swap.UNDER_WAY
        complete = exchanges_pb2.CompleteExchangeRequest(name=leg.exchange)
        three.place.ask(side.manager, three.place.exchanges.CompleteExchange, complete)

    assert three.get(swap.name).state == Swap.COMPLETED
    assert len(announced(three.place.database, events.SwapCompleted)) == 1


def test_when_one_leaves_the_others_are_asked_about_the_shorter_swap(three: Three) -> None:
    swap = three.agree(three.norfolk, three.propose())

    left = three.leave(three.shelter, swap)

    assert (left.state, list(left.left)) == (Swap.DEGRADED, [three.shelter.notice.name])
    pair = three.get(left.successor)
    assert (pair.state, pair.predecessor) == (Swap.PROPOSED, swap.name)
    assert {leg.visiting_notice for leg in pair.legs} == {
        three.norfolk.notice.name,
        three.suffolk.notice.name,
    }
    assert not any(leg.HasField("visiting_agree_time") for leg in pair.legs)
    assert len(announced(three.place.database, events.SwapProposed)) == 2
    pair = three.agree(three.norfolk, pair)
    assert three.agree(three.suffolk, pair).state == Swap.AGREED


def test_when_nothing_is_left_it_lapses(three: Three) -> None:
    swap = three.propose()

    left = three.leave(three.norfolk, swap)

    assert (left.state, left.successor) == (Swap.LAPSED, "")
    assert len(announced(three.place.database, events.SwapLapsed)) == 1
    assert three.propose().state == Swap.PROPOSED


def test_who_leaves_after_all_agreed_ends_the_legs(three: Three) -> None:
    swap = three.agreed()

    three.leave(three.shelter, swap)

    seen = three.get(swap.name)
    assert seen.state == Swap.DEGRADED
    assert {leg.exchange_state for leg in seen.legs} == {exchanges_pb2.Exchange.ENDED_EARLY}


def test_ending_a_leg_before_it_begins_is_dropping_out(three: Three) -> None:
    swap = three.agreed()
    leg = next(each for each in swap.legs if each.host_notice == three.shelter.notice.name)
    end = exchanges_pb2.EndExchangeRequest(name=leg.exchange, reason="We are short of staff")

    three.place.ask(three.shelter.manager, three.place.exchanges.EndExchange, end)

    seen = three.get(swap.name)
    assert (seen.state, list(seen.left)) == (Swap.DEGRADED, [three.shelter.notice.name])


def test_a_swap_under_way_can_not_be_left(three: Three) -> None:
    swap = three.under_way()

    with pytest.raises(FailedPrecondition):
        three.leave(three.shelter, swap)


def test_a_post_that_is_withdrawn_drops_out(three: Three) -> None:
    swap = three.propose()
    withdraw = notices_pb2.WithdrawNoticeRequest(name=three.shelter.notice.name)

    three.place.ask(three.shelter.manager, three.place.notices.WithdrawNotice, withdraw)

    assert three.get(swap.name).state == Swap.DEGRADED


def test_at_the_deadline_it_goes_on_without_who_is_silent(three: Three) -> None:
    swap = three.propose()
    for side in (three.norfolk, three.suffolk):
        three.agree(side, swap)
    database = three.place.database

    assert clock.lapse(database, at=now() + timedelta(days=13)) == 0
    assert clock.lapse(database, at=now() + timedelta(days=15)) == 1
    assert clock.lapse(database, at=now() + timedelta(days=15)) == 0

    seen = three.get(swap.name)
    assert (seen.state, list(seen.left)) == (Swap.DEGRADED, [three.shelter.notice.name])


def test_a_swap_gives_places_and_frees_them_when_somebody_leaves(three: Three) -> None:
    name = three.norfolk.notice.name
    one_place = notices_pb2.Notice(name=name, conditions=notices_pb2.Conditions(places=1))
    update = notices_pb2.UpdateNoticeRequest(notice=one_place)
    three.place.ask(three.norfolk.manager, three.place.notices.UpdateNotice, update)

    swap = three.agreed()
    given = three.place.get(three.place.operator, name).places_taken
    three.leave(three.shelter, swap)

    assert (given, three.place.get(three.place.operator, name).places_taken) == (1, 0)
    told = announced(three.place.database, events.NoticeRevised)
    assert [each.notice.places_taken for each in told] == [0, 1, 0]
    successor = three.get(three.get(swap.name).successor)
    assert successor.state == Swap.PROPOSED


def test_a_post_whose_places_are_given_is_not_swapped(three: Three) -> None:
    notice = three.norfolk.notice
    one_place = notices_pb2.Notice(name=notice.name, conditions=notices_pb2.Conditions(places=1))
    update = notices_pb2.UpdateNoticeRequest(notice=one_place)
    three.place.ask(three.norfolk.manager, three.place.notices.UpdateNotice, update)
    swap = three.propose()
    interest = three.place.propose(notice)
    three.place.endorse(three.norfolk.manager, interest)
    three.place.accept(three.norfolk.manager, interest)

    with pytest.raises(FailedPrecondition, match="NO_PLACE_LEFT"):
        three.agree(three.norfolk, swap)
    three.leave(three.norfolk, swap)
    with pytest.raises(FailedPrecondition, match="NO_PLACE_LEFT"):
        three.propose()


def test_a_notice_takes_part_in_one_swap_at_a_time(three: Three) -> None:
    three.propose()

    with pytest.raises(FailedPrecondition, match="another swap"):
        three.propose()


def test_only_who_takes_part_proposes(three: Three) -> None:
    essex = three.place.register.enter("Essex")
    stranger = a_manager(three.place.register.employ(essex, "Somebody Else"), essex)

    with pytest.raises(PermissionDenied):
        three.propose(stranger)
    assert three.propose(three.place.operator).state == Swap.PROPOSED


def test_what_forms_no_ring_names_the_field(three: Three) -> None:
    with pytest.raises(InvalidArgument) as refused:
        three.propose(legs=three.legs(*three.sides)[:2])
    assert refused.value.violations[0].field == "swap.legs"

    with pytest.raises(InvalidArgument) as refused:
        three.propose(shorter=[swaps_pb2.ShorterSwap(legs=three.legs(*three.sides))])
    assert refused.value.violations[0].field == "swap.shorter"


def test_wishes_go_with_a_post_that_is_up_for_a_swap(three: Three) -> None:
    with pytest.raises(InvalidArgument) as refused:
        three.place.draft(swap_wishes=notices_pb2.SwapWishes(radius_miles=40))

    assert refused.value.violations[0].field == "notice.swap_wishes"
    seen = three.place.get(three.suffolk.manager, three.norfolk.notice.name)
    assert seen.swap_wishes == notices_pb2.SwapWishes(radius_miles=40)


def test_events_name_no_person_but_by_id(three: Three) -> None:
    three.under_way()

    everything = everything_announced(three.place.database)

    for name in (b"Priya", b"Gareth", b"Tomos", b"Nadia"):
        assert name not in everything


def test_an_erased_person_drops_out_and_is_named_nowhere(three: Three) -> None:
    swap = three.agree(three.shelter, three.propose())
    erased = identity.PersonErased(person=three.shelter.holder.person)

    for _ in range(2):
        with three.place.database.begin() as session:
            HANDLERS[identity.PersonErased](session, erased)

    seen = three.get(swap.name)
    assert seen.state == Swap.DEGRADED
    with pytest.raises(NotFound):
        three.get(swap.name, three.shelter.holder)


def test_a_swap_is_over_when_its_last_person_is_erased(three: Three) -> None:
    swap = three.under_way()

    for side in three.sides:
        with three.place.database.begin() as session:
            erased = identity.PersonErased(person=side.holder.person)
            HANDLERS[identity.PersonErased](session, erased)

    assert three.get(swap.name).state == Swap.COMPLETED


def test_an_export_shows_the_swaps_of_a_person(three: Three) -> None:
    swap = three.propose()
    request = participation_pb2.ExportParticipationRequest(name=three.shelter.holder.person)

    export = three.place.ask(
        three.shelter.holder, three.place.participation.ExportParticipation, request
    )

    assert [each.name for each in export.swaps] == [swap.name]


def test_the_demonstration_s_ring_can_be_proposed(three: Three) -> None:
    names = [
        three.place.publish(side.manager, beneficiary=side.holder.person, consent=CONSENT, **post)
        for side, post in zip(
            three.sides, map(_fields, demonstration.posts(now().date())), strict=True
        )
    ]

    swap = demonstration.ring([each.name for each in names])

    assert three.propose(legs=swap.legs, shorter=[]).state == Swap.PROPOSED


def _fields(post: notices_pb2.Notice) -> dict[str, object]:
    return {field.name: value for field, value in post.ListFields()}


IDS = [uuid4() for _ in range(4)]


@given(st.booleans(), st.integers(2, 4), st.permutations(range(4)))
def test_legs_form_the_same_ring_in_any_order(is_chain: bool, size: int, order: list[int]) -> None:
    members = IDS[:size]
    onward = list(zip(members[1:], members[:-1], strict=True))
    legs = onward if is_chain else [*onward, (members[0], members[-1])]
    shuffled = [legs[each] for each in order if each < len(legs)]

    formation = form(shuffled, field="swap.legs")

    assert set(formation.legs) == set(legs)
    assert formation.is_chain is is_chain


@pytest.mark.parametrize(
    "legs",
    [
        [(0, 1), (1, 0), (2, 3), (3, 2)],  # two rings
        [(0, 1), (0, 2)],  # one person, two posts
        [(0, 1), (2, 1)],  # two people, one post
        [(0, 0)],
    ],
)
def test_what_is_no_ring_is_refused(legs: list[tuple[int, int]]) -> None:
    with pytest.raises(InvalidArgument):
        form([(IDS[one], IDS[other]) for one, other in legs], field="swap.legs")


def _visitors(three: Three, swap: Swap) -> list[Side]:
    """Who goes, leg by leg."""
    by_notice = {side.notice.name: side for side in three.sides}
    return [by_notice[leg.visiting_notice] for leg in swap.legs]
