"""The pages of pieces in Chromium: readable at any size, type and theme, and by keyboard."""

import io
from datetime import timedelta
from itertools import pairwise
from urllib.parse import quote

import pytest
from PIL import Image
from selenium.webdriver import ActionChains, Chrome
from selenium.webdriver.common.keys import Keys

from tests.browser.screen import at_big_type, complaints, follow, resize
from tests.browser.test_h5_pages import LOOKS, REACHABLE, TOO_WIDE, mistakes
from tests.conftest import SettingsFactory
from tests.publishing.reading_room import an_out_piece
from wx_archive import demo
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.settings import Settings
from wx_archive.followers import interests
from wx_archive.followers import service as followers
from wx_archive.followers.identity import Door
from wx_archive.media import service as media
from wx_archive.media.objects import open_objects
from wx_archive.publishing.rules import Column, Kind

BODY = """
丹江口大坝立在汉江与丹江相会的地方。看[国务院的条例](https://www.gov.cn/)，也看[这一条](/h5/cards)。

![坝顶，1970年](media:{pid})

## 管水的规矩

> 先节水后调水、先治污后通水、先环保后用水。

1. 一九五八年开工
2. 二〇〇五年加高

| 年份 | 坝顶高程（米） | 正常蓄水位（米） | 库容（亿立方米） | 说明 |
|---|--:|--:|--:|---|
| 1973 | 162 | 157 | 174.5 | 初期工程建成 |
| 2013 | 176.6 | 170 | 290.5 | 加高工程通过验收，等待蓄水 |

    SELECT averylongwordthatdoesnotbreakanywhereatallbecauseithasnospaces FROM catalogue;

### 附

averylongwordthatdoesnotbreakanywhereatallbecauseithasnospacesorhyphensinit
"""


def a_picture(database: Database, settings: Settings) -> str:
    file = io.BytesIO()
    Image.new("RGB", (1_200, 700), "#b8a888").save(file, "JPEG")
    file.seek(0)
    with database.begin() as session:
        asset = media.bring_in(
            session,
            open_objects(settings),
            file,
            name="a.jpg",
            title="大坝",
            alt="大坝",
            credit="市档案馆藏",
            made_by="x",
            now=clock.now(),
        )
        return asset.pid


def stock(database: Database, pid: str) -> None:
    """Bring out a piece of each kind, and enough of them to turn pages."""
    now = clock.now()
    with database.begin() as session:
        for number in range(25):
            out_at = now - timedelta(days=40, minutes=number)
            an_out_piece(session, f"第{number}篇旧事", pid=f"old-{number}", out_at=out_at)
        an_out_piece(
            session,
            "一座大坝的三次生日",
            pid="dam",
            cover=pid,
            body=BODY.format(pid=pid),
            interests=("history",),
            source_url="https://mp.weixin.qq.com/s/abc",
            out_at=now - timedelta(hours=1),
        )
        an_out_piece(session, "图集", pid="set", kind=Kind.PICTURES, assets=(pid, pid))
        an_out_piece(session, "片", pid="film", kind=Kind.VIDEO, assets=(pid,), cover=pid)
        an_out_piece(session, "录音", pid="sound", kind=Kind.AUDIO, assets=(pid,))
        an_out_piece(session, "短讯", pid="text", kind=Kind.TEXT, column=Column.CITY)


@pytest.fixture
def addresses(places: demo.Running, demo_settings: SettingsFactory) -> list[str]:
    """Every kind of page, for strangers and for a reader who came from the chat."""
    settings = demo_settings(wechat_account="subscription")
    database = Database(settings.database)
    stock(database, a_picture(database, settings))
    paths = [
        *(f"/h5/articles/{pid}" for pid in ("dam", "set", "film", "sound", "text", "old-3")),
        "/h5/articles",
        "/h5/articles?q=大坝",
        "/h5/articles?q=没有这样的词",
        "/h5/articles?month=2026-10",
        "/h5/articles?mine=1",
        "/h5/columns/history",
        "/h5/columns/city",
    ]
    database.dispose()
    return [places.account_url + quote(path, safe="/?=&") for path in paths]


def enter(browser: Chrome, places: demo.Running, settings: Settings) -> None:
    """Open the link that a follower who chose a topic was given in the chat."""
    database = Database(settings.database)
    with database.begin() as session:
        number = followers.ensure(session, "a-reader", now=clock.now())
        interests.toggle(session, number, "history", now=clock.now())
    door = Door(settings.secret(), places.account_url)
    with database.reads() as connection:
        link = door.address(connection, number, "/h5/articles/dam", purpose="me", now=clock.now())
    database.dispose()
    browser.get(link)


def test_every_page_is_readable_for_strangers_and_for_a_known_reader(
    browser: Chrome,
    places: demo.Running,
    demo_settings: SettingsFactory,
    addresses: list[str],
) -> None:
    wrong: list[str] = []
    for known in (False, True):
        if known:
            enter(browser, places, demo_settings())
        for address in addresses:
            wrong += mistakes(browser, address, LOOKS | {"too wide": WIDE, BIG: at_big_type(WIDE)})
    assert wrong == []


WIDE = TOO_WIDE.replace('"*")]', '"*")].filter((one) => !one.closest(".wide"))')
"""As everywhere, but for tables: a finger pushes them inside their own frame."""
BIG = "too wide at 200 %"


def test_the_keyboard_reaches_everything_and_headings_have_no_gap(
    browser: Chrome, addresses: list[str]
) -> None:
    resize(browser, 390, 844)
    for address in [one for one in addresses if "film" not in one and "sound" not in one]:
        browser.get(address)
        expected = browser.execute_script(REACHABLE)
        reached = [""]
        for _each in expected:
            ActionChains(browser).send_keys(Keys.TAB).perform()
            reached.append(browser.execute_script("return document.activeElement.outerHTML"))
        assert set(expected) <= set(reached) | {expected[-1]}, address
        levels = "return [...document.querySelectorAll('h1,h2,h3,h4')].map((o) => +o.tagName[1])"
        found = browser.execute_script(levels)
        assert found[:1] == [1], address
        assert all(after <= before + 1 for before, after in pairwise(found)), address
        assert browser.execute_script("return document.scripts.length") == 0
    assert complaints(browser) == []


def test_a_reader_from_the_chat_narrows_the_list_and_says_a_word(
    browser: Chrome,
    places: demo.Running,
    demo_settings: SettingsFactory,
    addresses: list[str],
) -> None:
    assert addresses
    resize(browser, 390, 844)
    enter(browser, places, demo_settings())
    browser.find_element("id", "words").send_keys("讲得清楚")
    follow(browser, browser.find_element("css selector", "button[value='1']"))
    assert "您说过“有用”" in browser.find_element("id", "opinion").text
    follow(browser, browser.find_element("partial link text", "全部历史钩沉"))
    follow(browser, browser.find_element("link text", "只看感兴趣的"))
    assert "只列出您感兴趣的主题" in browser.find_element("css selector", "[role=status]").text
    assert browser.find_elements("css selector", ".hits li")
    follow(browser, browser.find_element("link text", "看全部"))
    follow(browser, browser.find_element("css selector", ".pages a[rel=next]"))
    assert browser.find_element("link text", "回最新的").is_displayed()
