"""What we answer other regions: who asks is checked before what they ask, and nothing is told to strangers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import SplitResult, parse_qsl, urlsplit

import orjson
from sqlalchemy.orm import Session

from chassis.clock import now
from chassis.database import Database
from chassis.errors import Aborted, Error, FailedPrecondition, InvalidArgument, NotFound
from services.federation.door.greeting import Greeting, claims
from services.federation.keys.keyring import Keyring, NotPublished, Published
from services.federation.log.feed import Reader, heads
from services.federation.partners.models import NATIONAL, Partner, State
from services.federation.protocol.encoding import to_text
from services.federation.protocol.poke import BARE_POKE_BYTES, MAX_POKE_BYTES, Poke, read_poke
from services.federation.protocol.requests import (
    BadRequestSignature,
    claimed_region,
    verify_request,
)

DOCUMENT = "/.well-known/interchange-region"
PREFIX = "/federation/v1/"
JSON, NDJSON, PROBLEM = "application/json", "application/x-ndjson", "application/problem+json"
# What is not served before we know that our logs are whole.
LOGS = ("feed", "snapshot", "relay")
NUMBER = re.compile(r"[0-9]{1,15}")
SNAPSHOT = re.compile(r"([0-9]{1,15}\.[0-9]{1,15})?")


class Pokes(Protocol):
    """Whom to tell that a partner has news."""

    def poked(self, region: str, poke: Poke) -> None: ...


class Relays(Protocol):
    """What we have received of others, in the bytes that they signed."""

    def page(
        self, session: Session, origin: str, channel: str, *, epoch: int, after: int, limit: int
    ) -> bytes | None: ...


# A region has read a channel of ours up to a place: region, channel, epoch, number.
Asked = Callable[[str, str, int, int], None]


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request as it came."""

    method: str
    target: str
    authority: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP answer."""

    status: int
    body: bytes
    content_type: str = JSON
    retry_after_s: int = 0


class Refused(Exception):
    """Not answered: an HTTP status, a stable code and a sentence."""

    def __init__(self, status: int, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.status, self.reason, self.detail = status, reason, detail


STATUS: Mapping[type[Error], int] = {
    InvalidArgument: 400,
    NotFound: 404,
    Aborted: 409,
    FailedPrecondition: 410,
    NotPublished: 404,
}


class Door:
    """Answers requests of other regions."""

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        greeting: Greeting,
        *,
        region: str,
        pokes: Pokes,
        relays: Relays,
        seen_nonce: Callable[[str], bool],
        asked: Asked,
        has_greeted: Callable[[], bool] = lambda: True,
        clock: Callable[[], datetime] = now,
    ) -> None:
        """`has_greeted`: whether partners were asked how far they have read us, since we started.

        `asked` is told how far readers of our logs are.
        """
        self._database = database
        self._keyring = keyring
        self._greeting = greeting
        self._region = region
        self._pokes = pokes
        self._relays = relays
        self._seen_nonce = seen_nonce
        self._has_greeted = has_greeted
        self._asked = asked
        self._clock = clock

    def answer(self, request: Request) -> Reply:
        """The answer, whatever comes."""
        try:
            return self._answer(request)
        except Refused as problem:
            return _problem(problem.status, problem.reason, problem.detail)
        except BadRequestSignature as problem:
            return _problem(401, problem.reason, problem.detail)
        except Error as problem:
            status = STATUS.get(type(problem))
            if status is None:
                raise
            return _problem(status, problem.reason, problem.message)

    def _answer(self, request: Request) -> Reply:
        parts = urlsplit(request.target)
        published = self._keyring.published()
        if parts.path == DOCUMENT:
            return _get(request, published.raw)
        partner = self._admitted(request, published)
        asked = parts.path.removeprefix(PREFIX).split("/")
        if asked[0] in LOGS and not self._has_greeted():
            raise Refused(503, "RECOVERING", "we have just started and look at our logs; try again")
        match (request.method, *asked):
            case ("GET", "feed", channel):
                return self._feed(partner, published, channel, parts)
            case ("GET", "snapshot", channel):
                return self._snapshot(partner, published, channel, parts)
            case ("GET", "relay", origin, channel):
                return self._relay(partner, origin, channel, parts)
            case ("GET", "status"):
                return self._status(partner, published)
            case ("POST", "hello"):
                return self._hello(partner, request.body)
            case ("POST", "poke"):
                return self._poke(partner, request.body)
        raise Refused(404, "NO_SUCH_PATH", "see the protocol for what can be asked here")

    def _admitted(self, request: Request, published: Published) -> Partner:
        """Who asks: on our list first, then by their signature. Strangers learn nothing else."""
        region = claimed_region(request.headers)
        with self._database.read() as session:
            partner = session.get(Partner, region)
        if partner is None or not partner.is_answered:
            raise Refused(403, "NOT_A_PARTNER", "this region does not exchange with yours")
        document = partner.read_document()
        at = self._clock()

        def key(keyid: str) -> bytes | None:
            return document.current_key(keyid.partition("/")[2], at=at)

        verify_request(
            request.method,
            request.authority,
            _origin(published.document.url) + request.target,
            request.headers,
            request.body,
            key,
            at,
            self._seen_nonce,
        )
        return partner

    def _feed(
        self, partner: Partner, published: Published, channel: str, parts: SplitResult
    ) -> Reply:
        _require_reader(partner, channel)
        query = _numbers(parts.query)
        with self._database.read() as session:
            page = self._reader(published).feed(
                session,
                channel,
                epoch=query.get("epoch", 0),
                after=query.get("after", 0),
                limit=query.get("limit", 0),
            )
        self._asked(partner.region, channel, query.get("epoch", 0), query.get("after", 0))
        return Reply(200, page, NDJSON)

    def _snapshot(
        self, partner: Partner, published: Published, channel: str, parts: SplitResult
    ) -> Reply:
        _require_reader(partner, channel)
        given = dict(parse_qsl(parts.query))
        identifier, after = given.get("id", ""), _number(given.get("after", "0"))
        if not SNAPSHOT.fullmatch(identifier):
            raise Refused(400, "BAD_QUERY", "id is the snapshot's, such as 1.204")
        reader = self._reader(published)
        if not identifier:
            with self._database.begin() as session:
                identifier = reader.begin_snapshot(session, channel).id.rpartition(":")[2]
        with self._database.read() as session:
            return Reply(200, reader.snapshot_page(session, channel, identifier, after), NDJSON)

    def _relay(self, partner: Partner, origin: str, channel: str, parts: SplitResult) -> Reply:
        """A third region's words to all. Who else belongs to one of its groups only it can know."""
        _require_reader(partner, channel)
        query = _numbers(parts.query)
        with self._database.read() as session:
            page = self._relays.page(
                session,
                origin,
                channel,
                epoch=query.get("epoch", 0),
                after=query.get("after", 0),
                limit=query.get("limit", 0),
            )
        if page is None or channel != NATIONAL:
            raise Refused(404, "NOT_HERE", f"nothing of {origin} on {channel} is here")
        return Reply(200, page, NDJSON)

    def _status(self, partner: Partner, published: Published) -> Reply:
        with self._database.read() as session:
            said = {
                "region": self._region,
                "time": to_text(self._clock()),
                "majors": dict(published.document.majors),
                "limits": dict(published.document.limits),
                "cursors": claims(session, partner.region),
                "heads": heads(session, _channels(partner)),
            }
        return Reply(200, orjson.dumps(said))

    def _hello(self, partner: Partner, body: bytes) -> Reply:
        heard = _object(body)
        with self._database.begin() as session:
            self._greeting.hear(session, partner.region, heard)
            said = {
                "time": to_text(self._clock()),
                **self._greeting.say(session, partner.region),
                "heads": heads(session, _channels(partner)),
            }
        return Reply(200, orjson.dumps(said))

    def _poke(self, partner: Partner, body: bytes) -> Reply:
        if len(body) > MAX_POKE_BYTES:
            raise Refused(413, "TOO_LARGE", f"a poke has at most {MAX_POKE_BYTES} bytes")
        if partner.state is State.FORKED:
            return Reply(202, b"{}")
        said = _object(body)
        if "page" not in said and len(body) > BARE_POKE_BYTES:
            raise Refused(
                413, "TOO_LARGE", f"a poke without a page has at most {BARE_POKE_BYTES} bytes"
            )
        try:
            poke = read_poke(said)
        except ValueError as problem:
            right = (
                'send {"channel": …, "epoch": …, "head": …}, with a page also "after" and "page"'
            )
            raise Refused(400, "BAD_POKE", f"{problem}; {right}") from problem
        self._pokes.poked(partner.region, poke)
        return Reply(202, b"{}")

    def _reader(self, published: Published) -> Reader:
        return Reader(self._region, published.signer, self._clock())


def _require_reader(partner: Partner, channel: str) -> None:
    if not partner.reads(channel):
        raise Refused(403, "NOT_YOUR_CHANNEL", "that channel is not agreed with your region")


def _channels(partner: Partner) -> list[str]:
    """Our channels that are for a partner."""
    return [*partner.channels, f"to.{partner.region}"]


def _get(request: Request, body: bytes) -> Reply:
    if request.method not in ("GET", "HEAD"):
        raise Refused(405, "METHOD_NOT_ALLOWED", "use GET")
    return Reply(200, body)


def _origin(url: str) -> str:
    """Scheme and host: the target brings the path."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise Refused(400, "NOT_JSON", "the body must be a JSON object")
    return found


def _numbers(query: str) -> dict[str, int]:
    return {name: _number(value) for name, value in parse_qsl(query)}


def _number(text: str) -> int:
    if not NUMBER.fullmatch(text):
        raise Refused(400, "BAD_QUERY", "epoch, after and limit are whole numbers")
    return int(text)


def _problem(status: int, reason: str, detail: str) -> Reply:
    body = {"type": "about:blank", "status": status, "reason": reason, "detail": detail}
    return Reply(status, orjson.dumps(body), PROBLEM)
