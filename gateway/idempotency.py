"""Doing a POST once although it is sent twice.

With an `Idempotency-Key` the first request claims the key in Valkey, then asks the service, then
keeps the answer for a day; the same request again gets that answer. What the key promises is that
nothing is done twice, so in doubt the door refuses:

- While the first request is at work, the second is refused: KEY_IN_USE.
- When the door dies between asking and keeping, or the service's answer is lost, nobody knows
  whether it was done. The claim stays, and the same key is refused: OUTCOME_UNKNOWN. The caller
  looks, and sends it with a new key if it must.
- When it is certain that nothing was done (a service that could not be reached, a call refused at
  its gate), the claim is dropped, and the same key may try again.
- While Valkey is away nothing can be claimed: a POST with a key is refused, one without a key works.

Valkey holds no key, no request and no readable answer. A claim is found by a hash of caller and key,
the request is kept as a keyed hash, and the answer is sealed with a secret made from the caller's key:
who reads Valkey learns nothing about people. Answers that hold tokens are not kept at all.
"""

from __future__ import annotations

import os
import time
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import asdict, dataclass
from hashlib import sha256
from hmac import digest
from typing import Any

import orjson
import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from redis import Redis
from redis.exceptions import RedisError

from chassis.errors import (
    Aborted,
    Error,
    InvalidArgument,
    ResourceExhausted,
    Unauthenticated,
    Unavailable,
    Unimplemented,
)
from gateway import metrics
from gateway.answers import Answer
from gateway.errors import FAULT, KeyReused, is_from_transport, status_of

PREFIX = "idempotency:"
KEPT_S = 86_400
LONGEST_KEY = 255
NONCE = 12  # bytes, as AES-GCM takes
# Added to the time a service gets: after that the first request is no longer at work.
MARGIN_S = 5.0
# Refused before anything is done, or rolled back: the same key may try again.
UNDONE = (Aborted, ResourceExhausted, Unauthenticated, Unimplemented)
# A commit whose answer is lost may have happened.
DOUBTFUL = frozenset({"DATABASE_UNAVAILABLE"})
# What gRPC says before anything was sent, to one address and to several in turn.
UNREACHED = ("failed to connect to all addresses", "connections to all backends failing")

WORKING, DONE, UNKNOWN = "working", "done", "unknown"

# Only whoever made the claim may change it.
REPLACE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == '' then return redis.call('DEL', KEYS[1]) end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
return 1
"""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Slot:
    """Where the answer to one key of one caller is kept."""

    place: str
    fingerprint: str  # of the request
    secret: bytes

    @classmethod
    def of(cls, caller: str, key: str, request: bytes) -> Slot:
        secret = key.encode()
        return cls(
            place=PREFIX + sha256(f"{caller}\0{key}".encode()).hexdigest(),
            fingerprint=digest(secret, b"request\0" + request, "sha256").hex(),
            secret=digest(secret, b"seal\0" + caller.encode(), "sha256"),
        )

    def seal(self, answer: Answer) -> str:
        nonce = os.urandom(NONCE)
        content = {**asdict(answer), "body": b64encode(answer.body).decode()}
        sealed = AESGCM(self.secret).encrypt(nonce, orjson.dumps(content), self.place.encode())
        return b64encode(nonce + sealed).decode()

    def open(self, sealed: str) -> Answer:
        raw = b64decode(sealed)
        content = AESGCM(self.secret).decrypt(raw[:NONCE], raw[NONCE:], self.place.encode())
        found = orjson.loads(content)
        return Answer(found["status"], b64decode(found["body"]), found["headers"])


class Keys:
    """The keys that were sent in the last day, and what became of each."""

    def __init__(
        self, redis: Redis, *, timeout_s: float, clock: Callable[[], float] = time.time
    ) -> None:
        self._redis = redis
        self._working_s = timeout_s + MARGIN_S
        self._clock = clock
        self._replace = redis.register_script(REPLACE)

    def once(
        self, slot: Slot, act: Callable[[], Answer], refuse: Callable[[Error], Answer]
    ) -> Answer:
        """What `act` answers, or answered when this request was sent before.

        `refuse` writes the document for an error that `act` raised, as it is to be kept.
        """
        claim, found = self._claim(slot)
        if found:
            return self._again(slot, found)
        try:
            answer = act()
        except Error as error:
            self._settle(slot, claim, error, refuse)
            raise
        self._write(slot, claim, self._record(slot, DONE, answer=slot.seal(answer)))
        metrics.replays.labels("first").inc()
        return answer

    def _claim(self, slot: Slot) -> tuple[bytes, dict[str, Any] | None]:
        """Our claim, and what was there before it."""
        claim = self._record(
            slot, WORKING, owner=os.urandom(8).hex(), until=self._clock() + self._working_s
        )
        try:
            found = self._redis.set(slot.place, claim, nx=True, get=True, ex=KEPT_S)
        except RedisError as problem:
            log.warning("keys_unavailable", error=type(problem).__name__)
            raise Unavailable(
                "IDEMPOTENCY_UNAVAILABLE",
                "keys cannot be checked now, and nothing was done: try again in a moment",
            ) from problem
        # Our own claim is there already when a first try to write it lost its answer.
        return claim, None if found in (None, claim) else orjson.loads(bytes(found))  # type: ignore[arg-type]

    def _again(self, slot: Slot, found: dict[str, Any]) -> Answer:
        """The answer to a request that was sent before."""
        if found["fingerprint"] != slot.fingerprint:
            metrics.replays.labels("reused").inc()
            raise KeyReused
        if found["state"] == DONE:
            return self._replayed(slot, found)
        if found["state"] == WORKING and self._clock() < found["until"]:
            metrics.replays.labels("in_use").inc()
            raise Aborted(
                "IDEMPOTENCY_KEY_IN_USE", "the first request with this key is still at work"
            )
        metrics.replays.labels("unknown").inc()
        raise Aborted(
            "IDEMPOTENCY_OUTCOME_UNKNOWN",
            "the first request with this key broke off, and whether it was done is not known: "
            "look, then send it with a new key if it was not",
        )

    def _replayed(self, slot: Slot, found: dict[str, Any]) -> Answer:
        try:
            answer = slot.open(found["answer"])
        except InvalidTag as problem:  # somebody wrote into Valkey
            raise Aborted(
                "IDEMPOTENCY_OUTCOME_UNKNOWN", "the kept answer cannot be read: look what was done"
            ) from problem
        answer.headers["Idempotent-Replayed"] = "true"
        metrics.replays.labels("replayed").inc()
        return answer

    def _settle(
        self, slot: Slot, claim: bytes, error: Error, refuse: Callable[[Error], Answer]
    ) -> None:
        """Keep a refusal; drop the claim when nothing was done; else say that nobody knows."""
        if was_not_done(error):
            self._write(slot, claim, b"")
        elif status_of(error) < FAULT:
            self._write(slot, claim, self._record(slot, DONE, answer=slot.seal(refuse(error))))
        else:
            self._write(slot, claim, self._record(slot, UNKNOWN))

    def _write(self, slot: Slot, claim: bytes, record: bytes) -> None:
        """Put a record in our claim's place. When that fails the claim stays, and says that nobody knows."""
        try:
            self._replace(keys=[slot.place], args=[claim, record, KEPT_S])
        except RedisError as problem:
            log.warning("key_not_settled", error=type(problem).__name__)

    def _record(self, slot: Slot, state: str, **more: object) -> bytes:
        return orjson.dumps({"fingerprint": slot.fingerprint, "state": state, **more})


def was_not_done(error: Error) -> bool:
    """Whether it is certain that a refused or failed call changed nothing."""
    if isinstance(error, UNDONE) or error.reason == "TOO_LATE":
        return True
    if not isinstance(error, Unavailable):
        return False
    if is_from_transport(error):
        said = _details(error.__cause__)
        return any(each in said for each in UNREACHED)
    return error.reason not in DOUBTFUL  # a handler said so, and its transaction is undone


def _details(failure: BaseException | None) -> str:
    details = getattr(failure, "details", None)
    return str(details()) if callable(details) else ""


def checked_key(key: str) -> str:
    """The header, when it can be a key."""
    if not key or len(key) > LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise InvalidArgument(
            "BAD_IDEMPOTENCY_KEY",
            f"Idempotency-Key must be 1 to {LONGEST_KEY} printable ASCII characters",
        )
    return key
