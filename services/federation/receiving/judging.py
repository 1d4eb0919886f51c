"""Judging a held entry again: after an upgrade, a change of what is admitted, or at an operator's word."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from chassis.clock import now
from chassis.database import Database
from chassis.errors import FailedPrecondition
from services.federation.partners.models import Partner
from services.federation.receiving import aside
from services.federation.receiving.applying import ENTRIES, live, load_cursor, position
from services.federation.receiving.models import AsideState, ReceivedCursor, SetAside
from services.federation.receiving.notices import Admission
from services.federation.receiving.planning import Held, Live, Plan, Record, effects
from services.federation.receiving.reading import Received, reread
from services.federation.receiving.telling import tell
from services.federation.receiving.terms import is_shared
from services.federation.records import incoming


class Judging:
    """Takes over what was held, if nothing speaks against it any more."""

    def __init__(self, database: Database) -> None:
        self._begin = database.begin

    def retry(self, region: str, identifier: UUID) -> SetAside:
        """FailedPrecondition STILL_HELD says why it can't be taken over now either."""
        with self._begin() as session:
            entry, line = aside.load_held(session, region, identifier)
            partner = session.get_one(Partner, region)
            if not partner.is_exchanging:
                raise FailedPrecondition(
                    "NOT_EXCHANGING", f"{partner.name} is {partner.state.name}"
                )
            if not aside.is_newest(session, entry):
                raise FailedPrecondition("SUPERSEDED", "its origin has said something later")
            self._take(session, entry, reread(line), partner)
            entry.decide(AsideState.TAKEN)
            return entry

    def _take(
        self, session: Session, entry: SetAside, received: Received, partner: Partner
    ) -> None:
        cursor = load_cursor(session, entry.origin, entry.channel)
        if not is_shared(partner, cursor):
            raise FailedPrecondition("STILL_HELD", "the channel is not shared between us any more")
        admission = Admission.of(partner.policy)
        plan = Plan(entry.origin, entry.channel, cursor.place, cursor.place, (), (), {})
        for _, effect in effects(entry.origin, entry.channel, [received], admission):
            match effect:
                case Held(reason, detail):
                    raise FailedPrecondition("STILL_HELD", f"{reason}: {detail}")
                case Live():
                    self._show(session, plan, received, effect, cursor, partner.live_notices)
                case Record():
                    incoming.add_all(session, plan, [received], at=now())

    def _show(
        self,
        session: Session,
        plan: Plan,
        received: Received,
        effect: Live,
        cursor: ReceivedCursor,
        quota: int,
    ) -> None:
        if cursor.live_notices >= quota:
            raise FailedPrecondition("STILL_HELD", "the partner has as many notices as was agreed")
        session.execute(
            update(ENTRIES)
            .where(ENTRIES.c.origin == plan.origin, ENTRIES.c.channel == plan.channel)
            .where(ENTRIES.c.epoch == received.protected.epoch)
            .where(ENTRIES.c.seq == received.protected.seq)
            .values(is_live=True)
        )
        cursor.live_notices += 1
        word = live(plan, received, effect.foreign)
        # After whatever we have said of it since the entry came.
        word.position.CopyFrom(position(plan, cursor.seq, before=-cursor.speak()))
        tell(session, plan.origin, [word])
