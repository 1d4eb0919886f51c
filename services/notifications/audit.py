"""What operators do is written into the region's audit log first."""

from __future__ import annotations

from chassis.auth import principal
from services.notifications.identity import Identity


def audited(identity: Identity, action: str, subject: str) -> None:
    """Record an operator's act. Before it: an act that can't be recorded is not done."""
    who = principal()
    if who.is_operator:
        identity.record(who.person, action, subject)
