"""Fixtures: databases of both kinds, a running account with its simulated WeChat, a phone."""

import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr
from redis import Redis

from tests import services
from tests.console import Office
from wx_archive import app, demo
from wx_archive.core import clock, schema
from wx_archive.core.database import Database
from wx_archive.core.settings import Settings
from wx_archive.simulator.phone import Phone
from wx_archive.staff import demo_people

PROJECT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A PostgreSQL server for the whole run."""
    with services.postgres() as url:
        yield url


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Redis server for the whole run."""
    with services.redis_server(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture
def redis_url(redis_server: str) -> str:
    """The address of an empty Redis."""
    with Redis.from_url(redis_server) as client:
        client.flushdb()
    return redis_server


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "archive.db"
    database = Database(f"sqlite:///{path}")
    schema.upgrade(database)
    database.dispose()
    return path


@pytest.fixture(scope="session")
def _postgres_template(postgres_server: str) -> str:
    """A migrated, empty PostgreSQL database to copy; returns its name."""
    name = f"template_{uuid.uuid4().hex}"
    _sql(postgres_server, f'CREATE DATABASE "{name}"')
    database = Database(f"{postgres_server}/{name}")
    schema.upgrade(database)
    database.dispose()
    return name


@pytest.fixture
def sqlite_url(_sqlite_template: Path, tmp_path: Path) -> str:
    """The address of a fresh SQLite database."""
    path = tmp_path / "archive.db"
    shutil.copy(_sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgres_url(_postgres_template: str, postgres_server: str) -> Iterator[str]:
    """The address of a fresh PostgreSQL database."""
    name = f"test_{uuid.uuid4().hex}"
    _sql(postgres_server, f'CREATE DATABASE "{name}" TEMPLATE "{_postgres_template}"')
    yield f"{postgres_server}/{name}"
    _sql(postgres_server, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of a fresh database, on SQLite and on PostgreSQL."""
    name = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    return str(request.getfixturevalue(name))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A fresh database, on SQLite and on PostgreSQL."""
    opened = Database(database_url)
    yield opened
    opened.dispose()


@pytest.fixture(scope="session")
def _demo_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the invented catalogue loaded, to copy."""
    folder = tmp_path_factory.mktemp("demo")
    demo.prepare(Settings.for_demo(data_dir=folder, site_dir=PROJECT))
    return folder


SettingsFactory = Callable[..., Settings]


@pytest.fixture
def demo_settings(_demo_data: Path, tmp_path: Path) -> SettingsFactory:
    """Settings of a demo on free ports, in a folder of its own, with the catalogue loaded."""

    def make(**overrides: object) -> Settings:
        folder = tmp_path / "data"
        if not folder.exists():
            shutil.copytree(_demo_data, folder)
        port, other = demo.free_port(), demo.free_port()
        return Settings.for_demo(
            **{
                "data_dir": folder,
                "site_dir": PROJECT,
                "port": port,
                "simulator_port": other,
                "public_url": f"http://127.0.0.1:{port}",
                "wechat_api_url": f"http://127.0.0.1:{other}",
            }
            | overrides
        )

    return make


@pytest.fixture
def postgres_redis_settings(
    demo_settings: SettingsFactory, postgres_url: str, redis_url: str
) -> Settings:
    """The demo on PostgreSQL and Redis."""
    settings = demo_settings(database_url=SecretStr(postgres_url), redis_url=SecretStr(redis_url))
    database = Database(postgres_url)
    schema.mark_demo(database)
    demo.load_sample(database, settings)
    with database.begin() as session:
        demo_people.seed(session, now=clock.now())
    database.dispose()
    return settings


@pytest.fixture
def office(demo_settings: SettingsFactory) -> Iterator[Office]:
    """The console with the demo's people and catalogue, on SQLite, without a network."""
    with closing_office(demo_settings()) as opened:
        yield opened


@pytest.fixture(params=["sqlite", "postgres+redis"])
def any_office(request: pytest.FixtureRequest, demo_settings: SettingsFactory) -> Iterator[Office]:
    """The console on SQLite, and on PostgreSQL and Redis."""
    if request.param == "sqlite":
        settings = demo_settings()
    else:
        settings = request.getfixturevalue("postgres_redis_settings")
    with closing_office(settings) as opened:
        yield opened


@contextmanager
def closing_office(settings: Settings) -> Iterator[Office]:
    application = app.build(settings)
    try:
        yield Office(application, settings)
    finally:
        application.close()


@pytest.fixture(params=["safe", "compatible", "plain", "postgres+redis"])
def running(
    request: pytest.FixtureRequest, demo_settings: SettingsFactory
) -> Iterator[demo.Running]:
    """A running account with its simulated WeChat: every mode, and the cities' way of running."""
    if request.param == "postgres+redis":
        settings = request.getfixturevalue("postgres_redis_settings")
    else:
        settings = demo_settings(wechat_encryption=request.param)
    with demo.in_process(settings) as places:
        yield places


@pytest.fixture
def phone(running: demo.Running) -> Phone:
    """A phone on the running account; it does not follow yet."""
    return Phone(running.simulator_url)


def _sql(server: str, statement: str) -> None:
    address = server.replace("+psycopg", "") + "/postgres"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(statement.encode())
