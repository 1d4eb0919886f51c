"""What people's second factors do, in the caller's transaction: begun, confirmed, checked, turned off."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from interchange.identity.v1 import events_pb2 as events
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from chassis.bus import publish
from chassis.errors import FailedPrecondition, InvalidArgument
from chassis.secrets import Sealer
from services.identity import naming
from services.identity.second_factors import codes, totp
from services.identity.second_factors.models import RecoveryCode, SecondFactor


class Factors:
    """Second factors, whose secrets only this program can open."""

    def __init__(self, secret: bytes) -> None:
        self._sealer = Sealer(secret)

    def begin(self, session: Session, person: UUID, *, at: datetime) -> str:
        """A new secret in place of one that was never confirmed."""
        known = lock(session, person)
        if known and known.is_on:
            raise FailedPrecondition(
                "SECOND_FACTOR_ON", "you have a second factor: turn it off first"
            )
        secret = totp.new_secret()
        sealed = self._sealer.seal(_bound_to(person), secret.encode())
        session.merge(SecondFactor(person_id=person, secret=sealed, create_time=at))
        return secret

    def confirm(self, session: Session, person: UUID, code: str, *, at: datetime) -> Sequence[str]:
        """Turn it on with a code of the app; the recovery codes, to be shown once."""
        known = lock(session, person)
        if known is None or known.is_on:
            raise FailedPrecondition("NOTHING_TO_CONFIRM", "begin with a new secret")
        if not self._is_code(known, code, at):
            raise wrong_code()
        known.confirm(at=at)
        publish(session, events.SecondFactorTurnedOn(person=naming.person_name(person)))
        return self.renew_codes(session, person)

    def renew_codes(self, session: Session, person: UUID) -> Sequence[str]:
        """New recovery codes in place of those before."""
        _forget_codes(session, person)
        fresh = codes.new_codes()
        session.add_all(
            RecoveryCode(digest=codes.digest(person, each), person_id=person) for each in fresh
        )
        return fresh

    def accepts(self, session: Session, person: UUID, code: str, *, at: datetime) -> bool:
        """Whether this is a code of the app or a recovery code, which it is for the last time now."""
        known = lock(session, person)
        if known is None or not known.is_on:
            return False
        return self._is_code(known, code, at) or _is_recovery_code(session, person, code)

    def _is_code(self, known: SecondFactor, code: str, at: datetime) -> bool:
        secret = self._sealer.open(_bound_to(known.person_id), known.secret).decode()
        return known.take(totp.step_of(secret, code, at=at))


def find(session: Session, person: UUID) -> SecondFactor | None:
    """The second factor of a person, be it confirmed or not."""
    return session.get(SecondFactor, person)


def is_on(session: Session, person: UUID) -> bool:
    known = find(session, person)
    return known is not None and known.is_on


def lock(session: Session, person: UUID) -> SecondFactor | None:
    """As `find`, in one hand until the transaction ends: a code is used once."""
    statement = select(SecondFactor).where(SecondFactor.person_id == person).with_for_update()
    return session.scalars(statement).one_or_none()


def require_on(session: Session, person: UUID) -> None:
    if not is_on(session, person):
        raise FailedPrecondition("SECOND_FACTOR_OFF", "there is no second factor")


def remove(session: Session, person: UUID) -> None:
    """Without it from here on."""
    _forget_codes(session, person)
    session.execute(delete(SecondFactor).where(SecondFactor.person_id == person))


def codes_left(session: Session, person: UUID) -> int:
    statement = select(func.count()).where(RecoveryCode.person_id == person)
    return session.scalar(statement) or 0


def wrong_code() -> InvalidArgument:
    return InvalidArgument(
        "WRONG_CODE", "is not the code that your app shows now, or it was used before", field="code"
    )


def _is_recovery_code(session: Session, person: UUID, code: str) -> bool:
    found = session.get(RecoveryCode, codes.digest(person, code))
    if found is None:
        return False
    session.delete(found)
    session.flush()
    left = codes_left(session, person)
    publish(session, events.RecoveryCodeUsed(person=naming.person_name(person), left=left))
    return True


def _forget_codes(session: Session, person: UUID) -> None:
    session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person))


def _bound_to(person: UUID) -> str:
    return f"totp/{person}"
