"""What a person does on a page in Chromium, by the marks (`data-testid`) the page carries."""

from collections.abc import Callable
from typing import TypeVar

from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

T = TypeVar("T")
PATIENCE_S = 10


def resize(
    browser: Chrome, width: int, height: int, *, scale: float = 1, dark: bool = False
) -> None:
    """Give the page a screen of this size in CSS pixels, and a theme."""
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": False},
    )
    theme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [theme]})


def until(browser: Chrome, what: str, condition: Callable[[], T]) -> T:
    """Wait until ``condition`` gives something, and return it."""
    wait: WebDriverWait[Chrome] = WebDriverWait(
        browser,
        PATIENCE_S,
        poll_frequency=0.05,
        ignored_exceptions=[StaleElementReferenceException, IndexError],
    )
    return wait.until(lambda _browser: condition(), f"waited for: {what}")


def marked(browser: Chrome, mark: str) -> list[WebElement]:
    """Return the visible elements that carry a mark."""
    found = browser.find_elements(By.CSS_SELECTOR, f'[data-testid="{mark}"]')
    return [element for element in found if element.is_displayed()]


def tap(browser: Chrome, mark: str, text: str = "") -> None:
    """Tap the last element that carries a mark and contains a text."""

    def tapped() -> bool:
        [element for element in marked(browser, mark) if text in element.text][-1].click()
        return True

    until(browser, f"{mark} {text}", tapped)


def bubbles(browser: Chrome, *, sender: str = "account", kind: str | None = None) -> list[str]:
    """Return the texts of the bubbles of one side, oldest first."""
    wanted = f'[data-testid="bubble"][data-from="{sender}"]'
    wanted += f'[data-kind="{kind}"]' if kind else ""
    return [element.text for element in browser.find_elements(By.CSS_SELECTOR, wanted)]


def sees(browser: Chrome, text: str) -> None:
    """Wait until the account's last bubble contains a text."""
    until(browser, f"an answer with {text}", lambda: text in bubbles(browser)[-1])


def complaints(browser: Chrome) -> list[str]:
    """Return what the console has said since it was last asked."""
    log = browser.get_log("browser")  # type: ignore[no-untyped-call] # selenium's own gap
    return [str(entry["message"]) for entry in log]
