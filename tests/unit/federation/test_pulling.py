"""Reading a partner over real HTTP: up to its head, through cuts, whatever it does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from interchange.federation.v1 import events_pb2 as events
from sqlalchemy.orm import Session

from chassis.clock import now
from services.federation.door.greeting import claims
from services.federation.partners.models import Partner, State
from services.federation.protocol.document import Revoked
from services.federation.protocol.head import join_page
from services.federation.protocol.keys import SigningKey, fingerprint
from services.federation.protocol.poke import Handed, Poke
from services.federation.protocol.proof import proved
from services.federation.protocol.receiving import Cursor
from services.federation.pulling.client import MOST_BYTES, PartnerClient, Unreachable
from services.federation.pulling.desk import Desk
from services.federation.pulling.pace import Budget, Waits
from services.federation.pulling.reader import Ahead, Reader
from services.federation.pulling.visit import LATELY_S, THROUGH_S, Crowd, Visitor
from services.federation.pulling.worker import OURSELVES, Pulling
from services.federation.receiving import gossip
from tests.conftest import Databases
from tests.support.waiting import eventually
from tests.unit.federation.origins import AT, Origin, key_info, subject_of
from tests.unit.federation.partner_server import PartnerServer, serving
from tests.unit.federation.receiver import Receiver

OURS = "east-of-england"
HOUR = 3600.0
PER_S = 100  # entries, while others wait


@dataclass
class Setting:
    """Our region, and a partner that answers."""

    receiver: Receiver
    server: PartnerServer
    desk: Desk
    compared: list[Any] = field(default_factory=list)

    @property
    def origin(self) -> Origin:
        return self.server.origin

    def visitor(self, *, hello_every_s: float = HOUR) -> Visitor:
        return Visitor(self.desk, "scotland", hello_every_s, 10 * HOUR, Crowd(), Budget(PER_S))

    @property
    def partner(self) -> Partner:
        with self.desk.database.read() as session:
            return session.get_one(Partner, "scotland")


@dataclass
class Listening:
    """Says what is read, with proof, and keeps what is heard."""

    compared: list[Any]

    def say(self, session: Session, region: str) -> dict[str, Any]:
        return {"cursors": claims(session, region), "known": gossip.known(session, region)}

    def hear(self, session: Session, region: str, said: Mapping[str, Any]) -> Sequence[gossip.Lead]:
        self.compared.append(said)
        return gossip.compare(session, region, said, at=AT)


@contextmanager
def a_setting(databases: Databases, origin: Origin) -> Iterator[Setting]:
    database = databases("federation")
    key = SigningKey.generate("east-2026-1")
    receiver = Receiver(database)
    with serving(PartnerServer(origin, key.public)) as server:
        origin.revise(url=server.url)
        words = fingerprint(origin.root.public)
        with database.begin() as session:
            session.add(
                Partner.pin(origin.signed_document, words, own_region=OURS, channels=[], at=AT)
            )
        compared: list[Any] = []
        desk = Desk(
            database,
            OURS,
            lambda: key,
            receiver.answers,
            Listening(compared),
            development=True,
            clock=lambda: AT + timedelta(seconds=1),
        )
        yield Setting(receiver, server, desk, compared)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests are signed in the time that the origin's keys live in."""
    monkeypatch.setattr("services.federation.pulling.client.now", lambda: AT)


@pytest.fixture
def setting(databases: Databases, clock: None) -> Iterator[Setting]:
    with a_setting(databases, Origin()) as made:
        yield made


def test_a_visit_reads_up_to_the_head(setting: Setting) -> None:
    for number in range(7):
        setting.origin.put(number)
    setting.server.limit = 3

    visitor = setting.visitor()
    visitor.visit()

    assert len(setting.receiver.live()) == 7
    assert setting.receiver.seq(setting.origin) == (1, 7)
    assert setting.partner.state is State.ACTIVE
    assert setting.partner.as_of_time == AT
    assert visitor.is_greeted
    [revised] = setting.receiver.events(events.PartnerRevised)
    assert revised.region == "scotland"


def test_a_second_visit_asks_for_what_is_new(setting: Setting) -> None:
    visitor = setting.visitor()
    setting.origin.put(1)
    visitor.visit()
    setting.origin.put(2)

    visitor.visit({"national"})

    assert setting.server.asked[-1] == "/federation/v1/feed/national?epoch=1&after=1&limit=500"
    assert len(setting.receiver.live()) == 2


def test_what_comes_with_a_poke_is_not_asked_for(setting: Setting) -> None:
    visitor = setting.visitor()
    setting.origin.put(1)
    visitor.visit()
    setting.origin.put(2)
    asked = list(setting.server.asked)

    visitor.visit({"national"}, {"national": Handed(1, 1, setting.origin.page(1))})

    assert setting.server.asked == asked
    assert setting.receiver.live() == {subject_of(1), subject_of(2)}
    assert setting.receiver.seq(setting.origin) == (1, 2)


@pytest.mark.parametrize("handed", [Handed(1, 2, b"nonsense"), Handed(2, 1, b"nonsense")])
def test_what_a_poke_brings_of_another_place_is_asked_for(setting: Setting, handed: Handed) -> None:
    visitor = setting.visitor()
    setting.origin.put(1)
    visitor.visit()
    setting.origin.put(2)
    setting.origin.put(3)

    visitor.visit({"national"}, {"national": handed})

    assert setting.receiver.seq(setting.origin) == (1, 3)


def test_what_comes_with_a_poke_is_verified(setting: Setting) -> None:
    visitor = setting.visitor()
    setting.origin.put(1)
    visitor.visit()
    setting.origin.put(2, title="As it was said")
    forged = setting.origin.page(1).replace(b'"sig":"', b'"sig":"AAAA', 1)

    visitor.visit({"national"}, {"national": Handed(1, 1, forged)})

    assert setting.receiver.live() == {subject_of(1)}
    assert setting.partner.failure_reason == "BAD_ENTRY"


def test_hello_tells_how_far_we_are_and_hears_how_far_they_are(setting: Setting) -> None:
    setting.origin.put(1)
    visitor = setting.visitor(hello_every_s=0)
    visitor.visit()

    visitor.visit()

    [first, second] = setting.server.hellos
    assert first["cursors"] == []
    (cursor,) = second["cursors"]
    read = Cursor(1, 1, setting.origin.hash)
    assert (cursor["channel"], cursor["seq"], cursor["hash"]) == ("national", 1, read.hash)
    assert proved(cursor["proof"], setting.origin.document) == ("national", read)
    assert setting.compared == [{"cursors": []}] * 2


def test_a_new_epoch_is_taken_by_its_snapshot(setting: Setting) -> None:
    for number in range(5):
        setting.origin.put(number)
    visitor = setting.visitor()
    visitor.visit()
    setting.origin.entries.pop()
    setting.origin.begin_epoch()
    setting.origin.put(9)
    setting.server.limit = 2

    visitor.visit()

    assert setting.receiver.seq(setting.origin) == (2, 6)
    assert setting.receiver.live() == {subject_of(number) for number in (0, 1, 2, 3, 9)}


def test_away_longer_than_it_keeps_is_a_snapshot_too(setting: Setting) -> None:
    setting.origin.put(1)
    visitor = setting.visitor()
    visitor.visit()
    setting.origin.withdraw(1)
    setting.origin.put(2)
    setting.server.least = 3

    visitor.visit()

    assert setting.receiver.live() == {subject_of(2)}
    assert setting.receiver.seq(setting.origin) == (1, 3)


def test_a_storm_of_epochs_is_not_followed(setting: Setting) -> None:
    visitor = setting.visitor()
    setting.origin.put(1)

    for _ in range(6):
        setting.origin.begin_epoch()
        visitor.visit()

    asked = [target for target in setting.server.asked if "/snapshot/" in target]
    assert len(asked) == 3


def test_two_histories_are_a_fork_until_a_new_epoch(setting: Setting) -> None:
    setting.origin.put(1)
    visitor = setting.visitor()
    visitor.visit()
    setting.origin.entries.clear()
    setting.origin.put(2)
    setting.origin.put(3)

    visitor.visit()

    assert setting.partner.state is State.FORKED
    assert setting.receiver.live() == {subject_of(1)}
    assert setting.server.hellos[-1]["cursors"][0]["seq"] == 1
    setting.origin.begin_epoch()
    visitor.visit()
    assert setting.partner.state is State.ACTIVE
    assert setting.receiver.live() == {subject_of(2), subject_of(3)}


def test_a_fork_that_the_partner_forgot_itself_is_told(setting: Setting) -> None:
    setting.origin.put(1)
    visitor = setting.visitor(hello_every_s=0)
    visitor.visit()
    known = list(setting.origin.entries)
    setting.origin.entries.clear()
    setting.origin.put(2)
    other = setting.origin.entries[-1]
    visitor.visit()
    setting.origin.entries[:] = known  # a backup of before

    visitor.visit()

    told = [(each["seq"], each["hash"]) for each in setting.server.hellos[-1]["cursors"]]
    assert told == [(1, known[-1].hash), (1, other.hash)]
    for each in setting.server.hellos[-1]["cursors"]:
        _, place = proved(each["proof"], setting.origin.document)
        assert place.hash == each["hash"]
    setting.origin.begin_epoch()
    visitor.visit()
    visitor.visit()
    assert setting.partner.state is State.ACTIVE
    assert len(setting.server.hellos[-1]["cursors"]) == 1


def test_a_partner_that_fell_back_is_told(setting: Setting) -> None:
    setting.origin.put(1)
    setting.origin.put(2)
    visitor = setting.visitor()
    visitor.visit()
    setting.origin.entries.pop()

    visitor.visit()

    assert setting.server.hellos[-1]["cursors"][0]["seq"] == 2
    assert len(setting.receiver.live()) == 2


def test_an_unknown_key_is_looked_up_in_a_newer_document(setting: Setting) -> None:
    setting.origin.put(1)
    visitor = setting.visitor()
    visitor.visit()
    newer = SigningKey.generate("scotland-2026-2")
    keys = (key_info(setting.origin.key), key_info(newer))
    setting.origin.revise(keys=keys)
    setting.origin.key = newer
    setting.origin.put(2)

    visitor.visit()
    visitor.visit()

    assert setting.receiver.live() == {subject_of(1), subject_of(2)}
    assert setting.partner.document_version == setting.origin.document.version


def test_what_a_revoked_key_signed_goes_with_the_document_that_revokes_it(
    setting: Setting,
) -> None:
    stolen = SigningKey.generate("scotland-2026-2")
    fresh = setting.origin.key
    setting.origin.put(1)
    visitor = setting.visitor()
    setting.origin.revise(keys=(key_info(fresh), key_info(stolen)))
    setting.origin.key = stolen
    setting.origin.put(2)
    visitor.visit()
    visitor.visit()
    assert len(setting.receiver.live()) == 2
    setting.origin.key = fresh
    setting.origin.revise(revoked=(Revoked("scotland-2026-2", "national", 1, 2),))
    visitor.document_every_s = 0

    visitor.visit()

    assert setting.receiver.live() == {subject_of(1)}
    setting.origin.entries.pop()
    setting.origin.begin_epoch()
    visitor.visit()
    assert setting.receiver.seq(setting.origin) == (2, 2)


def test_a_partner_that_withholds_is_not_up_to_date(setting: Setting) -> None:
    setting.origin.put(1)
    setting.server.misbehave = lambda target: (
        (200, join_page([], setting.origin.head())) if "/feed/national" in target else None
    )

    with pytest.raises(Unreachable, match="WITHHELD"):
        setting.visitor().visit()

    assert setting.partner.as_of_time is None


def test_who_floods_is_read_slowly_and_then_not_at_all(setting: Setting) -> None:
    with setting.desk.database.begin() as session:
        partner = session.get_one(Partner, "scotland")
        partner.entries_per_hour, partner.burst = 1, 5
    visitor = setting.visitor()
    setting.origin.put(0)
    visitor.visit()

    for number in range(6):
        setting.origin.put(number)
    visitor.visit()
    assert setting.partner.state is State.THROTTLED
    for number in range(6):
        setting.origin.put(number)
    visitor.visit()

    assert setting.partner.state is State.SUSPENDED
    assert visitor.visit() is False


@pytest.mark.parametrize("crowd", [1, 2])
def test_while_others_wait_no_more_is_verified_than_the_budget_allows(
    setting: Setting, monkeypatch: pytest.MonkeyPatch, crowd: int
) -> None:
    clock = Clock()
    monkeypatch.setattr("services.federation.pulling.reader.time", clock)
    for number in range(40):
        setting.origin.put(number)
    monkeypatch.setattr("services.federation.pulling.reader.LEAST", 5)
    visitor = setting.visitor()
    visitor.budget = Budget(10)
    terms = setting.desk.terms("scotland")
    assert terms
    client = client_of(setting)
    reader = Reader(
        setting.desk, client, {}, {}, Ahead(), visitor.budget, lambda: crowd > 1, pause=clock.pause
    )

    reader.read(terms, "national")

    assert len(setting.receiver.live()) == 40
    # Ten at once, then ten a second: thirty more take three, the last five less a step's rest.
    assert clock.at == pytest.approx(0 if crowd == 1 else 3, abs=0.6)


def test_who_is_read_or_had_news_lately_makes_it_crowded_for_all_others() -> None:
    at = [0.0]
    crowd = Crowd(clock=lambda: at[0])

    with crowd.inside("wales"):
        assert crowd.is_crowded("scotland")
        assert not crowd.is_crowded("wales")
    assert not crowd.is_crowded("scotland")

    crowd.had_news("wales")
    assert crowd.is_crowded("scotland")
    assert not crowd.is_crowded("wales")
    at[0] = LATELY_S + 1
    assert not crowd.is_crowded("scotland")

    crowd.had_news(OURSELVES)
    assert crowd.is_crowded("scotland")


def test_no_page_of_masses_begins_while_news_of_others_is_on_its_way(setting: Setting) -> None:
    at = [100.0]
    crowd = Crowd(clock=lambda: at[0])
    assert crowd.way_s("scotland") == 0
    crowd.had_news("wales")
    at[0] += THROUGH_S / 2
    assert crowd.way_s("scotland") == pytest.approx(THROUGH_S / 2)
    assert crowd.way_s("wales") == 0
    for number in range(3):
        setting.origin.put(number)
    terms = setting.desk.terms("scotland")
    assert terms

    paused: list[float] = []
    reader = Reader(
        setting.desk,
        client_of(setting),
        {},
        {},
        Ahead(),
        Budget(PER_S),
        is_crowded=lambda: crowd.is_crowded("scotland"),
        way_s=lambda: crowd.way_s("scotland"),
        pause=paused.append,
    )
    reader.read(terms, "national")

    assert sum(paused) == pytest.approx(THROUGH_S / 2)


def test_a_visit_that_brings_nothing_is_no_news(setting: Setting) -> None:
    visitor = setting.visitor()

    visitor.visit()
    assert not visitor.crowd.is_crowded("wales")

    setting.origin.put(1)
    visitor.visit()
    assert visitor.crowd.is_crowded("wales")


@dataclass
class Clock:
    """Time that passes only while somebody waits."""

    at: float = 0.0

    def monotonic(self) -> float:
        return self.at

    perf_counter = monotonic

    def pause(self, seconds: float) -> None:
        self.at += seconds


def test_a_backlog_is_no_flood(setting: Setting) -> None:
    with setting.desk.database.begin() as session:
        session.get_one(Partner, "scotland").burst = 5
    visitor = setting.visitor()
    setting.origin.put(0)
    visitor.visit()
    setting.server.is_away = True
    with pytest.raises(Unreachable):
        visitor.visit()
    for number in range(20):
        setting.origin.put(number)
    setting.server.is_away = False

    visitor.visit()

    assert setting.partner.state is State.ACTIVE
    assert len(setting.receiver.live()) == 20


def client_of(setting: Setting, **options: Any) -> PartnerClient:
    options = {"development": True, **options}
    return PartnerClient(OURS, setting.server.url, setting.desk.signer, **options)


@pytest.fixture
def sqlite_only(request: pytest.FixtureRequest) -> None:
    if "postgresql" in request.node.name:
        pytest.skip("no database takes part")


def test_loopback_and_plain_http_are_for_development_only(setting: Setting) -> None:
    with pytest.raises(Unreachable, match="NOT_HTTPS"):
        client_of(setting, development=False)
    secure = PartnerClient(
        OURS, setting.server.url.replace("http:", "https:"), setting.desk.signer, development=False
    )

    with pytest.raises(Unreachable, match="PRIVATE_ADDRESS"):
        secure.document()

    assert not setting.server.asked


def test_redirects_are_not_followed(setting: Setting) -> None:
    setting.server.headers = {"Location": "http://127.0.0.1:1/elsewhere"}
    setting.server.misbehave = lambda _: (302, b"")

    with pytest.raises(Unreachable, match="HTTP_302"):
        client_of(setting).document()


@pytest.mark.parametrize("body", [b" " * (MOST_BYTES + 1)], ids=["unpacks-to-too-much"])
def test_more_than_agreed_is_not_unpacked(setting: Setting, body: bytes) -> None:
    setting.server.misbehave = lambda _: (200, body)

    with pytest.raises(Unreachable, match="TOO_LARGE"):
        client_of(setting).document()


def test_another_packing_than_offered_is_refused(setting: Setting) -> None:
    setting.server.headers = {"Content-Encoding": "br"}

    with pytest.raises(Unreachable, match="BAD_ENCODING"):
        client_of(setting).document()


def test_who_drips_is_cut(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.federation.pulling.client.TOTAL_S", 0.3)
    setting.server.headers = {"Content-Length": "1000000", "Content-Encoding": "identity"}

    with pytest.raises(Unreachable, match="NO_ANSWER"):
        client_of(setting).document()


def pulling_of(setting: Setting, waits: Waits) -> Pulling:
    return Pulling(
        setting.desk,
        waits=waits,
        hello_every_s=HOUR,
        document_every_s=10 * HOUR,
        verify_per_s=PER_S,
    )


@contextmanager
def pulling(setting: Setting, waits: Waits) -> Iterator[Pulling]:
    worker = pulling_of(setting, waits)
    worker.start()
    try:
        yield worker
    finally:
        worker.stop()


def test_a_poke_is_followed_at_once(setting: Setting) -> None:
    with pulling(setting, Waits()) as worker:
        eventually(lambda: _true(setting.partner.state is State.ACTIVE))
        setting.origin.put(1)
        started = now()

        worker.poked("scotland", Poke("national", 1, 1))

        eventually(lambda: _true(setting.receiver.live() == {subject_of(1)}))
    assert now() - started < timedelta(seconds=5)


@pytest.mark.parametrize("is_away", [False, True])
def test_each_partner_is_greeted_once_started_or_is_away(setting: Setting, is_away: bool) -> None:
    setting.server.is_away = is_away
    never = pulling_of(setting, Waits())

    with pulling(setting, Waits()) as worker:
        eventually(lambda: _true(worker.has_greeted()))

    assert not never.has_greeted()
    assert len(setting.server.hellos) == (not is_away)


def test_who_drips_holds_nobody_up_when_it_is_removed(setting: Setting) -> None:
    setting.server.headers = {"Content-Length": "1000000", "Content-Encoding": "identity"}
    with pulling(setting, Waits()):
        eventually(lambda: _true(len(setting.server.asked) > 0))
        started = now()
    assert now() - started < timedelta(seconds=5)


def test_reading_goes_on_after_a_cut(setting: Setting) -> None:
    setting.server.is_away = True
    with pulling(setting, Waits(first_s=0.05, longest_s=0.1, probe_s=0.1)):
        eventually(lambda: _true(setting.partner.failures > 6))
        setting.origin.put(1)

        setting.server.is_away = False

        eventually(lambda: _true(setting.receiver.live() == {subject_of(1)}))


def _true(claim: bool) -> None:
    assert claim
