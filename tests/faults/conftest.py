"""Installations to be broken, how large the runs are, and the table at the end."""

import os
import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from tests.conftest import do_what_waits
from tests.faults import report
from tests.faults.report import Row
from tests.faults.servers import PrivatePostgres, PrivateRedis, private_postgres, private_redis
from tests.services import two_free_ports
from wx_archive import demo
from wx_archive.core import schema
from wx_archive.core.database import Database
from wx_archive.core.settings import Settings

PROJECT = Path(__file__).parent.parent.parent
TEMPLATE = "faults_template"


@dataclass(frozen=True, slots=True)
class Size:
    """How large the runs are: the full form is `make faults`, the short one part of every run."""

    is_full: bool

    def of(self, full: float, short: float) -> float:
        return full if self.is_full else short

    def count(self, full: int, short: int) -> int:
        return full if self.is_full else short


@dataclass(frozen=True, slots=True)
class Place:
    """An installation that nobody else uses.

    Attributes:
        name: of its database, for the table.
        settings: what its processes are started with.
        redis: its Redis, if it has one.
        postgres: its cluster, if it has one; shared with later tests of this process.
    """

    name: str
    settings: Settings
    redis: PrivateRedis | None = None
    postgres: PrivatePostgres | None = None


Tell = Callable[[Row], None]
Make = Callable[..., Place]


def pytest_configure(config: pytest.Config) -> None:
    del config
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # a line for every delivery


def pytest_terminal_summary(terminalreporter: Any) -> None:
    rows = [
        fields
        for reports in terminalreporter.stats.values()
        for entry in reports
        for name, fields in getattr(entry, "user_properties", ())
        if name == report.PROPERTY and getattr(entry, "when", "") == "call"
    ]
    if rows:
        terminalreporter.section("faults")
        terminalreporter.write_line("\n".join(report.table(rows)))


@pytest.fixture(scope="session")
def size() -> Size:
    """The form that was asked for."""
    asked = os.environ.get("WX_ARCHIVE_TEST_FAULTS", "")  # noqa: TID251 -- about this run only
    return Size(is_full=asked == "full")


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Tell:
    """Put a line into the table."""
    return lambda row: record_property(report.PROPERTY, row.fields)


@pytest.fixture(scope="session")
def cluster() -> Iterator[PrivatePostgres]:
    """A cluster to be broken; every test leaves it running."""
    with private_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def _loaded_template(cluster: PrivatePostgres, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database with the demo's catalogue, to copy."""
    cluster.sql(f"CREATE DATABASE {TEMPLATE}")
    settings = Settings.for_demo(
        database_url=SecretStr(cluster.url(TEMPLATE)),
        data_dir=tmp_path_factory.mktemp("template"),
        site_dir=PROJECT,
        secret_key="template",
    )
    database = Database(settings.database)
    schema.upgrade(database)
    schema.mark_demo(database)
    demo.load_sample(database, settings)
    database.dispose()
    do_what_waits(settings)
    return TEMPLATE


@pytest.fixture
def make(_demo_data: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Make]:
    """Make installations on SQLite or on PostgreSQL and Redis."""
    held = ExitStack()
    databases: list[str] = []

    def on_sqlite(folder: Path, **overrides: object) -> Place:
        shutil.copytree(_demo_data, folder, dirs_exist_ok=True)
        return Place("SQLite", _settings(folder, **overrides))

    def on_postgres(folder: Path, **overrides: object) -> Place:
        folder.mkdir(exist_ok=True)
        shutil.copy(_demo_data / "secret.key", folder)
        cluster: PrivatePostgres = request.getfixturevalue("cluster")
        template = request.getfixturevalue("_loaded_template")
        name = f"faults_{tmp_path.name[-20:].replace('-', '_')}_{len(databases)}".lower()
        cluster.sql(f'CREATE DATABASE "{name}" TEMPLATE {template}')
        databases.append(name)
        redis = held.enter_context(private_redis(tmp_path))
        given = {
            "database_url": SecretStr(cluster.url(name)),
            "redis_url": SecretStr(redis.url),
        }
        settings = _settings(folder, **(given | overrides))
        return Place("PG+Redis", settings, redis, cluster)

    def made(kind: str, name: str = "data", **overrides: object) -> Place:
        maker = on_sqlite if kind == "sqlite" else on_postgres
        return maker(tmp_path / f"{name}-{kind}", **overrides)

    yield made
    held.close()
    if databases:
        server: PrivatePostgres = request.getfixturevalue("cluster")
        for name in databases:
            server.sql(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, make: Make) -> Place:
    """An installation of each kind."""
    return make(request.param)


def _settings(folder: Path, **overrides: object) -> Settings:
    port, other = two_free_ports()
    given: dict[str, object] = {
        "data_dir": folder,
        "site_dir": PROJECT,
        "port": port,
        "simulator_port": other,
        "public_url": f"http://127.0.0.1:{port}",
        "wechat_api_url": f"http://127.0.0.1:{other}",
    }
    return Settings.for_demo(**(given | overrides))
