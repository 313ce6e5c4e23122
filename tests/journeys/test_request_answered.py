"""A request from an empty lookup to its answer on the phone, by way of the console; restarted."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
import requests

from tests.conftest import SettingsFactory
from tests.html import Page, read_page
from wx_archive import demo
from wx_archive.core.settings import Settings
from wx_archive.simulator import app as simulator
from wx_archive.simulator.phone import Phone

READY_WITHIN_S = 30
NUMBER = re.compile(r"查\d{4}-\d{6}")
CSRF = re.compile(r'name="csrf" value="([0-9a-f]{64})"')
VERSION = re.compile(r'name="version" value="(\d+)"')
ANSWER = "查到了。请在接待时间来看，报编号就行。"


@pytest.fixture(params=["sqlite", "postgres+redis"])
def settings(request: pytest.FixtureRequest, demo_settings: SettingsFactory) -> Settings:
    """A small installation, and the cities' way of running."""
    if request.param == "sqlite":
        return demo_settings()
    chosen: Settings = request.getfixturevalue("postgres_redis_settings")
    return chosen


@contextmanager
def installation(settings: Settings) -> Iterator[None]:
    """Run account, console and background in processes of their own, as an office does."""
    command = [sys.executable, "-m", "wx_archive", "serve", "--all-in-one"]
    process = subprocess.Popen(command, env=settings.environment())
    try:
        deadline = time.monotonic() + READY_WITHIN_S
        while not is_ready(settings):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(timeout=20)


def is_ready(settings: Settings) -> bool:
    try:
        with requests.get(f"{settings.origin}/-/ready", timeout=1) as answer:
            return answer.ok
    except requests.ConnectionError:
        return False


@dataclass
class Clerk:
    """窗口小周 at the console, over the wire."""

    origin: str
    session: requests.Session = field(default_factory=requests.Session)

    def comes_in(self) -> None:
        self._send("/console/switch", login="desk")

    def finds(self, number: str) -> str:
        """Return the address of a request's page, as the queue gives it."""
        page = self._read(self._get("/console/enquiries"))
        assert number in page.text
        (path,) = {link for link in page.links if re.fullmatch(r"/console/enquiries/\w{26}", link)}
        return path

    def moves(self, path: str, state: str, note: str = "") -> str:
        """Take a step, and read first what has to be read; return the preview, if there was one."""
        version = VERSION.search(self._get(path).text) or VERSION.search(
            self._get(f"{path}/to/{state}").text
        )
        assert version
        sent = {"version": version[1], "note": note}
        answer = self._send(f"{path}/to/{state}", **sent)
        shown = ""
        if answer.status_code == 422:
            page = read_page(answer.text)
            shown = page.text
            answer = self._send(f"{path}/to/{state}", seen=page.value_of("seen"), **sent)
        assert answer.status_code == 200, answer.text
        assert urlsplit(answer.url).path == path
        return shown

    def reads(self, path: str) -> Page:
        return self._read(self._get(path))

    def _get(self, path: str) -> requests.Response:
        return self.session.get(f"{self.origin}{path}", timeout=10)

    def _send(self, path: str, **fields: str) -> requests.Response:
        found = CSRF.search(self._get("/console").text)
        sent = {"csrf": found[1] if found else "", **fields}
        headers = {"Origin": self.origin}
        return self.session.post(f"{self.origin}{path}", data=sent, headers=headers, timeout=10)

    def _read(self, answer: requests.Response) -> Page:
        assert answer.status_code == 200, answer.text
        page = read_page(answer.text)
        page.check_frame()
        return page


def hears(phone: Phone, text: str) -> None:
    """Wait until WeChat brings a message of ours that contains a text."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        phone.listens(5)
        if text in phone.last_text:
            return
    phone.sees(text)


def progress(phone: Phone, number: str) -> str:
    phone.says(f"进度 {number}")
    return "".join(bubble.visible_text for bubble in phone.shown)


def test_a_request_goes_its_way_from_an_empty_lookup_to_a_rated_answer(settings: Settings) -> None:
    config = demo.simulator_config(settings)
    with simulator.running(config, port=settings.simulator_port) as address:
        phone, clerk = Phone(address), Clerk(settings.origin)
        with installation(settings):
            phone.follows()
            phone.says("量子纠缠通信")
            phone.sees("没有查到")
            phone.presses("帮我查")
            number = NUMBER.search(phone.last_text)
            assert number
            assert "已收到" in progress(phone, number[0])

            clerk.comes_in()
            path = clerk.finds(number[0])
            assert "量子纠缠通信" in clerk.reads(path).text
            clerk.moves(path, "accepted")
            told = progress(phone, number[0])
            assert "已受理" in told
            assert "首问责任人：窗口小周" in told
            assert re.search(r"最晚\d{4}年\d+月\d+日(（按周末推算，待国务院公布）)?答复", told)
            clerk.moves(path, "searching")
            assert "正在查" in progress(phone, number[0])
        with installation(settings):  # the office's machine was started anew
            assert "正在查" in progress(phone, number[0])
            clerk.moves(path, "consulting", "要问一问当年的设计院")
            told = progress(phone, number[0])
            assert "正在征求意见" in told
            assert "停算工作日" in told
            preview = clerk.moves(path, "found", ANSWER)
            assert "读者会收到这段话" in preview
            assert ANSWER in preview
            hears(phone, "查到了")
            assert ANSWER in phone.last_text
            told = progress(phone, number[0])
            assert f"馆里说：{ANSWER}" in told
            phone.presses("5")
            phone.sees("很满意（5分），谢谢您")
            assert f"{number[0]}：已办结" in progress(phone, number[0])
            page = clerk.reads(path).text
            assert "5 分，很满意" in page
            assert "这件已经办完" in page
