"""A real Chromium, and a running account for it to look at."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.common.exceptions import WebDriverException
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
SCRIPT_S = 30


class Chromium:
    """One browser for many tests: each has a window of its own, and nothing kept from before."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._opened: Chrome | None = None

    def fresh(self) -> Chrome:
        """Return the browser as nobody has used it."""
        if self._opened is not None:
            try:
                self._forget(self._opened)
            except WebDriverException:  # the test before may have broken it
                self.close()
        if self._opened is None:
            self._opened = self._start()
        return self._opened

    def close(self) -> None:
        """End it."""
        if self._opened is not None:
            self._opened.quit()
        self._opened = None

    def _start(self) -> Chrome:
        options = ChromeOptions()
        options.binary_location = str(services.chromium())
        driver = shutil.which("chromedriver")
        if driver is None:
            services.missing("chromedriver")
        for option in (*OPTIONS, f"--user-data-dir={self._folder}"):
            options.add_argument(option)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        opened = Chrome(options=options, service=Service(driver))
        opened.set_script_timeout(SCRIPT_S)
        return opened

    @staticmethod
    def _forget(opened: Chrome) -> None:
        """Open a window, which has neither size nor theme yet; forget what the others left."""
        others = opened.window_handles
        opened.switch_to.window(others[0])
        opened.switch_to.new_window("tab")
        own = opened.current_window_handle
        for other in others:
            opened.switch_to.window(other)
            opened.close()
        opened.switch_to.window(own)
        opened.execute_cdp_cmd("Network.clearBrowserCookies", {})
        opened.execute_cdp_cmd("Network.clearBrowserCache", {})
        opened.set_script_timeout(SCRIPT_S)
        opened.get_log("browser")  # type: ignore[no-untyped-call] # selenium's own gap


@pytest.fixture(scope="session")
def _chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """The browser of this process."""
    opened = Chromium(tmp_path_factory.mktemp("chromium") / "profile")
    yield opened
    opened.close()


@pytest.fixture
def browser(_chromium: Chromium) -> Chrome:
    """A browser without cookies, cache or other windows, which remembers what its console said."""
    return _chromium.fresh()


@pytest.fixture
def places(demo_settings: SettingsFactory) -> Iterator[demo.Running]:
    """A running account with its simulated WeChat."""
    with demo.in_process(demo_settings()) as running:
        yield running
