"""What is known of organisations beyond notices: whose they are, who acts for them, with whom they had exchanges."""

from __future__ import annotations

from collections.abc import Mapping

from interchange.identity.v1 import events_pb2 as identity
from interchange.opportunities.v1 import events_pb2 as opportunities
from sqlalchemy import Index, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from services.matching.columns import Base, resource
from services.matching.models import Organisation


class Partnership(Base):
    """Two organisations that have, or had, an exchange; the one whose name comes first is `one`."""

    __tablename__ = "partnerships"
    __table_args__ = (Index("partnerships_by_other", "other"),)

    one: Mapped[str] = mapped_column(resource(), primary_key=True)
    other: Mapped[str] = mapped_column(resource(), primary_key=True)


class Office(Base):
    """An appointment of a manager, without who it is. One that ended stays, so that no late word brings it back."""

    __tablename__ = "offices"
    __table_args__ = (Index("offices_by_organisation", "organisation"),)

    name: Mapped[str] = mapped_column(resource(120), primary_key=True)
    organisation: Mapped[str] = mapped_column(resource())
    is_held: Mapped[bool]


def note_exchange(session: Session, host: str, visitor: str) -> None:
    one, other = sorted((host, visitor))
    session.execute(insert(Partnership).values(one=one, other=other).on_conflict_do_nothing())


def note_office(session: Session, name: str, organisation: str, *, is_held: bool) -> None:
    """Who has stepped down is not appointed again: another appointment has another name."""
    statement = insert(Office).values(name=name, organisation=organisation, is_held=is_held)
    if is_held:
        session.execute(statement.on_conflict_do_nothing())
    else:
        ended = statement.on_conflict_do_update(index_elements=["name"], set_={"is_held": False})
        session.execute(ended)


def on_exchange_agreed(session: Session, event: opportunities.ExchangeAgreed) -> None:
    note_exchange(session, event.exchange.host_organisation, event.exchange.visiting_organisation)


def on_manager_appointed(session: Session, event: identity.ManagerAppointed) -> None:
    note_office(session, event.manager, event.organisation, is_held=True)


def on_manager_stepped_down(session: Session, event: identity.ManagerSteppedDown) -> None:
    note_office(session, event.manager, event.organisation, is_held=False)


def partners_of(session: Session, organisation: str) -> frozenset[str]:
    """Organisations with which this one has, or had, an exchange."""
    concerns = or_(Partnership.one == organisation, Partnership.other == organisation)
    rows = session.execute(select(Partnership.one, Partnership.other).where(concerns))
    return frozenset(name for row in rows for name in row) - {organisation}


def unmanaged(session: Session) -> frozenset[str]:
    """Organisations that had a manager and have none: nobody there could endorse or answer."""
    held = select(Office.organisation).where(Office.is_held)
    gone = select(Office.organisation).where(Office.organisation.not_in(held))
    return frozenset(session.scalars(gone))


def kin_of(session: Session, organisation: str) -> frozenset[str]:
    """Organisations that in the end belong to the same one as this, and that one."""
    parents = parents_of_all(session)
    root = root_of(parents, organisation)
    family = {name for name in parents if root_of(parents, name) == root} | {root}
    return frozenset(family) - {organisation}


def groups(session: Session) -> Mapping[str, str]:
    """Of each organisation that belongs to another, or to which others belong, who stands above all."""
    parents = parents_of_all(session)
    return {name: root_of(parents, name) for name in {*parents, *parents.values()}}


def parents_of_all(session: Session) -> Mapping[str, str]:
    rows = session.execute(
        select(Organisation.name, Organisation.parent).where(Organisation.parent != "")
    )
    return {row.name: row.parent for row in rows}


def root_of(parents: Mapping[str, str], organisation: str) -> str:
    """Who stands above all; where events of two changes crossed and close a circle, the first name in it."""
    line = [organisation]
    while (above := parents.get(line[-1], "")) and above not in line:
        line.append(above)
    return min(line[line.index(above) :]) if above else line[-1]
