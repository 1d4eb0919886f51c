"""Signed requests: who asks is proved, for this very request, at this time, once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.federation.protocol.encoding import b64
from services.federation.protocol.requests import (
    BadRequestSignature,
    claimed_region,
    content_digest,
    sign_request,
    verify_request,
)
from tests.unit.federation.wire import AT, KEY, OTHER_KEY

URL = "https://east.example.org/federation/v1/poke"
BODY = b'{"channel":"national"}'


class Nonces:
    def __init__(self) -> None:
        self.seen: set[str] = set()

    def __call__(self, nonce: str) -> bool:
        known = nonce in self.seen
        self.seen.add(nonce)
        return known


def lookup(keyid: str) -> bytes | None:
    return KEY.public if keyid == f"scotland/{KEY.kid}" else None


def signed(
    method: str = "POST", url: str = URL, body: bytes = BODY, **changes: object
) -> dict[str, str]:
    values: dict[str, object] = {"region": "scotland", "created": AT, "nonce": "n-1"}
    return sign_request(method, url, body, KEY, **{**values, **changes})  # type: ignore[arg-type]


def verified(headers: dict[str, str], **changes: object) -> str:
    values: dict[str, object] = {
        "method": "POST",
        "authority": "east.example.org",
        "target_uri": URL,
        "body": BODY,
        "lookup": lookup,
        "now": AT,
        "seen_nonce": Nonces(),
    }
    return verify_request(headers=headers, **{**values, **changes})  # type: ignore[arg-type]


def refusal(headers: dict[str, str], **changes: object) -> str:
    with pytest.raises(BadRequestSignature) as refused:
        verified(headers, **changes)
    return refused.value.reason


def test_a_signed_request_tells_its_region() -> None:
    assert verified(signed()) == "scotland"
    assert claimed_region(signed()) == "scotland"


def test_names_of_header_fields_have_no_case() -> None:
    assert verified({name.title(): value for name, value in signed().items()}) == "scotland"


def test_a_port_that_is_not_the_usual_one_counts() -> None:
    url = "http://127.0.0.1:8080/federation/v1/status"

    headers = signed("GET", url, b"")

    assert (
        verified(headers, method="GET", authority="127.0.0.1:8080", target_uri=url, body=b"")
        == "scotland"
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"method": "GET"}, "BAD_SIGNATURE"),
        ({"authority": "west.example.org"}, "BAD_SIGNATURE"),
        ({"target_uri": URL + "?x"}, "BAD_SIGNATURE"),
        ({"body": b"{}"}, "BAD_DIGEST"),
        ({"lookup": lambda keyid: None}, "UNKNOWN_KEY"),
        ({"lookup": lambda keyid: OTHER_KEY.public}, "BAD_SIGNATURE"),
        ({"now": AT + timedelta(seconds=301)}, "CLOCK_SKEW"),
        ({"now": AT - timedelta(seconds=301)}, "CLOCK_SKEW"),
    ],
)
def test_another_request_is_not_the_one_that_was_signed(
    changes: dict[str, object], reason: str
) -> None:
    assert refusal(signed(), **changes) == reason


def test_a_wrong_clock_is_told_how_wrong() -> None:
    with pytest.raises(BadRequestSignature, match="600 s before our time"):
        verified(signed(), now=AT + timedelta(seconds=600))


def test_a_post_counts_once() -> None:
    nonces = Nonces()
    headers = signed()

    assert verified(headers, seen_nonce=nonces) == "scotland"
    assert refusal(headers, seen_nonce=nonces) == "REPLAYED"


def test_a_get_may_be_repeated() -> None:
    nonces = Nonces()
    headers = signed("GET", URL, b"")

    for _ in range(2):
        assert verified(headers, method="GET", body=b"", seen_nonce=nonces) == "scotland"


def test_a_forged_post_uses_up_no_nonce() -> None:
    nonces = Nonces()

    refusal(signed(), body=b"{}", seen_nonce=nonces)

    assert nonces.seen == set()


@pytest.mark.parametrize("missing", ["signature", "signature-input"])
def test_an_unsigned_request_is_refused(missing: str) -> None:
    headers = signed()
    del headers[missing]

    assert refusal(headers) == "UNSIGNED"


def edited(old: str, new: str) -> dict[str, str]:
    return {name: value.replace(old, new) for name, value in signed().items()}


@pytest.mark.parametrize(
    "headers",
    [
        edited('"@method" ', ""),
        edited('"@method"', '"@method" "@method"'),
        edited('"@method"', '"@path"'),
        edited(";created=", ";made="),
        edited(";nonce=", ";noise="),
        edited("scotland/", "scotland"),
        edited('alg="ed25519"', 'alg="rsa-v1_5-sha256"'),
        edited(";alg=", ';nonce="x";alg='),
        edited("region=(", "other=("),
        edited("region=:", "region=:AAAA"),
        edited("region=(", "region=(), x=("),
    ],
)
def test_a_signature_that_covers_less_is_refused(headers: dict[str, str]) -> None:
    assert refusal(headers) == "BAD_SIGNATURE_INPUT"


def test_another_order_of_components_and_parameters_is_as_good() -> None:
    covered = '("content-digest" "@target-uri" "@method" "@authority")'
    raw = f'{covered};nonce="n";keyid="scotland/{KEY.kid}";created={int(AT.timestamp())}'
    base = (
        f'"content-digest": {content_digest(BODY)}\n"@target-uri": {URL}\n"@method": POST\n'
        f'"@authority": east.example.org\n"@signature-params": {raw}'
    )
    headers = {
        "Content-Digest": content_digest(BODY),
        "Signature-Input": f"sig1={raw}",
        "Signature": f"sig1=:{b64(KEY.sign(base.encode()))}:",
    }

    assert verified(headers) == "scotland"


@given(st.sampled_from(["signature", "signature-input", "content-digest"]), st.text())
def test_any_header_is_refused(name: str, value: str) -> None:
    with pytest.raises(BadRequestSignature):
        verified({**signed(), name: value})
