"""Poking partners over real HTTP: of little the news itself, of much that there is some."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from interchange.opportunities.v1 import events_pb2 as events

from services.federation.log.models import LogEntry
from services.federation.poking import LITTLE, Pokes
from services.federation.protocol.entry import Entry
from services.federation.protocol.head import read_head, split_page
from services.federation.protocol.poke import MAX_POKE_BYTES, POKE_BYTES
from tests.conftest import Databases
from tests.support.waiting import eventually
from tests.unit.federation.origins import AT, Origin
from tests.unit.federation.ours import REGION, Ours, a_notice
from tests.unit.federation.partner_server import PartnerServer, serving

TAKES_PAGES = {POKE_BYTES: MAX_POKE_BYTES}


@dataclass
class Setting:
    """Our log, whom we poke, and what arrives there."""

    ours: Ours
    server: PartnerServer
    pokes: Pokes

    def publish(self, number: int = 1) -> None:
        """So many notices at once, and the poke that tells of them."""
        told = [events.NoticePublished(notice=a_notice()) for _ in range(number)]
        self.ours.hear(*told)
        self.pokes.moved()

    def poked(self, head: int) -> dict[str, Any]:
        """The poke that says that our log goes so far."""
        found: list[dict[str, Any]] = []

        def look() -> None:
            found[:] = [each for each in self.server.pokes if each["head"] == head]
            assert found

        eventually(look)
        return found[0]


Begin = Callable[..., Setting]


@pytest.fixture
def begin(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> Iterator[Begin]:
    monkeypatch.setattr("services.federation.pulling.client.now", lambda: AT)
    with ExitStack() as stack:
        ours = Ours(databases("federation"))
        yield lambda limits, **options: stack.enter_context(_setting(ours, limits, **options))


@contextmanager
def _setting(ours: Ours, limits: dict[str, int], **options: Any) -> Iterator[Setting]:
    ours.publish_document()
    signer, scotland = ours.keyring.signer, Origin()
    with serving(PartnerServer(scotland, signer().public)) as server:
        scotland.revise(url=server.url, limits=limits)
        ours.pin(scotland)
        pokes = Pokes(ours.database, signer, region=REGION, development=True, **options)
        pokes.start()
        try:
            yield Setting(ours, server, pokes)
        finally:
            pokes.stop()


def test_little_comes_with_the_poke_as_a_page_of_the_feed(begin: Begin) -> None:
    setting = begin(TAKES_PAGES)
    setting.publish()
    first = setting.poked(head=1)

    setting.publish(2)
    second = setting.poked(head=3)

    assert "page" not in first  # how far the partner is, nobody has said yet
    assert (second["channel"], second["epoch"], second["after"]) == ("national", 1, 1)
    lines, last = split_page(second["page"].encode())
    assert lines == [_line(each) for each in setting.ours.entries()[1:]]
    assert read_head(last, setting.ours.keyring.published().document).head == 3


def test_of_much_only_that_it_is_there(begin: Begin) -> None:
    setting = begin(TAKES_PAGES)
    setting.publish()
    setting.poked(head=1)

    setting.publish(LITTLE + 1)

    assert "page" not in setting.poked(head=LITTLE + 2)


@pytest.mark.parametrize("limits", [{}, {POKE_BYTES: 1000}])
def test_who_takes_no_pages_is_sent_none(begin: Begin, limits: dict[str, int]) -> None:
    setting = begin(limits)
    setting.publish()
    setting.poked(head=1)

    setting.publish()

    assert "page" not in setting.poked(head=2)


def test_nothing_is_handed_over_before_the_log_is_known_to_be_whole(begin: Begin) -> None:
    setting = begin(TAKES_PAGES, may_hand=lambda: False)
    setting.publish()
    setting.poked(head=1)

    setting.publish()

    assert "page" not in setting.poked(head=2)


def _line(entry: LogEntry) -> bytes:
    return Entry(entry.protected, entry.payload, entry.sig).line()
