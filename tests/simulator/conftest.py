"""A fake account and simulators for it, each test with its own."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.caller import Api
from tests.simulator.fake_account import FakeAccount, an_account
from tests.simulator.newsdesk import Newsdesk
from wx_archive.core import clock
from wx_archive.simulator.app import running
from wx_archive.simulator.config import Encryption, SimulatorConfig
from wx_archive.simulator.phone import Phone

ConfigBuilder = Callable[..., SimulatorConfig]
Start = Callable[..., str]


@pytest.fixture(autouse=True)
def _clock_is_given_back() -> Iterator[None]:
    """A simulator that moved this process's clock puts it back when it closes."""
    yield
    left = clock.offset()
    clock.move(timedelta(0))
    assert left == timedelta(0)


@pytest.fixture
def account() -> Iterator[FakeAccount]:
    with an_account() as account:
        yield account


@pytest.fixture
def a_config(tmp_path: Path, account: FakeAccount) -> ConfigBuilder:
    def build(**changes: Any) -> SimulatorConfig:
        values: dict[str, Any] = {
            "account_url": account.url,
            "account_name": "十堰档案",
            "original_id": "gh_0123456789ab",
            "app_id": "wx0123456789abcdef",
            "app_secret": "a-secret",
            "token": "a-token",
            "aes_key": "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
            "encryption": Encryption.PLAIN,
            "data_dir": tmp_path,
        }
        return SimulatorConfig(**(values | changes))

    return build


@pytest.fixture
def start(a_config: ConfigBuilder) -> Iterator[Start]:
    """Start a simulator and return its address; it stops with the test."""
    with ExitStack() as stack:
        yield lambda **changes: stack.enter_context(running(a_config(**changes)))


@pytest.fixture
def simulator(start: Start) -> str:
    return start()


@pytest.fixture
def api(simulator: str) -> Api:
    return Api(simulator)


@pytest.fixture
def phone(simulator: str, account: FakeAccount) -> Phone:
    """A phone that follows; what the account got so far is forgotten."""
    phone = Phone(simulator)
    phone.follows()
    account.received.clear()
    return phone


@pytest.fixture
def desk(simulator: str) -> Newsdesk:
    """A verified service account that publishes."""
    return Newsdesk(simulator)
