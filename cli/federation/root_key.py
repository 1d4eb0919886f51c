"""The region's root key as a file. It is needed for a minute a quarter, and belongs on no machine that is online."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from services.federation.protocol.encoding import b64, unb64
from services.federation.protocol.keys import RootKey

FILE = "federation.root.json"
OWNER_ONLY = 0o600


def root_key_path(data_dir: Path) -> Path:
    """Where a new one is written unless the operator says otherwise."""
    return data_dir / "keys" / FILE


def create_root_key(path: Path) -> RootKey:
    """A new root key in a file that only its owner may read. One that is there is never overwritten."""
    key = RootKey.generate()
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    except FileExistsError as problem:
        raise click.ClickException(f"{path} is there already") from problem
    with os.fdopen(descriptor, "w") as file:
        json.dump({"kind": "interchange root key", "private": b64(key.private)}, file)
    return key


def read_root_key(path: Path) -> RootKey:
    """The root key in a file; a clear word when it is not there or not one."""
    try:
        return RootKey(unb64(json.loads(path.read_text())["private"]))
    except FileNotFoundError as problem:
        raise click.ClickException(
            f"{path} is not there; say where the root key is with --root-key"
        ) from problem
    except (ValueError, KeyError, TypeError) as problem:
        raise click.ClickException(f"{path} holds no root key") from problem
