"""An update changes what it names, and is told by name what it can't change."""

from __future__ import annotations

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from interchange.opportunities.v1.notices_pb2 import Notice

from chassis import fields
from chassis.errors import FieldViolation, InvalidArgument

ALLOWED = ["title", "body"]


def test_without_a_mask_what_is_set_and_allowed_is_changed() -> None:
    notice = Notice(title="New", name="notices/1")

    assert fields.changed(FieldMask(), notice, allowed=ALLOWED) == {"title"}


def test_a_field_that_can_not_be_changed_is_named_as_it_stands_in_the_request() -> None:
    mask = FieldMask(paths=["title", "close_time", "organisation"])

    with pytest.raises(InvalidArgument, match="UNKNOWN_FIELD") as caught:
        fields.changed(mask, Notice(), allowed=ALLOWED)

    assert caught.value.violations == (
        FieldViolation("notice.close_time", "UNKNOWN_FIELD", "can't be changed here"),
        FieldViolation("notice.organisation", "UNKNOWN_FIELD", "can't be changed here"),
    )
    assert (
        caught.value.message == "this can't be changed here: notice.close_time, notice.organisation"
    )
