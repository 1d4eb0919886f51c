"""Whether the key that this command signs with is the one that the programs know: Secrets are made together."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from chassis.auth import read_key
from cli.doctor.finding import Finding
from cli.doctor.places import Places

MIXED = "these Secrets are not of one making: bring all …-keys-… back from the same backup"


def trust(places: Places) -> Iterator[Finding]:
    """Nothing on one machine, where keys are files of one folder."""
    if places.own_key and places.known_keys:
        yield known(places.own_key, places.known_keys)


def known(own: Path, listed: Path) -> Finding:
    """Whether the public keys that all know have ours among them."""
    try:
        key = read_key(own)
        keys = json.loads(listed.read_text())["keys"]
    except (OSError, ValueError, KeyError) as problem:
        return Finding("own key", f"can't be read ({type(problem).__name__})", MIXED)
    if any(each["kid"] == key["kid"] and each["x"] == key["x"] for each in keys):
        return Finding("own key", "is known to the programs")
    return Finding("own key", "is not the one that the programs know", MIXED)
