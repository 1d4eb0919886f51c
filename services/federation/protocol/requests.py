"""Signed requests between regions: RFC 9421 with Ed25519 over method, authority, target and content digest."""

from __future__ import annotations

import re
from binascii import a2b_base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from urllib.parse import urlsplit

from services.federation.protocol.encoding import b64
from services.federation.protocol.keys import SIGNATURE_BYTES, SigningKey, is_signed
from services.federation.protocol.shapes import KID, REGION

LABEL = "region"
COVERED = ("@method", "@authority", "@target-uri", "content-digest")
WINDOW_S = 300
MAX_HEADER = 2000

INPUT = re.compile(r'([a-z*][a-z0-9_.*-]{0,20})=(\(("[a-z@-]+"(?: "[a-z@-]+")*)\)((?:;[^;]+)*))')
PARAMETER = re.compile(r';([a-z]+)=(?:(\d{1,12})|"([ -!#-\[\]-~]{1,200})")')
KEYID = re.compile(f"({REGION.pattern})/({KID.pattern})")
DEFAULT_PORTS = {"https": 443, "http": 80}


class BadRequestSignature(Exception):
    """Who sent the request is not proved; the reason is a stable code, the detail says what would be right."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class _Claim:
    """What a request says of its own signature. `raw` is what was signed, to the letter."""

    covered: tuple[str, ...]
    raw: str
    region: str
    keyid: str
    created: int
    nonce: str
    signature: bytes


def sign_request(
    method: str,
    url: str,
    body: bytes,
    key: SigningKey,
    *,
    region: str,
    created: datetime,
    nonce: str,
) -> dict[str, str]:
    """The header fields that prove that a region's key sent this: content-digest, signature-input, signature."""
    covered = " ".join(f'"{each}"' for each in COVERED)
    moment = int(created.timestamp())
    raw = f'({covered});created={moment};keyid="{region}/{key.kid}";alg="ed25519";nonce="{nonce}"'
    digest = content_digest(body)
    base = _base(COVERED, raw, method, _authority(url), url, digest)
    return {
        "content-digest": digest,
        "signature-input": f"{LABEL}={raw}",
        "signature": f"{LABEL}=:{b64(key.sign(base))}:",
    }


def claimed_region(headers: Mapping[str, str]) -> str:
    """Who a request says that it is from, for the allow-list: nothing is verified. BadRequestSignature as below."""
    return _claim(_lowered(headers)).region


def verify_request(
    method: str,
    authority: str,
    target_uri: str,
    headers: Mapping[str, str],
    body: bytes,
    lookup: Callable[[str], bytes | None],
    now: datetime,
    seen_nonce: Callable[[str], bool],
) -> str:
    """The region whose key signed the request.

    `lookup` answers with the public key of "region/kid"; `seen_nonce` with whether "region/nonce"
    was seen before, and remembers it: it is asked last, and for POST only. BadRequestSignature
    UNSIGNED, BAD_SIGNATURE_INPUT, CLOCK_SKEW, BAD_DIGEST, UNKNOWN_KEY, BAD_SIGNATURE, REPLAYED.
    """
    fields = _lowered(headers)
    claim = _claim(fields)
    _check_clock(claim, now)
    digest = fields.get("content-digest", "")
    if digest != content_digest(body):
        raise BadRequestSignature("BAD_DIGEST", "content-digest must be the body's sha-256")
    public = lookup(claim.keyid)
    if public is None:
        raise BadRequestSignature("UNKNOWN_KEY", f"{claim.keyid} is not a key that may sign now")
    base = _base(claim.covered, claim.raw, method, authority.lower(), target_uri, digest)
    if not is_signed(public, claim.signature, base):
        raise BadRequestSignature(
            "BAD_SIGNATURE", f"{claim.keyid} did not sign {method} {target_uri}"
        )
    if method.upper() == "POST" and seen_nonce(f"{claim.region}/{claim.nonce}"):
        raise BadRequestSignature("REPLAYED", "this request was here before")
    return claim.region


def content_digest(body: bytes) -> str:
    """RFC 9530's field for a body."""
    return f"sha-256=:{b64(sha256(body).digest())}:"


def _lowered(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value.strip() for name, value in headers.items()}


def _claim(fields: Mapping[str, str]) -> _Claim:
    given, signature = fields.get("signature-input", ""), fields.get("signature", "")
    if not given or not signature:
        raise BadRequestSignature("UNSIGNED", "signature-input and signature are needed")
    if len(given) > MAX_HEADER or len(signature) > MAX_HEADER:
        raise _bad_input("the signature's fields are too long")
    found = INPUT.fullmatch(given)
    if not found:
        raise _bad_input("signature-input must hold one signature")
    label, raw, covered, parameters = found.groups()
    return _read(tuple(covered[1:-1].split('" "')), raw, parameters, _octets(label, signature))


def _read(covered: tuple[str, ...], raw: str, parameters: str, signature: bytes) -> _Claim:
    if sorted(covered) != sorted(COVERED):
        raise _bad_input(f"exactly {', '.join(COVERED)} must be covered")
    values = _parameters(parameters)
    keyid = KEYID.fullmatch(values.get("keyid", ""))
    if not keyid or not values.get("nonce") or not values.get("created", "").isdigit():
        raise _bad_input('created, nonce and keyid="region/kid" are needed')
    if values.get("alg", "ed25519") != "ed25519":
        raise _bad_input("alg must be ed25519")
    created, nonce = int(values["created"]), values["nonce"]
    return _Claim(covered, raw, keyid[1], keyid[0], created, nonce, signature)


def _parameters(text: str) -> dict[str, str]:
    values: dict[str, str] = {}
    at = 0
    while at < len(text):
        found = PARAMETER.match(text, at)
        if not found or found[1] in values:
            raise _bad_input("parameters must be numbers or quoted texts, each once")
        values[found[1]] = found[2] or found[3]
        at = found.end()
    return values


def _octets(label: str, signature: str) -> bytes:
    start = f"{label}=:"
    try:
        raw = a2b_base64(signature.removeprefix(start).removesuffix(":"), strict_mode=True)
    except ValueError:
        raw = b""
    if not signature.startswith(start) or len(raw) != SIGNATURE_BYTES:
        raise _bad_input("signature must hold 64 bytes under the label of signature-input")
    return raw


def _check_clock(claim: _Claim, now: datetime) -> None:
    ahead = claim.created - now.timestamp()
    if abs(ahead) > WINDOW_S:
        raise BadRequestSignature(
            "CLOCK_SKEW",
            f"the request was signed {abs(ahead):.0f} s {'after' if ahead > 0 else 'before'} our time; "
            f"at most {WINDOW_S} s may lie between the clocks",
        )


def _base(
    covered: tuple[str, ...], raw: str, method: str, authority: str, target: str, digest: str
) -> bytes:
    values = dict(zip(COVERED, (method.upper(), authority, target, digest), strict=True))
    lines = [f'"{each}": {values[each]}' for each in covered]
    return "\n".join((*lines, f'"@signature-params": {raw}')).encode()


def _authority(url: str) -> str:
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    port = parts.port
    return host if port in (None, DEFAULT_PORTS.get(parts.scheme)) else f"{host}:{port}"


def _bad_input(detail: str) -> BadRequestSignature:
    return BadRequestSignature("BAD_SIGNATURE_INPUT", detail)
