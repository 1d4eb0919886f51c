"""The door: partners read what is theirs, and nobody else learns anything."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from interchange.opportunities.v1 import events_pb2 as events
from interchange.opportunities.v1 import notices_pb2 as pb

from services.federation.log import retention
from services.federation.log.models import Channel, LogEntry
from services.federation.partners.models import Partner
from services.federation.protocol.document import read_document
from services.federation.protocol.entry import read_entry
from services.federation.protocol.head import read_manifest, snapshot_digest, split_page
from services.federation.protocol.keys import SigningKey
from services.federation.protocol.poke import Poke
from services.federation.protocol.proof import of_entry
from tests.conftest import Databases
from tests.unit.federation.origins import Origin
from tests.unit.federation.ours import Ours, a_notice, reason, revised

FEED = "/federation/v1/feed/national"
POKE = {"channel": "national", "epoch": 1, "head": 7}


@pytest.fixture
def scotland() -> Origin:
    return Origin()


@pytest.fixture
def ours(databases: Databases, scotland: Origin) -> Ours:
    region = Ours(databases("federation"))
    region.publish_document()
    region.pin(scotland)
    return region


def publish(ours: Ours, number: int = 1) -> list[pb.Notice]:
    notices = [a_notice() for _ in range(number)]
    ours.hear(*(events.NoticePublished(notice=each) for each in notices))
    return notices


def test_anybody_reads_the_document(ours: Ours) -> None:
    reply = ours.send("GET", "/.well-known/interchange-region", {})

    assert read_document(reply.body).region == "east-of-england"


def test_before_there_is_a_document_nothing_is_here(databases: Databases) -> None:
    bare = Ours(databases("federation"))

    reply = bare.send("GET", "/.well-known/interchange-region", {})

    assert reason(reply) == (404, "NOT_INITIALISED")


def test_a_partner_reads_page_after_page_up_to_the_signed_head(
    ours: Ours, scotland: Origin
) -> None:
    publish(ours, 5)

    first = ours.read(scotland, f"{FEED}?epoch=1&after=0&limit=3")
    second = ours.read(scotland, f"{FEED}?epoch=1&after=3&limit=3")

    assert [seq for seq, _ in first.said] == [1, 2, 3]
    assert [seq for seq, _ in second.said] == [4, 5]
    assert (first.head.head, second.head.head) == (5, 5)


def test_what_a_partner_asks_for_shows_how_far_it_has_read_us(ours: Ours, scotland: Origin) -> None:
    publish(ours, 5)

    def read() -> list[object]:
        ours.progress.write()
        with ours.database.read() as session:
            return session.get_one(Partner, "scotland").their_cursors.get("national", [])

    ours.read(scotland, f"{FEED}?epoch=0&after=0&limit=3")
    assert read() == []
    ours.read(scotland, f"{FEED}?epoch=1&after=3&limit=3")
    assert read() == [1, 3, ""]
    known = a_claim(ours.entries()[3])
    hello(ours, scotland, known)
    assert read() == [1, 4, known["hash"]]
    ours.read(scotland, f"{FEED}?epoch=1&after=4")
    assert read() == [1, 4, known["hash"]]  # the same place: nothing is written


def test_an_erased_payload_comes_with_the_proof(ours: Ours, scotland: Origin) -> None:
    (notice,) = publish(ours)
    removed = revised(notice, state=pb.Notice.CLOSED, closing_reason=pb.Notice.REMOVED)
    ours.hear(events.NoticeClosed(notice=removed))

    page = ours.read(scotland, f"{FEED}?epoch=1&after=0&limit=1")

    ((entry, _),) = page.entries
    assert entry.payload is None
    assert entry.erasure is not None


def test_another_epoch_and_what_is_not_served_any_more_are_told_apart(
    ours: Ours, scotland: Origin
) -> None:
    publish(ours)
    with ours.database.begin() as session:
        session.get_one(Channel, "national").first_seq = 10

    assert reason(ours.ask(scotland, f"{FEED}?epoch=7&after=0")) == (409, "EPOCH")
    assert reason(ours.ask(scotland, f"{FEED}?epoch=1&after=3")) == (410, "BELOW_MIN")


def test_a_snapshot_stays_as_it_was_while_it_is_read(ours: Ours, scotland: Origin) -> None:
    first, _ = publish(ours, 2)
    begun = ours.ask(scotland, "/federation/v1/snapshot/national")
    lines, last = split_page(begun.body)
    manifest = read_manifest(last, ours.keyring.published().document)
    ours.hear(events.NoticeRevised(notice=revised(first)))

    again = ours.ask(
        scotland, f"/federation/v1/snapshot/national?id={manifest.epoch}.{manifest.upto}&after=0"
    )

    assert again.body == begun.body
    hashes = [read_entry(line)[0].hash for line in lines]
    assert (manifest.count, manifest.digest) == (2, snapshot_digest(hashes))


def test_strangers_learn_nothing(ours: Ours) -> None:
    stranger = Origin(region="mallory")

    assert reason(ours.ask(stranger, FEED)) == (403, "NOT_A_PARTNER")


@pytest.mark.parametrize("end", ["suspend", "remove"])
def test_a_partner_that_was_stopped_is_a_stranger(ours: Ours, scotland: Origin, end: str) -> None:
    with ours.database.begin() as session:
        partner = session.get_one(Partner, "scotland")
        partner.suspend("") if end == "suspend" else partner.remove()

    assert reason(ours.ask(scotland, FEED)) == (403, "NOT_A_PARTNER")


def test_channels_of_others_are_closed(ours: Ours, scotland: Origin) -> None:
    for channel in ("to.south-west", "group.wales"):
        reply = ours.ask(scotland, f"/federation/v1/feed/{channel}")
        assert reason(reply) == (403, "NOT_YOUR_CHANNEL")


def test_forged_late_moved_and_repeated_requests_are_refused(ours: Ours, scotland: Origin) -> None:
    other = SigningKey.generate(scotland.key.kid)
    late = ours.at - timedelta(minutes=10)
    assert reason(ours.ask(scotland, FEED, key=other)) == (401, "BAD_SIGNATURE")
    assert reason(ours.ask(scotland, FEED, created=late)) == (401, "CLOCK_SKEW")
    assert reason(ours.ask(scotland, FEED, sent_to=f"{FEED}?after=9"))[1] == "BAD_SIGNATURE"
    assert ours.ask(scotland, "/federation/v1/poke", POKE, nonce="n").status == 202
    assert reason(ours.ask(scotland, "/federation/v1/poke", POKE, nonce="n"))[1] == "REPLAYED"
    assert ours.pokes == [("scotland", Poke("national", 1, 7))]


@pytest.mark.parametrize(
    ("path", "body", "refusal"),
    [
        ("feed/national?after=x", None, (400, "BAD_QUERY")),
        ("feed/national?after=%C2%B2", None, (400, "BAD_QUERY")),
        ("snapshot/national?id=%00", None, (400, "BAD_QUERY")),
        ("snapshot/national?id=1.7", None, (410, "SNAPSHOT_GONE")),
        ("hello", {"cursors": 7}, (400, "BAD_HELLO")),
        ("hello", {"cursors": [{"channel": "national", "epoch": 1}]}, (400, "BAD_HELLO")),
        ("hello", {"cursors": [], "known": ["no"]}, (400, "BAD_HELLO")),
        ("hello", ["no"], (400, "NOT_JSON")),
        ("poke", {"channel": 1}, (400, "BAD_POKE")),
        ("poke", {"channel": "x" * 2000}, (413, "TOO_LARGE")),
        ("poke", POKE | {"page": 7, "after": 6}, (400, "BAD_POKE")),
        ("poke", POKE | {"page": "…"}, (400, "BAD_POKE")),
        ("poke", POKE | {"page": "x" * 33_000, "after": 6}, (413, "TOO_LARGE")),
        ("relay/wales/national", None, (404, "NOT_HERE")),
        ("anything", None, (404, "NO_SUCH_PATH")),
    ],
)
def test_bad_requests_are_told_what_would_be_right(
    ours: Ours, scotland: Origin, path: str, body: object, refusal: tuple[int, str]
) -> None:
    assert reason(ours.ask(scotland, f"/federation/v1/{path}", body)) == refusal


def hello(ours: Ours, scotland: Origin, *claims: Claim) -> int:
    """The epoch of our log after a partner says how far it has read."""
    reply = ours.ask(scotland, "/federation/v1/hello", {"cursors": list(claims)})
    assert reply.status == 200, reply
    with ours.database.read() as session:
        return session.get_one(Channel, "national").epoch


Claim = dict[str, object]


def a_claim(entry: LogEntry, **changes: object) -> Claim:
    """That an entry of ours was the last that was read, with our signature on it."""
    place = {"epoch": entry.epoch, "seq": entry.seq, "hash": entry.hash}
    shown = of_entry(entry.protected, entry.sig)
    return {"channel": entry.channel, **place, "proof": shown, **changes}


def lose(ours: Ours, number: int) -> list[LogEntry]:
    """As a restored backup does: the newest entries of our log, which are not there any more."""
    entries = ours.entries()
    kept = entries[-number - 1]
    with ours.database.begin() as session:
        for each in entries[-number:]:
            session.delete(session.get_one(LogEntry, (each.channel, each.epoch, each.seq)))
        channel = session.get_one(Channel, "national")
        channel.epoch, channel.seq, channel.hash = kept.epoch, kept.seq, kept.hash
    return entries[-number:]


def test_hello_finds_out_that_our_log_was_lost_and_begins_anew_once_an_hour(
    ours: Ours, scotland: Origin
) -> None:
    publish(ours, 3)
    known = ours.entries()[1]
    lost = lose(ours, 1)[-1]

    assert hello(ours, scotland, a_claim(known)) == 1
    assert hello(ours, scotland, a_claim(lost)) == 2
    publish(ours, 2)
    again = lose(ours, 1)[-1]
    assert hello(ours, scotland, a_claim(again)) == 2  # too soon
    ours.at += timedelta(hours=2)
    assert hello(ours, scotland, a_claim(again)) == 3


def test_hello_finds_out_that_another_history_was_told_that_we_forgot(
    ours: Ours, scotland: Origin
) -> None:
    publish(ours, 2)
    seen = lose(ours, 1)[-1]
    publish(ours)  # another history than was read

    assert hello(ours, scotland, a_claim(ours.entries()[0]), a_claim(seen)) == 2
    with ours.database.read() as session:
        assert session.get_one(Partner, "scotland").their_cursors["national"][1] == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"proof": None},
        {"proof": {}},
        {"proof": {"protected": "e30=", "sig": "AAAA"}},
        {"seq": 900},
        {"epoch": 2},
        {"hash": "0" * 64},
        {"channel": "to.scotland"},
    ],
    ids=str,
)
def test_what_is_not_proved_begins_no_epoch(ours: Ours, scotland: Origin, changes: Claim) -> None:
    publish(ours, 2)
    lost = lose(ours, 1)[-1]

    assert hello(ours, scotland, a_claim(lost, **changes)) == 1


def test_what_somebody_else_signed_proves_nothing(ours: Ours, scotland: Origin) -> None:
    publish(ours)
    theirs = scotland.put(1)
    claim = {"channel": "national", "epoch": 1, "seq": 1, "hash": theirs.hash}

    assert hello(ours, scotland, {**claim, "proof": of_entry(theirs.protected, theirs.sig)}) == 1


@pytest.mark.parametrize("kind", ["head", "manifest"])
def test_a_head_or_a_manifest_that_we_signed_is_proof_as_well(
    ours: Ours, scotland: Origin, kind: str
) -> None:
    publish(ours, 2)
    path = FEED if kind == "head" else "/federation/v1/snapshot/national"
    _, line = split_page(ours.ask(scotland, path).body)
    lost = lose(ours, 1)[-1]

    assert hello(ours, scotland, a_claim(lost, proof=json.loads(line))) == 2


def test_no_partner_brings_us_to_where_numbers_end(ours: Ours, scotland: Origin) -> None:
    publish(ours, 2)
    with ours.database.begin() as session:
        session.get_one(Channel, "national").epoch = 2**52
    publish(ours)
    far = lose(ours, 1)[-1]

    assert hello(ours, scotland, a_claim(far)) == 1


def test_what_was_pruned_is_still_known_by_its_hash(ours: Ours, scotland: Origin) -> None:
    notices = publish(ours, 2)
    ours.hear(events.NoticeRevised(notice=revised(notices[0])))
    known = ours.entries()[0]
    retention.prune(ours.database, keep=timedelta(days=-1), at=ours.at)

    assert hello(ours, scotland, a_claim(known)) == 1


def test_a_snapshot_of_a_channel_with_a_long_name_is_kept(ours: Ours, scotland: Origin) -> None:
    name = "group." + "x" * 40
    with ours.database.begin() as session:
        ours.log.locked(session, name, at=ours.at)
        session.get_one(Partner, "scotland").agree(channels=["national", name])

    assert ours.ask(scotland, f"/federation/v1/snapshot/{name}").status == 200


def test_pages_and_snapshots_fit_together_while_others_write(ours: Ours, scotland: Origin) -> None:
    publish(ours, 3)

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(publish, ours, 15)
        while not writing.done():
            page = ours.read(scotland, FEED)
            lines, last = split_page(ours.ask(scotland, "/federation/v1/snapshot/national").body)
            manifest = read_manifest(last, ours.keyring.published().document)

            assert [seq for seq, _ in page.said] == list(range(1, page.head.head + 1))
            assert manifest.count == manifest.upto == len(lines)


def test_before_partners_were_asked_how_far_they_are_no_log_is_served_but_hello_is_answered(
    ours: Ours, scotland: Origin
) -> None:
    publish(ours)
    ours.has_greeted = False

    for path in ("feed/national", "snapshot/national", "relay/wales/national"):
        assert reason(ours.ask(scotland, f"/federation/v1/{path}")) == (503, "RECOVERING")
    assert hello(ours, scotland, a_claim(ours.entries()[0])) == 1

    ours.has_greeted = True
    assert ours.read(scotland, FEED).head.head == 1
