"""Ed25519 keys: a region's root, which vouches for it, and the online keys that sign what it says."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache, lru_cache
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from mnemonic import Mnemonic

SIGNATURE_BYTES = 64
WORDS = 8
BITS_A_WORD = 11


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key that signs entries, heads and requests, and the id under which others look it up."""

    kid: str
    private: bytes = field(repr=False)
    _key: Ed25519PrivateKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_key", Ed25519PrivateKey.from_private_bytes(self.private))

    @classmethod
    def generate(cls, kid: str) -> SigningKey:
        return cls(kid, Ed25519PrivateKey.generate().private_bytes_raw())

    @property
    def public(self) -> bytes:
        return self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)


@dataclass(frozen=True, slots=True)
class RootKey:
    """The private key that a region is known by. It signs region documents only, and is kept offline."""

    private: bytes = field(repr=False)

    @classmethod
    def generate(cls) -> RootKey:
        return cls(Ed25519PrivateKey.generate().private_bytes_raw())

    @property
    def public(self) -> bytes:
        return SigningKey("root", self.private).public

    def sign(self, message: bytes) -> bytes:
        return SigningKey("root", self.private).sign(message)


def is_signed(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the holder of the key signed the message."""
    try:
        _public_key(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def fingerprint(root_public: bytes) -> str:
    """Eight words to read over the telephone: the first 88 bits of the key's SHA-256, eleven a word."""
    bits = int.from_bytes(sha256(root_public).digest(), "big") >> (256 - WORDS * BITS_A_WORD)
    places = (bits >> (BITS_A_WORD * at) & 0x7FF for at in reversed(range(WORDS)))
    return " ".join(_words()[place] for place in places)


def normalise_fingerprint(text: str) -> str:
    """The same words however they were typed: case, commas, hyphens, numbers and spaces don't count."""
    return " ".join(re.findall(r"[a-z]+", text.lower()))


@cache
def _words() -> tuple[str, ...]:
    return tuple(Mnemonic("english").wordlist)


@lru_cache(maxsize=1000)  # loading a key costs a third of verifying with it
def _public_key(public: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(public)
