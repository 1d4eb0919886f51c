"""Bill of materials of an environment, CycloneDX and a list of licences: `python bill.py FOLDER` inside it."""

from __future__ import annotations

import json
import sys
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any


def main(folder: Path) -> None:
    packages = sorted(distributions(), key=lambda each: each.name.lower())
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "interchange"}},
        "components": [component(each) for each in packages],
    }
    (folder / "sbom.cdx.json").write_text(json.dumps(bill, indent=1))
    lines = [f"{each.name} {each.version}: {licence(each)}" for each in packages]
    (folder / "licences.txt").write_text("\n".join(lines) + "\n")


def component(package: Distribution) -> dict[str, Any]:
    """One package as CycloneDX has it."""
    name = package.name.lower().replace("_", "-")
    return {
        "type": "library",
        "name": package.name,
        "version": package.version,
        "purl": f"pkg:pypi/{name}@{package.version}",
        "licenses": [{"license": {"name": licence(package)}}],
    }


def licence(package: Distribution) -> str:
    """As the package itself says, the newest way of saying it first."""
    said = package.metadata
    if said.get("License-Expression"):
        return str(said["License-Expression"])
    classified = [
        each.rpartition(" :: ")[2]
        for each in said.get_all("Classifier") or []
        if each.startswith("License ::")
    ]
    free = str(said.get("License") or "not said").strip().partition("\n")[0]
    return ", ".join(classified) or free


if __name__ == "__main__":
    main(Path(sys.argv[1]))
