"""Real servers, started once a session when the first test asks for them, and what stands on them."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import sqlalchemy as sa
from redis import Redis
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from chassis import migrations
from chassis.database import Database
from tests.support import servers

Databases = Callable[[str], Database]
Copy = Callable[[str], str]

_numbers = count(1)


# What runs for minutes is begun first: what is left when a worker has nothing more to do is short. The kills come
# next after the network, which then stops, for they are in another folder.
LONGEST = (
    "the region",
    "the network",
    "tests/chaos/test_kills.py",
    "tests/e2e/test_network_runbooks.py",
    "tests/e2e/test_evil_partner.py",
    "tests/e2e/test_up.py",
)


def together(nodeid: str) -> str:
    """What one worker runs in one go: all that share a region or a network, which is started once, else a file."""
    file = nodeid.partition("::")[0]
    if file in LONGEST or not file.startswith("tests/e2e/"):
        return file
    return "the network" if file.startswith("tests/e2e/test_network_") else "the region"


class LongestFirst(LoadScopeScheduling):
    """Workers take what goes together, in the order in which it was collected."""

    def __init__(self, config: pytest.Config, log: Producer) -> None:
        config.option.loadscopereorder = False
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        return together(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    return LongestFirst(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest first; of the rest we know how many tests a file has, which is a guess as good as any."""
    sizes = Counter(together(each.nodeid) for each in items)

    def place(item: pytest.Item) -> tuple[int, int]:
        scope = together(item.nodeid)
        return LONGEST.index(scope) if scope in LONGEST else len(LONGEST), -sizes[scope]

    items.sort(key=place)


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    # Not under pytest's own folder: as root, PostgreSQL runs as another user, who may not enter that.
    with (
        TemporaryDirectory(prefix="interchange-") as folder,
        servers.postgresql(Path(folder)) as url,
    ):
        yield url


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with servers.valkey(tmp_path_factory.mktemp("valkey")) as url:
        yield url


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    """A client of a real, empty Valkey."""
    with Redis.from_url(redis_url) as client:
        client.flushall()
        yield client


@pytest.fixture
def nats(tmp_path: Path) -> Iterator[servers.Nats]:
    """A provisioned nats-server of this test's own, with the duplicate window shut."""
    with servers.nats_server(tmp_path / "nats") as server:
        yield server


@pytest.fixture(scope="session")
def sqlite_copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """`sqlite_copy("identity")`: the URL of a new SQLite file of the service's schema, which is made once a session."""
    folder = tmp_path_factory.mktemp("migrated")

    @cache
    def migrated(program: str) -> Path:
        migrations.upgrade(program, f"sqlite:///{folder / program}")
        return folder / program

    def copied(program: str) -> str:
        made = folder / f"{program}_{next(_numbers)}.db"
        return f"sqlite:///{shutil.copy(migrated(program), made)}"

    return copied


@pytest.fixture(scope="session")
def postgresql_copy(postgresql_url: str) -> Copy:
    """The same in the running PostgreSQL."""

    @cache
    def migrated(program: str) -> str:
        url = new_database(postgresql_url, program)
        migrations.upgrade(program, url)
        return sa.make_url(url).database or ""

    return lambda program: new_database(postgresql_url, program, template=migrated(program))


@pytest.fixture(params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest) -> Iterator[Databases]:
    """`databases("identity")`: a database of the service's, fresh and migrated. The test runs on both engines."""
    with ExitStack() as stack:

        def make(program: str) -> Database:
            copied: Copy = request.getfixturevalue(f"{request.param}_copy")
            return stack.enter_context(Database(copied(program)))

        yield make


def new_database(url: str, program: str, template: str = "template1") -> str:
    """A new database in the running PostgreSQL, empty or as the template is."""
    name = f"{program}_{next(_numbers)}"
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
    engine.dispose()
    return sa.make_url(url).set(database=name).render_as_string(hide_password=False)
