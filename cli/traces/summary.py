"""One trace in a list of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from cli.traces.kept import Trace
from cli.traces.waterfall import NS_IN_MS


@dataclass(frozen=True)
class Summary:
    """One trace in a list."""

    id: str
    name: str
    began: str
    takes_ms: float
    spans: int
    left_out: int
    failed: bool
    programs: list[str]
    notices: list[str]
    roles: list[str]


def summary(trace: Trace) -> Summary:
    began = datetime.fromtimestamp(trace.began_ns / 1e9, UTC)
    return Summary(
        id=trace.id,
        name=trace.name,
        began=began.isoformat(sep=" ", timespec="milliseconds")[:23],
        takes_ms=(trace.ended_ns - trace.began_ns) / NS_IN_MS,
        spans=len(trace.spans),
        left_out=trace.left_out,
        failed=trace.has_failed,
        programs=sorted(trace.programs),
        notices=sorted(trace.notices),
        roles=sorted(trace.roles),
    )
