"""Erasing what partners hold: asked for until each has signed that it is done, whatever happens to the log between."""

from __future__ import annotations

from datetime import timedelta

import pytest
from interchange.opportunities.v1 import events_pb2 as events
from interchange.opportunities.v1 import notices_pb2 as pb
from sqlalchemy import select

from services.federation.log.models import Erasure
from services.federation.log.reminding import ask_again
from services.federation.log.writing import receipted
from services.federation.partners.models import Partner
from services.federation.protocol.entry import read_entry
from services.federation.protocol.head import split_page
from tests.conftest import Databases
from tests.unit.federation.origins import Origin
from tests.unit.federation.ours import Ours, a_notice, revised

SNAPSHOT = "/federation/v1/snapshot/national"


@pytest.fixture
def scotland() -> Origin:
    return Origin()


@pytest.fixture
def ours(databases: Databases, scotland: Origin) -> Ours:
    region = Ours(databases("federation"))
    region.publish_document()
    region.pin(scotland)
    region.pin(Origin(region="wales"))
    return region


def erase(ours: Ours) -> str:
    """A notice that went out and was removed; its subject."""
    notice = a_notice()
    removed = revised(notice, state=pb.Notice.CLOSED, closing_reason=pb.Notice.REMOVED)
    ours.hear(events.NoticePublished(notice=notice), events.NoticeClosed(notice=removed))
    return notice.name.partition("/")[2]


def receipt(ours: Ours, region: str, subject: str) -> None:
    with ours.database.begin() as session:
        receipted(session, region, "national", subject, at=ours.at)


def snapshot_ops(ours: Ours, partner: Origin) -> list[str]:
    """What a partner that was away for too long gets to know."""
    lines, _ = split_page(ours.ask(partner, SNAPSHOT).body)
    return [str(read_entry(line)[1].op) for line in lines]


def waiting(ours: Ours) -> set[str]:
    with ours.database.read() as session:
        return set(session.scalars(select(Erasure.region).where(Erasure.receipt_time.is_(None))))


def says_hello(ours: Ours, partner: Origin) -> None:
    """The partner has read all that there is."""
    last = ours.entries()[-1]
    cursor = {"channel": "national", "epoch": last.epoch, "seq": last.seq, "hash": last.hash}
    assert ours.ask(partner, "/federation/v1/hello", {"cursors": [cursor]}).status == 200


def asked_again(ours: Ours) -> int:
    with ours.database.begin() as session:
        return ask_again(session, ours.log, at=ours.at)


def test_every_partner_is_asked_also_one_that_is_suspended(ours: Ours) -> None:
    with ours.database.begin() as session:
        session.get_one(Partner, "wales").suspend("")

    erase(ours)

    assert waiting(ours) == {"scotland", "wales"}


def test_a_notice_that_was_withdrawn_before_it_was_removed_is_erased(ours: Ours) -> None:
    notice = a_notice()
    narrowed = revised(notice, visibility=pb.REGION)
    removed = revised(narrowed, state=pb.Notice.CLOSED, closing_reason=pb.Notice.REMOVED)

    ours.hear(
        events.NoticePublished(notice=notice),
        events.NoticeRevised(notice=narrowed),
        events.NoticeClosed(notice=removed),
    )

    assert [each.op for each in ours.entries()] == ["put", "withdraw", "erase"]
    assert all(each.payload is None for each in ours.entries())


def test_a_snapshot_lists_what_is_to_be_erased_until_all_have_signed(
    ours: Ours, scotland: Origin
) -> None:
    subject = erase(ours)

    receipt(ours, "scotland", subject)
    before = snapshot_ops(ours, scotland)
    receipt(ours, "wales", subject)
    ours.hear(events.NoticePublished(notice=a_notice()))
    after = snapshot_ops(ours, scotland)

    assert (before, after) == (["erase"], ["put"])
    assert waiting(ours) == set()


def test_what_was_erased_and_said_again_is_erased_again(ours: Ours) -> None:
    notice = a_notice()
    removed = revised(notice, state=pb.Notice.CLOSED, closing_reason=pb.Notice.REMOVED)
    anew = a_notice(name=notice.name, version=9)
    again = revised(anew, state=pb.Notice.CLOSED, closing_reason=pb.Notice.REMOVED)
    ours.hear(events.NoticePublished(notice=notice), events.NoticeClosed(notice=removed))
    for region in ("scotland", "wales"):
        receipt(ours, region, notice.name.partition("/")[2])

    ours.hear(events.NoticePublished(notice=anew), events.NoticeClosed(notice=again))

    assert [each.op for each in ours.entries()] == ["put", "erase", "put", "erase"]
    assert waiting(ours) == {"scotland", "wales"}


def test_a_new_epoch_says_again_what_is_to_be_erased(ours: Ours) -> None:
    erase(ours)

    with ours.database.begin() as session:
        ours.log.start_epoch(session, "national", at=ours.at)

    assert [each.op for each in ours.entries() if each.epoch == 2] == ["epoch", "erase"]


def test_who_has_read_on_without_a_receipt_is_asked_again_once_a_day(
    ours: Ours, scotland: Origin
) -> None:
    subject = erase(ours)
    receipt(ours, "wales", subject)
    says_hello(ours, scotland)

    assert asked_again(ours) == 0  # the receipt may be on its way
    ours.at += timedelta(days=1, minutes=1)
    assert asked_again(ours) == 1
    assert asked_again(ours) == 0

    assert [each.op for each in ours.entries()] == ["put", "erase", "erase"]
    assert waiting(ours) == {"scotland"}


def test_who_is_away_is_not_asked_again_for_the_word_waits(ours: Ours) -> None:
    erase(ours)
    ours.at += timedelta(days=3)

    assert asked_again(ours) == 0


def test_a_receipt_that_nobody_waits_for_changes_nothing(ours: Ours) -> None:
    receipt(ours, "scotland", "0198f6c2-0000-7000-8000-000000000001")

    assert waiting(ours) == set()
