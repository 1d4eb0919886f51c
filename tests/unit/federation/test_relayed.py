"""A neighbour hands on what an origin said that can't be reached, and shows when that was not the same to both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta

import orjson
import pytest
from sqlalchemy import select

from cli.federation.evidence import fork_row
from services.federation.partners.models import Partner, State
from services.federation.protocol.head import join_page
from services.federation.protocol.keys import fingerprint
from services.federation.protocol.proof import of_line, proved
from services.federation.pulling.client import Unreachable
from services.federation.pulling.pace import Budget
from services.federation.pulling.visit import Crowd, Visitor
from services.federation.receiving import forks
from services.federation.receiving.convert import fork_to_proto
from services.federation.receiving.models import Fork
from tests.conftest import Databases
from tests.unit.federation.origins import AT, Origin, subject_of
from tests.unit.federation.partner_server import PartnerServer, serving
from tests.unit.federation.test_pulling import HOUR, OURS, PER_S, Setting, a_setting


@pytest.fixture
def setting(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> Iterator[Setting]:
    monkeypatch.setattr("services.federation.pulling.client.now", lambda: AT)
    with a_setting(databases, Origin()) as made:
        yield made


@pytest.fixture
def wales(setting: Setting) -> Iterator[PartnerServer]:
    """A neighbour that answers, and was told all that Scotland has said."""
    origin = Origin(region="wales")
    with serving(PartnerServer(origin, setting.server.public)) as server:
        origin.revise(url=server.url)
        server.relays["scotland"] = setting.origin
        words = fingerprint(origin.root.public)
        with setting.desk.database.begin() as session:
            partner = Partner.pin(
                origin.signed_document, words, own_region=OURS, channels=[], at=AT
            )
            partner.heard(skew_s=0, at=AT)
            session.add(partner)
        yield server


def visit_while_away(setting: Setting, visitor: Visitor | None = None) -> None:
    setting.server.is_away = True
    with pytest.raises(Unreachable):
        (visitor or setting.visitor()).visit()


def greet(setting: Setting) -> None:
    """Hello to Wales."""
    Visitor(setting.desk, "wales", 0, 10 * HOUR, Crowd(), Budget(PER_S)).visit()


def evidence(setting: Setting) -> list[Fork]:
    with setting.desk.database.read() as session:
        return list(session.scalars(select(Fork)))


def test_what_an_origin_said_is_read_by_way_of_a_neighbour_while_it_is_away(
    setting: Setting, wales: PartnerServer
) -> None:
    setting.origin.put(1)
    setting.visitor().visit()
    for number in range(2, 8):
        setting.origin.put(number)
    setting.origin.withdraw(1)
    wales.limit = 3

    visit_while_away(setting)

    assert setting.receiver.live() == {subject_of(number) for number in range(2, 8)}
    assert setting.receiver.seq(setting.origin) == (1, 8)
    relayed = [each for each in wales.asked if "/relay/" in each]
    assert relayed[0] == "/federation/v1/relay/scotland/national?epoch=1&after=0&limit=500"


def test_that_the_origin_is_away_is_not_forgotten_over_that(
    setting: Setting, wales: PartnerServer
) -> None:
    setting.origin.put(1)

    visit_while_away(setting)

    assert setting.partner.last_contact_time is None
    assert setting.partner.as_of_time == AT
    assert setting.partner.failures == 1


def test_when_it_is_back_reading_goes_on_from_there(setting: Setting, wales: PartnerServer) -> None:
    setting.origin.put(1)
    visitor = setting.visitor()
    visit_while_away(setting, visitor)
    setting.server.is_away = False
    setting.origin.put(2)

    visitor.visit()

    assert setting.server.asked[-2] == "/federation/v1/feed/national?epoch=1&after=1&limit=500"
    assert len(setting.receiver.live()) == 2


@pytest.mark.parametrize("at", [0, 1])
def test_what_was_changed_on_the_way_is_not_taken_over_and_is_not_the_origins_fault(
    setting: Setting, wales: PartnerServer, at: int
) -> None:
    for number in range(3):
        setting.origin.put(number)
    told = deepcopy(setting.origin)
    told.entries[at] = replace(told.entries[at], payload=None)
    wales.relays["scotland"] = told

    visit_while_away(setting)

    assert setting.receiver.seq(setting.origin) == (1, at)
    assert setting.receiver.aside() == []
    assert setting.partner.state is State.PINNED


def test_a_neighbour_that_is_behind_withholds_or_talks_nonsense_does_no_harm(
    setting: Setting, wales: PartnerServer
) -> None:
    behind = deepcopy(setting.origin)
    for number in range(3):
        setting.origin.put(number)
    behind.entries = setting.origin.entries[:1]
    setting.visitor().visit()
    pages = (behind.page(), join_page([], setting.origin.head()), b"<html>")
    for page in pages:
        wales.misbehave = lambda target, page=page: (200, page) if "/relay/" in target else None

        visit_while_away(setting)

    assert setting.receiver.seq(setting.origin) == (1, 3)
    assert setting.partner.state is State.ACTIVE
    assert evidence(setting) == []


def diverge(setting: Setting, *, shared: int, ours: int, theirs: int) -> Origin:
    """Scotland tells us so many entries and Wales so many others, after what it told both."""
    for number in range(shared):
        setting.origin.put(number)
    other = deepcopy(setting.origin)
    for number in range(ours):
        setting.origin.put(100 + number)
    for number in range(theirs):
        other.put(200 + number)
    return other


@pytest.mark.parametrize(("ours", "theirs"), [(1, 1), (1, 3), (3, 1)])
def test_a_relay_shows_that_its_origin_has_told_two_histories(
    setting: Setting, wales: PartnerServer, ours: int, theirs: int
) -> None:
    wales.relays["scotland"] = diverge(setting, shared=2, ours=ours, theirs=theirs)
    setting.visitor().visit()

    visit_while_away(setting)

    assert setting.partner.state is State.FORKED
    (fork,) = evidence(setting)
    assert fork.teller == "wales"


@pytest.mark.parametrize(("ours", "theirs"), [(1, 1), (1, 3), (3, 1)])
def test_neighbours_who_compare_heads_find_a_two_faced_origin_out(
    setting: Setting, wales: PartnerServer, ours: int, theirs: int
) -> None:
    other = diverge(setting, shared=2, ours=ours, theirs=theirs)
    wales.relays["scotland"] = other
    wales.knows = [of_line(other.head())]
    setting.visitor().visit()

    greet(setting)

    assert setting.partner.state is State.FORKED
    (fork,) = evidence(setting)
    document = setting.origin.document
    assert proved(orjson.loads(fork.proof), document) == ("national", fork.place)
    assert fork.read_proof and fork.head
    assert proved(orjson.loads(fork.read_proof), document)[1].hash == setting.origin.hash
    told = wales.hellos[-1]["known"]
    assert told == [of_line(setting.origin.head())]


def test_operators_see_the_evidence_of_a_fork(setting: Setting, wales: PartnerServer) -> None:
    other = diverge(setting, shared=1, ours=2, theirs=1)
    wales.knows = [of_line(other.head())]
    setting.visitor().visit()
    greet(setting)

    with setting.desk.database.read() as session:
        (listed,) = [fork_to_proto(each) for each in session.scalars(forks.listing("scotland"))]

    assert list(fork_row(listed))[:5] == [
        "scotland",
        "national 1",
        f"3 {setting.origin.hash[:12]}",
        f"2 {other.hash[:12]}",
        "wales",
    ]
    shown = orjson.loads(listed.evidence)
    for place in (shown["read"], shown["other"]):
        assert proved(place["proof"], setting.origin.document)[1].hash == place["hash"]


def test_the_origin_is_told_of_both_until_it_begins_anew(
    setting: Setting, wales: PartnerServer
) -> None:
    other = diverge(setting, shared=1, ours=1, theirs=1)
    wales.knows = [of_line(other.head())]
    visitor = setting.visitor(hello_every_s=0)
    visitor.visit()
    greet(setting)

    visitor.visit()

    told = [each["hash"] for each in setting.server.hellos[-1]["cursors"]]
    assert told == [setting.origin.hash, other.hash]
    for each in setting.server.hellos[-1]["cursors"]:
        assert proved(each["proof"], setting.origin.document)[1].hash == each["hash"]
    setting.origin.begin_epoch()
    visitor.visit()
    assert setting.partner.state is State.ACTIVE
    visitor.visit()
    assert len(setting.server.hellos[-1]["cursors"]) == 1


def _older(origin: Origin) -> bytes:
    return Origin.head(replace_entries(origin, origin.entries[:1]))


def _newer(origin: Origin) -> bytes:
    later = replace_entries(origin, list(origin.entries))
    later.put(77)
    return later.head(at=AT + timedelta(seconds=1))


def _forged(origin: Origin) -> bytes:
    forger = Origin(key=Origin().key)
    forger.put(5)
    return forger.head()


def _of_nobody(_: Origin) -> bytes:
    return Origin(region="mars").head()


def replace_entries(origin: Origin, entries: list[object]) -> Origin:
    changed = deepcopy(origin)
    changed.entries = entries  # type: ignore[assignment]
    return changed


@pytest.mark.parametrize("head", [_older, _newer, _forged, _of_nobody])
def test_what_a_neighbour_says_frames_nobody(
    setting: Setting, wales: PartnerServer, head: Callable[[Origin], bytes]
) -> None:
    for number in range(3):
        setting.origin.put(number)
    setting.visitor().visit()
    wales.knows = [of_line(head(setting.origin))]

    greet(setting)

    assert setting.partner.state is State.ACTIVE
    assert evidence(setting) == []
