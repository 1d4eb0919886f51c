"""Region documents and fingerprints: who a region is, and how two operators make sure of it by telephone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.federation.protocol.document import (
    BadDocument,
    Revoked,
    check_successor,
    read_document,
    sign_document,
)
from services.federation.protocol.encoding import b64, framed, unb64
from services.federation.protocol.keys import RootKey, fingerprint, normalise_fingerprint
from tests.unit.federation.wire import AT, KEY, ROOT, a_document

DOMAIN = b"interchange.document.v1"
FINGERPRINT = "film depart prefer potato crucial plastic anxiety room"


def signed(members: dict[str, object], root: RootKey = ROOT) -> bytes:
    protected = orjson.dumps(members)
    return orjson.dumps(
        {"protected": b64(protected), "sig": b64(root.sign(framed(DOMAIN, protected)))}
    )


def members(**changes: object) -> dict[str, object]:
    as_signed = orjson.loads(sign_document(a_document(), ROOT))["protected"]
    return {**orjson.loads(unb64(as_signed)), **changes}


def test_a_document_is_read_as_signed() -> None:
    document = a_document(revoked=(Revoked("old"), Revoked("older", "national", 2, 7)))

    assert read_document(sign_document(document, ROOT)) == document


def test_a_document_that_another_key_signed_is_refused() -> None:
    with pytest.raises(BadDocument, match="BAD_SIGNATURE"):
        read_document(signed(members(), RootKey.generate()))


def test_fields_of_later_versions_are_left_alone() -> None:
    assert read_document(signed(members(later=1))) == a_document()


@pytest.mark.parametrize(
    "changes",
    [
        {"region": "Scotland"},
        {"region": "-x"},
        {"region": "x" * 41},
        {"displayName": " "},
        {"displayName": "a\nb"},
        {"displayName": "a\u202eb"},
        {"url": "ftp://x"},
        {"url": "https://"},
        {"url": "https://user@x.org"},
        {"url": "https://x.org/?q"},
        {"url": "https://x.org:99999"},
        {"version": 0},
        {"root": b64(bytes(31))},
        {"keys": [{}]},
        {"keys": {}},
        {"keys": ["x"]},
        {"sealing": [{"kid": "a", "public": "x"}]},
        {"revoked": [{"kid": "a", "channel": 1}]},
        {"majors": {"a": 1}},
        {"limits": {"a": "b"}},
    ],
    ids=str,
)
def test_a_field_out_of_shape_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(BadDocument, match="BAD_DOCUMENT"):
        read_document(signed(members(**changes)))


@given(st.binary(max_size=200))
def test_any_bytes_are_a_document_or_refused(raw: bytes) -> None:
    with pytest.raises(BadDocument):
        read_document(raw)


def test_too_large_a_document_is_refused_unread() -> None:
    with pytest.raises(BadDocument, match="TOO_LARGE"):
        read_document(bytes(65_537))


def test_a_key_is_current_within_its_days() -> None:
    document = a_document()

    assert document.current_key(KEY.kid, at=AT) == KEY.public
    assert document.current_key(KEY.kid, at=AT + timedelta(days=91)) is None
    assert document.current_key(KEY.kid, at=AT - timedelta(days=2)) is None
    assert document.current_key("other", at=AT) is None


def test_a_revoked_key_is_never_current() -> None:
    document = a_document(revoked=(Revoked(KEY.kid, "national", 5, 5),))

    assert document.current_key(KEY.kid, at=AT) is None


@pytest.mark.parametrize(
    ("revoked", "is_known"),
    [
        (Revoked(KEY.kid), False),
        (Revoked("other"), True),
        (Revoked(KEY.kid, "national", 2, 8), True),
        (Revoked(KEY.kid, "national", 2, 7), False),
        (Revoked(KEY.kid, "national", 1, 99), False),
        (Revoked(KEY.kid, "to.wales", 1, 1), True),
    ],
    ids=str,
)
def test_what_a_revoked_key_signed_is_void_from_there_on(revoked: Revoked, is_known: bool) -> None:
    document = a_document(revoked=(revoked,))

    found = document.key(KEY.kid, channel="national", epoch=2, seq=7)

    assert found == (KEY.public if is_known else None)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"region": "wales"}, "OTHER_REGION"),
        ({"root_public": bytes(32)}, "OTHER_ROOT"),
        ({"version": 4}, "OLDER_VERSION"),
    ],
)
def test_a_document_is_followed_by_a_later_one_of_the_same_root(
    changes: dict[str, object], reason: str
) -> None:
    known = a_document(version=5)
    check_successor(known, replace(known, version=6))

    with pytest.raises(BadDocument, match=reason):
        check_successor(known, replace(known, **changes))  # type: ignore[arg-type]


def test_a_fingerprint_never_changes() -> None:
    # Operators have written it down.
    assert fingerprint(ROOT.public) == FINGERPRINT


def test_a_fingerprint_can_be_typed_in_any_way() -> None:
    typed = "1. " + FINGERPRINT.upper().replace(" ", ",  ")

    assert normalise_fingerprint(typed) == FINGERPRINT


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_two_keys_have_two_fingerprints(one: bytes, other: bytes) -> None:
    assert len(fingerprint(one).split()) == 8
    assert (fingerprint(one) == fingerprint(other)) == (one == other)
