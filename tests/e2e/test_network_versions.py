"""A partner that is ahead of us: what it adds is ignored, what we can't know is held, the rest goes on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from interchange.federation.v1 import partners_pb2 as pb

from chassis.clock import now
from chassis.database import new_id
from cli.federation.partners import partner_service
from tests.support.network import RegionInNetwork, RunningNetwork, content
from tests.support.newer import REGION, NewerRegion
from tests.support.waiting import eventually


@pytest.fixture
def wales(network: RunningNetwork, tmp_path: Path) -> Iterator[NewerRegion]:
    with NewerRegion() as region:
        document = tmp_path / "wales.json"
        document.write_bytes(region.document)
        add = ("federation", "add", str(document), "--fingerprint", region.fingerprint)
        network.scotland.interchange(*add)
        yield region
        network.scotland.interchange("federation", "remove", REGION, "--yes")


OWNER = {"displayName": "Gwynedd", "sector": "PUBLIC"}
CLOSES = (now() + timedelta(days=30)).strftime("%Y-%m-%dT%H:%M:%SZ")


def a_notice(subject: str, title: str, **more: Any) -> dict[str, Any]:
    return {
        "salt": "AAAAAAAAAAAAAAAAAAAAAA==",
        "notice": {
            "id": subject, "version": 1, "kind": "OFFERED", "format": "MENTORING", "title": title,
            "body": "From three versions ahead.", "themes": [], "skills": [],
            "gradeBands": ["OFFICER"],
            "attendance": "REMOTE", "startDate": "", "endDate": "", "daysPerWeek": 0.5,
            "closeTime": CLOSES, "publishTime": "2026-11-25T09:00:00Z",
            "updateTime": "2026-11-25T09:00:00Z", "place": None, **more,
        },
        "organisation": {"id": str(new_id()), **OWNER},
        **({"provenance": {"by": "a later version"}} if more else {}),
    }  # fmt: skip


def shown(region: RegionInNetwork, notice: dict[str, Any]) -> tuple[str, tuple[Any, ...]]:
    """Its name there, and what is shown of it."""
    name = region.name_here(REGION, f"notices/{notice['id']}")
    here = {"placesTaken": 0, "visibility": "NETWORK", "sector": OWNER["sector"]}
    return name, content({**notice, **here, "organisationDisplayName": OWNER["displayName"]})


def _shows(region: RegionInNetwork, expected: dict[str, tuple[Any, ...]]) -> None:
    assert region.live(REGION) == expected


def test_a_partner_three_versions_ahead_is_read_as_far_as_we_know(
    network: RunningNetwork, wales: NewerRegion
) -> None:
    plain, newer, later, odd, last = (str(new_id()) for _ in range(5))
    known = [
        a_notice(plain, "Plain crwth"),
        a_notice(newer, "Newer crwth", carbonBudget=3, nested={"deep": [1, 2]}),
        a_notice(last, "Last crwth"),
    ]
    wales.say("interchange.notice.v1", "interchange/notice/1.0", plain, known[0])
    wales.say("interchange.notice.v1", "interchange/notice/1.3", newer, known[1])
    wales.say("interchange.notice.v2", "interchange/notice/2.0", later, {"all": "different"})
    wales.say("interchange.notice.v1", "interchange/notice/1.3", odd, {}, op="transmogrify")
    wales.say("interchange.notice.v1", "interchange/notice/1.3", last, known[2])

    expected = dict(shown(network.scotland, each["notice"]) for each in known)
    eventually(lambda: _shows(network.scotland, expected), timeout_s=20)
    network.agree()
    partner = network.scotland.partner(REGION)
    request = pb.ListSetAsideEntriesRequest(parent=partner.name)
    stub = partner_service(network.scotland.settings)
    held = stub.ListSetAsideEntries(request).set_aside_entries
    assert {(each.sequence, pb.SetAsideEntry.State.Name(each.state)) for each in held} == {
        (3, "HELD"),
        (4, "HELD"),
    }, held
    assert partner.state == pb.Partner.ACTIVE
    listed = network.scotland.interchange("federation", "set-aside", "list", REGION).output
    assert "UNKNOWN" in listed
