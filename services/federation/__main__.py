"""Starts the federation service: `python -m services.federation`."""

from __future__ import annotations

from datetime import timedelta

import grpc
from interchange.federation.v1.partners_pb2_grpc import add_PartnerServiceServicer_to_server
from interchange.federation.v1.region_keys_pb2_grpc import (
    add_PartnerDoorServiceServicer_to_server,
    add_RegionKeyServiceServicer_to_server,
)
from redis import Redis
from sqlalchemy import select

from chassis import operations, telemetry, valkey
from chassis.auth import ServiceToken, read_key, verifier
from chassis.bus import Bus, Consumer, Handlers, Relay
from chassis.bus.outbox import has_waiting
from chassis.client import channel
from chassis.clock import now
from chassis.database import Database
from chassis.garbage import look_seldom
from chassis.identity import Audit
from chassis.secrets import read_secret
from chassis.server import Background, Every, Server, run
from services.federation import measuring
from services.federation.config import Config
from services.federation.door.answering import Door
from services.federation.door.comparing import Comparing
from services.federation.door.greeting import Greeting
from services.federation.door.nonces import nonces
from services.federation.door.progress import Progress
from services.federation.door.service import PartnerDoorService
from services.federation.keys.keyring import Keyring
from services.federation.keys.service import RegionKeyService
from services.federation.log import retention
from services.federation.log.exporting import Export
from services.federation.log.reminding import ask_again
from services.federation.log.syncing import Sync
from services.federation.log.writing import Log
from services.federation.partners.announcing import announce
from services.federation.partners.checking import Checking
from services.federation.partners.models import Partner
from services.federation.partners.service import PartnerService
from services.federation.poking import Pokes
from services.federation.policy import RULES
from services.federation.pulling.desk import Desk
from services.federation.pulling.pace import Waits
from services.federation.pulling.worker import Pulling
from services.federation.receiving import retention as received
from services.federation.receiving.answering import answers
from services.federation.receiving.judging import Judging
from services.federation.receiving.readmitting import Readmitting
from services.federation.receiving.relaying import Relays
from services.federation.records import outgoing
from services.federation.records.receiving import Taking
from services.federation.records.sending import Sending

PROGRESS_EVERY_S = 1.0


def main() -> None:
    config = Config()
    with (
        telemetry.setup(config),
        Database(config.database_url) as database,
        Bus.connect(config) as bus,
        valkey.connect(config.redis_url) as redis,
    ):
        token = ServiceToken(read_key(config.service_key_file), config.program)
        identity = channel(config.identity_address, token=token, tls=config.tls)
        opportunities = channel(config.opportunities_address, token=token, tls=config.tls)
        house = House(config, database, opportunities)
        server = Server(
            config,
            rules=RULES,
            verifier=verifier(config, identity),
            is_recovering=house.is_recovering,
        )
        audit = Audit(identity)
        add_services(server, house, audit, redis)
        operations.add_dead_letters(server, database, config.program, audit.record, house.handlers)
        look_seldom()
        run(
            server,
            Relay(database, bus, config.program),
            Consumer(database, bus, config.program, house.handlers),
            *house.background,
            *clocks(house),
        )


class House:
    """What the parts of this program share: built once, in the order in which they need each other."""

    def __init__(self, config: Config, database: Database, opportunities: grpc.Channel) -> None:
        region, development = config.region, config.development
        self.config, self.database = config, database
        self.keyring = Keyring(database, read_secret(config.key_encryption_file), region=region)
        signer = self.keyring.signer
        self.pokes = Pokes(
            database,
            signer,
            region=region,
            development=development,
            may_hand=lambda: self.pulling.has_greeted(),
        )
        self.log = Log(signer, region=region, moved=self._moved)
        comparing = Comparing(self.log, lambda: self.keyring.published().document)
        self.greeting = Greeting(comparing)
        self.judging = Judging(database)
        self.progress = Progress(database)
        self.export = Export(self.log, region=region, is_open=lambda: self.keyring.is_published)
        self.sync = Sync(database, self.export, opportunities, region=region)
        self.sending = Sending(database, self.log, region, opportunities)
        self.taking = Taking(database, self.log, region, self.keyring.openers, opportunities)
        self.pulling = Pulling(
            Desk(
                database=database,
                region=region,
                signer=signer,
                answers=answers(self.log),
                greeting=self.greeting,
                development=development,
            ),
            waits=Waits(
                poll_s=config.poll_every_s,
                first_s=config.retry_first_s,
                longest_s=config.retry_longest_s,
                probe_s=config.retry_longest_s,
            ),
            hello_every_s=config.hello_every_s,
            document_every_s=config.document_every_s,
            verify_per_s=config.verify_per_s,
        )

    def _moved(self) -> None:
        """A log of ours is longer: partners are told, and whoever floods us gives way to who writes here."""
        self.pokes.moved()
        self.pulling.have_news()

    def is_recovering(self) -> bool:
        """Whether something that partners said while we were off is not told in this region yet."""
        if self.pulling.is_recovering():
            return True
        with self.database.read() as session:
            return has_waiting(session)

    @property
    def handlers(self) -> Handlers:
        return {**self.export.handlers, **outgoing.handlers()}

    @property
    def background(self) -> list[Background]:
        """What runs beside the server, in the order of starting."""
        records = [self.sending.worker(), self.taking.worker()]
        terms = Readmitting(self.database, self.judging).worker()
        return [self.pokes, self.sync, *records, terms, self.pulling]


def add_services(server: Server, house: House, audit: Audit, redis: Redis) -> None:
    """Everything that this program answers."""
    config, database, keyring = house.config, house.database, house.keyring
    region = config.region
    door = Door(
        database,
        keyring,
        house.greeting,
        region=region,
        pokes=house.pulling,
        relays=Relays(),
        seen_nonce=nonces(redis),
        has_greeted=house.pulling.has_greeted,
        asked=house.progress.asked,
    )
    add_PartnerDoorServiceServicer_to_server(PartnerDoorService(door), server.grpc)
    add_RegionKeyServiceServicer_to_server(
        RegionKeyService(database, keyring, house.log, audit, house.sync.ask, region=region),
        server.grpc,
    )
    checking = Checking(keyring.signer, region=region, development=config.development)
    add_PartnerServiceServicer_to_server(
        PartnerService(database, audit, checking, house.judging, region=region), server.grpc
    )


def clocks(house: House) -> list[Every]:
    """What time brings: silence, expiry, forgetting, figures."""
    config, database = house.config, house.database
    return [
        Every(PROGRESS_EVERY_S, house.progress.write, "progress"),
        Every(config.tend_every_s, lambda: tend(house), "tend"),
        Every(config.tend_every_s, house.taking.expire, "expire-records"),
        Every(config.prune_every_s, lambda: prune(house), "prune"),
        Every(
            config.measure_every_s,
            lambda: measuring.measure(database, region=config.region, at=now()),
            "measure",
        ),
    ]


def tend(house: House) -> None:
    """What time does to partners and to logs."""
    database, at = house.database, now()
    with database.begin() as session:
        for partner in session.scalars(select(Partner).with_for_update()):
            partner.age(at=at)
            announce(session, partner, at=at)
    with database.begin() as session:
        retention.expire(session, at=at)
    retention.prune(database, keep=timedelta(seconds=house.config.keep_payloads_s), at=at)
    if house.keyring.is_published:
        with database.begin() as session:
            ask_again(session, house.log, at=at)


def prune(house: House) -> None:
    """Forget what partners said long ago, and what we heard of then."""
    config = house.config
    with house.database.begin() as session:
        keep = timedelta(seconds=config.keep_heard_s)
        retention.forget_heard(session, keep=keep, at=now())
    received.prune(
        house.database,
        keep=timedelta(seconds=config.keep_received_s),
        most=config.keep_received_entries,
        at=now(),
    )


if __name__ == "__main__":
    main()
