"""The verified organisations in memory, searched as notices are: a region has hundreds, not hundreds of thousands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from threading import Event, Lock, Thread

import structlog
from interchange.common.v1.types_pb2 import Sector
from interchange.identity.v1 import organisations_pb2 as pb
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from tantivy import Document
from tantivy import Index as Tantivy

from chassis.database import Database
from services.matching.index.meanings import Meanings
from services.matching.index.schema import MOST_MEANING, PLACE, analysers, id_of, key_of, schema
from services.matching.index.sets import Rows
from services.matching.index.snapshot import Snapshot
from services.matching.models import Organisation
from services.matching.text.encoder import Encoder
from services.matching.text.terms import clean
from services.matching.text.vectors import Cache, digest_of

PARTS = 2  # texts of an organisation that have a vector each
BATCH = 16
LOOKS_EVERY_S = 1.0

log = structlog.get_logger(__name__)
Stamp = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Edition:
    """All of them as they were at one moment: what is searched, and each by its number."""

    stamp: Stamp
    snapshot: Snapshot
    known: Mapping[int, pb.Organisation]

    @classmethod
    def of(cls, organisations: Iterable[pb.Organisation], stamp: Stamp) -> Edition:
        known = {id_of(each.name): each for each in organisations}
        index = Tantivy(schema())
        for name, analyser in analysers():
            index.register_tokenizer(name, analyser)
        writer = index.writer(num_threads=1)
        rows = Rows()
        for each in known.values():
            document = document_of(each)
            rows.put(document)
            writer.add_document(document)
        writer.commit()
        index.reload()
        return cls(stamp, Snapshot(index.searcher(), rows.now()), known)


class Directory:
    """The newest edition, and the vectors of what is in it, which are made beside."""

    def __init__(self, database: Database, encoder: Callable[[], Encoder | None]) -> None:
        """`encoder`: the one in use; None until it is loaded."""
        self._database = database
        self._find_encoder = encoder
        self._lock = Lock()
        self._edition = Edition.of((), (0, 0))
        self._meanings: Meanings | None = None
        self._understood: Stamp | None = None  # the edition of which all have a vector
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="organisations", daemon=True)

    @property
    def edition(self) -> Edition:
        """As identity has said it last, as far as it was heard."""
        with self._database.read() as session:
            counts = select(func.count(), func.coalesce(func.sum(Organisation.version), 0))
            number, versions = session.execute(counts).one()
            stamp = (int(number), int(versions))
            if stamp == self._edition.stamp:
                return self._edition
            said = session.scalars(
                select(Organisation.payload).where(Organisation.payload.is_not(None))
            ).all()
        with self._lock:
            self._edition = Edition.of(_verified(said), stamp)
            return self._edition

    @property
    def meanings(self) -> Meanings | None:
        """Vectors of those that have one by now; None without an encoder."""
        return self._meanings

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def step(self) -> bool:
        """Give some of those that lack it a vector; whether there were any."""
        encoder = self._find_encoder()
        if encoder is None:
            return False
        if self._meanings is None:
            self._meanings = Meanings(encoder.dimensions, PARTS)
        edition = self.edition
        if edition.stamp == self._understood:
            return False
        known = edition.known
        self._meanings.keep(known)
        texts = {number: meanings_of(each) for number, each in known.items()}
        digests = {number: b"".join(map(digest_of, parts)) for number, parts in texts.items()}
        some = [n for n, digest in digests.items() if self._meanings.lacks(n, digest)][:BATCH]
        cache = Cache(self._database, encoder)
        for number in some:
            self._meanings.put(number, digests[number], cache.encode(texts[number]))
        if not some:
            self._understood = edition.stamp
        return bool(some)

    def _run(self) -> None:
        more = False
        while more or not self._stopping.wait(LOOKS_EVERY_S):
            try:
                more = self.step() and not self._stopping.is_set()
            except SQLAlchemyError as problem:
                log.warning("organisations_wait", error=type(problem).__name__)
                more = False
            except Exception as problem:  # who understands no more must not look as if all was well
                log.error("organisations_failed", exc_info=problem)
                more = False


def _verified(said: Iterable[bytes | None]) -> Iterable[pb.Organisation]:
    found = (pb.Organisation.FromString(each) for each in said if each)
    return (each for each in found if each.state == pb.Organisation.VERIFIED)


def meanings_of(organisation: pb.Organisation) -> tuple[str, str]:
    """The texts whose vectors stand for it: what it is called, and what it does."""
    return clean(organisation.display_name), clean(organisation.description[:MOST_MEANING])


def document_of(organisation: pb.Organisation) -> Document:
    """In the fields that a notice has, too; each in an index of its own."""
    title, place = clean(organisation.display_name), organisation.place
    kind = pb.Organisation.Kind.Name(organisation.kind)
    identifiers = " ".join(each.id for each in organisation.identifiers)
    labels = clean(f"{place.label} {kind.replace('_', ' ').lower()} {identifiers}")
    whole = f"{title} {labels} {clean(organisation.description)}"
    document = Document(title=title, text=whole, words=whole, pieces=f"{title} {labels}")
    document.add_text("kind", kind)
    document.add_text("sector", Sector.Name(organisation.sector))
    if place.latitude or place.longitude:
        document.add_text(PLACE, key_of(place.latitude, place.longitude))
    document.add_integer("id", id_of(organisation.name))
    return document
