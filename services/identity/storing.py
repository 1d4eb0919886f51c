"""Storing what must be the only one of its kind, also when two try at the same moment."""

from __future__ import annotations

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.identity.columns import Base


def stored(session: Session, entity: Base) -> bool:
    """Add it and say so; False, with the transaction as it was, when its unique key is taken."""
    try:
        with session.begin_nested():
            session.add(entity)
    except IntegrityError:
        return False
    return True
