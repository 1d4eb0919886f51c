"""IdentityProviderService: organisations' providers, signing in through them, and what is linked to whom."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from google.protobuf.empty_pb2 import Empty
from grpc import ServicerContext
from interchange.identity.v1 import identity_providers_pb2 as pb
from interchange.identity.v1 import identity_providers_pb2_grpc as rpc
from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.auth import principal
from chassis.clock import now
from chassis.database import Database
from chassis.errors import InvalidArgument, NotFound, PermissionDenied, Unauthenticated, Unavailable
from chassis.names import parse
from chassis.pages import paginate
from chassis.secrets import Sealer
from chassis.timestamps import to_proto as stamp
from services.identity.audit import log
from services.identity.naming import organisation_name, person_name
from services.identity.organisations.models import Organisation
from services.identity.people.models import Person
from services.identity.people.queries import load
from services.identity.policy import manages, may_export_person
from services.identity.providers import linking
from services.identity.providers.client import Client, OpenIdConnect, Secrets
from services.identity.providers.convert import linked_to_proto, provider_to_proto
from services.identity.providers.id_tokens import Identity
from services.identity.providers.models import (
    COMPLETED_WITHIN,
    Flow,
    LinkedIdentity,
    Provider,
    Purpose,
)
from services.identity.sessions.entering import Entering
from services.identity.sessions.secret_tokens import digest, generate

PATTERN = "organisations/*/identityProvider"
LINKED = "people/*/linkedIdentities/*"


class IdentityProviderService(rpc.IdentityProviderServiceServicer):
    """Providers are asked between transactions, never within one."""

    def __init__(
        self,
        database: Database,
        secret: bytes,
        connect: OpenIdConnect,
        entering: Entering,
        *,
        redirect_uris: Sequence[str],
    ) -> None:
        self._begin = database.begin
        self._read = database.read
        self._sealer = Sealer(secret)
        self._connect = connect
        self._entering = entering
        self._redirect_uris = redirect_uris

    def ListIdentityProviders(
        self, request: pb.ListIdentityProvidersRequest, _: ServicerContext
    ) -> pb.ListIdentityProvidersResponse:
        statement = select(Organisation).join(Provider)
        with self._read() as session:
            page = paginate(
                session,
                statement,
                key=(Organisation.sort_name, Organisation.id),
                request=request,
                scope="ListIdentityProviders",
            )
        return pb.ListIdentityProvidersResponse(
            identity_providers=[
                pb.IdentityProvider(
                    name=f"{each.name}/identityProvider",
                    organisation_display_name=each.display_name,
                )
                for each in page.items
            ],
            next_page_token=page.next_page_token,
        )

    def GetIdentityProvider(
        self, request: pb.GetIdentityProviderRequest, _: ServicerContext
    ) -> pb.IdentityProvider:
        with self._read() as session:
            found = _load(session, request.name)
            if not manages(principal(), found.organisation):
                raise PermissionDenied("MAY_NOT_SEE", "this is for its managers and operators")
            return self._to_proto(session, found)

    def SetIdentityProvider(
        self, request: pb.SetIdentityProviderRequest, _: ServicerContext
    ) -> pb.IdentityProvider:
        (organisation,) = parse(request.name, PATTERN)
        with self._read() as session:
            _require_organisation(session, organisation)
        self._require_answers(request.issuer)
        with self._begin() as session:
            kept = session.merge(
                Provider(
                    organisation_id=organisation,
                    issuer=request.issuer,
                    client_id=request.client_id,
                    client_secret=self._secret(session, organisation, request.client_secret),
                    update_time=now(),
                )
            )
            log.append(session, principal(), "identityProvider.set", kept.organisation, at=now())
            return self._to_proto(session, kept)

    def DeleteIdentityProvider(
        self, request: pb.DeleteIdentityProviderRequest, _: ServicerContext
    ) -> Empty:
        with self._begin() as session:
            found = _load(session, request.name)
            session.delete(found)
            log.append(
                session, principal(), "identityProvider.delete", found.organisation, at=now()
            )
        return Empty()

    def BeginExternalSignIn(
        self, request: pb.BeginExternalSignInRequest, _: ServicerContext
    ) -> pb.BeginExternalSignInResponse:
        self._require_known_redirect(request.redirect_uri)
        token, expire_time = generate(), now() + COMPLETED_WITHIN
        with self._read() as session:
            provider = _load(session, request.name)
        there = self._connect.authorization_uri(
            self._client(provider), Secrets(token), request.redirect_uri
        )
        with self._begin() as session:
            session.add(
                Flow(
                    digest=digest(token),
                    organisation_id=provider.organisation_id,
                    issuer=provider.issuer,
                    redirect_uri=request.redirect_uri,
                    purpose=Purpose(request.purpose),
                    expire_time=expire_time,
                )
            )
        return pb.BeginExternalSignInResponse(
            authorization_uri=there, flow_token=token, expire_time=stamp(expire_time)
        )

    def CompleteExternalSignIn(
        self, request: pb.CompleteExternalSignInRequest, _: ServicerContext
    ) -> pb.CompleteExternalSignInResponse:
        at, secrets = now(), Secrets(request.flow_token)
        with self._begin() as session:
            flow = _use(session, request.flow_token, at)
            provider = session.get(Provider, flow.organisation_id)
        if request.state != secrets.state or provider is None or provider.issuer != flow.issuer:
            raise _bad_flow()
        if request.issuer and request.issuer != flow.issuer:  # RFC 9207: another one answered
            raise _bad_flow()
        client = self._client(provider)
        identity = self._connect.identity(client, secrets, request.code, flow.redirect_uri)
        person = self._known(identity, at) if flow.purpose is Purpose.SIGN_IN else None
        if person is None:
            return self._unknown(identity, provider, at)
        opened = self._entering.enter(person, at=at, has_second_factor=identity.has_second_factor)
        return pb.CompleteExternalSignInResponse(session=opened)

    def CreateLinkedIdentity(
        self, request: pb.CreateLinkedIdentityRequest, _: ServicerContext
    ) -> pb.LinkedIdentity:
        if request.parent != principal().person:
            raise PermissionDenied("NOT_YOURS", "this is for the person themself to do")
        with self._begin() as session:
            person = load(session, request.parent)
            made = linking.link(session, person, request.link_token, at=now(), field="link_token")
            return linked_to_proto(made, _display_name(session, made.organisation_id))

    def ListLinkedIdentities(
        self, request: pb.ListLinkedIdentitiesRequest, _: ServicerContext
    ) -> pb.ListLinkedIdentitiesResponse:
        with self._read() as session:
            person = _load_owner(session, request.parent)
            page = paginate(
                session,
                select(LinkedIdentity).where(LinkedIdentity.person_id == person.id),
                key=(LinkedIdentity.id,),
                request=request,
                scope=f"ListLinkedIdentities {person.name}",
            )
            shown = [
                linked_to_proto(each, _display_name(session, each.organisation_id))
                for each in page.items
            ]
        return pb.ListLinkedIdentitiesResponse(
            linked_identities=shown, next_page_token=page.next_page_token
        )

    def DeleteLinkedIdentity(
        self, request: pb.DeleteLinkedIdentityRequest, _: ServicerContext
    ) -> Empty:
        owner, identifier = parse(request.name, LINKED)
        with self._begin() as session:
            person = _load_owner(session, person_name(owner))
            found = session.get(LinkedIdentity, identifier)
            if found is None or found.person_id != person.id:
                raise NotFound("NO_SUCH_LINKED_IDENTITY", f"{request.name} does not exist")
            linking.unlink(session, found)
            log.record_operator(
                session, principal(), "person.unlinkIdentity", person.name, at=now()
            )
        return Empty()

    def _require_answers(self, issuer: str) -> None:
        """The provider is who it says, before people are sent there."""
        try:
            self._connect.discover_anew(issuer)
        except Unavailable as problem:
            raise InvalidArgument("BAD_ISSUER", problem.message, field="issuer") from problem

    def _require_known_redirect(self, uri: str) -> None:
        if uri not in self._redirect_uris:
            raise InvalidArgument(
                "UNKNOWN_REDIRECT_URI",
                "is not one that the region's operator has set",
                field="redirect_uri",
            )

    def _secret(self, session: Session, organisation: UUID, given: str) -> bytes:
        known = session.get(Provider, organisation)
        if given:
            return self._sealer.seal(_bound_to(organisation), given.encode())
        if known is None:
            raise InvalidArgument("SECRET_MISSING", "must be given", field="client_secret")
        return known.client_secret

    def _client(self, provider: Provider) -> Client:
        secret = self._sealer.open(_bound_to(provider.organisation_id), provider.client_secret)
        return Client(provider.issuer, provider.client_id, secret.decode())

    def _known(self, identity: Identity, at: datetime) -> Person | None:
        with self._begin() as session:
            linked = linking.find(session, identity)
            if linked is None:
                return None
            linked.use(at=at)
            return session.get_one(Person, linked.person_id)

    def _unknown(
        self, identity: Identity, provider: Provider, at: datetime
    ) -> pb.CompleteExternalSignInResponse:
        """They prove which account is theirs, or register: never by an address that the provider claims."""
        with self._begin() as session:
            token = linking.keep(session, identity, provider.organisation_id, at=at)
            display_name = _display_name(session, provider.organisation_id)
        return pb.CompleteExternalSignInResponse(
            link_token=token,
            organisation=provider.organisation,
            organisation_display_name=display_name,
            display_name=identity.display_name,
            email=identity.email,
        )

    def _to_proto(self, session: Session, provider: Provider) -> pb.IdentityProvider:
        display_name = _display_name(session, provider.organisation_id)
        return provider_to_proto(provider, display_name, self._redirect_uris)


def _load(session: Session, name: str) -> Provider:
    (organisation,) = parse(name, PATTERN)
    found = session.get(Provider, organisation)
    if found is None:
        raise NotFound("NO_SUCH_PROVIDER", f"{name} does not exist")
    return found


def _load_owner(session: Session, name: str) -> Person:
    """The person themself, or anybody for an operator."""
    person = load(session, name)
    if not may_export_person(principal(), person):
        raise PermissionDenied("NOT_YOURS", "this is for the person themself to do")
    return person


def _use(session: Session, token: str, at: datetime) -> Flow:
    """The sign-in under way, which nobody completes again."""
    statement = select(Flow).where(Flow.digest == digest(token)).with_for_update()
    found = session.scalars(statement).one_or_none()
    if found is None or at >= found.expire_time:
        raise _bad_flow()
    session.delete(found)
    return found


def _bad_flow() -> Unauthenticated:
    return Unauthenticated(
        "BAD_SIGN_IN",
        "this sign-in was completed before, took too long, or is another one's: begin again",
    )


def _require_organisation(session: Session, identifier: UUID) -> None:
    if session.get(Organisation, identifier) is None:
        name = organisation_name(identifier)
        raise NotFound("NO_SUCH_ORGANISATION", f"{name} does not exist")


def _display_name(session: Session, organisation: UUID) -> str:
    return session.get_one(Organisation, organisation).display_name


def _bound_to(organisation: UUID) -> str:
    return f"identity-provider/{organisation}"
