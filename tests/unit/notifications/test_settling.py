"""What was asked of people and has been dealt with, by whomever: it waits for nobody, and no mail asks for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

import pytest
from google.protobuf.message import Message as Event
from interchange.identity.v1 import events_pb2 as identity
from interchange.identity.v1.organisations_pb2 import Organisation
from interchange.matching.v1 import events_pb2 as matching
from interchange.notifications.v1 import notifications_pb2 as pb
from interchange.opportunities.v1 import events_pb2 as opportunities
from interchange.opportunities.v1.notices_pb2 import Notice

from chassis.clock import now
from chassis.database import new_id
from chassis.timestamps import to_proto as stamp
from services.notifications.deliveries.models import Problem, State
from services.notifications.inbox.models import Message
from tests.unit.notifications.conftest import House, someone
from tests.unit.notifications.test_digests import DAILY, at, collect
from tests.unit.notifications.test_listeners import applied, requested, swapped

# What asks for something, what deals with it, and who was asked by which template.
Case = Callable[[House], tuple[Event, Event, str, str]]


def a_request(house: House, answer: Callable[..., Event]) -> tuple[Event, Event, str, str]:
    facts = requested(house)
    return (
        opportunities.RequestMade(request=facts), answer(request=facts),
        "request-made", house.manager,
    )  # fmt: skip


def a_notice(
    house: House, asked: Event, answer: Event, template: str, person: str
) -> tuple[Event, Event, str, str]:
    """Both say what they say of one notice, unless they say themselves what of."""
    notice = house.notice()
    for each in (asked, answer):
        notice.MergeFrom(each.notice)  # type: ignore[attr-defined]
        each.notice.CopyFrom(notice)  # type: ignore[attr-defined]
    return asked, answer, template, person


def submitted(house: House, answer: Event) -> tuple[Event, Event, str, str]:
    asked = opportunities.NoticeSubmitted(manager=house.manager)
    return a_notice(house, asked, answer, "notice-submitted", house.colleague)


def returned(house: House, answer: Event) -> tuple[Event, Event, str, str]:
    asked = opportunities.NoticeReturned(manager=house.manager)
    return a_notice(house, asked, answer, "notice-returned", house.manager)


def expiring(house: House, answer: Event) -> tuple[Event, Event, str, str]:
    asked = opportunities.NoticeExpiring(manager=house.manager)
    return a_notice(house, asked, answer, "notice-expiring", house.manager)


def closed() -> Event:
    return opportunities.NoticeClosed(
        notice=Notice(state=Notice.CLOSED, closing_reason=Notice.FILLED)
    )


def reported(house: House) -> tuple[Event, Event, str, str]:
    report = f"notices/{new_id()}/reports/{new_id()}"
    asked = opportunities.NoticeReported(report=report)
    answer = opportunities.NoticeReportSettled(report=report)
    return a_notice(house, asked, answer, "notice-reported", house.operator)


def proposed(house: House, answer: Callable[..., Event]) -> tuple[Event, Event, str, str]:
    facts = house.interest()
    asked = opportunities.InterestProposed(interest=facts)
    return asked, answer(interest=facts), "interest-proposed", house.manager


def endorsed(house: House, answer: Callable[..., Event]) -> tuple[Event, Event, str, str]:
    facts = house.interest()
    asked = opportunities.InterestEndorsed(interest=facts)
    return asked, answer(interest=facts), "interest-endorsed", house.manager


def to_sign(house: House, answer: Callable[..., Event], *, by: str = "") -> tuple[Event, Event, str, str]:  # fmt: skip
    asked, answered = house.exchange(), house.exchange(actor=by)
    answered.exchange = asked.exchange
    return (
        opportunities.ExchangeTermsChanged(exchange=asked), answer(exchange=answered),
        "exchange-terms-changed", house.host,
    )  # fmt: skip


def swap(house: House, answer: Callable[..., Event]) -> tuple[Event, Event, str, str]:
    facts = swapped(house, actor="")
    asked = opportunities.SwapProposed(swap=facts)
    answered = opportunities.SwapFacts()
    answered.CopyFrom(facts)
    answered.swap.legs[0].visiting_agree_time.CopyFrom(stamp(now()))
    return asked, answer(swap=answered), "swap-proposed", house.manager


def paired(house: House) -> tuple[Event, Event, str, str]:
    one, other = applied(house), applied(house, at_host=True)
    asked = matching.PairPublished(one=one, other=other)
    answer = matching.ApplicationWithdrawn(application=other, partner=one)
    return asked, answer, "pair-published", house.officer


def registered(house: House) -> tuple[Event, Event, str, str]:
    organisation = Organisation(name=f"organisations/{new_id()}", display_name="Essex", version=1)
    asked = identity.OrganisationRegistered(organisation=organisation)
    answer = identity.OrganisationVerified(organisation=organisation)
    return asked, answer, "organisation-registered", house.operator


def appointed(house: House, answer: Callable[..., Event]) -> tuple[Event, Event, str, str]:
    names = {"manager": f"{house.norfolk}/managers/{new_id()}", "organisation": house.norfolk}
    asked = identity.ManagerAppointed(**names, person=house.officer)
    return asked, answer(**names, person=house.officer), "manager-appointed", house.officer


def deserted(house: House) -> tuple[Event, Event, str, str]:
    manager = f"{house.norfolk}/managers/{new_id()}"
    names = {"organisation": house.norfolk, "person": house.officer}
    asked = identity.ManagerSteppedDown(manager=manager, **names)
    answer = identity.ManagerAppointed(manager=f"{manager}0", **names)
    return asked, answer, "manager-stepped-down", house.operator


def asks_to_join(house: House, answer: Event) -> tuple[Event, Event, str, str]:
    asked = identity.MembershipRequested(person=house.host, organisation=house.norfolk)
    return asked, answer, "membership-requested", house.manager


CASES: Mapping[str, Case] = {
    "request answered": lambda h: a_request(h, opportunities.RequestAnswered),
    "request declined": lambda h: a_request(h, opportunities.RequestDeclined),
    "request withdrawn": lambda h: a_request(h, opportunities.RequestWithdrawn),
    "submitted notice published": lambda h: submitted(h, opportunities.NoticePublished()),
    "submitted notice returned": lambda h: submitted(h, opportunities.NoticeReturned()),
    "submitted notice closed": lambda h: submitted(h, closed()),
    "returned notice submitted": lambda h: returned(h, opportunities.NoticeSubmitted()),
    "returned notice published": lambda h: returned(h, opportunities.NoticePublished()),
    "returned notice closed": lambda h: returned(h, closed()),
    "expiring notice closed": lambda h: expiring(h, closed()),
    "expiring notice given longer": lambda h: expiring(h, opportunities.NoticeExpiring()),
    "expiring notice given much longer": lambda h: expiring(
        h, opportunities.NoticeRevised(notice=Notice(close_time=stamp(now() + timedelta(days=30))))
    ),
    "notice somebody else's": lambda h: a_notice(
        h,
        opportunities.NoticeReassigned(manager=h.manager),
        opportunities.NoticeReassigned(manager=h.colleague),
        "notice-reassigned",
        h.manager,
    ),
    "report settled": reported,
    "proposed interest endorsed": lambda h: proposed(h, opportunities.InterestEndorsed),
    "proposed interest declined": lambda h: proposed(h, opportunities.InterestDeclined),
    "proposed interest withdrawn": lambda h: proposed(h, opportunities.InterestWithdrawn),
    "endorsed interest accepted": lambda h: endorsed(h, opportunities.InterestAccepted),
    "endorsed interest declined": lambda h: endorsed(h, opportunities.InterestDeclined),
    "endorsed interest withdrawn": lambda h: endorsed(h, opportunities.InterestWithdrawn),
    "terms signed": lambda h: to_sign(h, opportunities.ExchangeSigned, by=h.host),
    "terms changed again": lambda h: to_sign(h, opportunities.ExchangeTermsChanged, by=h.host),
    "terms agreed": lambda h: to_sign(h, opportunities.ExchangeAgreed),
    "exchange ended": lambda h: to_sign(h, opportunities.ExchangeEndedEarly),
    "swap agreed to here": lambda h: swap(h, opportunities.SwapRevised),
    "swap agreed": lambda h: swap(h, opportunities.SwapAgreed),
    "swap degraded": lambda h: swap(h, opportunities.SwapDegraded),
    "swap lapsed": lambda h: swap(h, opportunities.SwapLapsed),
    "pair parted": paired,
    "organisation verified": registered,
    "manager committed": lambda h: appointed(h, identity.ManagerCommitted),
    "manager stepped down": lambda h: appointed(h, identity.ManagerSteppedDown),
    "another manager appointed": deserted,
    "somebody joined": lambda h: asks_to_join(
        h, identity.PersonJoined(person=h.host, organisation=h.norfolk)
    ),
    "somebody moved": lambda h: asks_to_join(
        h, identity.PersonEmployerChanged(person=h.host, organisation=h.norfolk)
    ),
    "somebody asks elsewhere": lambda h: asks_to_join(
        h, identity.MembershipRequested(person=h.host, organisation=h.suffolk)
    ),
    "who asked was erased": lambda h: asks_to_join(h, identity.PersonErased(person=h.host)),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_dealt_with_waits_no_more(house: House, case: str) -> None:
    asked, answer, template, person = CASES[case](house)
    house.hear(asked)
    (message,) = told(house, person, template)
    assert message.waits

    house.hear(answer)

    (message,) = [each for each in told(house, person, template) if each.id == message.id]
    assert not message.waits
    assert message.settle_time


def told(house: House, person: str, template: str) -> Sequence[Message]:
    return [each for each in house.inbox(person) if each.template == template]


def test_one_signature_is_not_everybodys(house: House) -> None:
    asked, signed, template, signatory = CASES["terms signed"](house)

    house.hear(asked)
    house.hear(signed)

    (message,) = told(house, house.officer, template)
    assert message.waits
    assert signatory != house.officer


def test_one_organisations_word_on_a_swap_is_not_the_others(house: House) -> None:
    asked, agreed, template, _ = CASES["swap agreed to here"](house)

    house.hear(asked)
    house.hear(agreed)

    (message,) = told(house, house.other_manager, template)
    assert message.waits


def test_a_report_of_the_same_notice_still_waits(house: House) -> None:
    asked, settled, template, operator = reported(house)
    other = opportunities.NoticeReported()
    other.CopyFrom(asked)
    other.report += "0"

    for event in (asked, other, settled):
        house.hear(event)

    assert sorted(each.waits for each in told(house, operator, template)) == [False, True]


def test_what_is_asked_anew_waits_again(house: House) -> None:
    returned_once, submitted_again, template, manager = CASES["returned notice submitted"](house)

    for event in (returned_once, submitted_again, returned_once):
        house.hear(event)

    assert [each.waits for each in told(house, manager, template)] == [False, True]


def test_next_morning_an_operator_reads_that_it_was_dealt_with(house: House) -> None:
    asked, verified, *_ = registered(house)
    house.hear(asked)
    assert messages(house).unread_count == 1
    assert messages(house).messages[0].action_needed

    house.hear(verified)

    (message,) = messages(house).messages
    assert message.HasField("settle_time")
    assert not message.action_needed
    assert messages(house).unread_count == 0
    assert not messages(house, unread=True).messages


def messages(house: House, *, unread: bool = False) -> pb.ListMessagesResponse:
    request = pb.ListMessagesRequest(unread=unread)
    return house.ask(someone(house.operator), house.service.ListMessages, request)


def test_a_digest_asks_for_nothing_that_was_dealt_with(house: House) -> None:
    house.choose(house.operator, DAILY)
    asked, verified, *_ = registered(house)
    house.hear(asked)
    house.hear(verified)

    assert collect(house, at(days=365, hours=7)) == 0


def test_nor_does_a_mail_that_was_late(house: House) -> None:
    asked, verified, *_ = registered(house)
    house.hear(asked)
    house.hear(verified)

    house.send()

    assert not house.mail.messages
    delivery = house.delivery()
    assert (delivery.state, delivery.problem) == (State.SKIPPED, Problem.NOTHING_LEFT)
