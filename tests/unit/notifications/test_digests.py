"""Digests: everything once, at seven in the morning by the clock on the wall."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from threading import Thread
from zoneinfo import ZoneInfo

import pytest
from interchange.identity.v1 import events_pb2 as identity
from interchange.notifications.v1.notifications_pb2 import Preferences
from sqlalchemy import update

from services.notifications.deliveries import digests
from services.notifications.deliveries.digests import Schedule
from services.notifications.deliveries.models import State
from services.notifications.inbox.models import Message
from services.notifications.preferences.models import Frequency
from tests.unit.notifications.conftest import House

SCHEDULE = Schedule(time(7), time(20), ZoneInfo("Europe/London"))
DAILY, WEEKLY = Preferences.DAILY_DIGEST, Preferences.WEEKLY_DIGEST
# A Wednesday in winter, when London's clocks show UTC.
WEDNESDAY = datetime(2026, 11, 25, tzinfo=UTC)


def at(days: int = 0, hours: float = 0) -> datetime:
    return WEDNESDAY + timedelta(days=days, hours=hours)


def told(house: House, person: str, when: datetime) -> None:
    """Something that a person was told at a time."""
    before = {message.id for message in house.inbox(person)}
    house.tell(person)
    (new,) = [message.id for message in house.inbox(person) if message.id not in before]
    with house.database.begin() as session:
        session.execute(update(Message).where(Message.id == new).values(create_time=when))


def collect(house: House, when: datetime) -> int:
    """Run the clock job, twice; how many digests wait then."""
    for _ in range(2):
        digests.collect(house.database, SCHEDULE, at=when)
    return len([each for each in house.deliveries() if each.template == "digest"])


@pytest.mark.parametrize(
    ("frequency", "moment", "end"),
    [
        (Frequency.DAILY_DIGEST, at(hours=7), at(hours=7)),
        (Frequency.DAILY_DIGEST, at(hours=6.9), at(-1, hours=7)),
        (Frequency.WEEKLY_DIGEST, at(hours=12), at(-2, hours=7)),
        (Frequency.WEEKLY_DIGEST, at(5, hours=7), at(5, hours=7)),
        (Frequency.WEEKLY_DIGEST, at(5, hours=6), at(-2, hours=7)),
    ],
)
def test_periods_end_at_seven_and_weeks_on_mondays(
    frequency: Frequency, moment: datetime, end: datetime
) -> None:
    assert SCHEDULE.period_end(frequency, moment) == end


def test_in_summer_seven_is_an_hour_earlier() -> None:
    summer = datetime(2026, 7, 1, 6, 30, tzinfo=UTC)

    assert SCHEDULE.period_end(Frequency.DAILY_DIGEST, summer) == summer - timedelta(minutes=30)
    assert SCHEDULE.is_open(summer)
    assert not SCHEDULE.is_open(summer - timedelta(hours=1))


def test_a_day_is_one_mail(house: House) -> None:
    house.choose(house.officer, DAILY)
    for hour in (10, 11, 12):
        told(house, house.officer, at(hours=hour))

    assert collect(house, at(hours=19)) == 0
    assert collect(house, at(1, hours=7)) == 1
    house.clock.at = at(1, hours=7)
    house.send()

    (mail,) = house.mail.messages
    plain = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert mail["Subject"] == "3 things to read in Interchange"
    assert mail["List-Unsubscribe"]
    for message in house.inbox(house.officer):
        assert message.subject in plain
        assert f"https://interchange.example/{message.about}" in plain
    assert house.delivery().template == "digest"


def test_nothing_comes_twice_and_nothing_gets_lost(house: House) -> None:
    house.choose(house.officer, DAILY)
    told(house, house.officer, at(hours=10))
    collect(house, at(1, hours=7))
    told(house, house.officer, at(1, hours=6.5))  # written late

    assert collect(house, at(1, hours=8)) == 1
    assert collect(house, at(2, hours=7)) == 2
    assert collect(house, at(3, hours=7)) == 2

    messages = house.inbox(house.officer)
    assert len({message.digest_id for message in messages}) == 2
    assert not [message for message in messages if message.waits_for_digest]


def test_a_week_is_one_mail_on_monday(house: House) -> None:
    house.choose(house.officer, WEEKLY)
    told(house, house.officer, at(hours=10))
    told(house, house.officer, at(3, hours=10))

    assert [collect(house, at(day, hours=7)) for day in range(1, 7)] == [0, 0, 0, 0, 1, 1]


def test_after_an_outage_a_week_comes_late_but_in_daytime(house: House) -> None:
    house.choose(house.officer, WEEKLY)
    told(house, house.officer, at(hours=10))

    assert collect(house, at(5, hours=23)) == 0
    assert collect(house, at(6, hours=9)) == 1


def test_what_was_told_on_monday_afternoon_waits_for_the_next_monday(house: House) -> None:
    house.choose(house.officer, WEEKLY)
    told(house, house.officer, at(5, hours=15))

    assert collect(house, at(5, hours=16)) == 0
    assert collect(house, at(12, hours=7)) == 1


def test_two_replicas_make_one_digest(house: House) -> None:
    house.choose(house.officer, DAILY)
    told(house, house.officer, at(hours=10))
    threads = [Thread(target=collect, args=(house, at(1, hours=7))) for _ in range(4)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(house.deliveries()) == 1
    assert house.delivery().state is State.QUEUED


def test_who_chooses_mail_at_once_gets_what_waited_the_next_morning(house: House) -> None:
    house.choose(house.officer, WEEKLY)
    told(house, house.officer, at(hours=10))
    house.choose(house.officer, Preferences.INSTANT)

    assert collect(house, at(1, hours=7)) == 1


def test_who_wants_no_mail_any_more_gets_no_digest(house: House) -> None:
    house.choose(house.officer, DAILY)
    told(house, house.officer, at(hours=10))
    house.choose(house.officer, Preferences.OFF)

    assert collect(house, at(1, hours=7)) == 0


def test_what_concerns_the_account_does_not_wait(house: House) -> None:
    house.choose(house.officer, DAILY)

    house.hear(identity.AccountLocked(person=house.officer))
    house.send()

    assert len(house.mail.messages) == 1
    assert collect(house, at(2000, hours=7)) == 0
