"""The copy of organisations, and what is asked of identity when the copy does not know enough."""

from __future__ import annotations

from interchange.identity.v1 import organisations_pb2 as pb
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from chassis.auth import Principal
from chassis.database import Database
from chassis.errors import InvalidArgument, PermissionDenied
from chassis.names import parse_name
from services.opportunities.identity import Identity
from services.opportunities.organisations.models import Organisation, Sector
from services.opportunities.policy import manages


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
