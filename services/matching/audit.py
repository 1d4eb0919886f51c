"""What operators do is written into the region's audit log first."""

from __future__ import annotations

import grpc
from interchange.identity.v1.audit_pb2 import RecordAuditEntryRequest
from interchange.identity.v1.audit_pb2_grpc import AuditServiceStub

from chassis.auth import principal
from chassis.errors import DeadlineExceeded, Internal, ResourceExhausted, Unavailable

TIMEOUT_S = 3.0
FAILURES = (Unavailable, DeadlineExceeded, ResourceExhausted, Internal)


class Audit:
    """Identity keeps the log."""

    def __init__(self, identity: grpc.Channel) -> None:
        self._log = AuditServiceStub(identity)

    def record(self, action: str, subject: str) -> None:
        """Record what the caller is about to do; Unavailable when it can't be, and then it is not done."""
        who = principal()
        actor = who.person or f"programs/{who.service}"
        entry = RecordAuditEntryRequest(actor=actor, action=action, subject=subject)
        try:
            self._log.RecordAuditEntry(entry, timeout=TIMEOUT_S)
        except FAILURES as problem:
            raise Unavailable(
                "AUDIT_UNAVAILABLE", "the audit log does not answer; try again in a moment"
            ) from problem
