"""A partner that misbehaves: nothing of what it shouldn't say is taken over, and nobody else notices."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from interchange.federation.v1 import partners_pb2 as pb
from interchange.federation.v1.partners_pb2_grpc import PartnerServiceStub

from cli.federation.beginning import begin_unless_begun
from cli.federation.partners import name_of, partner_service
from cli.settings import Settings
from services.federation.protocol.entry import Op
from tests.support.evil import EXPECTED, TRICKS, EvilRegion, set_up
from tests.support.pages import Browser
from tests.support.region import RunningRegion
from tests.support.waiting import eventually
from tests.support.world import PASSWORD

pytestmark = pytest.mark.e2e

State = pb.Partner.State
# Longer than a dripping partner may take.
PATIENCE_S = 45.0
# Who does not poke us is asked more often than in half a minute.
QUICK = {"INTERCHANGE_POLL_EVERY_S": "5"}


@dataclass
class Victim:
    """The region under test, and what its operator sees of a partner."""

    region: RunningRegion
    stub: PartnerServiceStub

    @contextmanager
    def pinned(self, evil: EvilRegion, **quota: int) -> Iterator[EvilRegion]:
        """The partner serves and is pinned while entered, and removed after that."""
        set_up(evil)
        with evil.serving():
            partner = pb.Partner(
                name=name_of(evil.region),
                document=evil.document(),
                fingerprint=evil.fingerprint,
                quota=pb.PartnerQuota(**quota),
            )
            self.stub.CreatePartner(pb.CreatePartnerRequest(partner=partner))
            try:
                yield evil
            finally:
                name = name_of(evil.region)
                self.stub.RemovePartner(pb.RemovePartnerRequest(name=name))

    def partner(self, evil: EvilRegion) -> pb.Partner:
        return self.stub.GetPartner(pb.GetPartnerRequest(name=name_of(evil.region)))

    def cursor(self, evil: EvilRegion) -> tuple[int, int]:
        """Epoch and number of the last entry taken over."""
        for each in self.partner(evil).progress:
            if each.channel == "national" and each.incoming:
                return each.epoch, each.cursor
        return 0, 0

    def aside(self, evil: EvilRegion) -> list[tuple[str, int, int]]:
        """Reason, state and number of what was set aside."""
        request = pb.ListSetAsideEntriesRequest(parent=name_of(evil.region), page_size=100)
        found = self.stub.ListSetAsideEntries(request).set_aside_entries
        return sorted((each.reason, each.state, each.sequence) for each in found)

    def forks(self, evil: EvilRegion) -> list[pb.Fork]:
        """The evidence that it told two histories."""
        request = pb.ListForksRequest(parent=name_of(evil.region))
        return list(self.stub.ListForks(request).forks)

    def titles(self, evil: EvilRegion) -> list[str]:
        """What a visitor finds of the partner."""
        answer = self.region.visitor.call("GET", "/v1/notices:search", region=evil.region)
        assert answer.status == 200, answer.body
        return sorted(_titles(answer.body))

    def poke(self, evil: EvilRegion, **handed: int | str) -> int:
        return evil.poke(self.region.url, **handed)


def _titles(found: Any) -> Iterator[str]:
    """Every title, wherever it stands in the answer."""
    if isinstance(found, dict):
        yield from [found["title"]] if isinstance(found.get("title"), str) else []
        found = list(found.values())
    if isinstance(found, list):
        for each in found:
            yield from _titles(each)


@pytest.fixture(scope="module")
def victim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Victim]:
    data: Path = tmp_path_factory.mktemp("victim")
    with RunningRegion.started(data, FEDERATION_ON_LOOPBACK="true", **QUICK) as region:
        settings = Settings(data_dir=data)
        begin_unless_begun(settings, region.url)
        yield Victim(region, partner_service(settings))


@pytest.fixture(scope="module", autouse=True)
def dripping(victim: Victim) -> Iterator[EvilRegion]:
    """It sends a byte now and then, all the while that others are read; for the last test it has done so for long."""
    with victim.pinned(EvilRegion("evil-drip", "slow-drip")) as evil:
        yield evil


def expect(claim: Callable[[], bool], *, timeout_s: float = 20.0) -> None:
    def check() -> None:
        assert claim()

    eventually(check, timeout_s=timeout_s)


def three(evil: EvilRegion) -> list[str]:
    return [f"{evil.region} notice {number}" for number in range(3)]


def test_an_honest_partners_notices_are_found(victim: Victim) -> None:
    with victim.pinned(EvilRegion("honest")) as evil:
        expect(lambda: victim.titles(evil) == three(evil))

        assert victim.partner(evil).state == State.ACTIVE
        assert victim.aside(evil) == []


@pytest.mark.parametrize(
    ("switch", "reason", "read"),
    [
        ("forged-origin", "WRONG_ORIGIN", 3),
        ("wrong-key", "BAD_SIGNATURE", 3),
        ("bit-flip", "PAYLOAD_CHANGED", 2),
        ("stripped-payload", "PAYLOAD_MISSING", 2),
        ("oversize", "TOO_LARGE", 2),
    ],
)
def test_what_is_not_to_be_trusted_is_quarantined_and_not_passed(
    victim: Victim, switch: str, reason: str, read: int
) -> None:
    with victim.pinned(EvilRegion(f"evil-{switch}", switch)) as evil:
        expect(lambda: [each[0] for each in victim.aside(evil)] == [reason])

        assert victim.aside(evil)[0][1] == pb.SetAsideEntry.QUARANTINED
        assert victim.cursor(evil) == (1, read)
        expect(lambda: victim.titles(evil) == three(evil)[:read])


@pytest.mark.parametrize(
    ("switch", "read"),
    [
        ("unknown-key", 3),
        ("gap", 1),
        ("truncated-relay", 2),
        ("reorder", 0),
        ("garbage", 0),
        ("html", 0),
        ("too-much", 0),
        ("edited-head", 0),
    ],
)
def test_nothing_is_taken_over_beyond_what_is_proved(
    victim: Victim, switch: str, read: int
) -> None:
    with victim.pinned(EvilRegion(f"evil-{switch}", switch)) as evil:
        expect(lambda: victim.cursor(evil)[1] == read and bool(evil.asked))
        expect(lambda: bool(victim.partner(evil).state_reason))

        assert victim.cursor(evil)[1] == read
        expect(lambda: victim.titles(evil) == three(evil)[:read])


def test_once_it_says_all_of_it_reading_goes_on(victim: Victim) -> None:
    with victim.pinned(EvilRegion("evil-mended", "gap")) as evil:
        expect(lambda: victim.cursor(evil) == (1, 1))

        evil.switch = "honest"
        victim.poke(evil)

        expect(lambda: victim.titles(evil) == three(evil))


def test_what_a_poke_brings_is_judged_as_if_it_was_asked_for(victim: Victim) -> None:
    with victim.pinned(EvilRegion("evil-handing")) as evil:
        expect(lambda: victim.cursor(evil) == (1, 3))

        hand_over_a_withdrawal(victim, evil, evil.subjects[0], lambda page: page)

        expect(lambda: victim.cursor(evil) == (1, 4))
        expect(lambda: victim.titles(evil) == three(evil)[1:])

        hand_over_a_withdrawal(victim, evil, evil.subjects[1], forged)

        expect(lambda: [each[0] for each in victim.aside(evil)] == ["BAD_SIGNATURE"])
        assert victim.cursor(evil) == (1, 4)
        assert victim.titles(evil) == three(evil)[1:]


def hand_over_a_withdrawal(
    victim: Victim, evil: EvilRegion, subject: str, change: Callable[[str], str]
) -> None:
    """With a poke; who asks for it is told nonsense."""
    evil.switch, after = "honest", len(evil.log)
    evil.say(Op.WITHDRAW, subject)
    page = evil.feed(after, 1).decode()
    evil.switch = "garbage"
    assert victim.poke(evil, after=after, page=change(page)) == 202


def forged(page: str) -> str:
    """With another signature under its first entry."""
    entry, head = page.splitlines()
    said = json.loads(entry)
    return "\n".join((json.dumps({**said, "sig": json.loads(head)["sig"]}), head))


def test_a_replayed_feed_changes_nothing(victim: Victim) -> None:
    with victim.pinned(EvilRegion("evil-replay", "replay")) as evil:
        expect(lambda: victim.titles(evil) == three(evil))
        evil.say(Op.WITHDRAW, evil.subjects[0])
        victim.poke(evil)
        expect(lambda: victim.titles(evil) == three(evil)[1:])
        asked = len(evil.asked)

        victim.poke(evil)

        expect(lambda: len(evil.asked) > asked)
        assert victim.cursor(evil) == (1, 4)
        assert victim.titles(evil) == three(evil)[1:]


def read_about_the_fork(victim: Victim, fork: pb.Fork, language: str, heading: str) -> None:
    """As an operator does who is at the pages."""
    world = victim.region.world(f"fork-{language}")
    operator = Browser(f"http://127.0.0.1:{victim.region.book.web}", language)
    operator.sign_in(f"operator.{world.suffix}@region.example", PASSWORD)
    partner = "/operator/" + fork.name.split("/forks/")[0]

    links = [each.get("href") for each in operator.get(partner).all("a")]
    assert f"{partner}/forks" in links
    page = operator.get(f"{partner}/forks")

    assert heading in page.heading
    assert page.says(fork.hash[:12]) and page.says(fork.read_hash[:12])
    evidence = operator.session.get(f"{operator.url}{partner}/forks/evidence", timeout=20)
    assert evidence.content == fork.evidence + b"\n"


def test_two_histories_are_a_fork_until_a_new_epoch(victim: Victim) -> None:
    with victim.pinned(EvilRegion("evil-rewriting", "rewritten-history")) as evil:
        expect(lambda: victim.cursor(evil) == (1, 3))

        evil.rewrite_history()
        victim.poke(evil)

        expect(lambda: victim.partner(evil).state == State.FORKED)
        assert victim.cursor(evil) == (1, 3)
        (fork,) = victim.forks(evil)
        assert (fork.sequence, fork.read_sequence, fork.teller) == (4, 3, name_of(evil.region))
        assert fork.proof and fork.read_proof and fork.head
        for language, heading in (("en", "Two histories"), ("cy", "Dau hanes")):
            read_about_the_fork(victim, fork, language, heading)

        evil.begin_epoch()
        asked = len(evil.asked)
        victim.poke(evil)

        expect(lambda: len(evil.asked) > asked, timeout_s=PATIENCE_S)
        expect(lambda: victim.partner(evil).state == State.ACTIVE, timeout_s=PATIENCE_S)
        expect(lambda: victim.cursor(evil) == (2, len(evil.log)))


def test_hidden_characters_are_taken_out_and_what_is_not_understood_is_held(
    victim: Victim,
) -> None:
    with victim.pinned(EvilRegion("evil-text", "bidi-html")) as evil:
        shown = [*three(evil), "After all that", "Shadow <script>alert(1)</script> us"]
        expect(lambda: victim.titles(evil) == sorted(shown))

        assert victim.cursor(evil) == (1, 7)
        held = pb.SetAsideEntry.HELD
        assert victim.aside(evil) == [("BAD_PAYLOAD", held, 5), ("UNKNOWN_OP", held, 6)]


def test_a_flood_is_throttled_then_stopped_and_others_are_read(victim: Victim) -> None:
    with victim.pinned(EvilRegion("evil-flood", "flood"), burst=10, entries_per_hour=1) as evil:
        expect(lambda: victim.cursor(evil) == (1, 3))

        for number in range(15):
            evil.put(f"flood {number}")
        victim.poke(evil)
        expect(lambda: victim.partner(evil).state == State.THROTTLED)
        for number in range(15):
            evil.put(f"more {number}")
        victim.poke(evil)
        expect(lambda: victim.partner(evil).state == State.SUSPENDED, timeout_s=PATIENCE_S)

        expect(lambda: victim.titles(evil) == [])
        with victim.pinned(EvilRegion("beside-the-flood")) as other:
            expect(lambda: victim.titles(other) == three(other))


def test_a_storm_of_epochs_is_not_followed(victim: Victim) -> None:
    with victim.pinned(EvilRegion("evil-storm", "epoch-storm")) as evil:
        expect(lambda: "EPOCH_STORM" in victim.partner(evil).state_reason, timeout_s=PATIENCE_S)

        snapshots = [each for each in evil.asked if "snapshot" in each]
        assert len(snapshots) <= 3
        expect(lambda: victim.titles(evil) == three(evil))


def test_the_door_admits_nobody_else(victim: Victim) -> None:
    stranger = EvilRegion("stranger")
    with stranger.serving():
        assert victim.poke(stranger) == 403

    with victim.pinned(EvilRegion("evil-door")) as evil:
        assert victim.poke(evil) == 202
        real, evil.key = evil.key, evil.impostor
        assert victim.poke(evil) == 401
        evil.key = real
        assert evil.post(victim.region.url, "/federation/v1/hello", {"cursors": 5}) == 400
        assert evil.post(victim.region.url, "/federation/v1/poke", {"x": "y" * 2000}) == 413


def test_a_lie_about_what_was_read_begins_no_epoch(victim: Victim) -> None:
    with victim.pinned(EvilRegion("evil-liar", "lie")) as evil:
        theirs = {"channel": "to.evil-liar", "epoch": 10**9, "seq": 5, "hash": "a" * 64}
        for _ in range(3):
            assert evil.lie(victim.region.url) == 200
            assert (
                evil.post(victim.region.url, "/federation/v1/hello", {"cursors": [theirs]}) == 200
            )

        outgoing = {
            each.channel: each.epoch for each in victim.partner(evil).progress if not each.incoming
        }
        assert all(epoch <= 1 for epoch in outgoing.values()), outgoing


def test_slander_of_another_region_harms_nobody(victim: Victim) -> None:
    with (
        victim.pinned(EvilRegion("beside-the-slander")) as other,
        victim.pinned(EvilRegion("evil-slander", "slander")) as evil,
    ):
        expect(lambda: victim.cursor(other) == (1, 3))

        assert evil.slander(victim.region.url, other.region) == 200

        assert victim.partner(other).state == State.ACTIVE
        assert victim.forks(other) == []


def test_each_switch_says_what_a_region_must_do() -> None:
    page = (Path(__file__).parents[2] / "docs" / "federation.md").read_text()

    for switch, expected in EXPECTED.items():
        assert f"| `{switch}` | {expected} |" in page, switch
    assert set(TRICKS) < set(EXPECTED)


def test_who_drips_is_cut_and_others_are_read_meanwhile(
    victim: Victim, dripping: EvilRegion
) -> None:
    with victim.pinned(EvilRegion("beside-the-drip")) as other:
        expect(lambda: victim.titles(other) == three(other))

        expect(lambda: bool(victim.partner(dripping).state_reason), timeout_s=PATIENCE_S)
        assert victim.titles(dripping) == []
