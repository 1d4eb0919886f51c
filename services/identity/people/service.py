"""PersonService: people's records, from registration to erasure."""

from __future__ import annotations

from google.protobuf.empty_pb2 import Empty
from grpc import ServicerContext
from interchange.identity.v1 import people_pb2 as pb
from interchange.identity.v1 import people_pb2_grpc as rpc
from sqlalchemy.orm import Session

from chassis import fields
from chassis.auth import Principal, principal
from chassis.clock import now
from chassis.database import Database
from chassis.errors import InvalidArgument, NotFound, PermissionDenied
from chassis.pages import paginate
from services.identity.audit import log
from services.identity.limits import CHANGE_EMAIL, REGISTER, Limits
from services.identity.organisations.queries import require
from services.identity.people import coordinating, erasing, joining, mentions, moving, queries
from services.identity.people.convert import (
    WRITABLE,
    read_content,
    require_unchanged,
    to_contact,
    to_proto,
)
from services.identity.people.exporting import export
from services.identity.people.models import Person, normalised
from services.identity.people.moving import Position
from services.identity.policy import manages, may_export_person
from services.identity.providers import linking
from services.identity.sessions.ending import Endings
from services.identity.sessions.passwords import Passwords, require_good
from services.identity.sessions.queries import password_hash

# Not by name: page tokens travel in addresses, which are logged.
NEWEST_FIRST = (Person.id.desc(),)


class PersonService(rpc.PersonServiceServicer):
    """People of the region."""

    def __init__(
        self, database: Database, endings: Endings, passwords: Passwords, limits: Limits
    ) -> None:
        self._begin = database.begin
        self._read = database.read
        self._endings = endings
        self._passwords = passwords
        self._limits = limits

    def CreatePerson(self, request: pb.CreatePersonRequest, _: ServicerContext) -> pb.Person:
        who, message = principal(), request.person
        if manages(who, message.organisation):
            return self._add(message, who)
        if who.is_signed_in and not message.password and not message.link_token:
            raise PermissionDenied("NOT_ITS_MANAGER", f"you don't manage {message.organisation}")
        return self._register(message)

    def GetPerson(self, request: pb.GetPersonRequest, _: ServicerContext) -> pb.Person:
        with self._read() as session:
            return to_proto(queries.load(session, request.name))

    def FindPerson(self, request: pb.FindPersonRequest, _: ServicerContext) -> pb.Person:
        with self._read() as session:
            found = queries.find_by_email(session, normalised(request.email))
            if found is None:
                raise NotFound("NO_SUCH_PERSON", "nobody here has this address")
            return to_proto(found)

    def ListPeople(
        self, request: pb.ListPeopleRequest, _: ServicerContext
    ) -> pb.ListPeopleResponse:
        with self._read() as session:
            page = paginate(
                session,
                queries.listing(principal(), request),
                key=NEWEST_FIRST,
                request=request,
                scope=f"ListPeople {request.organisation} {request.state} {request.coordinator}",
            )
        return pb.ListPeopleResponse(
            people=map(to_proto, page.items), next_page_token=page.next_page_token
        )

    def UpdatePerson(self, request: pb.UpdatePersonRequest, _: ServicerContext) -> pb.Person:
        who, message = principal(), request.person
        named = fields.changed(request.update_mask, message, allowed=WRITABLE)
        if "email" in named:
            self._limits.require(CHANGE_EMAIL, who.person)
        with self._begin() as session:
            person = queries.load_for_edit(session, message.name, message.etag)
            require_unchanged(person, message)
            if "vetting_held" in named:
                _require_may_say_check(who, person, message)
            before = person.version
            person.revise(read_content(message, named - {"email"}))
            if "email" in named:
                _change_email(session, who, person, normalised(message.email))
            if person.version != before:
                log.record_operator(session, who, "person.update", person.name, at=now())
        return to_proto(person)

    def DeletePerson(self, request: pb.DeletePersonRequest, _: ServicerContext) -> Empty:
        with self._begin() as session:
            person = queries.load_for_export(session, request.name, request.etag)
            erasing.erase(session, self._endings, person, by=principal(), at=now())
        return Empty()

    def ExportPerson(self, request: pb.ExportPersonRequest, _: ServicerContext) -> pb.PersonExport:
        with self._begin() as session:
            person = queries.load_for_export(session, request.name)
            return export(session, person, by=principal(), at=now())

    def ApprovePerson(self, request: pb.ApprovePersonRequest, _: ServicerContext) -> pb.Person:
        with self._begin() as session:
            person = queries.load_for_approval(session, request.name)
            moving.approve(session, self._endings, person, by=principal(), at=now())
        return to_proto(person)

    def ChangeEmployer(self, request: pb.ChangeEmployerRequest, _: ServicerContext) -> pb.Person:
        who = principal()
        if request.email:
            self._limits.require(CHANGE_EMAIL, who.person)
        with self._begin() as session:
            person = queries.load_for_move(session, request.name, request.organisation)
            position = _position(session, who, person, request)
            if manages(who, request.organisation):
                moving.move(session, self._endings, person, position, by=who, at=now())
            else:
                moving.ask(session, person, position)
        return to_proto(person)

    def AppointCoordinator(
        self, request: pb.AppointCoordinatorRequest, _: ServicerContext
    ) -> pb.Person:
        with self._begin() as session:
            person = queries.lock_known(session, request.name)
            coordinating.appoint(session, self._endings, person, by=principal(), at=now())
        return to_proto(person)

    def DismissCoordinator(
        self, request: pb.DismissCoordinatorRequest, _: ServicerContext
    ) -> pb.Person:
        with self._begin() as session:
            person = queries.lock_known(session, request.name)
            coordinating.dismiss(session, self._endings, person, by=principal(), at=now())
        return to_proto(person)

    def BatchGetContacts(
        self, request: pb.BatchGetContactsRequest, _: ServicerContext
    ) -> pb.BatchGetContactsResponse:
        with self._read() as session:
            found = queries.with_organisation(session, queries.known_ids(request.people))
        return pb.BatchGetContactsResponse(contacts=[to_contact(*each) for each in found])

    def FindNames(self, request: pb.FindNamesRequest, _: ServicerContext) -> pb.FindNamesResponse:
        with self._read() as session:
            return pb.FindNamesResponse(named=mentions.stand_in(session, request.texts))

    def _add(self, message: pb.Person, who: Principal) -> pb.Person:
        if message.password:
            raise InvalidArgument(
                "PASSWORD_IS_THEIRS",
                "must be empty: they choose their own when they accept the invitation",
                field="person.password",
            )
        with self._begin() as session:
            organisation = require(session, message.organisation, field="person.organisation")
            person = joining.add(session, read_content(message), organisation.id, by=who, at=now())
        return to_proto(person)

    def _register(self, message: pb.Person) -> pb.Person:
        if message.vetting_held:
            raise _check_is_seen()
        email = normalised(message.email)
        if message.password or not message.link_token:
            require_good(message.password, field="person.password", email=email)
        self._limits.require(REGISTER, email)
        with self._read() as session:
            organisation = require(session, message.organisation, field="person.organisation")
        hashed = self._passwords.hash(message.password) if message.password else ""
        content = read_content(message)
        with self._begin() as session:
            person = joining.register(
                session, content, organisation.id, hashed, message.link_token, at=now()
            )
        return to_proto(person)


def _position(
    session: Session, who: Principal, person: Person, request: pb.ChangeEmployerRequest
) -> Position:
    organisation = require(session, request.organisation, field="organisation")
    email = normalised(request.email)
    if email and email != person.email:
        _require_may_change_email(session, who, person)
    return Position(organisation.id, request.job_title, email)


def _require_may_say_check(who: Principal, person: Person, message: pb.Person) -> None:
    """Who is to be trusted with people is not asked for their own word."""
    if message.vetting_held != person.vetting_held and not manages(who, person.organisation):
        raise _check_is_seen()


def _check_is_seen() -> PermissionDenied:
    return PermissionDenied("CHECK_IS_SEEN", "a manager of theirs says which check they have seen")


def _change_email(session: Session, who: Principal, person: Person, email: str) -> None:
    if email == person.email:
        return
    _require_may_change_email(session, who, person)
    moving.change_email(session, person, email)


def _require_may_change_email(session: Session, who: Principal, person: Person) -> None:
    """Whoever changes an address can take the account over: managers only before anybody could sign in to it."""
    has_way_in = password_hash(session, person.id) or linking.has_any(session, person.id)
    if not may_export_person(who, person) and has_way_in:
        raise PermissionDenied(
            "EMAIL_IS_THEIRS", "their address is for the person, or an operator, to change"
        )
