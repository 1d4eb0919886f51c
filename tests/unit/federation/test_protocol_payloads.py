"""Payloads: only what is listed, within its limits, without what people can't see; records sealed to one region."""

from __future__ import annotations

import json

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from services.federation.protocol import sealing
from services.federation.protocol.payloads import (
    BadPayload,
    clean,
    read_notice,
    read_receipt,
    read_record,
    write_notice,
    write_receipt,
    write_record,
)
from tests.unit.federation.wire import SUBJECT, a_notice

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
FIELDS = sorted(a_notice()["notice"])


def a_payload(**changes: object) -> bytes:
    content = orjson.loads(write_notice(a_notice()))
    content["notice"].update(changes)
    return json.dumps(content).encode()


def test_a_notice_is_read_as_written() -> None:
    assert read_notice(write_notice(a_notice())) == a_notice()


def test_what_may_be_absent_may_be_absent() -> None:
    content = orjson.loads(write_notice(a_notice()))
    needed = {"id", "version", "kind", "format", "title", "body"}
    content["notice"] = {name: content["notice"][name] for name in needed}
    del content["organisation"]["sector"]

    read = read_notice(orjson.dumps(content))

    assert (read["notice"]["themes"], read["notice"]["place"]) == ([], None)
    assert read["notice"]["conditions"] is None
    assert (read["notice"]["attendance"], read["organisation"]["sector"]) == ("", "")


def test_two_payloads_of_one_notice_have_two_hashes() -> None:
    assert write_notice(a_notice()) != write_notice(a_notice())


def test_what_is_not_listed_is_dropped() -> None:
    read = read_notice(a_payload(email="ann@example.org", author="people/1"))

    assert set(read["notice"]) == set(FIELDS)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Lead\u202egnisuoh\u202c", "Leadgnisuoh"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("bell\x07 and \x1b[31mred", "bell and [31mred"),
        ("tab\tstays", "tab stays"),
        ("tag\U000e0041", "tag"),
        ("two\r\nlines", "two lines"),
        ("<b>bold</b>", "<b>bold</b>"),
        ("naïve Gàidhlig", "naïve Gàidhlig"),
    ],
)
def test_what_people_cant_see_is_taken_out(text: str, shown: str) -> None:
    assert read_notice(a_payload(title=text))["notice"]["title"] == shown


def test_a_body_keeps_its_paragraphs() -> None:
    assert read_notice(a_payload(body=" One.\r\n\r\nTwo. "))["notice"]["body"] == "One.\n\nTwo."


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"id": "1"}, "notice.id", "NOT_A_UUID"),
        ({"version": 0}, "notice.version", "OUT_OF_RANGE"),
        ({"version": True}, "notice.version", "OUT_OF_RANGE"),
        ({"kind": "BARTER"}, "notice.kind", "UNKNOWN_NAME"),
        ({"kind": "KIND_UNSPECIFIED"}, "notice.kind", "UNKNOWN_NAME"),
        ({"kind": None}, "notice.kind", "UNKNOWN_NAME"),
        ({"format": ["SWAP"]}, "notice.format", "UNKNOWN_NAME"),
        ({"title": "ab"}, "notice.title", "TOO_SHORT"),
        ({"title": "\u202e\u202e\u202e"}, "notice.title", "TOO_SHORT"),
        ({"title": "x" * 121}, "notice.title", "TOO_LONG"),
        ({"title": 7}, "notice.title", "NOT_TEXT"),
        ({"body": "x" * 50_000}, "notice.body", "TOO_LONG"),
        ({"themes": "housing"}, "notice.themes", "NOT_A_LIST"),
        ({"themes": ["x"] * 11}, "notice.themes", "TOO_MANY"),
        ({"themes": [{}]}, "notice.themes", "NOT_TEXT"),
        ({"skills": ["<script>"]}, "notice.skills", "NOT_AN_ID"),
        ({"gradeBands": ["KING"]}, "notice.gradeBands", "UNKNOWN_NAME"),
        ({"startDate": "2027-02-30"}, "notice.startDate", "NOT_A_DAY"),
        ({"daysPerWeek": 8}, "notice.daysPerWeek", "OUT_OF_RANGE"),
        ({"daysPerWeek": "2"}, "notice.daysPerWeek", "NOT_A_NUMBER"),
        ({"closeTime": "soon"}, "notice.closeTime", "NOT_A_MOMENT"),
        ({"place": []}, "notice.place", "NOT_AN_OBJECT"),
        ({"place": {"label": "x", "latitude": 91}}, "notice.place.latitude", "OUT_OF_RANGE"),
        ({"conditions": 1}, "notice.conditions", "NOT_AN_OBJECT"),
        (
            {"conditions": {"vettingNeeded": "FULL"}},
            "notice.conditions.vettingNeeded",
            "UNKNOWN_NAME",
        ),
        ({"conditions": {"places": -1}}, "notice.conditions.places", "OUT_OF_RANGE"),
        ({"conditions": {"places": 1.5}}, "notice.conditions.places", "NOT_A_NUMBER"),
        (
            {"conditions": {"skillLevels": {"a": 6}}},
            "notice.conditions.skillLevels",
            "OUT_OF_RANGE",
        ),
        (
            {"conditions": {"skillLevels": {"<b>": 1}}},
            "notice.conditions.skillLevels",
            "NOT_AN_ID",
        ),
    ],
    ids=str,
)
def test_a_field_out_of_bounds_is_refused_by_name(
    changes: dict[str, object], field: str, reason: str
) -> None:
    with pytest.raises(BadPayload) as refused:
        read_notice(a_payload(**changes))

    assert (refused.value.field, refused.value.reason) == (field, reason)


def test_what_no_partner_would_take_is_never_written() -> None:
    with pytest.raises(BadPayload):
        write_notice(a_notice(title=""))


@given(st.binary(max_size=200))
def test_any_bytes_are_a_notice_or_refused(payload: bytes) -> None:
    for read in (read_notice, read_record, read_receipt):
        with pytest.raises(BadPayload):
            read(payload)


@given(st.sampled_from(FIELDS), json_values)
def test_any_value_of_any_field_is_taken_or_refused(field: str, value: object) -> None:
    try:
        payload = a_payload(**{field: value})
        read = read_notice(payload)
    except BadPayload:
        return
    assert read_notice(write_notice(read)) == read


@given(st.text())
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert clean(clean(text)) == clean(text)


def test_a_receipt_is_read_as_written() -> None:
    receipt = {"channel": "national", "epoch": 2, "seq": 7, "subject": SUBJECT}

    assert read_receipt(write_receipt(receipt)) == receipt  # type: ignore[arg-type]


def test_a_sealed_record_opens_for_its_region_only() -> None:
    private, other = X25519PrivateKey.generate(), X25519PrivateKey.generate()
    context = sealing.record_context("scotland", "wales", SUBJECT)
    sealed = sealing.seal(private.public_key().public_bytes_raw(), b"Ann", context=context)

    record = read_record(write_record({"kid": "seal-1", "sealed": sealed}))

    assert record["kid"] == "seal-1"
    assert sealing.open(private, record["sealed"], context=context) == b"Ann"
    with pytest.raises(sealing.BadSeal):
        sealing.open(other, sealed, context=context)


@pytest.mark.parametrize("at", [0, 31, 40, -1])
def test_a_changed_seal_does_not_open(at: int) -> None:
    private = X25519PrivateKey.generate()
    sealed = bytearray(
        sealing.seal(private.public_key().public_bytes_raw(), b"Ann", context=b"here")
    )
    sealed[at] ^= 1

    with pytest.raises(sealing.BadSeal):
        sealing.open(private, bytes(sealed), context=b"here")


def test_a_seal_does_not_open_in_another_context() -> None:
    private = X25519PrivateKey.generate()
    here, there = (sealing.record_context("scotland", to, SUBJECT) for to in ("wales", "kent"))
    sealed = sealing.seal(private.public_key().public_bytes_raw(), b"Ann", context=here)

    with pytest.raises(sealing.BadSeal):
        sealing.open(private, sealed, context=there)


@given(st.binary(max_size=100))
def test_any_bytes_do_not_open(sealed: bytes) -> None:
    with pytest.raises(sealing.BadSeal):
        sealing.open(PRIVATE, sealed, context=b"")


PRIVATE = X25519PrivateKey.generate()
