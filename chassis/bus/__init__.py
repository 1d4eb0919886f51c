"""News inside a region: written with the change it tells of, published in order, handled once."""

from chassis.bus.connection import Bus
from chassis.bus.consumer import Consumer, Handlers, Permanent, current_event
from chassis.bus.envelope import EventMeta
from chassis.bus.outbox import publish
from chassis.bus.relay import Relay

__all__ = [
    "Bus",
    "Consumer",
    "EventMeta",
    "Handlers",
    "Permanent",
    "Relay",
    "current_event",
    "publish",
]
