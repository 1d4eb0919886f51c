"""Whether the clocks of all machines agree: tokens, leases and signatures are valid for so long and no longer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import requests
import sqlalchemy as sa
from redis.exceptions import RedisError

from chassis import valkey
from chassis.clock import now
from cli import doors
from cli.doctor.finding import Finding
from cli.doctor.places import Places

WITHIN_S = 5
OFF = timedelta(seconds=2)  # tokens forgive five, partners some minutes
SECOND = timedelta(seconds=1)
REMEDY = "let NTP (chrony, systemd-timesyncd) keep the clocks of all machines"


def clocks(places: Places) -> Iterator[Finding]:
    """Each clock that can be asked, beside ours."""
    if places.gateway_url:
        yield clock("gateway", lambda: _http_time(places.gateway_url), blur=SECOND)
    if places.redis_url:
        yield clock("Valkey", lambda: _valkey_time(places.redis_url))
    for service, url in places.databases.items():
        if url.startswith("postgresql"):
            yield clock(f"database of {service}", lambda of=url: _database_time(of))  # type: ignore[misc]  # mypy infers no default


def clock(whose: str, ask: Callable[[], datetime], *, blur: timedelta = timedelta()) -> Finding:
    """One clock: how far it is from every moment between our asking and their answer."""
    before = now()
    try:
        theirs = ask()
    except (requests.RequestException, RedisError, sa.exc.SQLAlchemyError, KeyError) as problem:
        return Finding(
            f"clock of {whose}", f"can't be read ({type(problem).__name__})", "see above"
        )
    off = max(before - theirs - blur, theirs - now(), timedelta())
    said = f"differs from ours by {off.total_seconds():.1f} s" if off else "agrees with ours"
    return Finding(f"clock of {whose}", said, REMEDY if off > OFF else "")


def _http_time(url: str) -> datetime:
    with doors.session() as session:
        answer = session.get(f"{url}/healthz", timeout=WITHIN_S)
    return parsedate_to_datetime(answer.headers["Date"])


def _valkey_time(url: str) -> datetime:
    with valkey.connect(url) as client:
        seconds, micros = client.time()
    return datetime.fromtimestamp(seconds + micros / 1e6, UTC)


def _database_time(url: str) -> datetime:
    engine = sa.create_engine(url)
    try:
        with engine.connect() as connection:
            found: datetime = connection.scalar(sa.text("SELECT clock_timestamp()"))
            return found
    finally:
        engine.dispose()
