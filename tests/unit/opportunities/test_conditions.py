"""What must be so before anybody is matched with a notice: levels, checks, places."""

from __future__ import annotations

import pytest
from interchange.common.v1.types_pb2 import ENHANCED, SkillLevel
from interchange.opportunities.v1 import events_pb2 as events
from interchange.opportunities.v1 import notices_pb2 as pb

from chassis.errors import FailedPrecondition, InvalidArgument
from tests.support.outbox import announced
from tests.unit.opportunities.conftest import CONSENT, VISITOR, Place

LEVEL = SkillLevel(skill="case-work", level=4)
CONDITIONS = pb.Conditions(
    skill_levels=[LEVEL], vetting_needed=ENHANCED, places=1, new_partners_only=True
)


def update(place: Place, notice: pb.Notice, **fields: object) -> pb.Notice:
    message = pb.Notice(name=notice.name, **fields)  # type: ignore[arg-type]  # a test's short form
    request = pb.UpdateNoticeRequest(notice=message)
    return place.ask(place.norfolk_manager, place.notices.UpdateNotice, request)


def test_conditions_are_public_and_go_with_a_copy(place: Place) -> None:
    notice = place.publish(skills=["case-work"], conditions=CONDITIONS)
    request = pb.CopyNoticeRequest(name=notice.name)

    copy = place.ask(place.norfolk_manager, place.notices.CopyNotice, request)

    assert place.get(VISITOR, notice.name).conditions == CONDITIONS == copy.conditions
    (event,) = announced(place.database, events.NoticePublished)
    assert event.notice.conditions == CONDITIONS


def test_a_level_is_of_a_skill_that_the_notice_names_once(place: Place) -> None:
    for levels, reason in (([LEVEL], "LEVEL_WITHOUT_SKILL"), ([LEVEL, LEVEL], "SKILL_TWICE")):
        with pytest.raises(InvalidArgument, match=reason):
            place.draft(skills=["budgets"], conditions=pb.Conditions(skill_levels=levels))


def test_no_more_interests_are_accepted_than_there_are_places(place: Place) -> None:
    notice = place.publish(conditions=pb.Conditions(places=1))
    first = place.propose(notice, participant=place.host.person, consent=CONSENT)
    second = place.propose(notice)
    for each in (first, second):
        place.endorse(place.norfolk_manager, each)

    place.accept(place.norfolk_manager, second)

    (event,) = announced(place.database, events.NoticeRevised)
    assert (event.notice.places_taken, place.get(VISITOR, notice.name).places_taken) == (1, 1)
    with pytest.raises(FailedPrecondition, match="NO_PLACE_LEFT"):
        place.accept(place.norfolk_manager, first)


def test_there_are_not_fewer_places_than_are_given(place: Place) -> None:
    notice = place.publish(conditions=pb.Conditions(places=2))
    for participant in ("", place.host.person):
        consent = CONSENT if participant else None
        interest = place.propose(notice, participant=participant, consent=consent)
        place.endorse(place.norfolk_manager, interest)
        place.accept(place.norfolk_manager, interest)

    with pytest.raises(InvalidArgument, match="PLACES_TAKEN"):
        update(place, notice, conditions=pb.Conditions(places=1))

    assert update(place, notice, conditions=pb.Conditions(places=3)).conditions.places == 3
