"""What a check of the audit log takes, measured in a process that does nothing else."""

from __future__ import annotations

import gc
import tracemalloc

from chassis.database import Database
from services.identity.audit.verifying import verify


def most_memory_of_a_check(url: str) -> int:
    """In bytes, of a second check: the first loads what it needs."""
    with Database(url) as database:
        verify(database)
        gc.collect()
        tracemalloc.start()
        verify(database)
        return tracemalloc.get_traced_memory()[1]
