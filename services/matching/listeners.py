"""What this service does when opportunities, identity and federation announce something."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from interchange.federation.v1 import events_pb2 as federation
from interchange.identity.v1 import events_pb2 as identity
from interchange.opportunities.v1 import events_pb2 as opportunities
from interchange.opportunities.v1.notices_pb2 import Notice
from sqlalchemy.orm import Session

from chassis.bulk import rounds
from chassis.bus import Handlers, Together
from chassis.clock import now
from chassis.database import after_commit
from services.matching.cohorts.forgetting import forget_applicant, on_employer_changed
from services.matching.index.follower import Follower
from services.matching.saved.alerting import Alerting
from services.matching.saved.queries import forget
from services.matching.suggestions import relations
from services.matching.swaps.taking import take_swap
from services.matching.taking import take_notices, take_organisation, take_region

NoticeEvent = (
    opportunities.NoticePublished
    | opportunities.NoticeRevised
    | opportunities.NoticeClosed
    | opportunities.NoticeReassigned
    | opportunities.NoticeExpiring
)
OrganisationEvent = (
    identity.OrganisationRegistered | identity.OrganisationVerified | identity.OrganisationRevised
)
SwapEvent = (
    opportunities.SwapProposed
    | opportunities.SwapRevised
    | opportunities.SwapAgreed
    | opportunities.SwapBegun
    | opportunities.SwapCompleted
    | opportunities.SwapDegraded
    | opportunities.SwapLapsed
)


# More at once are masses, for which nobody waits.
FEW = 10


def on_swap(session: Session, event: SwapEvent) -> None:
    take_swap(session, event.swap.swap)


class Listeners:
    """Take what is announced into the read model, and wake the index once it is there."""

    def __init__(self, follower: Follower, alerting: Alerting) -> None:
        self._follower = follower
        self._alerting = alerting

    def on_notices(self, session: Session, told: Sequence[NoticeEvent]) -> None:
        self._take(session, [each.notice for each in told])

    def on_copies(self, session: Session, event: opportunities.NoticesCopied) -> None:
        self._take(session, event.notices)

    def _take(self, session: Session, notices: Sequence[Notice]) -> None:
        at = now()
        for different in rounds(notices, key=lambda each: each.name):
            take_notices(session, different, at=at)
            self._alerting.take(session, different, at=at)
        names = [each.name for each in notices]
        is_waited_for = len(names) <= FEW
        after_commit(
            session, partial(self._follower.hurry, names) if is_waited_for else self._follower.wake
        )

    def on_organisation(self, session: Session, event: OrganisationEvent) -> None:
        take_organisation(session, event.organisation)
        after_commit(session, self._follower.wake)

    def on_person_erased(self, session: Session, event: identity.PersonErased) -> None:
        forget_applicant(session, event)
        forget(session, event.person)

    def on_partner(self, session: Session, event: federation.PartnerRevised) -> None:
        take_region(session, event)
        after_commit(session, self._follower.wake)

    @property
    def handlers(self) -> Handlers:
        on_notices = Together(self.on_notices)
        return {
            opportunities.NoticePublished: on_notices,
            opportunities.NoticeRevised: on_notices,
            opportunities.NoticeClosed: on_notices,
            opportunities.NoticeReassigned: on_notices,
            opportunities.NoticeExpiring: on_notices,
            opportunities.NoticesCopied: self.on_copies,
            opportunities.SwapProposed: on_swap,
            opportunities.SwapRevised: on_swap,
            opportunities.SwapAgreed: on_swap,
            opportunities.SwapBegun: on_swap,
            opportunities.SwapCompleted: on_swap,
            opportunities.SwapDegraded: on_swap,
            opportunities.SwapLapsed: on_swap,
            opportunities.ExchangeAgreed: relations.on_exchange_agreed,
            identity.ManagerAppointed: relations.on_manager_appointed,
            identity.ManagerSteppedDown: relations.on_manager_stepped_down,
            identity.OrganisationRegistered: self.on_organisation,
            identity.OrganisationVerified: self.on_organisation,
            identity.OrganisationRevised: self.on_organisation,
            identity.PersonErased: self.on_person_erased,
            identity.PersonEmployerChanged: on_employer_changed,
            federation.PartnerRevised: self.on_partner,
        }
