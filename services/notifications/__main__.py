"""Starts the notifications service: `python -m services.notifications`."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from interchange.notifications.v1.notifications_pb2_grpc import (
    add_NotificationServiceServicer_to_server,
)

from chassis import operations, telemetry
from chassis.auth import ServiceToken, read_key, verifier
from chassis.bus import Bus, Consumer, Relay
from chassis.client import channel
from chassis.clock import now
from chassis.database import Database
from chassis.server import Every, Server, run
from services.notifications.config import Config
from services.notifications.deliveries import digests, metrics, retention, ways_out
from services.notifications.deliveries.backoff import Backoff
from services.notifications.deliveries.digests import Schedule
from services.notifications.deliveries.letters import Links
from services.notifications.deliveries.worker import Worker
from services.notifications.identity import Identity
from services.notifications.listeners import HANDLERS
from services.notifications.policy import RULES
from services.notifications.service import NotificationService

MEASURE_EVERY_S = 15.0


def main() -> None:
    config = Config()
    with (
        telemetry.setup(config),
        Database(config.database_url) as database,
        Bus.connect(config) as bus,
    ):
        token = ServiceToken(read_key(config.service_key_file), config.program)
        asked = channel(config.identity_address, token=token, tls=config.tls)
        identity = Identity(asked)
        server = Server(config, rules=RULES, verifier=verifier(config, asked))
        add_NotificationServiceServicer_to_server(
            NotificationService(database, identity), server.grpc
        )
        operations.add_dead_letters(
            server, database, config.program, identity.audit.record, HANDLERS
        )
        run(
            server,
            Relay(database, bus, config.program),
            worker(config, database, identity),
            Consumer(database, bus, config.program, HANDLERS),
            *clocks(config, database),
        )


def worker(config: Config, database: Database, identity: Identity) -> Worker:
    """What sends mails."""
    public_url = config.public_url.rstrip("/")
    return Worker(
        database,
        identity,
        ways_out.sender(config),
        Links(public_url, config.api_url.rstrip("/") or public_url),
        Backoff(
            first=timedelta(seconds=config.retry_first_s),
            longest=timedelta(seconds=config.retry_longest_s),
            give_up_after=timedelta(seconds=config.give_up_after_s),
        ),
        poll_s=config.mail_poll_s,
        lease=timedelta(seconds=config.mail_lease_s),
    )


def clocks(config: Config, database: Database) -> list[Every]:
    """What time brings: digests, figures, forgetting."""
    schedule = Schedule(config.digest_from, config.digest_until, ZoneInfo(config.digest_zone))

    def purge() -> None:
        retention.purge(
            database,
            messages=config.keep_messages,
            deliveries=config.keep_deliveries,
            at=now(),
        )

    return [
        Every(
            config.digest_every_s, lambda: digests.collect(database, schedule, at=now()), "digests"
        ),
        Every(MEASURE_EVERY_S, lambda: metrics.measure(database, at=now()), "mail-figures"),
        Every(config.purge_every_s, purge, "purge"),
    ]


if __name__ == "__main__":
    main()
