"""What a program has a handler for is brought to it: its consumer on the bus lets the event through."""

from __future__ import annotations

from typing import Any, cast

import pytest

from chassis.bus import Handlers
from chassis.bus.envelope import subject_of
from cli.hearing import HEARING
from services.federation.log.exporting import Export
from services.federation.records import outgoing
from services.identity.audit.listeners import HANDLERS as IDENTITY
from services.matching.listeners import Listeners
from services.notifications.listeners import HANDLERS as NOTIFICATIONS
from services.opportunities.listeners import HANDLERS as OPPORTUNITIES

NOBODY = cast(Any, None)  # which handlers there are does not depend on what they use
HANDLERS: dict[str, Handlers] = {
    "federation": {**Export(NOBODY, region="", is_open=NOBODY).handlers, **outgoing.handlers()},
    "identity": IDENTITY,
    "matching": Listeners(NOBODY, NOBODY).handlers,
    "notifications": NOTIFICATIONS,
    "opportunities": OPPORTUNITIES,
}


@pytest.mark.parametrize("program", HANDLERS)
def test_every_event_with_a_handler_is_heard(program: str) -> None:
    # What comes on a lane is named as all other events of its service are.
    named = (each.replace("lane.", "evt.", 1) for each in HEARING[program])
    heard = tuple(each.removesuffix(">") for each in named)

    subjects = {subject_of(kind.DESCRIPTOR) for kind in HANDLERS[program]}

    assert not {each for each in subjects if not each.startswith(heard)}
