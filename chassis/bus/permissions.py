"""The configuration of a region's nats-server: one user for each program, each with the least it needs."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import nkeys

from chassis.bus import lanes
from chassis.bus.consumer import STREAM

ADMIN, SYSTEM = "admin", "system"


def new_seed() -> bytes:
    """A new nkey seed of a user."""
    return bytes(nkeys.encode_seed(os.urandom(32), nkeys.PREFIX_BYTE_USER))


def public_key(seed: bytes) -> str:
    """The public key `U…` that the server knows a seed's holder by."""
    return bytes(nkeys.from_seed(bytearray(seed)).public_key).decode()


def server_config(
    *,
    listen: str,
    store_dir: Path,
    users: Mapping[str, str],
    consumers: Mapping[str, Sequence[str]],
    name: str = "region",
) -> str:
    """The text of nats.conf. `users`: public keys by program, with `admin` and `system` among them."""
    return f"""# Written by `interchange`; changed there, not here.
server_name: {name}
listen: "{listen}"
max_payload: 262144
jetstream {{
  store_dir: "{store_dir}"
  max_mem: 256M
  max_file: 10G
  # Anything else loses acknowledged events in a power cut.
  sync_interval: always
}}
{accounts(users, consumers)}"""


def accounts(users: Mapping[str, str], consumers: Mapping[str, Sequence[str]]) -> str:
    """The part of a server's configuration that says who may speak and hear what; the same on every server."""
    programs = [each for each in users if each not in (ADMIN, SYSTEM)]
    members = "\n".join(
        _member(each, users[each], _durables(each, consumers.get(each, ()))) for each in programs
    )
    return f"""accounts {{
  REGION {{
    jetstream: enabled
    users: [
      {{ nkey: {users[ADMIN]} }}
{members}
    ]
  }}
  SYS {{ users: [ {{ nkey: {users[SYSTEM]} }} ] }}
}}
system_account: SYS
"""


def _durables(program: str, filters: Sequence[str]) -> list[str]:
    """The consumers of one that hears."""
    if not filters:
        return []
    return [program, *(lanes.durables(program) if lanes.is_hearing(filters) else ())]


def _member(program: str, key: str, durables: Sequence[str]) -> str:
    speaks = [f"{root}.{program}.>" for root in ("evt", lanes.ROOT, "dlq")]
    for durable in durables:
        speaks += [
            f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.{durable}",
            f"$JS.ACK.{STREAM}.{durable}.>",
        ]
    return (
        f"      {{ nkey: {key}, permissions: {{\n"
        f"        publish: {{ allow: [{_quoted(speaks)}] }}\n"
        f"        subscribe: {{ allow: [{_quoted([f'_INBOX_{program}.>'])}] }} }} }}"
    )


def _quoted(subjects: Iterable[str]) -> str:
    return ", ".join(f'"{each}"' for each in subjects)
