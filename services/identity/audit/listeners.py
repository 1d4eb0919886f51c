"""Writing down what people did in other services' places."""

from __future__ import annotations

from datetime import datetime

from interchange.matching.v1 import events_pb2 as matching
from interchange.opportunities.v1 import events_pb2 as opportunities
from sqlalchemy.orm import Session

from chassis.bus import Handlers, current_event
from services.identity.audit import log


def on_act(session: Session, act: opportunities.ActTaken | matching.ActTaken) -> None:
    done = datetime.fromisoformat(current_event().time)
    log.record(session, act.actor, act.action, act.subject, at=done)


HANDLERS: Handlers = {opportunities.ActTaken: on_act, matching.ActTaken: on_act}
