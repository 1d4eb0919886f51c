"""The configuration of a region's nats-server: one user for each program, each with the least it needs."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import nkeys

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
    consumers: Iterable[str],
    name: str = "region",
) -> str:
    """The text of nats.conf. `users`: public keys by program, with `admin` and `system` among them."""
    hearing = frozenset(consumers)
    programs = [each for each in users if each not in (ADMIN, SYSTEM)]
    members = "\n".join(_member(each, users[each], each in hearing) for each in programs)
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
accounts {{
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


def _member(program: str, key: str, hears: bool) -> str:
    speaks = [f"evt.{program}.>", f"dlq.{program}.>"]
    if hears:
        speaks += [
            f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.{program}",
            f"$JS.ACK.{STREAM}.{program}.>",
        ]
    return (
        f"      {{ nkey: {key}, permissions: {{\n"
        f"        publish: {{ allow: [{_quoted(speaks)}] }}\n"
        f"        subscribe: {{ allow: [{_quoted([f'_INBOX_{program}.>'])}] }} }} }}"
    )


def _quoted(subjects: Iterable[str]) -> str:
    return ", ".join(f'"{each}"' for each in subjects)
