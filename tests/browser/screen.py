"""What a person does on a page in Chromium, by the marks (`data-testid`) the page carries."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

T = TypeVar("T")
PATIENCE_S = 10
FAINT = """
const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
const light = (colour) => channels(colour).slice(0, 3)
  .map((value) => value / 255)
  .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
  .reduce((sum, value, at) => sum + value * [0.2126, 0.7152, 0.0722][at], 0);
const ground = (one) => {
  for (let node = one; node; node = node.parentElement) {
    const colour = getComputedStyle(node).backgroundColor;
    if ((channels(colour)[3] ?? 1) === 1) return colour;
  }
  return matchMedia("(prefers-color-scheme: dark)").matches ? "rgb(0, 0, 0)" : "rgb(255, 255, 255)";
};
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
const found = [];
while (walker.nextNode()) {
  const one = walker.currentNode.parentElement, text = walker.currentNode.data.trim();
  if (!text || !one.checkVisibility() || one.classList.contains("hidden")) continue;
  const style = getComputedStyle(one), size = parseFloat(style.fontSize);
  const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
  const [a, b] = [light(style.color), light(ground(one))].sort((x, y) => y - x);
  const contrast = (a + 0.05) / (b + 0.05);
  if (contrast < (isLarge ? 3 : 4.5)) found.push(`${text.slice(0, 20)} ${contrast.toFixed(2)}`);
}
return found;
"""
"""What stands out too little from its ground (WCAG AA), each with its contrast."""


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


def seen(browser: Chrome, looks: Mapping[str, str]) -> dict[str, Any]:
    """Look at the page in several ways at once; return what each has found, if anything."""
    each = (f"{json.dumps(name)}: (() => {{ {look} }})()" for name, look in looks.items())
    found: dict[str, Any] = browser.execute_script(f"return {{ {', '.join(each)} }}")
    return {name: what for name, what in found.items() if what}


def at_big_type(look: str, size_px: int = 34) -> str:
    """Return a look at the page in letters of twice their size, which are then as before."""
    return f"""
const own = document.documentElement.style;
own.fontSize = "{size_px}px";
try {{ {look} }} finally {{ own.fontSize = ""; }}
"""


def until(browser: Chrome, what: str, condition: Callable[[], T]) -> T:
    """Wait until ``condition`` gives something, and return it."""
    wait: WebDriverWait[Chrome] = WebDriverWait(
        browser,
        PATIENCE_S,
        poll_frequency=0.05,
        ignored_exceptions=[StaleElementReferenceException, IndexError],
    )
    return wait.until(lambda _browser: condition(), f"waited for: {what}")


@contextmanager
def turning(browser: Chrome) -> Iterator[None]:
    """Do inside what leads to another page; at the end that page stands there, whole."""
    before = browser.find_element(By.TAG_NAME, "html").id
    yield

    def has_turned() -> bool:
        if browser.find_element(By.TAG_NAME, "html").id == before:
            return False
        return bool(browser.execute_script("return document.readyState === 'complete'"))

    until(browser, "another page", has_turned)


def follow(browser: Chrome, element: WebElement) -> None:
    """Click what leads to another page, and wait until that page stands there, whole."""
    with turning(browser):
        element.click()


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
