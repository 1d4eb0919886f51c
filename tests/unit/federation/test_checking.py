"""Trying a partner out: what it answers is looked at step by step, and nothing is taken over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import orjson
import pytest
from interchange.federation.v1 import partners_pb2 as pb

from services.federation.partners.checking import Checking
from services.federation.partners.models import Partner
from services.federation.protocol.keys import SigningKey, fingerprint
from tests.unit.federation.origins import AT, Origin, key_info
from tests.unit.federation.partner_server import PartnerServer, serving

OURS = "east-of-england"
KEY = SigningKey.generate("east-1")
SAID: dict[str, Any] = {
    "time": AT.isoformat().replace("+00:00", "Z"),
    "majors": {"interchange.notice": [1]},
    "limits": {"entryBytes": 65_536},
}


@pytest.fixture
def scotland() -> Iterator[PartnerServer]:
    origin = Origin()
    origin.put(1)
    with serving(PartnerServer(origin, KEY.public)) as server:
        origin.revise(url=server.url)
        yield server


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.federation.pulling.client.now", lambda: AT)


def check(
    server: PartnerServer, *channels: str, pinned: bytes = b"", **status: Any
) -> list[pb.CheckPartnerResponse.Step]:
    """The steps, when its status says this."""
    said = orjson.dumps({**SAID, **status})
    server.misbehave = lambda target: (200, said) if target.endswith("/status") else None
    words = fingerprint(server.origin.root.public)
    partner = Partner.pin(
        pinned or server.origin.signed_document,
        words,
        own_region=OURS,
        channels=list(channels),
        at=AT,
    )
    checking = Checking(lambda: KEY, region=OURS, development=True, clock=lambda: AT)
    return checking.check(partner)


def test_all_is_well(scotland: PartnerServer) -> None:
    steps = check(scotland)

    assert [each.ok for each in steps] == [True] * 3
    assert "1 entries of national verified of 1" in steps[-1].detail


@pytest.mark.parametrize(
    ("status", "what"),
    [
        ({"time": (AT + timedelta(minutes=7)).isoformat().replace("+00:00", "Z")}, "clock"),
        ({"majors": {"interchange.notice": [2]}}, "must upgrade"),
        ({"limits": {"entryBytes": 1000}}, "1000 bytes"),
    ],
    ids=["clock", "versions", "limits"],
)
def test_what_does_not_fit_is_named(scotland: PartnerServer, status: Any, what: str) -> None:
    *_, last = check(scotland, **status)

    assert not last.ok
    assert what in last.detail


def test_a_channel_on_which_nothing_was_said_yet_is_no_fault(scotland: PartnerServer) -> None:
    *_, last = check(scotland, "group.north")

    assert last.ok
    assert last.detail == "nothing was said on group.north yet"


def test_a_key_that_was_rotated_since_we_read_its_document_is_no_fault(
    scotland: PartnerServer,
) -> None:
    before, fresh = scotland.origin.signed_document, SigningKey.generate("scotland-fresh")
    scotland.origin.revise(keys=(*scotland.origin.document.keys, key_info(fresh)))
    scotland.origin.key = fresh

    assert all(each.ok for each in check(scotland, pinned=before))


def test_of_one_that_was_restored_we_know_a_newer_document_and_say_what_helps(
    scotland: PartnerServer,
) -> None:
    of_the_backup = scotland.origin.document
    scotland.origin.revise()
    newer = scotland.origin.signed_document
    scotland.origin.document = of_the_backup

    [step] = check(scotland, pinned=newer)

    assert not step.ok
    assert "rotate the key until the version is greater" in step.detail
