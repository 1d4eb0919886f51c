"""Who is at the other end of a request: the right-most address that is not one of our own proxies.

Each proxy adds whom it heard to `X-Forwarded-For`. Read from the right, the word of a proxy of ours is
believed and that of anybody else is not: what stands further left may be made up.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

WITH_PORT = re.compile(r"^(?:\[(?P<six>[^\]]+)\]|(?P<four>[0-9.]+))(?::[0-9]+)?$")
REMEMBERED = 4096
LONGEST_WORD = 100

Address = IPv4Address | IPv6Address


class TrustedProxies:
    """Our own proxies, by address or network: `127.0.0.1, 10.0.0.0/8`. ValueError when one is neither."""

    def __init__(self, networks: str) -> None:
        named = [each.strip() for each in networks.split(",") if each.strip()]
        self._networks = [ip_network(each) for each in named]
        self.client = lru_cache(REMEMBERED)(self._client)

    def _client(self, remote: str, forwarded: str) -> str:
        """The client's address, from the peer of the connection and the header as it came."""
        heard = [each.strip() for each in forwarded.split(",") if each.strip()]
        here = _plain(remote)
        while heard and self._is_ours(here):
            here = _plain(heard.pop())
        return here

    def _is_ours(self, address: str) -> bool:
        parsed = _parsed(address)
        return parsed is not None and any(parsed in each for each in self._networks)


def _plain(word: str) -> str:
    """An address without its port, IPv4 in IPv6's clothes as IPv4; a word that is none stays as it is."""
    found = WITH_PORT.match(word)
    bare = (found["six"] or found["four"]) if found else word
    parsed = _parsed(bare)
    mapped = getattr(parsed, "ipv4_mapped", None)
    return str(mapped or parsed or bare[:LONGEST_WORD])


def _parsed(address: str) -> Address | None:
    try:
        return ip_address(address)
    except ValueError:
        return None
