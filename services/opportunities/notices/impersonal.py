"""Making sure that what other regions will read holds no personal data, or that somebody says so."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from interchange.opportunities.v1 import notices_pb2 as pb

from chassis.auth import principal
from chassis.convert import read_place
from chassis.database import Database
from chassis.errors import Aborted
from services.opportunities.identity import Identity
from services.opportunities.lint import require_impersonal
from services.opportunities.notices import queries
from services.opportunities.notices.kinds import Visibility
from services.opportunities.notices.models import Notice

Named = Mapping[str, bool]
NOBODY: Named = {}


class Confirming(Protocol):
    """A request by which a notice may begin to be read elsewhere."""

    @property
    def confirm_no_personal_data(self) -> bool: ...


def look_up(
    database: Database, identity: Identity, request: Confirming, message: pb.Notice
) -> Named:
    """In which texts of a notice, as it is and as the message would make it, somebody's name stands.

    Before the transaction that lets them out, for identity is asked.
    """
    if request.confirm_no_personal_data:
        return NOBODY
    with database.read() as session:
        notice = queries.load(session, message.name)
    leaves = Visibility.NETWORK in (notice.visibility, message.visibility)
    return identity.named([*notice.texts.values(), *_texts(message)]) if leaves else NOBODY


def require(notice: Notice, request: Confirming, named: Named, *, at: datetime) -> None:
    """Let it out only when its texts look impersonal, or the caller says that they are, which is recorded."""
    if not notice.needs_lint:
        return
    if request.confirm_no_personal_data:
        notice.confirm_impersonal(principal().person, at=at)
        return
    if any(text and text not in named for text in notice.texts.values()):
        raise Aborted("CHANGED_MEANWHILE", f"{notice.name} has changed meanwhile: try again")
    require_impersonal(notice.texts, named)


def _texts(message: pb.Notice) -> list[str]:
    place = read_place(message.place)
    label = place.label if place else ""
    lists = ("\n".join(message.themes), "\n".join(message.skills))
    return [message.title, message.body, *lists, label]
