"""Starts the identity service: `python -m services.identity`."""

from __future__ import annotations

from collections.abc import Mapping

from interchange.identity.v1.audit_pb2_grpc import add_AuditServiceServicer_to_server
from interchange.identity.v1.identity_providers_pb2_grpc import (
    add_IdentityProviderServiceServicer_to_server,
)
from interchange.identity.v1.organisations_pb2_grpc import (
    add_OrganisationServiceServicer_to_server,
)
from interchange.identity.v1.people_pb2_grpc import add_PersonServiceServicer_to_server
from interchange.identity.v1.regions_pb2_grpc import add_RegionServiceServicer_to_server
from interchange.identity.v1.second_factors_pb2_grpc import (
    add_SecondFactorServiceServicer_to_server,
)
from interchange.identity.v1.sessions_pb2_grpc import (
    add_CredentialServiceServicer_to_server,
    add_SessionServiceServicer_to_server,
)
from redis import Redis

from chassis import operations, telemetry, valkey
from chassis.auth import JWKS, Revocations, Verifier
from chassis.bus import Bus, Consumer, Relay
from chassis.clock import now
from chassis.database import Database
from chassis.secrets import read_secret
from chassis.server import Every, Server, run
from services.identity.audit.listeners import HANDLERS
from services.identity.audit.log import recorder
from services.identity.audit.service import AuditService
from services.identity.config import Config
from services.identity.limits import Limits
from services.identity.organisations.service import OrganisationService
from services.identity.people.service import PersonService
from services.identity.policy import RULES
from services.identity.providers.client import OpenIdConnect
from services.identity.providers.fetching import Fetcher
from services.identity.providers.service import IdentityProviderService
from services.identity.regions.service import RegionService
from services.identity.second_factors.factors import Factors
from services.identity.second_factors.service import SecondFactorService
from services.identity.sessions.clock import tidy
from services.identity.sessions.credentials import CredentialService
from services.identity.sessions.ending import Endings
from services.identity.sessions.entering import Entering
from services.identity.sessions.keys import Keys
from services.identity.sessions.models import Purpose
from services.identity.sessions.opening import Lives, Opening
from services.identity.sessions.passwords import Passwords
from services.identity.sessions.service import SessionService


def main() -> None:
    config = Config()
    with (
        telemetry.setup(config),
        Database(config.database_url) as database,
        Bus.connect(config) as bus,
        valkey.connect(config.redis_url) as redis,
    ):
        secret = read_secret(config.key_encryption_file)
        keys = Keys(database, secret, access_ttl_s=config.access_ttl_s)
        keys.ensure()
        revocations = Revocations(redis)
        endings = Endings(revocations, access_ttl_s=config.access_ttl_s)
        run(
            serve(config, database, redis, keys, secret, revocations, endings),
            Relay(database, bus, config.program),
            Consumer(database, bus, config.program, HANDLERS),
            Every(config.revoke_every_s, lambda: endings.tell_again(database, at=now()), "revoke"),
            Every(config.tidy_every_s, lambda: tidy_up(config, database, keys), "tidy"),
        )


def serve(
    config: Config,
    database: Database,
    redis: Redis,
    keys: Keys,
    secret: bytes,
    revocations: Revocations,
    endings: Endings,
) -> Server:
    """The server with all servicers. People's tokens are checked with our own keys."""
    verifier = Verifier(
        JWKS.read(config.service_keys_file),
        keys.published,
        revocations.is_revoked,
        region=config.region,
    )
    server = Server(config, rules=RULES, verifier=verifier)
    passwords, limits, factors = Passwords(), Limits(redis), Factors(secret)
    opening = Opening(keys, endings, lives(config), region=config.region)
    add_RegionServiceServicer_to_server(
        RegionService(database, region=config.region, display_name=config.region_display_name),
        server.grpc,
    )
    add_OrganisationServiceServicer_to_server(OrganisationService(database, endings), server.grpc)
    add_PersonServiceServicer_to_server(
        PersonService(database, endings, passwords, limits), server.grpc
    )
    add_SessionServiceServicer_to_server(
        SessionService(
            database,
            opening,
            endings,
            keys,
            passwords,
            factors,
        ),
        server.grpc,
    )
    add_IdentityProviderServiceServicer_to_server(
        IdentityProviderService(
            database,
            secret,
            OpenIdConnect(Fetcher(on_loopback=config.providers_on_loopback)),
            Entering(database, opening),
            redirect_uris=config.known_redirect_uris,
        ),
        server.grpc,
    )
    add_SecondFactorServiceServicer_to_server(
        SecondFactorService(database, factors, endings, passwords, limits, region=config.region),
        server.grpc,
    )
    add_CredentialServiceServicer_to_server(
        CredentialService(database, endings, passwords, limits, mail_ttls(config)), server.grpc
    )
    add_AuditServiceServicer_to_server(AuditService(database), server.grpc)
    operations.add_dead_letters(server, database, config.program, recorder(database), HANDLERS)
    return server


def lives(config: Config) -> Lives:
    return Lives(config.access_ttl_s, config.refresh_ttl_s, config.session_ttl_s)


def mail_ttls(config: Config) -> Mapping[Purpose, int]:
    return {
        Purpose.CONFIRM_EMAIL: config.confirm_ttl_s,
        Purpose.RESET_PASSWORD: config.reset_ttl_s,
        Purpose.ACCEPT_INVITATION: config.invitation_ttl_s,
    }


def tidy_up(config: Config, database: Database, keys: Keys) -> None:
    tidy(database, keys, registration_ttl_s=config.registration_ttl_s, at=now())


if __name__ == "__main__":
    main()
