"""What looks like personal data in a text, what does not, and what happens to a notice that holds it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from interchange.identity.v1 import events_pb2 as identity
from interchange.opportunities.v1 import events_pb2 as events
from interchange.opportunities.v1 import notices_pb2 as pb

from chassis.errors import FailedPrecondition
from services.opportunities.lint import findings, is_nhs_number
from tests.support.outbox import announced
from tests.unit.opportunities.conftest import Place
from tests.unit.opportunities.test_listeners import hear

EMAIL, PHONE = "an e-mail address", "a phone number"
NI, NHS = "a National Insurance number", "an NHS number"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Write to h.thirtlewood@norfolk.gov.uk today", [EMAIL]),
        ("Ring 01603 222222", [PHONE]),
        ("Ring (01603) 222 222.", [PHONE]),
        ("ring +44 (0)7700 900123!", [PHONE]),
        ("0044 7700 900 123", [PHONE]),
        ("Call 020-7946-0018", [PHONE]),
        ("QQ 12 34 56 C is an example", []),  # Q is never used
        ("Her number is AB 12 34 56 C", [NI]),
        ("ab123456c", [NI]),
        ("GB123456A", []),  # a prefix that is never given
        ("943 476 5919", [NHS]),
        ("9434765919", [NHS]),
        ("943 476 5918", []),  # the check digit is wrong
        ("Two days a week from 2027-02-01 to 2027-02-26", []),
        ("0.5 days a week for 12 months, 2026 to 2027", []),
        ("A budget of 1,234,567,890 pounds", []),
        ("Registered charity 1234567", []),
        ("Meet @ the town hall", []),
        ("", []),
    ],
)
def test_what_looks_like_personal_data(text: str, found: list[str]) -> None:
    assert list(findings(text)) == found


@given(st.integers(min_value=0, max_value=999_999_999))
def test_at_most_one_check_digit_is_right(start: int) -> None:
    right = [digit for digit in range(10) if is_nhs_number(f"{start:09}{digit}")]

    assert len(right) <= 1


@given(st.text())
def test_any_text_is_looked_at(text: str) -> None:
    assert set(findings(text)) <= {EMAIL, PHONE, NI, NHS}


def submit(place: Place, name: str, **more: bool) -> pb.Notice:
    request = pb.SubmitNoticeRequest(name=name, **more)
    return place.ask(place.norfolk_manager, place.notices.SubmitNotice, request)


def publish(place: Place, name: str, **more: bool) -> pb.Notice:
    request = pb.PublishNoticeRequest(name=name, **more)
    return place.ask(place.norfolk_manager, place.notices.PublishNotice, request)


def test_a_notice_for_other_regions_must_not_look_personal(place: Place) -> None:
    address = "hazel@norfolk.example"
    draft = place.draft(
        visibility=pb.NETWORK, body=f"Write to {address}.", title="Ring 01603 222222"
    )

    with pytest.raises(FailedPrecondition, match="MAY_HOLD_PERSONAL_DATA") as refused:
        submit(place, draft.name)

    assert [each.field for each in refused.value.violations] == ["notice.title", "notice.body"]
    assert address not in str(refused.value) + str(refused.value.violations)
    assert "222222" not in str(refused.value.violations)


def test_a_name_of_somebody_registered_is_found(place: Place) -> None:
    draft = place.draft(visibility=pb.NETWORK, body="Ask for gareth peggington at the desk.")

    with pytest.raises(FailedPrecondition, match="MAY_HOLD_PERSONAL_DATA") as refused:
        submit(place, draft.name)

    (violation,) = refused.value.violations
    assert "name" in violation.description
    assert "peggington" not in violation.description.casefold()


def test_who_confirms_is_recorded_and_not_asked_again(place: Place) -> None:
    draft = place.draft(visibility=pb.NETWORK, body="Our switchboard: 01603 222222.")

    submitted = submit(place, draft.name, confirm_no_personal_data=True)
    published = publish(place, draft.name)

    assert submitted.no_personal_data_confirmer == place.norfolk_manager.person
    assert submitted.HasField("no_personal_data_confirm_time")
    assert published.state == pb.Notice.PUBLISHED
    (told,) = announced(place.database, events.NoticePublished)
    assert not told.notice.no_personal_data_confirmer


def test_new_texts_are_confirmed_anew(place: Place) -> None:
    draft = place.draft(visibility=pb.NETWORK, body="Our switchboard: 01603 222222.")
    submit(place, draft.name, confirm_no_personal_data=True)
    publish(place, draft.name)
    changed = pb.Notice(name=draft.name, kind=1, format=1, title="abc", body="Ring 01603 333333.")
    request = pb.UpdateNoticeRequest(notice=changed)
    request.update_mask.paths.append("body")

    with pytest.raises(FailedPrecondition, match="MAY_HOLD_PERSONAL_DATA"):
        place.ask(place.norfolk_manager, place.notices.UpdateNotice, request)

    request.confirm_no_personal_data = True
    assert (
        place.ask(place.norfolk_manager, place.notices.UpdateNotice, request).body == changed.body
    )


def test_opening_a_notice_to_other_regions_is_looked_at(place: Place) -> None:
    notice = place.publish(body="Our switchboard: 01603 222222.")
    wider = pb.Notice(name=notice.name, kind=1, format=1, title="abc", body="x")
    wider.visibility = pb.NETWORK
    request = pb.UpdateNoticeRequest(notice=wider)
    request.update_mask.paths.append("visibility")

    with pytest.raises(FailedPrecondition, match="MAY_HOLD_PERSONAL_DATA"):
        place.ask(place.norfolk_manager, place.notices.UpdateNotice, request)


def test_what_stays_in_the_region_is_not_looked_at(place: Place) -> None:
    assert place.publish(body="Our switchboard: 01603 222222.").state == pb.Notice.PUBLISHED


def test_who_confirmed_is_forgotten_when_they_are_erased(place: Place) -> None:
    draft = place.draft(visibility=pb.NETWORK, body="Our switchboard: 01603 222222.")
    submit(place, draft.name, confirm_no_personal_data=True)

    hear(place, identity.PersonErased(person=place.norfolk_manager.person))

    assert not place.get(place.operator, draft.name).no_personal_data_confirmer
