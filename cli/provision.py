"""What a region needs before its programs start: keys, the bus's configuration, streams and consumers."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from chassis.auth import JWKS, generate_key, read_key
from chassis.bus import Bus
from chassis.bus.permissions import ADMIN, SYSTEM, new_seed, public_key, server_config
from chassis.bus.streams import provision, require_sync_always
from cli.address_book import AddressBook
from cli.channels import PROGRAM, key_file
from cli.settings import SERVICES

# Who hears what: the durable consumer of each program.
HEARING: Mapping[str, Sequence[str]] = {
    "opportunities": ["evt.identity.>"],
    "matching": ["evt.opportunities.>", "evt.identity.organisation.>"],
    "notifications": ["evt.opportunities.>", "evt.identity.>", "evt.matching.>"],
}
SIGNERS = (*SERVICES, "gateway", PROGRAM)
CONNECT_WITHIN_S = 20.0
OWNER_ONLY = 0o600
FOLDERS = ("keys", "logs", "nats", "valkey", "mail")


def prepare(data: Path, book: AddressBook) -> None:
    """Make what is missing of the data folder: keys once, the bus's configuration each time."""
    for folder in FOLDERS:
        (data / folder).mkdir(parents=True, exist_ok=True)
    (data / "keys").chmod(0o700)
    for program in SIGNERS:
        _once(key_file(data, program), partial(_jwk, program))
    public = JWKS(read_key(key_file(data, program)) for program in SIGNERS)
    (data / "keys" / "services.json").write_text(public.dump())
    _once(data / "keys" / "identity.encryption", lambda: base64.b64encode(os.urandom(32)))
    for user in (ADMIN, SYSTEM, *SERVICES):
        _once(seed_file(data, user), new_seed)
    nats_conf(data).write_text(_server_config(data, book))


def seed_file(data: Path, user: str) -> Path:
    """Where a user of the bus has its secret."""
    return data / "keys" / f"{user}.nk"


def nats_conf(data: Path) -> Path:
    """Where the bus's configuration lies."""
    return data / "nats" / "nats.conf"


def provision_streams(data: Path, book: AddressBook) -> None:
    """Make or update streams and consumers, having checked that the server syncs before it answers."""
    with _connect(data, book, SYSTEM) as system:
        require_sync_always(system)
    with _connect(data, book, ADMIN) as admin:
        provision(admin, HEARING, duplicate_window_s=book.duplicate_window_s)


def _connect(data: Path, book: AddressBook, user: str) -> Bus:
    bus = Bus(f"nats://127.0.0.1:{book.nats}", name=user, seed_file=seed_file(data, user))
    bus.open(CONNECT_WITHIN_S)
    return bus


def _server_config(data: Path, book: AddressBook) -> str:
    users = (ADMIN, SYSTEM, *SERVICES)
    return server_config(
        listen=f"127.0.0.1:{book.nats}",
        store_dir=data / "nats" / "store",
        users={user: public_key(seed_file(data, user).read_bytes()) for user in users},
        consumers=HEARING,
    )


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
