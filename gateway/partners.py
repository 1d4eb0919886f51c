"""The door for other regions: their requests are handed to federation as they came, for it checks their signatures.

Nothing here depends on who they say they are. What costs us something comes last: first the path,
then how often this network asks, then how much it sends; only then is federation asked.
"""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterable
from functools import cache

import grpc
from interchange.federation.v1 import region_keys_pb2 as pb
from interchange.federation.v1.region_keys_pb2_grpc import PartnerDoorServiceStub

from chassis import metrics
from chassis.auth import ANONYMOUS, Call
from chassis.proxies import TrustedProxies
from gateway import errors
from gateway.answers import Answer
from gateway.asked import Asked
from gateway.config import Config
from gateway.limits import Kind, Limits, network_of
from gateway.spans import RouteSpans, Trace
from gateway.working import in_work, understood

DOCUMENT = "/.well-known/interchange-region"
PREFIX = "/federation/v1/"
METHODS = ("GET", "POST")
ALLOWED = "GET, HEAD, POST"
# What is asked for below the prefix; anything else shares one name, so that nobody can make names up.
RESOURCES = frozenset({"feed", "snapshot", "hello", "poke", "relay", "status"})
# Header fields that federation reads, and those of its answers that go back.
READ = ("content-digest", "content-type", "signature", "signature-input", "accept-encoding")
TOLD = frozenset({"content-type", "content-digest", "retry-after", "allow"})
# Less is not worth the time; level 1, for most of it is base64 and does not shrink much.
GZIP_FROM = 4096
GZIP_LEVEL = 1


def is_for_partners(path: str) -> bool:
    """Whether a path is one that other regions ask."""
    return path == DOCUMENT or path.startswith(PREFIX)


class PartnerDoor:
    """Answers other regions."""

    def __init__(self, config: Config, federation: grpc.Channel, limits: Limits) -> None:
        self._timeout_s = config.call_timeout_s
        self._body_limit = config.partner_body_limit
        self._proxies = TrustedProxies(config.trusted_proxies)
        self._limits = limits
        self._ask = PartnerDoorServiceStub(federation).AnswerPartner

    def answer(self, asked: Asked) -> tuple[Answer, Trace]:
        """One request: in its trace, counted, answered also when it fails."""
        started = time.monotonic()
        route = route_of(asked.path)
        trace = spans_of(asked.method, route).begin(asked.header("TRACEPARENT"))
        call = Call(ANONYMOUS, "", started + self._timeout_s, trace.traceparent)
        reason = ""
        with in_work(call):
            try:
                answer = self._admitted(asked)
            except Exception as problem:  # every failure leaves through one door
                error = understood(problem, route)
                reason, answer = error.reason, errors.problem(error, trace.trace_id)
        trace.end(answer.status, reason)
        labels = (method_of(asked.method), route, str(answer.status))
        metrics.http_seconds.labels(*labels).observe(time.monotonic() - started)
        return answer, trace

    def _admitted(self, asked: Asked) -> Answer:
        address = network_of(asked.address(self._proxies))
        self._limits.spend(Kind.PARTNER, ANONYMOUS, address)
        if asked.method not in METHODS:
            raise errors.MethodNotAllowed(ALLOWED)
        found = self._ask(
            pb.AnswerPartnerRequest(
                method=asked.method,
                target=asked.target,
                authority=asked.header("HOST"),
                headers=_read(asked),
                body=asked.raw(self._body_limit) if asked.method == "POST" else b"",
            ),
            timeout=self._timeout_s,
        )
        return _answer(found, takes_gzip=takes_gzip(asked.header("ACCEPT_ENCODING")))


def route_of(path: str) -> str:
    """The path with a name for what varies in it."""
    if path == DOCUMENT:
        return path
    resource = path.removeprefix(PREFIX).partition("/")[0]
    return PREFIX + (resource if resource in RESOURCES else "{other}")


def method_of(method: str) -> str:
    """The method as it is counted: anybody can make names up."""
    return method if method in METHODS else "_OTHER"


def spans_of(method: str, route: str) -> RouteSpans:
    """What spans of one route share."""
    return _spans(method_of(method), route)


@cache
def _spans(method: str, route: str) -> RouteSpans:
    return RouteSpans(method, route)


def takes_gzip(header: str) -> bool:
    """Whether an Accept-Encoding names gzip and does not refuse it."""
    for each in header.lower().split(","):
        coding, _, weight = each.partition(";")
        if coding.strip() == "gzip":
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def _read(asked: Asked) -> Iterable[pb.HttpField]:
    for name in READ:
        value = asked.field(name)
        if value:
            yield pb.HttpField(name=name, value=value)


def _answer(found: pb.AnswerPartnerResponse, *, takes_gzip: bool) -> Answer:
    headers = {each.name.title(): each.value for each in found.headers if each.name in TOLD}
    body = found.body
    if takes_gzip and len(body) >= GZIP_FROM:
        body = gzip.compress(body, GZIP_LEVEL, mtime=0)
        headers |= {"Content-Encoding": "gzip"}
    return Answer(found.status, body, headers)
