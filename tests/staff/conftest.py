"""A bureau's own console on both databases, and a clock that a test may move."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from pydantic import SecretStr

from tests.conftest import PROJECT
from tests.staff.bureau import Bureau
from wx_archive import app, demo
from wx_archive.core import clock
from wx_archive.core.settings import Profile, Settings
from wx_archive.staff import throttle


def bureau_settings(database_url: str, tmp_path: Path) -> Settings:
    """Return settings of an installation that is no demo."""
    port = demo.free_port()
    return Settings.for_demo(
        profile=Profile.DEV,
        data_dir=tmp_path / "bureau",
        site_dir=PROJECT,
        database_url=SecretStr(database_url),
        port=port,
        public_url=f"http://127.0.0.1:{port}",
        simulator_port=demo.free_port(),
    )


@contextmanager
def open_bureau(settings: Settings) -> Iterator[Bureau]:
    """Open the console of an installation that is no demo."""
    application = app.build(settings)
    try:
        yield Bureau(application, settings)
    finally:
        application.close()


@pytest.fixture
def bureau(sqlite_url: str, tmp_path: Path) -> Iterator[Bureau]:
    """The console of an installation that is no demo, on SQLite."""
    with open_bureau(bureau_settings(sqlite_url, tmp_path)) as opened:
        yield opened


@pytest.fixture
def any_bureau(database_url: str, tmp_path: Path) -> Iterator[Bureau]:
    """The console of an installation that is no demo, on SQLite and on PostgreSQL."""
    with open_bureau(bureau_settings(database_url, tmp_path)) as opened:
        yield opened


class MovableClock:
    """The product's clock, as far ahead as a test puts it."""

    def __init__(self) -> None:
        self._ahead = timedelta(0)

    def pass_by(self, time: timedelta) -> None:
        """Let time pass at once."""
        self._ahead += time
        clock.move(self._ahead)


@pytest.fixture
def time() -> Iterator[MovableClock]:
    """A clock to let time pass with; put right again afterwards."""
    yield MovableClock()
    clock.move(timedelta(0))


@pytest.fixture
def _long_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the first pause last as no test does, on however slow a machine."""
    monkeypatch.setattr(throttle, "FIRST_PAUSE", timedelta(minutes=5))


@pytest.fixture
def hashings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every hash that a password is compared with from now on."""
    compared: list[str] = []
    verify = PasswordHasher.verify

    def watched(self: PasswordHasher, hash: str | bytes, password: str | bytes) -> bool:  # noqa: A002 -- its name there
        compared.append(str(hash))
        return bool(verify(self, hash, password))

    monkeypatch.setattr(PasswordHasher, "verify", watched)
    return compared
