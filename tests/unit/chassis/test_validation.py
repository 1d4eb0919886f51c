"""What a broken rule is called, in words that people read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from google.protobuf.message import Message
from interchange.identity.v1.organisations_pb2 import Identifier, Organisation
from interchange.opportunities.v1.exchanges_pb2 import Exchange

from chassis import validation
from chassis.errors import InvalidArgument

PROTOS = Path(__file__).parents[3] / "proto" / "interchange"


@pytest.mark.parametrize(
    ("message", "field", "words"),
    [
        (
            Exchange(start_date="soon"),
            "start_date",
            "must be a day as YYYY-MM-DD, such as 2027-02-01",
        ),
        (Organisation(ons_code="Norfolk"), "ons_code", "must be an ONS code, such as E10000020"),
        (Organisation(website="ftp://a.example"), "website", validation.WEB),
        (
            Identifier(scheme="charity"),
            "scheme",
            "must be a list of org-id.guide, such as GB-LAE or GB-CHC",
        ),
    ],
)
def test_a_form_is_told_in_words(message: Message, field: str, words: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        validation.validate(message)

    assert words in [each.description for each in caught.value.violations if each.field == field]


def test_every_form_in_the_contract_has_words() -> None:
    texts = "".join(each.read_text() for each in PROTOS.rglob("*.proto"))
    rules = re.findall(r'pattern(?:: | = )"(\^.*?)"', texts)

    assert rules
    assert set(rules) <= set(validation.FORMS)
