"""Partner regions' notices here: read-only copies, told of as what they are, each event twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, timedelta

import pytest
import sqlalchemy as sa
from interchange.common.v1.types_pb2 import ENHANCED
from interchange.federation.v1 import events_pb2 as federation
from interchange.federation.v1.partners_pb2 import Partner
from interchange.opportunities.v1 import events_pb2 as events
from interchange.opportunities.v1 import exchanges_pb2
from interchange.opportunities.v1 import notices_pb2 as pb

from chassis.auth import Principal
from chassis.bus import Permanent
from chassis.clock import now
from chassis.errors import FailedPrecondition, NotFound
from chassis.timestamps import to_proto as stamp
from services.opportunities.listeners import HANDLERS
from services.opportunities.notices import clock
from tests.support.outbox import announced
from tests.unit.opportunities.conftest import CONSENT, VISITOR, Place
from tests.unit.opportunities.partners import PartnerRegion
from tests.unit.opportunities.test_listeners import hear

MATCHING = Principal(service="matching")
FEDERATION = Principal(service="federation")


def arrive(place: Place, scotland: PartnerRegion, **fields: object) -> federation.LiveNoticeFacts:
    """A notice of a partner that we hear of."""
    hear(place, scotland.revised())
    live = scotland.live(**fields)  # type: ignore[arg-type]
    hear(place, scotland.told(live))
    return live


def listed(place: Place, who: Principal = VISITOR) -> list[str]:
    answer = place.ask(who, place.notices.ListNotices, pb.ListNoticesRequest())
    return [notice.name for notice in answer.notices]


def copies(place: Place) -> list[pb.Notice]:
    """What followers are told of copies."""
    told = announced(place.database, events.NoticesCopied)
    return [notice for event in told for notice in event.notices]


def test_a_partners_notice_is_public_here_and_says_where_it_is_from(place: Place) -> None:
    live = arrive(place, PartnerRegion())

    seen = place.get(VISITOR, live.notice.name)

    assert (seen.title, seen.state) == (live.notice.title, pb.Notice.PUBLISHED)
    assert (seen.region, seen.region_display_name) == ("scotland", "Scotland")
    assert seen.freshness == pb.CURRENT
    assert seen.HasField("as_of_time")
    assert seen.organisation_display_name == "Highland Council"
    assert listed(place) == [live.notice.name]


def test_a_copy_shows_on_what_conditions_and_which_places_are_given(place: Place) -> None:
    conditions = pb.Conditions(vetting_needed=ENHANCED, places=2)
    scotland = PartnerRegion()
    live = arrive(place, scotland, conditions=conditions, places_taken=1)

    seen = place.get(VISITOR, live.notice.name)
    assert (seen.conditions, seen.places_taken) == (conditions, 1)

    hear(place, scotland.told(scotland.gone(live, erase=True)))
    (*_, erased) = copies(place)
    assert not erased.HasField("conditions")


def test_our_own_notices_say_nothing_of_freshness(place: Place) -> None:
    arrive(place, PartnerRegion())

    seen = place.get(VISITOR, place.publish().name)

    assert not seen.freshness
    assert not seen.region_display_name


@pytest.mark.parametrize(
    ("age", "freshness"),
    [
        (timedelta(hours=23), pb.CURRENT),
        (timedelta(hours=25), pb.MAY_BE_OUT_OF_DATE),
        (timedelta(hours=73), pb.OUT_OF_DATE),
    ],
)
def test_what_was_long_not_heard_of_says_so(
    place: Place, age: timedelta, freshness: pb.Freshness.ValueType
) -> None:
    scotland = PartnerRegion()
    live = arrive(place, scotland)

    hear(place, scotland.revised(as_of=now() - age))

    assert place.get(VISITOR, live.notice.name).freshness == freshness
    answer = place.ask(VISITOR, place.notices.ListNotices, pb.ListNoticesRequest())
    assert [each.freshness for each in answer.notices] == [freshness]


def test_a_later_word_wins_and_an_earlier_one_does_not(place: Place) -> None:
    scotland = PartnerRegion()
    first = scotland.live(title="As it was at first")
    second = scotland.live(first.origin_notice, title="As it is now")

    hear(place, scotland.told(second))
    hear(place, scotland.told(first))

    assert place.get(VISITOR, first.notice.name).title == "As it is now"


def test_a_new_epoch_is_later_than_any_number_of_the_old(place: Place) -> None:
    scotland = PartnerRegion()
    old = scotland.live(title="Of the old epoch")
    restored = PartnerRegion(organisation=scotland.organisation, epoch=2)
    new = restored.live(old.origin_notice, title="Of the new epoch")

    hear(place, restored.told(new))
    hear(place, scotland.told(scotland.live(old.origin_notice, title="Late")))

    assert place.get(VISITOR, new.notice.name).title == "Of the new epoch"


def test_our_version_grows_with_each_change_whatever_theirs_says(place: Place) -> None:
    scotland = PartnerRegion()
    live = arrive(place, scotland, version=9)
    hear(place, scotland.told(scotland.live(live.origin_notice, version=2)))
    hear(place, scotland.told(scotland.gone(live)))

    versions = [each.version for each in copies(place)]

    assert versions == [1, 2, 3]


def test_what_is_withdrawn_there_is_gone_here(place: Place) -> None:
    scotland = PartnerRegion()
    live = arrive(place, scotland)

    hear(place, scotland.told(scotland.gone(live)))

    assert listed(place) == []
    with pytest.raises(NotFound):
        place.get(VISITOR, live.notice.name)
    last = copies(place)[-1]
    assert (last.state, last.closing_reason) == (pb.Notice.CLOSED, pb.Notice.WITHDRAWN)


def test_what_was_gone_before_it_came_stays_away(place: Place) -> None:
    scotland = PartnerRegion()
    live = scotland.live()

    hear(place, scotland.told(scotland.gone(live)))
    hear(place, scotland.told(live))

    assert listed(place) == []


def test_what_left_the_network_may_come_back(place: Place) -> None:
    scotland = PartnerRegion()
    live = arrive(place, scotland)
    hear(place, scotland.told(scotland.gone(live)))

    hear(place, scotland.told(scotland.live(live.origin_notice)))

    assert listed(place) == [live.notice.name]


def test_what_is_erased_there_leaves_no_word_here(place: Place) -> None:
    scotland = PartnerRegion()
    live = arrive(place, scotland, themes=["peatland"])

    hear(place, scotland.told(scotland.gone(live, erase=True)))

    with place.database.read() as session:
        rows = str(session.connection().exec_driver_sql("SELECT * FROM notices").all())
    assert "Highlands" not in rows
    assert "peatland" not in rows


def test_nothing_of_a_copy_is_announced_as_our_own(place: Place) -> None:
    scotland = PartnerRegion()
    live = arrive(place, scotland)
    hear(place, scotland.told(scotland.gone(live)))

    for kind in (events.NoticePublished, events.NoticeRevised, events.NoticeClosed):
        assert announced(place.database, kind) == []


EDITS: dict[str, Callable[[Place, str], object]] = {
    "update": lambda p, name: p.ask(
        p.operator,
        p.notices.UpdateNotice,
        pb.UpdateNoticeRequest(
            notice=pb.Notice(name=name, title="Ours now", kind=1, format=1, body="x")
        ),
    ),
    "withdraw": lambda p, name: p.ask(
        p.operator, p.notices.WithdrawNotice, pb.WithdrawNoticeRequest(name=name)
    ),
    "close": lambda p, name: p.ask(
        p.operator, p.notices.CloseNotice, pb.CloseNoticeRequest(name=name)
    ),
    "copy": lambda p, name: p.ask(
        p.norfolk_manager, p.notices.CopyNotice, pb.CopyNoticeRequest(name=name)
    ),
    "submit": lambda p, name: p.ask(
        p.operator, p.notices.SubmitNotice, pb.SubmitNoticeRequest(name=name)
    ),
    "publish": lambda p, name: p.ask(
        p.operator, p.notices.PublishNotice, pb.PublishNoticeRequest(name=name)
    ),
    "consent": lambda p, name: p.ask(
        p.operator,
        p.notices.SetNoticeConsent,
        pb.SetNoticeConsentRequest(name=name, consent=CONSENT),
    ),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_a_copy_is_its_own_regions_to_change(
    place: Place, edit: Callable[[Place, str], object]
) -> None:
    live = arrive(place, PartnerRegion())

    with pytest.raises(FailedPrecondition, match="OWNED_ELSEWHERE") as refused:
        edit(place, live.notice.name)

    assert "scotland" in refused.value.message


@pytest.mark.parametrize("state", [Partner.SUSPENDED, Partner.REMOVED])
def test_nothing_is_shown_of_a_region_that_is_suspended(
    place: Place, state: Partner.State.ValueType
) -> None:
    scotland = PartnerRegion()
    live = arrive(place, scotland)

    hear(place, scotland.revised(state))

    assert listed(place) == []
    with pytest.raises(NotFound):
        place.get(place.operator, live.notice.name)
    with pytest.raises(NotFound):
        place.propose(pb.Notice(name=live.notice.name))
    hear(place, scotland.revised())
    assert listed(place) == [live.notice.name]


def test_who_keeps_copies_hides_them_by_themselves(place: Place) -> None:
    scotland = PartnerRegion()
    live = arrive(place, scotland)
    hear(place, scotland.revised(Partner.SUSPENDED))

    assert listed(place, MATCHING) == [live.notice.name]


def test_federation_is_shown_what_is_ours(place: Place) -> None:
    arrive(place, PartnerRegion())
    own = place.publish(visibility=pb.NETWORK)

    assert listed(place, FEDERATION) == [own.name]


@pytest.mark.parametrize("days", [None, 30, 500], ids=["unsaid", "soon", "never"])
def test_a_copy_ends_when_its_region_says_and_in_a_year_at_the_latest(
    place: Place, days: int | None
) -> None:
    said = now() + timedelta(days=days) if days else None

    live = arrive(place, PartnerRegion(), close_time=stamp(said) if said else None)

    closes = place.get(VISITOR, live.notice.name).close_time.ToDatetime(UTC)
    latest = now() + timedelta(days=366)
    assert abs(closes - min(said or latest, latest)) < timedelta(minutes=1)
    assert days != 30 or closes == said


def test_a_copy_lapses_when_its_time_has_come_and_nobody_is_told_that_we_closed_it(
    place: Place,
) -> None:
    arrive(place, PartnerRegion())
    later = now() + timedelta(days=31)

    expired, lapsed = clock.expire(place.database, at=later), clock.lapse(place.database, at=later)
    clock.announce_ends(place.database, at=later)

    assert (expired, lapsed, clock.lapse(place.database, at=later)) == (0, 1, 0)
    assert listed(place) == []
    last = copies(place)[-1]
    assert last.closing_reason == pb.Notice.EXPIRED
    assert announced(place.database, events.NoticeClosed) == []


def test_each_region_counts_its_own(place: Place) -> None:
    arrive(place, PartnerRegion())
    place.publish()

    request = exchanges_pb2.GetFiguresRequest()
    figures = place.ask(VISITOR, place.figures.GetFigures, request)

    assert (figures.notices, figures.open_notices) == (1, 1)


def test_no_region_takes_the_place_of_a_notice_that_is_not_its_own(place: Place) -> None:
    own = place.publish()
    hostile = PartnerRegion()

    with pytest.raises(Permanent):
        hear(place, hostile.told(hostile.live(name=own.name)))

    assert place.get(VISITOR, own.name).title == own.title


def test_what_breaks_the_contract_is_not_taken(place: Place) -> None:
    with pytest.raises(Permanent):
        scotland = PartnerRegion()
        hear(place, scotland.told(scotland.live(title="x" * 500)))


def test_an_organisation_is_called_as_its_region_calls_it_now(place: Place) -> None:
    scotland = PartnerRegion()
    live = arrive(place, scotland)

    scotland.display_name = "The Highland Council"
    hear(place, scotland.told(scotland.live(live.origin_notice)))

    seen = place.get(VISITOR, live.notice.name)
    assert seen.organisation_display_name == "The Highland Council"


def test_a_region_that_is_pinned_again_after_its_removal_tells_all_again(place: Place) -> None:
    scotland = PartnerRegion()
    live = arrive(place, scotland)
    hear(place, scotland.told(scotland.gone(live, erase=True)))
    hear(place, scotland.revised(state=Partner.REMOVED))
    hear(place, scotland.told(live))
    assert listed(place) == []

    scotland.pinning += 1
    hear(place, scotland.told(live))  # on its lane, and so perhaps before we hear of the pinning
    hear(place, scotland.revised(state=Partner.PINNED))

    assert listed(place) == [live.notice.name]


def test_one_page_brings_what_is_new_what_has_changed_and_what_is_gone(place: Place) -> None:
    scotland = PartnerRegion()
    changes, goes = arrive(place, scotland), arrive(place, scotland)
    comes = scotland.live(title="New in the north")
    changed = scotland.live(changes.origin_notice, title="Changed in the north")

    hear(place, scotland.told(comes, changed, scotland.gone(goes)))

    titles = {place.get(VISITOR, name).title for name in listed(place)}
    assert titles == {"New in the north", "Changed in the north"}
    assert {each.name for each in copies(place)[-3:]} == {
        each.notice.name for each in (comes, changes, goes)
    }


def test_a_page_that_comes_late_changes_only_what_is_older(place: Place) -> None:
    scotland = PartnerRegion()
    old = scotland.live(title="As it was at first")
    other = scotland.live(title="Another of those days")
    late = scotland.told(old, other)
    hear(place, scotland.told(scotland.live(old.origin_notice, title="As it is now")))

    hear(place, late)

    titles = [place.get(VISITOR, each.notice.name).title for each in (old, other)]
    assert titles == ["As it is now", "Another of those days"]


def test_what_was_said_before_a_new_pinning_is_earlier_wherever_it_stands(place: Place) -> None:
    scotland = PartnerRegion()
    live = scotland.live()
    gone = scotland.told(scotland.gone(live, erase=True))
    anew = PartnerRegion(organisation=scotland.organisation, pinning=2)

    hear(place, anew.told(anew.live(live.origin_notice)))
    hear(place, gone)

    assert listed(place) == [live.notice.name]


def test_one_that_breaks_the_contract_keeps_no_other_out(place: Place) -> None:
    scotland = PartnerRegion()
    good, bad = scotland.live(), scotland.live(title="x" * 500)

    with place.database.begin() as session:
        refused = HANDLERS[federation.PartnerNoticesTold](session, scotland.told(bad, good))

    assert listed(place) == [good.notice.name]
    assert [part for part, _ in refused or ()] == [scotland.told(bad)]


def test_fifty_copies_take_no_more_statements_than_five(place: Place) -> None:
    scotland = PartnerRegion()

    few, many = (
        _statements(place, scotland.told(*(scotland.live() for _ in range(count))))
        for count in (5, 50)
    )

    assert many <= few <= 12


def _statements(place: Place, event: federation.PartnerNoticesTold) -> int:
    statements: list[str] = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        statements.append(statement)

    sa.event.listen(place.database.engine, "before_cursor_execute", note)
    with place.database.begin() as session:
        HANDLERS[type(event)](session, event)
    sa.event.remove(place.database.engine, "before_cursor_execute", note)
    return len(statements)
