"""What is announced and what is logged names nobody, whatever people do."""

from __future__ import annotations

import logging

import pytest
from interchange.identity.v1 import organisations_pb2, sessions_pb2
from interchange.identity.v1 import people_pb2 as pb
from sqlalchemy import select

from chassis.errors import Error
from services.identity.audit.models import Entry
from tests.support.outbox import everything_announced
from tests.unit.identity.house import PASSWORD, House, a_person

NAME, EMAIL, JOB = "Asha Thistlewood", "asha.thistlewood@norfolk.example", "Housing sorceress"
SECRETS = (NAME, "thistlewood", JOB, PASSWORD, "role.mailbox@norfolk.example")


def live(house: House) -> None:
    """Everything that can happen to a person, in one life."""
    norfolk = house.organisation("Norfolk", contact_email="role.mailbox@norfolk.example")
    suffolk = house.organisation("Suffolk")
    fields = {"display_name": NAME, "job_title": JOB}
    asha = house.registered(norfolk, EMAIL, **fields)
    house.registered(norfolk, EMAIL, **fields)
    house.confirm(asha.name)
    house.approve(asha.name, house.operator)
    appointment = house.appoint(norfolk, asha.name)
    session = house.sign_in(EMAIL)
    me = house.verifier.verify(session.access_token)
    house.organisations.CommitManager(
        organisations_pb2.CommitManagerRequest(name=appointment.name), me
    )
    house.people.CreatePerson(
        pb.CreatePersonRequest(person=a_person(norfolk, "two." + EMAIL, display_name=NAME)), me
    )
    for _ in range(10):
        with pytest.raises(Error):
            house.sign_in(EMAIL, "not the password")
    house.credentials.RequestPasswordReset(sessions_pb2.RequestPasswordResetRequest(email=EMAIL))
    house.credentials.UnlockPerson(sessions_pb2.UnlockPersonRequest(name=asha.name), house.operator)
    house.refresh(session.refresh_token)
    with pytest.raises(Error):
        house.refresh(session.refresh_token)
    move = pb.ChangeEmployerRequest(
        name=asha.name, organisation=suffolk, job_title=JOB, email="new." + EMAIL
    )
    house.people.ChangeEmployer(move, me)
    house.approve(asha.name, house.operator)
    house.people.ExportPerson(pb.ExportPersonRequest(name=asha.name), house.operator)
    house.people.DeletePerson(pb.DeletePersonRequest(name=asha.name), house.operator)


def test_no_event_names_anybody(house: House) -> None:
    live(house)

    written = everything_announced(house.database).decode(errors="replace").casefold()

    assert not [secret for secret in SECRETS if secret.casefold() in written]


def test_no_entry_of_the_audit_log_names_anybody(house: House) -> None:
    live(house)

    with house.database.read() as session:
        entries = session.scalars(select(Entry)).all()

    written = " ".join(f"{e.actor} {e.action} {e.subject} {e.detail}" for e in entries).casefold()
    assert not [secret for secret in SECRETS if secret.casefold() in written]


def test_no_log_line_names_anybody(
    house: House, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.INFO):
        live(house)

    written = (caplog.text + "".join(capsys.readouterr())).casefold()
    assert not [secret for secret in SECRETS if secret.casefold() in written]
