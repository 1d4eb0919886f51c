"""Hello, said and heard: how far we have read each other, with proof, and what we have of third regions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.clock import now
from services.federation.door.comparing import Comparing
from services.federation.protocol import proof
from services.federation.protocol.proof import Proof
from services.federation.protocol.receiving import Cursor
from services.federation.receiving import forks, gossip
from services.federation.receiving.gossip import Lead
from services.federation.receiving.models import ReceivedCursor
from services.federation.receiving.proving import proof_of


class Greeting:
    """What is the same in asking and in answering."""

    def __init__(self, comparing: Comparing, clock: Callable[[], datetime] = now) -> None:
        self._comparing = comparing
        self._clock = clock

    def say(self, session: Session, region: str) -> dict[str, Any]:
        """To a partner: where we are in its logs, and the heads that others have signed for us."""
        return {"cursors": claims(session, region), "known": gossip.known(session, region)}

    def hear(self, session: Session, region: str, said: Mapping[str, Any]) -> Sequence[Lead]:
        """From a partner: begin anew what we have lost, and sound the alarm of who told us otherwise."""
        self._comparing.compare(session, region, said)
        return gossip.compare(session, region, said, at=self._clock())


def claims(session: Session, origin: str) -> list[dict[str, Any]]:
    """Where we are on every channel, then where we saw another history, while that matters.

    An origin that has fallen back to where we are would else find nothing wrong, and never begin
    the epoch that we wait for.
    """
    of_origin = select(ReceivedCursor).where(ReceivedCursor.origin == origin)
    read = session.scalars(of_origin.order_by(ReceivedCursor.channel)).all()
    others = forks.unmended(session, origin, {each.channel: each.epoch for each in read})
    return [
        *(_claim(each.channel, each.place, proof_of(session, each)) for each in read),
        *(_claim(each.channel, each.place, proof.of_line(each.proof)) for each in others.values()),
    ]


def _claim(channel: str, at: Cursor, shown: Proof | None) -> dict[str, Any]:
    claim = {"channel": channel, "epoch": at.epoch, "seq": at.seq, "hash": at.hash}
    return {**claim, "proof": shown} if shown else claim
