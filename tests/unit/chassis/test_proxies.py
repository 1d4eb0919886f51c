"""Our own proxies are believed, from the right; nobody else is."""

from __future__ import annotations

import pytest

from chassis.proxies import TrustedProxies

OURS = TrustedProxies("127.0.0.0/8, ::1, 10.0.0.0/8")


@pytest.mark.parametrize(
    ("remote", "forwarded", "client"),
    [
        ("198.51.100.1", "", "198.51.100.1"),
        ("198.51.100.1", "192.0.2.7", "198.51.100.1"),  # a stranger's word
        ("127.0.0.1", "192.0.2.7", "192.0.2.7"),
        (
            "127.0.0.1",
            "6.6.6.6, 192.0.2.7",
            "192.0.2.7",
        ),  # what the client wrote before our proxy did
        ("127.0.0.1", "6.6.6.6, 192.0.2.7, 10.1.2.3", "192.0.2.7"),  # an Ingress, then the pages
        ("127.0.0.1", "10.9.9.9, 10.1.2.3", "10.9.9.9"),  # all ours: the first of them
        ("127.0.0.1", "", "127.0.0.1"),
        ("::1", "[2001:db8::9]:4711", "2001:db8::9"),
        ("::ffff:127.0.0.1", "192.0.2.7:80", "192.0.2.7"),
        ("127.0.0.1", "192.0.2.7, unknown", "unknown"),
        ("", "192.0.2.7", ""),
    ],
)
def test_the_client_is_the_right_most_that_is_not_ours(
    remote: str, forwarded: str, client: str
) -> None:
    assert OURS.client(remote, forwarded) == client


def test_without_proxies_nobody_is_believed() -> None:
    assert TrustedProxies("").client("127.0.0.1", "192.0.2.7") == "127.0.0.1"


def test_what_is_no_network_is_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match="the-ingress"):
        TrustedProxies("the-ingress")
