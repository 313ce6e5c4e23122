"""The account is stopped and started again between two messages: nothing promised is lost."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest
import requests

from tests.conftest import SettingsFactory
from wx_archive import demo
from wx_archive.core.settings import Settings
from wx_archive.simulator import app as simulator
from wx_archive.simulator.phone import Phone

READY_WITHIN_S = 20
TRIED_FOR_S = 30
"""Longer than WeChat goes on trying."""


@pytest.fixture(params=["sqlite", "postgres+redis"])
def settings(request: pytest.FixtureRequest, demo_settings: SettingsFactory) -> Settings:
    """A small installation, and the cities' way of running."""
    if request.param == "sqlite":
        return demo_settings()
    chosen: Settings = request.getfixturevalue("postgres_redis_settings")
    return chosen


@contextmanager
def account(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """Run the account in a process of its own, as an office does."""
    command = [sys.executable, "-m", "wx_archive", "serve"]
    process = subprocess.Popen(command, env=settings.environment())
    try:
        deadline = time.monotonic() + READY_WITHIN_S
        while not _is_ready(settings):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        process.wait(timeout=20)


def _is_ready(settings: Settings) -> bool:
    try:
        with requests.get(f"{settings.origin}/-/ready", timeout=1) as answer:
            return answer.ok
    except requests.ConnectionError:
        return False


def test_a_restart_between_two_messages_loses_neither_list_nor_follower(
    settings: Settings,
) -> None:
    with simulator.running(
        demo.simulator_config(settings), port=settings.simulator_port
    ) as address:
        phone = Phone(address)
        with account(settings):
            phone.follows()
            phone.says("公积金")
            phone.says("下一页")
            second = phone.last_text
        with account(settings):
            phone.says("6")
            assert [article.title in second for article in phone.last_articles] == [True]
            phone.says("0")
            assert phone.last_text == second
            phone.unfollows()
            phone.follows()
            phone.sees("欢迎回来")


def test_a_message_sent_while_the_account_is_down_is_answered_when_it_is_back(
    settings: Settings,
) -> None:
    # With WeChat's own five seconds between two tries: a busy machine takes several to start.
    with simulator.running(
        demo.simulator_config(settings), port=settings.simulator_port
    ) as address:
        phone = Phone(address)
        with account(settings):
            phone.follows()
        asking = Thread(target=phone.says, args=("公积金",))
        asking.start()
        with account(settings):
            asking.join(timeout=TRIED_FOR_S)
            phone.sees("〔档案查询〕“公积金” 共")
        with requests.get(f"{address}/sim/exchanges", timeout=5) as answer:
            deliveries = answer.json()[-1]["deliveries"]
    assert (deliveries[0]["status"], deliveries[-1]["status"]) == (None, 200)
