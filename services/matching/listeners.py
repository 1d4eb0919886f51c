"""What this service does when opportunities and identity announce something."""

from __future__ import annotations

from interchange.identity.v1 import events_pb2 as identity
from interchange.opportunities.v1 import events_pb2 as opportunities
from sqlalchemy.orm import Session

from chassis.bus import Handlers
from chassis.clock import now
from chassis.database import after_commit
from services.matching.index.follower import Follower
from services.matching.taking import take_notice, take_organisation

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


class Listeners:
    """Take what is announced into the read model, and wake the index once it is there."""

    def __init__(self, follower: Follower) -> None:
        self._follower = follower

    def on_notice(self, session: Session, event: NoticeEvent) -> None:
        take_notice(session, event.notice, at=now())
        after_commit(session, self._follower.wake)

    def on_organisation(self, session: Session, event: OrganisationEvent) -> None:
        take_organisation(session, event.organisation)
        after_commit(session, self._follower.wake)

    @property
    def handlers(self) -> Handlers:
        return {
            opportunities.NoticePublished: self.on_notice,
            opportunities.NoticeRevised: self.on_notice,
            opportunities.NoticeClosed: self.on_notice,
            opportunities.NoticeReassigned: self.on_notice,
            opportunities.NoticeExpiring: self.on_notice,
            identity.OrganisationRegistered: self.on_organisation,
            identity.OrganisationVerified: self.on_organisation,
            identity.OrganisationRevised: self.on_organisation,
        }
