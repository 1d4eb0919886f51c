"""What people and operators ask of the service."""

from __future__ import annotations

import pytest
from interchange.identity.v1 import events_pb2 as identity
from interchange.matching.v1 import events_pb2 as matching
from interchange.notifications.v1 import notifications_pb2 as pb

from chassis.auth import ANONYMOUS
from chassis.database import new_id
from chassis.errors import (
    Aborted,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PermissionDenied,
)
from services.notifications.deliveries.models import State
from tests.unit.notifications.conftest import OPERATOR, House, someone

Preferences = pb.Preferences


def messages(house: House, person: str, **request: object) -> pb.ListMessagesResponse:
    asked = pb.ListMessagesRequest(**request)  # type: ignore[arg-type]
    return house.ask(someone(person), house.service.ListMessages, asked)


def preferences(house: House, person: str) -> Preferences:
    request = pb.GetPreferencesRequest(name=f"{person}/preferences")
    return house.ask(someone(person), house.service.GetPreferences, request)


def update(house: House, who: str, **content: object) -> Preferences:
    request = pb.UpdatePreferencesRequest(preferences=Preferences(**content))  # type: ignore[arg-type]
    return house.ask(someone(who), house.service.UpdatePreferences, request)


def test_the_inbox_is_newest_first_and_in_pages(house: House) -> None:
    told = [house.tell(house.manager).name for _ in range(3)]
    house.tell(house.officer)

    first = messages(house, house.manager, page_size=2)
    second = messages(house, house.manager, page_size=2, page_token=first.next_page_token)

    shown = [message.about for message in [*first.messages, *second.messages]]
    assert shown == list(reversed(told))
    assert not second.next_page_token
    assert first.unread_count == 3


def test_a_token_of_another_listing_is_refused(house: House) -> None:
    for _ in range(2):
        house.tell(house.manager)
    token = messages(house, house.manager, page_size=1).next_page_token

    with pytest.raises(InvalidArgument, match="BAD_PAGE_TOKEN"):
        messages(house, house.manager, page_size=1, page_token=token, unread=True)


def test_reading_counts_once(house: House) -> None:
    house.tell(house.manager)
    house.tell(house.manager)
    name = messages(house, house.manager).messages[0].name

    request = pb.MarkReadRequest(name=name)
    first = house.ask(someone(house.manager), house.service.MarkRead, request)
    second = house.ask(someone(house.manager), house.service.MarkRead, request)

    assert first.HasField("read_time")
    assert first == second
    unread = messages(house, house.manager, unread=True)
    assert [message.name for message in unread.messages] != [name]
    assert (len(unread.messages), unread.unread_count) == (1, 1)


def test_all_are_marked_read_but_nobody_elses(house: House) -> None:
    for person in (house.manager, house.manager, house.officer):
        house.tell(person)

    asked = pb.MarkAllReadRequest()
    marked = house.ask(someone(house.manager), house.service.MarkAllRead, asked).marked

    assert marked == 2
    assert messages(house, house.manager).unread_count == 0
    assert messages(house, house.officer).unread_count == 1


@pytest.mark.parametrize("method", ["GetMessage", "MarkRead"])
def test_anybody_elses_message_is_as_if_it_was_not_there(house: House, method: str) -> None:
    house.tell(house.manager)
    name = messages(house, house.manager).messages[0].name
    request = pb.GetMessageRequest if method == "GetMessage" else pb.MarkReadRequest

    for who in (someone(house.officer), OPERATOR):
        with pytest.raises(NotFound) as theirs:
            house.ask(who, getattr(house.service, method), request(name=name))
        with pytest.raises(NotFound) as missing:
            house.ask(who, getattr(house.service, method), request(name=f"messages/{new_id()}"))
        assert theirs.value.reason == missing.value.reason == "NO_SUCH_MESSAGE"


def test_one_reads_ones_own_message_whole(house: House) -> None:
    notice = house.tell(house.manager)
    name = messages(house, house.manager).messages[0].name

    request = pb.GetMessageRequest(name=name)
    message = house.ask(someone(house.manager), house.service.GetMessage, request)

    assert message.about == notice.name
    assert message.template == "notice-published"
    assert notice.title in message.subject
    assert not message.action_needed


def test_mail_comes_at_once_unless_somebody_chooses_otherwise(house: House) -> None:
    before = preferences(house, house.officer)

    changed = update(
        house,
        house.officer,
        name=before.name,
        frequency=Preferences.WEEKLY_DIGEST,
        etag=before.etag,
    )

    assert before.frequency == Preferences.INSTANT
    assert changed == preferences(house, house.officer)
    assert changed.frequency == Preferences.WEEKLY_DIGEST
    assert changed.etag != before.etag


def test_an_etag_stays_good_when_one_is_told_something(house: House) -> None:
    before = preferences(house, house.officer)

    house.tell(house.officer)

    assert preferences(house, house.officer) == before


def test_a_stale_etag_is_refused(house: House) -> None:
    before = preferences(house, house.officer)
    house.choose(house.officer, Preferences.OFF)

    with pytest.raises(Aborted, match="STALE_ETAG"):
        update(
            house, house.officer, name=before.name, frequency=Preferences.INSTANT, etag=before.etag
        )


def test_preferences_are_ones_own(house: House) -> None:
    name = f"{house.officer}/preferences"

    for who in (someone(house.manager), OPERATOR):
        with pytest.raises(PermissionDenied, match="NOT_YOURS"):
            house.ask(who, house.service.GetPreferences, pb.GetPreferencesRequest(name=name))
        wanted = Preferences(name=name, frequency=Preferences.OFF)
        request = pb.UpdatePreferencesRequest(preferences=wanted)
        with pytest.raises(PermissionDenied, match="NOT_YOURS"):
            house.ask(who, house.service.UpdatePreferences, request)


@pytest.mark.parametrize(
    ("path", "reason"), [("frequency", "FREQUENCY_REQUIRED"), ("etag", "UNKNOWN_FIELD")]
)
def test_a_mask_that_cannot_be_is_refused(house: House, path: str, reason: str) -> None:
    request = pb.UpdatePreferencesRequest(
        preferences=Preferences(name=f"{house.officer}/preferences")
    )
    request.update_mask.paths.append(path)

    with pytest.raises(InvalidArgument, match=reason):
        house.ask(someone(house.officer), house.service.UpdatePreferences, request)


def test_who_wants_no_mail_still_has_the_inbox(house: House) -> None:
    house.choose(house.officer, Preferences.OFF)

    house.tell(house.officer)
    house.send()

    assert house.mail.messages == []
    assert len(house.inbox(house.officer)) == 1
    assert house.delivery().state is State.SKIPPED


def test_off_counts_for_what_is_in_the_queue_already(house: House) -> None:
    house.tell(house.officer)
    house.choose(house.officer, Preferences.OFF)

    house.send()

    assert house.mail.messages == []


def unsubscribe(house: House, token: str) -> None:
    house.ask(ANONYMOUS, house.service.Unsubscribe, pb.UnsubscribeRequest(token=token))


def test_one_click_stops_mail(house: House) -> None:
    house.tell(house.officer)
    house.send()
    header = str(house.mail.messages[0]["List-Unsubscribe"])
    token = header.rpartition("/")[2].partition(":")[0]

    unsubscribe(house, token)
    unsubscribe(house, token)
    house.tell(house.officer)
    house.send()

    assert header == f"<https://api.interchange.example/v1/subscriptions/{token}:unsubscribe>"
    assert house.mail.messages[0]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert preferences(house, house.officer).frequency == Preferences.OFF
    assert len(house.mail.messages) == 1
    assert house.officer.removeprefix("people/") not in token


def test_one_click_in_a_mail_of_alerts_stops_alerts_alone(house: House) -> None:
    found = matching.FoundFacts(notice="notices/1", title="A desk", search_title="Desks")
    house.hear(matching.NoticesFound(person=house.officer, found=[found]))
    house.send()
    header = str(house.mail.messages[0]["List-Unsubscribe"])
    token = header.rpartition("/")[2].partition(":")[0]
    assert header.endswith(":unsubscribe?topic=alerts>")

    request = pb.UnsubscribeRequest(token=token, topic="alerts")
    house.ask(ANONYMOUS, house.service.Unsubscribe, request)
    house.hear(matching.NoticesFound(person=house.officer, found=[found]))
    house.tell(house.officer)
    house.send()

    assert len(house.mail.messages) == 2
    assert "?topic" not in str(house.mail.messages[1]["List-Unsubscribe"])
    wishes = preferences(house, house.officer)
    assert (wishes.alerts_off, wishes.frequency) == (True, Preferences.INSTANT)


def test_an_unknown_token_stops_nobody(house: House) -> None:
    with pytest.raises(NotFound, match="NO_SUCH_SUBSCRIPTION"):
        unsubscribe(house, "guessed")


def failed(house: House) -> str:
    """A mail that was given up."""
    house.tell(house.officer)
    house.mail.refuse("550 5.1.1 no such mailbox")
    house.send()
    house.mail.refuse("")
    return house.delivery().name


def test_operators_see_what_became_of_each_mail(house: House) -> None:
    name = failed(house)
    house.tell(house.manager)
    house.send()

    def listed(state: pb.Delivery.State.ValueType) -> list[pb.Delivery]:
        request = pb.ListDeliveriesRequest(state=state)
        return list(house.ask(OPERATOR, house.service.ListDeliveries, request).deliveries)

    (given_up,) = listed(pb.Delivery.FAILED)
    (sent,) = listed(pb.Delivery.SENT)
    assert (given_up.name, given_up.person, given_up.attempts) == (name, house.officer, 1)
    assert given_up.problem == pb.Delivery.REFUSED
    assert given_up.error == "550 5.1.1 no such mailbox"
    assert not given_up.HasField("next_attempt_time")
    assert sent.HasField("send_time")
    assert listed(pb.Delivery.STATE_UNSPECIFIED) == [sent, given_up]
    assert "@" not in str(listed(pb.Delivery.STATE_UNSPECIFIED))


def test_what_was_given_up_is_tried_again_when_an_operator_says_so(house: House) -> None:
    name = failed(house)

    request = pb.RetryDeliveryRequest(name=name)
    queued = house.ask(OPERATOR, house.service.RetryDelivery, request)
    house.send()

    assert queued.state == pb.Delivery.QUEUED
    assert len(house.mail.messages) == 1
    (entry,) = house.register.audited
    assert (entry.actor, entry.action, entry.subject) == (OPERATOR.person, "delivery.retry", name)
    with pytest.raises(FailedPrecondition, match="NOT_FAILED"):
        house.ask(OPERATOR, house.service.RetryDelivery, request)


def test_an_unknown_delivery_is_not_found(house: House) -> None:
    request = pb.RetryDeliveryRequest(name=f"deliveries/{new_id()}")

    with pytest.raises(NotFound, match="NO_SUCH_DELIVERY"):
        house.ask(OPERATOR, house.service.RetryDelivery, request)


def test_people_export_what_is_held_on_them(house: House) -> None:
    house.tell(house.officer)
    house.tell(house.manager)
    house.hear(identity.PasswordResetRequested(person=house.officer))
    request = pb.ExportMessagesRequest(name=house.officer)

    export = house.ask(someone(house.officer), house.service.ExportMessages, request)

    assert [message.template for message in export.messages] == ["notice-published"]
    assert [each.template for each in export.deliveries] == ["notice-published", "password-reset"]
    assert export.preferences.frequency == Preferences.INSTANT
    assert export.person == house.officer
    assert not house.register.audited


def test_an_export_by_an_operator_is_audited_and_by_others_refused(house: House) -> None:
    request = pb.ExportMessagesRequest(name=house.officer)

    house.ask(OPERATOR, house.service.ExportMessages, request)

    assert [each.action for each in house.register.audited] == ["person.exportMessages"]
    with pytest.raises(PermissionDenied, match="NOT_YOUR_RECORD"):
        house.ask(someone(house.manager), house.service.ExportMessages, request)
