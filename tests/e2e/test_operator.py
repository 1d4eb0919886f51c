"""What an operator does from a terminal, on a running region."""

from __future__ import annotations

import os
import subprocess
import sys

from chassis.bus.connection import Outgoing
from tests.support.region import RunningRegion
from tests.support.waiting import eventually

PASSWORD = "a-long-enough-password"


def interchange(region: RunningRegion, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command, as an operator types it."""
    return subprocess.run(
        [sys.executable, "-m", "cli", *arguments],
        env={**os.environ, "DATA_DIR": str(region.data), "COLUMNS": "400"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_an_operator_is_made_and_signs_in(region: RunningRegion) -> None:
    email = "new.operator@region.example"

    made = interchange(
        region, "operator", "create", "--email", email, "--name", "New", "--password", PASSWORD
    )

    assert made.returncode == 0, made.stderr
    assert region.visitor.sign_in(email, PASSWORD).get("/v1/me")["roles"] == ["operator"]


def test_a_walk_through_the_region_finds_all_well_and_leaves_nothing(
    region: RunningRegion,
) -> None:
    pages = f"http://127.0.0.1:{region.book.web}"

    walked = interchange(region, "walk", "--gateway", region.url, "--web", pages)

    assert walked.returncode == 0, walked.stderr
    assert "an exchange is agreed, started and completed" in walked.stdout
    assert (
        region.visitor.get("/v1/notices:search", query="check of the installation")["notices"] == []
    )


def test_the_audit_log_is_intact(region: RunningRegion) -> None:
    region.world("audit").organisation("Audited")

    verified = interchange(region, "audit", "verify")

    assert verified.returncode == 0, verified.stderr
    assert "audit log intact" in verified.stdout


def test_the_index_is_built_anew_while_it_answers(region: RunningRegion) -> None:
    world = region.world("rebuild")
    manager = world.manager(world.organisation("Rebuilt"), "Rebuild Manager")
    name = world.publish(manager, title="Xylophone restoration wanted")

    def found() -> None:
        answer = region.visitor.get("/v1/notices:search", query="xylophone")
        assert [notice["name"] for notice in answer["notices"]] == [name]

    eventually(found)
    rebuilt = interchange(region, "rebuild", "matching")

    assert rebuilt.returncode == 0, rebuilt.stderr
    assert "rebuilt from" in rebuilt.stdout
    found()
    eventually(found)


def test_a_dead_letter_is_listed_refused_and_dropped(region: RunningRegion) -> None:
    poison = Outgoing(
        "evt.identity.person.erased",
        b"\xff\xff not a message",
        {
            "Nats-Msg-Id": "poison-1",
            "ce-id": "poison-1",
            "ce-type": "interchange.identity.v1.PersonErased",
        },
    )
    with region.admin_bus() as bus:
        bus.publish(poison)

    def listed() -> str:
        answer = interchange(region, "dead-letters", "list", "--program", "opportunities")
        names = [word for word in answer.stdout.split() if word.startswith("programs/")]
        assert len(names) == 1, answer.stdout + answer.stderr
        return names[0]

    name = eventually(listed)
    replayed = interchange(region, "dead-letters", "replay", name)
    dropped = interchange(region, "dead-letters", "drop", name)
    interchange(region, "dead-letters", "drop", name.replace("opportunities", "notifications"))

    assert replayed.returncode != 0
    assert "failed again" in replayed.stderr + replayed.stdout
    assert dropped.returncode == 0, dropped.stderr
    assert (
        "no dead letters"
        in interchange(region, "dead-letters", "list", "--program", "opportunities").stdout
    )


def test_migrating_a_running_region_changes_nothing(region: RunningRegion) -> None:
    migrated = interchange(region, "migrate")

    assert migrated.returncode == 0, migrated.stderr
    assert migrated.stdout.count("up to date") == 5


def test_status_says_what_is_ready(region: RunningRegion) -> None:
    status = interchange(region, "status")

    assert status.returncode == 0, status.stderr
    assert "notifications" in status.stdout


def test_a_second_region_on_the_same_folder_is_refused(region: RunningRegion) -> None:
    second = interchange(region, "up")

    assert second.returncode != 0
    assert "running" in second.stderr
