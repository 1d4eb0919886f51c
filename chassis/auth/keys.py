"""Ed25519 keys as JWK, and sets of public keys as JWKS."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from joserfc.jwk import OKPKey

ALGORITHM: Literal["Ed25519"] = "Ed25519"

Jwk = Mapping[str, Any]


def generate_key(kid: str) -> dict[str, Any]:
    """A new private JWK. A program's kid is its name, or `name.2` and so on after a rotation."""
    key = OKPKey.generate_key(ALGORITHM, parameters={"kid": kid, "alg": ALGORITHM, "use": "sig"})
    return dict(key.as_dict(private=True))


def public_part(key: Jwk) -> dict[str, Any]:
    """The JWK without its secret."""
    return {name: value for name, value in key.items() if name != "d"}


def read_key(path: Path) -> dict[str, Any]:
    """The JWK in a file."""
    return dict(json.loads(path.read_text()))


def program_of(kid: str) -> str:
    """The program that a service key belongs to: its kid up to the first dot."""
    return kid.partition(".")[0]


class JWKS:
    """Public keys by kid. Several are valid at once, so that keys can be rotated."""

    def __init__(self, keys: Iterable[Jwk] = ()) -> None:
        public = [public_part(key) for key in keys]
        self._keys = {
            key["kid"]: OKPKey.import_key(key) for key in public if key["crv"] == ALGORITHM
        }

    @classmethod
    def parse(cls, text: str | bytes) -> JWKS:
        """From a JSON document `{"keys": [...]}`."""
        return cls(json.loads(text)["keys"])

    @classmethod
    def read(cls, path: Path) -> JWKS:
        """From a file."""
        return cls.parse(path.read_text())

    def __len__(self) -> int:
        return len(self._keys)

    def get(self, kid: str) -> OKPKey | None:
        return self._keys.get(kid)

    def to_dict(self) -> dict[str, list[dict[str, Any]]]:
        """As published: no secrets."""
        return {"keys": [dict(key.as_dict(private=False)) for key in self._keys.values()]}

    def dump(self) -> str:
        """As a JSON document."""
        return json.dumps(self.to_dict())
