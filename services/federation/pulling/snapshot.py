"""Fetching a snapshot: pages kept aside until they are all here and are what the partner signed for."""

from __future__ import annotations

from chassis.errors import FailedPrecondition
from services.federation.partners.models import Partner
from services.federation.protocol.head import BadHead, Manifest, read_manifest, split_page
from services.federation.pulling.client import PartnerClient
from services.federation.pulling.desk import Desk, Terms
from services.federation.receiving import snapshots
from services.federation.receiving.models import ReceivedCursor
from services.federation.receiving.reading import Received, read_lines
from services.federation.receiving.terms import took

MOST_PAGES = 1000


def take_snapshot(desk: Desk, client: PartnerClient, terms: Terms, channel: str) -> ReceivedCursor:
    """Put a snapshot of the channel in the place of what we have.

    BadHead when it is not what was signed for, FailedPrecondition when it is old or comes too often,
    Unreachable when the partner stops in the middle.
    """
    with desk.database.begin() as session:
        snapshots.begin(session, terms.region, channel)
    manifest, line = _fetch(desk, client, terms, channel)
    at = desk.clock()
    with desk.database.begin() as session:
        cursor = snapshots.finish(
            session,
            manifest,
            desk.answers,
            admission=terms.admission,
            quota=terms.live_notices,
            at=at,
        )
        cursor.manifest_line = line
        partner = session.get(Partner, terms.region)
        if partner is not None:
            took(session, partner, cursor, terms.admission)
        return cursor


def _fetch(desk: Desk, client: PartnerClient, terms: Terms, channel: str) -> tuple[Manifest, bytes]:
    """All pages of one snapshot, each verified and kept; they must not be of two. And the line that signs it."""
    snapshot_id, after, first, count = "", 0, None, 0
    for _ in range(MOST_PAGES):
        answer = client.snapshot(channel, snapshot_id=snapshot_id, after=after)
        lines, last = split_page(answer.body)
        manifest = read_manifest(last, terms.document)
        _require(manifest, channel, first)
        first = first or manifest
        entries = _entries(lines, terms, channel, desk)
        with desk.database.begin() as session:
            snapshots.stage(session, terms.region, channel, entries)
        count += len(entries)
        if count >= manifest.count or not entries:
            return manifest, last
        snapshot_id, after = f"{manifest.epoch}.{manifest.upto}", entries[-1].protected.seq
    raise BadHead("BAD_SNAPSHOT", f"it has over {MOST_PAGES} pages")


def _entries(lines: list[bytes], terms: Terms, channel: str, desk: Desk) -> list[Received]:
    entries, rejected = read_lines(lines, channel, terms.document, at=desk.clock())
    if rejected:
        raise BadHead(rejected.reason, rejected.detail)
    return entries


def _require(manifest: Manifest, channel: str, first: Manifest | None) -> None:
    if manifest.channel != channel:
        raise BadHead("WRONG_CHANNEL", "the snapshot of another channel")
    if first and (manifest.epoch, manifest.upto, manifest.digest) != (
        first.epoch,
        first.upto,
        first.digest,
    ):
        raise FailedPrecondition("SNAPSHOT_CHANGED", "its pages are of two snapshots")
