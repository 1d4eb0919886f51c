"""Secrets of a Kubernetes namespace: as a manifest to apply by hand, or made from inside the cluster."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
WITHIN_S = 10.0
OK, CREATED, NOT_FOUND, CONFLICT = 200, 201, 404, 409

Parcels = Mapping[str, Mapping[str, bytes]]


class Refused(Exception):
    """The cluster did not do as it was asked; the message says why."""


def secrets(release: str, parcels: Parcels) -> list[dict[str, Any]]:
    """One Secret for each parcel, named `<release>-keys-<whom>`; never changed once made."""
    return [_secret(f"{release}-keys-{whom}", files) for whom, files in parcels.items()]


def _secret(name: str, files: Mapping[str, bytes]) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "labels": {"app.kubernetes.io/part-of": "interchange"}},
        "immutable": True,
        "type": "Opaque",
        "data": {each: base64.b64encode(content).decode() for each, content in files.items()},
    }


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

    def has(self, name: str) -> bool:
        """Whether there is such a Secret."""
        answer = self._session.get(f"{self._secrets}/{name}", timeout=WITHIN_S)
        if answer.status_code not in (OK, NOT_FOUND):
            raise Refused(f"looking for Secret {name}: {answer.status_code} {answer.reason}")
        return answer.status_code == OK

    def create(self, secret: Mapping[str, Any]) -> None:
        """Make a Secret that is not there; Refused when it is."""
        answer = self._session.post(self._secrets, json=secret, timeout=WITHIN_S)
        if answer.status_code != CREATED:
            name = secret["metadata"]["name"]
            raise Refused(f"making Secret {name}: {answer.status_code} {answer.reason}")
