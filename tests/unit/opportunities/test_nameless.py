"""Nobody is named in a text before they are introduced."""

from __future__ import annotations

from typing import Any

import pytest
from interchange.identity.v1.people_pb2 import Contact
from interchange.opportunities.v1 import events_pb2 as events
from interchange.opportunities.v1 import notices_pb2 as pb

from chassis.auth import Principal
from chassis.errors import FailedPrecondition
from services.opportunities.nameless import names
from tests.support.outbox import announced
from tests.unit.opportunities.conftest import Place

ADA = Contact(display_name="Ada King", email="ada@norfolk.example")


def contact(place: Place, who: Principal) -> Contact:
    return place.register.contacts[who.person]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Ada King would like to learn.", True),
        ("please ask ADA  king", True),
        ("write to (Ada@Norfolk.example)", True),
        ("Adam Kingsley would like to learn.", False),
        ("nevada king prawns", False),
        ("Our king and Ada", False),
        ("", False),
    ],
)
def test_a_whole_name_or_an_address_names_somebody(text: str, named: bool) -> None:
    assert names(text, ADA) is named


def test_one_word_alone_may_mean_anything() -> None:
    assert not names("We will help", Contact(display_name="Will"))


def test_a_notice_that_names_its_beneficiary_is_not_published(place: Place) -> None:
    name = contact(place, place.officer).display_name

    with pytest.raises(FailedPrecondition, match="NAMES_SOMEBODY") as refused:
        place.publish(beneficiary=place.officer.person, body=f"Our colleague {name} asks.")

    assert [each.field for each in refused.value.violations] == ["notice.body"]
    assert name not in str(refused.value)
    assert announced(place.database, events.NoticePublished) == []


@pytest.mark.parametrize("is_told_first", [True, False])
def test_a_published_notice_does_not_come_to_name_its_beneficiary(
    place: Place, is_told_first: bool
) -> None:
    title = f"For {contact(place, place.officer).email}"
    person = place.officer.person
    published = place.publish(title=title) if is_told_first else place.publish(beneficiary=person)
    change: dict[str, Any] = {"beneficiary": person} if is_told_first else {"title": title}
    request = pb.UpdateNoticeRequest(notice=pb.Notice(name=published.name, **change))

    with pytest.raises(FailedPrecondition, match="NAMES_SOMEBODY"):
        place.ask(place.norfolk_manager, place.notices.UpdateNotice, request)

    assert announced(place.database, events.NoticeRevised) == []


def test_a_proposal_does_not_name_its_participant(place: Place) -> None:
    notice = place.publish()
    name = contact(place, place.host).display_name

    with pytest.raises(FailedPrecondition, match="NAMES_SOMEBODY") as refused:
        place.propose(notice, participant=place.host.person, message=f"{name} would suit.")

    assert [each.field for each in refused.value.violations] == ["interest.message"]
