"""Starts the opportunities service: `python -m services.opportunities`."""

from __future__ import annotations

from interchange.opportunities.v1.exchanges_pb2_grpc import (
    add_ExchangeServiceServicer_to_server,
    add_FiguresServiceServicer_to_server,
)
from interchange.opportunities.v1.interests_pb2_grpc import add_InterestServiceServicer_to_server
from interchange.opportunities.v1.notices_pb2_grpc import add_NoticeServiceServicer_to_server
from interchange.opportunities.v1.personal_data_pb2_grpc import (
    add_ParticipationServiceServicer_to_server,
)
from interchange.opportunities.v1.requests_pb2_grpc import add_RequestServiceServicer_to_server

from chassis import operations, telemetry
from chassis.auth import ServiceToken, read_key, verifier
from chassis.bus import Bus, Consumer, Relay
from chassis.client import channel
from chassis.clock import now
from chassis.database import Database
from chassis.server import Every, Server, run
from services.opportunities.config import Config
from services.opportunities.exchanges.service import ExchangeService
from services.opportunities.figures.service import FiguresService
from services.opportunities.identity import Identity
from services.opportunities.interests.service import InterestService
from services.opportunities.listeners import HANDLERS
from services.opportunities.notices import clock
from services.opportunities.notices.service import NoticeService
from services.opportunities.organisations.directory import Directory
from services.opportunities.participation.service import ParticipationService
from services.opportunities.policy import RULES
from services.opportunities.requests.service import RequestService


def main() -> None:
    config = Config()
    with (
        telemetry.setup(config),
        Database(config.database_url) as database,
        Bus.connect(config) as bus,
    ):
        token = ServiceToken(read_key(config.service_key_file), config.program)
        asked = channel(config.identity_address, token=token)
        server = Server(config, rules=RULES, verifier=verifier(config, asked))
        add_services(server, database, Identity(asked), region=config.region)
        operations.add_dead_letters(server, database, config.program, HANDLERS)
        run(
            server,
            Relay(database, bus, config.program),
            Consumer(database, bus, config.program, HANDLERS),
            Every(config.expiry_every_s, lambda: tend(database), "notices"),
        )


def add_services(server: Server, database: Database, identity: Identity, *, region: str) -> None:
    """Everything that this program answers."""
    directory = Directory(database, identity)
    add_NoticeServiceServicer_to_server(
        NoticeService(database, directory, identity, region=region), server.grpc
    )
    add_RequestServiceServicer_to_server(
        RequestService(database, directory, identity, region=region), server.grpc
    )
    add_InterestServiceServicer_to_server(
        InterestService(database, directory, identity), server.grpc
    )
    add_ExchangeServiceServicer_to_server(ExchangeService(database, identity), server.grpc)
    add_FiguresServiceServicer_to_server(FiguresService(database, identity), server.grpc)
    add_ParticipationServiceServicer_to_server(
        ParticipationService(database, identity), server.grpc
    )


def tend(database: Database) -> None:
    """What time does to notices."""
    clock.expire(database, at=now())
    clock.announce_ends(database, at=now())


if __name__ == "__main__":
    main()
