"""The chart as Helm renders it, for the profiles that we give and the Kubernetes that we support."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from deploy.checks import tools

CHART = Path(__file__).parents[1] / "helm" / "interchange"
RELEASE = "east"
NAMESPACE = "interchange"
PROFILES = ("small", "region", "national")
OLDEST, NEWEST = "1.30", "1.37"
# APIs that a cluster has only with their operators.
CRDS = (
    "monitoring.coreos.com/v1",
    "cert-manager.io/v1",
    "gateway.networking.k8s.io/v1",
    "external-secrets.io/v1",
    "postgresql.cnpg.io/v1",
)

Thing = Mapping[str, Any]


class Refused(Exception):
    """Helm would not render; the message is its own."""


def helm(*arguments: str | Path) -> str:
    """What helm prints; Refused when it does not do as it is told."""
    done = subprocess.run(
        [tools.HELM, *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    if done.returncode:
        raise Refused(done.stderr + done.stdout)
    return done.stdout


def render(
    profile: str,
    *settings: str,
    kubernetes: str = NEWEST,
    chart: Path = CHART,
    is_upgrade: bool = False,
) -> Rendered:
    """The objects of a profile with some values set otherwise."""
    more = [part for each in settings for part in ("--set", each)]
    if is_upgrade:
        more.append("--is-upgrade")
    apis = [part for each in CRDS for part in ("--api-versions", each)]
    text = helm(
        "template", RELEASE, chart, "--namespace", NAMESPACE, "--kube-version", kubernetes,
        "-f", chart / f"values-{profile}.yaml", *apis, *more,
    )  # fmt: skip
    return Rendered([each for each in yaml.load_all(text, Loader=yaml.CSafeLoader) if each])


@dataclass(frozen=True)
class Rendered:
    """Objects that were rendered together."""

    things: Sequence[Thing]

    def of(self, *kinds: str) -> list[Thing]:
        """Those of these kinds."""
        return [each for each in self.things if each["kind"] in kinds]

    @cached_property
    def pods(self) -> list[Pod]:
        """Every pod template, with what makes pods of it."""
        clocked = [(each, each["spec"]["jobTemplate"]) for each in self.of("CronJob")]
        owners = [*((each, each) for each in self.things if _has_pods(each)), *clocked]
        return [Pod(owner, maker["spec"]["template"]) for owner, maker in owners] + [
            Pod(each, each) for each in self.of("Pod")
        ]

    def pod(self, component: str) -> Pod:
        """The pod template of a component."""
        return next(each for each in self.pods if each.component == component)


def _has_pods(thing: Thing) -> bool:
    return thing["kind"] in ("Deployment", "StatefulSet", "Job", "DaemonSet")


@dataclass(frozen=True)
class Pod:
    """A pod template and its owner."""

    owner: Thing
    template: Thing

    @property
    def name(self) -> str:
        return f"{self.owner['kind']}/{self.owner['metadata']['name']}"

    @property
    def labels(self) -> Mapping[str, str]:
        labels: Mapping[str, str] = self.template["metadata"]["labels"]
        return labels

    @property
    def component(self) -> str:
        return self.labels["app.kubernetes.io/component"]

    @property
    def spec(self) -> Thing:
        spec: Thing = self.template["spec"]
        return spec

    def containers(self) -> Iterator[Thing]:
        """Also those that run before the others."""
        yield from self.spec.get("initContainers", [])
        yield from self.spec["containers"]

    @property
    def main(self) -> Thing:
        main: Thing = self.spec["containers"][0]
        return main

    def environment(self) -> dict[str, Any]:
        """What the main container is told, by name."""
        return {each["name"]: each for each in self.main.get("env", [])}
