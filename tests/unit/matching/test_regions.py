"""Notices of partner regions among our own: found, counted, marked, and left out when they should be."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from interchange.federation.v1.partners_pb2 import Partner
from interchange.opportunities.v1 import events_pb2 as events
from interchange.opportunities.v1 import notices_pb2

from chassis.clock import now
from tests.unit.matching.conftest import REGION, SUFFOLK, Desk, a_notice, a_partner


def copied(desk: Desk, region: str = "scotland", **fields: Any) -> notices_pb2.Notice:
    """A partner's notice, as opportunities tells of its copy."""
    notice = a_notice(
        **{
            "region": region,
            "visibility": notices_pb2.NETWORK,
            "kind": notices_pb2.OFFERED,
            "organisation": SUFFOLK,
            "organisation_display_name": "Highland Council",
            "themes": ["housing"],
            "version": 1,
            **fields,
        }
    )
    desk.hear(events.NoticesCopied(notices=[notice]))
    return notice


def heard(desk: Desk, *, ago: timedelta = timedelta(0), **state: Any) -> None:
    desk.hear(a_partner("scotland", "Scotland", as_of=now() - ago, **state))


def test_a_partners_notice_is_found_and_says_where_it_is_from(desk: Desk) -> None:
    heard(desk)
    notice = copied(desk)

    (found,) = desk.search(query="housing").notices

    assert found.name == notice.name
    assert (found.region_display_name, found.freshness) == ("Scotland", notices_pb2.CURRENT)
    assert found.HasField("as_of_time")


def test_a_copy_that_is_gone_is_not_found(desk: Desk) -> None:
    notice = copied(desk)

    gone = notices_pb2.Notice(name=notice.name, state=notices_pb2.Notice.CLOSED, version=2)
    desk.hear(events.NoticesCopied(notices=[gone]))

    assert desk.found() == []


def test_regions_are_a_filter_with_counts_and_names(desk: Desk) -> None:
    heard(desk)
    own, scottish = desk.publish(), copied(desk)
    copied(desk)

    answer = desk.search(region=["scotland"])
    (facet,) = [each for each in answer.facets if each.field == "region"]

    assert own.name not in [each.name for each in answer.notices]
    assert scottish.name in [each.name for each in answer.notices]
    assert [(each.value, each.label, each.count) for each in facet.values] == [
        ("scotland", "Scotland", 2),
        (REGION, "East of England", 1),
    ]
    assert desk.found(region=[REGION]) == [own.name]


@pytest.mark.parametrize("state", [Partner.SUSPENDED, Partner.REMOVED])
def test_what_is_hidden_is_neither_found_nor_counted_nor_suggested(
    desk: Desk, state: Partner.State.ValueType
) -> None:
    own = desk.publish(themes=["housing"])
    heard(desk)
    scottish = copied(desk)
    assert scottish.name in desk.found()

    heard(desk, state=state)

    answer = desk.search()
    assert [each.name for each in answer.notices] == [own.name]
    assert answer.total_size == 1
    assert not desk.suggest(own).suggestions
    heard(desk)
    assert scottish.name in desk.found()


def test_what_may_be_out_of_date_is_still_suggested_and_says_so(desk: Desk) -> None:
    own = desk.publish(themes=["housing"])
    heard(desk, ago=timedelta(hours=25))
    copied(desk)

    (suggestion,) = desk.suggest(own).suggestions

    assert suggestion.notice.freshness == notices_pb2.MAY_BE_OUT_OF_DATE
    assert suggestion.notice.region_display_name == "Scotland"


def test_what_is_out_of_date_is_found_with_a_flag_but_not_suggested(desk: Desk) -> None:
    own = desk.publish(themes=["housing"])
    heard(desk, ago=timedelta(hours=73))
    scottish = copied(desk)

    assert not desk.suggest(own).suggestions
    (found,) = desk.search(region=["scotland"]).notices
    assert (found.name, found.freshness) == (scottish.name, notices_pb2.OUT_OF_DATE)


def test_an_earlier_word_on_a_region_changes_nothing(desk: Desk) -> None:
    earlier = a_partner("scotland", "Scotland", Partner.SUSPENDED)
    heard(desk)
    scottish = copied(desk)

    desk.hear(earlier)

    assert desk.found() == [scottish.name]


def test_copies_come_some_at_a_time_and_an_older_one_does_not_win(desk: Desk) -> None:
    kept, revised = copied(desk, version=2, title="Kept"), copied(desk, title="Before")
    older = notices_pb2.Notice(name=kept.name, state=notices_pb2.Notice.CLOSED, version=1)
    newer, new = notices_pb2.Notice(), a_notice(region="scotland")
    newer.CopyFrom(revised)
    newer.title, newer.version = "After", 2

    desk.hear(events.NoticesCopied(notices=[older, newer, new]))

    titles = {each.name: each.title for each in desk.search().notices}
    assert titles == {kept.name: "Kept", revised.name: "After", new.name: new.title}
