"""Secrets at rest: encrypted with a key that only the program's own file holds."""

from __future__ import annotations

import base64
import binascii
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SECRET_BYTES = 32
NONCE_BYTES = 12


class BadSecret(Exception):
    """The key encryption file can't be used; the message says why."""


def read_secret(path: Path) -> bytes:
    """The 32 bytes in a file, in base64."""
    try:
        secret = base64.b64decode(path.read_text().strip(), validate=True)
    except (OSError, binascii.Error, ValueError) as problem:
        raise BadSecret(f"{path} must hold {SECRET_BYTES} bytes in base64") from problem
    if len(secret) != SECRET_BYTES:
        raise BadSecret(f"{path} must hold {SECRET_BYTES} bytes in base64, not {len(secret)}")
    return secret


@dataclass(frozen=True, slots=True)
class Sealer:
    """Encrypts with AES-256-GCM; each secret is bound to its name."""

    secret: bytes = field(repr=False)

    def seal(self, name: str, content: bytes) -> bytes:
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + AESGCM(self.secret).encrypt(nonce, content, name.encode())

    def open(self, name: str, sealed: bytes) -> bytes:
        """The content; BadSecret when it was sealed with another key or under another name."""
        nonce, content = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        try:
            return AESGCM(self.secret).decrypt(nonce, content, name.encode())
        except InvalidTag as problem:
            raise BadSecret(f"{name} was encrypted with another secret") from problem
