"""An answer that comes later: sent while WeChat lets us, else offered and fetched; lists stay."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
from pydantic import SecretStr
from sqlalchemy import select

from tests import services
from tests.conftest import SettingsFactory
from tests.core.test_redis_outage import PrivateRedis
from wx_archive import demo
from wx_archive.chat import held
from wx_archive.chat.models import ServiceWindow
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.flushing import EVERY_S
from wx_archive.core.settings import Settings
from wx_archive.followers import service as followers
from wx_archive.simulator.phone import Phone

OFFER = "另有一条替您留着的答复"


@dataclass
class Office:
    """A running account, and what its staff and jobs have to say later."""

    database: Database
    simulator_url: str
    told: int = field(default=0)

    def phone(self) -> Phone:
        return Phone(self.simulator_url)

    def tell(self, phone: Phone, text: str) -> None:
        now = clock.now()
        self.told += 1
        with self.database.begin() as session:
            follower_id = followers.ensure(session, phone.openid, now=now)
            held.tell(session, follower_id, text, key=str(self.told), now=now)

    def after_flush(self, phone: Phone, occasion: str = "message") -> None:
        """Wait until the buffer has written what the follower did."""
        statement = select(ServiceWindow.occasion).where(
            ServiceWindow.follower_id == self._number_of(phone), ServiceWindow.occasion == occasion
        )
        deadline = time.monotonic() + 10 * EVERY_S
        while True:
            with self.database.reads() as connection:
                if connection.execute(statement).first():
                    return
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def _number_of(self, phone: Phone) -> int:
        with self.database.reads() as connection:
            return followers.find(connection, phone.openid) or 0

    def sends(self) -> list[int | None]:
        """Return WeChat's verdict on every service message that we tried to send."""
        calls: list[dict[str, Any]] = requests.get(
            f"{self.simulator_url}/sim/calls", timeout=5
        ).json()["calls"]
        return [call["errcode"] for call in calls if call["path"] == "message/custom/send"]


@contextmanager
def an_office(settings: Settings) -> Iterator[Office]:
    database = Database(settings.database)
    with demo.in_process(settings) as running:
        yield Office(database, running.simulator_url)
    database.dispose()


@pytest.fixture(params=["safe", "postgres+redis"])
def office(request: pytest.FixtureRequest, demo_settings: SettingsFactory) -> Iterator[Office]:
    if request.param == "safe":
        settings = demo_settings()
    else:
        settings = request.getfixturevalue("postgres_redis_settings")
    with an_office(settings) as opened:
        yield opened


def hears(phone: Phone, number: int) -> list[str]:
    """Wait for so many service messages; return them in the order they came."""
    heard: list[str] = []
    while len(heard) < number and phone.listens(20):
        heard += [bubble.visible_text for bubble in phone.shown]
    return heard


def test_a_later_answer_arrives_by_itself_after_a_message(office: Office) -> None:
    phone = office.phone()
    phone.follows()
    phone.says("公积金")
    office.after_flush(phone)
    office.tell(phone, "您托我们查的档案找到了，[[取结果]]不用再回。")
    assert hears(phone, 1) == ["您托我们查的档案找到了，[[取结果]]不用再回。"]
    phone.says("公积金")
    phone.sees_not(OFFER)
    phone.says("取结果")
    phone.sees("眼下没有替您留着的答复")


def test_as_many_arrive_as_wechat_allows_and_the_others_are_fetched(office: Office) -> None:
    phone = office.phone()
    phone.follows()
    phone.says("公积金")
    office.after_flush(phone)
    office.after_flush(phone, "subscribe")
    for number in range(10):
        office.tell(phone, f"第{number}条答复")
    heard = hears(phone, 8)
    assert len(set(heard)) == len(heard) == 8  # three for having followed, five for the message
    assert phone.listens(1.5) == []
    assert office.sends() == [0] * 8  # the ledger asks for nothing that WeChat would refuse
    phone.says("取结果")
    left = {f"第{number}条答复" for number in range(10)} - set(heard)
    assert set(phone.last_text.split("\n\n")) == left


def test_an_answer_for_somebody_silent_waits_and_is_offered_until_it_is_fetched(
    office: Office,
) -> None:
    phone, other = office.phone(), office.phone()
    office.tell(phone, "您先前问的，有答复了。")
    assert phone.listens(1.5) == []
    for each in (phone, other):
        each.follows()
        each.says("公积金")
    phone.sees(OFFER)
    other.sees_not(OFFER)
    phone.presses("取结果")
    assert phone.last_text == "您先前问的，有答复了。"
    phone.says("公积金")
    phone.sees_not(OFFER)
    assert office.sends() == []


def test_who_left_is_not_written_to_and_finds_it_after_coming_back(office: Office) -> None:
    phone = office.phone()
    phone.follows()
    phone.says("公积金")
    office.after_flush(phone)
    phone.unfollows()
    office.tell(phone, "给离开的人。")
    time.sleep(1.5)
    assert office.sends() == []
    phone.follows()
    phone.says("取结果")
    phone.sees("给离开的人。")
    assert office.sends() == []


def test_a_list_can_be_paged_on_after_redis_was_killed(
    demo_settings: SettingsFactory, tmp_path: Path
) -> None:
    program = shutil.which("redis-server")
    if program is None:
        services.missing("Redis")
        return
    redis = PrivateRedis(program, tmp_path)
    try:
        with an_office(demo_settings(redis_url=SecretStr(redis.url))) as office:
            phone = office.phone()
            phone.follows()
            phone.says("公积金")
            redis.kill()
            phone.says("下一页")
            second = phone.last_text
            phone.says("6")
            assert [article.title in second for article in phone.last_articles] == [True]
            phone.says("0")
            assert phone.last_text == second
    finally:
        redis.kill()
