"""Nobody is named on the wire: every byte between three regions, also unpacked and decoded."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from chassis.clock import now
from cli.channels import service_channel
from demo.regions import demonstration_of
from demo.regions.demonstration import Size
from demo.seed import Seeder
from tests.support.network import EAST, SCOTLAND, RegionInNetwork, RunningNetwork
from tests.support.waiting import eventually
from tests.support.world import CONSENT

SIZE = Size(people=40, notices=16, interests=6)
TELEPHONE = "01632 960147"
MAILBOX = "ring.me@council.example"
# Not a number within a longer one, nor a part of an id.
TELEPHONES = re.compile(
    rb"(?<![0-9A-Za-z+/=.-])(?:\+44|0)[ -]?\d{2,4}[ -]?\d{3,4}[ -]?\d{3,4}(?![0-9A-Za-z-])"
)
MAILBOXES = re.compile(rb"[A-Za-z0-9._-]{3,}@[A-Za-z0-9-]{3,}\.(?:example|uk|org|com)")


@pytest.fixture(scope="module")
def demonstrated(network: RunningNetwork) -> RunningNetwork:
    """Two regions with their demonstrations: their people, notices, interests, exchanges."""
    with ThreadPoolExecutor() as pool:
        list(pool.map(_seed, (network.east, network.scotland)))
    network.agree(still_s=60)
    return network


def _seed(region: RegionInNetwork) -> None:
    programs = ("identity", "opportunities", "matching")
    channels = (service_channel(region.settings, each) for each in programs)
    demonstration = demonstration_of(region.code)
    Seeder(demonstration, *channels, lambda *_: None, now().date()).run(SIZE)


def test_no_name_address_or_telephone_crosses_a_border_in_the_clear(
    demonstrated: RunningNetwork,
) -> None:
    network = demonstrated
    title = interested_across_the_border(network)
    secrets = {secret for each in network.regions.values() for secret in people(each)}
    for code in (EAST, SCOTLAND):
        assert {each.display_name.encode() for each in demonstration_of(code).cast} < secrets
    secrets |= {TELEPHONE.encode(), MAILBOX.encode()}
    assert len(secrets) >= 2 * SIZE.people

    texts = [text for each in network.regions.values() for text in each.proxy.texts()]

    assert any(title.encode() in text for text in texts), "what is public is seen: so is the rest"
    assert [secret for text in texts for secret in secrets if secret in text] == []
    for shape in (TELEPHONES, MAILBOXES):
        assert [each.group() for text in texts for each in shape.finditer(text)] == []


def test_the_shapes_know_a_telephone_and_a_mailbox() -> None:
    for telephone in (TELEPHONE, "+44 1632 960147", "020 7946 0123", "07700900123"):
        assert TELEPHONES.search(f'"{telephone}"'.encode())
    assert MAILBOXES.search(MAILBOX.encode())


def interested_across_the_border(network: RunningNetwork) -> str:
    """Somebody writes a telephone number to a notice's manager in another region; the notice's title."""
    east, scotland = network.east.running.world("wire"), network.scotland.running.world("wire")
    here = east.manager(east.organisation("Wired Wymondham"), "Wanda Wiretap")
    wick = scotland.organisation("Wired Wick")
    there = scotland.manager(wick, "Wilma Wireless")
    officer = scotland.member(wick, "Walter Wavelength")
    title = "Telegraphy wanted in good company"
    notice = east.publish(here, visibility="NETWORK", title=title)
    copy = network.scotland.name_here(EAST, notice)
    eventually(lambda: _is_there(network.scotland, copy), timeout_s=30)
    proposal = {
        "participant": officer.name,
        "consent": {**CONSENT, "recipientRegion": EAST},
        "message": f"Do ring on {TELEPHONE}, or write to {MAILBOX}.",
    }
    there.api.post(f"/v1/{copy}/interests", proposal)

    def arrived() -> None:
        interests = here.api.get(f"/v1/{notice}/interests")["interests"]
        assert [TELEPHONE in each["message"] for each in interests] == [True]

    eventually(arrived, timeout_s=60)
    return title


def _is_there(region: RegionInNetwork, name: str) -> None:
    assert region.visitor.call("GET", f"/v1/{name}").status == 200


def people(region: RegionInNetwork) -> Iterator[bytes]:
    """Names and addresses of everybody who is registered there."""
    with closing(sqlite3.connect(region.running.data / "identity.db")) as database:
        for display_name, email in database.execute("SELECT display_name, email FROM people"):
            yield from (each.encode() for each in (display_name, email) if each and "@" in email)
