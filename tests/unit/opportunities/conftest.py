"""Two councils, their managers and officers, and the service over a real database and a real register."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import pytest
from grpc import ServicerContext
from interchange.opportunities.v1 import (
    exchanges_pb2,
    interests_pb2,
    notices_pb2,
    requests_pb2,
)

from chassis.auth import ANONYMOUS, Principal, acting_as
from chassis.database import Database
from chassis.validation import validate
from services.opportunities.exchanges.service import ExchangeService
from services.opportunities.figures.service import FiguresService
from services.opportunities.identity import Identity
from services.opportunities.interests.service import InterestService
from services.opportunities.notices.service import NoticeService
from services.opportunities.organisations.directory import Directory
from services.opportunities.participation.service import ParticipationService
from services.opportunities.partner_records.service import PartnerRecordService
from services.opportunities.requests.service import RequestService
from tests.conftest import Databases
from tests.support.register import Register, a_manager, a_member, an_operator, serving

NO_CONTEXT = cast(ServicerContext, None)
CONSENT = notices_pb2.Consent(text_version="introduction-2026-11")
VISITOR = ANONYMOUS
REGION = "east-of-england"
# Two organisations, their managers, a person of each.
People = tuple[str, str, str, str, str, str]
EAST: People = (
    "Norfolk",
    "Suffolk",
    "Hazel Thirtlewood",
    "Imran Quantrillo",
    "Priya Lartersworth",
    "Gareth Peggington",
)
Answer = TypeVar("Answer")


@dataclass
class Place:
    """The service, and who is who."""

    database: Database
    register: Register
    notices: NoticeService
    requests: RequestService
    interests: InterestService
    exchanges: ExchangeService
    figures: FiguresService
    participation: ParticipationService
    records: PartnerRecordService
    norfolk: str
    suffolk: str
    norfolk_manager: Principal
    suffolk_manager: Principal
    officer: Principal
    host: Principal
    operator: Principal

    def ask(self, who: Principal, method: Callable[[Any, Any], Answer], request: Any) -> Answer:
        """A call as the gate would pass it on."""
        validate(request)
        with acting_as(who):
            return method(request, NO_CONTEXT)

    def draft(self, who: Principal | None = None, **fields: Any) -> notices_pb2.Notice:
        """A draft, by the Norfolk manager unless somebody else is named."""
        content = {
            "kind": notices_pb2.WANTED,
            "format": notices_pb2.WORK_SHADOWING,
            "title": "Work shadowing wanted in housing options",
            "body": "A colleague would like to see how a district runs its service.",
            "themes": ["housing"],
            **fields,
        }
        request = notices_pb2.CreateNoticeRequest(notice=notices_pb2.Notice(**content))
        return self.ask(who or self.norfolk_manager, self.notices.CreateNotice, request)

    def publish(self, who: Principal | None = None, **fields: Any) -> notices_pb2.Notice:
        """A published notice."""
        manager = who or self.norfolk_manager
        name = self.draft(manager, **fields).name
        self.ask(manager, self.notices.SubmitNotice, notices_pb2.SubmitNoticeRequest(name=name))
        publish = notices_pb2.PublishNoticeRequest(name=name)
        return self.ask(manager, self.notices.PublishNotice, publish)

    def get(self, who: Principal, name: str) -> notices_pb2.Notice:
        return self.ask(who, self.notices.GetNotice, notices_pb2.GetNoticeRequest(name=name))

    def propose(
        self, notice: notices_pb2.Notice, who: Principal | None = None, **fields: Any
    ) -> interests_pb2.Interest:
        """An interest by the Suffolk manager unless somebody else is named."""
        interest = interests_pb2.Interest(**fields)
        request = interests_pb2.CreateInterestRequest(parent=notice.name, interest=interest)
        return self.ask(who or self.suffolk_manager, self.interests.CreateInterest, request)

    def endorse(self, who: Principal, interest: interests_pb2.Interest) -> interests_pb2.Interest:
        request = interests_pb2.EndorseInterestRequest(name=interest.name)
        return self.ask(who, self.interests.EndorseInterest, request)

    def accept(self, who: Principal, interest: interests_pb2.Interest) -> interests_pb2.Interest:
        request = interests_pb2.AcceptInterestRequest(name=interest.name)
        return self.ask(who, self.interests.AcceptInterest, request)

    def introduce(self) -> interests_pb2.Interest:
        """An accepted interest between the officer and the host."""
        notice = self.publish(beneficiary=self.officer.person, consent=CONSENT)
        interest = self.propose(notice, participant=self.host.person, consent=CONSENT)
        self.endorse(self.norfolk_manager, interest)
        return self.accept(self.norfolk_manager, interest)

    def exchange(self, who: Principal, name: str) -> exchanges_pb2.Exchange:
        request = exchanges_pb2.GetExchangeRequest(name=name)
        return self.ask(who, self.exchanges.GetExchange, request)

    def request(self, **fields: Any) -> requests_pb2.Request:
        """The officer asks her manager."""
        content = {
            "title": "See how a district runs housing options",
            "body": "I would like to learn how first interviews are done.",
            "format": notices_pb2.WORK_SHADOWING,
            "consent": CONSENT,
            **fields,
        }
        request = requests_pb2.CreateRequestRequest(request=requests_pb2.Request(**content))
        return self.ask(self.officer, self.requests.CreateRequest, request)


@contextmanager
def a_place(database: Database, *, region: str = REGION, people: People = EAST) -> Iterator[Place]:
    """A region's service, with people of its own."""
    register = Register()
    norfolk, suffolk = register.enter(people[0]), register.enter(people[1])
    with serving(register) as channel:
        identity = Identity(channel)
        directory = Directory(database, identity)
        yield Place(
            database=database,
            register=register,
            notices=NoticeService(database, directory, identity, region=region),
            requests=RequestService(database, directory, identity, region=region),
            interests=InterestService(database, directory, identity),
            exchanges=ExchangeService(database, identity),
            figures=FiguresService(database, identity),
            participation=ParticipationService(database, identity),
            records=PartnerRecordService(database, identity, region=region),
            norfolk=norfolk,
            suffolk=suffolk,
            norfolk_manager=a_manager(register.employ(norfolk, people[2]), norfolk),
            suffolk_manager=a_manager(register.employ(suffolk, people[3]), suffolk),
            officer=a_member(register.employ(norfolk, people[4]), norfolk),
            host=a_member(register.employ(suffolk, people[5]), suffolk),
            operator=an_operator(),
        )


@pytest.fixture
def place(databases: Databases) -> Iterator[Place]:
    with a_place(databases("opportunities")) as made:
        yield made
