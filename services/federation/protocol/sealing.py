"""Personal data for one region only: HPKE (RFC 9180) with X25519, HKDF-SHA256 and AES-256-GCM."""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

DOMAIN = b"interchange.record.v1"
SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


class BadSeal(Exception):
    """It was not sealed to this key in this context, or it was changed since."""


def seal(public: bytes, plaintext: bytes, *, context: bytes) -> bytes:
    """What only the holder of the X25519 key can read: the encapsulated key, then the ciphertext."""
    return SUITE.encrypt(plaintext, X25519PublicKey.from_public_bytes(public), context)


def open(private: X25519PrivateKey, sealed: bytes, *, context: bytes) -> bytes:  # noqa: A001
    """What was sealed; BadSeal when it can't be read."""
    try:
        return SUITE.decrypt(sealed, private, context)
    except (InvalidTag, ValueError) as problem:
        raise BadSeal("sealed to another key or in another context") from problem


def record_context(origin: str, recipient: str, subject: str) -> bytes:
    """What a record is bound to: who tells whom of what. Elsewhere it does not open."""
    return b"\0".join((DOMAIN, origin.encode(), recipient.encode(), subject.encode()))
