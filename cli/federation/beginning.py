"""Giving a running region its identity without asking, for demonstrations: nobody's real root key is made so."""

from __future__ import annotations

from interchange.federation.v1 import region_keys_pb2 as pb

from cli.federation.identity import Identity
from cli.federation.root_key import create_root_key, read_root_key, root_key_path
from cli.settings import Settings


def begin_unless_begun(settings: Settings, url: str) -> pb.RegionIdentity:
    """What others are told of the running region; it is given a root key in its data folder when it has none."""
    identity = Identity(settings)
    found = identity.found()
    if found.document:
        return found
    path = root_key_path(settings.data_dir)
    return identity.begin(
        read_root_key(path) if path.exists() else create_root_key(path),
        region=settings.region,
        display_name=settings.region_display_name,
        url=url,
    )
