"""Starts the matching service: `python -m services.matching`."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from interchange.matching.v1.matching_pb2_grpc import add_MatchingServiceServicer_to_server
from interchange.matching.v1.pairing_pb2_grpc import add_PairingServiceServicer_to_server
from interchange.matching.v1.records_pb2_grpc import add_MatchingRecordServiceServicer_to_server
from interchange.matching.v1.saved_searches_pb2_grpc import (
    add_FavouriteServiceServicer_to_server,
    add_SavedSearchServiceServicer_to_server,
)
from interchange.matching.v1.skills_pb2_grpc import add_SkillServiceServicer_to_server
from interchange.matching.v1.swap_proposals_pb2_grpc import (
    add_SwapProposalServiceServicer_to_server,
)

from chassis import operations, telemetry
from chassis.auth import ServiceToken, read_key, verifier
from chassis.bus import Bus, Consumer, Relay
from chassis.client import channel
from chassis.clock import now
from chassis.database import Database
from chassis.garbage import look_seldom
from chassis.identity import Audit
from chassis.server import Every, Server, run
from services.matching.cohorts.service import PairingService
from services.matching.config import Config
from services.matching.identity import Identity
from services.matching.index.follower import Follower
from services.matching.index.understanding import Understanding
from services.matching.listeners import Listeners
from services.matching.organisations.directory import Directory
from services.matching.policy import RULES
from services.matching.rebuild import Rebuild, forget_tombstones
from services.matching.records import MatchingRecordService
from services.matching.saved.alerting import Alerting
from services.matching.saved.schedule import Schedule
from services.matching.saved.service import FavouriteService, SavedSearchService
from services.matching.service import MatchingService
from services.matching.skills.framework import Esco, Framework
from services.matching.skills.service import SkillService
from services.matching.suggestions.answering import Suggestions
from services.matching.swaps.service import SwapProposalService
from services.matching.text.loading import load_encoder

DAY_S = 86_400
MINUTE_S = 60


def main() -> None:
    config = Config()
    with (
        telemetry.setup(config),
        Database(config.database_url) as database,
        Bus.connect(config) as bus,
    ):
        token = ServiceToken(read_key(config.service_key_file), config.program)
        identity = channel(config.identity_address, token=token, tls=config.tls)
        opportunities = channel(config.opportunities_address, token=token, tls=config.tls)
        federation = channel(config.federation_address, token=token, tls=config.tls)
        understanding = Understanding(database, lambda: load_encoder(config.model_dir))
        follower = Follower(
            database, config.index_dir, understanding, config.follow_every_s, region=config.region
        )
        alerting = Alerting(database, schedule(config))
        handlers = Listeners(follower, alerting).handlers
        lanes = Consumer(
            database, bus, config.program, handlers, on_lanes=True, turn=follower.looks
        )
        server = Server(
            config,
            rules=RULES,
            verifier=verifier(config, identity),
            is_recovering=lambda: not lanes.has_caught_up,
        )
        rebuild = Rebuild(database, opportunities, identity, federation)
        audit = Audit(identity)
        theirs = Esco(config.model_dir, lambda: understanding.encoder)
        framework = Framework(database, theirs, made=look_seldom)
        suggestions = Suggestions(database, follower, framework, audit)
        directory = Directory(database, lambda: understanding.encoder)
        service = MatchingService(follower, directory, rebuild, suggestions, audit)
        add_MatchingServiceServicer_to_server(service, server.grpc)
        add_SwapProposalServiceServicer_to_server(SwapProposalService(database), server.grpc)
        add_people(server, database, Identity(identity))
        add_SkillServiceServicer_to_server(SkillService(database, framework, audit), server.grpc)
        operations.add_dead_letters(server, database, config.program, audit.record, handlers)
        look_seldom()
        run(
            server,
            Relay(database, bus, config.program),
            follower,
            understanding,
            directory,
            alerting,
            Consumer(database, bus, config.program, handlers),
            lanes,
            Every(MINUTE_S, rebuild.catch_up, "catching up"),
            Every(DAY_S, lambda: forget_tombstones(database, at=now()), "tombstones"),
        )


def schedule(config: Config) -> Schedule:
    """When alerts may be told."""
    return Schedule(config.alerts_from, config.alerts_until, ZoneInfo(config.alerts_zone))


def add_people(server: Server, database: Database, identity: Identity) -> None:
    """The services about what people ask of matching, which keep state of their own."""
    add_PairingServiceServicer_to_server(PairingService(database, identity), server.grpc)
    add_SavedSearchServiceServicer_to_server(SavedSearchService(database), server.grpc)
    add_FavouriteServiceServicer_to_server(FavouriteService(database), server.grpc)
    records = MatchingRecordService(database, identity)
    add_MatchingRecordServiceServicer_to_server(records, server.grpc)


if __name__ == "__main__":
    main()
