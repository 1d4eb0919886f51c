"""What happens to applications when people are erased, or work for somebody else."""

from __future__ import annotations

from uuid import UUID

from interchange.identity.v1 import events_pb2 as identity
from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from chassis.clock import now
from services.matching.cohorts.models import (
    Application,
    ApplicationState,
    PairingRun,
    SettledPair,
)
from services.matching.cohorts.publishing import withdraw


def forget_applicant(session: Session, event: identity.PersonErased) -> None:
    """Applications go, and out of what runs were asked; a pair keeps an id behind which nobody is."""
    mine = select(Application).where(Application.person == event.person)
    for application in session.scalars(mine.with_for_update()).all():
        if application.is_active:
            withdraw(session, application, at=now())
            session.flush()
        _forget(session, application)
    applied = update(Application).where(Application.applied_by == event.person)
    session.execute(applied.values(applied_by=""))


def on_employer_changed(session: Session, event: identity.PersonEmployerChanged) -> None:
    """Who decides for them are the managers of where they work now."""
    mine = select(Application).where(
        Application.person == event.person, Application.state == ApplicationState.ACTIVE
    )
    for application in session.scalars(mine.with_for_update()).all():
        application.move(event.organisation, at=now())


def _forget(session: Session, application: Application) -> None:
    runs = select(PairingRun).where(PairingRun.cohort_id == application.cohort_id)
    for run in session.scalars(runs):
        run.inputs = _without(run, application.id)
    settled = or_(SettledPair.one_id == application.id, SettledPair.other_id == application.id)
    session.execute(delete(SettledPair).where(settled))
    session.delete(application)


def _without(run: PairingRun, application: UUID) -> list[dict[str, object]]:
    return [each for each in run.inputs if each["application"] != str(application)]
