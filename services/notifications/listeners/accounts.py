"""What a person is told of their own account, whatever they have chosen to be told."""

from __future__ import annotations

from interchange.identity.v1 import events_pb2 as events
from sqlalchemy.orm import Session

from services.notifications.audience.queries import display_name
from services.notifications.inbox.telling import tell


def on_invited(session: Session, event: events.PersonInvited) -> None:
    tell(session, "invitation", [event.person])


def on_confirmation(session: Session, event: events.EmailConfirmationRequested) -> None:
    tell(session, "email-confirmation", [event.person])


def on_reset(session: Session, event: events.PasswordResetRequested) -> None:
    tell(session, "password-reset", [event.person])


def on_repeated(session: Session, event: events.RegistrationRepeated) -> None:
    tell(session, "registration-repeated", [event.person], about=event.person)


def on_locked(session: Session, event: events.AccountLocked) -> None:
    tell(session, "account-locked", [event.person], about=event.person)


def on_compromised(session: Session, event: events.SessionCompromised) -> None:
    tell(session, "session-compromised", [event.person], about=event.person)


def on_second_factor_on(session: Session, event: events.SecondFactorTurnedOn) -> None:
    tell(session, "second-factor-on", [event.person], about=event.person)


def on_second_factor_off(session: Session, event: events.SecondFactorTurnedOff) -> None:
    tell(session, "second-factor-off", [event.person], about=event.person)


def on_second_factor_reset(session: Session, event: events.SecondFactorReset) -> None:
    tell(session, "second-factor-reset", [event.person], about=event.person)


def on_recovery_code(session: Session, event: events.RecoveryCodeUsed) -> None:
    tell(session, "recovery-code-used", [event.person], about=event.person, left=event.left)


def on_linked(session: Session, event: events.IdentityLinked) -> None:
    name = display_name(session, event.organisation)
    tell(session, "identity-linked", [event.person], about=event.person, organisation=name)


def on_unlinked(session: Session, event: events.IdentityUnlinked) -> None:
    name = display_name(session, event.organisation)
    tell(session, "identity-unlinked", [event.person], about=event.person, organisation=name)
