"""Starts the matching service: `python -m services.matching`."""

from __future__ import annotations

from interchange.matching.v1.matching_pb2_grpc import add_MatchingServiceServicer_to_server

from chassis import operations, telemetry
from chassis.auth import ServiceToken, read_key, verifier
from chassis.bus import Bus, Consumer, Relay
from chassis.client import channel
from chassis.clock import now
from chassis.database import Database
from chassis.server import Every, Server, run
from services.matching.audit import Audit
from services.matching.config import Config
from services.matching.index.follower import Follower
from services.matching.listeners import Listeners
from services.matching.policy import RULES
from services.matching.rebuild import Rebuild, forget_tombstones
from services.matching.service import MatchingService

DAY_S = 86_400


def main() -> None:
    config = Config()
    with (
        telemetry.setup(config),
        Database(config.database_url) as database,
        Bus.connect(config) as bus,
    ):
        token = ServiceToken(read_key(config.service_key_file), config.program)
        identity = channel(config.identity_address, token=token)
        opportunities = channel(config.opportunities_address, token=token)
        follower = Follower(database, config.follow_every_s)
        handlers = Listeners(follower).handlers
        server = Server(config, rules=RULES, verifier=verifier(config, identity))
        rebuild = Rebuild(database, opportunities, identity)
        service = MatchingService(follower, rebuild, Audit(identity))
        add_MatchingServiceServicer_to_server(service, server.grpc)
        operations.add_dead_letters(server, database, config.program, handlers)
        run(
            server,
            Relay(database, bus, config.program),
            follower,
            Consumer(database, bus, config.program, handlers),
            Every(DAY_S, lambda: forget_tombstones(database, at=now()), "tombstones"),
        )


if __name__ == "__main__":
    main()
