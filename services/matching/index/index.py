"""One generation's notices on disk. One process writes and reads it; it may be thrown away at any time.

A commit writes some twenty files and waits for the disk as often. A few new notices are shown before it:
their sets are in memory anyway, and so are they themselves until then.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from interchange.common.v1.types_pb2 import Place
from interchange.opportunities.v1 import notices_pb2 as pb
from tantivy import Index as Tantivy

from services.matching.index.fresh import Fresh
from services.matching.index.schema import (
    analysers,
    digest_of_meanings,
    document_of,
    id_of,
    schema,
)
from services.matching.index.sets import Rows
from services.matching.index.snapshot import Snapshot

# The writer sorts so many bytes of new notices in memory before it writes a segment.
HEAP = 40_000_000
POSITION = "position"
# So many at most are looked through one by one by whoever searches.
MOST_FRESH = 20


class Index:
    """Put notices in and take them out; what was shown or committed is in the next `snapshot`."""

    def __init__(self, folder: Path) -> None:
        """Open what is there. What cannot be read is built anew: it is only an index."""
        self._folder = folder
        self._changed: dict[int, bytes | None] = {}
        self._fresh: dict[int, Fresh] = {}
        self._has_gone = False  # something that the files still have
        try:
            self._open()
        except (ValueError, OSError):
            shutil.rmtree(folder, ignore_errors=True)
            self._open()

    def _open(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._index = Tantivy(schema(), path=str(self._folder))
        for name, analyser in analysers():
            self._index.register_tokenizer(name, analyser)
        # One thread: a second would take a core from who searches, for some hundred notices a second.
        self._writer = self._index.writer(heap_size=HEAP, num_threads=1)
        self._rows = Rows.read(self._index.searcher())
        self._take_snapshot()
        self._is_filled = len(self._snapshot) > 0

    @property
    def position(self) -> int:
        """Up to which position of the read model it was committed; 0: nothing."""
        try:
            return int((self._folder / POSITION).read_text())
        except (OSError, ValueError):
            return 0

    @property
    def snapshot(self) -> Snapshot:
        """What was shown or committed last. It stays as it is while the index goes on."""
        return self._snapshot

    def put(self, notice: pb.Notice, place: Place) -> None:
        """Add a notice that is at this place, empty: nowhere known; or exchange its older self for it."""
        number, digest = id_of(notice.name), digest_of_meanings(notice)
        document = document_of(notice, place, digest)
        if self._is_filled or number in self._changed:  # else there is no older self to look for
            self.drop(notice.name)
        if self._is_filled:  # else all are read when they are there, in half of the time
            self._rows.put(document)
            if len(self._fresh) <= MOST_FRESH:
                self._fresh[number] = Fresh.of(document, notice, place)
        self._changed[number] = digest
        self._writer.add_document(document)

    def drop(self, name: str) -> None:
        number = id_of(name)
        self._has_gone |= number in self._rows
        self._changed[number] = None
        self._rows.drop(number)
        self._writer.delete_documents_by_term("name", name)

    @property
    def may_show(self) -> bool:
        """Whether there is nothing to be committed but a few new ones."""
        return self._is_filled and not self._has_gone and len(self._fresh) <= MOST_FRESH

    def show(self) -> Mapping[int, bytes | None]:
        """Let what was put in be found before it is committed; what has changed, as `commit` says it."""
        changed, self._changed = self._changed, {}
        self._take_snapshot()
        return changed

    def commit(self, position: int) -> Mapping[int, bytes | None]:
        """Of what was put in since the last time the hash of what it means, None of what was taken out.

        Should we be ended between the two steps, what lies between is taken twice, which is once.
        """
        changed, self._changed = self._changed, {}
        self._writer.commit()
        self._fresh, self._has_gone = {}, False
        beside = self._folder / f".{POSITION}"
        beside.write_text(str(position))
        beside.replace(self._folder / POSITION)
        self._index.reload()
        if not self._is_filled or self._rows.are_stale():
            self._rows = Rows.read(self._index.searcher())
        self._take_snapshot()
        self._is_filled = True
        return changed

    def _take_snapshot(self) -> None:
        self._snapshot = Snapshot(self._index.searcher(), self._rows.now(), dict(self._fresh))

    def close(self) -> None:
        """Let the folder go. Who holds a snapshot may go on reading it."""
        del self._writer

    def remove(self) -> None:
        self.close()
        shutil.rmtree(self._folder, ignore_errors=True)
