"""Which notices are suggested for one, to whom."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from interchange.common.v1.types_pb2 import BASIC, ENHANCED, EXECUTIVE, FRONT_LINE, SkillLevel
from interchange.identity.v1.events_pb2 import (
    ManagerAppointed,
    ManagerSteppedDown,
    OrganisationRevised,
)
from interchange.identity.v1.organisations_pb2 import Organisation
from interchange.matching.v1 import matching_pb2 as pb
from interchange.matching.v1.events_pb2 import SuggestionDismissed
from interchange.opportunities.v1 import notices_pb2
from interchange.opportunities.v1.events_pb2 import ExchangeAgreed, ExchangeFacts, NoticeRevised

from chassis.auth import Principal, acting_as
from chassis.clock import now
from chassis.errors import InvalidArgument, NotFound, PermissionDenied
from services.matching.skills.framework import Esco, Framework
from services.matching.suggestions.answering import Suggestions
from services.matching.taking import take_notices
from services.matching.text.artefacts import FOLDER
from services.matching.text.encoder import StaticVectors
from tests.conftest import Databases
from tests.support.outbox import announced, everything_announced
from tests.unit.matching.conftest import (
    ESSEX,
    NORFOLK,
    NORFOLK_MANAGER,
    SUFFOLK,
    VISITOR,
    Desk,
    Noted,
    a_follower,
    a_notice,
)

THETFORD = "organisations/0198f6c2-0000-7000-8000-00000000000a"
HOUSING = {"themes": ["housing"], "skills": ["housing-options"]}


def test_what_is_wanted_meets_what_is_needed_and_offered_elsewhere(desk: Desk) -> None:
    wanted = desk.publish(**HOUSING)
    needed = desk.publish(kind=notices_pb2.NEEDED, organisation=SUFFOLK, **HOUSING)
    offered = desk.publish(kind=notices_pb2.OFFERED, organisation=ESSEX, themes=["housing"])
    desk.publish(kind=notices_pb2.WANTED, organisation=SUFFOLK, **HOUSING)
    desk.publish(kind=notices_pb2.NEEDED, organisation=NORFOLK, **HOUSING)

    suggestions = desk.suggest(wanted).suggestions

    assert [each.notice.name for each in suggestions] == [needed.name, offered.name]
    for each in suggestions:
        assert each.score == pytest.approx(sum(reason.contribution for reason in each.reasons))
        assert all(reason.text for reason in each.reasons)


def test_what_the_index_has_not_written_yet_is_given_suggestions(desk: Desk) -> None:
    needed = desk.publish(kind=notices_pb2.NEEDED, organisation=SUFFOLK, **HOUSING)
    desk.follower._soon_s = 60.0
    wanted = desk.publish(**HOUSING)

    assert [each.notice.name for each in desk.suggest(wanted).suggestions] == [needed.name]


def test_what_has_nothing_in_common_is_not_suggested(desk: Desk) -> None:
    wanted = desk.publish(title="See how allotments are run", themes=["parks"])
    desk.publish(
        kind=notices_pb2.NEEDED, organisation=SUFFOLK, title="Payroll expert", themes=["finance"]
    )

    assert not desk.suggest(wanted).suggestions


def test_suggestions_are_for_the_notices_own_managers(desk: Desk) -> None:
    wanted = desk.publish(**HOUSING)
    other_manager = Principal(person="people/4", organisation=SUFFOLK, manages=frozenset({SUFFOLK}))

    for who in (VISITOR, other_manager):
        with pytest.raises(NotFound):
            desk.suggest(wanted, who)

    operator = Principal(person="people/5", roles=frozenset({"operator"}))
    assert not desk.suggest(wanted, operator).suggestions


def test_others_inner_notices_are_not_suggested(desk: Desk) -> None:
    wanted = desk.publish(**HOUSING)
    desk.publish(
        kind=notices_pb2.NEEDED,
        organisation=SUFFOLK,
        visibility=notices_pb2.ORGANISATION,
        **HOUSING,
    )

    assert not desk.suggest(wanted).suggestions


def test_pages_hold_each_suggestion_once(desk: Desk) -> None:
    wanted = desk.publish(**HOUSING)
    for _ in range(5):
        desk.publish(kind=notices_pb2.NEEDED, organisation=SUFFOLK, **HOUSING)
    found: list[str] = []
    token = ""

    for _ in range(3):
        page = desk.suggest(wanted, page_size=2, page_token=token)
        found += [each.notice.name for each in page.suggestions]
        token = page.next_page_token

    assert not token
    assert len(set(found)) == len(found) == 5
    with pytest.raises(InvalidArgument, match="BAD_PAGE_TOKEN"):
        desk.suggest(wanted, page_token="x" * 20)


def test_an_organisation_sees_what_meets_any_of_its_notices_once(desk: Desk) -> None:
    first, second = desk.publish(**HOUSING), desk.publish(**HOUSING)
    other = desk.publish(kind=notices_pb2.NEEDED, organisation=SUFFOLK, **HOUSING)

    found = desk.suggest_for_organisation(NORFOLK).suggestions

    assert [each.notice.name for each in found] == [other.name]
    assert found[0].for_notice in (first.name, second.name)
    with pytest.raises(PermissionDenied, match="NOT_ITS_MANAGER"):
        desk.suggest_for_organisation(SUFFOLK)


def test_a_profile_meets_what_is_offered_by_wants_and_what_is_needed_by_skills(desk: Desk) -> None:
    offered = desk.publish(
        kind=notices_pb2.OFFERED, organisation=SUFFOLK, themes=[], skills=["data-analysis"]
    )
    needed = desk.publish(
        kind=notices_pb2.NEEDED, organisation=ESSEX, themes=[], skills=["case-work"]
    )
    desk.publish(kind=notices_pb2.OFFERED, organisation=ESSEX, themes=[], skills=["case-work"])

    found = desk.suggest_for_profile(has=["case-work"], wants=["data-analysis"]).suggestions

    assert {each.notice.name for each in found} == {offered.name, needed.name}
    with pytest.raises(PermissionDenied, match="NOT_YOURS"):
        desk.suggest_for_profile(organisation=SUFFOLK, has=["case-work"])


def test_reasons_come_in_welsh(desk: Desk) -> None:
    wanted = desk.publish(**HOUSING)
    desk.publish(kind=notices_pb2.NEEDED, organisation=SUFFOLK, **HOUSING)

    (found,) = desk.suggest(wanted, language="cy").suggestions

    assert "Mae’r ddau’n enwi housing options" in [each.text for each in found.reasons]


def test_what_is_excluded_is_listed_with_every_reason(desk: Desk) -> None:
    wanted = desk.publish(end_date="2027-03-31", grade_bands=[FRONT_LINE], **HOUSING)
    other = desk.publish(
        kind=notices_pb2.NEEDED,
        organisation=SUFFOLK,
        start_date="2027-06-01",
        grade_bands=[EXECUTIVE],
        **HOUSING,
    )

    assert not desk.suggest(wanted).suggestions
    (found,) = desk.excluded(wanted).excluded

    assert found.notice.name == other.name
    assert {each.code for each in found.rules} == {"DATES_DO_NOT_MEET", "GRADE_GAP"}
    assert all(each.text for each in found.rules)


def test_not_this_one_is_remembered_audited_and_taken_back(desk: Desk) -> None:
    wanted = desk.publish(**HOUSING)
    other = desk.publish(kind=notices_pb2.NEEDED, organisation=SUFFOLK, **HOUSING)

    made = desk.dismiss(wanted, other, reason=pb.NOT_RELEVANT, note="It is about rents.")

    assert made.note == "It is about rents."
    assert not desk.suggest(wanted).suggestions
    (found,) = desk.excluded(wanted).excluded
    assert [each.code for each in found.rules] == ["DISMISSED"]
    assert desk.audit.entries == [("suggestion.dismiss", wanted.name)]
    (event,) = announced(desk.database, SuggestionDismissed)
    assert (event.notice, event.other) == (wanted.name, other.name)
    assert b"rents" not in everything_announced(desk.database)

    desk.restore(wanted, other)

    assert len(desk.suggest(wanted).suggestions) == 1
    with pytest.raises(NotFound, match="NOT_DISMISSED"):
        desk.restore(wanted, other)


def test_a_whole_organisation_is_kept_from_all_of_ones_notices(desk: Desk) -> None:
    wanted, also = desk.publish(**HOUSING), desk.publish(**HOUSING)
    other = desk.publish(kind=notices_pb2.NEEDED, organisation=SUFFOLK, **HOUSING)

    desk.dismiss(wanted, other, reason=pb.CONFLICT_OF_INTEREST, whole_organisation=True)

    assert not desk.suggest(also).suggestions


def test_no_explanation_says_who_somebody_is(desk: Desk) -> None:
    people = {"author": "people/7", "manager": "people/8", "beneficiary": "people/9"}
    wanted = desk.publish(**HOUSING)
    desk.publish(kind=notices_pb2.NEEDED, organisation=SUFFOLK, **HOUSING, **people)

    answer = desk.suggest(wanted)
    for each in answer.suggestions:
        each.ClearField("notice")  # is as the public sees it, which opportunities sees to

    assert b"people/" not in answer.SerializeToString()


def test_who_somebody_is_changes_no_score(desk: Desk) -> None:
    wanted = desk.publish(beneficiary="people/7", **HOUSING)
    desk.publish(kind=notices_pb2.NEEDED, organisation=SUFFOLK, **HOUSING)
    before = desk.suggest(wanted).suggestions[0].score

    wanted.beneficiary, wanted.version = "people/8", wanted.version + 1
    desk.hear(NoticeRevised(notice=wanted))

    assert desk.suggest(wanted).suggestions[0].score == before


def test_what_is_meant_alike_is_found_without_a_shared_word_or_subject(
    databases: Databases, tmp_path: Path
) -> None:
    static = StaticVectors(FOLDER)
    database = databases("matching")
    follower = a_follower(database, tmp_path, lambda: static)
    follower.understanding.load()
    with database.begin() as session:
        wanted = a_notice(title="Learn to budget", body="Budgets, finance and spending.", themes=[])
        other = a_notice(
            title="Financial budgeting",
            body="Financing, budgeting, expenditure.",
            kind=notices_pb2.NEEDED,
            organisation=SUFFOLK,
            themes=[],
        )
        take_notices(session, [wanted, other], at=now())
    follower.follow()
    while follower.understanding.step():
        pass
    framework = Framework(database, Esco(tmp_path / "no-model", lambda: None))
    suggestions = Suggestions(database, follower, framework, Noted())

    with acting_as(NORFOLK_MANAGER):
        (found,) = suggestions.for_notice(pb.SuggestNoticesRequest(name=wanted.name)).suggestions

    assert found.notice.name == other.name
    assert "SIMILAR_TEXTS" in [each.code for each in found.reasons]
    follower.stop()


def test_what_is_known_of_organisations_keeps_them_apart(desk: Desk) -> None:
    wanted = desk.publish(conditions=notices_pb2.Conditions(new_partners_only=True), **HOUSING)
    for organisation in (SUFFOLK, ESSEX, THETFORD):
        desk.publish(kind=notices_pb2.NEEDED, organisation=organisation, **HOUSING)
    exchange = ExchangeFacts(host_organisation=SUFFOLK, visiting_organisation=NORFOLK)
    gone = {"manager": f"{ESSEX}/managers/1", "organisation": ESSEX, "person": "people/7"}

    desk.hear(
        ExchangeAgreed(exchange=exchange),
        OrganisationRevised(
            organisation=Organisation(
                name=THETFORD, display_name="Thetford", parent=NORFOLK, version=2
            )
        ),
        ManagerSteppedDown(**gone),
        ManagerAppointed(**gone),  # which comes late
    )

    assert not desk.suggest(wanted).suggestions
    found = {
        each.notice.organisation: each.rules[0].code for each in desk.excluded(wanted).excluded
    }
    assert found == {SUFFOLK: "PAST_PARTNER", ESSEX: "NOBODY_TO_ENDORSE", THETFORD: "SAME_GROUP"}

    desk.hear(ManagerAppointed(**{**gone, "manager": f"{ESSEX}/managers/2"}))

    assert [each.notice.organisation for each in desk.suggest(wanted).suggestions] == [ESSEX]


def test_a_notice_whose_places_are_given_and_a_check_that_is_missing_are_said(desk: Desk) -> None:
    wanted = desk.publish(conditions=notices_pb2.Conditions(vetting_held=BASIC), **HOUSING)
    desk.publish(
        kind=notices_pb2.OFFERED,
        organisation=SUFFOLK,
        conditions=notices_pb2.Conditions(places=1, vetting_needed=ENHANCED),
        places_taken=1,
        **HOUSING,
    )

    (found,) = desk.excluded(wanted).excluded

    assert {each.code for each in found.rules} == {"NO_PLACE_LEFT", "VETTING_MISSING"}


def test_levels_count_and_are_in_the_answer(desk: Desk) -> None:
    level = partial(SkillLevel, skill="housing-options")
    desk.publish(
        kind=notices_pb2.OFFERED,
        organisation=SUFFOLK,
        themes=[],
        skills=["housing-options"],
        conditions=notices_pb2.Conditions(skill_levels=[level(level=2)]),
    )
    wants = {"wants": ["housing-options"]}

    (plain,) = desk.suggest_for_profile(**wants).suggestions
    (short,) = desk.suggest_for_profile(**wants, wants_levels=[level(level=4)]).suggestions

    assert short.score < plain.score
    (shared,) = short.shared_levels
    assert (shared.skill, shared.own, shared.other) == ("housing-options", 4, 2)
