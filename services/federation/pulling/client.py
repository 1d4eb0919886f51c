"""Asking a partner: signed, to its own host only, without redirects, and never more or longer than we allow."""

from __future__ import annotations

import secrets
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

import orjson
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError

from chassis.clock import now
from chassis.outward import BadAddress, Pool, PrivateAddress, asking, pool_to
from services.federation.protocol.keys import SigningKey
from services.federation.protocol.poke import Poke
from services.federation.protocol.requests import sign_request

TOTAL_S = 30.0
SILENCE_S = 10.0  # between two bytes
MOST_BYTES = 4 * 1024 * 1024  # as sent, and again when unpacked
CHUNK = 64 * 1024
ANSWERED = (200, 202, 204)
BAD_ADDRESSES = {
    "NOT_OF_THE_WEB": ("BAD_ADDRESS", "the partner's address is not one of the web"),
    "NOT_HTTPS": ("NOT_HTTPS", "the partner's address is not HTTPS"),
}

Signer = Callable[[], SigningKey]


class Unreachable(Exception):
    """The partner did not answer, or not in the way that was agreed."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail = reason, detail


class Refused(Unreachable):
    """The partner answered, and said no. `status` is HTTP's, `reason` the problem's code."""

    def __init__(self, status: int, reason: str, detail: str) -> None:
        super().__init__(reason, detail)
        self.status = status


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, unpacked, and how far the partner's clock is from ours."""

    body: bytes
    skew_s: float | None


class PartnerClient:
    """The doors of one partner, one question at a time. Its address comes from its signed document only."""

    def __init__(self, region: str, url: str, signer: Signer, *, development: bool) -> None:
        """`region` is ours: it is we who sign."""
        self._region, self._signer = region, signer
        self._url = url.rstrip("/")
        self._pool = _pool(self._url, development=development)

    @property
    def url(self) -> str:
        """Where the partner answers."""
        return self._url

    def close(self) -> None:
        """Give the connections back."""
        self._pool.close()

    def cut(self) -> None:
        """End the question that is under way, if any: it fails at once."""
        self._pool.cut()

    def document(self) -> Answer:
        """Its region document as it is now."""
        return self._ask("GET", "/.well-known/interchange-region")

    def feed(self, channel: str, *, epoch: int, after: int, limit: int) -> Answer:
        """Entries after one of them; the last line is the signed head."""
        query = f"?epoch={epoch}&after={after}&limit={limit}"
        return self._ask("GET", f"/federation/v1/feed/{quote(channel, safe='')}{query}")

    def snapshot(self, channel: str, *, snapshot_id: str = "", after: int = 0) -> Answer:
        """One page of what is live on a channel: of a new snapshot, or of one that was begun."""
        query = f"?id={quote(snapshot_id, safe='')}&after={after}" if snapshot_id else ""
        return self._ask("GET", f"/federation/v1/snapshot/{quote(channel, safe='')}{query}")

    def relay(self, origin: str, channel: str, *, epoch: int, after: int, limit: int) -> Answer:
        """Entries of a third region, as this one has received them."""
        query = f"?epoch={epoch}&after={after}&limit={limit}"
        return self._ask("GET", f"/federation/v1/relay/{origin}/{quote(channel, safe='')}{query}")

    def hello(self, body: Mapping[str, Any]) -> Any:
        """How far each of us has read the other; the partner's answer."""
        return _parsed(self._ask("POST", "/federation/v1/hello", orjson.dumps(body)))

    def poke(self, poke: Poke) -> None:
        """There is something new."""
        self._ask("POST", "/federation/v1/poke", orjson.dumps(poke.to_json()))

    def status(self) -> Any:
        """What the partner says of itself."""
        return _parsed(self._ask("GET", "/federation/v1/status"))

    def _ask(self, method: str, target: str, body: bytes = b"") -> Answer:
        headers = self._headers(method, target, body)
        times = {"silence_s": SILENCE_S, "total_s": TOTAL_S}
        try:
            with asking(self._pool, method, target, headers, body, **times) as response:
                return _read(response)
        except PrivateAddress as problem:
            raise Unreachable("PRIVATE_ADDRESS", str(problem)) from problem
        except (HTTPError, OSError, zlib.error) as problem:
            raise Unreachable("NO_ANSWER", type(problem).__name__) from problem

    def _headers(self, method: str, target: str, body: bytes) -> dict[str, str]:
        signed = sign_request(
            method,
            self._url + target,
            body,
            self._signer(),
            region=self._region,
            created=now(),
            nonce=secrets.token_urlsafe(16),
        )
        headers = {**signed, "accept-encoding": "gzip", "user-agent": "interchange-federation/1"}
        return {**headers, "content-type": "application/json"} if body else headers


def _pool(url: str, *, development: bool) -> Pool:
    try:
        return pool_to(url, on_loopback=development)
    except BadAddress as problem:
        raise Unreachable(*BAD_ADDRESSES[problem.reason]) from problem


def _read(response: BaseHTTPResponse) -> Answer:
    """The whole body within its bounds; a connection that was not read to its end is not used again."""
    try:
        body = b"".join(_bounded(response))
    except BaseException:
        response.close()
        raise
    finally:
        response.release_conn()
    if response.status not in ANSWERED:
        raise _refusal(response.status, body)
    return Answer(body, _skew(response.headers.get("date", "")))


def _bounded(response: BaseHTTPResponse) -> Iterator[bytes]:
    unpack = _unpacker(response.headers.get("content-encoding", ""))
    received = unpacked = 0
    while chunk := response.read1(CHUNK):
        plain = unpack(chunk)
        received, unpacked = received + len(chunk), unpacked + len(plain)
        if max(received, unpacked) > MOST_BYTES:
            raise Unreachable("TOO_LARGE", f"the answer is over {MOST_BYTES} bytes")
        yield plain


def _unpacker(encoding: str) -> Callable[[bytes], bytes]:
    if encoding in ("", "identity"):
        return bytes
    if encoding != "gzip":
        raise Unreachable("BAD_ENCODING", "the answer is packed in a way that we did not offer")
    packed = zlib.decompressobj(wbits=31)
    # One byte more than allowed is enough to know that it is too much.
    return lambda chunk: packed.decompress(chunk, MOST_BYTES + 1)


def _refusal(status: int, body: bytes) -> Refused:
    try:
        problem = orjson.loads(body)
        return Refused(status, str(problem["reason"])[:50], str(problem.get("detail", ""))[:200])
    except (ValueError, KeyError, TypeError, AttributeError):
        return Refused(status, f"HTTP_{status}", "")


def _parsed(answer: Answer) -> Any:
    try:
        return orjson.loads(answer.body)
    except ValueError as problem:
        raise Unreachable("NOT_JSON", "the answer is not JSON") from problem


def _skew(date: str) -> float | None:
    try:
        theirs = parsedate_to_datetime(date)
    except ValueError:
        return None
    return (theirs.astimezone(UTC) - now()).total_seconds()
