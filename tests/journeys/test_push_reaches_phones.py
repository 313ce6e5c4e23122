"""A push on its whole way: scheduled, sent by the worker, shown on the phones, reported back."""

import io
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, BinaryIO

import pytest
import requests

from tests.conftest import SettingsFactory
from tests.media.files import a_film, an_amr
from tests.publishing.pushing import a_picture, a_push, a_text, an_article, terms
from wx_archive import demo
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.services import site_of
from wx_archive.core.settings import Settings
from wx_archive.followers import interests
from wx_archive.followers import service as followers
from wx_archive.media import service as media
from wx_archive.media.objects import open_objects
from wx_archive.publishing import pushes
from wx_archive.publishing.audiences import Segment
from wx_archive.publishing.pieces import Content
from wx_archive.publishing.push_models import Push
from wx_archive.publishing.rules import AudienceKind, Delivery, Kind
from wx_archive.simulator.phone import Phone
from wx_archive.wechat.account import Entitlements


@dataclass
class House:
    """A running account with its worker, and its simulated WeChat."""

    settings: Settings
    database: Database
    simulator_url: str

    def sends(self, *contents: Content, delivery: Delivery = Delivery.MASS, **audience: Any) -> int:
        now = clock.now()
        with self.database.begin() as session:
            push = a_push(session, *contents, delivery=delivery, now=now, **audience)
            pushes.schedule(
                session,
                push,
                terms(now + timedelta(milliseconds=300)),
                account=Entitlements.of(self.settings),
                profile=site_of(self.settings).profile,
                now=now,
            )
            return push.id

    def brings_in(self, file: BinaryIO, name: str) -> str:
        with self.database.begin() as session:
            asset = media.bring_in(
                session,
                open_objects(self.settings),
                file,
                name=name,
                title="库房",
                alt="一间库房",
                credit="本馆",
                made_by="bianji",
                now=clock.now(),
            )
            return asset.pid

    def picture(self) -> str:
        return self.brings_in(a_picture(), "a.png")

    def chooses(self, openid: str, topic: str) -> None:
        with self.database.begin() as session:
            follower_id = followers.ensure(session, openid, now=clock.now())
            interests.toggle(session, follower_id, topic, now=clock.now())

    def drafts(self) -> int:
        with requests.get(f"{self.simulator_url}/sim/publishing", timeout=5) as answer:
            return int(answer.json()["drafts"])

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


def test_a_picture_set_arrives(house: House) -> None:
    phone = Phone(house.simulator_url)
    phone.follows()
    pictures = (house.picture(), house.brings_in(a_picture("navy"), "b.png"))
    push_id = house.sends(replace(a_text("老照片两张"), kind=Kind.PICTURES, assets=pictures))
    until(lambda: house.push(push_id).state == "sent")
    until(lambda: "老照片两张" in phone.transcript())


@pytest.mark.parametrize("kind", [Kind.VIDEO, Kind.AUDIO])
def test_a_film_and_a_recording_arrive(house: House, kind: Kind) -> None:
    phone = Phone(house.simulator_url)
    phone.follows()
    is_film = kind is Kind.VIDEO
    file = io.BytesIO(a_film() if is_film else an_amr())
    asset = house.brings_in(file, "a.mp4" if is_film else "a.amr")
    push_id = house.sends(replace(a_text("听一听"), kind=kind, assets=(asset,)))
    until(lambda: house.push(push_id).state == "sent")
    shown = "video" if is_film else "voice"
    until(lambda: any(bubble.kind == shown for bubble in phone.conversation()))


@pytest.mark.parametrize("audience", [AudienceKind.TAG, AudienceKind.LIST])
def test_a_push_to_a_topic_reaches_those_who_chose_it_and_nobody_else(
    house: House, audience: AudienceKind
) -> None:
    phones = [Phone(house.simulator_url) for _ in range(3)]
    for phone in phones:
        phone.follows()
    for phone in phones[:2]:
        house.chooses(phone.openid, "history")
    whom: dict[str, Any] = {"audience": audience}
    if audience is AudienceKind.TAG:
        whom["topic"] = "history"
    else:
        whom["segment"] = Segment(topics=("history",)).as_json()
    push_id = house.sends(a_text(body="讲一段汉江上的旧事。"), **whom)
    until(lambda: house.push(push_id).state == "sent")
    for phone in phones[:2]:
        until(lambda phone=phone: "汉江上的旧事" in phone.transcript())  # type: ignore[misc] # one phone each
    assert "汉江上的旧事" not in phones[2].transcript()
    assert house.push(push_id).total == 2


def test_a_draft_lies_in_the_box_and_nobody_hears_of_it(house: House) -> None:
    phone = Phone(house.simulator_url)
    phone.follows()
    before = house.drafts()
    push_id = house.sends(an_article("一篇草稿", cover=house.picture()), delivery=Delivery.DRAFT)
    until(lambda: house.push(push_id).state == "sent")
    assert house.drafts() == before + 1
    assert "一篇草稿" not in phone.transcript()


def test_what_goes_to_our_own_pages_alone_is_in_the_menu_and_sent_to_nobody(house: House) -> None:
    phone = Phone(house.simulator_url)
    phone.follows()
    push_id = house.sends(an_article("只在往期里"), delivery=Delivery.SITE)
    until(lambda: house.push(push_id).state == "sent")
    assert "只在往期里" not in phone.transcript()
    until(lambda: "只在往期里" in _column(phone))


def _column(phone: Phone) -> str:
    bubbles = phone.taps("兰台经纬/信息快递")
    return "\n".join(bubble.visible_text for bubble in bubbles)
