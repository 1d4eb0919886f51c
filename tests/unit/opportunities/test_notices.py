"""Notices from draft to closed, who sees what of them, and what is announced."""

from __future__ import annotations

from datetime import timedelta

import pytest
from interchange.opportunities.v1 import events_pb2 as events
from interchange.opportunities.v1 import notices_pb2 as pb

from chassis.clock import now
from chassis.errors import (
    Aborted,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PermissionDenied,
)
from chassis.timestamps import to_proto as stamp
from services.opportunities.notices import clock
from tests.support.outbox import announced, everything_announced
from tests.unit.opportunities.conftest import CONSENT, VISITOR, Place

PRIVATE = ("author", "manager", "beneficiary", "request", "copied_from", "closing_note")


def test_a_notice_goes_from_draft_over_review_to_published(place: Place) -> None:
    drafted = place.draft()

    published = place.publish()

    assert drafted.state == pb.Notice.DRAFT
    assert published.state == pb.Notice.PUBLISHED
    assert published.close_time.ToDatetime() > published.publish_time.ToDatetime()
    assert [each.notice.name for each in announced(place.database, events.NoticePublished)] == [
        published.name
    ]


def test_a_step_is_not_left_out(place: Place) -> None:
    name = place.draft().name

    with pytest.raises(FailedPrecondition, match="NOT_IN_REVIEW"):
        publish = pb.PublishNoticeRequest(name=name)
        place.ask(place.norfolk_manager, place.notices.PublishNotice, publish)


def test_others_see_no_person_in_a_notice(place: Place) -> None:
    notice = place.publish(beneficiary=place.officer.person, consent=CONSENT)

    for who in (VISITOR, place.suffolk_manager, place.host):
        seen = place.get(who, notice.name)
        assert [field for field in PRIVATE if getattr(seen, field)] == []
        assert not seen.HasField("consent")
    assert place.get(place.norfolk_manager, notice.name).beneficiary == place.officer.person
    assert place.get(place.officer, notice.name).beneficiary == place.officer.person


def test_events_hold_no_words_on_people(place: Place) -> None:
    place.introduce()

    written = everything_announced(place.database)

    for contact in place.register.contacts.values():
        assert contact.display_name.encode() not in written
        assert contact.email.encode() not in written


@pytest.mark.parametrize(
    ("visibility", "outsider_sees"),
    [(pb.ORGANISATION, False), (pb.REGION, True), (pb.NETWORK, True)],
)
def test_visibility_bounds_who_sees_it(
    place: Place, visibility: pb.Visibility.ValueType, outsider_sees: bool
) -> None:
    name = place.publish(visibility=visibility).name

    assert place.get(place.officer, name).name == name
    for outsider in (VISITOR, place.suffolk_manager):
        if outsider_sees:
            assert place.get(outsider, name).name == name
            continue
        with pytest.raises(NotFound):
            place.get(outsider, name)


def test_a_draft_is_not_there_for_others(place: Place) -> None:
    name = place.draft().name

    for outsider in (VISITOR, place.suffolk_manager, place.officer):
        with pytest.raises(NotFound):
            place.get(outsider, name)
    with pytest.raises(NotFound):
        submit = pb.SubmitNoticeRequest(name=name)
        place.ask(place.suffolk_manager, place.notices.SubmitNotice, submit)


def test_only_its_managers_change_a_notice(place: Place) -> None:
    name = place.publish().name
    update = pb.UpdateNoticeRequest(notice=pb.Notice(name=name, title="Mine now"))

    with pytest.raises(PermissionDenied, match="MAY_NOT_EDIT"):
        place.ask(place.suffolk_manager, place.notices.UpdateNotice, update)

    place.ask(place.operator, place.notices.UpdateNotice, update)
    assert [each.action for each in place.register.audited] == ["notice.update"]


def test_a_stale_etag_changes_nothing(place: Place) -> None:
    drafted = place.draft()
    first = pb.UpdateNoticeRequest(
        notice=pb.Notice(name=drafted.name, title="First", etag=drafted.etag)
    )
    second = pb.UpdateNoticeRequest(
        notice=pb.Notice(name=drafted.name, title="Second", etag=drafted.etag)
    )
    place.ask(place.norfolk_manager, place.notices.UpdateNotice, first)

    with pytest.raises(Aborted, match="STALE_ETAG"):
        place.ask(place.norfolk_manager, place.notices.UpdateNotice, second)

    assert place.get(place.norfolk_manager, drafted.name).title == "First"


def test_a_notice_of_an_unverified_organisation_is_not_published(place: Place) -> None:
    organisation = place.register.organisations[place.norfolk]
    organisation.state = organisation.REGISTERED

    with pytest.raises(FailedPrecondition, match="ORGANISATION_NOT_VERIFIED"):
        place.publish()


def test_a_beneficiary_works_for_the_organisation(place: Place) -> None:
    with pytest.raises(InvalidArgument, match="NOT_OF_ORGANISATION") as refused:
        place.draft(beneficiary=place.host.person)

    assert refused.value.violations[0].field == "notice.beneficiary"


def test_an_end_before_the_start_is_refused(place: Place) -> None:
    with pytest.raises(InvalidArgument, match="END_BEFORE_START") as refused:
        place.draft(start_date="2027-03-01", end_date="2027-02-01")

    assert refused.value.violations[0].field == "notice.end_date"


def test_who_was_not_chosen_is_told(place: Place) -> None:
    notice = place.publish()
    place.propose(notice)

    close = pb.CloseNoticeRequest(name=notice.name, reason=pb.Notice.FILLED)
    place.ask(place.norfolk_manager, place.notices.CloseNotice, close)

    told = announced(place.database, events.InterestDeclined)
    assert [each.not_chosen for each in told] == [True]


def test_closing_twice_is_refused(place: Place) -> None:
    name = place.publish().name
    withdraw = pb.WithdrawNoticeRequest(name=name, reason="No longer needed")
    withdrawn = place.ask(place.norfolk_manager, place.notices.WithdrawNotice, withdraw)

    with pytest.raises(FailedPrecondition, match="NOTICE_CLOSED"):
        place.ask(place.norfolk_manager, place.notices.WithdrawNotice, withdraw)

    assert withdrawn.closing_reason == pb.Notice.WITHDRAWN
    assert withdrawn.closing_note == "No longer needed"


def test_who_took_a_notice_back_is_told_to_the_audit_log_if_it_is_done(place: Place) -> None:
    withdraw = pb.WithdrawNoticeRequest(name=place.publish().name, reason="No longer needed")
    with pytest.raises(PermissionDenied):
        place.ask(place.suffolk_manager, place.notices.WithdrawNotice, withdraw)
    place.ask(place.norfolk_manager, place.notices.WithdrawNotice, withdraw)
    with pytest.raises(FailedPrecondition):
        place.ask(place.norfolk_manager, place.notices.WithdrawNotice, withdraw)

    (told,) = announced(place.database, events.ActTaken)

    assert (told.actor, told.action) == (place.norfolk_manager.person, "notice.withdraw")
    assert told.subject == withdraw.name


def test_a_copy_is_a_new_draft_without_people(place: Place) -> None:
    original = place.publish(beneficiary=place.officer.person, consent=CONSENT)

    copy = place.ask(
        place.norfolk_manager, place.notices.CopyNotice, pb.CopyNoticeRequest(name=original.name)
    )

    assert copy.name != original.name
    assert (copy.state, copy.title) == (pb.Notice.DRAFT, original.title)
    assert copy.copied_from == original.name
    assert not copy.beneficiary
    assert not copy.HasField("consent")


def test_only_operators_remove(place: Place) -> None:
    name = place.publish().name
    remove = pb.CloseNoticeRequest(name=name, reason=pb.Notice.REMOVED, note="It names somebody")

    with pytest.raises(PermissionDenied, match="OPERATORS_REMOVE"):
        place.ask(place.norfolk_manager, place.notices.CloseNotice, remove)

    silent = pb.CloseNoticeRequest(name=name, reason=pb.Notice.REMOVED)
    with pytest.raises(InvalidArgument, match="NOTE_NEEDED"):
        place.ask(place.operator, place.notices.CloseNotice, silent)
    removed = place.ask(place.operator, place.notices.CloseNotice, remove)
    assert removed.closing_reason == pb.Notice.REMOVED
    assert place.get(place.norfolk_manager, name).closing_note == "It names somebody"


def test_time_announces_the_end_once_and_then_closes(place: Place) -> None:
    at = now()
    notice = place.publish(close_time=stamp(at + timedelta(days=30)))

    for days in (1, 24, 25, 31, 32):
        later = at + timedelta(days=days)
        clock.expire(place.database, at=later)
        clock.announce_ends(place.database, at=later)

    assert len(announced(place.database, events.NoticeExpiring)) == 1
    closed = announced(place.database, events.NoticeClosed)
    assert [each.notice.closing_reason for each in closed] == [pb.Notice.EXPIRED]
    assert place.get(place.norfolk_manager, notice.name).state == pb.Notice.CLOSED


def test_pages_hold_every_notice_once(place: Place) -> None:
    names = [place.publish().name for _ in range(5)]
    found: list[str] = []
    token = ""

    for _ in range(3):
        request = pb.ListNoticesRequest(page_size=2, page_token=token)
        page = place.ask(VISITOR, place.notices.ListNotices, request)
        found += [each.name for each in page.notices]
        token = page.next_page_token

    assert not token
    assert found == names[::-1]


def test_a_token_of_another_listing_is_refused(place: Place) -> None:
    for _ in range(2):
        place.publish()
    page = place.ask(VISITOR, place.notices.ListNotices, pb.ListNoticesRequest(page_size=1))

    with pytest.raises(InvalidArgument, match="BAD_PAGE_TOKEN"):
        other = pb.ListNoticesRequest(
            page_size=1, page_token=page.next_page_token, kind=pb.Kind.NEEDED
        )
        place.ask(VISITOR, place.notices.ListNotices, other)


def test_an_update_is_judged_by_what_it_changes(place: Place) -> None:
    drafted = place.draft()

    retitled = place.ask(
        place.norfolk_manager,
        place.notices.UpdateNotice,
        pb.UpdateNoticeRequest(notice=pb.Notice(name=drafted.name, title="Another title")),
    )

    assert (retitled.title, retitled.body) == ("Another title", drafted.body)
    with pytest.raises(InvalidArgument):
        place.ask(
            place.norfolk_manager,
            place.notices.UpdateNotice,
            pb.UpdateNoticeRequest(
                notice=pb.Notice(name=drafted.name), update_mask={"paths": ["title"]}
            ),
        )
