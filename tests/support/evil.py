"""A partner region that speaks the protocol, and misbehaves by switch: to be pinned by a region under test.

`python -m tests.support.evil --region mallory --port 9000 --victim https://region.example --switch gap`
prints its fingerprint, its address and its document, serves, misbehaves and pokes the victim every few seconds, until
it is stopped. Let the victim pin it: `interchange federation add FILE --fingerprint "…"`. `--help` says what the victim
must do for each switch. Several victims show more: `two-faced` tells the first who asks something else than the rest.
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

from chassis.clock import now
from services.federation.protocol.document import (
    KeyInfo,
    RegionDocument,
    SealingInfo,
    sign_document,
)
from services.federation.protocol.entry import GENESIS, Entry, Op, Protected, seal_entry
from services.federation.protocol.head import (
    Head,
    Manifest,
    join_page,
    sign_head,
    sign_manifest,
    snapshot_digest,
)
from services.federation.protocol.keys import RootKey, SigningKey, fingerprint
from services.federation.protocol.payloads import NOTICE_SCHEMA, NOTICE_TYPE, write_notice
from services.federation.protocol.requests import claimed_region, sign_request

CHANNEL = "national"
NDJSON, JSON, PROBLEM = "application/x-ndjson", "application/json", "application/problem+json"
DRIP_S = 1.0
OVERSIZE = 100_000
FLOOD = 2000  # entries at a time
BIDI_TITLE = "Shadow \u202e<script>alert(1)</script> us"

Lines = list[bytes]


class EvilRegion:
    """Its log, its keys, and what it makes of them. Use within `serving`."""

    def __init__(self, region: str, switch: str = "honest", *, notices: int = 3) -> None:
        self.region, self.switch = region, switch
        self.root, self.key = RootKey.generate(), SigningKey.generate(f"{region}-1")
        self.impostor = SigningKey(self.key.kid, SigningKey.generate("x").private)
        self.epoch, self.log, self.subjects = 1, list[Entry](), list[str]()
        self.live: dict[str, Entry] = {}
        self.asked: list[str] = []
        self.double: list[Entry] = []  # what others are told than the first who asked
        self.first = ""
        self.public_url = ""
        self.claimed = 0  # entries that the head claims beyond the log
        self.server: ThreadingHTTPServer | None = None
        for number in range(notices):
            self.put(f"{region} notice {number}")

    # what it says

    def put(self, title: str, *, key: SigningKey | None = None, **changes: object) -> str:
        """One more notice; its subject."""
        subject = str(uuid4())
        self.say(Op.PUT, subject, _payload(subject, title, **changes), key=key)
        return subject

    def say(
        self,
        op: str,
        subject: str,
        payload: bytes | None = None,
        *,
        key: SigningKey | None = None,
        **changes: object,
    ) -> Entry:
        """One more entry, right but for what is changed."""
        said = Protected(
            origin=self.region,
            channel=CHANNEL,
            epoch=self.epoch,
            seq=len(self.log) + 1,
            prev=self.head_hash,
            op=op,
            type=NOTICE_TYPE,
            subject=subject,
            time=now(),
            dataschema=NOTICE_SCHEMA,
        )
        entry = seal_entry(replace(said, **changes), payload, key or self.key)  # type: ignore[arg-type]
        self.log.append(entry)
        self.subjects.append(subject)
        self.live.pop(subject, None)
        if op == Op.PUT:
            self.live[subject] = entry
        return entry

    def rewrite_history(self) -> None:
        """Another last entry under the same number, and one more after it."""
        self.log.pop()
        self.live.pop(self.subjects.pop(), None)
        self.put(f"{self.region} as others heard it")
        self.put(f"{self.region} after that")

    def grow_two_faces(self) -> None:
        """From here on the first who asks hears one thing, the others another, and more of it."""
        shared = list(self.log)
        for number in range(2):
            self.put(f"{self.region} as others hear it {number}")
        self.double, self.log = self.log, shared
        self.put(f"{self.region} as the first hears it")

    def face(self, asker: str) -> list[Entry]:
        """The log that somebody is shown."""
        self.first = self.first or asker
        return self.double if self.double and asker != self.first else self.log

    def begin_epoch(self) -> None:
        self.double = []
        titles = [f"{self.region} notice {number}" for number in range(len(self.live))]
        self.epoch, self.log, self.subjects, self.live = self.epoch + 1, [], [], {}
        for title in titles:
            self.put(title)

    # what it is

    @property
    def url(self) -> str:
        assert self.server
        return self.public_url or f"http://127.0.0.1:{self.server.server_address[1]}"

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.root.public)

    @property
    def head_hash(self) -> str:
        return self.log[-1].hash if self.log else GENESIS

    def document(self) -> bytes:
        at = now()
        key = KeyInfo(
            self.key.kid, self.key.public, at - timedelta(days=1), at + timedelta(days=80)
        )
        sealing = SealingInfo("seal-1", secrets.token_bytes(32))
        return sign_document(
            RegionDocument(
                region=self.region,
                display_name=self.region.title(),
                url=self.url,
                version=1,
                root_public=self.root.public,
                keys=(key,),
                sealing=(sealing,),
                majors={"interchange.notice": (1,)},
            ),
            self.root,
        )

    def head(self, log: list[Entry] | None = None) -> bytes:
        shown = self.log if log is None else log
        head = Head(
            origin=self.region,
            channel=CHANNEL,
            epoch=self.epoch,
            head=len(shown) + self.claimed,
            hash=shown[-1].hash if shown else GENESIS,
            min=1,
            time=now(),
            kid=self.key.kid,
        )
        return sign_head(head, self.key)

    # what it answers

    def feed(self, after: int, limit: int, asker: str = "") -> bytes:
        log = self.face(asker)
        lines = [each.line() for each in log[after : after + (limit or 1000)]]
        if self.double:
            return join_page(lines, self.head(log))
        return TRICKS.get(self.switch, _honest)(self, lines)

    def snapshot(self) -> bytes:
        entries = list(self.live.values())
        manifest = Manifest(
            origin=self.region,
            channel=CHANNEL,
            epoch=self.epoch,
            upto=len(self.log),
            head_hash=self.head_hash,
            count=len(entries),
            digest=snapshot_digest(each.hash for each in entries),
            time=now(),
            kid=self.key.kid,
        )
        return join_page([each.line() for each in entries], sign_manifest(manifest, self.key))

    # what it asks

    def poke(self, victim: str, **handed: int | str) -> int:
        """Tell the victim that there is news, or hand it over as `page` and `after`; the status of its answer."""
        body = {"origin": self.region, "channel": CHANNEL, "epoch": self.epoch}
        return self.post(victim, "/federation/v1/poke", {**body, "head": len(self.log), **handed})

    def lie(self, victim: str) -> int:
        """Claim to have read what the victim never said."""
        claim = {"channel": CHANNEL, "epoch": 1, "seq": 10**6, "hash": "a" * 64}
        proof = {"protected": "e30=", "sig": "A" * 86 + "=="}
        claims = [claim, {**claim, "proof": proof}]
        return self.post(victim, "/federation/v1/hello", {"cursors": claims})

    def slander(self, victim: str, origin: str) -> int:
        """Show a head of another region that it never signed."""
        forged = EvilRegion(origin)
        known = [json.loads(forged.head())]
        return self.post(victim, "/federation/v1/hello", {"cursors": [], "known": known})

    def post(self, victim: str, path: str, content: object) -> int:
        body, url = json.dumps(content).encode(), victim + path
        headers = sign_request(
            "POST",
            url,
            body,
            self.key,
            region=self.region,
            created=now(),
            nonce=secrets.token_urlsafe(16),
        )
        request = urllib.request.Request(url, body, {**headers, "content-type": JSON})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as refusal:
            return refusal.code

    @contextmanager
    def serving(self, port: int = 0, *, host: str = "127.0.0.1") -> Iterator[EvilRegion]:
        """Answers, on loopback if not told otherwise, while entered."""
        self.server = ThreadingHTTPServer((host, port), _handler(self))
        self.server.daemon_threads = True
        Thread(target=self.server.serve_forever, daemon=True).start()
        try:
            yield self
        finally:
            self.server.shutdown()
            self.server.server_close()


def _payload(subject: str, title: str, **changes: object) -> bytes:
    """A notice that is right, and then changed without asking whether it still is."""
    at = now()
    content = json.loads(
        write_notice(
            {
                "notice": {
                    "id": subject,
                    "version": 1,
                    "kind": "OFFERED",
                    "format": "WORK_SHADOWING",
                    "title": "A notice",
                    "body": "Two days with us.",
                    "themes": ["housing"],
                    "skills": [],
                    "gradeBands": [],
                    "attendance": "HYBRID",
                    "startDate": "",
                    "endDate": "",
                    "daysPerWeek": 0,
                    "closeTime": at + timedelta(days=60),
                    "publishTime": at,
                    "updateTime": at,
                    "place": {"label": "Nowhere", "latitude": 52.0, "longitude": 0.0},
                },
                "organisation": {
                    "id": "0198f6c2-0000-7000-8000-0000000000ff",
                    "displayName": "Mallory Council",
                    "sector": "PUBLIC",
                },
            }
        )
    )
    content["notice"].update({"title": title, **changes})
    return json.dumps(content).encode()


# Tricks: what becomes of the lines of an honest page.

Trick = Callable[[EvilRegion, Lines], bytes]


def _honest(evil: EvilRegion, lines: Lines) -> bytes:
    return join_page(lines, evil.head())


def _replay(evil: EvilRegion, lines: Lines) -> bytes:
    """Everything again, each time."""
    return join_page([each.line() for each in evil.log], evil.head())


def _reorder(evil: EvilRegion, lines: Lines) -> bytes:
    return join_page(lines[::-1], evil.head())


def _gap(evil: EvilRegion, lines: Lines) -> bytes:
    """The second entry is missing, whatever is asked for."""
    missing = evil.log[1].line()
    return join_page([each for each in lines if each != missing], evil.head())


def _truncate(evil: EvilRegion, lines: Lines) -> bytes:
    """The newest is withheld; the head says that it is there."""
    return join_page(lines[:-1], evil.head())


def _flip(evil: EvilRegion, lines: Lines) -> bytes:
    return _last_as(
        evil, lines, lambda entry: replace(entry, payload=b"{}" + (entry.payload or b""))
    )


def _strip(evil: EvilRegion, lines: Lines) -> bytes:
    return _last_as(evil, lines, lambda entry: replace(entry, payload=None))


def _last_as(evil: EvilRegion, lines: Lines, change: Callable[[Entry], Entry]) -> bytes:
    changed = [change(evil.log[-1]).line()] if lines else []
    return join_page([*lines[:-1], *changed], evil.head())


def _oversize(evil: EvilRegion, lines: Lines) -> bytes:
    """An entry larger than any may be."""
    huge = b'{"protected":"' + b"A" * OVERSIZE + b'","sig":""}'
    return join_page([*lines[:-1], huge], evil.head())


def _too_much(evil: EvilRegion, lines: Lines) -> bytes:
    """A page larger than any may be."""
    return b"x" * (6 * 1024 * 1024)


def _garbage(evil: EvilRegion, lines: Lines) -> bytes:
    return secrets.token_bytes(5000)


def _html(evil: EvilRegion, lines: Lines) -> bytes:
    return b"<!doctype html><title>Login</title>" * 10


def _edited_head(evil: EvilRegion, lines: Lines) -> bytes:
    """A head that somebody else signed, as a relay would."""
    real, evil.key = evil.key, evil.impostor
    try:
        return join_page(lines, evil.head())
    finally:
        evil.key = real


TRICKS: dict[str, Trick] = {
    "replay": _replay,
    "reorder": _reorder,
    "gap": _gap,
    "truncated-relay": _truncate,
    "bit-flip": _flip,
    "stripped-payload": _strip,
    "oversize": _oversize,
    "too-much": _too_much,
    "garbage": _garbage,
    "html": _html,
    "edited-head": _edited_head,
}


def set_up(evil: EvilRegion) -> None:
    """What a switch does to the log before anybody reads it."""
    match evil.switch:
        case "forged-origin":
            evil.say(Op.PUT, str(uuid4()), _payload(str(uuid4()), "Forged"), origin="south-west")
        case "wrong-key":
            evil.put("Forged", key=evil.impostor)
        case "unknown-key":
            evil.put("Forged", key=SigningKey.generate("nobody"))
        case "two-faced":
            evil.grow_two_faces()
        case "bidi-html":
            evil.put(BIDI_TITLE)
            evil.put("Bad kind", kind="BARTER")
            evil.say("merge", str(uuid4()))
            evil.put("After all that")


def act(evil: EvilRegion, victim: str) -> None:
    """What a switch does again and again."""
    match evil.switch:
        case "flood":
            for number in range(FLOOD):
                evil.put(f"flood {number}")
        case "rewritten-history" if evil.first:
            evil.rewrite_history()
        case "lie" if victim:
            evil.lie(victim)
        case "slander" if victim:
            evil.slander(victim, "south-west")


# By switch: what a region must do for it. Nothing but what verifies may be shown, whatever comes.
EXPECTED = {
    "honest": "read it: ACTIVE, its three notices are found",
    "forged-origin": "quarantine WRONG_ORIGIN; stay before that entry",
    "wrong-key": "quarantine BAD_SIGNATURE; stay before that entry",
    "unknown-key": "read its document again, at most once a minute; stay before that entry",
    "bit-flip": "quarantine PAYLOAD_CHANGED; stay before that entry",
    "stripped-payload": "quarantine PAYLOAD_MISSING; stay before that entry",
    "oversize": "quarantine TOO_LARGE; stay before that entry",
    "replay": "drop what is known; nothing changes",
    "reorder": "apply nothing ahead of a gap; stay",
    "gap": "apply nothing behind the gap; stay until it is filled",
    "two-faced": "FORKED at every victim once two of them have said hello to each other; keep both signatures",
    "rewritten-history": "FORKED; read nothing more before a new epoch; keep both signatures",
    "truncated-relay": "take what is there; show WITHHELD; stay",
    "edited-head": "take nothing: BAD_SIGNATURE",
    "too-much": "cut after 4 MiB; take nothing",
    "garbage": "take nothing",
    "html": "take nothing",
    "bidi-html": "show the text as text, without hidden characters; hold the bad kind and the unknown operation; go on",
    "slow-drip": "cut after 30 s; read the others meanwhile",
    "epoch-storm": "follow three epochs an hour, then EPOCH_STORM",
    "flood": "THROTTLED, then SUSPENDED; the others' notices are found as before",
    "lie": "answer 200 and begin no epoch: nothing of it is proved",
    "slander": "answer 200; the region that it speaks of stays as it is",
}
SWITCHES = sorted(EXPECTED)


def _handler(evil: EvilRegion) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Answers one request by the protocol, or not quite."""

        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            evil.asked.append(parts.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            match parts.path.removeprefix("/federation/v1/").split("/"):
                case ["", ".well-known", "interchange-region"]:
                    self._reply(200, JSON, evil.document())
                case ["feed", channel] if channel != CHANNEL:
                    self._refuse(404, "NO_SUCH_CHANNEL")
                case ["feed", _] | ["relay", _, _]:
                    self._feed(query)
                case ["snapshot", _]:
                    self._reply(200, NDJSON, evil.snapshot())
                case ["status"]:
                    self._reply(200, JSON, b'{"majors":{},"limits":{},"cursors":[],"heads":{}}')
                case _:
                    self._refuse(404, "NO_SUCH_PATH")

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", "0")))
            evil.asked.append(self.path)
            self._reply(200, JSON, b'{"cursors":[],"heads":{}}')

        def _feed(self, query: dict[str, str]) -> None:
            if evil.switch == "epoch-storm":
                evil.begin_epoch()
            if int(query.get("epoch", 0)) != evil.epoch:
                self._refuse(409, "EPOCH")
                return
            asker = claimed_region(dict(self.headers.items()))
            body = evil.feed(int(query.get("after", 0)), int(query.get("limit", 0)), asker)
            self._reply(200, NDJSON, body, is_slow=evil.switch == "slow-drip")

        def _refuse(self, status: int, reason: str) -> None:
            self._reply(status, PROBLEM, json.dumps({"reason": reason, "detail": ""}).encode())

        def _reply(self, status: int, kind: str, body: bytes, *, is_slow: bool = False) -> None:
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            try:
                for chunk in _chunks(body, is_slow=is_slow):
                    self.wfile.write(chunk)
            except OSError:
                self.close_connection = True  # who asked has had enough

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Handler


def _chunks(body: bytes, *, is_slow: bool) -> Iterator[bytes]:
    if not is_slow:
        yield body
        return
    for at in range(len(body)):
        yield body[at : at + 1]
        time.sleep(DRIP_S)


def main() -> int:
    given = _arguments()
    evil = EvilRegion(given.region, given.switch)
    evil.public_url = given.url
    set_up(evil)
    with evil.serving(given.port, host=given.host):
        print(evil.fingerprint, evil.url, evil.document().decode(), sep="\n", flush=True)
        while True:
            time.sleep(given.every)
            act(evil, given.victim)
            if given.victim:
                evil.poke(given.victim)


def _arguments() -> argparse.Namespace:
    must = "\n".join(f"  {switch:18} {expected}" for switch, expected in EXPECTED.items())
    parser = argparse.ArgumentParser(
        prog="python -m tests.support.evil",
        description=__doc__,
        epilog=f"what the victim must do:\n{must}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--region", default="mallory", help="its code")
    parser.add_argument("--host", default="127.0.0.1", help="where it listens")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--url", default="", help="where the victim reaches it, if it is elsewhere")
    parser.add_argument("--victim", default="", help="the address of a region that has pinned it")
    parser.add_argument("--switch", choices=SWITCHES, default="honest", metavar="SWITCH")
    parser.add_argument("--every", type=float, default=5.0, help="seconds between its deeds")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
