"""Problems are told in Welsh to who asks for it, by their reasons; nothing else about them changes."""

from __future__ import annotations

import pytest
from interchange.opportunities.v1 import notices_pb2

from chassis import errors as chassis_errors
from chassis.errors import Error, InvalidArgument, NotFound
from chassis.validation import NUMBER_TEXTS, TEXTS, validate
from gateway import welsh
from tests.unit.gateway.conftest import Client

CY = {"Accept-Language": "cy"}


def test_titles_and_sentences_follow_the_reader(client: Client) -> None:
    english, welsh_ = client.get("/v1/nowhere"), client.get("/v1/nowhere", headers=CY)

    assert english.json["title"] == "Unknown path" and english.headers["Content-Language"] == "en"
    assert welsh_.json["title"] == "Heb ei ganfod" and welsh_.headers["Content-Language"] == "cy"
    assert welsh_.json["detail"] == "nid oes dim yn y llwybr hwn: gweler /docs"
    assert (english.json["reason"], english.json["type"]) == (
        welsh_.json["reason"],
        welsh_.json["type"],
    )


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("cy", "cy"),
        ("cy-GB, en;q=0.8", "cy"),
        ("en-GB,en;q=0.9,cy;q=0.5", "en"),
        ("en;q=0.1, cy;q=0.9", "cy"),
        ("de, fr", "en"),
        ("cy;q=x", "en"),
    ],
)
def test_the_language_that_is_wanted_most_counts(
    client: Client, header: str, language: str
) -> None:
    answer = client.get("/v1/nowhere", headers={"Accept-Language": header})

    assert answer.headers["Content-Language"] == language


def test_fields_keep_their_bounds() -> None:
    notice = notices_pb2.Notice(title="ab", body="x" * 5001)
    with pytest.raises(InvalidArgument) as refusal:
        validate(notices_pb2.CreateNoticeRequest(notice=notice))
    told = {each.field: welsh.field(each) for each in refusal.value.violations}

    assert told["notice.title"] == "rhaid cael o leiaf 3 nod"
    assert told["notice.body"] == "rhaid cael 5000 nod ar y mwyaf"


def test_every_kind_of_error_has_a_title() -> None:
    assert {kind.code for kind in chassis_errors.OURS} - {Error.code} <= set(welsh.TITLES)


def test_the_rules_are_those_of_the_contract() -> None:
    assert set(welsh.RULES) <= set(TEXTS) | set(NUMBER_TEXTS)


def test_what_has_no_welsh_stays_as_it_was_said() -> None:
    assert welsh.sentence(NotFound("NEVER_HEARD_OF", "there is none")) == ""
    assert welsh.sentence(InvalidArgument("BAD_PASSWORD", "has no numbers")) == ""
