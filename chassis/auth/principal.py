"""Who is calling, and the call that is in work on this thread."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Principal:
    """A person who signed in, a program on its own behalf, or nobody known."""

    person: str = ""
    organisation: str = ""
    manages: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    service: str = ""
    session: str = ""

    @property
    def actor(self) -> str:
        """What the audit log calls them: `people/{uuid}` or `programs/{program}`."""
        return self.person or f"programs/{self.service}"

    @property
    def is_signed_in(self) -> bool:
        return bool(self.person)

    @property
    def is_operator(self) -> bool:
        return "operator" in self.roles

    @property
    def is_coordinator(self) -> bool:
        """Whether they run programmes, such as cohorts; operators may do what coordinators do."""
        return self.is_operator or "coordinator" in self.roles

    @property
    def is_service(self) -> bool:
        return bool(self.service)

    @property
    def acts_as(self) -> tuple[str, ...]:
        """A person's roles in the domain's words, all that a span may say of them; none for a program."""
        if self.is_service:
            return ()
        if not self.is_signed_in:
            return ("visitor",)
        managing = {"manager"} if self.manages else set()
        return tuple(sorted(self.roles | managing)) or ("participant",)

    def manages_organisation(self, name: str) -> bool:
        return name in self.manages


ANONYMOUS = Principal()


@dataclass(slots=True)
class Call:
    """One call in work: who asks, with which token, until when (on the monotonic clock), in which trace."""

    principal: Principal
    token: str = ""
    deadline: float = float("inf")
    traceparent: str = ""


NO_CALL = Call(ANONYMOUS)

# Pool threads are reused: whoever sets this resets it.
current: ContextVar[Call] = ContextVar("interchange_call", default=NO_CALL)


def principal() -> Principal:
    """Who is calling; ANONYMOUS outside of a call."""
    return current.get().principal


def remaining_s() -> float:
    """Seconds left to answer the call in work; infinite outside of a call, never below nought."""
    return max(current.get().deadline - time.monotonic(), 0.0)


@contextmanager
def acting_as(who: Principal) -> Iterator[None]:
    """Do something as somebody, outside of a call: in jobs and in tests."""
    token = current.set(Call(who))
    try:
        yield
    finally:
        current.reset(token)
