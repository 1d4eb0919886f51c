"""The arrows of the architecture as code, values and network policies have them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from deploy.checks.chart import Rendered, Thing
from deploy.checks.claims import PROGRAMS, SERVICES

ROOT = Path(__file__).parents[2]
COMPONENT = "app.kubernetes.io/component"

Arrow = tuple[str, str]


def in_code() -> set[Arrow]:
    """Who asks whom: programs open channels to these addresses when they start, and the pages ask the gateway."""
    asked = {(program, callee) for program in PROGRAMS for callee in _addresses(program)}
    return asked | {("gateway", each) for each in SERVICES} | {("web", "gateway")}


def _addresses(program: str) -> set[str]:
    folder = ROOT / ("services" if program in SERVICES else "") / program
    return set(re.findall(r"channel\(config\.(\w+)_address", (folder / "__main__.py").read_text()))


def in_policies(rendered: Rendered) -> set[Arrow]:
    """What both ends let through: the caller's egress and the callee's ingress, on a port that is there."""
    return {
        (caller, callee)
        for caller in PROGRAMS
        for callee in PROGRAMS
        if caller != callee
        and _leaves(rendered, caller, callee)
        and _enters(rendered, caller, callee)
    }


def _leaves(rendered: Rendered, caller: str, callee: str) -> bool:
    labels = rendered.pod(callee).labels
    port = rendered.pod(callee).main["ports"][0]["containerPort"]
    return any(
        port in {each["port"] for each in rule.get("ports", [])} and _meets(rule.get("to"), labels)
        for rule in _rules(rendered, caller, "egress")
    )


def _enters(rendered: Rendered, caller: str, callee: str) -> bool:
    labels = rendered.pod(caller).labels
    return any(
        any(each["port"] == "main" for each in rule.get("ports", []))
        and _meets(rule.get("from"), labels)
        for rule in _rules(rendered, callee, "ingress")
    )


def _rules(rendered: Rendered, component: str, way: str) -> Iterator[Thing]:
    labels = rendered.pod(component).labels
    for policy in rendered.of("NetworkPolicy"):
        selector = policy["spec"]["podSelector"].get("matchLabels", {})
        if selector.items() <= labels.items():
            yield from policy["spec"].get(way) or []


def _meets(peers: list[Thing] | None, labels: dict[str, str] | Thing) -> bool:
    if peers is None:
        return True
    return any(
        "podSelector" in peer
        and peer["podSelector"].get("matchLabels", {}).items() <= labels.items()
        and "namespaceSelector" not in peer
        for peer in peers
    )
