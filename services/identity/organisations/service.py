"""OrganisationService: organisations from registered to verified, and the managers who act for them."""

from __future__ import annotations

from grpc import ServicerContext
from interchange.identity.v1 import events_pb2 as events
from interchange.identity.v1 import organisations_pb2 as pb
from interchange.identity.v1 import organisations_pb2_grpc as rpc

from chassis import fields
from chassis.auth import principal
from chassis.bus import publish
from chassis.clock import now
from chassis.database import Database
from chassis.pages import paginate
from services.identity.audit import log
from services.identity.managers import office
from services.identity.managers import queries as managers
from services.identity.managers.convert import to_proto as manager_to_proto
from services.identity.managers.models import Manager
from services.identity.organisations import queries
from services.identity.organisations.convert import (
    WRITABLE,
    read_changes,
    read_new,
    to_proto,
    to_public,
)
from services.identity.organisations.models import Organisation
from services.identity.people.queries import lock_named
from services.identity.sessions.ending import Endings

BY_NAME = (Organisation.sort_name, Organisation.id)
BY_ORGANISATION = (Organisation.sort_name, Manager.id)


class OrganisationService(rpc.OrganisationServiceServicer):
    """Organisations of the region and their managers."""

    def __init__(self, database: Database, endings: Endings) -> None:
        self._begin = database.begin
        self._read = database.read
        self._endings = endings

    def CreateOrganisation(
        self, request: pb.CreateOrganisationRequest, _: ServicerContext
    ) -> pb.Organisation:
        organisation = Organisation.register(read_new(request.organisation), at=now())
        with self._begin() as session:
            queries.require_parent(session, organisation)
            session.add(organisation)
            queries.claim_identifiers(session, organisation)
            publish(session, events.OrganisationRegistered(organisation=to_public(organisation)))
        return to_proto(organisation, principal())

    def GetOrganisation(
        self, request: pb.GetOrganisationRequest, _: ServicerContext
    ) -> pb.Organisation:
        with self._read() as session:
            return to_proto(queries.load(session, request.name), principal())

    def ListOrganisations(
        self, request: pb.ListOrganisationsRequest, _: ServicerContext
    ) -> pb.ListOrganisationsResponse:
        who = principal()
        with self._read() as session:
            page = paginate(
                session,
                queries.listing(who, request),
                key=BY_NAME,
                request=request,
                scope=f"ListOrganisations {request.state} {request.kind} "
                f"{request.sector} {request.query}",
            )
        return pb.ListOrganisationsResponse(
            organisations=[to_proto(each, who) for each in page.items],
            next_page_token=page.next_page_token,
        )

    def UpdateOrganisation(
        self, request: pb.UpdateOrganisationRequest, _: ServicerContext
    ) -> pb.Organisation:
        who, message = principal(), request.organisation
        named = fields.changed(request.update_mask, message, allowed=WRITABLE)
        with self._begin() as session:
            organisation = queries.load_for_edit(session, message.name, message.etag)
            if organisation.revise(read_changes(message, named, organisation)):
                queries.require_parent(session, organisation)
                queries.claim_identifiers(session, organisation)
                publish(session, events.OrganisationRevised(organisation=to_public(organisation)))
                log.record_operator(session, who, "organisation.update", message.name, at=now())
        return to_proto(organisation, who)

    def VerifyOrganisation(
        self, request: pb.VerifyOrganisationRequest, _: ServicerContext
    ) -> pb.Organisation:
        who, at = principal(), now()
        with self._begin() as session:
            organisation = queries.load_for_operator(session, request.name, request.etag)
            organisation.verify(at=at)
            publish(session, events.OrganisationVerified(organisation=to_public(organisation)))
            log.append(
                session, who, "organisation.verify", request.name, at=at, detail=request.note
            )
        return to_proto(organisation, who)

    def AppointManager(self, request: pb.AppointManagerRequest, _: ServicerContext) -> pb.Manager:
        with self._begin() as session:
            manager = office.appoint(
                session,
                queries.load(session, request.name),
                lock_named(session, request.person, field="person"),
                contact_email=request.contact_email,
                by=principal(),
                at=now(),
            )
        return manager_to_proto(manager)

    def CommitManager(self, request: pb.CommitManagerRequest, _: ServicerContext) -> pb.Manager:
        with self._begin() as session:
            manager = managers.load_for_office(session, request.name)
            office.commit(session, manager, by=principal(), at=now())
        return manager_to_proto(manager)

    def StepDownManager(self, request: pb.StepDownManagerRequest, _: ServicerContext) -> pb.Manager:
        at = now()
        with self._begin() as session:
            manager = managers.load_for_office(session, request.name)
            office.step_down(session, manager, request.successor, by=principal(), at=at)
            self._endings.renew(session, manager.person_id, at=at)
        return manager_to_proto(manager)

    def ListManagers(
        self, request: pb.ListManagersRequest, _: ServicerContext
    ) -> pb.ListManagersResponse:
        with self._read() as session:
            page = paginate(
                session,
                managers.listing(request),
                key=BY_ORGANISATION,
                request=request,
                scope=f"ListManagers {request.parent} {request.query}",
            )
        return pb.ListManagersResponse(
            managers=map(manager_to_proto, page.items), next_page_token=page.next_page_token
        )

    def GetMembershipFigures(
        self, request: pb.GetMembershipFiguresRequest, _: ServicerContext
    ) -> pb.MembershipFigures:
        with self._read() as session:
            return managers.figures(session)
