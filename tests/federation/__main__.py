"""The simulator at length: how often the whole design and each one short of a part is violated, over many seeds."""

from __future__ import annotations

import os
import sys
from collections import Counter
from multiprocessing import Pool

from tests.federation.design import WHOLE, WITHOUT, Design
from tests.federation.signing import cheap_signatures
from tests.federation.world import Violations, run

SEEDS = int(os.environ.get("FEDERATION_SEEDS", "20000"))
FIRST = int(os.environ.get("FEDERATION_FIRST", "0"))  # so that a long run can be cut in pieces
SEEDS_WITHOUT = int(os.environ.get("FEDERATION_SEEDS_WITHOUT", str(min(SEEDS, 2000))))


def one(task: tuple[int, Design]) -> tuple[int, Violations]:
    seed, design = task
    with cheap_signatures():
        return seed, run(seed, design)


def many(name: str, design: Design, seeds: int) -> list[int]:
    """The seeds in which something was violated; prints how many, and what."""
    kinds: Counter[str] = Counter()
    violated = []
    with Pool() as pool:
        tasks = ((each, design) for each in range(FIRST, FIRST + seeds))
        for seed, found in pool.imap_unordered(one, tasks, 50):
            kinds.update(found.keys())
            violated += [seed] if found else []
    what = ", ".join(f"{kind.lower()} {count}" for kind, count in kinds.most_common())
    print(f"{name:28} {len(violated):6} of {seeds}   {what}", flush=True)
    return sorted(violated)


def main() -> int:
    violated = many("the whole design", WHOLE, SEEDS)
    if violated:
        print(f"violated in seeds {violated[:20]}")
    if not SEEDS_WITHOUT:
        return int(bool(violated))
    missed = [many(f"without {name}", each, SEEDS_WITHOUT) for name, each in WITHOUT.items()]
    return int(bool(violated) or not all(missed))


if __name__ == "__main__":
    sys.exit(main())
