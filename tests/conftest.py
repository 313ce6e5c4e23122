"""Fixtures: databases of both kinds, a running account with its simulated WeChat, a phone."""

import compileall
import fcntl
import gc
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr
from redis import Redis

from tests import real, routing, services
from tests.builders import SECRET
from tests.console import Office
from wx_archive import app, demo, features
from wx_archive.catalogue.service import Importer
from wx_archive.core import schema
from wx_archive.core.database import Database
from wx_archive.core.jobs import Runner
from wx_archive.core.services import open_services
from wx_archive.core.settings import Settings
from wx_archive.simulator.phone import Phone
from wx_archive.wechat.client import Platform

PROJECT = Path(__file__).parent.parent


def pytest_configure(config: pytest.Config) -> None:
    """Compile once what would else be compiled hundreds of times: addresses, and the product.

    The tests start it in processes of their own; where the environment forbids Python to write
    bytecode, each of these would have to read all of it anew.
    """
    routing.compile_each_address_once()
    if not hasattr(config, "workerinput"):
        compileall.compile_dir(PROJECT / "wx_archive", quiet=2)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread the long tests over the first half: whoever began one last would be waited for.

    They are those that ask for more time than the others have.
    """
    long = [item for item in items if is_long(item)]
    order = [item for item in items if not is_long(item)]
    step = max(1, len(order) // 2 // (len(long) + 1))
    for number, item in enumerate(long):
        order.insert(number * (step + 1), item)
    items[:] = order


def is_long(item: pytest.Item) -> bool:
    marker = item.get_closest_marker("timeout")
    return marker is not None and marker.args[0] > float(item.config.getini("timeout"))


def pytest_collection_finish() -> None:
    """Let the garbage collector leave thousands of tests alone, which are no garbage.

    Looking through all of them again and again took it a fifth of the time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 3)


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


@pytest.fixture(scope="session")
def sqlite_catalogue(_sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the invented catalogue alone, to copy."""
    path = tmp_path_factory.mktemp("catalogue") / "archive.db"
    shutil.copy(_sqlite_template, path)
    load_catalogue(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_catalogue(_postgres_template: str, postgres_server: str) -> str:
    """A PostgreSQL database with the invented catalogue alone, to copy; returns its name."""
    name = f"catalogue_{uuid.uuid4().hex}"
    _sql(
        postgres_server,
        f'CREATE DATABASE "{name}" TEMPLATE "{_postgres_template}" STRATEGY file_copy',
    )
    load_catalogue(f"{postgres_server}/{name}")
    return name


def load_catalogue(url: str) -> None:
    """Import the invented catalogue into an empty database."""
    database = Database(url)
    importer = Importer(database, SECRET)
    importer.documents(PROJECT / "content" / "demo" / "documents.jsonl")
    importer.records(PROJECT / "content" / "demo" / "records.jsonl")
    database.dispose()


@pytest.fixture
def sqlite_template(_sqlite_template: Path) -> Path:
    """What a fresh SQLite database is a copy of: tests may begin with more than an empty one."""
    return _sqlite_template


@pytest.fixture
def postgres_template(_postgres_template: str) -> str:
    """What a fresh PostgreSQL database is a copy of."""
    return _postgres_template


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The address of a fresh SQLite database."""
    path = tmp_path / "archive.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgres_url(postgres_template: str, postgres_server: str) -> Iterator[str]:
    """The address of a fresh PostgreSQL database."""
    with postgres_copy(postgres_server, postgres_template) as url:
        yield url


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
    settings = Settings.for_demo(data_dir=folder, site_dir=PROJECT)
    demo.prepare(settings)
    do_what_waits(settings)
    return folder


def do_what_waits(settings: Settings) -> None:
    """Do the jobs that the import left behind, which each test's worker would else do again."""
    with open_services(settings) as services:
        platform = Platform(settings, services.store, services.database)
        runner = Runner(services.database, features.jobs(services, platform))
        while runner.run_next():
            pass
        platform.close()


@pytest.fixture(scope="session")
def real_documents(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A SQLite file with the real documents, to read or to copy; all processes share it."""
    folder = tmp_path_factory.getbasetemp()
    folder = folder if worker_id == "master" else folder.parent
    path = folder / "real.db"
    with (folder / "real.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (done := folder / "real.done").exists():
            database = Database(f"sqlite:///{path}")
            schema.upgrade(database)
            real.take_in(database)
            database.dispose()
            done.touch()
    return path


SettingsFactory = Callable[..., Settings]


@pytest.fixture
def demo_settings(_demo_data: Path, tmp_path: Path) -> SettingsFactory:
    """Settings of a demo on free ports, in a folder of its own, with the catalogue loaded."""

    def make(**overrides: object) -> Settings:
        folder = tmp_path / "data"
        if not folder.exists():
            shutil.copytree(_demo_data, folder)
        port, other = services.two_free_ports()
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


@pytest.fixture(scope="session")
def _postgres_demo(_demo_data: Path, postgres_server: str) -> str:
    """A PostgreSQL database with the demo's catalogue and people, to copy; returns its name."""
    name = f"demo_{uuid.uuid4().hex}"
    _sql(postgres_server, f'CREATE DATABASE "{name}"')
    url = SecretStr(f"{postgres_server}/{name}")
    settings = Settings.for_demo(data_dir=_demo_data, site_dir=PROJECT, database_url=url)
    demo.prepare(settings)
    do_what_waits(settings)
    return name


@pytest.fixture
def postgres_redis_settings(
    demo_settings: SettingsFactory, _postgres_demo: str, postgres_server: str, redis_url: str
) -> Iterator[Settings]:
    """The demo on PostgreSQL and Redis."""
    with postgres_copy(postgres_server, _postgres_demo) as url:
        yield demo_settings(database_url=SecretStr(url), redis_url=SecretStr(redis_url))


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


WIRE_MODES = ("safe", "compatible", "plain", "postgres+redis")
"""For journeys that are about the wire; the others go by the two ways of running alone."""


@pytest.fixture(params=["safe", "postgres+redis"])
def running(
    request: pytest.FixtureRequest, demo_settings: SettingsFactory
) -> Iterator[demo.Running]:
    """A running account with its simulated WeChat: sealed, and the cities' way of running."""
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


@contextmanager
def postgres_copy(server: str, template: str) -> Iterator[str]:
    """Yield the address of a database that begins as a copy of another, and is then gone."""
    name = f"test_{uuid.uuid4().hex}"
    _sql(server, f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
    yield f"{server}/{name}"
    _sql(server, f'DROP DATABASE "{name}" WITH (FORCE)')


def _sql(server: str, statement: str) -> None:
    address = server.replace("+psycopg", "") + "/postgres"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(statement.encode())
