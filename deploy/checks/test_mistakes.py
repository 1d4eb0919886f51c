"""Mistakes that were planted in the chart are found: the checks can fail."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from deploy.checks import arrows, claims
from deploy.checks.chart import CHART, render

pytestmark = pytest.mark.usefixtures("tools_or_skip")

# What is changed in which file, and a word of what the checks then say.
MISTAKES = {
    "a service that selects nobody": (
        "programs.yaml",
        "  selector: {{- include \"interchange.selector\" $scope | nindent 4 }}\n  ports:",
        "  selector: {app: nobody}\n  ports:",
        "selects no pod",
    ),
    "a port that no container has": ("programs.yaml", "targetPort: main", "targetPort: mian", "mian"),
    "a probe of a port that is not there": (
        "programs.yaml", "grpc: {port: 8081}\n", "grpc: {port: 8082}\n", "8082",
    ),
    "no readiness": ("programs.yaml", "readinessProbe:", "x-readiness:", "readinessProbe"),
    "a mount without a volume": (
        "_pod.tpl", "- {name: keys, mountPath", "- {name: kyes, mountPath", "kyes",
    ),
    "a secret that nobody makes": (
        "_pod.tpl",
        "secretName: {{ include \"interchange.keys\" .root }}-keys-{{ .name }}",
        "secretName: {{ .name }}-secret",
        "which nobody makes",
    ),
    "a request over its limit": (
        "programs.yaml",
        "resources: {{- toYaml $program.resources | nindent 12 }}",
        "resources: {requests: {cpu: 1, memory: 2Gi}, limits: {memory: 1Gi}}",
        "more memory than its limit",
    ),
    "a container that may write": (
        "_pod.tpl", "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "root file system",
    ),
    "a pod as root": ("_pod.tpl", "runAsNonRoot: true", "runAsNonRoot: false", "run as root"),
    "a variable that nobody reads": (
        "_environment.tpl", "INTERCHANGE_LOG_LEVEL", "INTERCHANGE_LOGLEVEL", "does not read",
    ),
    "a variable that is missing": (
        "_environment.tpl", "- {name: INTERCHANGE_NATS_SEED_FILE", "#", "does not set",
    ),
    "a field with a typing error": (
        "programs.yaml", "terminationGracePeriodSeconds:", "terminationGracePeriod:", "terminationGracePeriod",
    ),
    "a kind that nobody knows": ("programs.yaml", "kind: Deployment", "kind: Deploymint", "no such kind"),
    "an update that takes the last pod": (
        "programs.yaml", "maxUnavailable: 0", "maxUnavailable: 1", "while it is updated",
    ),
}  # fmt: skip
# Those that only a region with certificates can have.
OF_CERTIFICATES = {
    "a probe that does not ask by HTTPS": (
        "programs.yaml", "port: main, scheme:", "port: main} # {", "does not ask by https",
    ),
    "pages that ask the gateway in the clear": (
        "_environment.tpl",
        '{{ include "interchange.url" (dict "root" .root "component" "gateway") | quote }}',
        'http://{{ include "interchange.host" (dict "root" .root "component" "gateway") }}:8080',
        "INTERCHANGE_GATEWAY_URL is not https",
    ),
    "an Ingress that leads to a port by the old name": (
        "entrance.yaml", 'port: {name: {{ include "interchange.scheme" $ }}}', "port: {name: http}",
        "leads to a port",
    ),
    "a certificate that nobody asks for": (
        "certificates.yaml",
        "secretName: {{ include \"interchange.fullname\" .root }}-{{ .component }}-tls",
        "secretName: {{ include \"interchange.fullname\" .root }}-{{ .component }}",
        "-tls, which nobody makes",
    ),
}  # fmt: skip


def planted(folder: Path, file: str, right: str, wrong: str) -> Path:
    chart = folder / "interchange"
    shutil.copytree(CHART, chart)
    template = chart / "templates" / file
    text = template.read_text()
    assert right in text, "the mistake has nowhere to go: the chart has changed"
    template.write_text(text.replace(right, wrong))
    return chart


@pytest.mark.parametrize(
    ("profile", "mistake"),
    [*(("small", each) for each in MISTAKES), *(("region", each) for each in OF_CERTIFICATES)],
)
def test_a_planted_mistake_is_found(tmp_path: Path, profile: str, mistake: str) -> None:
    file, right, wrong, words = {**MISTAKES, **OF_CERTIFICATES}[mistake]
    things = render(profile, chart=planted(tmp_path, file, right, wrong))

    found = [each for claim in claims.CLAIMS for each in claim(things)]

    assert any(words in each for each in found), found


def test_an_arrow_too_many_is_found() -> None:
    things = render("small", "programs.web.calls[0]=gateway", "programs.web.calls[1]=identity")

    assert arrows.in_policies(things) - arrows.in_code() == {("web", "identity")}


def test_an_arrow_too_few_is_found() -> None:
    things = render(
        "small",
        "programs.matching.calls[0]=identity",
        "programs.matching.calls[1]=opportunities",
        "programs.matching.calls[2]=notifications",
    )

    assert arrows.in_code() - arrows.in_policies(things) == {("matching", "federation")}
