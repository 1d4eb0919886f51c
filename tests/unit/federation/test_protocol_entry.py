"""Entries: signed bytes in a chain, payloads that may be erased but not taken out, bytes that upset nobody."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.federation.protocol.document import Revoked
from services.federation.protocol.encoding import b64
from services.federation.protocol.entry import (
    GENESIS,
    MAX_ENTRY_BYTES,
    BadEntry,
    Entry,
    Erasure,
    Op,
    Protected,
    read_entry,
    read_protected,
    verify_entry,
    write_protected,
)
from tests.unit.federation.wire import AT, KEY, OTHER_KEY, SUBJECT, a_document, an_entry, said

OTHER_SUBJECT = "0198f6c2-0000-7000-8000-000000000009"

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def refusal(entry: Entry, **options: object) -> str:
    again, protected = read_entry(entry.line())
    with pytest.raises(BadEntry) as refused:
        verify_entry(again, protected, a_document(), **options)  # type: ignore[arg-type]
    return refused.value.reason


def stripped(entry: Entry, erasure: Entry | None = None) -> Entry:
    proof = Erasure(erasure.protected, erasure.sig) if erasure else None
    return replace(entry, payload=None, erasure=proof)


def an_erasure(**changes: object) -> Entry:
    changes = {"op": Op.ERASE, "seq": 5, "prev": "a" * 64, **changes}
    return an_entry(None, **changes)  # type: ignore[arg-type]


def test_what_was_sealed_is_read_and_verified() -> None:
    entry = an_entry(b'{"x":1}', exp=AT + timedelta(days=1))

    again, protected = read_entry(entry.line())

    assert again == entry
    assert protected == read_protected(entry.protected)
    assert (protected.id, protected.subject) == ("scotland:national:1:1", SUBJECT)
    assert protected.exp == AT + timedelta(days=1)
    verify_entry(again, protected, a_document())


def test_an_entry_is_named_by_its_signed_part_alone() -> None:
    entry = an_entry()

    assert stripped(entry).hash == entry.hash
    assert an_entry(seq=2, prev=entry.hash).hash != entry.hash


@pytest.mark.parametrize("bit", [0, 100, 1000, -1])
def test_a_flipped_bit_is_noticed(bit: int) -> None:
    entry = an_entry(b'{"notice":{"title":"Shadow us"}}')
    raw = bytearray(entry.protected)
    raw[bit // 8 if bit > 0 else bit] ^= 1

    with pytest.raises(BadEntry):
        again, protected = read_entry(replace(entry, protected=bytes(raw)).line())
        verify_entry(again, protected, a_document())


def test_another_payload_is_noticed() -> None:
    assert refusal(replace(an_entry(), payload=b"{}")) == "PAYLOAD_CHANGED"


def test_a_payload_where_none_was_signed_is_noticed() -> None:
    assert refusal(replace(an_erasure(), payload=b"{}")) == "PAYLOAD_CHANGED"


def test_another_regions_entry_is_refused() -> None:
    assert refusal(an_entry(origin="south-west")) == "WRONG_ORIGIN"


def test_an_unlisted_key_is_refused() -> None:
    assert refusal(an_entry(key=OTHER_KEY)) == "UNKNOWN_KEY"


def test_a_forged_signature_is_refused() -> None:
    entry = an_entry()
    assert refusal(replace(entry, sig=bytes(64))) == "BAD_SIGNATURE"


def test_a_head_or_document_signature_does_not_pass_for_an_entry() -> None:
    entry = an_entry()
    assert refusal(replace(entry, sig=KEY.sign(entry.protected))) == "BAD_SIGNATURE"


def test_a_revoked_key_holds_for_what_it_signed_before() -> None:
    document = a_document(revoked=(Revoked(KEY.kid, "national", 1, 2),))
    first, second = an_entry(), an_entry(seq=2, prev="a" * 64)

    verify_entry(*read_entry(first.line()), document)

    with pytest.raises(BadEntry, match="UNKNOWN_KEY"):
        verify_entry(*read_entry(second.line()), document)


def test_a_payload_taken_out_on_the_way_is_noticed() -> None:
    assert refusal(stripped(an_entry())) == "PAYLOAD_MISSING"


def test_a_payload_may_be_missing_where_its_erasure_is_signed() -> None:
    entry = stripped(an_entry(), an_erasure())

    verify_entry(*read_entry(entry.line()), a_document())


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": OTHER_SUBJECT},
        {"op": Op.WITHDRAW},
        {"channel": "group.coast"},
        {"epoch": 2},
        {"seq": 1, "prev": GENESIS},
    ],
    ids=str,
)
def test_another_entry_is_no_proof_of_erasure(changes: dict[str, object]) -> None:
    assert refusal(stripped(an_entry(), an_erasure(**changes))) == "PAYLOAD_MISSING"


def test_a_forged_proof_of_erasure_is_refused() -> None:
    forged = replace(an_erasure(), sig=bytes(64))

    assert refusal(stripped(an_entry(), forged)) == "BAD_SIGNATURE"


def test_a_payload_may_be_missing_once_it_expired() -> None:
    entry = stripped(an_entry(exp=AT + timedelta(days=1)))

    assert refusal(entry) == "PAYLOAD_MISSING"
    assert refusal(entry, at=AT) == "PAYLOAD_MISSING"
    verify_entry(*read_entry(entry.line()), a_document(), at=AT + timedelta(days=2))


def test_an_unknown_operation_is_readable_so_that_it_can_be_held() -> None:
    _, protected = read_entry(an_entry(op="merge").line())

    assert protected.op == "merge"


def test_fields_of_later_versions_are_left_alone() -> None:
    members = {**orjson.loads(write_protected(said(kid="k"))), "later": {"x": [1]}}

    assert read_protected(orjson.dumps(members)) == said(kid="k")


def test_the_major_is_read_from_the_type() -> None:
    assert said(type="interchange.notice.v12").major == ("interchange.notice", 12)


def test_an_entry_that_no_partner_would_read_is_never_sealed() -> None:
    with pytest.raises(BadEntry, match="TOO_LARGE"):
        an_entry(bytes(MAX_ENTRY_BYTES))
    with pytest.raises(BadEntry, match="channel"):
        an_entry(channel="National")


@pytest.mark.parametrize(
    "changes",
    [
        {"specversion": "2.0"},
        {"id": "scotland:national:1:2"},
        {"source": "urn:region:"},
        {"source": "urn:other:scotland"},
        {"source": 1},
        {"type": "interchange.notice"},
        {"type": "interchange.notice.v0"},
        {"time": "yesterday"},
        {"time": "2026-11-25T09:00:00+01:00"},
        {"time": 5},
        {"subject": ""},
        {"subject": SUBJECT.upper()},
        {"channel": "to."},
        {"channel": "group.a/b"},
        {"epoch": 0},
        {"epoch": True},
        {"seq": 0},
        {"seq": 1.0},
        {"seq": 2**53},
        {"prev": "a" * 64},
        {"prev": "A" * 64},
        {"op": "PUT"},
        {"op": None},
        {"phash": "x"},
        {"kid": "a b"},
        {"exp": ""},
        {"dataschema": "a b"},
    ],
    ids=str,
)
def test_a_field_out_of_shape_is_refused(changes: dict[str, object]) -> None:
    members = {**orjson.loads(write_protected(said(kid="k"))), **changes}

    with pytest.raises(ValueError):
        read_protected(orjson.dumps(members))


@given(st.binary(max_size=300))
def test_any_bytes_are_an_entry_or_refused(line: bytes) -> None:
    with pytest.raises(BadEntry):
        read_entry(line)


@given(json_values)
def test_any_json_is_refused(value: object) -> None:
    with pytest.raises(BadEntry):
        read_entry(json.dumps(value).encode())


@given(
    st.dictionaries(st.sampled_from(["protected", "payload", "sig", "erasure"]), json_values),
    st.sampled_from(["protected", "sig", "payload", "erasure"]),
)
def test_a_line_with_any_members_is_refused(members: dict[str, object], replaced: str) -> None:
    line = orjson.loads(an_entry().line())
    try:
        entry, protected = read_entry(json.dumps({**line, **members}).encode())
        verify_entry(entry, protected, a_document())
    except BadEntry:
        return
    assert entry.protected == an_entry().protected


@given(st.sampled_from(sorted(orjson.loads(write_protected(said(kid="k"))))), json_values)
def test_any_value_of_any_field_is_read_or_refused(field: str, value: object) -> None:
    members = {**orjson.loads(write_protected(said(kid="k"))), field: value}
    line = {"sig": b64(bytes(64))}
    try:
        line["protected"] = b64(json.dumps(members).encode())
        _, protected = read_entry(orjson.dumps(line))
    except BadEntry:
        return
    assert isinstance(protected, Protected)


@given(st.integers(0, 2000), st.integers(0, 255))
def test_a_changed_byte_is_never_taken_for_what_was_sealed(at: int, byte: int) -> None:
    line = bytearray(an_entry(b'{"a":"b"}').line())
    line[at % len(line)] = byte
    try:
        entry, protected = read_entry(bytes(line))
        verify_entry(entry, protected, a_document())
    except BadEntry:
        return
    assert (entry.protected, entry.payload) == (an_entry().protected, b'{"a":"b"}') or bytes(
        line
    ) == an_entry(b'{"a":"b"}').line()
