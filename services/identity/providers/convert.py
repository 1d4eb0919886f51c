"""Providers and linked sign-ins as messages. The client's secret is never one."""

from __future__ import annotations

from collections.abc import Sequence

from interchange.identity.v1 import identity_providers_pb2 as pb

from chassis.timestamps import to_proto as stamp
from services.identity.providers.models import LinkedIdentity, Provider


def provider_to_proto(
    provider: Provider, display_name: str, redirect_uris: Sequence[str]
) -> pb.IdentityProvider:
    return pb.IdentityProvider(
        name=provider.name,
        organisation_display_name=display_name,
        issuer=provider.issuer,
        client_id=provider.client_id,
        update_time=stamp(provider.update_time),
        redirect_uris=redirect_uris,
    )


def linked_to_proto(linked: LinkedIdentity, display_name: str) -> pb.LinkedIdentity:
    return pb.LinkedIdentity(
        name=linked.name,
        issuer=linked.issuer,
        organisation=linked.organisation,
        organisation_display_name=display_name,
        create_time=stamp(linked.create_time),
        use_time=stamp(linked.use_time) if linked.use_time else None,
    )
