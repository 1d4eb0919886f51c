"""The receiver's judgement: in order, never back, two histories noticed; heads and snapshots likewise."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.federation.protocol.document import Revoked
from services.federation.protocol.entry import GENESIS
from services.federation.protocol.head import (
    BadHead,
    Head,
    Manifest,
    join_page,
    read_head,
    read_manifest,
    sign_head,
    sign_manifest,
    snapshot_digest,
    split_page,
)
from services.federation.protocol.receiving import (
    Cursor,
    Standing,
    Verdict,
    advance,
    after_snapshot,
    is_acceptable,
    judge,
    standing,
)
from tests.unit.federation.wire import AT, KEY, OTHER_KEY, a_document, an_entry, said

A, B, C = "a" * 64, "b" * 64, "c" * 64
HERE = Cursor(2, 10, A)


def a_head(**changes: object) -> Head:
    values: dict[str, object] = {
        "origin": "scotland",
        "channel": "national",
        "epoch": 2,
        "head": 10,
        "hash": A,
        "min": 1,
        "time": AT,
        "kid": KEY.kid,
    }
    return Head(**{**values, **changes})  # type: ignore[arg-type]


def a_manifest(**changes: object) -> Manifest:
    values: dict[str, object] = {
        "origin": "scotland",
        "channel": "national",
        "epoch": 2,
        "upto": 12,
        "head_hash": B,
        "count": 3,
        "digest": C,
        "time": AT,
        "kid": KEY.kid,
    }
    return Manifest(**{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("epoch", "seq", "prev", "own_hash", "verdict"),
    [
        (2, 11, A, B, Verdict.APPLY),
        (2, 11, C, B, Verdict.FORK),
        (2, 12, B, C, Verdict.GAP),
        (2, 10, C, A, Verdict.DUPLICATE),
        (2, 10, C, B, Verdict.FORK),
        (2, 3, C, B, Verdict.DUPLICATE),
        (1, 99, A, B, Verdict.OLDER_EPOCH),
        (3, 1, GENESIS, B, Verdict.NEWER_EPOCH),
        (3, 11, A, B, Verdict.NEWER_EPOCH),
    ],
)
def test_each_entry_has_its_verdict(
    epoch: int, seq: int, prev: str, own_hash: str, verdict: Verdict
) -> None:
    assert judge(HERE, said(epoch=epoch, seq=seq, prev=prev), own_hash) is verdict


def test_a_log_is_read_from_its_first_entry() -> None:
    first = an_entry()

    assert judge(Cursor(), said(), first.hash) is Verdict.APPLY
    assert advance(said(), first.hash) == Cursor(1, 1, first.hash)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Standing.CURRENT),
        ({"hash": B}, Standing.FORK),
        ({"head": 12, "hash": B}, Standing.MORE),
        ({"head": 12, "hash": B, "min": 11}, Standing.MORE),
        ({"head": 12, "hash": B, "min": 12}, Standing.TRIMMED),
        ({"head": 9, "hash": B}, Standing.ROLLED_BACK),
        ({"epoch": 1, "head": 99}, Standing.ROLLED_BACK),
        ({"epoch": 3, "head": 1}, Standing.NEWER_EPOCH),
    ],
    ids=str,
)
def test_each_head_has_its_standing(changes: dict[str, object], expected: Standing) -> None:
    assert standing(HERE, a_head(**changes)) is expected


@pytest.mark.parametrize(
    ("changes", "acceptable"),
    [
        ({}, True),
        ({"upto": 10, "head_hash": A}, True),
        ({"upto": 10, "head_hash": B}, False),
        ({"upto": 9}, False),
        ({"epoch": 1, "upto": 99}, False),
        ({"epoch": 3, "upto": 0}, True),
    ],
    ids=str,
)
def test_a_snapshot_never_leads_back(changes: dict[str, object], acceptable: bool) -> None:
    assert is_acceptable(HERE, a_manifest(**changes)) is acceptable


def test_after_a_snapshot_reading_goes_on_where_it_ends() -> None:
    assert after_snapshot(a_manifest()) == Cursor(2, 12, B)


def test_heads_and_manifests_are_read_as_signed() -> None:
    assert read_head(sign_head(a_head(), KEY), a_document()) == a_head()
    assert read_manifest(sign_manifest(a_manifest(), KEY), a_document()) == a_manifest()


def test_a_head_does_not_pass_for_a_manifest() -> None:
    with pytest.raises(BadHead, match="BAD_MANIFEST"):
        read_manifest(sign_head(a_head(), KEY), a_document())


@pytest.mark.parametrize("line", [b"", b"{}", b"[]", b"\xff", b'{"head":"","sig":""}', bytes(9000)])
def test_what_is_no_head_is_refused(line: bytes) -> None:
    with pytest.raises(BadHead, match="BAD_HEAD"):
        read_head(line, a_document())


def test_an_edited_head_is_refused() -> None:
    edited = sign_head(a_head(), KEY).replace(b'"sig":"', b'"sig":"AAAA', 1)[:-6] + b'"}'

    with pytest.raises(BadHead):
        read_head(edited, a_document())


def test_another_regions_head_is_refused() -> None:
    with pytest.raises(BadHead, match="WRONG_ORIGIN"):
        read_head(sign_head(a_head(origin="south-west"), KEY), a_document())


@pytest.mark.parametrize(
    ("head", "document"),
    [
        (sign_head(a_head(), OTHER_KEY), a_document()),
        (sign_head(a_head(time=AT + timedelta(days=99)), KEY), a_document()),
        (sign_head(a_head(), KEY), a_document(revoked=(Revoked(KEY.kid, "national", 9, 9),))),
    ],
    ids=["unlisted", "expired", "revoked"],
)
def test_a_head_needs_a_key_of_its_day(head: bytes, document: object) -> None:
    with pytest.raises(BadHead, match="UNKNOWN_KEY"):
        read_head(head, document)  # type: ignore[arg-type]


def test_a_forged_head_is_refused() -> None:
    impostor = type(KEY)(KEY.kid, OTHER_KEY.private)

    with pytest.raises(BadHead, match="BAD_SIGNATURE"):
        read_head(sign_head(a_head(), impostor), a_document())


def test_the_digest_depends_on_the_order() -> None:
    assert snapshot_digest([A, B]) != snapshot_digest([B, A])


def test_a_page_comes_apart_as_it_was_put_together() -> None:
    assert split_page(join_page([b"1", b"2"], b"head")) == ([b"1", b"2"], b"head")
    assert split_page(join_page([], b"head")) == ([], b"head")


@pytest.mark.parametrize("body", [b"", b"\n", b"x\n" * 1002, bytes(2**21 + 1)])
def test_a_page_out_of_bounds_is_refused(body: bytes) -> None:
    with pytest.raises(BadHead, match="BAD_PAGE"):
        split_page(body)
