"""Our logs: no number is lost or given twice, and what goes out is what may."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from interchange.common.v1.types_pb2 import ENHANCED, SkillLevel
from interchange.opportunities.v1 import events_pb2 as events
from interchange.opportunities.v1 import notices_pb2 as pb
from sqlalchemy import select, update

from services.federation.log import retention
from services.federation.log.exporting import to_payload
from services.federation.log.models import Channel, Erasure, HeardNotice
from services.federation.log.writing import Draft
from services.federation.protocol.entry import GENESIS, Op, read_protected
from services.federation.protocol.payloads import (
    NOTICE_SCHEMA,
    NOTICE_TYPE,
    read_notice,
    write_notice,
)
from services.federation.receiving.notices import understand
from tests.conftest import Databases
from tests.unit.federation.origins import AT, Origin, subject_of
from tests.unit.federation.ours import ORGANISATION, Ours, a_notice, revised


@pytest.fixture
def ours(databases: Databases) -> Ours:
    region = Ours(databases("federation"))
    region.publish_document()
    return region


def draft(number: int, op: Op = Op.PUT) -> Draft:
    payload = b'{"salt":"x"}' if op is Op.PUT else None
    return Draft("national", op, NOTICE_TYPE, NOTICE_SCHEMA, subject_of(number), payload)


def test_entries_are_chained_without_gaps_though_many_write_at_once(ours: Ours) -> None:
    def say(number: int) -> None:
        with ours.database.begin() as session:
            ours.log.append(session, draft(number), at=ours.at)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(say, range(40)))

    entries = ours.entries()
    assert [each.seq for each in entries] == list(range(1, 41))
    chain = [GENESIS, *(each.hash for each in entries)]
    assert [read_protected(each.protected).prev for each in entries] == chain[:-1]


def test_a_rollback_gives_the_number_back(ours: Ours) -> None:
    with pytest.raises(RuntimeError), ours.database.begin() as session:
        ours.log.append(session, draft(1), at=ours.at)
        raise RuntimeError("the power went")
    with ours.database.begin() as session:
        ours.log.append(session, draft(2), at=ours.at)

    assert [(each.seq, each.subject) for each in ours.entries()] == [(1, subject_of(2))]


def test_conditions_come_to_others_as_they_are() -> None:
    notice = a_notice()
    notice.conditions.CopyFrom(
        pb.Conditions(
            skill_levels=[SkillLevel(skill="housing-options", level=4)],
            vetting_needed=ENHANCED,
            places=2,
            new_partners_only=True,
        )
    )
    notice.places_taken = 1

    told = understand("scotland", read_notice(write_notice(to_payload(notice)))).notice

    assert (told.conditions, told.places_taken) == (notice.conditions, 1)


def test_a_notice_goes_out_is_revised_and_withdrawn_once_each(ours: Ours) -> None:
    notice = a_notice()
    later = revised(notice, title="Two weeks with a housing team")
    closed = revised(later, state=pb.Notice.CLOSED, closing_reason=pb.Notice.WITHDRAWN)

    ours.hear(
        events.NoticePublished(notice=notice),
        events.NoticeRevised(notice=later),
        events.NoticeClosed(notice=closed),
        events.NoticeRevised(notice=later),
    )

    assert [each.op for each in ours.entries()] == ["put", "put", "withdraw"]


def test_what_is_told_together_is_logged_as_if_told_one_by_one(ours: Ours) -> None:
    first, second, third = (a_notice() for _ in range(3))
    later = revised(first, title="Two weeks with a housing team")
    closed = revised(later, state=pb.Notice.CLOSED, closing_reason=pb.Notice.WITHDRAWN)
    told = [first, second, later, third, closed, later, second, revised(third)]

    with ours.database.begin() as session:
        ours.export.on_notices(session, [events.NoticeRevised(notice=each) for each in told])
    together = said(ours)

    one_by_one = [
        ("put", first, 3), ("put", second, 3), ("put", later, 4), ("put", third, 3),
        ("withdraw", closed, 5), ("put", third, 4),
    ]  # fmt: skip
    assert together == [(op, subject(notice), version) for op, notice, version in one_by_one]
    entries = ours.entries()
    chain = [GENESIS, *(each.hash for each in entries)]
    assert [read_protected(each.protected).prev for each in entries] == chain[:-1]
    live = {each.subject: each.seq for each in entries if each.is_live}
    assert live == {subject(second): 2, subject(third): 6}


def said(ours: Ours) -> list[tuple[str, str, int]]:
    return [(each.op, each.subject, each.version) for each in ours.entries()]


@pytest.mark.parametrize("is_told", [True, False], ids=["told of", "never told of"])
def test_an_older_word_that_comes_late_brings_nothing_back(ours: Ours, is_told: bool) -> None:
    notice = a_notice()
    later = revised(notice, title="Two weeks with a housing team")
    closed = revised(later, state=pb.Notice.CLOSED, closing_reason=pb.Notice.WITHDRAWN)
    if is_told:
        ours.hear(events.NoticePublished(notice=notice))
        with ours.database.begin() as session:  # as at a start, when its owner lists it no more
            ours.export.take_back(session, notice.name, at=ours.at)

    ours.hear(events.NoticeClosed(notice=closed), events.NoticeRevised(notice=later))

    assert [each.op for each in ours.entries()] == (["put", "withdraw"] if is_told else [])


def test_what_was_heard_of_long_ago_is_forgotten_what_was_heard_of_since_is_not(ours: Ours) -> None:
    old, undated, new = (a_notice(visibility=pb.REGION) for _ in range(3))
    with ours.database.begin() as session:
        for notice, at in ((old, AT), (undated, AT), (new, AT + timedelta(days=60))):
            ours.export.tell(session, [notice], at=at)
        by_an_older_release = update(HeardNotice).where(HeardNotice.notice == subject(undated))
        session.execute(by_an_older_release.values(hear_time=None))

    assert forgotten(ours, after=timedelta(days=91)) == {subject(old)}
    assert forgotten(ours, after=timedelta(days=182)) == {subject(undated), subject(new)}


def subject(notice: pb.Notice) -> str:
    return notice.name.removeprefix("notices/")


def forgotten(ours: Ours, *, after: timedelta) -> set[str]:
    """Which of those that were heard of are not known any more, so much later."""
    with ours.database.begin() as session:
        before = set(session.scalars(select(HeardNotice.notice)))
        retention.forget_heard(session, keep=timedelta(days=90), at=AT + after)
        return before - set(session.scalars(select(HeardNotice.notice)))


@pytest.mark.parametrize(
    "kept",
    [
        {"visibility": pb.REGION},
        {"visibility": pb.ORGANISATION},
        {"state": pb.Notice.DRAFT},
        {"region": "scotland"},
    ],
)
def test_what_is_not_for_the_network_or_not_ours_stays(ours: Ours, kept: dict[str, int]) -> None:
    ours.hear(events.NoticePublished(notice=a_notice(**kept)))

    assert ours.entries() == []


def test_a_notice_that_is_not_for_the_network_any_more_is_withdrawn(ours: Ours) -> None:
    notice = a_notice()

    ours.hear(
        events.NoticePublished(notice=notice),
        events.NoticeRevised(notice=revised(notice, visibility=pb.REGION)),
    )

    assert [each.op for each in ours.entries()] == ["put", "withdraw"]


def test_what_the_operator_removed_is_erased_with_a_receipt_due_from_each_partner(
    ours: Ours,
) -> None:
    ours.pin(Origin())
    notice = a_notice()
    removed = revised(notice, state=pb.Notice.CLOSED, closing_reason=pb.Notice.REMOVED)

    ours.hear(events.NoticePublished(notice=notice), events.NoticeClosed(notice=removed))

    put, erase = ours.entries()
    assert (put.payload, erase.op) == (None, "erase")
    with ours.database.read() as session:
        due = session.get_one(Erasure, ("scotland", "national", erase.subject))
    assert due.receipt_time is None


def test_a_channel_lets_out_what_its_policy_says(ours: Ours) -> None:
    with ours.database.begin() as session:
        for name, policy in (
            ("group.wanted", {"kinds": [pb.WANTED]}),
            ("group.others", {"refused_organisations": [ORGANISATION]}),
            ("group.shadowing", {"formats": [pb.WORK_SHADOWING]}),
        ):
            ours.log.locked(session, name, at=ours.at).policy = policy

    ours.hear(events.NoticePublished(notice=a_notice()))

    told = [name for name in ("national", "group.shadowing") if ours.entries(name)]
    silent = [name for name in ("group.wanted", "group.others") if ours.entries(name)]
    assert (told, silent) == (["national", "group.shadowing"], [])


def test_no_payload_names_who_wrote_a_notice_or_whom_it_is_for(ours: Ours) -> None:
    notice = a_notice(author="people/secret-1", manager="people/secret-2", beneficiary="people/s3")

    ours.hear(events.NoticePublished(notice=notice, manager="people/secret-2"))

    (entry,) = ours.entries()
    assert b"people/" not in (entry.payload or b"")


def test_a_new_epoch_says_what_is_live_again_from_the_start(ours: Ours) -> None:
    first, second = a_notice(), a_notice()
    closed = revised(first, state=pb.Notice.CLOSED, closing_reason=pb.Notice.FILLED)
    ours.hear(
        events.NoticePublished(notice=first),
        events.NoticePublished(notice=second),
        events.NoticeClosed(notice=closed),
    )

    with ours.database.begin() as session:
        ours.log.start_epoch(session, "national", at=ours.at)

    anew = [each for each in ours.entries() if each.epoch == 2]
    assert [(each.seq, each.op) for each in anew] == [(1, "epoch"), (2, "put")]
    assert anew[1].subject == second.name.partition("/")[2]


def test_old_words_are_pruned_and_live_ones_kept(ours: Ours) -> None:
    notice, other = a_notice(), a_notice()
    ours.hear(
        events.NoticePublished(notice=notice),
        events.NoticeRevised(notice=revised(notice)),
        events.NoticePublished(notice=other),
    )

    retention.prune(ours.database, keep=timedelta(days=-1), at=ours.at)

    with ours.database.read() as session:
        channel = session.get_one(Channel, "national")
    assert channel.first_seq == 3
    assert [each.payload is None for each in ours.entries()] == [True, False, False]
