"""The copy of organisations, and what is asked of identity when the copy does not know enough."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from interchange.identity.v1 import organisations_pb2 as pb
from sqlalchemy import and_, or_, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from chassis.auth import Principal
from chassis.database import Database
from chassis.errors import InvalidArgument, PermissionDenied
from chassis.names import parse_name
from services.opportunities.identity import Identity
from services.opportunities.organisations.models import Organisation, Sector
from services.opportunities.policy import manages

# What is shown of an organisation: its name, its sector.
Shown = tuple[str, Sector]


class Directory:
    """Makes sure that the copy knows an organisation before a transaction relies on it."""

    def __init__(self, database: Database, identity: Identity) -> None:
        self._database = database
        self._identity = identity
        self._known: set[str] = set()  # an organisation, once there, stays

    def know(self, name: str, *, field: str) -> None:
        """Have a copy of it; InvalidArgument NO_SUCH_ORGANISATION when identity has none either."""
        if name in self._known:
            return
        with self._database.read() as session:
            known = session.get(Organisation, name)
        if known is None and not self._ask(name):
            raise InvalidArgument(
                "NO_SUCH_ORGANISATION", "must name an organisation of this region", field=field
            )
        self._known.add(name)

    def know_verified(self, name: str) -> None:
        """Have the newest copy unless ours says that it is verified, which it stays."""
        with self._database.read() as session:
            known = session.get(Organisation, name)
        if known is None or not known.is_verified:
            self._ask(name)

    def require_member(self, person: str, organisation: str, *, field: str) -> None:
        """Refuse who does not work for the organisation, and who does not exist, alike."""
        if not person:
            return
        parse_name("people", person, field=field)
        contact = self._identity.contacts([person]).get(person)
        if contact is None or contact.organisation != organisation:
            raise InvalidArgument(
                "NOT_OF_ORGANISATION", f"must name a person of {organisation}", field=field
            )

    def _ask(self, name: str) -> bool:
        found = self._identity.organisation(name)
        if found is None:
            return False
        with self._database.begin() as session:
            take(session, found)
        return True


def take(session: Session, message: pb.Organisation) -> None:
    """Take over an organisation's state, if it is newer than ours. Two may do so at the same moment."""
    values = {
        "display_name": message.display_name,
        "sector": Sector(message.sector),
        "is_verified": message.state == pb.Organisation.VERIFIED,
        "version": message.version,
    }
    statement = upsert(Organisation).values(name=message.name, **values)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[Organisation.name],
            set_=values,
            where=Organisation.version < message.version,
        )
    )


def take_foreign(
    session: Session, region: str, shown: Mapping[str, Shown]
) -> Mapping[str, Organisation]:
    """Organisations of a partner region, by name, as they are called now.

    That they are in order is their own region's word.
    """
    found = _all(session, shown)
    changed = [name for name in sorted(shown) if _shown(found.get(name)) != shown[name]]
    if not changed:
        return found
    _show(session, region, {name: shown[name] for name in changed})
    return {**found, **_all(session, changed)}


def _all(session: Session, names: Collection[str]) -> dict[str, Organisation]:
    found = select(Organisation).where(Organisation.name.in_(names))
    fresh = session.scalars(found.execution_options(populate_existing=True))
    return {each.name: each for each in fresh}


def _shown(organisation: Organisation | None) -> Shown | None:
    return (organisation.display_name, organisation.sector) if organisation else None


def _show(session: Session, region: str, shown: Mapping[str, Shown]) -> None:
    known, statement = Organisation, upsert(Organisation)
    new = statement.excluded
    differs = or_(known.display_name != new.display_name, known.sector != new.sector)
    fresh = {"is_verified": True, "version": 1, "region": region}
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[known.name],
            set_={
                "display_name": new.display_name,
                "sector": new.sector,
                "version": known.version + 1,
            },
            where=and_(known.region == region, differs),
        ),
        [
            {"name": name, "display_name": called, "sector": sector, **fresh}
            for name, (called, sector) in shown.items()
        ],
    )


def acting_for(who: Principal, organisation: str, *, field: str) -> str:
    """The organisation that a manager means: the one named, or the only one that they manage."""
    if organisation:
        parse_name("organisations", organisation, field=field)
        if not manages(who, organisation):
            raise PermissionDenied("NOT_ITS_MANAGER", f"you don't manage {organisation}")
        return organisation
    if len(who.manages) == 1:
        return next(iter(who.manages))
    choices = ", ".join(sorted(who.manages)) or "an organisation"
    raise InvalidArgument(
        "ORGANISATION_NEEDED", f"must name whom it is for: {choices}", field=field
    )
