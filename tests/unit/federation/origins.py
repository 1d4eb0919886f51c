"""A partner region in memory: it keeps a log, signs it, and tells it as a page or as a snapshot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

from services.federation.protocol.document import (
    KeyInfo,
    RegionDocument,
    read_document,
    sign_document,
)
from services.federation.protocol.entry import (
    GENESIS,
    Entry,
    Erasure,
    Op,
    Protected,
    read_protected,
    seal_entry,
)
from services.federation.protocol.head import (
    Head,
    Manifest,
    join_page,
    sign_head,
    sign_manifest,
    snapshot_digest,
)
from services.federation.protocol.keys import RootKey, SigningKey
from services.federation.protocol.payloads import (
    NOTICE_SCHEMA,
    NOTICE_TYPE,
    NoticePayload,
    write_notice,
)

AT = datetime(2026, 11, 25, 12, tzinfo=UTC)
NATIONAL = "national"


def subject_of(number: int) -> str:
    """The same id for the same number."""
    return str(uuid5(NAMESPACE_URL, f"notice-{number}"))


def notice(
    number: int, *, version: int = 1, title: str = "", kind: str = "OFFERED"
) -> NoticePayload:
    return {
        "notice": {
            "id": subject_of(number),
            "version": version,
            "kind": kind,
            "format": "WORK_SHADOWING",
            "title": title or f"Three days with the housing team {number}",
            "body": "Come and see how a small team keeps six hundred homes in repair. " * 8,
            "themes": ["housing", "repairs"],
            "skills": ["housing-options", "project-management"],
            "gradeBands": [],
            "attendance": "IN_PERSON",
            "startDate": "2027-01-11",
            "endDate": "2027-01-13",
            "daysPerWeek": 3,
            "closeTime": AT + timedelta(days=60),
            "publishTime": AT,
            "updateTime": AT,
            "place": {"label": "Inverness", "latitude": 57.48, "longitude": -4.22},
            "conditions": None,
        },
        "organisation": {
            "id": subject_of(10_000 + number % 7),
            "displayName": "Highland Homes",
            "sector": "THIRD",
        },
    }


@dataclass
class Origin:
    """One region with its keys and one log."""

    region: str = "scotland"
    channel: str = NATIONAL
    url: str = "http://127.0.0.1:1"
    epoch: int = 1
    waits_for_receipts: bool = False  # then its snapshots list what it has erased
    entries: list[Entry] = field(default_factory=list)
    root: RootKey = field(default_factory=RootKey.generate)
    key: SigningKey = field(default_factory=lambda: SigningKey.generate("scotland-2026-1"))
    document: RegionDocument = field(init=False)

    def __post_init__(self) -> None:
        self.document = RegionDocument(
            region=self.region,
            display_name=self.region.title(),
            url=self.url,
            version=1,
            root_public=self.root.public,
            keys=(key_info(self.key),),
        )

    @property
    def signed_document(self) -> bytes:
        return sign_document(self.document, self.root)

    def revise(self, **changes: object) -> None:
        """A newer document."""
        changed = replace(self.document, version=self.document.version + 1, **changes)  # type: ignore[arg-type]
        self.document = read_document(sign_document(changed, self.root))

    @property
    def seq(self) -> int:
        return len(self.entries)

    @property
    def hash(self) -> str:
        return self.entries[-1].hash if self.entries else GENESIS

    def say(
        self,
        op: str,
        subject: str,
        payload: bytes | None = None,
        *,
        kind: str = NOTICE_TYPE,
        exp: datetime | None = None,
        key: SigningKey | None = None,
    ) -> Entry:
        said = Protected(
            origin=self.region,
            channel=self.channel,
            epoch=self.epoch,
            seq=self.seq + 1,
            prev=self.hash,
            op=op,
            type=kind,
            subject=subject,
            time=AT,
            dataschema=NOTICE_SCHEMA,
            phash="",
            kid="",
            exp=exp,
        )
        entry = seal_entry(said, payload, key or self.key)
        self.entries.append(entry)
        return entry

    def put(
        self, number: int, *, version: int = 1, title: str = "", kind: str = "OFFERED"
    ) -> Entry:
        content = write_notice(notice(number, version=version, title=title, kind=kind))
        return self.say(Op.PUT, subject_of(number), content)

    def withdraw(self, number: int) -> Entry:
        return self.say(Op.WITHDRAW, subject_of(number))

    def erase(self, number: int) -> Entry:
        """Erase, and drop what was said before, with the proof beside it."""
        entry = self.say(Op.ERASE, subject_of(number))
        proof = Erasure(entry.protected, entry.sig)
        for place, each in enumerate(self.entries):
            said = read_protected(each.protected)
            if said.subject == subject_of(number) and each.payload is not None:
                self.entries[place] = replace(each, payload=None, erasure=proof)
        return entry

    def head(self, *, at: datetime = AT, least: int = 1) -> bytes:
        said = Head(self.region, self.channel, self.epoch, self.seq, self.hash, least, at, "")
        return sign_head(said, self.key)

    def page(
        self, after: int = 0, limit: int = 1000, *, at: datetime = AT, least: int = 1
    ) -> bytes:
        lines = [each.line() for each in self.entries[after : after + limit]]
        return join_page(lines, self.head(at=at, least=least))

    def begin_epoch(self) -> None:
        """As after a restored backup: what is live is said again."""
        live = self.live
        self.epoch, self.entries = self.epoch + 1, []
        self.say(Op.EPOCH, "", kind="interchange.epoch.v1")
        for each in live:
            said = read_protected(each.protected)
            self.say(said.op, said.subject, each.payload, kind=said.type, exp=said.exp)

    @property
    def live(self) -> list[Entry]:
        newest: dict[str, Entry] = {}
        for each in self.entries:
            newest[read_protected(each.protected).subject] = each
        shown = (Op.PUT, Op.EOI, Op.ERASE) if self.waits_for_receipts else (Op.PUT, Op.EOI)
        return [each for each in newest.values() if read_protected(each.protected).op in shown]

    def manifest(self, *, at: datetime = AT) -> bytes:
        live = in_order(self.live)
        said = Manifest(
            origin=self.region,
            channel=self.channel,
            epoch=self.epoch,
            upto=self.seq,
            head_hash=self.hash,
            count=len(live),
            digest=snapshot_digest(each.hash for each in live),
            time=at,
            kid="",
        )
        return sign_manifest(said, self.key)

    def snapshot(self, after: int = 0, limit: int = 1000) -> bytes:
        rest = [each for each in in_order(self.live) if read_protected(each.protected).seq > after]
        return join_page([each.line() for each in rest[:limit]], self.manifest())


def in_order(entries: Sequence[Entry]) -> list[Entry]:
    place: Callable[[Entry], int] = lambda each: read_protected(each.protected).seq  # noqa: E731
    return sorted(entries, key=place)


def key_info(key: SigningKey) -> KeyInfo:
    return KeyInfo(key.kid, key.public, AT - timedelta(days=1), AT + timedelta(days=60))
