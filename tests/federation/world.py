"""Regions that exchange notices over a faulty network, and what must hold of them whatever happens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from random import Random
from uuid import UUID

from services.federation.protocol.receiving import Cursor
from tests.federation.design import Design
from tests.federation.origin import Backup as OriginBackup
from tests.federation.origin import Chronicle, Claim, Origin
from tests.federation.reader import Backup as ReaderBackup
from tests.federation.reader import Copy, Reader
from tests.federation.signing import a_key
from tests.federation.transport import Transport

REGIONS = ("east", "scotland", "wales")
TICKS = 120
SETTLING_ROUNDS = 60
CHANCES = {
    "put": 0.3,
    "withdraw": 0.08,
    "erase": 0.03,
    "back_up": 0.04,
    "restore_origin": 0.012,
    "restore_reader": 0.02,
    "cut": 0.03,
    "mend": 0.04,
    "trim": 0.02,
    "tell_two_histories": 0.002,
    "lie": 0.02,
}
POLL = 0.3
RELAYED = 0.25

Violations = Counter[str]


@dataclass
class Region:
    """An origin for others, and a reader of each of them."""

    origin: Origin
    readers: dict[str, Reader]
    origin_backup: OriginBackup
    reader_backup: dict[str, ReaderBackup]
    double: Origin | None = None  # its other face
    deceived: str = ""  # the region that sees it
    restored: int = 0  # when its readers last came back from a backup
    ended: dict[tuple[str, str], Cursor] = field(default_factory=dict)  # what its people saw end

    def face(self, reader: str) -> Origin:
        return self.double if self.double and reader == self.deceived else self.origin


class World:
    """One run, decided by its seed."""

    def __init__(self, seed: int, design: Design, *, cheap: bool = True) -> None:
        self.random, self.design = Random(seed), design
        self.chronicle, self.violations = Chronicle(), Violations()
        self.transport = Transport(self.random, a_key("mallory", cheap=cheap))
        origins = [
            Origin(name, a_key(f"{name}-1", cheap=cheap), self.chronicle, design)
            for name in REGIONS
        ]
        self.regions = {each.region: self._region(each, origins) for each in origins}
        self.subjects = 0
        self._shown: dict[tuple[str, str], set[tuple[str, str]]] = {}

    def run(self) -> Violations:
        for _ in range(TICKS):
            for act, chance in CHANCES.items():
                if self.random.random() < chance:
                    getattr(self, f"_{act}")(self._any())
            self._poll_now_and_then()
            self.transport.tick()
        self.transport.heal()
        self._compare_notes()
        self._settle()
        self._check_the_end()
        return self.violations

    # what people and fate do

    def _any(self) -> Region:
        return self.regions[self.random.choice(REGIONS)]

    def _put(self, region: Region) -> None:
        subjects = sorted(region.origin.live)
        is_new = not subjects or self.random.random() < 0.5
        subject = self._subject() if is_new else self.random.choice(subjects)
        for face, name in self._faces(region):
            face.put(subject, f"{subject} {self.random.random()} {name}".encode())
        self._push(region)

    def _withdraw(self, region: Region) -> None:
        self._end(region, lambda origin, subject: origin.withdraw(subject))

    def _erase(self, region: Region) -> None:
        self._end(region, lambda origin, subject: origin.erase(subject))

    def _end(self, region: Region, end: Callable[[Origin, str], None]) -> None:
        if region.origin.live:
            subject = self.random.choice(sorted(region.origin.live))
            for face, _ in self._faces(region):
                end(face, subject)
            self._push(region)

    def _back_up(self, region: Region) -> None:
        if region.double is None:
            region.origin_backup = region.origin.backup()
        region.reader_backup = {name: each.backup() for name, each in region.readers.items()}

    def _restore_origin(self, region: Region) -> None:
        if region.double is None:
            region.origin.restore(region.origin_backup)

    def _restore_reader(self, region: Region) -> None:
        region.restored = self.transport.now
        for name, reader in region.readers.items():
            reader.restore(region.reader_backup[name])

    def _cut(self, region: Region) -> None:
        others = [name for name in REGIONS if name != region.origin.region]
        self.transport.cuts.add(frozenset((region.origin.region, self.random.choice(others))))

    def _mend(self, _: Region) -> None:
        if self.transport.cuts:
            self.transport.cuts.remove(self.random.choice(sorted(self.transport.cuts, key=sorted)))

    def _trim(self, region: Region) -> None:
        region.origin.trim()

    def _tell_two_histories(self, region: Region) -> None:
        """From here on one reader is told other things than the rest."""
        if region.double is None:
            origin = region.origin
            region.double = Origin(origin.region, origin.key, self.chronicle, self.design)
            region.double.restore(origin.backup())
            region.deceived = self.random.choice(
                [name for name in REGIONS if name != origin.region]
            )

    def _lie(self, region: Region) -> None:
        """To say that one has read what was never said, with what others have really signed as proof."""
        name, reader = self.random.choice(sorted(region.readers.items()))
        face, read = self.regions[name].face(region.origin.region), reader.claims[0]
        before = face.epoch
        seq = read.place.seq + self.random.randint(0, 3)
        made_up = Cursor(read.place.epoch, seq, f"{self.random.getrandbits(256):064x}")
        face.hello(Claim(made_up, read.proof))
        if face.epoch != before:
            self.violations["FALSE EPOCH"] += 1

    # what travels

    def _poll_now_and_then(self) -> None:
        for region in self.regions.values():
            for name in region.readers:
                if self.random.random() < POLL:
                    self._poll(region, name)

    def _poll(self, region: Region, name: str) -> None:
        if not self.design.pull:
            return
        if self.random.random() < RELAYED and self.design.comparing:
            self._ask_neighbour(region, name)
        else:
            self._ask_origin(region, name)

    def _ask_origin(self, region: Region, name: str) -> None:
        here, reader = region.origin.region, region.readers[name]
        if self.transport.is_cut(here, name):
            return
        face = self.regions[name].face(here)
        face.hello(*reader.claims)
        page = None if reader.needs_snapshot else face.feed(reader.cursor)
        if page is None:
            deliver = partial(self._take_snapshot, region, name)
            self.transport.send(name, here, face.snapshot(), deliver)
        else:
            deliver = partial(self._take_page, region, name, self.transport.now)
            self.transport.send(name, here, page, deliver)

    def _ask_neighbour(self, region: Region, name: str) -> None:
        here = region.origin.region
        (neighbour,) = set(REGIONS) - {here, name}
        page = self.regions[neighbour].readers[name].relay(region.readers[name].cursor)
        if page:
            self.transport.send(neighbour, here, page, partial(self._take_page, region, name, None))

    def _push(self, region: Region) -> None:
        name = region.origin.region
        for to in REGIONS:
            if to != name:
                deliver = partial(self._take_page, self.regions[to], name, None)
                self.transport.send(name, to, region.face(to).newest(), deliver)

    def _take_page(self, region: Region, name: str, asked: int | None, body: bytes) -> None:
        is_fresh = asked is not None and asked >= region.restored
        region.readers[name].take_page(body, is_fresh=is_fresh)
        self._check(region, name)

    def _take_snapshot(self, region: Region, name: str, body: bytes) -> None:
        region.readers[name].take_snapshot(body)
        self._check(region, name)

    # how it ends

    def _compare_notes(self) -> None:
        """Neighbours relay to each other: who was told another history notices, and its origin comes clean."""
        for name, region in self.regions.items():
            if region.double is not None:
                for _ in range(SETTLING_ROUNDS):
                    self._ask_each_other(name)
                self._check_detection(name)
                self._come_clean(region)

    def _ask_each_other(self, name: str) -> None:
        for region in self.regions.values():
            if region.origin.region != name and self.design.pull and self.design.comparing:
                self._ask_neighbour(region, name)

    def _check_detection(self, name: str) -> None:
        """Two readers with different entries under one number: at least one of them must know.

        Where one has a snapshot in place of entries, neighbours can't show each other all.
        """
        one, other = (each.readers[name] for each in self.regions.values() if name in each.readers)
        if not (one.is_unbroken and other.is_unbroken):
            return
        differ = any(
            kept.entry.hash != other.log[place].entry.hash
            for place, kept in one.log.items()
            if place in other.log
        )
        if differ and not (one.forked or other.forked):
            self.violations["UNNOTICED"] += 1

    def _come_clean(self, region: Region) -> None:
        if region.double is not None and self.design.epochs:
            number = max(region.origin.epoch, region.double.epoch) + 1
            region.origin.start_epoch(number)
        region.double = None

    def _settle(self) -> None:
        for _ in range(SETTLING_ROUNDS):
            for region in self.regions.values():
                for name in region.readers:
                    if self.design.pull:
                        self._ask_origin(region, name)

    def _check_the_end(self) -> None:
        for region in self.regions.values():
            for name, reader in region.readers.items():
                shown = {subject: copy.payload for subject, copy in reader.served.items()}
                if shown != self.regions[name].origin.state:
                    self.violations["DIVERGED"] += 1
                if self._holds_erased(name, reader):
                    self.violations["NOT ERASED"] += 1

    def _holds_erased(self, name: str, reader: Reader) -> bool:
        erased = self.chronicle.erased[name]
        kept = {each.subject for each in reader.log.values() if each.entry.payload is not None}
        return bool(erased & (kept | set(reader.copies)))

    # what must hold at every moment

    def _check(self, region: Region, name: str) -> None:
        reader = region.readers[name]
        if any(not self._was_said(name, *each) for each in reader.copies.items()):
            self.violations["FORGED"] += 1
        elif self.design.cursor and not self._is_a_prefix(name, reader):
            self.violations["NOT A PREFIX"] += 1
        self._check_ends(region, name, reader)

    def _was_said(self, name: str, subject: str, copy: Copy) -> bool:
        return (name, subject, copy.payload) in self.chronicle.said

    def _is_a_prefix(self, name: str, reader: Reader) -> bool:
        """What it has is what its origin had at the cursor, but for what was erased since."""
        state = self.chronicle.states.get(reader.cursor.hash)
        erased = self.chronicle.erased[name]
        if state is None:
            return False
        then = {subject: each for subject, each in state.items() if subject not in erased}
        now = {
            subject: copy.payload
            for subject, copy in reader.copies.items()
            if subject not in erased
        }
        return then == now

    def _check_ends(self, region: Region, name: str, reader: Reader) -> None:
        """What people saw end is not shown to them again, unless its origin said so later, or forgot that."""
        ended, served = region.ended, reader.served
        for subject, copy in served.items():
            end = ended.get((name, subject), Cursor())
            if copy.place <= end.place and self._still_stands(name, end):
                self.violations["RESURRECTED"] += 1
        if reader.is_recovering:
            return
        for origin, subject in self._shown_before(region, name) - {(name, each) for each in served}:
            ended[origin, subject] = reader.cursor
        self._shown[region.origin.region, name] = {(name, subject) for subject in served}

    def _still_stands(self, name: str, end: Cursor) -> bool:
        origin = self.regions[name].origin
        return end.epoch == origin.epoch and origin.has_said(end)

    def _shown_before(self, region: Region, name: str) -> set[tuple[str, str]]:
        return self._shown.get((region.origin.region, name), set())

    def _region(self, origin: Origin, origins: list[Origin]) -> Region:
        readers = {
            each.region: Reader(each.document, self.design)
            for each in origins
            if each is not origin
        }
        backups = {name: reader.backup() for name, reader in readers.items()}
        return Region(origin, readers, origin.backup(), backups)

    def _faces(self, region: Region) -> list[tuple[Origin, str]]:
        faces = [(region.origin, "to most")]
        return [*faces, (region.double, "to one")] if region.double else faces

    def _subject(self) -> str:
        self.subjects += 1
        return str(UUID(int=self.subjects))


def run(seed: int, design: Design, *, cheap: bool = True) -> Violations:
    """What was violated in the run of a seed; run many within `cheap_signatures`."""
    return World(seed, design, cheap=cheap).run()
