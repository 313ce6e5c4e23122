"""我的卡册 and the rules in Chromium: readable in any theme and size, by hand, without script."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from sqlalchemy import select

from tests.browser.screen import FAINT, complaints, follow, resize, until
from tests.browser.test_h5_pages import BIG_TYPE, SMALL_TARGETS, TOO_WIDE, TORN, visit
from tests.browser.test_phone_page import save_screenshot
from tests.conftest import SettingsFactory
from tests.quiz.album_making import earns, until_drawn
from wx_archive import demo, demo_quiz
from wx_archive.core import clock, live
from wx_archive.core.database import Database
from wx_archive.core.services import open_services
from wx_archive.core.settings import Settings
from wx_archive.followers import service as followers
from wx_archive.quiz import codes, seasons
from wx_archive.quiz.models import Season
from wx_archive.quiz.rules import SeasonState, VoucherState
from wx_archive.quiz.voucher_models import Facsimile, Voucher
from wx_archive.simulator.phone import Phone

LOADED = """
return [...document.images].every((one) => {
  one.loading = "eager";
  return one.complete && one.naturalWidth > 0;
});
"""


@pytest.fixture
def settings(demo_settings: SettingsFactory) -> Settings:
    """An account whose followers come by a signed link, as into any browser."""
    return demo_settings(wechat_account="subscription")


def gives(settings: Settings, openid: str, cards: int, *, voucher: bool) -> None:
    """Give somebody cards of the demo's season, perhaps the voucher, too."""
    database = Database(settings.database)
    with database.begin() as session:
        released = select(Season.id).where(Season.state == SeasonState.RELEASED)
        season_id = session.scalars(released).first()
        assert season_id
        number = followers.ensure(session, openid, now=clock.now())
        entry_id = earns(session, number, season_id, cards, more=4, now=clock.now())
        if voucher:
            facsimile = session.scalars(select(Facsimile).where(Facsimile.is_offered)).first()
            assert facsimile
            session.add(
                Voucher(
                    code=codes.new_code(),
                    entry_id=entry_id,
                    facsimile_id=facsimile.id,
                    state=VoucherState.ISSUED,
                    issued_at=clock.now(),
                    expires_on=clock.today() + timedelta(days=60),
                )
            )
        live.changed(session, seasons.LIVE)
    database.dispose()


def link_of(phone: Phone) -> str:
    phone.says("我的卡")
    return next(span.href for span in phone.links if span.href)


@pytest.fixture
def running(settings: Settings) -> Iterator[demo.Running]:
    with open_services(settings) as services:
        demo_quiz.invent(services)
    with demo.in_process(settings) as running:
        database = Database(settings.database)
        until_drawn(database)
        database.dispose()
        yield running


def wrong_here(browser: Chrome) -> list[str]:
    """Return what is faint, too wide, too small or torn on the page as it stands."""
    checks = {"faint": FAINT, "too wide": TOO_WIDE, "small": SMALL_TARGETS, "torn": TORN}
    found = {name: browser.execute_script(check) for name, check in checks.items()}
    browser.execute_script(BIG_TYPE)
    found["too wide at 200 %"] = browser.execute_script(TOO_WIDE)
    return [f"{browser.current_url} {name}: {what}" for name, what in found.items() if what]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_page_is_readable_on_a_phone(
    browser: Chrome, running: demo.Running, settings: Settings, *, dark: bool
) -> None:
    theme = "dark" if dark else "light"
    resize(browser, 390, 844, dark=dark)
    some, all_ten = Phone(running.simulator_url), Phone(running.simulator_url)
    wrong = []
    for phone, cards in ((some, 3), (all_ten, 10)):
        phone.follows()
        gives(settings, phone.openid, cards, voucher=cards == 10)
        visit(browser, link_of(phone))
        until(browser, "the pictures", lambda: browser.execute_script(LOADED))
        save_screenshot(browser, f"quiz-album-{cards}-{theme}.png")
        wrong += wrong_here(browser)
    visit(browser, f"{running.account_url}/h5/cards")
    follow(browser, browser.find_element(By.CSS_SELECTOR, ".album a"))
    until(browser, "the picture", lambda: browser.execute_script(LOADED))
    save_screenshot(browser, f"quiz-card-{theme}.png")
    wrong += wrong_here(browser)
    visit(browser, f"{running.account_url}/h5/quiz/rules")
    save_screenshot(browser, f"quiz-rules-{theme}.png")
    wrong += wrong_here(browser)
    browser.delete_all_cookies()
    visit(browser, f"{running.account_url}/h5/cards")
    wrong += wrong_here(browser)
    assert wrong == []
    errors = [line for line in complaints(browser) if "403 (FORBIDDEN)" not in line]
    assert errors == []
