"""Are swaps found as well as can be, and soon? Against kep_solver, by which kidney exchanges are planned, and bounds.

kep_solver is under the AGPL and never a dependency: the pool is handed to a Python that has it, in its own process.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from time import process_time

from services.matching.swaps.checking import faults
from services.matching.swaps.expecting import of_rings
from services.matching.swaps.graph import Graph
from services.matching.swaps.legs import graph
from services.matching.swaps.program import program
from services.matching.swaps.rings import cycles
from services.matching.swaps.solving import LONGEST_CHAIN, SURVIVAL, Solution, relax, solve
from tests.bench.questions.swap_pools import pool
from tests.bench.report import Row

KEP_SOLVER = Path(__file__).with_name("swaps_by_kep_solver.py")
HOW = "python3 -m venv kep && kep/bin/pip install kep_solver==4.0.2; KEP_PYTHON=kep/bin/python"
TIME_LIMIT_S = 60.0


def rows(_: Path) -> Iterator[Row]:
    yield _small()
    yield _large()


def _small() -> Row:
    """500 people, rings up to four: both must find the same proven optimum."""
    swaps = graph(pool(500, 0, seed=1))
    found, cpu_s = _solve(swaps, longest=4)
    what = "swaps, 500 people, up to 4: optimum, CPU s"
    python = os.environ.get("KEP_PYTHON")
    if python is None:
        return Row(what, f"{cpu_s:.2f}", f"not measured: {HOW}", "<= 0.25x", False)
    other = _by_kep_solver(Path(python), swaps, longest=4)
    is_same = found.is_proven and abs(found.worth - other["worth"]) < 1e-6 * found.worth
    share = cpu_s / other["cpu_s"]
    measured = f"{share:.2f}x ({cpu_s:.2f} s)" + ("" if is_same else ", NOT THE SAME")
    beside = f"kep_solver {other['cpu_s']:.2f} s"
    return Row(what, measured, beside, "<= 0.25x", is_same and share <= 0.25)


def _large() -> Row:
    """2,000 people, rings up to three."""
    swaps = graph(pool(2000, 0, seed=1))
    found, cpu_s = _solve(swaps, longest=3, enough=0.01)
    asked = program(swaps, longest=3, longest_chain=LONGEST_CHAIN, survival=SURVIVAL)
    share = found.worth / relax(asked).bound
    return Row(
        "swaps, 2,000 people, up to 3: of the LP bound",
        f"{share:.4f} ({cpu_s:.1f} CPU s)",
        f"LP bound {relax(asked).bound:,.1f}",
        ">= 0.99, 12 s",
        share >= 0.99 and cpu_s <= 12,
    )


def _solve(swaps: Graph, *, longest: int, enough: float = 0.0) -> tuple[Solution, float]:
    """What is found, looked over, and the CPU seconds from the graph on."""
    start = process_time()
    found = solve(swaps, time_limit_s=TIME_LIMIT_S, longest=longest, enough=enough)
    used = process_time() - start
    if wrong := list(faults(swaps, found.rings, longest=longest, longest_chain=LONGEST_CHAIN)):
        raise AssertionError(wrong)
    return found, used


def _by_kep_solver(python: Path, swaps: Graph, *, longest: int) -> dict[str, float]:
    rings = list(cycles(swaps, longest=longest))
    worths = of_rings(swaps, rings, SURVIVAL).tolist()
    asked = {
        "people": swaps.size,
        "arcs": list(swaps.arcs),
        "longest": longest,
        "worth": [(ring.members, worth) for ring, worth in zip(rings, worths, strict=True)],
    }
    answer = subprocess.run(
        [python, KEP_SOLVER], input=json.dumps(asked), capture_output=True, text=True, check=True
    )
    return json.loads(answer.stdout)
