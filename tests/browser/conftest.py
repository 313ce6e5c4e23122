"""A real Chromium, and a running account for it to look at."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

from tests import services
from tests.conftest import SettingsFactory
from wx_archive import demo

OPTIONS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--lang=zh-CN",
)


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Chrome]:
    """A browser with a profile of its own, which remembers what its console said."""
    options = ChromeOptions()
    options.binary_location = str(services.chromium())
    driver = shutil.which("chromedriver")
    if driver is None:
        services.missing("chromedriver")
    for option in (*OPTIONS, f"--user-data-dir={tmp_path / 'profile'}"):
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    opened = Chrome(options=options, service=Service(driver))
    yield opened
    opened.quit()


@pytest.fixture
def places(demo_settings: SettingsFactory) -> Iterator[demo.Running]:
    """A running account with its simulated WeChat."""
    with demo.in_process(demo_settings()) as running:
        yield running
