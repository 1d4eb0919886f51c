"""InterestService: from an answer to a notice to the introduction."""

from __future__ import annotations

from datetime import datetime

from grpc import ServicerContext
from interchange.opportunities.v1 import events_pb2 as events
from interchange.opportunities.v1 import interests_pb2 as pb
from interchange.opportunities.v1 import interests_pb2_grpc as rpc
from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis import acts
from chassis.auth import principal
from chassis.bus import publish
from chassis.clock import now
from chassis.database import Database
from chassis.names import parse_name
from chassis.pages import paginate
from services.opportunities.exchanges.models import Exchange
from services.opportunities.exchanges.parties import parties
from services.opportunities.identity import Identity
from services.opportunities.interests import introduction, proposing, queries
from services.opportunities.interests.convert import facts, to_proto
from services.opportunities.interests.models import Interest, State
from services.opportunities.nameless import require_nameless
from services.opportunities.notices import queries as notices
from services.opportunities.notices.convert import to_public
from services.opportunities.notices.drafting import answers_for, owner
from services.opportunities.organisations.directory import Directory
from services.opportunities.partner_records import people, telling
from services.opportunities.policy import (
    is_own_side,
    manages,
    may_accept,
    may_decline,
    may_endorse,
)

NEWEST_FIRST = (Interest.create_time.desc(), Interest.id.desc())
ALL = "notices/-"


class InterestService(rpc.InterestServiceServicer):
    """Interests in this region's notices."""

    def __init__(self, database: Database, directory: Directory, identity: Identity) -> None:
        self._begin = database.begin
        self._read = database.read
        self._directory = directory
        self._identity = identity

    def CreateInterest(self, request: pb.CreateInterestRequest, _: ServicerContext) -> pb.Interest:
        who, message = principal(), request.interest
        proposal = proposing.read(who, message)
        self._directory.know(proposal.organisation, field="interest.organisation")
        self._directory.know_verified(proposal.organisation)
        if proposal.is_manager:
            self._directory.require_member(
                proposal.participant, proposal.organisation, field="interest.participant"
            )
        if message.message:
            people = self._identity.contacts([proposal.participant])
            require_nameless(
                {"interest.message": message.message}, people.get(proposal.participant)
            )
        self._identity.audit.record_operator("interest.create", request.parent)
        with self._begin() as session:
            interest = self._propose(session, request, proposal, at=now())
            publish(session, events.InterestProposed(interest=facts(interest)))
            telling.interest(session, interest, at=now())
        return to_proto(interest, who)

    def _propose(
        self,
        session: Session,
        request: pb.CreateInterestRequest,
        proposal: proposing.Proposal,
        *,
        at: datetime,
    ) -> Interest:
        message = request.interest
        notice = notices.load_locked(session, request.parent)
        proposing.require_first(session, notice, proposal)
        interest = Interest.propose(
            notice,
            owner(session, proposal.organisation),
            proposer=principal().person,
            manager=answers_for(principal(), proposal.organisation),
            is_vouched=proposal.is_manager,
            participant=proposal.participant,
            offered_notice=proposing.offered(session, message, proposal.organisation),
            message=message.message,
            at=at,
        )
        if message.HasField("consent"):
            interest.consent = proposing.first_consent(interest, message, at=at)
        session.add(interest)
        return interest

    def GetInterest(self, request: pb.GetInterestRequest, _: ServicerContext) -> pb.Interest:
        with self._read() as session:
            interest = queries.load(session, request.name)
        return to_proto(interest, principal())

    def ListInterests(
        self, request: pb.ListInterestsRequest, _: ServicerContext
    ) -> pb.ListInterestsResponse:
        who = principal()
        statement = select(Interest)
        if not who.is_operator:
            statement = statement.where(queries.concerning(who))
        if request.parent != ALL:
            notice_id = parse_name("notices", request.parent, field="parent")
            statement = statement.where(Interest.notice_id == notice_id)
        if request.state:
            statement = statement.where(Interest.state == State(request.state))
        scope = f"ListInterests {request.parent} {request.state}"
        with self._read() as session:
            page = paginate(session, statement, key=NEWEST_FIRST, request=request, scope=scope)
        return pb.ListInterestsResponse(
            interests=[to_proto(each, who) for each in page.items],
            next_page_token=page.next_page_token,
        )

    def EndorseInterest(
        self, request: pb.EndorseInterestRequest, _: ServicerContext
    ) -> pb.Interest:
        who = principal()
        self._identity.audit.record_operator("interest.endorse", request.name)
        with self._begin() as session:
            interest = queries.load_for_change(session, request.name, request.etag)
            queries.require(may_endorse(who, interest), request.name)
            own_side = manages(who, interest.organisation)
            interest.endorse(by=who.person, own_side=own_side, at=now())
            publish(session, events.InterestEndorsed(interest=facts(interest)))
            telling.interest(session, interest, at=now())
        return to_proto(interest, who)

    def AcceptInterest(self, request: pb.AcceptInterestRequest, _: ServicerContext) -> pb.Interest:
        who, at = principal(), now()
        self._identity.audit.record_operator("interest.accept", request.name)
        with self._begin() as session:
            interest = queries.load_for_change(session, request.name, request.etag)
            queries.require(may_accept(who, interest), request.name)
            exchange = Exchange.propose(
                interest.notice, interest.id, *parties(interest), at=at, follower=interest.region
            )
            interest.accept(exchange.id, at=at)
            session.add(exchange)
            if interest.notice.take_place(at=at):
                publish(session, events.NoticeRevised(notice=to_public(interest.notice)))
            telling.interest(session, interest, at=at)
            telling.exchange(session, exchange)
            publish(
                session,
                events.InterestAccepted(interest=facts(interest), exchange=exchange.name),
            )
        return to_proto(interest, who)

    def DeclineInterest(
        self, request: pb.DeclineInterestRequest, _: ServicerContext
    ) -> pb.Interest:
        who = principal()
        with self._begin() as session:
            interest = queries.load_for_change(session, request.name, request.etag)
            queries.require(may_decline(who, interest), request.name)
            interest.decline(request.reason, at=now())
            publish(session, events.InterestDeclined(interest=facts(interest)))
            telling.interest(session, interest, at=now())
            acts.record(session, events.ActTaken, "interest.decline", interest.name)
        return to_proto(interest, who)

    def WithdrawInterest(
        self, request: pb.WithdrawInterestRequest, _: ServicerContext
    ) -> pb.Interest:
        who = principal()
        with self._begin() as session:
            interest = queries.load_for_change(session, request.name, request.etag)
            queries.require(is_own_side(who, interest), request.name)
            interest.require_ours()
            interest.withdraw(at=now())
            publish(session, events.InterestWithdrawn(interest=facts(interest)))
            telling.interest(session, interest, at=now())
            acts.record(session, events.ActTaken, "interest.withdraw", interest.name)
        return to_proto(interest, who)

    def SetInterestConsent(
        self, request: pb.SetInterestConsentRequest, _: ServicerContext
    ) -> pb.Interest:
        who = principal()
        self._identity.audit.record_operator("interest.setConsent", request.name)
        with self._begin() as session:
            interest = queries.load_for_change(session, request.name)
            queries.require(is_own_side(who, interest), request.name)
            interest.record_consent(proposing.consent(interest, request, at=now()))
            telling.interest(session, interest, at=now())
        return to_proto(interest, who)

    def GetIntroduction(
        self, request: pb.GetIntroductionRequest, _: ServicerContext
    ) -> pb.Introduction:
        with self._read() as session:
            exchange = introduction.load(session, request.name)
            named = {each.person for each in exchange.signatories}
            foreign = people.contacts(session, named, at=now()) if exchange.partner_region else {}
        ours = self._identity.contacts(named - set(foreign))
        return introduction.introduce(exchange, {**ours, **foreign})
