"""Who is calling: principals, the tokens they carry, the keys that prove it."""

from chassis.auth.keys import JWKS, Jwk, generate_key, program_of, public_part, read_key
from chassis.auth.principal import (
    ANONYMOUS,
    Call,
    Principal,
    acting_as,
    current,
    principal,
    remaining_s,
)
from chassis.auth.published import verifier
from chassis.auth.revocations import Revocations
from chassis.auth.tokens import SERVICE_TTL_S, ServiceToken, sign_access_token
from chassis.auth.verifying import Verifier

__all__ = [
    "ANONYMOUS",
    "JWKS",
    "SERVICE_TTL_S",
    "Call",
    "Jwk",
    "Principal",
    "Revocations",
    "ServiceToken",
    "Verifier",
    "acting_as",
    "current",
    "generate_key",
    "principal",
    "program_of",
    "public_part",
    "read_key",
    "remaining_s",
    "sign_access_token",
    "verifier",
]
