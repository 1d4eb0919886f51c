"""The keys of a region's programs: made once, each for the program that alone may read it."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias

from chassis.auth import JWKS, Jwk, generate_key, program_of, read_key
from chassis.bus.permissions import ADMIN, SYSTEM, accounts, new_seed, public_key
from cli.channels import PROGRAM, key_file
from cli.hearing import HEARING
from cli.settings import SERVICES

SIGNERS = (*SERVICES, "gateway", PROGRAM)
# Those that keep keys of their own in their database, encrypted.
ENCRYPTING = ("identity", "federation")
BUS_USERS = (ADMIN, SYSTEM, *SERVICES)
OWNER_ONLY = 0o600
ENCRYPTION = "encryption"
PUBLIC, BUS, BUS_SERVER = "public", "bus", "bus-server"
# Who gets a parcel of keys where folders are not shared; the last two are made out of the others.
WHOM = (*SIGNERS, BUS, BUS_SERVER, PUBLIC)
DERIVED = (BUS_SERVER, PUBLIC)

Parcels: TypeAlias = Mapping[str, Mapping[str, bytes]]


class Lost(Exception):
    """Keys that were made once are not there any more; the message says whose."""


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
    own = [read_key(key_file(data, program)) for program in SIGNERS]
    public = JWKS([*_published(folder / "services.json"), *own])
    (folder / "services.json").write_text(public.dump())


def _published(file: Path) -> list[Jwk]:
    """Those that others know already: a key that was rotated is among them."""
    return [*JWKS.read(file).to_dict()["keys"]] if file.exists() else []


def seed_file(data: Path, user: str) -> Path:
    """Where a user of the bus has its secret."""
    return data / "keys" / f"{user}.nk"


def encryption_file(data: Path, program: str) -> Path:
    """Where the secret lies that a program's own keys are encrypted with at rest."""
    return data / "keys" / f"{program}.encryption"


def bus_users(data: Path) -> dict[str, str]:
    """The public key of each user of the bus."""
    return {user: public_key(seed_file(data, user).read_bytes()) for user in BUS_USERS}


def parcels(data: Path) -> Parcels:
    """The keys as each program gets them where folders are not shared: files by name, by whom they are for.

    `public` is for all of them, `bus` for the administrator of the bus, `bus-server` for the server.
    """
    private = {
        whom: {name: path.read_bytes() for name, path in _files(data, whom).items()}
        for whom in WHOM
        if whom not in DERIVED
    }
    return {
        **private,
        BUS_SERVER: {"accounts.conf": accounts(bus_users(data), HEARING).encode()},
        PUBLIC: {"services.json": (data / "keys" / "services.json").read_bytes()},
    }


def missing(there: Parcels, renewed: Sequence[str] = ()) -> Parcels:
    """What these parcels lack, in the order to bring them: those of programs that are new, and what is made of all.

    Those `renewed` get new keys, and nobody believes their old ones any more; what they encrypted they can still read.
    Lost when one is gone that was there once: what it encrypted, another can't read.
    """
    there = {**there, **{whom: _lasting(there[whom]) for whom in renewed if whom in there}}
    with TemporaryDirectory() as folder:
        data = Path(folder)
        _unpack(data, there)
        create(data)
        whole = parcels(data)
    lacking = {whom: files for whom, files in whole.items() if there.get(whom) != files}
    if there:
        _require_new(there, [each for each in lacking if each not in (*DERIVED, *renewed)])
    return lacking


def _lasting(files: Mapping[str, bytes]) -> Mapping[str, bytes]:
    return {name: content for name, content in files.items() if name == ENCRYPTION}


def _require_new(there: Parcels, private: Iterable[str]) -> None:
    """Parcels may be made for those only whom nobody knows yet."""
    known = {BUS, *SIGNERS}
    if PUBLIC in there:
        listed = json.loads(there[PUBLIC]["services.json"])["keys"]
        known = {BUS, *there, *(program_of(each["kid"]) for each in listed)}
    lost = sorted(known.intersection(private))
    if lost:
        raise Lost(", ".join(lost))


def _unpack(data: Path, there: Parcels) -> None:
    for whom, files in there.items():
        for name, path in _files(data, whom).items():
            if name in files:
                _once(path, partial(files.__getitem__, name))


def _files(data: Path, whom: str) -> dict[str, Path]:
    """Where the files of a parcel lie in a data folder."""
    if whom == PUBLIC:
        return {"services.json": data / "keys" / "services.json"}
    if whom == BUS_SERVER:
        return {}
    if whom == BUS:
        return {f"{user}.nk": seed_file(data, user) for user in (ADMIN, SYSTEM)}
    files = {"service.json": key_file(data, whom)}
    if whom in SERVICES:
        files["bus.nk"] = seed_file(data, whom)
    if whom in ENCRYPTING:
        files[ENCRYPTION] = encryption_file(data, whom)
    return files


def _jwk(program: str) -> bytes:
    return json.dumps(generate_key(program)).encode()


def _once(path: Path, make: Callable[[], bytes]) -> None:
    """Write a secret that only its owner may read, unless it is there."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".new")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY)
    with os.fdopen(descriptor, "wb") as file:
        file.write(make())
    unfinished.replace(path)
