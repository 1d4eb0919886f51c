"""What a provider's ID token says of somebody, once all that OpenID Connect Core 3.1.3.7 asks for holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from chassis.errors import Unauthenticated

# Signatures by the provider's own key only: with HS256 anybody who knows the client's secret could sign.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "Ed25519"]
SKEW = timedelta(seconds=60)
OLDEST = timedelta(minutes=15)  # it was made for us just now
LONGEST_SUBJECT = 255
# RFC 8176: the provider has asked for more than a password.
STRONG = frozenset({"mfa", "otp", "hwk", "sc", "fpt", "face", "iris"})


class UnknownKey(Exception):
    """It is signed with a key that the provider did not have when we last asked."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom the issuer vouches for. Name and address are hearsay: they fill forms in and prove nothing."""

    issuer: str
    subject: str
    has_second_factor: bool
    display_name: str
    email: str


def read(
    token: str, keys: KeySet, *, issuer: str, client_id: str, nonce: str, at: datetime
) -> Identity:
    """Whom it names; Unauthenticated says what is wrong with it, UnknownKey that the keys are too old."""
    claims = _claims(token, keys)
    _require(claims.get("iss") == issuer, "WRONG_ISSUER", "it is another issuer's")
    _require(_is_for(client_id, claims), "WRONG_AUDIENCE", "it was made for somebody else")
    _require(claims.get("nonce") == nonce, "WRONG_NONCE", "it answers another sign-in")
    _require(_is_fresh(claims, at), "TOKEN_EXPIRED", "it is too old, or from the future")
    subject = claims.get("sub")
    _require(
        isinstance(subject, str) and 0 < len(subject) <= LONGEST_SUBJECT,
        "NO_SUBJECT",
        "it names nobody",
    )
    return Identity(
        issuer=issuer,
        subject=str(subject),
        has_second_factor=_is_strong(claims.get("amr")),
        display_name=_text(claims.get("name"), 100),
        email=_text(claims.get("email"), 254),
    )


def _claims(token: str, keys: KeySet) -> Mapping[str, Any]:
    try:
        return jwt.decode(token, keys, algorithms=ALGORITHMS).claims
    except InvalidKeyIdError as problem:
        raise UnknownKey from problem
    except (JoseError, ValueError, TypeError, KeyError) as problem:
        raise bad_token("BAD_SIGNATURE", "it is not signed as it should be") from problem


def _is_for(client_id: str, claims: Mapping[str, Any]) -> bool:
    audience = claims.get("aud")
    many = audience if isinstance(audience, list) else [audience]
    party = claims.get("azp")
    return client_id in many and (party == client_id if party or len(many) > 1 else True)


def _is_fresh(claims: Mapping[str, Any], at: datetime) -> bool:
    times = [claims.get("exp"), claims.get("iat")]
    if not all(isinstance(each, int | float) and not isinstance(each, bool) for each in times):
        return False
    now, (expires, issued) = at.timestamp(), map(float, times)  # type: ignore[arg-type]  # numbers, as was just seen
    skew = SKEW.total_seconds()
    return now < expires + skew and now - OLDEST.total_seconds() - skew < issued < now + skew


def _is_strong(methods: object) -> bool:
    return isinstance(methods, list) and any(
        each in STRONG for each in methods if isinstance(each, str)
    )


def _text(value: object, most: int) -> str:
    return value[:most] if isinstance(value, str) else ""


def _require(holds: bool, reason: str, what: str) -> None:
    if not holds:
        raise bad_token(reason, what)


def bad_token(reason: str, what: str) -> Unauthenticated:
    return Unauthenticated(
        reason, f"the organisation's provider sent a token that we can't take: {what}"
    )
