"""A worker that looks for alerts, and a WeChat that takes what it tells."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.alerts.watches import Watch, a_watch
from wx_archive.core import clock
from wx_archive.core.database import Database


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    """By day, so that people may be told; the clock is given back afterwards."""
    local = clock.now().astimezone(clock.SHANGHAI)
    noon = local.replace(hour=12, minute=0, second=0, microsecond=0)
    clock.move(noon - local)
    yield
    clock.move(timedelta(0))


@pytest.fixture
def watch(database: Database, tmp_path: Path) -> Iterator[Watch]:
    """A worker on SQLite and on PostgreSQL."""
    with a_watch(database, tmp_path) as opened:
        yield opened
