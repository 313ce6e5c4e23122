"""Photos sent on a phone are stored whole, and their sender hears of them in one line."""

import hashlib
import time
from collections.abc import Callable, Iterator

import pytest
import requests

from tests.conftest import SettingsFactory
from wx_archive import demo
from wx_archive.core.database import Database
from wx_archive.core.settings import Settings
from wx_archive.simulator.phone import Phone
from wx_archive.treasures import queries
from wx_archive.treasures.models import Treasure
from wx_archive.treasures.queries import File
from wx_archive.treasures.rules import STORED, FileKind, FileState
from wx_archive.treasures.sealed import open_sealed

WITHIN_S = 40.0


@pytest.fixture(params=["sqlite", "postgres+redis"])
def settings(request: pytest.FixtureRequest, demo_settings: SettingsFactory) -> Settings:
    if request.param == "sqlite":
        return demo_settings()
    found: Settings = request.getfixturevalue("postgres_redis_settings")
    return found


@pytest.fixture
def places(settings: Settings) -> Iterator[demo.Running]:
    with demo.in_process(settings) as running:
        yield running


@pytest.fixture
def database(settings: Settings, places: demo.Running) -> Iterator[Database]:
    del places
    opened = Database(settings.database)
    yield opened
    opened.dispose()


def files(database: Database) -> list[File]:
    with database.reads() as connection:
        (one,) = connection.execute(Treasure.__table__.select())
        return queries.files(connection, one.id)


def wait(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_batch_is_fetched_and_told_of_in_one_line(
    settings: Settings, places: demo.Running, database: Database
) -> None:
    phone = Phone(places.simulator_url)
    fault = {"path": "media/get", "fault": "cut"}  # of one of them, half comes
    requests.post(f"{places.simulator_url}/sim/faults", json=fault, timeout=5)
    phone.follows()
    phone.sends_photo()
    phone.sees("照片收到了")
    assert phone.sends_photo() == []
    assert phone.sends_video() == []
    phone.listens(WITHIN_S)
    phone.sees("已收到 3 件")
    wait(lambda: all(file.state is not FileState.AWAITED for file in files(database)))
    every = files(database)
    assert [file.kind for file in every] == [FileKind.IMAGE, FileKind.IMAGE, FileKind.VIDEO]
    store = open_sealed(settings)
    for file in every:
        assert file.state in STORED, file.reason
        assert file.object_key is not None
        content = store.path(file.object_key).read_bytes()
        assert hashlib.sha256(content).hexdigest() == file.sha256
