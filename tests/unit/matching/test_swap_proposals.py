"""Swap proposals: from what is announced to rings with reasons; each event twice, for that may happen."""

from __future__ import annotations

from typing import Any

import pytest
from interchange.common.v1.types_pb2 import OFFICER, PUBLIC, SENIOR, THIRD
from interchange.identity.v1.events_pb2 import ManagerSteppedDown
from interchange.matching.v1 import swap_proposals_pb2 as pb
from interchange.opportunities.v1 import events_pb2 as events
from interchange.opportunities.v1 import notices_pb2, swaps_pb2

from chassis.auth import Principal, acting_as
from services.matching.swaps.legs import BARE
from services.matching.swaps.service import SwapProposalService
from tests.unit.matching.conftest import (
    ESSEX,
    IPSWICH,
    LEEDS,
    NO_CONTEXT,
    NORFOLK,
    NORFOLK_MANAGER,
    NORWICH,
    SUFFOLK,
    Desk,
)

OPERATOR = Principal(person="people/9", roles=frozenset({"operator"}))
ESSEX_MANAGER = Principal(person="people/7", organisation=ESSEX, manages=frozenset({ESSEX}))


def post(desk: Desk, **fields: Any) -> notices_pb2.Notice:
    """An officer's post that is up for a swap."""
    content = {
        "kind": notices_pb2.OFFERED,
        "format": notices_pb2.SWAP,
        "grade_bands": [OFFICER],
        "place": NORWICH,
        "start_date": "2027-03-01",
        "end_date": "2027-03-31",
        "swap_wishes": notices_pb2.SwapWishes(radius_miles=50),
        **fields,
    }
    return desk.publish(**content)


def wishing(*skills: str) -> notices_pb2.SwapWishes:
    return notices_pb2.SwapWishes(radius_miles=50, skills=skills)


def three(desk: Desk) -> list[notices_pb2.Notice]:
    """Each would learn what the next one's post teaches."""
    return [
        post(desk, organisation=NORFOLK, skills=["housing"], swap_wishes=wishing("care")),
        post(
            desk, organisation=SUFFOLK, skills=["care"], place=IPSWICH, swap_wishes=wishing("youth")
        ),
        post(desk, organisation=ESSEX, skills=["youth"], swap_wishes=wishing("housing")),
    ]


def find(
    service: SwapProposalService, who: Principal = OPERATOR, language: str = ""
) -> pb.SuggestSwapsResponse:
    request = pb.SuggestSwapsRequest(language=language)
    with acting_as(who):
        return service.SuggestSwaps(request, NO_CONTEXT)


@pytest.fixture
def proposals(desk: Desk) -> SwapProposalService:
    return SwapProposalService(desk.database)


def test_a_ring_of_three_is_found_with_its_reasons(
    desk: Desk, proposals: SwapProposalService
) -> None:
    norfolk, suffolk, essex = three(desk)

    answer = find(proposals)

    assert (answer.posts, answer.gap) == (3, 0)
    legs = answer.proposals[0].legs
    assert {(each.leg.visiting_notice, each.leg.host_notice) for each in legs} == {
        (norfolk.name, suffolk.name),
        (suffolk.name, essex.name),
        (essex.name, norfolk.name),
    }
    for leg in legs:
        assert leg.worth == pytest.approx(BARE + sum(each.contribution for each in leg.reasons))
        codes = {each.code for each in leg.reasons}
        assert codes >= {"SKILLS_WANTED", "DAYS_TOGETHER", "SAME_GRADE"}
    goes = next(each for each in legs if each.leg.visiting_notice == norfolk.name)
    assert "The post has what they want to learn: care." in {each.text for each in goes.reasons}
    assert (goes.leg.start_date, goes.leg.end_date) == ("2027-03-01", "2027-03-31")


def test_proposals_come_in_pages(desk: Desk, proposals: SwapProposalService) -> None:
    for year in range(2027, 2030):
        dates = {"start_date": f"{year}-03-01", "end_date": f"{year}-03-31"}
        post(desk, organisation=NORFOLK, **dates)
        post(desk, organisation=SUFFOLK, **dates)
    seen, token = [], ""
    while token or not seen:
        request = pb.SuggestSwapsRequest(page_size=2, page_token=token)
        with acting_as(OPERATOR):
            page = proposals.SuggestSwaps(request, NO_CONTEXT)
        seen += [each.legs[0].leg.visiting_notice for each in page.proposals]
        token = page.next_page_token

    assert len(seen) == len(set(seen)) == 3


def test_reasons_are_there_in_welsh(desk: Desk, proposals: SwapProposalService) -> None:
    three(desk)

    texts = [each.text for each in find(proposals, language="cy").proposals[0].legs[0].reasons]

    assert any(text.startswith("Mae") for text in texts)


def test_a_manager_sees_what_concerns_their_organisation(
    desk: Desk, proposals: SwapProposalService
) -> None:
    post(desk, organisation=NORFOLK)
    post(desk, organisation=SUFFOLK)

    assert len(find(proposals, NORFOLK_MANAGER).proposals) == 1
    assert not find(proposals, ESSEX_MANAGER).proposals


def test_a_chain_begins_with_a_host_who_needs_nothing_back(
    desk: Desk, proposals: SwapProposalService
) -> None:
    free = notices_pb2.SwapWishes(needs_nothing_back=True)
    host = post(desk, organisation=SUFFOLK, sector=THIRD, swap_wishes=free)
    only_third = notices_pb2.SwapWishes(sectors=[THIRD])
    visitor = post(desk, organisation=NORFOLK, sector=PUBLIC, swap_wishes=only_third)

    legs = find(proposals).proposals[0].legs

    assert [(each.leg.visiting_notice, each.leg.host_notice) for each in legs] == [
        (visitor.name, host.name)
    ]


def test_what_a_ring_falls_back_to_goes_with_it(desk: Desk, proposals: SwapProposalService) -> None:
    norfolk = post(desk, organisation=NORFOLK, skills=["a"], swap_wishes=wishing("b"))
    suffolk = post(desk, organisation=SUFFOLK, skills=["b", "d"], swap_wishes=wishing("a", "c"))
    essex = post(desk, organisation=ESSEX, skills=["c"], swap_wishes=wishing("a"))

    proposal = find(proposals).proposals[0]

    assert len(proposal.legs) in (2, 3)
    for shorter in proposal.shorter:
        members = {each.visiting_notice for each in shorter.legs}
        assert members < {norfolk.name, suffolk.name, essex.name}


def test_far_other_grades_and_other_months_do_not_meet(
    desk: Desk, proposals: SwapProposalService
) -> None:
    post(desk, organisation=NORFOLK)
    post(desk, organisation=SUFFOLK, place=LEEDS)
    post(desk, organisation=ESSEX, grade_bands=[SENIOR])
    post(desk, organisation=SUFFOLK, start_date="2027-06-01", end_date="2027-06-30")

    assert not find(proposals).proposals


@pytest.mark.parametrize(
    "fields",
    [
        {"visibility": notices_pb2.ORGANISATION},
        {"format": notices_pb2.SECONDMENT, "swap_wishes": None},
        {"conditions": notices_pb2.Conditions(places=1), "places_taken": 1},
    ],
)
def test_what_is_not_up_for_a_swap_is_not_proposed(
    desk: Desk, proposals: SwapProposalService, fields: dict[str, Any]
) -> None:
    post(desk, organisation=NORFOLK)
    post(desk, organisation=SUFFOLK, **fields)

    assert find(proposals).posts == 1


def test_what_is_known_of_organisations_keeps_them_out_of_one_swap(
    desk: Desk, proposals: SwapProposalService
) -> None:
    new_only = notices_pb2.Conditions(new_partners_only=True)
    post(desk, organisation=NORFOLK, conditions=new_only)
    post(desk, organisation=SUFFOLK)
    post(desk, organisation=ESSEX)
    assert find(proposals).proposals
    gone = {"manager": f"{ESSEX}/managers/1", "organisation": ESSEX, "person": "people/7"}

    desk.hear(
        events.ExchangeAgreed(
            exchange=events.ExchangeFacts(host_organisation=SUFFOLK, visiting_organisation=NORFOLK)
        ),
        ManagerSteppedDown(**gone),
    )

    found = find(proposals)
    assert (found.posts, list(found.proposals)) == (2, [])


def test_what_is_closed_is_not_proposed(desk: Desk, proposals: SwapProposalService) -> None:
    notice = post(desk, organisation=NORFOLK)
    notice.state, notice.version = notices_pb2.Notice.CLOSED, notice.version + 1

    desk.hear(events.NoticeClosed(notice=notice))

    assert find(proposals).posts == 0


def test_what_takes_part_in_a_swap_is_not_proposed_until_it_falls_apart(
    desk: Desk, proposals: SwapProposalService
) -> None:
    norfolk, suffolk = post(desk, organisation=NORFOLK), post(desk, organisation=SUFFOLK)
    legs = [
        swaps_pb2.SwapLeg(visiting_notice=norfolk.name, host_notice=suffolk.name),
        swaps_pb2.SwapLeg(visiting_notice=suffolk.name, host_notice=norfolk.name),
    ]
    swap = swaps_pb2.Swap(name="swaps/1", legs=legs, state=swaps_pb2.Swap.PROPOSED, version=1)
    lapsed = swaps_pb2.Swap(name="swaps/1", legs=legs, state=swaps_pb2.Swap.LAPSED, version=3)

    desk.hear(events.SwapProposed(swap=events.SwapFacts(swap=swap)))
    assert find(proposals).posts == 0

    desk.hear(events.SwapLapsed(swap=events.SwapFacts(swap=lapsed)))
    desk.hear(events.SwapProposed(swap=events.SwapFacts(swap=swap)))  # late
    assert find(proposals).posts == 2
