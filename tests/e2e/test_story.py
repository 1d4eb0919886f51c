"""The story of the first release: from an opportunity wanted to an exchange agreed and completed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.e2e.conftest import RunningRegion
from tests.support.api import Answer
from tests.support.waiting import eventually
from tests.support.world import CONSENT, Member, World

TERMS = {
    "startDate": "2027-02-01",
    "endDate": "2027-02-26",
    "daysPerWeek": 2,
    "attendance": "IN_PERSON",
    "place": {"label": "Ipswich", "latitude": 52.06, "longitude": 1.16},
    "payer": "HOME",
    "paymentNote": "Norfolk pays the travel.",
    "objectives": ["See first interviews and write a personal housing plan"],
    "cover": "The strategy team shares her desk.",
}


class Story:
    """The people of the story and what they have made so far."""

    def __init__(self, world: World) -> None:
        self.world = world
        norfolk = world.organisation(
            f"Norfolk {world.suffix}",
            place={"label": "Norwich", "latitude": 52.61, "longitude": 1.31},
        )
        suffolk = world.organisation(
            f"Suffolk {world.suffix}",
            place={"label": "Ipswich", "latitude": 52.06, "longitude": 1.16},
        )
        self.norfolk_manager = world.manager(norfolk, "Hazel Thirtlewood")
        self.suffolk_manager = world.manager(suffolk, "Imran Quantrillo")
        self.officer = world.member(
            norfolk, "Priya Lartersworth", jobTitle="Housing strategy officer"
        )
        self.host = world.member(
            suffolk, "Gareth Peggington", jobTitle="Housing options team leader"
        )
        self.traces: list[str] = []

    @property
    def everyone(self) -> list[Member]:
        return [self.norfolk_manager, self.suffolk_manager, self.officer, self.host]

    def secrets(self) -> list[str]:
        """What must not be seen before the introduction: names and addresses of the two people."""
        return [
            text for each in (self.officer, self.host) for text in (each.display_name, each.email)
        ]


@pytest.fixture(scope="module")
def story(region: RunningRegion) -> Iterator[Story]:
    yield Story(region.world("story"))


def test_from_an_opportunity_wanted_to_an_exchange_agreed(
    region: RunningRegion, story: Story
) -> None:
    figures_before = story.world.visitor.get("/v1/figures")

    wanted, needed = _post_notices(story)
    _both_managers_see_the_other_suggested(story, wanted, needed)
    _nobody_is_named_in_public(region, story, wanted, needed)
    interest = _propose_endorse_accept(region, story, wanted)
    exchange = _agree(story, interest)
    _start_and_complete(story, exchange)

    _everyone_was_told(region, story)
    _figures_moved(story, figures_before)
    _every_step_is_one_trace(region, story)
    _no_name_in_events_logs_or_spans(region, story)


def _post_notices(story: Story) -> tuple[str, str]:
    ask = {
        "title": "See how a district runs housing options",
        "body": "I would like to learn how first interviews are done.",
        "format": "WORK_SHADOWING",
        "themes": ["housing"],
        "skills": ["housing-options"],
        "consent": CONSENT,
    }
    request = story.officer.api.post("/v1/requests", ask)["name"]
    drafted = story.norfolk_manager.api.post(
        f"/v1/{request}:draftNotice",
        {"notice": {"title": "Work shadowing wanted in housing options"}},
    )
    wanted = str(drafted["name"])
    assert drafted["beneficiary"] == story.officer.name
    story.norfolk_manager.api.post(f"/v1/{wanted}:submit")
    published = story.norfolk_manager.api.post(f"/v1/{wanted}:publish")
    story.traces.append(published.trace_id)
    assert published["state"] == "PUBLISHED"
    assert story.officer.api.get(f"/v1/{request}")["notice"] == wanted
    needed = story.world.publish(
        story.suffolk_manager,
        kind="NEEDED",
        title="Housing strategy experience needed in our housing-options team",
        body="We would gain from somebody who knows housing strategy while they see our housing-options service.",
    )
    return wanted, needed


def _both_managers_see_the_other_suggested(story: Story, wanted: str, needed: str) -> None:
    for manager, own, other in (
        (story.norfolk_manager, wanted, needed),
        (story.suffolk_manager, needed, wanted),
    ):

        def suggested(manager: Member = manager, own: str = own, other: str = other) -> None:
            suggestions = manager.api.get(f"/v1/{own}:suggest")["suggestions"]
            found = [each for each in suggestions if each["notice"]["name"] == other]
            assert found, suggestions
            assert all(reason["text"] for reason in found[0]["reasons"])
            assert found[0]["score"] == pytest.approx(
                sum(r["contribution"] for r in found[0]["reasons"])
            )

        eventually(suggested)


def _nobody_is_named_in_public(
    region: RunningRegion, story: Story, wanted: str, needed: str
) -> None:
    views = [
        story.world.visitor.get(f"/v1/{wanted}"),
        story.world.visitor.get("/v1/notices", pageSize=100),
        story.world.visitor.get("/v1/notices:search", query="housing options"),
        story.suffolk_manager.api.get(f"/v1/{wanted}"),
        story.suffolk_manager.api.get(f"/v1/{needed}:suggest"),
    ]
    for view in views:
        assert story.officer.name not in str(view.body)
        assert not [secret for secret in story.secrets() if secret in str(view.body)]
    assert not views[0].body.get("beneficiary") and not views[0].body.get("author")


def _propose_endorse_accept(region: RunningRegion, story: Story, wanted: str) -> str:
    proposed = story.suffolk_manager.api.post(
        f"/v1/{wanted}/interests",
        {
            "participant": story.host.name,
            "consent": CONSENT,
            "message": "We would be glad to host.",
        },
    )
    interest = str(proposed["name"])
    assert proposed["state"] == "PROPOSED"
    story.traces.append(proposed.trace_id)
    theirs = story.norfolk_manager.api.get(f"/v1/{interest}")
    assert not theirs.body.get("participant")
    early = story.suffolk_manager.api.call("GET", f"/v1/{interest}/introduction")
    assert early.status in (400, 404, 409), early.body

    too_early = story.norfolk_manager.api.call("POST", f"/v1/{interest}:accept", {})
    assert too_early["reason"] == "NOT_ENDORSED"
    story.traces.append(story.norfolk_manager.api.post(f"/v1/{interest}:endorse").trace_id)
    _no_name_in_events_logs_or_spans(region, story)
    accepted = story.norfolk_manager.api.post(f"/v1/{interest}:accept")
    story.traces.append(accepted.trace_id)

    assert accepted["state"] == "ACCEPTED"
    for member in story.everyone:
        parties = member.api.get(f"/v1/{interest}/introduction")["parties"]
        names = {party["displayName"] for party in parties}
        assert {story.officer.display_name, story.host.display_name} <= names
    stranger = story.world.visitor.call("GET", f"/v1/{interest}/introduction")
    assert stranger.status == 401
    return interest


def _agree(story: Story, interest: str) -> str:
    exchange = str(story.norfolk_manager.api.get(f"/v1/{interest}")["exchange"])
    unsettled = story.norfolk_manager.api.call("POST", f"/v1/{exchange}:sign", {})
    assert unsettled["reason"] == "TERMS_INCOMPLETE"
    settled = story.suffolk_manager.api.patch(f"/v1/{exchange}", TERMS)
    assert settled["hostOrganisation"] == story.suffolk_manager.organisation
    for member in story.everyone:
        signed = member.api.post(
            f"/v1/{exchange}:sign", {"etag": member.api.get(f"/v1/{exchange}")["etag"]}
        )
        story.traces.append(signed.trace_id)
    assert signed["state"] == "AGREED"
    assert len([each for each in signed["signatories"] if each["signTime"]]) == 4
    return exchange


def _start_and_complete(story: Story, exchange: str) -> None:
    story.traces.append(story.suffolk_manager.api.post(f"/v1/{exchange}:start").trace_id)
    story.traces.append(story.norfolk_manager.api.post(f"/v1/{exchange}:complete").trace_id)
    for member in (story.officer, story.host):
        said = member.api.post(
            f"/v1/{exchange}:giveFeedback", {"rating": 5, "text": "Time well spent."}
        )
        story.traces.append(said.trace_id)
    assert len(story.norfolk_manager.api.get(f"/v1/{exchange}")["feedback"]) == 2


def _everyone_was_told(region: RunningRegion, story: Story) -> None:
    def told() -> None:
        for member in story.everyone:
            inbox = member.api.get("/v1/messages", pageSize=100)["messages"]
            templates = {message["template"] for message in inbox}
            assert {"interest-accepted", "exchange-agreed", "exchange-completed"} <= templates, (
                templates
            )
            # What was dealt with before its mail went out is not asked for by mail any more, and who joins
            # has not confirmed an address yet.
            mailed = Counter(
                each["subject"]
                for each in inbox
                if "settleTime" not in each and each["template"] != "person-joined"
            )
            # A long subject is folded, and begins with a space then.
            mails = Counter(str(each["subject"]).strip() for each in region.mails_to(member.email))
            assert not mailed - mails, member.display_name

    eventually(told, timeout_s=20)


def _figures_moved(story: Story, before: Answer) -> None:
    def moved() -> None:
        after = story.world.visitor.get("/v1/figures")
        assert after["notices"] >= before["notices"] + 2
        assert after["exchangesCompleted"] >= before["exchangesCompleted"] + 1
        assert 0 < after["committedShare"] <= 1

    eventually(moved, timeout_s=15)  # counted every five seconds


def _every_step_is_one_trace(region: RunningRegion, story: Story) -> None:
    needed = {"gateway", "opportunities", "notifications"}
    for trace_id in story.traces:
        region.expect_whole_trace(trace_id, through=needed)
    region.expect_whole_trace(story.traces[0], through=needed | {"matching"})


def _no_name_in_events_logs_or_spans(region: RunningRegion, story: Story) -> None:
    for where, text in region.everything_written():
        found = [secret for secret in story.secrets() if secret in text]
        assert not found, f"{where} holds {found}"
