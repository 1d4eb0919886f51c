"""What people are told of what they do with partner regions: the region is named, its people are not here."""

from __future__ import annotations

from interchange.federation.v1 import events_pb2 as federation
from interchange.federation.v1.partners_pb2 import Partner
from interchange.opportunities.v1 import events_pb2 as opportunities
from sqlalchemy import select

from chassis.database import new_id
from services.notifications.deliveries.models import Delivery
from services.notifications.inbox.models import Message
from tests.unit.notifications.conftest import House

HIGHLAND = f"organisations/{new_id()}"


def from_scotland(house: House) -> opportunities.InterestFacts:
    """Highland's interest in a notice of Norfolk's, as this region's own opportunities tells of it."""
    return house.interest(
        organisation=HIGHLAND,
        organisation_display_name="Highland",
        organisation_region="scotland",
        interested_manager="",
        participant="",
    )


def to_scotland(house: House) -> opportunities.InterestFacts:
    """Suffolk's interest in a notice of Highland's."""
    return house.interest(
        notice_organisation=HIGHLAND,
        notice_organisation_display_name="Highland",
        notice_region="scotland",
        notice_manager="",
        beneficiary="",
    )


def texts(house: House) -> set[str]:
    with house.database.read() as session:
        return set(session.scalars(select(Message.body)))


def test_managers_are_told_of_an_interest_from_another_region(house: House) -> None:
    house.hear(opportunities.InterestProposed(interest=from_scotland(house)))

    assert house.told() == {"interest-proposed": {house.manager, house.colleague}}
    assert all("Highland (Scotland)" in text for text in texts(house))


def test_those_who_answered_are_told_what_another_region_decided(house: House) -> None:
    house.hear(opportunities.InterestDeclined(interest=to_scotland(house)))

    assert house.told() == {"interest-declined": {house.other_manager, house.host}}
    assert all("of Highland (Scotland) was declined" in text for text in texts(house))


def test_those_who_answered_are_told_that_a_notice_of_another_region_is_gone(house: House) -> None:
    house.hear(opportunities.InterestDeclined(interest=to_scotland(house), not_chosen=True))

    assert house.told() == {"interest-not-chosen": {house.other_manager, house.host}}
    assert all("of Highland (Scotland) is closed" in text for text in texts(house))


def test_managers_are_told_that_another_region_took_an_interest_back(house: House) -> None:
    house.hear(opportunities.InterestWithdrawn(interest=from_scotland(house)))

    assert house.told() == {"interest-withdrawn": {house.manager, house.colleague}}


def test_an_introduction_is_told_to_our_own_side(house: House) -> None:
    house.hear(opportunities.InterestAccepted(interest=from_scotland(house)))
    house.hear(opportunities.InterestAccepted(interest=to_scotland(house)))

    assert house.told() == {
        "interest-accepted": {house.manager, house.officer, house.other_manager, house.host}
    }


def test_an_exchange_with_another_region_names_it(house: House) -> None:
    facts = house.exchange(
        host_organisation=HIGHLAND,
        host_organisation_display_name="Highland",
        partner_region="scotland",
        partner_hosts=True,
        signatories=[house.officer, house.manager],
        actor="",
    )

    house.hear(opportunities.ExchangeAgreed(exchange=facts))

    assert house.told() == {"exchange-agreed": {house.officer, house.manager}}
    assert all("Highland (Scotland)" in text for text in texts(house))


def test_a_region_is_called_what_it_calls_itself(house: House) -> None:
    house.hear(
        federation.PartnerRevised(
            region="scotland", region_display_name="Alba", state=Partner.ACTIVE, version=2
        )
    )
    house.hear(
        federation.PartnerRevised(
            region="scotland", region_display_name="Caledonia", state=Partner.ACTIVE, version=1
        )
    )

    house.hear(opportunities.InterestProposed(interest=from_scotland(house)))

    assert all("Highland (Alba)" in text for text in texts(house))


def test_what_another_region_refused_is_told_to_who_did_it_and_their_managers(
    house: House,
) -> None:
    facts = house.exchange(
        host_organisation=HIGHLAND,
        host_organisation_display_name="Highland",
        partner_region="scotland",
        partner_hosts=True,
        signatories=[house.officer, house.manager],
        actor=house.officer,
    )

    house.hear(opportunities.ExchangeActionRefused(exchange=facts, refusal="TERMS_CHANGED"))

    people = {house.officer, house.manager, house.colleague}
    assert house.told() == {"exchange-action-refused": people}
    assert any("What you did" in text for text in texts(house))
    assert all("was not taken by Scotland" in text for text in texts(house))


def test_a_copied_notice_is_told_to_nobody(house: House) -> None:
    house.hear(opportunities.NoticesCopied(notices=[house.notice(region="scotland")]))

    assert house.told() == {}


def test_somebody_who_is_not_known_here_does_not_keep_others_from_being_told(house: House) -> None:
    facts = from_scotland(house)
    facts.participant = f"people/{new_id()}"

    house.hear(opportunities.InterestAccepted(interest=facts))
    house.send()

    assert house.manager in house.told()["interest-accepted"]
    with house.database.read() as session:
        mailed = set(session.scalars(select(Delivery.person)))
    assert house.manager in mailed
