"""PartnerService: pinning other regions, agreeing with them, and seeing how it goes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from grpc import ServicerContext
from interchange.federation.v1 import partners_pb2 as pb
from interchange.federation.v1 import partners_pb2_grpc as rpc
from sqlalchemy import select

from chassis import fields
from chassis.clock import now
from chassis.database import Database
from chassis.errors import InvalidArgument
from chassis.identity import Audit
from chassis.names import parse
from chassis.pages import paginate
from services.federation.keys.convert import read_policy
from services.federation.log.models import Erasure
from services.federation.partners import queries
from services.federation.partners.announcing import announce
from services.federation.partners.checking import Checking
from services.federation.partners.convert import erasure_to_proto, to_proto
from services.federation.partners.models import Partner
from services.federation.protocol.document import BadDocument
from services.federation.receiving import aside, forks
from services.federation.receiving.convert import fork_to_proto
from services.federation.receiving.convert import to_proto as aside_to_proto
from services.federation.receiving.judging import Judging
from services.federation.receiving.models import Fork, SetAside
from services.federation.receiving.terms import bells
from services.federation.receiving.withdrawing import forget, withdraw_all

TERMS = {"channels", "policy", "quota"}


class PartnerService(rpc.PartnerServiceServicer):
    """Other regions, as operators see them."""

    def __init__(
        self,
        database: Database,
        audit: Audit,
        checking: Checking,
        judging: Judging,
        *,
        region: str,
    ) -> None:
        self._begin = database.begin
        self._read = database.read
        self._audit = audit
        self._checking = checking
        self._judging = judging
        self._region = region

    def CreatePartner(self, request: pb.CreatePartnerRequest, _: ServicerContext) -> pb.Partner:
        message, at = request.partner, now()
        try:
            partner = Partner.pin(
                message.document,
                message.fingerprint,
                own_region=self._region,
                channels=list(message.channels),
                at=at,
            )
        except BadDocument as problem:
            raise InvalidArgument(
                problem.reason, problem.detail, field="partner.document"
            ) from problem
        self._audit.record("partner.create", partner.name)
        partner.agree(**_terms(message, TERMS - {"channels"}))
        with self._begin() as session:
            known = session.get(Partner, partner.region, with_for_update=True)
            if known:
                partner.follow(known)
                forget(session, known)
            session.add(partner)
            announce(session, partner, at=at)
            return to_proto(session, partner)

    def GetPartner(self, request: pb.GetPartnerRequest, _: ServicerContext) -> pb.Partner:
        with self._read() as session:
            return to_proto(session, queries.load(session, request.name))

    def ListPartners(
        self, request: pb.ListPartnersRequest, _: ServicerContext
    ) -> pb.ListPartnersResponse:
        with self._read() as session:
            page = paginate(
                session,
                queries.listing(),
                key=(Partner.region,),
                request=request,
                scope="ListPartners",
            )
            partners = [to_proto(session, each) for each in page.items]
        return pb.ListPartnersResponse(partners=partners, next_page_token=page.next_page_token)

    def UpdatePartner(self, request: pb.UpdatePartnerRequest, _: ServicerContext) -> pb.Partner:
        message = request.partner
        named = fields.changed(request.update_mask, message, allowed=TERMS)
        self._audit.record("partner.update", message.name)
        with self._begin() as session:
            partner = queries.load_for_change(session, message.name, message.etag)
            partner.agree(**_terms(message, named))
            bells.ring_after(session)
            return to_proto(session, partner)

    def SuspendPartner(self, request: pb.SuspendPartnerRequest, _: ServicerContext) -> pb.Partner:
        self._audit.record("partner.suspend", request.name)
        with self._begin() as session:
            partner = queries.load_for_change(session, request.name)
            partner.suspend(request.reason)
            announce(session, partner, at=now())
            return to_proto(session, partner)

    def ResumePartner(self, request: pb.ResumePartnerRequest, _: ServicerContext) -> pb.Partner:
        self._audit.record("partner.resume", request.name)
        with self._begin() as session:
            partner = queries.load_for_change(session, request.name)
            partner.resume()
            announce(session, partner, at=now())
            return to_proto(session, partner)

    def RemovePartner(self, request: pb.RemovePartnerRequest, _: ServicerContext) -> pb.Partner:
        self._audit.record("partner.remove", request.name)
        with self._begin() as session:
            partner = queries.load_for_change(session, request.name)
            partner.remove()
            announce(session, partner, at=now())
            withdraw_all(session, partner.region)
            return to_proto(session, partner)

    def CheckPartner(
        self, request: pb.CheckPartnerRequest, _: ServicerContext
    ) -> pb.CheckPartnerResponse:
        with self._read() as session:
            partner = queries.load(session, request.name)
        return pb.CheckPartnerResponse(steps=self._checking.check(partner))

    def ListSetAsideEntries(
        self, request: pb.ListSetAsideEntriesRequest, _: ServicerContext
    ) -> pb.ListSetAsideEntriesResponse:
        region = queries.region_of(request.parent, field="parent")
        with self._read() as session:
            page = paginate(
                session,
                aside.listing(None if region == queries.ANY else region, request.state),
                key=(SetAside.create_time.desc(), SetAside.id.desc()),
                request=request,
                scope=f"ListSetAsideEntries {request.parent} {request.state}",
            )
        return pb.ListSetAsideEntriesResponse(
            set_aside_entries=[aside_to_proto(each) for each in page.items],
            next_page_token=page.next_page_token,
        )

    def RetrySetAsideEntry(
        self, request: pb.RetrySetAsideEntryRequest, _: ServicerContext
    ) -> pb.SetAsideEntry:
        region, identifier = _entry(request.name)
        self._audit.record("setAsideEntry.retry", request.name)
        return aside_to_proto(self._judging.retry(region, identifier))

    def DropSetAsideEntry(
        self, request: pb.DropSetAsideEntryRequest, _: ServicerContext
    ) -> pb.SetAsideEntry:
        region, identifier = _entry(request.name)
        self._audit.record("setAsideEntry.drop", request.name)
        with self._begin() as session:
            return aside_to_proto(aside.drop(session, region, identifier))

    def ListForks(self, request: pb.ListForksRequest, _: ServicerContext) -> pb.ListForksResponse:
        region = queries.region_of(request.parent, field="parent")
        with self._read() as session:
            page = paginate(
                session,
                forks.listing(None if region == queries.ANY else region),
                key=(Fork.create_time.desc(), Fork.id.desc()),
                request=request,
                scope=f"ListForks {request.parent}",
            )
        return pb.ListForksResponse(
            forks=map(fork_to_proto, page.items), next_page_token=page.next_page_token
        )

    def ListErasures(
        self, request: pb.ListErasuresRequest, _: ServicerContext
    ) -> pb.ListErasuresResponse:
        region = queries.region_of(request.parent, field="parent")
        statement = select(Erasure)
        if region != queries.ANY:
            statement = statement.where(Erasure.region == region)
        if request.outstanding:
            statement = statement.where(Erasure.receipt_time.is_(None))
        with self._read() as session:
            page = paginate(
                session,
                statement,
                key=(Erasure.create_time, Erasure.region, Erasure.channel, Erasure.subject),
                request=request,
                scope=f"ListErasures {request.parent} {request.outstanding}",
            )
        return pb.ListErasuresResponse(
            erasures=map(erasure_to_proto, page.items), next_page_token=page.next_page_token
        )


def _terms(message: pb.Partner, named: set[str]) -> dict[str, Any]:
    """New terms, of these fields."""
    quota = message.quota
    terms = {
        "channels": list(message.channels),
        "policy": read_policy(message.policy),
        "quota": (quota.entries_per_hour, quota.burst, quota.live_notices),
    }
    return {name: terms[name] for name in named}


def _entry(name: str) -> tuple[str, UUID]:
    """The region and the id in an entry's name."""
    region = queries.region_of("/".join(name.split("/")[:2]))
    return region, parse(name, f"partners/{region}/setAsideEntries/*")[0]
