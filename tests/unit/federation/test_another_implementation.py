"""The protocol as another team would write it: from its document alone, with nothing of this program."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import struct
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from mnemonic import Mnemonic

Json = dict[str, Any]
VECTORS: Json = json.loads(
    (Path(__file__).parents[3] / "docs" / "federation" / "vectors.json").read_text()
)
DOMAINS = {
    "document": b"interchange.document.v1",
    "protected": b"interchange.entry.v1",
    "head": b"interchange.head.v1",
    "manifest": b"interchange.snapshot.v1",
}


# 1. Encodings


def octets(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def holds(public: bytes, domain: bytes, signed: bytes, signature: bytes) -> bool:
    message = domain + b"\0" + struct.pack(">I", len(signed)) + signed
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def sha256(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


# 2. Who a region is


def the_document() -> Json:
    wrapped = json.loads(VECTORS["document"])
    signed = octets(wrapped["protected"])
    document: Json = json.loads(signed)
    assert holds(octets(document["root"]), DOMAINS["document"], signed, octets(wrapped["sig"]))
    return document


DOCUMENT = the_document()
KEYS = {each["kid"]: octets(each["public"]) for each in DOCUMENT["keys"]}


def test_the_root_key_has_the_words_that_its_operator_reads() -> None:
    digest = hashlib.sha256(octets(DOCUMENT["root"])).digest()
    bits = f"{int.from_bytes(digest):0256b}"[:88]
    words = Mnemonic("english").wordlist
    said = " ".join(words[int(bits[at : at + 11], 2)] for at in range(0, 88, 11))

    assert said == VECTORS["fingerprint"]


# 4. Entries


def verify(line: Json) -> Json:
    """What an entry says of itself; ValueError with the reason that the document gives."""
    signed = octets(line["protected"])
    said: Json = json.loads(signed)
    if said["source"] != f"urn:region:{DOCUMENT['region']}":
        raise ValueError("WRONG_ORIGIN")
    if said["kid"] not in KEYS:
        raise ValueError("UNKNOWN_KEY")
    if not holds(KEYS[said["kid"]], DOMAINS["protected"], signed, octets(line["sig"])):
        raise ValueError("BAD_SIGNATURE")
    if "payload" in line and sha256(octets(line["payload"])) != said["phash"]:
        raise ValueError("PAYLOAD_CHANGED")
    if "payload" not in line and said["phash"] and not is_erased(line, said):
        raise ValueError("PAYLOAD_MISSING")
    return said


def is_erased(line: Json, said: Json) -> bool:
    if "erasure" not in line:
        return False
    later = verify({**line["erasure"]})
    place = ("source", "channel", "epoch", "subject")
    return (
        later["op"] == "erase"
        and later["seq"] > said["seq"]
        and all(later[each] == said[each] for each in place)
    )


def test_a_log_is_read_from_its_first_entry_to_its_head() -> None:
    cursor = "0" * 64
    for number, each in enumerate(VECTORS["entries"], start=1):
        line = json.loads(each["line"])
        said = verify(line)
        assert (said["seq"], said["prev"]) == (number, cursor)
        assert said["id"] == f"scotland:national:1:{number}"
        cursor = sha256(octets(line["protected"]))
        assert cursor == each["hash"]

    head = read_signed(json.loads(VECTORS["head"]), "head")
    assert (head["head"], head["hash"]) == (len(VECTORS["entries"]), cursor)


def test_an_erased_payload_is_known_by_its_proof() -> None:
    said = verify(json.loads(VECTORS["erased"]["line"]))

    assert said["seq"] == 1


@pytest.mark.parametrize("case", VECTORS["refused"], ids=lambda case: case["reason"])
def test_what_must_be_refused_is_refused(case: Json) -> None:
    with pytest.raises(ValueError, match=case["reason"]):
        verify(json.loads(case["line"]))


# 5. Heads and snapshots


def read_signed(wrapped: Json, member: str) -> Json:
    signed = octets(wrapped[member])
    said: Json = json.loads(signed)
    assert said["origin"] == DOCUMENT["region"]
    assert holds(KEYS[said["kid"]], DOMAINS[member], signed, octets(wrapped["sig"]))
    return said


def test_a_snapshot_is_what_its_manifest_says() -> None:
    manifest = read_signed(json.loads(VECTORS["snapshot"]["manifest"]), "manifest")
    lines = [json.loads(each) for each in VECTORS["snapshot"]["entries"]]
    digest = hashlib.sha256()
    for line in lines:
        verify(line)
        digest.update(bytes.fromhex(sha256(octets(line["protected"]))))

    assert (manifest["count"], manifest["digest"]) == (len(lines), digest.hexdigest())


# 6. The receiver


def verdict(cursor: Json, said: Json, entry_hash: str) -> str:
    if said["epoch"] != cursor["epoch"]:
        return "newer epoch" if said["epoch"] > cursor["epoch"] else "older epoch"
    if said["seq"] <= cursor["seq"]:
        differs = said["seq"] == cursor["seq"] and entry_hash != cursor["hash"]
        return "fork" if differs else "duplicate"
    if said["seq"] > cursor["seq"] + 1:
        return "gap"
    return "apply" if said["prev"] == cursor["hash"] else "fork"


@pytest.mark.parametrize("case", VECTORS["verdicts"], ids=lambda case: case["verdict"])
def test_what_comes_next_is_judged(case: Json) -> None:
    line = json.loads(case["line"])

    assert verdict(case["cursor"], verify(line), sha256(octets(line["protected"]))) == case["verdict"]  # fmt: skip


def standing(cursor: Json, head: Json) -> str:
    if (head["epoch"], head["head"]) < (cursor["epoch"], cursor["seq"]):
        return "rolled back"
    if head["epoch"] > cursor["epoch"]:
        return "newer epoch"
    if head["head"] == cursor["seq"]:
        return "current" if head["hash"] == cursor["hash"] else "fork"
    return "more" if head["min"] <= cursor["seq"] + 1 else "trimmed"


@pytest.mark.parametrize("case", VECTORS["standings"], ids=lambda case: case["standing"])
def test_a_head_is_held_against_what_was_read(case: Json) -> None:
    assert standing(case["cursor"], read_signed(json.loads(case["head"]), "head")) == case["standing"]  # fmt: skip


# 3. Requests


@pytest.mark.parametrize("name", ["request", "emptyRequest"])
def test_a_request_is_its_signers(name: str) -> None:
    request = VECTORS[name]
    headers, body = request["headers"], request["body"].encode()
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    assert headers["content-digest"] == f"sha-256=:{digest}:"
    label, _, parameters = headers["signature-input"].partition("=")
    values = {
        "@method": request["method"],
        "@authority": urlsplit(request["url"]).netloc,
        "@target-uri": request["url"],
        "content-digest": headers["content-digest"],
    }
    covered = parameters[1 : parameters.index(")")].replace('"', "").split()
    base = [f'"{each}": {values[each]}' for each in covered]
    base.append(f'"@signature-params": {parameters}')
    signature = headers["signature"].removeprefix(f"{label}=:").removesuffix(":")
    region, _, kid = parameters.split('keyid="')[1].split('"')[0].partition("/")

    assert region == DOCUMENT["region"]
    assert set(covered) == set(values)
    Ed25519PublicKey.from_public_bytes(KEYS[kid]).verify(
        octets(signature), "\n".join(base).encode()
    )


# 3.1 Hello


def is_proved(claim: Json) -> bool:
    proof = claim.get("proof")
    if not proof:
        return False
    member = next(each for each in ("protected", "head", "manifest") if each in proof)
    signed = octets(proof[member])
    said = json.loads(signed)
    if not holds(KEYS[said["kid"]], DOMAINS[member], signed, octets(proof["sig"])):
        return False
    places = {
        "protected": lambda: (said["seq"], sha256(signed)),
        "head": lambda: (said["head"], said["hash"]),
        "manifest": lambda: (said["upto"], said["headHash"]),
    }
    shown = (said["channel"], said["epoch"], *places[member]())
    return shown == (claim["channel"], claim["epoch"], claim["seq"], claim["hash"])


def test_hello_proves_how_far_somebody_has_read() -> None:
    hello = VECTORS["hello"]

    assert [is_proved(each) for each in hello["body"]["cursors"]] == [True] * 3
    assert [is_proved(each) for each in hello["notProved"]] == [False] * 3
    for each in hello["body"]["known"]:
        assert read_signed(each, "head")["channel"] == "national"


# 8. Sealed records: HPKE in base mode, written out


def extract(salt: bytes, suite: bytes, label: bytes, key: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + key, "sha256")


def expand(secret: bytes, suite: bytes, label: bytes, info: bytes, length: int) -> bytes:
    labelled = struct.pack(">H", length) + b"HPKE-v1" + suite + label + info
    return hmac.digest(secret, labelled + b"\1", "sha256")[:length]


def test_a_sealed_record_is_opened_by_who_it_is_for() -> None:
    record = VECTORS["sealedRecord"]
    private = X25519PrivateKey.from_private_bytes(octets(VECTORS["keys"]["sealing"]["private"]))
    parts = ("interchange.record.v1", record["origin"], record["recipient"], record["subject"])
    info = b"\0".join(each.encode() for each in parts)
    assert info == octets(record["context"])
    sealed = octets(json.loads(record["payload"])["sealed"])
    encapsulated, ciphertext = sealed[:32], sealed[32:]

    kem, suite = b"KEM\0\x20", b"HPKE\0\x20\0\x01\0\x02"
    shared = private.exchange(X25519PublicKey.from_public_bytes(encapsulated))
    context = encapsulated + private.public_key().public_bytes_raw()
    secret = expand(extract(b"", kem, b"eae_prk", shared), kem, b"shared_secret", context, 32)
    schedule = b"\0" + extract(b"", suite, b"psk_id_hash", b"") + extract(b"", suite, b"info_hash", info)  # fmt: skip
    base = extract(secret, suite, b"secret", b"")
    key = expand(base, suite, b"key", schedule, 32)
    nonce = expand(base, suite, b"base_nonce", schedule, 12)

    assert AESGCM(key).decrypt(nonce, ciphertext, None).decode() == record["plaintext"]
