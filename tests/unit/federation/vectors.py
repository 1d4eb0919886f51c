"""Test vectors of the protocol, made of fixed keys and times: built, checked and written to docs/federation."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from services.federation.protocol import sealing
from services.federation.protocol.document import SealingInfo, read_document, sign_document
from services.federation.protocol.encoding import b64, to_text, unb64
from services.federation.protocol.entry import (
    GENESIS,
    Entry,
    Erasure,
    Op,
    Protected,
    read_entry,
    seal_entry,
    verify_entry,
)
from services.federation.protocol.head import (
    Head,
    Manifest,
    read_head,
    read_manifest,
    sign_head,
    sign_manifest,
    snapshot_digest,
)
from services.federation.protocol.keys import SigningKey, fingerprint
from services.federation.protocol.payloads import read_notice, read_record, write_record
from services.federation.protocol.proof import BadProof, of_entry, of_line, proved
from services.federation.protocol.receiving import Cursor, Verdict, advance, judge, standing
from services.federation.protocol.requests import sign_request, verify_request
from tests.unit.federation.wire import AT, KEY, ROOT, SUBJECT, a_document, a_notice, said

FILE = Path(__file__).parents[3] / "docs" / "federation" / "vectors.json"
OTHER = "0198f6c2-0000-7000-8000-000000000003"
SEALING = X25519PrivateKey.from_private_bytes(bytes(range(3, 35)))
PLAINTEXT = b'{"record":"notices/1/interests/2"}'
RECIPIENT = "east-of-england"
URL = "https://east.example.org/federation/v1/poke"
FEED_URL = "https://east.example.org/federation/v1/feed/national?epoch=1&after=2&limit=500"
BODY = b'{"channel":"national","epoch":1,"head":4}'
NONCE = "0198f6c2-5555"
FIRST_SCHEMA = "interchange/notice/1.0"


def build(sealed_payload: str | None = None) -> dict[str, Any]:
    """All vectors. Sealing draws a fresh key each time, so a published sealed record is passed through."""
    chain = _chain()
    return {
        "keys": {
            "root": {"private": b64(ROOT.private), "public": b64(ROOT.public)},
            "signing": {"kid": KEY.kid, "private": b64(KEY.private), "public": b64(KEY.public)},
            "sealing": {
                "kid": "seal-1",
                "private": b64(SEALING.private_bytes_raw()),
                "public": b64(SEALING.public_key().public_bytes_raw()),
            },
        },
        "fingerprint": fingerprint(ROOT.public),
        "document": sign_document(_document(), ROOT).decode(),
        "entries": [{"line": each.line().decode(), "hash": each.hash} for each in chain],
        "erased": {"line": _erased(chain).line().decode(), "hash": chain[0].hash},
        "head": sign_head(_head(chain), KEY).decode(),
        "snapshot": {
            "entries": [chain[1].line().decode()],
            "manifest": sign_manifest(_manifest(chain), KEY).decode(),
        },
        "request": _request("POST", URL, BODY),
        "emptyRequest": _request("GET", FEED_URL, b""),
        "hello": _hello(chain),
        "sealedRecord": {
            "origin": "scotland",
            "recipient": RECIPIENT,
            "subject": OTHER,
            "context": b64(_context()),
            "payload": sealed_payload or _sealed(),
            "plaintext": PLAINTEXT.decode(),
        },
        "refused": _refused(chain),
        "verdicts": _verdicts(chain),
        "standings": _standings(chain),
        "time": to_text(AT),
    }


def check(vectors: dict[str, Any]) -> None:
    """What a partner's implementation must find in them."""
    document = read_document(vectors["document"].encode())
    cursor = Cursor()
    for each in vectors["entries"]:
        entry, protected = read_entry(each["line"].encode())
        verify_entry(entry, protected, document)
        assert judge(cursor, protected, each["hash"]) is Verdict.APPLY
        cursor = advance(protected, entry.hash)
    verify_entry(*read_entry(vectors["erased"]["line"].encode()), document)
    assert read_head(vectors["head"].encode(), document).hash == cursor.hash
    _check_snapshot(vectors["snapshot"], document)
    _check_request(vectors["request"], document)
    _check_request(vectors["emptyRequest"], document)
    for each in vectors["verdicts"]:
        entry, protected = read_entry(each["line"].encode())
        assert judge(Cursor(**each["cursor"]), protected, entry.hash).value == each["verdict"]
    for each in vectors["standings"]:
        head = read_head(each["head"].encode(), document)
        assert standing(Cursor(**each["cursor"]), head).value == each["standing"]
    _check_hello(vectors["hello"], document)
    _check_record(vectors["sealedRecord"])


def _check_snapshot(snapshot: dict[str, Any], document: Any) -> None:
    manifest = read_manifest(snapshot["manifest"].encode(), document)
    entries = [read_entry(line.encode())[0] for line in snapshot["entries"]]
    assert manifest.digest == snapshot_digest(each.hash for each in entries)
    assert read_notice(entries[0].payload or b"")["notice"]["version"] == 4


def _check_request(request: dict[str, Any], document: Any) -> None:
    region = verify_request(
        request["method"],
        "east.example.org",
        request["url"],
        request["headers"],
        request["body"].encode(),
        lambda keyid: document.current_key(keyid.partition("/")[2], at=AT),
        AT,
        lambda nonce: False,
    )
    assert region == "scotland"


def _check_hello(hello: dict[str, Any], document: Any) -> None:
    """To the region that the vectors are of: three claims that it must believe, and others that it must not."""
    for claim in hello["body"]["cursors"]:
        place = Cursor(claim["epoch"], claim["seq"], claim["hash"])
        assert proved(claim["proof"], document) == (claim["channel"], place)
    for claim in hello["notProved"]:
        place = Cursor(claim["epoch"], claim["seq"], claim["hash"])
        assert not _is_proved(claim, place, document)
    for line in hello["body"]["known"]:
        assert read_head(json.dumps(line).encode(), document).origin == "scotland"


def _is_proved(claim: dict[str, Any], place: Cursor, document: Any) -> bool:
    try:
        return proved(claim.get("proof", {}), document) == (claim["channel"], place)
    except BadProof:
        return False


def _check_record(record: dict[str, Any]) -> None:
    sealed = read_record(record["payload"].encode())["sealed"]
    opened = sealing.open(SEALING, sealed, context=unb64(record["context"]))
    assert opened.decode() == record["plaintext"]


def _document() -> Any:
    public = SEALING.public_key().public_bytes_raw()
    return a_document(sealing=(SealingInfo("seal-1", public),))


def _said(**changes: object) -> Protected:
    return said(dataschema=FIRST_SCHEMA, **changes)


def _chain() -> list[Entry]:
    """A notice, another version of another, the first erased, the epoch's last word a withdrawal."""
    steps: list[tuple[Op, str, bytes | None]] = [
        (Op.PUT, OTHER, _payload(OTHER, 1)),
        (Op.PUT, SUBJECT, _payload(SUBJECT, 4)),
        (Op.ERASE, OTHER, None),
        (Op.WITHDRAW, "0198f6c2-0000-7000-8000-000000000004", None),
    ]
    chain: list[Entry] = []
    for seq, (op, subject, payload) in enumerate(steps, start=1):
        prev, time = chain[-1].hash if chain else GENESIS, AT + timedelta(seconds=seq)
        place = {"seq": seq, "prev": prev, "op": op, "subject": subject, "time": time}
        chain.append(seal_entry(_said(**place), payload, KEY))
    return chain


def _payload(subject: str, version: int) -> bytes:
    """As `write_notice` writes it, with a salt that is always the same."""
    told = a_notice()["notice"].items()
    # Conditions came with the next schema: the bytes stay what other teams have.
    notice = {name: value for name, value in told if name != "conditions"}
    notice |= {"id": subject, "version": version}
    times = ("closeTime", "publishTime", "updateTime")
    notice |= {name: to_text(notice[name]) for name in times}  # type: ignore[arg-type]
    content = {"salt": b64(bytes(16)), "notice": notice, "organisation": a_notice()["organisation"]}
    return json.dumps(content, separators=(",", ":")).encode()


def _erased(chain: list[Entry]) -> Entry:
    first, erase = chain[0], chain[2]
    return Entry(first.protected, None, first.sig, Erasure(erase.protected, erase.sig))


def _head(chain: list[Entry]) -> Head:
    return Head("scotland", "national", 1, len(chain), chain[-1].hash, 1, AT, KEY.kid)


def _manifest(chain: list[Entry]) -> Manifest:
    digest = snapshot_digest([chain[1].hash])
    return Manifest("scotland", "national", 1, len(chain), chain[-1].hash, 1, digest, AT, KEY.kid)


def _hello(chain: list[Entry]) -> dict[str, Any]:
    """What a partner says that has read all four entries, in each way in which it can show that."""
    newest = chain[-1]
    claim = {"channel": "national", "epoch": 1, "seq": len(chain), "hash": newest.hash}
    head = of_line(sign_head(_head(chain), KEY))
    manifest = of_line(sign_manifest(_manifest(chain), KEY))
    entry = of_entry(newest.protected, newest.sig)
    return {
        "body": {
            "cursors": [{**claim, "proof": each} for each in (entry, head, manifest)],
            "known": [head],
        },
        "notProved": [
            claim,
            {**claim, "seq": 9, "proof": entry},
            {**claim, "proof": {**entry, "sig": b64(bytes(64))}},
        ],
    }


def _request(method: str, url: str, body: bytes) -> dict[str, Any]:
    signed = sign_request(method, url, body, KEY, region="scotland", created=AT, nonce=NONCE)
    return {"method": method, "url": url, "body": body.decode(), "headers": signed}


def _verdicts(chain: list[Entry]) -> list[dict[str, Any]]:
    """What a reader makes of the third entry, by how far it is."""
    read = {"epoch": 1, "seq": 2, "hash": chain[1].hash}
    cursors: dict[str, dict[str, Any]] = {
        "apply": read,
        "duplicate": {**read, "seq": 3, "hash": chain[2].hash},
        "gap": {**read, "seq": 1, "hash": chain[0].hash},
        "fork": {**read, "hash": "1" * 64},
        "older epoch": {**read, "epoch": 2},
    }
    line = chain[2].line().decode()
    return [{"cursor": at, "line": line, "verdict": verdict} for verdict, at in cursors.items()]


def _standings(chain: list[Entry]) -> list[dict[str, Any]]:
    """How the signed head stands to what was read."""
    head = sign_head(_head(chain), KEY).decode()
    read = {"epoch": 1, "seq": len(chain), "hash": chain[-1].hash}
    cursors: dict[str, dict[str, Any]] = {
        "current": read,
        "more": {**read, "seq": 2, "hash": chain[1].hash},
        "fork": {**read, "hash": "1" * 64},
        "rolled back": {**read, "seq": 9},
    }
    return [{"cursor": at, "head": head, "standing": found} for found, at in cursors.items()]


def _refused(chain: list[Entry]) -> list[dict[str, str]]:
    first = chain[0]
    cases = {
        "PAYLOAD_MISSING": Entry(first.protected, None, first.sig),
        "PAYLOAD_CHANGED": Entry(first.protected, b"{}", first.sig),
        "BAD_SIGNATURE": Entry(first.protected, first.payload, bytes(64)),
        "WRONG_ORIGIN": _forged(origin="wales"),
        "UNKNOWN_KEY": _forged(key=SigningKey("scotland-9", KEY.private)),
    }
    return [{"line": entry.line().decode(), "reason": reason} for reason, entry in cases.items()]


def _forged(key: SigningKey = KEY, **changes: Any) -> Entry:
    fields: dict[str, Any] = {"seq": 1, "prev": GENESIS, "op": Op.PUT, "subject": OTHER, "time": AT}
    return seal_entry(_said(**{**fields, **changes}), _payload(OTHER, 1), key)


def _context() -> bytes:
    return sealing.record_context("scotland", RECIPIENT, OTHER)


def _sealed() -> str:
    public = SEALING.public_key().public_bytes_raw()
    sealed = sealing.seal(public, PLAINTEXT, context=_context())
    return write_record({"kid": "seal-1", "sealed": sealed}).decode()


def main() -> None:
    """Write them. A sealed record that is there already stays."""
    known = json.loads(FILE.read_text())["sealedRecord"]["payload"] if FILE.exists() else None
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(json.dumps(build(known), indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
