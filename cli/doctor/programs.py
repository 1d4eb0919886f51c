"""Whether the programs answer, are ready, are of one release, and have nothing left that they gave up on."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass

import grpc
import requests
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub
from interchange.common.v1 import dead_letters_pb2 as pb
from interchange.common.v1.dead_letters_pb2_grpc import DeadLetterServiceStub

from chassis.errors import Error
from chassis.release import HEADER, release
from cli import doors
from cli.channels import service_address, service_channel, service_tls
from cli.doctor.finding import Finding
from cli.doctor.places import Places
from cli.settings import SERVICES

WITHIN_S = 5
START = "see its log (logs/ in the data folder, or `kubectl logs`); `interchange up` or Kubernetes starts it again"
NO_ADDRESS = (
    "no replica is ready: `kubectl get pods`, then `kubectl describe pod` and `kubectl logs`"
)
UPGRADE = (
    "they go together while an upgrade lasts; end it (`helm upgrade`, `kubectl rollout status`) or take it "
    "back (`helm rollback`)"
)
LETTERS = 100  # as many as a page holds: more are as bad
BY_NAME = "dns:///"


@dataclass(frozen=True)
class Seen:
    """A replica as it answered, and the release that it says it is of."""

    finding: Finding
    release: str = ""


def programs(places: Places) -> Iterator[Finding]:
    """Each replica of each service by its health, the gateway and the pages by what they answer."""
    seen: list[Seen] = []
    for service in SERVICES if places.services else ():
        replicas = list(_replicas(places, service))
        seen += replicas
        yield from (each.finding for each in replicas)
        if any(each.finding.is_well for each in replicas):
            with service_channel(places.settings, service) as channel:
                yield _dead_letters(service, channel)
    for program, url in (("gateway", places.gateway_url), ("web", places.web_url)):
        if url:
            seen.append(_http(program, url))
            yield seen[-1].finding
    yield from releases([each.release for each in seen if each.release])


def releases(found: list[str]) -> Iterator[Finding]:
    """Whether all are of one release, and this command too."""
    different = sorted({release(), *found})
    if not found:
        return
    if len(different) == 1:
        yield Finding("releases", f"all are of {release()}")
        return
    counts = [f"{found.count(each)} of {each}" for each in different]
    yield Finding("releases", f"{', '.join(counts)}; this command is of {release()}", UPGRADE)


def _replicas(places: Places, service: str) -> Iterator[Seen]:
    address = service_address(places.settings, service)
    if not address.startswith(BY_NAME):
        yield _replica(service, address, "")
        return
    host, _, port = address.removeprefix(BY_NAME).rpartition(":")
    try:
        found = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)
    except OSError:
        yield Seen(Finding(service, f"has no address at {host}", NO_ADDRESS))
        return
    for place in sorted({str(each[4][0]) for each in found}):
        bracketed = f"[{place}]" if ":" in place else place
        yield _replica(f"{service} at {place}", f"{bracketed}:{port}", host)


def _replica(about: str, address: str, host: str) -> Seen:
    """One replica; its certificate is for the name by which all of them are called."""
    tls = service_tls()
    options = [("grpc.ssl_target_name_override", host)] if host else []
    inner = (
        grpc.secure_channel(address, tls.channel(), options)
        if tls
        else grpc.insecure_channel(address)
    )
    with inner:
        try:
            answer, call = HealthStub(inner).Check.with_call(HealthCheckRequest(), timeout=WITHIN_S)
        except grpc.RpcError:
            return Seen(Finding(about, "does not answer", START))
        told = dict(call.initial_metadata()).get(HEADER, "")
    if answer.status != HealthCheckResponse.SERVING:
        return Seen(
            Finding(about, "answers, and is not ready", f"wait half a minute, then {START}"), told
        )
    return Seen(Finding(about, "is ready"), told)


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


def _http(program: str, url: str) -> Seen:
    path = "/readyz" if program == "gateway" else "/healthz"
    try:
        with doors.session() as session:
            answer = session.get(url + path, timeout=WITHIN_S)
    except requests.RequestException:
        return Seen(Finding(program, f"does not answer at {url}", START))
    told = answer.headers.get(HEADER, "")
    if answer.ok:
        return Seen(Finding(program, "is ready"), told)
    return Seen(
        Finding(program, f"says {answer.status_code}: {answer.text.strip()[:200]}", START), told
    )
