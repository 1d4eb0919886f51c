"""Secrets of a Kubernetes namespace: as a manifest to apply by hand, or made from inside the cluster."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests

from cli.keys import DERIVED

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
WITHIN_S = 10.0
OK, CREATED, NOT_FOUND, UNPROCESSABLE = 200, 201, 404, 422


class Refused(Exception):
    """The cluster did not do as it was asked; the message says why."""


def name_of(release: str, whom: str) -> str:
    """The name of the Secret with a parcel of keys."""
    return f"{release}-keys-{whom}"


def secret(release: str, whom: str, files: Mapping[str, bytes]) -> dict[str, Any]:
    """The Secret with a parcel of keys. Private ones are never changed once made."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": name_of(release, whom),
            "labels": {"app.kubernetes.io/part-of": "interchange"},
        },
        "immutable": whom not in DERIVED,
        "type": "Opaque",
        "data": {each: base64.b64encode(content).decode() for each, content in files.items()},
    }


def files_of(secret: Mapping[str, Any]) -> dict[str, bytes]:
    """What a Secret holds, as the API gives it."""
    return {name: base64.b64decode(text) for name, text in secret.get("data", {}).items()}


def own_cluster() -> str:
    """Where a pod finds the API of its cluster."""
    host = os.environ.get("KUBERNETES_SERVICE_HOST", "kubernetes.default.svc")
    host = f"[{host}]" if ":" in host else host
    return f"https://{host}:{os.environ.get('KUBERNETES_SERVICE_PORT', '443')}"


class Namespace:
    """The Secrets of the namespace that a service account belongs to, by the API at `url`."""

    def __init__(self, url: str, account: Path) -> None:
        namespace = (account / "namespace").read_text().strip()
        self._secrets = f"{url}/api/v1/namespaces/{namespace}/secrets"
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {(account / 'token').read_text().strip()}"
        authority = account / "ca.crt"
        self._session.verify = str(authority) if authority.exists() else True

    def read(self, name: str) -> dict[str, bytes] | None:
        """The files of a Secret; None when there is none of that name."""
        answer = self._session.get(f"{self._secrets}/{name}", timeout=WITHIN_S)
        if answer.status_code == NOT_FOUND:
            return None
        _require(answer, OK, f"reading Secret {name}")
        return files_of(answer.json())

    def create(self, secret: Mapping[str, Any]) -> None:
        """Make a Secret that is not there; Refused when it is."""
        answer = self._session.post(self._secrets, json=secret, timeout=WITHIN_S)
        _require(answer, CREATED, f"making Secret {secret['metadata']['name']}")

    def replace(self, secret: Mapping[str, Any]) -> None:
        """Change a Secret that is there; pods see it in a minute."""
        name = secret["metadata"]["name"]
        answer = self._session.put(f"{self._secrets}/{name}", json=secret, timeout=WITHIN_S)
        if answer.status_code == UNPROCESSABLE:  # immutable, as a version before made it
            answer = self._session.delete(f"{self._secrets}/{name}", timeout=WITHIN_S)
            _require(answer, OK, f"deleting Secret {name}")
            self.create(secret)
            return
        _require(answer, OK, f"changing Secret {name}")


def _require(answer: requests.Response, status: int, doing: str) -> None:
    if answer.status_code != status:
        raise Refused(f"{doing}: {answer.status_code} {answer.reason}")
