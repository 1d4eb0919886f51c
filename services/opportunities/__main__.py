"""Starts the opportunities service: `python -m services.opportunities`."""

from __future__ import annotations

from interchange.opportunities.v1.exchanges_pb2_grpc import (
    add_ExchangeServiceServicer_to_server,
    add_FiguresServiceServicer_to_server,
)
from interchange.opportunities.v1.interests_pb2_grpc import add_InterestServiceServicer_to_server
from interchange.opportunities.v1.notice_files_pb2_grpc import (
    add_NoticeFileServiceServicer_to_server,
)
from interchange.opportunities.v1.notice_reports_pb2_grpc import (
    add_NoticeReportServiceServicer_to_server,
)
from interchange.opportunities.v1.notices_pb2_grpc import add_NoticeServiceServicer_to_server
from interchange.opportunities.v1.partner_records_pb2_grpc import (
    add_PartnerRecordServiceServicer_to_server,
)
from interchange.opportunities.v1.personal_data_pb2_grpc import (
    add_ParticipationServiceServicer_to_server,
)
from interchange.opportunities.v1.requests_pb2_grpc import add_RequestServiceServicer_to_server
from interchange.opportunities.v1.swaps_pb2_grpc import add_SwapServiceServicer_to_server

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
from services.opportunities.notice_files.service import NoticeFileService
from services.opportunities.notice_reports.service import NoticeReportService
from services.opportunities.notices import clock
from services.opportunities.notices.service import NoticeService
from services.opportunities.organisations.directory import Directory
from services.opportunities.participation.service import ParticipationService
from services.opportunities.partner_records import clock as partner_records
from services.opportunities.partner_records.service import PartnerRecordService
from services.opportunities.policy import RULES
from services.opportunities.requests.service import RequestService
from services.opportunities.swaps import clock as swaps
from services.opportunities.swaps.service import SwapService


def main() -> None:
    config = Config()
    with (
        telemetry.setup(config),
        Database(config.database_url) as database,
        Bus.connect(config) as bus,
    ):
        token = ServiceToken(read_key(config.service_key_file), config.program)
        asked = channel(config.identity_address, token=token, tls=config.tls)
        lanes = Consumer(database, bus, config.program, HANDLERS, on_lanes=True)
        server = Server(
            config,
            rules=RULES,
            verifier=verifier(config, asked),
            is_recovering=lambda: not lanes.has_caught_up,
        )
        identity = Identity(asked)
        add_services(server, database, identity, region=config.region)
        operations.add_dead_letters(
            server, database, config.program, identity.audit.record, HANDLERS
        )
        run(
            server,
            Relay(database, bus, config.program),
            Consumer(database, bus, config.program, HANDLERS),
            lanes,
            Every(config.expiry_every_s, lambda: tend(database), "notices"),
        )


def add_services(server: Server, database: Database, identity: Identity, *, region: str) -> None:
    """Everything that this program answers."""
    directory = Directory(database, identity)
    add_NoticeServiceServicer_to_server(
        NoticeService(database, directory, identity, region=region), server.grpc
    )
    add_NoticeFileServiceServicer_to_server(
        NoticeFileService(database, directory, identity, region=region), server.grpc
    )
    add_NoticeReportServiceServicer_to_server(NoticeReportService(database, identity), server.grpc)
    add_RequestServiceServicer_to_server(
        RequestService(database, directory, identity, region=region), server.grpc
    )
    add_InterestServiceServicer_to_server(
        InterestService(database, directory, identity), server.grpc
    )
    add_ExchangeServiceServicer_to_server(ExchangeService(database, identity), server.grpc)
    add_SwapServiceServicer_to_server(SwapService(database, identity), server.grpc)
    add_FiguresServiceServicer_to_server(FiguresService(database, identity), server.grpc)
    add_ParticipationServiceServicer_to_server(
        ParticipationService(database, identity), server.grpc
    )
    add_PartnerRecordServiceServicer_to_server(
        PartnerRecordService(database, identity, region=region), server.grpc
    )


def tend(database: Database) -> None:
    """What time does to notices and swaps, and to what partners told us of their people."""
    clock.expire(database, at=now())
    clock.lapse(database, at=now())
    clock.announce_ends(database, at=now())
    swaps.lapse(database, at=now())
    partner_records.tend(database, at=now())


if __name__ == "__main__":
    main()
