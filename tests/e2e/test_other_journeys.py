"""What the story needs beside its happy end: registration, no, second thoughts, people who leave."""

from __future__ import annotations

import pytest
import requests

from tests.support.region import RunningRegion
from tests.support.waiting import eventually
from tests.support.world import CONSENT, PASSWORD, Member, World


@pytest.fixture(scope="module")
def world(region: RunningRegion) -> World:
    return region.world("others")


@pytest.fixture(scope="module")
def norfolk(world: World) -> Member:
    return world.manager(world.organisation("Other Norfolk"), "Olive Thirtlewood")


@pytest.fixture(scope="module")
def suffolk(world: World) -> Member:
    return world.manager(world.organisation("Other Suffolk"), "Oscar Quantrillo")


def test_an_organisation_registers_is_verified_and_has_a_manager(
    region: RunningRegion, world: World
) -> None:
    organisation = world.organisation("Newly Registered", verified=False)
    member = world.member(organisation, "Nora Newly")
    assert world.visitor.get(f"/v1/{organisation}")["state"] == "REGISTERED"

    world.operator.post(f"/v1/{organisation}:verify", {"note": "checked"})
    appointment = world.operator.post(f"/v1/{organisation}:appointManager", {"person": member.name})
    signed_in = world.visitor.sign_in(member.email, PASSWORD)
    signed_in.post(f"/v1/{appointment['name']}:commit")

    managers = world.visitor.get("/v1/managers", query="Newly Registered")["managers"]
    assert [each["displayName"] for each in managers] == ["Nora Newly"]
    assert managers[0]["commitTime"]


def test_a_person_joins_by_themselves_and_their_manager_lets_them_in(
    region: RunningRegion, world: World, norfolk: Member
) -> None:
    email = "joan.joiner.others@council.example"
    person = {
        "displayName": "Joan Joiner",
        "email": email,
        "organisation": norfolk.organisation,
        "password": PASSWORD,
    }

    name = world.visitor.post("/v1/people", person).body.get("name", "")

    def pending() -> str:
        people = norfolk.api.get("/v1/people", organisation=norfolk.organisation, state="PENDING")
        found = [each["name"] for each in people["people"] if each["displayName"] == "Joan Joiner"]
        assert found, people.body
        return str(found[0])

    name = eventually(pending)
    assert norfolk.api.post(f"/v1/{name}:approve")["state"] == "ACTIVE"
    eventually(lambda: _some(region.mails_to(email)))


def test_no_is_said_with_a_reason_that_is_kept(
    region: RunningRegion, world: World, norfolk: Member, suffolk: Member
) -> None:
    notice = world.publish(norfolk)
    interest = suffolk.api.post(f"/v1/{notice}/interests", {"message": "We could host."})["name"]

    norfolk.api.post(f"/v1/{interest}:decline", {"reason": "It is too far for her."})

    assert suffolk.api.get(f"/v1/{interest}")["declineReason"] == "It is too far for her."
    eventually(lambda: _told(suffolk, "interest-declined", interest))


def test_an_interest_is_taken_back_and_the_other_side_hears(
    world: World, norfolk: Member, suffolk: Member
) -> None:
    notice = world.publish(norfolk)
    interest = suffolk.api.post(f"/v1/{notice}/interests", {"message": "We could host."})["name"]

    suffolk.api.post(f"/v1/{interest}:withdraw")

    eventually(lambda: _told(norfolk, "interest-withdrawn", interest))


def test_who_was_not_chosen_is_told_when_a_notice_is_filled(
    world: World, norfolk: Member, suffolk: Member
) -> None:
    notice = world.publish(norfolk)
    interest = suffolk.api.post(f"/v1/{notice}/interests", {"message": "We could host."})["name"]

    norfolk.api.post(f"/v1/{notice}:close", {"reason": "FILLED"})

    eventually(lambda: _told(suffolk, "interest-not-chosen", interest))
    copy = norfolk.api.post(f"/v1/{notice}:copy")
    assert (copy["state"], copy["copiedFrom"]) == ("DRAFT", notice)


def test_a_mail_program_unsubscribes_for_its_reader_with_one_click(
    region: RunningRegion, world: World, norfolk: Member
) -> None:
    reader = world.member(norfolk.organisation, "Una Subscribed")
    request = reader.api.post("/v1/requests", {"title": "Learn to sail", "body": "At sea."})
    norfolk.api.post(f"/v1/{request['name']}:decline", {"reason": "We have no boats."})

    def header() -> str:
        told = [mail["List-Unsubscribe"] for mail in region.mails_to(reader.email)]
        assert any(told), told
        return str(next(each for each in told if each))

    url = eventually(header).strip("<>")
    # As RFC 8058 has it: a form, sent by whoever reads the mail, who is signed in nowhere.
    answer = requests.post(url, data={"List-Unsubscribe": "One-Click"}, timeout=10)

    assert answer.status_code == 204, answer.text
    assert reader.api.get(f"/v1/{reader.name}/preferences")["frequency"] == "OFF"


def test_a_withdrawn_notice_is_found_no_more(world: World, norfolk: Member) -> None:
    notice = world.publish(norfolk, title="Quokka keeper wanted")
    eventually(lambda: _is_found(world, "quokka", notice))

    norfolk.api.post(f"/v1/{notice}:withdraw", {"reason": "No longer needed"})

    eventually(lambda: _is_found_no_more(world, "quokka", notice))
    assert world.visitor.call("GET", f"/v1/{notice}").status == 404
    eventually(lambda: _recorded(world, notice, (norfolk.name, "notice.withdraw")))


def test_a_manager_leaves_and_the_successor_answers(world: World) -> None:
    organisation = world.organisation("Handing Over")
    leaving = world.manager(organisation, "Leah Leaving")
    successor = world.manager(organisation, "Suki Successor")
    notice = world.publish(leaving)
    appointments = world.visitor.get(f"/v1/{organisation}/managers")["managers"]
    (appointment,) = [each["name"] for each in appointments if each["person"] == leaving.name]

    leaving.api.post(f"/v1/{appointment}:stepDown", {"successor": successor.name})

    def handed_over() -> None:
        assert successor.api.get(f"/v1/{notice}")["manager"] == successor.name

    eventually(handed_over)
    again = world.visitor.sign_in(leaving.email, PASSWORD)
    assert again.call("POST", f"/v1/{notice}:withdraw", {}).status in (403, 404)


def test_a_change_of_employer_keeps_the_record(
    world: World, norfolk: Member, suffolk: Member
) -> None:
    person = world.member(norfolk.organisation, "Moira Mover")

    moved = world.operator.post(
        f"/v1/{person.name}:changeEmployer",
        {"organisation": suffolk.organisation, "jobTitle": "Planner"},
    )

    assert moved["organisation"] == suffolk.organisation
    employers = [
        each["organisation"] for each in person.api.get(f"/v1/{person.name}")["employments"]
    ]
    assert set(employers) == {norfolk.organisation, suffolk.organisation}


def test_a_person_takes_their_data_and_goes(
    region: RunningRegion, world: World, norfolk: Member, suffolk: Member
) -> None:
    person = world.member(norfolk.organisation, "Erin Erasable")
    request = {"title": "A mentor", "body": "For data.", "consent": CONSENT}
    person.api.post("/v1/requests", request)
    eventually(lambda: _some(norfolk.api.get("/v1/messages", pageSize=100)["messages"]))

    export = person.api.get(f"/v1/{person.name}:export")
    part = person.api.get(f"/v1/{person.name}:exportParticipation")
    person.api.get(f"/v1/{person.name}:exportMessages")
    person.api.delete(f"/v1/{person.name}")

    assert export["person"]["email"] == person.email
    assert [each["title"] for each in part["requests"]] == ["A mentor"]
    refused = world.visitor.call(
        "POST", "/v1/sessions", {"email": person.email, "password": PASSWORD}
    )
    assert refused.status == 401

    def erased() -> None:
        for database in region.data.glob("*.db*"):
            content = database.read_bytes()
            assert b"Erin Erasable" not in content or database.name.startswith("identity"), database
        left = world.operator.call("GET", f"/v1/{person.name}:exportParticipation")
        assert left.status == 404 or not left.body.get("requests")

    eventually(erased)


def _told(member: Member, template: str, about: str) -> None:
    messages = member.api.get("/v1/messages", pageSize=100)["messages"]
    seen = [(each["template"], each["about"]) for each in messages]
    assert (template, about) in seen, seen


def _is_found(world: World, word: str, name: str) -> None:
    """First: what means about the same comes after what says the word."""
    assert _found(world, word)[:1] == [name]


def _is_found_no_more(world: World, word: str, name: str) -> None:
    assert name not in _found(world, word)


def _found(world: World, word: str) -> list[str]:
    answer = world.visitor.get("/v1/notices:search", query=word)
    return [notice["name"] for notice in answer["notices"]]


def _some(found: list[object]) -> None:
    assert found


def _recorded(world: World, subject: str, act: tuple[str, str]) -> None:
    entries = world.operator.get("/v1/auditEntries", subject=subject)["auditEntries"]
    assert act in [(each["actor"], each["action"]) for each in entries]
