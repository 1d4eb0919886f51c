"""Trying a partner out, step by step: before the first exchange, and when something is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from interchange.federation.v1 import partners_pb2 as pb

from chassis.clock import now
from services.federation.partners.models import Partner
from services.federation.protocol.document import (
    BadDocument,
    RegionDocument,
    check_successor,
    read_document,
)
from services.federation.protocol.encoding import to_moment
from services.federation.protocol.entry import MAX_ENTRY_BYTES, BadEntry, read_entry, verify_entry
from services.federation.protocol.head import BadHead, read_head, split_page
from services.federation.protocol.keys import SigningKey
from services.federation.protocol.payloads import NOTICE_TYPE
from services.federation.pulling.client import PartnerClient, Refused, Unreachable

Step = pb.CheckPartnerResponse.Step
SKEW_S = 300.0
FIRST_ENTRIES = 20


class Failed(Exception):
    """The step did not go well: what was seen, and what to do."""


class Checking:
    """Asks a partner what a visit would ask, and takes nothing over."""

    def __init__(
        self,
        signer: Callable[[], SigningKey],
        *,
        region: str,
        development: bool,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self._signer = signer
        self._region = region
        self._development = development
        self._clock = clock

    def check(self, partner: Partner) -> list[Step]:
        """The steps in order; the first that fails ends it."""
        client = PartnerClient(
            self._region, partner.url, self._signer, development=self._development
        )
        try:
            return list(self._steps(client, partner))
        finally:
            client.close()

    def _steps(self, client: PartnerClient, partner: Partner) -> Iterator[Step]:
        steps: tuple[tuple[str, Callable[[PartnerClient, Partner], str]], ...] = (
            ("address and document", self._document),
            ("signature, clock, versions and limits", self._status),
            ("first page", self._first_page),
        )
        for title, attempt in steps:
            try:
                yield Step(title=title, ok=True, detail=attempt(client, partner))
            except (Failed, Unreachable) as problem:
                yield Step(title=title, ok=False, detail=str(problem))
                return

    def _document(self, client: PartnerClient, partner: Partner) -> str:
        document = self._newest(client, partner)
        return f"{partner.url} answers with version {document.version}, signed by the pinned key"

    def _newest(self, client: PartnerClient, partner: Partner) -> RegionDocument:
        """Its document as it is now: with keys that we have not read of yet."""
        try:
            document = read_document(client.document().body)
            check_successor(partner.read_document(), document)
        except BadDocument as problem:
            raise Failed(f"{problem.detail}. {_advice(problem)}") from problem
        return document

    def _status(self, client: PartnerClient, partner: Partner) -> str:
        said = client.status()
        if not isinstance(said, dict):
            raise Failed("its status is not what the protocol says")
        skew_s = self._skew_s(said)
        if abs(skew_s) > SKEW_S:
            raise Failed(
                f"its clock is {skew_s:+.0f} s from ours: requests are refused beyond "
                f"{SKEW_S:.0f} s. Set both clocks by NTP."
            )
        majors = said.get("majors", {}).get(NOTICE_TYPE.rpartition(".v")[0], [1])
        if 1 not in majors:
            raise Failed("it does not read notices as this version writes them: one must upgrade")
        most = said.get("limits", {}).get("entryBytes", MAX_ENTRY_BYTES)
        if most < MAX_ENTRY_BYTES:
            raise Failed(
                f"it takes entries of {most} bytes, and ours have up to {MAX_ENTRY_BYTES}: "
                "it must take larger ones"
            )
        return f"it knows us; its clock is {skew_s:+.1f} s from ours"

    def _skew_s(self, said: dict[str, object]) -> float:
        try:
            return (to_moment(str(said["time"])) - self._clock()).total_seconds()
        except (KeyError, ValueError) as problem:
            raise Failed("its status tells no time") from problem

    def _first_page(self, client: PartnerClient, partner: Partner) -> str:
        document, channel = self._newest(client, partner), partner.channels[0]
        try:
            answer = client.feed(channel, epoch=0, after=0, limit=FIRST_ENTRIES)
            lines, last = split_page(answer.body)
            head = read_head(last, document)
            for line in lines:
                verify_entry(*read_entry(line), document)
        except (BadHead, BadEntry) as problem:
            raise Failed(f"what it serves is not to be trusted: {problem}") from problem
        except Refused as problem:
            if problem.reason != "NO_SUCH_CHANNEL":
                raise
            return f"nothing was said on {channel} yet"
        return f"{len(lines)} entries of {channel} verified of {head.head} in epoch {head.epoch}"


def _advice(problem: BadDocument) -> str:
    if problem.reason == "OLDER_VERSION":
        return (
            "It may have been restored from a backup: its operator must rotate the key until the "
            "version is greater than ours, and then begin a new epoch."
        )
    return "Ask its operator for a new invitation, and for the words by voice."
