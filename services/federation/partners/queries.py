"""Partners as they are asked for by name."""

from __future__ import annotations

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from chassis import etags
from chassis.errors import InvalidArgument, NotFound
from services.federation.partners.models import Partner
from services.federation.protocol.shapes import REGION

COLLECTION = "partners"
ANY = "-"


def region_of(name: str, *, field: str = "name") -> str:
    """The region code in `partners/scotland`; InvalidArgument BAD_NAME for any other text."""
    head, _, region = name.partition("/")
    if head != COLLECTION or not (region == ANY or REGION.fullmatch(region)):
        raise InvalidArgument("BAD_NAME", "must look like partners/scotland", field=field)
    return region


def load(session: Session, name: str) -> Partner:
    """The partner, to look at."""
    return _found(session.get(Partner, region_of(name)), name)


def load_for_change(session: Session, name: str, etag: str = "") -> Partner:
    """The partner, locked until the transaction ends."""
    partner = _found(session.get(Partner, region_of(name), with_for_update=True), name)
    etags.check(etag, partner.terms_version)
    return partner


def listing() -> Select[Partner]:
    """All of them."""
    return select(Partner)


def _found(partner: Partner | None, name: str) -> Partner:
    if partner is None:
        raise NotFound("NO_SUCH_PARTNER", f"{name} does not exist")
    return partner
