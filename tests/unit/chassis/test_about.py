"""What a span may say of who acts and of what it is about."""

from __future__ import annotations

import pytest
from google.protobuf.message import Message
from interchange.opportunities.v1 import interests_pb2, notices_pb2

from chassis.about import notice_of
from chassis.auth import ANONYMOUS, Principal

NOTICE = "notices/1"


@pytest.mark.parametrize(
    ("message", "notice"),
    [
        (notices_pb2.GetNoticeRequest(name=NOTICE), NOTICE),
        (notices_pb2.Notice(name=NOTICE), NOTICE),
        (notices_pb2.UpdateNoticeRequest(notice=notices_pb2.Notice(name=NOTICE)), NOTICE),
        (notices_pb2.CreateNoticeRequest(), ""),
        (interests_pb2.Interest(name="interests/2", notice=NOTICE), NOTICE),
        (notices_pb2.ListNoticesResponse(notices=[notices_pb2.Notice(name=NOTICE)]), ""),
    ],
)
def test_a_message_is_about_the_notice_that_it_names(message: Message, notice: str) -> None:
    assert notice_of(message) == notice


@pytest.mark.parametrize(
    ("who", "roles"),
    [
        (ANONYMOUS, ("visitor",)),
        (Principal(person="people/1"), ("participant",)),
        (Principal(person="people/1", manages=frozenset({"organisations/1"})), ("manager",)),
        (
            Principal(
                person="people/1",
                manages=frozenset({"organisations/1"}),
                roles=frozenset({"operator"}),
            ),
            ("manager", "operator"),
        ),
        (Principal(service="matching"), ()),
    ],
)
def test_who_acts_is_said_by_role_alone(who: Principal, roles: tuple[str, ...]) -> None:
    assert who.acts_as == roles
