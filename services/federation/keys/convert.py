"""Between keys and channels and their messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from interchange.federation.v1 import partners_pb2
from interchange.federation.v1 import region_keys_pb2 as pb

from chassis.timestamps import to_proto as stamp
from services.federation.keys.models import RegionKey
from services.federation.log.models import Channel

Policy = pb.ChannelPolicy | partners_pb2.PartnerPolicy


def key_to_proto(key: RegionKey, *, published: bool) -> pb.RegionKey:
    """Its public part."""
    return pb.RegionKey(
        kid=key.kid,
        public_key=key.public,
        sealing_key=key.sealing_public,
        not_before_time=stamp(key.not_before_time),
        not_after_time=stamp(key.not_after_time),
        published=published,
    )


def channel_to_proto(channel: Channel, live_notices: int) -> pb.Channel:
    return pb.Channel(
        channel=channel.channel,
        epoch=channel.epoch,
        head=channel.seq,
        live_notices=live_notices,
        policy=pb.ChannelPolicy(**policy_fields(channel.policy)),
    )


def policy_fields(policy: Mapping[str, Any]) -> dict[str, Any]:
    """A stored policy as the fields of either message."""
    return {
        "kinds": policy.get("kinds", []),
        "formats": policy.get("formats", []),
        "refused_organisations": policy.get("refused_organisations", []),
    }


def read_policy(policy: Policy) -> dict[str, Any]:
    """A policy as it is stored."""
    return {
        "kinds": list(policy.kinds),
        "formats": list(policy.formats),
        "refused_organisations": list(policy.refused_organisations),
    }
