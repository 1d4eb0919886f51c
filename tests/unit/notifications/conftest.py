"""Two councils, those who work there, and the service between a real register and a real mail server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any, TypeVar, cast

import pytest
from google.protobuf.message import Message as Event
from grpc import ServicerContext
from interchange.identity.v1 import events_pb2 as identity
from interchange.notifications.v1 import notifications_pb2 as pb
from interchange.opportunities.v1 import events_pb2 as opportunities
from interchange.opportunities.v1 import notices_pb2
from sqlalchemy import delete, select

from chassis.auth import Principal, acting_as
from chassis.bus import envelope
from chassis.bus.handling import Handling
from chassis.bus.tables import inbox as handled
from chassis.clock import now
from chassis.database import Database, new_id
from chassis.timestamps import to_proto as stamp
from chassis.validation import validate
from services.notifications.deliveries.backoff import Backoff
from services.notifications.deliveries.letters import Links
from services.notifications.deliveries.models import Delivery
from services.notifications.deliveries.senders import Sender
from services.notifications.deliveries.smtp import SmtpSender
from services.notifications.deliveries.worker import Worker
from services.notifications.identity import Identity
from services.notifications.inbox.models import Message
from services.notifications.listeners import HANDLERS
from services.notifications.service import NotificationService
from tests.conftest import Databases
from tests.support.mail import MailServer
from tests.support.register import Register, a_member, an_operator, serving

NO_CONTEXT = cast(ServicerContext, None)
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
MAIL_FROM = "Interchange <no-reply@region.example>"
LINKS = Links("https://interchange.example", "https://api.interchange.example")
BACKOFF = Backoff(
    first=timedelta(minutes=1), longest=timedelta(hours=4), give_up_after=timedelta(hours=48)
)
Answer = TypeVar("Answer")


@dataclass
class Clock:
    """A clock that a test sets."""

    at: datetime = field(default_factory=now)

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass
class House:
    """The service, and who is who."""

    database: Database
    register: Register
    identity: Identity
    service: NotificationService
    mail: MailServer
    norfolk: str
    suffolk: str
    manager: str
    colleague: str
    officer: str
    other_manager: str
    host: str
    operator: str
    clock: Clock = field(default_factory=Clock)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def hear(self, event: Event, *, times: int = 2) -> None:
        """An event as the consumer takes it: again and again, though our own mark of it was lost."""
        event_id = new_id()
        headers = envelope.headers(event, event_id, now(), TRACE)
        payload, subject = envelope.encode(event), envelope.subject_of(event.DESCRIPTOR)
        for _ in range(times):
            with self.database.begin() as session:
                session.execute(delete(handled))
                Handling("notifications", HANDLERS).apply(session, subject, headers, payload)

    def appoint(self, person: str, organisation: str) -> str:
        """A manager whose appointment was announced; the appointment's name."""
        manager = f"{organisation}/managers/{new_id()}"
        self.hear(
            identity.ManagerAppointed(manager=manager, organisation=organisation, person=person)
        )
        return manager

    def notice(self, **content: Any) -> notices_pb2.Notice:
        """A published notice of Norfolk's."""
        return notices_pb2.Notice(
            **{
                "name": f"notices/{new_id()}",
                "title": "Work shadowing wanted in housing options",
                "organisation": self.norfolk,
                "organisation_display_name": "Norfolk",
                "state": notices_pb2.Notice.PUBLISHED,
                "close_time": stamp(now() + timedelta(days=5)),
                **content,
            }
        )

    def interest(self, **content: Any) -> opportunities.InterestFacts:
        """An interest of Suffolk's in a notice of Norfolk's."""
        notice = f"notices/{new_id()}"
        return opportunities.InterestFacts(
            **{
                "interest": f"{notice}/interests/{new_id()}",
                "notice": notice,
                "notice_title": "Work shadowing wanted in housing options",
                "notice_organisation": self.norfolk,
                "organisation": self.suffolk,
                "notice_manager": self.manager,
                "interested_manager": self.other_manager,
                "beneficiary": self.officer,
                "participant": self.host,
                **content,
            }
        )

    def exchange(self, **content: Any) -> opportunities.ExchangeFacts:
        """An exchange between the two."""
        return opportunities.ExchangeFacts(
            **{
                "exchange": f"exchanges/{new_id()}",
                "notice": f"notices/{new_id()}",
                "notice_title": "Work shadowing wanted in housing options",
                "host_organisation": self.suffolk,
                "visiting_organisation": self.norfolk,
                "signatories": [self.host, self.officer, self.other_manager, self.manager],
                "actor": self.manager,
                **content,
            }
        )

    def tell(self, person: str, **content: Any) -> notices_pb2.Notice:
        """Something that one person is told: a notice of theirs was published."""
        notice = self.notice(**content)
        self.hear(opportunities.NoticePublished(notice=notice, manager=person))
        return notice

    def told(self) -> dict[str, set[str]]:
        """Who was told what, by template."""
        with self.database.read() as session:
            rows = session.execute(select(Message.template, Message.person)).all()
        pairs = [(row.template, row.person) for row in rows]
        assert len(pairs) == len(set(pairs))
        return {kind: {who for each, who in pairs if each == kind} for kind, _ in pairs}

    def forget_all(self) -> None:
        """Empty inboxes and queue."""
        with self.database.begin() as session:
            session.execute(delete(Message))
            session.execute(delete(Delivery))

    def inbox(self, person: str) -> list[Message]:
        with self.database.read() as session:
            statement = select(Message).where(Message.person == person)
            return list(session.scalars(statement.order_by(Message.create_time, Message.id)))

    def deliveries(self) -> list[Delivery]:
        with self.database.read() as session:
            statement = select(Delivery).order_by(Delivery.create_time, Delivery.id)
            return list(session.scalars(statement))

    def delivery(self) -> Delivery:
        """The one that there is."""
        (only,) = self.deliveries()
        return only

    def address(self, person: str) -> str:
        return self.register.contacts[person].email

    def worker(self, sender: Sender | None = None, **options: Any) -> Worker:
        """A worker on the test's clock, without chance."""
        return Worker(
            self.database,
            options.pop("identity", self.identity),
            sender or SmtpSender(self.mail.url, sender=MAIL_FROM, timeout_s=5),
            LINKS,
            BACKOFF,
            **{
                "poll_s": 0.05,
                "lease": timedelta(minutes=5),
                "clock": self.clock,
                "chance": lambda: 0.5,
                **options,
            },
        )

    def send(self, **options: Any) -> None:
        """Send all that is due on the test's clock."""
        self.clock.at = max(self.clock.at, now())
        self.worker(**options).drain()

    def ask(self, who: Principal, method: Callable[[Any, Any], Answer], request: Any) -> Answer:
        """A call as the gate would pass it on."""
        validate(request)
        with acting_as(who):
            return method(request, NO_CONTEXT)

    def choose(self, person: str, frequency: pb.Preferences.Frequency.ValueType) -> pb.Preferences:
        wanted = pb.Preferences(name=f"{person}/preferences", frequency=frequency)
        request = pb.UpdatePreferencesRequest(preferences=wanted)
        return self.ask(someone(person), self.service.UpdatePreferences, request)


def someone(person: str) -> Principal:
    return a_member(person, "organisations/any")


@pytest.fixture
def house(databases: Databases) -> Iterator[House]:
    database, register = databases("notifications"), Register()
    norfolk, suffolk = register.enter("Norfolk"), register.enter("Suffolk")
    with MailServer() as mail, serving(register) as channel:
        identified = Identity(channel)
        house = House(
            database=database,
            register=register,
            identity=identified,
            service=NotificationService(database, identified),
            mail=mail,
            norfolk=norfolk,
            suffolk=suffolk,
            manager=register.employ(norfolk, "Hazel Thirtlewood"),
            colleague=register.employ(norfolk, "Otto Brambleby"),
            officer=register.employ(norfolk, "Priya Lartersworth"),
            other_manager=register.employ(suffolk, "Imran Quantrillo"),
            host=register.employ(suffolk, "Gareth Peggington"),
            operator=register.employ(norfolk, "Regina Overstone"),
        )
        announce(house)
        yield house


def announce(house: House) -> None:
    """What identity has said before a test begins."""
    for organisation in house.register.organisations.values():
        house.hear(identity.OrganisationRegistered(organisation=organisation))
    house.appoint(house.manager, house.norfolk)
    house.appoint(house.colleague, house.norfolk)
    house.appoint(house.other_manager, house.suffolk)
    house.hear(identity.OperatorAppointed(person=house.operator))
    house.forget_all()


OPERATOR = an_operator()
