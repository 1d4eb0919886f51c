"""Whether the programs answer, are ready, and have nothing left that they gave up on."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
import requests
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub
from interchange.common.v1 import dead_letters_pb2 as pb
from interchange.common.v1.dead_letters_pb2_grpc import DeadLetterServiceStub

from chassis.errors import Error
from cli.channels import service_channel
from cli.doctor.finding import Finding
from cli.doctor.places import Places
from cli.settings import SERVICES

WITHIN_S = 5
START = "see its log (logs/ in the data folder, or `kubectl logs`); `interchange up` or Kubernetes starts it again"
LETTERS = 100  # as many as a page holds: more are as bad


def programs(places: Places) -> Iterator[Finding]:
    """Each service by its health, the gateway and the pages by what they answer."""
    for service in SERVICES if places.services else ():
        with service_channel(places.settings, service) as channel:
            yield from _service(service, channel)
    for program, url in (("gateway", places.gateway_url), ("web", places.web_url)):
        if url:
            yield _http(program, url)


def _service(service: str, channel: grpc.Channel) -> Iterator[Finding]:
    try:
        answer = HealthStub(channel).Check(HealthCheckRequest(), timeout=WITHIN_S)
    except (grpc.RpcError, Error):
        yield Finding(service, "does not answer", START)
        return
    if answer.status != HealthCheckResponse.SERVING:
        yield Finding(service, "answers, and is not ready", f"wait half a minute, then {START}")
        return
    yield Finding(service, "is ready")
    yield _dead_letters(service, channel)


def _dead_letters(service: str, channel: grpc.Channel) -> Finding:
    request = pb.ListDeadLettersRequest(page_size=LETTERS, state=pb.DeadLetter.WAITING)
    try:
        answer = DeadLetterServiceStub(channel).ListDeadLetters(request, timeout=WITHIN_S)
    except (grpc.RpcError, Error):
        return Finding(service, "does not say what it gave up on", START)
    if not answer.dead_letters:
        return Finding(service, "has given up on nothing")
    many = f"{len(answer.dead_letters)}{' or more' if answer.next_page_token else ''}"
    remedy = f"`interchange dead-letters list --program {service}`, then replay or drop each"
    return Finding(service, f"has given up on {many} events", remedy)


def _http(program: str, url: str) -> Finding:
    path = "/readyz" if program == "gateway" else "/healthz"
    try:
        answer = requests.get(url + path, timeout=WITHIN_S)
    except requests.RequestException:
        return Finding(program, f"does not answer at {url}", START)
    if answer.ok:
        return Finding(program, "is ready")
    return Finding(program, f"says {answer.status_code}: {answer.text.strip()[:200]}", START)
