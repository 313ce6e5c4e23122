"""A push on its whole way: scheduled, sent by the worker, shown on the phones, reported back."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from tests.conftest import SettingsFactory
from tests.publishing.pushing import a_picture, a_push, a_text, an_article, terms
from wx_archive import demo
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.services import site_of
from wx_archive.core.settings import Settings
from wx_archive.media import service as media
from wx_archive.media.objects import open_objects
from wx_archive.publishing import pushes
from wx_archive.publishing.pieces import Content
from wx_archive.publishing.push_models import Push
from wx_archive.publishing.rules import Delivery
from wx_archive.simulator.phone import Phone
from wx_archive.wechat.account import Entitlements


@dataclass
class House:
    """A running account with its worker, and its simulated WeChat."""

    settings: Settings
    database: Database
    simulator_url: str

    def sends(self, *contents: Content, delivery: Delivery = Delivery.MASS) -> int:
        now = clock.now()
        with self.database.begin() as session:
            push = a_push(session, *contents, delivery=delivery, now=now)
            pushes.schedule(
                session,
                push,
                terms(now + timedelta(milliseconds=300)),
                account=Entitlements.of(self.settings),
                profile=site_of(self.settings).profile,
                now=now,
            )
            return push.id

    def picture(self) -> str:
        with self.database.begin() as session:
            asset = media.bring_in(
                session,
                open_objects(self.settings),
                a_picture(),
                name="a.png",
                title="库房",
                alt="一间库房",
                credit="本馆",
                made_by="bianji",
                now=clock.now(),
            )
            return asset.pid

    def push(self, push_id: int) -> Push:
        with self.database.begin() as session:
            return session.get_one(Push, push_id)


@pytest.fixture(params=["sqlite", "postgres+redis"])
def house(request: pytest.FixtureRequest, demo_settings: SettingsFactory) -> Iterator[House]:
    if request.param == "sqlite":
        settings = demo_settings()
    else:
        settings = request.getfixturevalue("postgres_redis_settings")
    database = Database(settings.database)
    with demo.in_process(settings) as places:
        yield House(settings, database, places.simulator_url)
    database.dispose()


def until(what: Callable[[], bool], within_s: float = 25.0) -> None:
    deadline = time.monotonic() + within_s
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_text_arrives_and_is_reported(house: House) -> None:
    phone = Phone(house.simulator_url)
    phone.follows()
    text = house.sends(a_text(body="本馆本周六闭馆一天。"))
    until(lambda: house.push(text).state == "sent")
    until(lambda: "本馆本周六闭馆一天。" in phone.transcript())
    told = house.push(text)
    assert (told.total, told.sent, told.failed) == (1, 1, 0)


def test_an_article_with_its_picture_arrives(house: House) -> None:
    phone = Phone(house.simulator_url)
    phone.follows()
    picture = house.picture()
    body = f"第一段。\n\n![库房](media:{picture})"
    article = house.sends(an_article("库房里的一天", cover=picture, body=body))
    until(lambda: house.push(article).state == "sent")
    until(lambda: "库房里的一天" in phone.transcript())


def test_what_is_published_without_notice_has_its_address(house: House) -> None:
    picture = house.picture()
    push_id = house.sends(an_article(cover=picture), delivery=Delivery.PUBLISH)
    until(lambda: house.push(push_id).state == "sent")
    assert house.push(push_id).article_id
