"""What every service may ask of identity: to write privileged acts down. Never inside a transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import grpc
from interchange.identity.v1.audit_pb2 import RecordAuditEntryRequest
from interchange.identity.v1.audit_pb2_grpc import AuditServiceStub

from chassis.auth import principal
from chassis.errors import DeadlineExceeded, Internal, ResourceExhausted, Unavailable

TIMEOUT_S = 3.0
FAILURES = (Unavailable, DeadlineExceeded, ResourceExhausted, Internal)


@contextmanager
def answering() -> Iterator[None]:
    """Say in our words that identity did not answer: Unavailable IDENTITY_UNAVAILABLE."""
    try:
        yield
    except FAILURES as problem:
        raise Unavailable(
            "IDENTITY_UNAVAILABLE",
            "the register of organisations and people does not answer; try again in a moment",
        ) from problem


class Audit:
    """The region's audit log, which identity keeps. An act is recorded first: what can't be is not done."""

    def __init__(self, identity: grpc.Channel) -> None:
        self._log = AuditServiceStub(identity)

    def record(self, action: str, subject: str) -> None:
        """Record what the caller, a person or a program, is about to do."""
        entry = RecordAuditEntryRequest(actor=principal().actor, action=action, subject=subject)
        with answering():
            self._log.RecordAuditEntry(entry, timeout=TIMEOUT_S)

    def record_operator(self, action: str, subject: str) -> None:
        """Record it if an operator does it. What others do with their own things is no privilege."""
        if principal().is_operator:
            self.record(action, subject)
