"""The console's door in Chromium: a first login with TOTP, a leaver, a thousand wrong passwords."""

import io
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest
from argon2 import PasswordHasher
from pydantic import SecretStr
from selenium.webdriver import Chrome

from tests.browser.screen import complaints, follow, resize, until
from tests.browser.test_h5_pages import TOO_WIDE
from tests.conftest import PROJECT
from tests.services import two_free_ports
from wx_archive import demo
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.settings import Profile, Settings
from wx_archive.staff import accounts, throttle
from wx_archive.staff.rules import Role

OWN = "长江从门前流过 1958 年"
OUT_WITHIN_S = 5.0
FLOOD = """
const [csrf, login, done] = arguments;
const statuses = [];
const bodies = new Set();
(async () => {
  for (let batch = 0; batch < 50; batch++) {
    await Promise.all(Array.from({length: 20}, async (_, number) => {
      const form = new URLSearchParams({csrf, login, password: `wrong ${batch} ${number}`});
      const answer = await fetch('/console/login', {method: 'POST', body: form});
      const text = await answer.text();
      statuses.push(answer.status);
      if (answer.status === 422) bodies.add(text.replaceAll(`value="${login}"`, 'value'));
    }));
  }
  done([statuses, [...bodies]]);
})();
"""


@pytest.fixture
def settings(sqlite_url: str, tmp_path: Path) -> Settings:
    """A bureau's own installation, without the demo's people."""
    port, other = two_free_ports()
    return Settings.for_demo(
        profile=Profile.DEV,
        data_dir=tmp_path / "bureau",
        site_dir=PROJECT,
        database_url=SecretStr(sqlite_url),
        port=port,
        public_url=f"http://127.0.0.1:{port}",
        simulator_port=other,
        wechat_api_url=f"http://127.0.0.1:{other}",
    )


@pytest.fixture
def bureau(settings: Settings) -> Iterator[Settings]:
    """The bureau's account, running."""
    with demo.in_process(settings):
        yield settings


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    """The bureau's database."""
    opened = Database(settings.database)
    yield opened
    opened.dispose()


def command(settings: Settings, *arguments: str) -> bytes:
    """Run `wx-archive staff …` as its admin does, in a process of its own."""
    ran = subprocess.run(
        [sys.executable, "-m", "wx_archive", "staff", *arguments],
        env=settings.environment(),
        capture_output=True,
        check=True,
    )
    return ran.stdout


def fill(browser: Chrome, **fields: str) -> None:
    """Fill in the form of the page by the names of its fields, and send it."""
    for name, text in fields.items():
        browser.find_element("css selector", f'main [name="{name}"]').send_keys(text)
    follow(browser, browser.find_element("css selector", "main form.card button"))


def heading(browser: Chrome) -> str:
    return str(browser.find_element("css selector", "h1").text)


def reads(browser: Chrome, words: str) -> None:
    until(browser, f"the page «{words}»", lambda: heading(browser) == words)


def give_account(database: Database, login: str) -> None:
    with database.begin() as session:
        accounts.add(
            session,
            login=login,
            name="陈晓明",
            roles=[Role.EDITOR],
            password=OWN,
            must_change=False,
            now=clock.now(),
        )


def test_the_first_admin_comes_in_by_password_and_phone(browser: Chrome, bureau: Settings) -> None:
    resize(browser, 1366, 768)
    made = command(bureau, "add", "zhao", "--name", "赵敏", "--role", "admin", "--json")
    first = json.loads(made)["password"]
    browser.get(f"{bureau.origin}/console/account")
    reads(browser, "登录管理台")
    fill(browser, login="zhao", password=first)
    reads(browser, "换成自己的密码")
    fill(browser, new=OWN, again=OWN)
    reads(browser, "设置动态码")
    resize(browser, 390, 844)
    assert browser.execute_script(TOO_WIDE) == []
    square = browser.find_element("css selector", "svg").rect
    assert square["width"] == square["height"] > 150
    secret = browser.find_element("css selector", "main .mono").text.replace(" ", "")
    fill(browser, code=pyotp.TOTP(secret).at(clock.now()))
    reads(browser, "动态码设好了")
    codes = browser.find_element("css selector", "main ul.mono").text.split()
    assert len(codes) == 10
    assert browser.execute_script(TOO_WIDE) == []
    follow(browser, browser.find_element("link text", "抄好了，进入管理台"))
    reads(browser, "我的账号")
    resize(browser, 1366, 768)
    browser.get(f"{bureau.origin}/console")
    reads(browser, "今天")

    browser.delete_all_cookies()
    browser.get(f"{bureau.origin}/console")
    fill(browser, login="zhao", password=OWN)
    reads(browser, "填动态码")
    fill(browser, code=codes[0])
    reads(browser, "今天")
    assert "还剩 9 个" in browser.find_element("css selector", ".said").text
    assert complaints(browser) == []


def test_a_leaver_is_out_within_five_seconds(
    browser: Chrome, bureau: Settings, database: Database
) -> None:
    give_account(database, "chenxm")
    browser.get(f"{bureau.origin}/console")
    fill(browser, login="chenxm", password=OWN)
    reads(browser, "今天")
    command(bureau, "disable", "chenxm")
    begun = time.monotonic()
    follow(browser, browser.find_element("css selector", ".top-home"))
    reads(browser, "登录管理台")
    assert time.monotonic() - begun < OUT_WITHIN_S
    fill(browser, login="chenxm", password=OWN)
    until(browser, "the refusal", lambda: browser.find_element("css selector", ".refusal"))
    assert "账号或密码不对" in browser.find_element("css selector", ".refusal").text


def test_a_thousand_wrong_passwords_are_a_handful_of_comparisons(
    browser: Chrome, bureau: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_account(database, "chenxm")
    compared = io.StringIO()
    verify = PasswordHasher.verify

    def watched(self: PasswordHasher, hash: str | bytes, password: str | bytes) -> bool:  # noqa: A002 -- its name there
        compared.write(".")
        return bool(verify(self, hash, password))

    monkeypatch.setattr(PasswordHasher, "verify", watched)
    # As no test lasts, on however slow a machine.
    monkeypatch.setattr(throttle, "FIRST_PAUSE", timedelta(minutes=5))
    browser.set_script_timeout(45)
    browser.get(f"{bureau.origin}/console/login")
    csrf = browser.find_element("css selector", '[name="csrf"]').get_attribute("value")
    statuses, known = browser.execute_async_script(FLOOD, csrf, "chenxm")
    assert len(statuses) == 1_000
    assert set(statuses) == {422, 429}
    assert statuses.count(422) == len(compared.getvalue()) == 5

    clock.move(timedelta(minutes=20))
    try:
        browser.delete_all_cookies()
        browser.get(f"{bureau.origin}/console/login")
        fill(browser, login="chenxm", password=OWN)
        reads(browser, "今天")
    finally:
        clock.move(timedelta(0))
    assert len(known) == 1
    assert re.search("账号或密码不对", known[0])


def test_an_unknown_account_gets_the_same_bytes(
    browser: Chrome, bureau: Settings, database: Database
) -> None:
    give_account(database, "chenxm")
    shown = set()
    for login in ("chenxm", "nobody"):
        browser.get(f"{bureau.origin}/console/login")
        fill(browser, login=login, password="wrong")
        until(browser, "the refusal", lambda: browser.find_element("css selector", ".refusal"))
        shown.add(browser.page_source.replace(login, ""))
    assert len(shown) == 1
