"""Public forms of notices by version: what never changes is made once."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from uuid import UUID

from interchange.opportunities.v1 import notices_pb2 as pb

from services.opportunities.notices.models import Listed

KEPT = 4096

# The notice, its version, and that of the organisation whose name it shows.
Edition = tuple[UUID, int, int]


class Shelf:
    """The editions used last. Nobody changes a message that stands here."""

    def __init__(self, size: int = KEPT) -> None:
        self._size = size
        self._lock = Lock()
        self._editions: OrderedDict[Edition, pb.Notice] = OrderedDict()

    def get(self, notice: Listed) -> pb.Notice | None:
        edition = edition_of(notice)
        with self._lock:
            found = self._editions.get(edition)
            if found is not None:
                self._editions.move_to_end(edition)
            return found

    def put(self, notice: Listed, public: pb.Notice) -> None:
        with self._lock:
            self._editions[edition_of(notice)] = public
            if len(self._editions) > self._size:
                self._editions.popitem(last=False)


def edition_of(notice: Listed) -> Edition:
    return (notice.id, notice.version, notice.owner_version)
