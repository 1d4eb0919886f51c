"""Claims about rendered objects, each a function that yields what is wrong, in words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import cache
from importlib import import_module
from typing import Any

import kubernetes_validate

from deploy.checks.chart import CRDS, NEWEST, Pod, Rendered, Thing

Claim = Callable[[Rendered], Iterator[str]]

NAME = re.compile(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")
QUANTITY = re.compile(r"^([0-9.]+)(m|k|M|G|T|Ki|Mi|Gi|Ti)?$")
UNITS = {
    None: Decimal(1), "m": Decimal("0.001"), "k": Decimal(10**3), "M": Decimal(10**6),
    "G": Decimal(10**9), "T": Decimal(10**12), "Ki": Decimal(2**10), "Mi": Decimal(2**20),
    "Gi": Decimal(2**30), "Ti": Decimal(2**40),
}  # fmt: skip
SERVICES = ("identity", "opportunities", "matching", "notifications", "federation")
DOORS = ("gateway", "web")
PROGRAMS = (*SERVICES, *DOORS)
# Made by others than this chart: keys at installation, databases' logins; and by the operator.
MADE_ELSEWHERE = re.compile(r"-keys-|-postgresql-(app|ca)$|^interchange-|^nats-tls$")
# What cert-manager, Prometheus and the others know; Kubernetes itself does not.
OPERATORS = frozenset(CRDS)


def is_valid(rendered: Rendered, version: str = NEWEST) -> Iterator[str]:
    """Every object fits the schema of its kind; a kind that nobody knows is a mistake."""
    for thing in rendered.things:
        if thing["apiVersion"] in OPERATORS:
            continue
        if said := _misfit(json.dumps(thing), version):
            yield f"{_title(thing)}: {said}"


@cache  # each look reads a megabyte of schemas, and most objects are the same in most renderings
def _misfit(thing: str, version: str) -> str:
    read = json.loads(thing)
    try:
        kubernetes_validate.validate(read, version, strict=True)
    except kubernetes_validate.SchemaNotFoundError:
        return f"no such kind as {read['apiVersion']} in Kubernetes {version}"
    except kubernetes_validate.ValidationError as problem:
        return str(problem.message)
    return ""


def names_are_short(rendered: Rendered) -> Iterator[str]:
    """Names are labels, and leave room for what is appended to them; nothing has the name of another."""
    seen = set()
    for thing in rendered.things:
        name = thing["metadata"]["name"]
        if not NAME.match(name) or len(name) > 63:
            yield f"{_title(thing)} is no good name"
        if _title(thing) in seen:
            yield f"{_title(thing)} is there twice"
        seen.add(_title(thing))


def selectors_meet(rendered: Rendered) -> Iterator[str]:
    """Whoever selects pods finds some, and deployments find their own."""
    for pod in rendered.pods:
        selector = (
            pod.owner["spec"].get("selector", {}).get("matchLabels")
            if "spec" in pod.owner
            else None
        )
        if selector and not _matches(selector, pod):
            yield f"{pod.name} does not select its own pods"
    for thing in rendered.of("Service"):
        if not _selected(thing["spec"]["selector"], rendered):
            yield f"{_title(thing)} selects no pod"
    for thing in rendered.of("PodDisruptionBudget"):
        if not _selected(thing["spec"]["selector"]["matchLabels"], rendered):
            yield f"{_title(thing)} selects no pod"
    for thing in rendered.of("NetworkPolicy"):
        if not _selected(thing["spec"]["podSelector"].get("matchLabels", {}), rendered):
            yield f"{_title(thing)} selects no pod"


def ports_exist(rendered: Rendered) -> Iterator[str]:
    """Services, probes and policies name ports that containers have."""
    for thing in rendered.of("Service"):
        pods = _selected(thing["spec"]["selector"], rendered)
        for port in thing["spec"]["ports"]:
            if not all(_has_port(pod, port["targetPort"]) for pod in pods):
                yield f"{_title(thing)}: no container has port {port['targetPort']}"
    for pod in rendered.pods:
        for kind, probe in _probes(pod.main):
            if not _has_port(pod, _probed(probe)):
                yield f"{pod.name}: {kind} asks port {_probed(probe)}, which no container has"


def probes_exist(rendered: Rendered) -> Iterator[str]:
    """Whatever runs for long is asked whether it started, lives and is ready."""
    for pod in rendered.pods:
        if pod.owner["kind"] not in ("Deployment", "StatefulSet") or pod.component == "desk":
            continue
        missing = {"startupProbe", "livenessProbe", "readinessProbe"} - {
            kind for kind, _ in _probes(pod.main)
        }
        if missing:
            yield f"{pod.name} has no {', '.join(sorted(missing))}"


def mounts_resolve(rendered: Rendered) -> Iterator[str]:
    """What is mounted is a volume, what is a volume is mounted, and both read what is there."""
    made = _made(rendered)
    for pod in rendered.pods:
        volumes = {each["name"]: each for each in pod.spec.get("volumes", [])}
        claimed = {
            each["metadata"]["name"] for each in pod.owner["spec"].get("volumeClaimTemplates", [])
        }
        mounted = {each["name"] for one in pod.containers() for each in one.get("volumeMounts", [])}
        for name in sorted(mounted - set(volumes) - claimed):
            yield f"{pod.name} mounts {name}, which is no volume"
        for name in sorted(set(volumes) - mounted):
            yield f"{pod.name}: nobody mounts {name}"
        for kind, name in _referred(pod):
            if (kind, name) not in made and not (kind == "Secret" and MADE_ELSEWHERE.search(name)):
                yield f"{pod.name} wants {kind} {name}, which nobody makes"


def resources_fit(rendered: Rendered) -> Iterator[str]:
    """Every container asks for CPU and memory, and for no more than its limits."""
    for pod in rendered.pods:
        for container in pod.containers():
            asked = container.get("resources", {}).get("requests", {})
            limits = container.get("resources", {}).get("limits", {})
            for each in ("cpu", "memory"):
                if each not in asked:
                    yield f"{pod.name}: {container['name']} asks for no {each}"
            if "memory" not in limits:
                yield f"{pod.name}: {container['name']} has no limit of memory"
            for each in set(asked) & set(limits):
                if quantity(asked[each]) > quantity(limits[each]):
                    yield f"{pod.name}: {container['name']} asks for more {each} than its limit"


def is_restricted(rendered: Rendered) -> Iterator[str]:
    """Pods fit Kubernetes' `restricted` standard, and more: nothing is written to the root file system."""
    for pod in rendered.pods:
        spec = pod.spec
        security = spec.get("securityContext", {})
        if security.get("runAsNonRoot") is not True or not security.get("runAsUser"):
            yield f"{pod.name} may run as root"
        if security.get("seccompProfile", {}).get("type") != "RuntimeDefault":
            yield f"{pod.name} has no seccomp profile"
        for forbidden in ("hostNetwork", "hostPID", "hostIPC"):
            if spec.get(forbidden):
                yield f"{pod.name} uses {forbidden}"
        if any("hostPath" in each for each in spec.get("volumes", [])):
            yield f"{pod.name} mounts a path of its host"
        if spec.get("automountServiceAccountToken") is not False and pod.component != "keys":
            yield f"{pod.name} gets a token of the cluster"
        for container in pod.containers():
            yield from _unrestricted(pod, container)


def _unrestricted(pod: Pod, container: Thing) -> Iterator[str]:
    security = container.get("securityContext", {})
    title = f"{pod.name}: {container['name']}"
    if security.get("allowPrivilegeEscalation") is not False:
        yield f"{title} may gain privileges"
    if security.get("capabilities") != {"drop": ["ALL"]}:
        yield f"{title} keeps capabilities"
    if security.get("readOnlyRootFilesystem") is not True:
        yield f"{title} may write to its root file system"
    if security.get("privileged") or security.get("runAsUser") == 0:
        yield f"{title} is privileged"


def environment_is_read(rendered: Rendered) -> Iterator[str]:
    """Every variable that is set is read by its program, and those without a usable default are set."""
    for pod in rendered.pods:
        if pod.component not in PROGRAMS:
            continue
        known = _variables(pod.component)
        given = {name for name in pod.environment() if not name.startswith("DATABASE_")}
        for name in sorted(given - known):
            yield f"{pod.name} sets {name}, which {pod.component} does not read"
        for name in sorted(_required(pod.component) - given):
            yield f"{pod.name} does not set {name}"


def variables_are_given_once(rendered: Rendered) -> Iterator[str]:
    """No container has a variable twice; what refers to another comes after it."""
    for pod in rendered.pods:
        for container in pod.containers():
            names = [each["name"] for each in container.get("env", [])]
            for name in sorted({each for each in names if names.count(each) > 1}):
                yield f"{pod.name}: {container['name']} is told {name} twice"
            for each in container.get("env", []):
                for used in re.findall(r"\$\((\w+)\)", str(each.get("value", ""))):
                    if used not in names[: names.index(each["name"])]:
                        yield f"{pod.name}: {each['name']} refers to {used}, which does not come before it"


def updates_lose_nothing(rendered: Rendered) -> Iterator[str]:
    """A pod that goes away waits until nobody calls it, and has time for the calls in work."""
    for pod in rendered.pods:
        if pod.component not in PROGRAMS:
            continue
        sleep = pod.main.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        if sleep < 5:
            yield f"{pod.name} ends before its callers know"
        if pod.spec.get("terminationGracePeriodSeconds", 30) < sleep + 20:
            yield f"{pod.name} has no time to end"
        rolling = pod.owner["spec"].get("strategy", {}).get("rollingUpdate", {})
        if rolling.get("maxUnavailable") != 0:
            yield f"{pod.name} may be away while it is updated"


def doors_are_asked_as_they_answer(rendered: Rendered) -> Iterator[str]:
    """With certificates gateway and pages answer by HTTPS: probes, Services, the entrance and their callers know."""
    services = {each["metadata"]["name"]: each for each in rendered.of("Service")}
    for pod in (each for each in rendered.pods if each.component in DOORS):
        scheme = "https" if "INTERCHANGE_TLS_CERTIFICATE_FILE" in pod.environment() else "http"
        for kind, probe in _probes(pod.main):
            if probe["httpGet"].get("scheme", "HTTP").lower() != scheme:
                yield f"{pod.name}: {kind} does not ask by {scheme}"
        service = services[pod.owner["metadata"]["name"]]
        port = service["spec"]["ports"][0]
        if (port["name"], port["appProtocol"]) != (scheme, scheme):
            yield f"{_title(service)} does not say that it is {scheme}"
        yield from _wrong_urls(rendered, f"{service['metadata']['name']}.", scheme)
        yield from _wrong_entrance(rendered, service, scheme)


def _wrong_urls(rendered: Rendered, host: str, scheme: str) -> Iterator[str]:
    for pod in rendered.pods:
        environment = pod.environment()
        for name, each in environment.items():
            if f"//{host}" not in str(each.get("value")):
                continue
            if not each["value"].startswith(f"{scheme}://{host}"):
                yield f"{pod.name}: {name} is not {scheme}"
            if scheme == "https" and "INTERCHANGE_TLS_AUTHORITY_FILE" not in environment:
                yield f"{pod.name} is not told whose certificates to believe"


def _wrong_entrance(rendered: Rendered, service: Thing, scheme: str) -> Iterator[str]:
    name, ports = service["metadata"]["name"], {each["name"] for each in service["spec"]["ports"]}
    for ingress in rendered.of("Ingress"):
        paths = [path for rule in ingress["spec"]["rules"] for path in rule["http"]["paths"]]
        named = [each["backend"]["service"] for each in paths]
        if not {each["port"]["name"] for each in named if each["name"] == name} <= ports:
            yield f"{_title(ingress)} leads to a port that {_title(service)} does not have"
    encrypted = {
        target["name"]
        for policy in rendered.of("BackendTLSPolicy")
        for target in policy["spec"]["targetRefs"]
    }
    if rendered.of("HTTPRoute") and (name in encrypted) != (scheme == "https"):
        yield f"the gateway API is told otherwise than by {scheme} to ask {name}"


CLAIMS: tuple[Claim, ...] = (
    is_valid,
    names_are_short,
    selectors_meet,
    ports_exist,
    probes_exist,
    mounts_resolve,
    resources_fit,
    is_restricted,
    environment_is_read,
    variables_are_given_once,
    updates_lose_nothing,
    doors_are_asked_as_they_answer,
)


def quantity(text: Any) -> Decimal:
    """A quantity of Kubernetes as a number."""
    found = QUANTITY.match(str(text))
    if not found:
        raise ValueError(f"{text!r} is no quantity")
    return Decimal(found[1]) * UNITS[found[2]]


def _title(thing: Thing) -> str:
    return f"{thing['kind']}/{thing['metadata']['name']}"


def _matches(selector: Mapping[str, str], pod: Pod) -> bool:
    return selector.items() <= pod.labels.items()


def _selected(selector: Mapping[str, str], rendered: Rendered) -> list[Pod]:
    return [pod for pod in rendered.pods if _matches(selector, pod)]


def _has_port(pod: Pod, port: Any) -> bool:
    ports = [each for one in pod.containers() for each in one.get("ports", [])]
    return any(port in (each["name"], each["containerPort"]) for each in ports)


def _probes(container: Thing) -> Iterator[tuple[str, Thing]]:
    for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
        if kind in container:
            yield kind, container[kind]


def _probed(probe: Thing) -> Any:
    way = next(each for each in ("grpc", "httpGet", "tcpSocket") if each in probe)
    return probe[way]["port"]


def _made(rendered: Rendered) -> set[tuple[str, str]]:
    """Also what cert-manager makes."""
    certificates = {("Secret", each["spec"]["secretName"]) for each in rendered.of("Certificate")}
    return certificates | {(each["kind"], each["metadata"]["name"]) for each in rendered.things}


def _referred(pod: Pod) -> Iterator[tuple[str, str]]:
    for volume in pod.spec.get("volumes", []):
        if "secret" in volume:
            yield "Secret", volume["secret"]["secretName"]
        if "configMap" in volume:
            yield "ConfigMap", volume["configMap"]["name"]
        if "persistentVolumeClaim" in volume:
            yield "PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"]
    if pod.spec.get("serviceAccountName"):
        yield "ServiceAccount", pod.spec["serviceAccountName"]
    for container in pod.containers():
        for each in container.get("env", []):
            source = each.get("valueFrom", {}).get("secretKeyRef")
            if source:
                yield "Secret", source["name"]


def _config(program: str) -> Any:
    module = f"services.{program}.config" if program in SERVICES else f"{program}.config"
    return import_module(module).Config


def _variables(program: str) -> set[str]:
    return {f"INTERCHANGE_{field.upper()}" for field in _config(program).model_fields}


def _required(program: str) -> set[str]:
    """What a developer's machine has defaults for that are wrong anywhere else."""
    required = {"REGION", "METRICS_HOST", "METRICS_PORT", "REDIS_URL"}
    if program != "web":
        required |= {"SERVICE_KEY_FILE", "SERVICE_KEYS_FILE"}
    if program in SERVICES:
        required |= {"GRPC_ADDRESS", "HEALTH_ADDRESS", "NATS_URL", "NATS_SEED_FILE", "DATABASE_URL"}
    else:
        required |= {"HOST", "PORT", "TRUSTED_PROXIES"}
    fields = _config(program).model_fields
    required |= {"KEY_ENCRYPTION_FILE", "REGION_DISPLAY_NAME", "INDEX_DIR", "REDIRECT_URIS"} & {
        each.upper() for each in fields
    }
    if program in ("web", "notifications"):
        required |= {"PUBLIC_URL"}
    return {f"INTERCHANGE_{each}" for each in required}
