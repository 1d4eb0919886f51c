"""Where a region's parts are: by the data folder of one that runs here, or by the environment in a cluster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from chassis.config import Config
from cli.address_book import AddressBook
from cli.settings import SERVICES, Settings


@dataclass(frozen=True)
class Places:
    """What there is to look at; what is empty we were not told of."""

    settings: Settings
    services: bool = False  # whether the programs can be called
    gateway_url: str = ""
    web_url: str = ""
    public_url: str = ""
    redis_url: str = ""
    nats_url: str = ""
    nats_seeds: Path | None = None
    nats_authority: Path | None = None
    certificates: tuple[Path, ...] = ()
    own_key: Path | None = None
    known_keys: Path | None = None
    databases: Mapping[str, str] = field(default_factory=dict)
    data_dir: Path | None = None

    @classmethod
    def of_machine(cls, settings: Settings, book: AddressBook) -> Places:
        """The region that runs on this machine."""
        data = settings.data_dir.resolve()
        return cls(
            settings,
            services=True,
            gateway_url=f"http://127.0.0.1:{book.gateway}",
            web_url=f"http://127.0.0.1:{book.web}",
            public_url=settings.public_url,
            redis_url=f"redis://127.0.0.1:{book.valkey}/0",
            nats_url=f"nats://127.0.0.1:{book.nats}",
            nats_seeds=data / "keys",
            databases={each: settings.database_url(each) for each in SERVICES},
            data_dir=data,
        )

    @classmethod
    def of_environment(
        cls, settings: Settings, config: Config, gateway_url: str, web_url: str, seeds: Path | None
    ) -> Places:
        """A region elsewhere, as far as we are told where."""
        given = config.model_fields_set
        named = {each: getattr(settings, f"{each}_database_url") for each in SERVICES}
        files = (config.tls_certificate_file, config.tls_authority_file)
        return cls(
            settings,
            services=True,
            gateway_url=gateway_url,
            web_url=web_url,
            public_url=settings.public_url,
            redis_url=config.redis_url if "redis_url" in given else "",
            nats_url=config.nats_url if seeds else "",
            nats_seeds=seeds,
            nats_authority=config.nats_authority_file,
            certificates=tuple(filter(None, files)),
            own_key=config.service_key_file,
            known_keys=config.service_keys_file,
            databases={service: url for service, url in named.items() if url},
        )
