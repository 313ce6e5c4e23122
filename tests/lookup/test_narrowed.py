"""有效 X and 主题 X: lists narrowed to what is in force, to a matter of daily life."""

from collections.abc import Iterator

import pytest
from werkzeug.test import Client

from tests.conftest import SettingsFactory
from tests.html import read_page
from tests.talk import Talk
from wx_archive import app


@pytest.fixture
def browser(demo_settings: SettingsFactory) -> Iterator[Client]:
    """A browser on the demo's pages."""
    application = app.build(demo_settings())
    yield Client(application.wsgi)
    application.close()


def entries(talk: Talk) -> list[str]:
    return [line for line in talk.visible.splitlines() if line[:1].isdigit()]


def test_only_what_is_in_force_is_listed_when_asked(demo_talk: Talk) -> None:
    demo_talk.says("公积金")
    everything = demo_talk.visible
    assert "共 13 条" in everything
    demo_talk.presses(dict(demo_talk.choices)["只看有效的"])
    listed = entries(demo_talk)
    assert listed
    assert all("现行有效" in line or "已修改" in line for line in listed)
    assert "可预约" not in demo_talk.visible
    demo_talk.says("下一页")
    assert all("现行有效" in line or "已修改" in line for line in entries(demo_talk))


def test_a_word_alone_is_looked_up_as_ever(demo_talk: Talk) -> None:
    demo_talk.says("有效")
    assert "有效" in demo_talk.visible
    assert "主题" not in demo_talk.visible


def test_topics_are_a_tap_away_and_find_documents_of_theirs(demo_talk: Talk) -> None:
    demo_talk.says("主题")
    assert len(demo_talk.text.encode()) <= 2048
    groups = dict(demo_talk.choices)
    assert len(groups) == 6
    assert "住房保障、土地房产" in demo_talk.visible
    demo_talk.presses(groups["安居"])
    demo_talk.presses(dict(demo_talk.choices)["住房保障"])
    assert entries(demo_talk)
    assert all("可预约" not in line for line in entries(demo_talk))
    assert "主题 住房保障" in demo_talk.visible
    whole = demo_talk.visible
    demo_talk.says("主题 住房保障 提取")
    assert entries(demo_talk)
    assert all("提取" in line for line in entries(demo_talk)[:1])
    assert demo_talk.visible != whole
    demo_talk.says("有效 主题 住房保障")
    assert all("现行有效" in line or "已修改" in line for line in entries(demo_talk))


def test_an_unknown_topic_is_a_lookup_like_any_other(demo_talk: Talk) -> None:
    demo_talk.says("主题 不存在的事")
    assert "没有" in demo_talk.visible


def test_the_search_page_offers_topics_by_group_and_what_is_in_force(browser: Client) -> None:
    start = browser.get("/h5/lookup").text
    read_page(start)
    assert "社保就业" in start
    assert "养老保险" in start
    listed = browser.get("/h5/lookup?q=主题+住房保障").text
    read_page(listed)
    assert "公积金" in listed
    found = browser.get("/h5/lookup?q=公积金").text
    assert "有效的文件" in found
    narrowed = browser.get("/h5/lookup?q=有效+公积金").text
    assert "现行有效" in narrowed
    assert "已废止" not in narrowed
    assert "有效的文件" not in narrowed
