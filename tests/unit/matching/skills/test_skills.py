"""The framework of skills: found, proposed, added to, and still there without its files."""

from __future__ import annotations

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from interchange.matching.v1 import events_pb2 as events
from interchange.matching.v1 import skills_pb2 as pb

from chassis.errors import Aborted, AlreadyExists, FailedPrecondition, InvalidArgument, NotFound
from services.matching.skills.esco import ATTRIBUTION
from tests.support.outbox import announced
from tests.unit.matching.conftest import NO_CONTEXT
from tests.unit.matching.skills.conftest import Shelf, as_operator

Quality = pb.ProposeSkillsResponse.Quality


def test_a_skill_of_esco_is_shown_with_its_source(shelf: Shelf) -> None:
    found = shelf.get("manage-budgets")

    assert found.label == "manage budgets"
    assert found.source == pb.Skill.ESCO
    assert found.uri.startswith("http://data.europa.eu/esco/skill/")
    assert found.attribution == ATTRIBUTION
    assert found.description


def test_an_id_made_of_another_label_finds_the_skill(shelf: Shelf) -> None:
    assert shelf.get("handle-operational-budgets").name == "skills/manage-budgets"
    with pytest.raises(NotFound):
        shelf.get("no-such-thing-at-all")
    with pytest.raises(InvalidArgument):
        shelf.service.GetSkill(pb.GetSkillRequest(name="people/1"), NO_CONTEXT)


def test_what_a_text_asks_for_is_proposed_with_the_piece_that_says_so(shelf: Shelf) -> None:
    text = "We look for somebody who can manage budgets, and speaks Welsh with residents."

    answer = shelf.propose(text)

    labels = [each.skill.label for each in answer.skills]
    assert labels[0] == "manage budgets"
    assert "Welsh" in labels
    assert answer.skills[0].evidence in text
    assert answer.quality == Quality.STATIC_VECTORS
    assert answer.attribution == ATTRIBUTION
    scores = [each.score for each in answer.skills]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1 for score in scores)


def test_what_is_typed_finds_the_beginnings_of_words(shelf: Shelf) -> None:
    assert "manage budgets" in shelf.search("manag budg")
    assert shelf.search("budg")


@pytest.mark.parametrize(
    "text", ["budget " * 1400, "\u202e\u0000\u0007 ", '"): OR +label:* AND (', "ŵ ỳ 人"]
)
def test_no_text_is_too_odd(shelf: Shelf, text: str) -> None:
    assert len(shelf.propose(text[:10_000]).skills) <= 10


def test_skills_are_listed_page_by_page(shelf: Shelf) -> None:
    found: list[str] = []
    token = ""
    for _ in range(3):
        request = pb.ListSkillsRequest(page_size=2, page_token=token)
        page = shelf.service.ListSkills(request, NO_CONTEXT)
        found += [each.name for each in page.skills]
        token = page.next_page_token

    assert found == sorted(set(found))
    with pytest.raises(InvalidArgument, match="BAD_PAGE_TOKEN"):
        shelf.service.ListSkills(pb.ListSkillsRequest(page_token="x"), NO_CONTEXT)


def test_what_an_operator_adds_is_found_at_once_and_announced(shelf: Shelf) -> None:
    shelf.propose("warm the framework up")

    made = shelf.add("housing options", welsh_label="opsiynau tai")

    assert made.name == "skills/housing-options"
    assert made.source == pb.Skill.LOCAL
    assert shelf.propose("advice on housing options").skills[0].skill.name == made.name
    assert shelf.get("opsiynau-tai").name == made.name
    assert shelf.audit.entries == [("skill.create", "skills/housing-options")]
    assert announced(shelf.database, events.SkillAdded) == [events.SkillAdded(skill=made)]


def test_a_skill_is_added_once(shelf: Shelf) -> None:
    shelf.add("housing options")

    for label in ("Housing options", "manage budgets"):
        with pytest.raises(AlreadyExists, match="SKILL_EXISTS"):
            shelf.add(label)
    with pytest.raises(InvalidArgument, match="BAD_LABEL"):
        shelf.add("人人")


def test_own_skills_change_and_keep_their_ids(shelf: Shelf) -> None:
    made = shelf.add("housing options")
    request = pb.UpdateSkillRequest(
        skill=pb.Skill(name=made.name, label="housing advice", etag=made.etag),
        update_mask=FieldMask(paths=["label"]),
    )

    with as_operator():
        revised = shelf.service.UpdateSkill(request, NO_CONTEXT)

        assert (revised.name, revised.label) == (made.name, "housing advice")
        assert shelf.get("housing-advice").name == made.name
        with pytest.raises(Aborted):
            shelf.service.UpdateSkill(request, NO_CONTEXT)


def test_a_retired_skill_is_not_proposed_but_still_there(shelf: Shelf) -> None:
    made = shelf.add("housing options")
    with as_operator():
        shelf.service.RetireSkill(pb.RetireSkillRequest(name=made.name), NO_CONTEXT)

        proposed = [each.skill.name for each in shelf.propose("housing options").skills]
        assert made.name not in proposed
        assert shelf.get("housing-options").HasField("retire_time")
        with pytest.raises(FailedPrecondition, match="RETIRED"):
            shelf.service.RetireSkill(pb.RetireSkillRequest(name=made.name), NO_CONTEXT)


def test_escos_own_are_not_changed_here(shelf: Shelf) -> None:
    with as_operator(), pytest.raises(FailedPrecondition, match="NOT_OURS"):
        request = pb.RetireSkillRequest(name="skills/manage-budgets")
        shelf.service.RetireSkill(request, NO_CONTEXT)


def test_without_the_files_own_skills_are_proposed_by_their_words(bare_shelf: Shelf) -> None:
    bare_shelf.add("housing options")

    answer = bare_shelf.propose("somebody for our housing options team")

    assert [each.skill.label for each in answer.skills] == ["housing options"]
    assert answer.quality == Quality.WORDS_ONLY
    assert not answer.attribution
