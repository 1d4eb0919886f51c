"""Every profile renders to what a cluster takes and an operator wants, at the ends of what we support."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml

from cli import keys
from cli.settings import PROGRAMS
from deploy.checks import arrows, claims
from deploy.checks.chart import (
    CHART,
    NEWEST,
    OLDEST,
    PROFILES,
    Pod,
    Refused,
    Rendered,
    Thing,
    helm,
    render,
)

pytestmark = pytest.mark.usefixtures("tools_or_skip")

# As they are given, and what else an operator may choose.
VARIANTS = {
    "bare": ("small", "nats.kind=bundled"),
    "on the gateway API": ("region", "httpRoute.enabled=true", "httpRoute.parentRefs[0].name=main"),
    "on the gateway API, by an authority in a ConfigMap": (
        "region", "httpRoute.enabled=true", "httpRoute.parentRefs[0].name=main",
        "httpRoute.authorityRefs[0].kind=ConfigMap", "httpRoute.authorityRefs[0].name=region-authority",
    ),
    "on the gateway API, in the clear": (
        "region", "httpRoute.enabled=true", "httpRoute.parentRefs[0].name=main", "tls.enabled=false",
    ),
    "without desk and monitoring": ("region", "desk.enabled=false", "monitoring.dashboards=false"),
    "external, in the clear": (
        "small", "postgresql.kind=external", "postgresql.external.existingSecret=interchange-databases",
    ),
    "traced": ("small", "otlp.endpoint=http://collector:4318"),
    "without traces": ("small", "traces.enabled=false"),
    "mail by Notify": ("small", "mail.existingSecret=interchange-mail", "mail.notifySecret=interchange-notify"),
}  # fmt: skip


@cache
def rendered(
    profile: str, *settings: str, kubernetes: str = NEWEST, is_upgrade: bool = False
) -> Rendered:
    return render(profile, *settings, kubernetes=kubernetes, is_upgrade=is_upgrade)


@pytest.mark.parametrize("profile", PROFILES)
def test_helm_finds_nothing_to_say(profile: str) -> None:
    helm("lint", "--strict", CHART, "-f", CHART / f"values-{profile}.yaml")


@pytest.mark.parametrize("claim", claims.CLAIMS, ids=lambda each: each.__name__)
@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_is_sound(profile: str, claim: claims.Claim) -> None:
    assert list(claim(rendered(profile))) == []


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("is_upgrade", [False, True], ids=["install", "upgrade"])
@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_every_supported_kubernetes_takes_it(profile: str, version: str, is_upgrade: bool) -> None:
    things = rendered(profile, kubernetes=version, is_upgrade=is_upgrade)

    assert list(claims.is_valid(things, version)) == []


@pytest.mark.parametrize("variant", VARIANTS)
def test_what_an_operator_may_choose_is_sound(variant: str) -> None:
    things = rendered(*VARIANTS[variant])

    assert [wrong for claim in claims.CLAIMS for wrong in claim(things)] == []


@pytest.mark.parametrize("profile", PROFILES)
def test_network_policies_are_the_architecture_s_arrows(profile: str) -> None:
    assert arrows.in_policies(rendered(profile)) == arrows.in_code()


@pytest.mark.parametrize("profile", PROFILES)
def test_nothing_is_let_through_that_no_policy_names(profile: str) -> None:
    """Every pod of ours is under the policy that denies everything."""
    things = rendered(profile)
    deny = next(
        each for each in things.of("NetworkPolicy") if each["metadata"]["name"].endswith("-nothing")
    )

    assert deny["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert "ingress" not in deny["spec"] and "egress" not in deny["spec"]
    selector = deny["spec"]["podSelector"]["matchLabels"]
    assert all(selector.items() <= pod.labels.items() for pod in things.pods)


def test_a_pilot_keeps_its_own_traces_and_a_backend_takes_them_over() -> None:
    pilot, traced = rendered("small"), rendered("small", "otlp.endpoint=http://collector:4318")
    told = {pod.component: pod.environment() for pod in pilot.pods if pod.component in PROGRAMS}
    of_backend = traced.pod("gateway").environment()["INTERCHANGE_OTLP_ENDPOINT"]

    assert len(told) == len(PROGRAMS)
    for variables in told.values():
        place = variables["INTERCHANGE_OTLP_ENDPOINT"]["value"]
        assert place == "http://east-interchange-traces:4318"
    assert of_backend["value"] == "http://collector:4318"
    (policy,) = (
        each
        for each in pilot.of("NetworkPolicy")
        if each["metadata"]["name"] == "east-interchange-traces"
    )
    callers = {
        peer["podSelector"]["matchLabels"][arrows.COMPONENT]
        for rule in policy["spec"]["ingress"]
        for peer in rule["from"]
    }
    assert callers == {*PROGRAMS, "desk"}
    assert "egress" not in policy["spec"]


def test_each_program_gets_its_own_keys_only() -> None:
    things = rendered("region")

    for pod in things.pods:
        secrets = {each["secret"]["secretName"] for each in pod.spec["volumes"] if "secret" in each}
        parcels = {each.partition("-keys-")[2] for each in secrets if "-keys-" in each}
        own = {"desk": {"cli"}, "test": {"cli"}, "jobs": {"bus"}}
        own |= {each: set() for each in ("web", "keys", "traces")}
        allowed = own.get(pod.component, {pod.component})
        assert parcels <= allowed | {"public"}, pod.name


def test_in_production_nobody_asks_gateway_or_pages_in_the_clear() -> None:
    for profile in ("region", "national"):
        told = [name["value"] for pod in rendered(profile).pods for name in plain(pod)]

        asked = [each for each in told if re.search(r"//east-interchange-(gateway|web)\.", each)]
        assert len(asked) == 5, asked  # by the pages, and both by the desk and by `helm test`
        assert all(each.startswith("https://") for each in asked)


def plain(pod: Pod) -> Iterator[Thing]:
    """Variables with a value in them."""
    return (each for each in pod.environment().values() if "value" in each)


def test_an_entrance_may_ask_by_the_name_that_people_use() -> None:
    certificates = {each["metadata"]["name"]: each for each in rendered("region").of("Certificate")}

    for program in ("gateway", "web"):
        names = certificates[f"east-interchange-{program}"]["spec"]["dnsNames"]
        assert {"interchange.example", f"east-interchange-{program}.interchange.svc"} <= set(names)
    assert "interchange.example" not in str(certificates["east-interchange-identity"])


def test_a_controller_is_told_by_annotations_of_the_services_at_the_door() -> None:
    things = render("region", "ingress.serviceAnnotations.proto=https")

    told = {
        each["metadata"]["name"]
        for each in things.of("Service")
        if "annotations" in each["metadata"]
    }
    assert told == {"east-interchange-gateway", "east-interchange-web"}


def test_the_desk_knows_what_partners_are_told_of_the_region() -> None:
    told = ("region.displayName=South West", "publicUrl=https://south-west.example")

    desk = render("region", *told).pod("desk").spec["containers"][0]

    environment = {each["name"]: each.get("value") for each in desk["env"]}
    assert environment["REGION_DISPLAY_NAME"] == "South West"
    assert environment["PUBLIC_URL"] == "https://south-west.example"


def test_a_change_of_the_schema_comes_before_the_pods_that_need_it() -> None:
    def hooks(profile: str, is_upgrade: bool) -> list[str | None]:
        jobs = rendered(profile, is_upgrade=is_upgrade).of("Job")
        return [hook(each) for each in jobs if "-migrate" in each["metadata"]["name"]]

    assert hooks("national", is_upgrade=False) == ["pre-install,pre-upgrade"]
    assert hooks("national", is_upgrade=True) == ["pre-install,pre-upgrade"]
    # The database itself is a part of the release: a job before it would wait for ever.
    assert hooks("region", is_upgrade=False) == [None]
    # The second for databases that come with the new version.
    assert sorted(hooks("region", is_upgrade=True), key=str) == [None, "pre-upgrade"]
    waits = rendered("region").pod("identity").spec["initContainers"][0]
    assert waits["args"] == ["migrate", "--wait", "identity"]


def test_keys_come_first_at_every_installation_and_upgrade() -> None:
    things = rendered("region", is_upgrade=True)
    jobs = {each["metadata"]["name"]: each for each in things.of("Job") if hook(each)}
    weights = {
        name: int(each["metadata"]["annotations"]["helm.sh/hook-weight"])
        for name, each in jobs.items()
    }

    assert hook(jobs["east-interchange-keys"]) == "pre-install,pre-upgrade"
    assert min(weights, key=lambda name: weights[name]) == "east-interchange-keys"
    for part in things.of("ServiceAccount", "Role", "RoleBinding", "NetworkPolicy"):
        if part["metadata"]["name"] == "east-interchange-keys":
            assert hook(part) == "pre-install,pre-upgrade"
            assert int(part["metadata"]["annotations"]["helm.sh/hook-weight"]) < min(
                weights.values()
            )


def test_the_job_of_the_keys_may_do_no_more_than_it_does() -> None:
    whom = [f"east-interchange-keys-{each}" for each in keys.WHOM]
    derived = [f"east-interchange-keys-{each}" for each in keys.DERIVED]
    (role,) = rendered("region").of("Role")

    may = [(set(each["verbs"]), sorted(each.get("resourceNames", []))) for each in role["rules"]]

    assert may == [
        ({"create"}, []),
        ({"get"}, sorted(whom)),
        ({"update", "delete"}, sorted(derived)),
    ]


def test_a_program_that_a_release_adds_gets_all_that_it_needs(tmp_path: Path) -> None:
    chart = with_another_program(tmp_path)
    region = render("region", chart=chart, is_upgrade=True)
    national = render("national", chart=chart, is_upgrade=True)

    assert [wrong for claim in claims.CLAIMS for wrong in claim(region)] == []
    assert "east-interchange-keys-reading" in str(region.of("Role"))
    assert "east-interchange-reading" in names(region, "Database")
    assert "east-interchange-reading" in names(region, "Certificate")
    assert "east-interchange-keys-reading" in names(national, "ExternalSecret")
    for pod in region.pods:
        if pod.component == "jobs" and pod.main["name"] in ("migrate", "backup"):
            assert "READING_DATABASE_URL" in pod.environment()


def with_another_program(folder: Path) -> Path:
    """Today's chart, with one program more."""
    chart = folder / "interchange"
    shutil.copytree(CHART, chart)
    values = yaml.safe_load((chart / "values.yaml").read_text())
    values["programs"]["reading"] = {**values["programs"]["matching"], "port": 7106}
    (chart / "values.yaml").write_text(yaml.safe_dump(values))
    schema = json.loads((chart / "values.schema.json").read_text())
    known = schema["properties"]["programs"]["properties"]
    known["reading"] = known["matching"]
    (chart / "values.schema.json").write_text(json.dumps(schema))
    return chart


def names(things: Rendered, kind: str) -> set[str]:
    return {each["metadata"]["name"] for each in things.of(kind)}


def hook(thing: Thing) -> str | None:
    """When Helm makes it before all that has no such mark."""
    found: str | None = thing["metadata"].get("annotations", {}).get("helm.sh/hook")
    return found


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("programs.identity.replica=2", "additional properties 'replica' not allowed"),
        ("nats.kind=rabbit", "'external', 'bundled'"),
        ("publicUrl=interchange.example", "publicUrl"),
        ("region.code=East", "region/code"),
        ("programs.web.resources.limits.memory=lots", "memory"),
        ("programs.web.env.FOO=bar", "FOO"),
        ("programs.matching.autoscaling.enabled=true", "autoscaling/enabled"),
        ("nats.replicas=2", "nats/replicas"),
    ],
)
def test_a_wrong_value_is_refused_by_name(setting: str, words: str) -> None:
    with pytest.raises(Refused) as refused:
        render("small", setting)

    assert words in str(refused.value)


def test_what_must_be_said_is_asked_for() -> None:
    with pytest.raises(Refused, match="name a Secret with a URL for each service"):
        render("small", "postgresql.kind=external")


def test_every_value_is_in_the_schema() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    values = yaml.safe_load((CHART / "values.yaml").read_text())

    assert set(values) == set(schema["properties"]) - {"global"}
