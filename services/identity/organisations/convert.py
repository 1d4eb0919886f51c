"""Between organisations and their messages: the public form, the whole form, and what callers write."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from interchange.identity.v1 import organisations_pb2 as pb

from chassis import convert
from chassis.auth import Principal
from chassis.errors import InvalidArgument
from chassis.etags import etag
from services.identity.organisations.models import (
    Identifier,
    Kind,
    Organisation,
    Sector,
    sector_of,
)
from services.identity.policy import manages


def to_proto(organisation: Organisation, who: Principal) -> pb.Organisation:
    """The organisation as this caller may see it."""
    message = to_public(organisation)
    if manages(who, organisation.name):
        message.contact_email = organisation.contact_email
    return message


def to_public(organisation: Organisation) -> pb.Organisation:
    """The organisation as everybody sees it, events too: without its contact address."""
    return pb.Organisation(
        name=organisation.name,
        display_name=organisation.display_name,
        kind=convert.number(organisation.kind),
        sector=convert.number(organisation.sector),
        identifiers=(pb.Identifier(scheme=e.scheme, id=e.id) for e in organisation.identifiers),
        ons_code=organisation.ons_code,
        place=convert.place(organisation.place),
        website=organisation.website,
        description=organisation.description,
        state=convert.number(organisation.state),
        verify_time=convert.moment(organisation.verify_time),
        create_time=convert.moment(organisation.create_time),
        parent=organisation.parent,
        version=organisation.version,
        etag=etag(organisation.version),
    )


def _read_identifiers(message: pb.Organisation) -> tuple[Identifier, ...]:
    found = tuple(Identifier(each.scheme, each.id.strip()) for each in message.identifiers)
    if len({each.scheme for each in found}) < len(found):
        raise InvalidArgument(
            "DUPLICATE_SCHEME", "at most one of each scheme", field="organisation.identifiers"
        )
    return found


# From a message to the attribute of the same name.
READERS: dict[str, Callable[[pb.Organisation], object]] = {
    "display_name": lambda message: message.display_name,
    "kind": lambda message: Kind(message.kind),
    "identifiers": _read_identifiers,
    "ons_code": lambda message: message.ons_code,
    "place": lambda message: convert.read_place(message.place),
    "website": lambda message: message.website,
    "description": lambda message: message.description,
    "contact_email": lambda message: message.contact_email,
    "parent": lambda message: message.parent,
}
# The sector may follow from the kind.
WRITABLE = frozenset(READERS) | {"sector"}


def read_new(message: pb.Organisation) -> Mapping[str, object]:
    """All values by attribute."""
    return {**_read(message, READERS), "sector": _sector(message, Kind(message.kind))}


def read_changes(
    message: pb.Organisation, fields: Collection[str], before: Organisation
) -> Mapping[str, object]:
    """Values by attribute, of these fields. A sector that followed from the kind goes on following it."""
    content = _read(message, fields)
    kind = Kind(message.kind) if "kind" in fields else before.kind
    if "sector" in fields:
        content["sector"] = _sector(message, kind)
    elif before.sector is sector_of(before.kind):
        content["sector"] = sector_of(kind)
    return content


def _read(message: pb.Organisation, fields: Collection[str]) -> dict[str, object]:
    return {field: READERS[field](message) for field in fields if field in READERS}


def _sector(message: pb.Organisation, kind: Kind) -> Sector:
    return Sector(message.sector) if message.sector else sector_of(kind)
