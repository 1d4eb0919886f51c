"""Three regions on one machine: each has its own of everything."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.network import discard_half_begun, settings_of
from cli.settings import SERVICES, Settings


def test_ports_and_folders_follow_from_the_first(tmp_path: Path) -> None:
    east, south_west, scotland = settings_of(Settings(data_dir=tmp_path, gateway_port=9000))

    assert [each.gateway_port for each in (east, south_west, scotland)] == [9000, 9100, 9200]
    assert scotland.data_dir == tmp_path / "scotland"
    assert (south_west.region, south_west.region_display_name) == ("south-west", "South West")
    assert all(each.federation_on_loopback for each in (east, south_west, scotland))


def test_any_free_port_stays_any_free_port() -> None:
    assert [each.gateway_port for each in settings_of(Settings(gateway_port=0))] == [0, 0, 0]


def test_no_two_share_a_database_or_an_inner_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_DATABASE_URL", "postgresql+psycopg://one/for-all")
    monkeypatch.setenv("NATS_PORT", "4222")
    monkeypatch.setenv("PUBLIC_URL", "https://one.example")

    regions = list(settings_of(Settings()))

    urls = {region.database_url(each) for region in regions for each in SERVICES}
    assert len(urls) == len(regions) * len(SERVICES)
    assert not any(each.nats_port or each.public_url for each in regions)


def test_a_network_that_was_half_seeded_is_begun_again_whole(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    for each in settings_of(settings):
        each.data_dir.mkdir()
        (each.data_dir / "demonstration.begun").touch()
        (each.data_dir / "demonstration.done").touch()
    assert not discard_half_begun(settings)
    (tmp_path / "scotland" / "demonstration.done").unlink()

    assert discard_half_begun(settings)
    assert not list(tmp_path.iterdir())
