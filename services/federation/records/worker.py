"""A thread that does what is due: when a bell rings, and now and then in case one rang elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread

import structlog

from services.federation.records.bells import Bells

POLL_S = 2.0

log = structlog.get_logger(__name__)


class Worker:
    """Calls `step`, which does some of what is due and answers how much that was, until there is no more."""

    def __init__(
        self, name: str, step: Callable[[], int], bells: Bells, *, poll_s: float = POLL_S
    ) -> None:
        self._name = name
        self._step = step
        self._bells = bells
        self._poll_s = poll_s
        self._bell = Event()
        self._stopping = False
        self._thread = Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._bells.add(self._bell)
        self._bell.set()  # for what was left the last time
        self._thread.start()

    def stop(self) -> None:
        """End after the step in work."""
        self._stopping = True
        self._bell.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping:
            self._bell.wait(self._poll_s)
            self._bell.clear()
            try:
                while not self._stopping and self._step():
                    pass
            except Exception as problem:  # whoever works no more must not look as if all was well
                log.warning("records_wait", worker=self._name, error=type(problem).__name__)
