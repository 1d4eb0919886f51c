"""The keys of a region's programs: made once, each for the program that alone may read it."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from chassis.auth import JWKS, generate_key, read_key
from chassis.bus.permissions import ADMIN, SYSTEM, accounts, new_seed, public_key
from cli.channels import PROGRAM, key_file
from cli.hearing import HEARING
from cli.settings import SERVICES

SIGNERS = (*SERVICES, "gateway", PROGRAM)
# Those that keep keys of their own in their database, encrypted.
ENCRYPTING = ("identity", "federation")
BUS_USERS = (ADMIN, SYSTEM, *SERVICES)
OWNER_ONLY = 0o600


def create(data: Path) -> None:
    """Make what is missing in the data folder's `keys`; what is there stays as it is."""
    folder = data / "keys"
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    for program in SIGNERS:
        _once(key_file(data, program), partial(_jwk, program))
    for program in ENCRYPTING:
        _once(encryption_file(data, program), lambda: base64.b64encode(os.urandom(32)))
    for user in BUS_USERS:
        _once(seed_file(data, user), new_seed)
    public = JWKS(read_key(key_file(data, program)) for program in SIGNERS)
    (folder / "services.json").write_text(public.dump())


def seed_file(data: Path, user: str) -> Path:
    """Where a user of the bus has its secret."""
    return data / "keys" / f"{user}.nk"


def encryption_file(data: Path, program: str) -> Path:
    """Where the secret lies that a program's own keys are encrypted with at rest."""
    return data / "keys" / f"{program}.encryption"


def bus_users(data: Path) -> dict[str, str]:
    """The public key of each user of the bus."""
    return {user: public_key(seed_file(data, user).read_bytes()) for user in BUS_USERS}


def parcels(data: Path) -> Mapping[str, Mapping[str, bytes]]:
    """The keys as each program gets them where folders are not shared: files by name, by whom they are for.

    `public` is for all of them, `bus` for the administrator of the bus, `bus-server` for the server.
    """
    programs = {program: _parcel(data, program) for program in SIGNERS}
    admin = {f"{user}.nk": seed_file(data, user).read_bytes() for user in (ADMIN, SYSTEM)}
    return {
        **programs,
        "public": {"services.json": (data / "keys" / "services.json").read_bytes()},
        "bus": admin,
        "bus-server": {"accounts.conf": accounts(bus_users(data), HEARING).encode()},
    }


def _parcel(data: Path, program: str) -> dict[str, bytes]:
    parcel = {"service.json": key_file(data, program).read_bytes()}
    if program in SERVICES:
        parcel["bus.nk"] = seed_file(data, program).read_bytes()
    if program in ENCRYPTING:
        parcel["encryption"] = encryption_file(data, program).read_bytes()
    return parcel


def _jwk(program: str) -> bytes:
    return json.dumps(generate_key(program)).encode()


def _once(path: Path, make: Callable[[], bytes]) -> None:
    """Write a secret that only its owner may read, unless it is there."""
    if path.exists():
        return
    unfinished = path.with_suffix(".new")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY)
    with os.fdopen(descriptor, "wb") as file:
        file.write(make())
    unfinished.replace(path)
