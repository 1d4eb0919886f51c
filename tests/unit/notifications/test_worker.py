"""Mails on their way: to a real mail server, through its refusals, once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from interchange.identity.v1 import events_pb2 as identity
from interchange.identity.v1 import sessions_pb2
from interchange.identity.v1.sessions_pb2_grpc import CredentialServiceServicer
from interchange.notifications.v1.notifications_pb2 import Preferences
from interchange.opportunities.v1 import events_pb2 as opportunities
from sqlalchemy import update

from chassis.client import channel
from chassis.clock import now
from cli.ports import free_port
from services.notifications.deliveries import metrics, queue, retention
from services.notifications.deliveries.models import Delivery, Problem, State
from services.notifications.deliveries.senders import Mail
from services.notifications.deliveries.smtp import SmtpSender
from services.notifications.deliveries.worker import BATCH, Worker
from services.notifications.identity import Identity
from services.notifications.inbox.models import Message
from tests.support.register import Register, serving
from tests.support.waiting import eventually
from tests.unit.notifications.conftest import MAIL_FROM, TRACE, House

NOWHERE = "127.0.0.1:1"


class Died(BaseException):
    """The process ends here."""


class Outbox:
    """A sender that keeps what it is given, and may die after that."""

    def __init__(self, *, dies: bool = False) -> None:
        self.mails: list[Mail] = []
        self.closed = 0
        self._dies = dies

    def send(self, mail: Mail) -> None:
        self.mails.append(mail)
        if self._dies:
            raise Died

    def close(self) -> None:
        self.closed += 1


@contextmanager
def running(worker: Worker) -> Iterator[None]:
    worker.start()
    yield
    worker.stop()


def bodies(house: House) -> list[str]:
    return [str(mail.get_body(("plain",)).get_content()) for mail in house.mail.messages]  # type: ignore[union-attr]


def test_a_mail_says_what_the_inbox_says_and_links_to_it(house: House) -> None:
    notice = house.tell(house.manager)

    house.send()

    (mail,) = house.mail.messages
    (message,) = house.inbox(house.manager)
    assert mail["Subject"] == message.subject
    assert mail["To"] == f"Hazel Thirtlewood <{house.address(house.manager)}>"
    assert mail["From"] == MAIL_FROM
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Content-Language"] == "en"
    plain, html = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))  # type: ignore[union-attr]
    for text in (plain, html):
        assert "Dear Hazel Thirtlewood," in text
        assert f"https://interchange.example/{notice.name}" in text
        assert f"https://interchange.example/{house.manager}/preferences" in text
    assert message.body in plain.replace("\r\n", "\n")
    assert house.delivery().state is State.SENT
    assert house.delivery().send_time == house.clock.at


def test_a_mail_goes_out_once(house: House) -> None:
    house.tell(house.manager)

    house.send()
    house.send()

    assert house.mail.attempts == 1


def test_the_next_thing_is_told_in_the_language_that_they_have_chosen(house: House) -> None:
    house.register.contacts[house.officer].language = "cy"
    house.tell(house.officer)
    house.send()

    house.tell(house.officer)

    assert [message.language for message in house.inbox(house.officer)] == ["en", "cy"]
    assert house.mail.messages[0]["Content-Language"] == "cy"


@pytest.mark.parametrize(
    ("event", "page"),
    [
        ("PersonInvited", "accept-invitation"),
        ("EmailConfirmationRequested", "confirm-email"),
        ("PasswordResetRequested", "reset-password"),
    ],
)
def test_a_secret_is_made_for_its_mail_and_kept_nowhere(
    house: House, event: str, page: str
) -> None:
    house.register.contacts[house.officer].email_confirmed = False
    house.choose(house.officer, Preferences.OFF)
    house.hear(getattr(identity, event)(person=house.officer))

    house.send()

    (body,), (mail,) = bodies(house), house.mail.messages
    token = body.partition(f"https://interchange.example/{page}?token=")[2].split()[0]
    assert token.startswith("token-")
    assert mail["List-Unsubscribe"] is None
    assert "preferences" not in body
    with house.database.read() as session:
        for table in ("messages", "deliveries", "preferences", "outbox", "dead_letter"):
            rows = session.connection().exec_driver_sql(f"SELECT * FROM {table}").all()
            assert token not in str(rows)


@pytest.mark.parametrize("event", ["AccountLocked", "SessionCompromised", "RegistrationRepeated"])
def test_what_concerns_an_account_is_mailed_whatever_was_chosen(house: House, event: str) -> None:
    house.choose(house.officer, Preferences.OFF)
    house.hear(getattr(identity, event)(person=house.officer))

    house.send()

    assert len(house.mail.messages) == len(house.inbox(house.officer)) == 1
    assert house.mail.messages[0]["List-Unsubscribe"] is None


@pytest.mark.parametrize("event", ["PersonJoined", "AccountLocked"])
def test_an_address_that_is_not_confirmed_gets_nothing_else(house: House, event: str) -> None:
    house.register.contacts[house.officer].email_confirmed = False
    house.hear(getattr(identity, event)(person=house.officer))

    house.send()

    assert house.mail.attempts == 0
    assert house.delivery().state is State.SKIPPED
    assert house.delivery().problem is Problem.UNCONFIRMED_ADDRESS
    assert house.delivery().attempts == 0


def test_who_is_not_known_gets_nothing(house: House) -> None:
    house.tell(house.officer)
    del house.register.contacts[house.officer]

    house.send()

    assert house.delivery().state is State.SKIPPED


def test_a_mail_that_can_wait_is_tried_again_with_the_same_id(house: House) -> None:
    house.tell(house.officer)
    house.mail.refuse("451 4.3.0 try again later")
    house.send()
    waiting = house.delivery()
    house.mail.refuse("")

    house.send()
    assert house.mail.messages == []
    house.clock.forward(minutes=1, seconds=1)
    house.send()

    assert waiting.state is State.QUEUED
    assert waiting.problem is Problem.REFUSED_FOR_NOW
    assert waiting.error == "451 4.3.0 try again later"
    assert waiting.next_attempt_time == waiting.queue_time + timedelta(minutes=1) or (
        waiting.next_attempt_time > waiting.queue_time + timedelta(seconds=59)
    )
    assert house.mail.messages[0]["Message-ID"] == f"<{waiting.id}@region.example>"
    assert house.delivery().state is State.SENT
    assert (house.delivery().attempts, house.delivery().error) == (2, "")
    assert house.delivery().problem is Problem.NONE


def test_after_two_days_it_is_given_up_and_counted(house: House) -> None:
    failed = metrics.mails.labels("failed")
    before = failed._value.get()
    house.tell(house.officer)
    house.mail.refuse("451 4.3.0 try again later")

    for _ in range(60):
        house.send()
        house.clock.at = house.delivery().next_attempt_time
        if house.delivery().state is not State.QUEUED:
            break

    assert house.delivery().state is State.FAILED
    assert house.delivery().attempts == house.mail.attempts == 21
    assert failed._value.get() == before + 1


def test_a_recipient_that_is_refused_for_good_is_not_tried_again(house: House) -> None:
    house.tell(house.officer)
    house.mail.refuse(f"550 5.1.1 <{house.address(house.officer)}> Priya Lartersworth is unknown")

    house.send()

    assert house.delivery().state is State.FAILED
    assert house.delivery().problem is Problem.REFUSED
    assert house.delivery().error == "550 5.1.1 … … is unknown"
    assert house.mail.attempts == 1


def test_one_bad_address_does_not_keep_others_back(house: House) -> None:
    house.register.contacts[house.officer].email = "no address at all"
    for person in (house.officer, house.manager, house.host):
        house.tell(person)

    house.send()

    assert len(house.mail.messages) == 2
    states = {each.person: each.state for each in house.deliveries()}
    assert states[house.officer] is State.FAILED


def test_while_the_mail_server_is_away_mails_wait(house: House) -> None:
    for person in (house.officer, house.manager):
        house.tell(person)
    away = SmtpSender(f"smtp://127.0.0.1:{free_port()}", sender=MAIL_FROM, timeout_s=1)

    house.send(sender=away)
    house.clock.forward(minutes=2)
    house.send()

    assert len(house.mail.messages) == 2
    assert {each.attempts for each in house.deliveries()} == {2}


def test_while_identity_is_away_mails_wait(house: House) -> None:
    house.tell(house.officer)

    with channel(NOWHERE) as nobody:
        house.send(identity=Identity(nobody))
    waiting = house.delivery()
    house.clock.forward(minutes=2)
    house.send()

    assert (waiting.state, waiting.problem) == (State.QUEUED, Problem.REGISTER_AWAY)
    assert waiting.error == "IDENTITY_UNAVAILABLE"
    assert len(house.mail.messages) == 1


def test_a_mail_whose_sender_died_goes_out_again_recognisably(house: House) -> None:
    house.tell(house.officer)
    first, second = Outbox(dies=True), Outbox()
    with pytest.raises(Died):
        house.send(sender=first)

    house.send(sender=second)
    assert second.mails == []
    house.clock.forward(minutes=6)
    house.send(sender=second)

    assert first.mails == second.mails
    assert house.delivery().state is State.SENT


def test_a_word_from_a_lease_that_has_ended_does_not_count(house: House) -> None:
    house.tell(house.officer)
    at = house.clock.at = now()
    with house.database.begin() as session:
        (old,) = queue.take(session, at=at, until=at + timedelta(minutes=5), most=1)
    later = at + timedelta(minutes=6)
    with house.database.begin() as session:
        (new,) = queue.take(session, at=later, until=later + timedelta(minutes=5), most=1)

    with house.database.begin() as session:
        queue.failed(session, old, Problem.REFUSED, "too late")

    assert old.id == new.id
    assert house.delivery().state is State.QUEUED


def test_two_replicas_send_each_mail_once(house: House) -> None:
    people = [house.register.employ(house.norfolk, f"Member Number{n}") for n in range(60)]
    facts = house.exchange(signatories=people)
    house.hear(opportunities.ExchangeAgreed(exchange=facts))
    house.clock.at = now()
    outboxes, together = [Outbox(), Outbox()], Barrier(2)

    def drain(outbox: Outbox) -> None:
        worker = house.worker(outbox)
        together.wait()
        worker.drain()

    threads = [Thread(target=drain, args=(outbox,)) for outbox in outboxes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    sent = [mail.address for outbox in outboxes for mail in outbox.mails]
    assert sorted(sent) == sorted(house.address(person) for person in people)


def test_urgent_mails_go_first(house: House) -> None:
    for person in (house.manager, house.host):
        house.tell(person)
    house.hear(identity.PasswordResetRequested(person=house.officer))
    outbox = Outbox()

    house.send(sender=outbox)

    assert outbox.mails[0].address == house.address(house.officer)
    assert len(outbox.mails) == 3


def test_a_connection_serves_all_that_is_due(house: House) -> None:
    people = [house.register.employ(house.norfolk, f"Member Number{n}") for n in range(BATCH + 5)]
    house.hear(opportunities.ExchangeAgreed(exchange=house.exchange(signatories=people)))
    outbox = Outbox()

    house.send(sender=outbox)

    assert (len(outbox.mails), outbox.closed) == (BATCH + 5, 1)


def test_a_mail_leaves_within_a_moment_of_its_event(house: House) -> None:
    with running(house.worker(poll_s=60, clock=now)):
        house.tell(house.officer)

        def sent() -> None:
            assert house.delivery().state is State.SENT

        eventually(sent, timeout_s=2)


def test_what_another_process_queued_is_found(house: House) -> None:
    house.tell(house.officer)

    with running(house.worker(poll_s=0.05, clock=now)):

        def sent() -> None:
            assert len(house.mail.messages) == 1

        eventually(sent)


def test_a_mail_to_somebody_who_was_erased_meanwhile_leaves_nothing(house: House) -> None:
    house.tell(house.officer)

    class Erasing(Outbox):
        def send(self, mail: Mail) -> None:
            house.hear(identity.PersonErased(person=house.officer))

    house.send(sender=Erasing())

    assert house.deliveries() == []


class Traced(Register, CredentialServiceServicer):
    """A register that notes in which trace it was asked for a secret."""

    seen = ""

    def IssueMailToken(self, request, context):  # type: ignore[no-untyped-def]
        self.seen = dict(context.invocation_metadata()).get("traceparent", "")
        return sessions_pb2.IssueMailTokenResponse(token="secret")


def test_what_is_asked_for_a_mail_belongs_to_the_trace_of_its_event(house: House) -> None:
    traced = Traced(contacts=house.register.contacts)
    house.hear(identity.PasswordResetRequested(person=house.officer))

    with serving(traced) as opened:
        house.send(identity=Identity(opened))

    assert len(house.mail.messages) == 1
    assert traced.seen[:35] == TRACE[:35]


def test_the_queue_is_measured(house: House) -> None:
    for person in (house.officer, house.manager):
        house.tell(person)

    metrics.measure(house.database, at=now() + timedelta(hours=1))

    assert metrics.queue_depth._value.get() == 2
    assert 3600 <= metrics.queue_age._value.get() < 3700


def test_what_is_old_is_forgotten_and_what_waits_is_not(house: House) -> None:
    house.tell(house.officer)
    house.send()
    house.tell(house.manager)
    year = timedelta(days=365)

    def purge(at: timedelta) -> tuple[int, int]:
        retention.purge(
            house.database, messages=2 * year, deliveries=timedelta(days=90), at=now() + at
        )
        messages = [*house.inbox(house.officer), *house.inbox(house.manager)]
        return len(messages), len(house.deliveries())

    assert purge(timedelta(days=89)) == (2, 2)
    assert purge(timedelta(days=91)) == (2, 1)
    assert purge(2 * year + timedelta(days=1)) == (0, 1)


def test_a_mail_whose_message_was_deleted_is_skipped(house: House) -> None:
    house.tell(house.officer)
    with house.database.begin() as session:
        session.execute(update(Delivery).values(message_id=None))
        session.execute(update(Message).values(about=""))

    house.send()

    assert house.delivery().state is State.SKIPPED
