"""Which notices are suggested for one, to whom."""

from __future__ import annotations

import pytest
from interchange.opportunities.v1 import notices_pb2

from chassis.auth import Principal
from chassis.errors import InvalidArgument, NotFound
from tests.unit.matching.conftest import ESSEX, NORFOLK, SUFFOLK, VISITOR, Desk

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
