"""Replies: whatever is said reads back as exactly itself, within WeChat's limits."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wx_archive.core.text import clip_bytes, tap_link, xml_safe
from wx_archive.wechat.inbound import Header
from wx_archive.wechat.replies import (
    DESCRIPTION_LIMIT_BYTES,
    TEXT_LIMIT_BYTES,
    TITLE_LIMIT_BYTES,
    Article,
    ImageReply,
    NewsReply,
    NoReply,
    Reply,
    TextReply,
    address,
    in_words,
    render,
)

TO = Header(to_user="gh_a", openid="o1", created_at=1, identity="m:1:1")
TO_EVENT = Header(to_user="gh_a", openid="o1", created_at=1, identity="e:1:1", is_event=True)
HOSTILE = st.text(
    alphabet=st.one_of(
        st.characters(),  # lone surrogates and controls included
        st.sampled_from("]>[<!&\r\n\t\0\x0b\x85\u2028\ud800\udfff\ufffe\U0001f600中"),
    ),
    max_size=300,
)
LINKS = st.builds(tap_link, st.text("档案ab]", min_size=1, max_size=12), st.just("查 公积金"))


def rendered(reply: Reply, to: Header = TO) -> ET.Element:
    body = render(reply, is_event=to.is_event)
    return ET.fromstring(address(body, to))  # noqa: S314 -- our own


def shown(text: str) -> str:
    return rendered(TextReply(text)).findtext("Content", "")


def test_a_text_goes_from_the_account_to_the_follower() -> None:
    root = rendered(TextReply("您好"))
    assert [(node.tag, node.text) for node in root] == [
        ("ToUserName", "o1"),
        ("FromUserName", "gh_a"),
        ("CreateTime", "1"),
        ("MsgType", "text"),
        ("Content", "您好"),
    ]


@given(HOSTILE)
@example("x]]></Content><MsgType>news</MsgType>")
@example("]]]]>>]]>")
@example("a\r\nb\rc")
@example("]" * 200 + ">" * 200)
@example("\ud83d\ude00")
@example("\0")
def test_any_text_reads_back_as_exactly_itself(text: str) -> None:
    assert shown(text) == xml_safe(text)


@given(HOSTILE, st.integers(0, 50))
@example("\ud800" * 300, 20)
@example("]]>" * 100, 10)
def test_any_text_fits_and_is_cut_at_a_character(text: str, times: int) -> None:
    whole = xml_safe(text * times)
    answer = shown(text * times)
    assert len(answer.encode()) <= TEXT_LIMIT_BYTES
    if len(whole.encode()) <= TEXT_LIMIT_BYTES:
        assert answer == whole
    else:
        assert answer.endswith("…")
        assert whole.startswith(answer.removesuffix("…"))


@given(st.lists(st.one_of(LINKS, st.text("中a\n", max_size=40)), min_size=10, max_size=60))
def test_a_long_text_is_never_cut_inside_a_live_link(parts: list[str]) -> None:
    assert_no_broken_link(shown("".join(parts) * 3))


@pytest.mark.parametrize("before", range(1_900, 2_060))
def test_wherever_the_limit_falls_no_live_link_is_broken(before: int) -> None:
    link = tap_link("看", "看")
    assert_no_broken_link(shown("x" * (before - len(link)) + link + "y" * 300))
    assert_no_broken_link(shown("x" * before + link * 3))


def assert_no_broken_link(text: str) -> None:
    assert len(text.encode()) <= TEXT_LIMIT_BYTES
    left = text
    while "<a " in left:
        _, _, left = left.partition("<a ")
        inside, found, left = left.partition("</a>")
        assert found, f"…{inside[-60:]}"
        assert inside.count("<") == 0
    assert "<" not in left


def test_a_text_of_exactly_the_limit_is_left_alone() -> None:
    for whole in ("档" * 682 + "ab", "x" * TEXT_LIMIT_BYTES):
        assert len(whole.encode()) == TEXT_LIMIT_BYTES
        assert shown(whole) == whole
        assert shown(whole + "x").endswith("…")


def test_a_long_text_uses_the_room_there_is() -> None:
    assert len(shown("档" * 3_000).encode()) > TEXT_LIMIT_BYTES - 6


def article(number: int, **changes: str) -> Article:
    fields = {"title": f"第{number}篇", "description": "述", "url": f"https://h5/{number}"}
    return Article(**(fields | changes))


@pytest.mark.parametrize(("to", "most"), [(TO, 1), (TO_EVENT, 8)])
@pytest.mark.parametrize("count", [1, 2, 8, 9, 12])
def test_a_message_is_answered_with_one_article_and_an_event_with_eight(
    to: Header, most: int, count: int
) -> None:
    root = rendered(NewsReply(tuple(article(n) for n in range(count))), to)
    items = root.findall("Articles/item")
    assert len(items) == min(most, count)
    assert root.findtext("ArticleCount") == str(len(items))
    assert [item.findtext("Title") for item in items] == [f"第{n}篇" for n in range(len(items))]
    assert [node.tag for node in items[0]] == ["Title", "Description", "PicUrl", "Url"]


@given(HOSTILE, st.integers(1, 20))
@example("\ud800" * 100, 20)
def test_any_title_and_description_fit(text: str, times: int) -> None:
    long = text * times
    root = rendered(NewsReply((article(1, title=long, description=long, url="http://u/?a=1&b"),)))
    title = root.findtext("Articles/item/Title", "")
    description = root.findtext("Articles/item/Description", "")
    assert title == clip_bytes(xml_safe(long), TITLE_LIMIT_BYTES)
    assert description == clip_bytes(xml_safe(long), DESCRIPTION_LIMIT_BYTES)
    assert len(title.encode()) <= TITLE_LIMIT_BYTES
    assert root.findtext("Articles/item/Url") == "http://u/?a=1&b"


def test_a_picture_is_named_by_its_id() -> None:
    root = rendered(ImageReply("media]]>id"))
    assert root.findtext("MsgType") == "image"
    assert root.findtext("Image/MediaId") == "media]]>id"


def test_nothing_to_show_is_success() -> None:
    assert address(render(NoReply(), is_event=True), TO) == b"success"


def test_a_hostile_openid_cannot_break_out_of_its_node() -> None:
    to = Header(to_user="gh_a", openid="o]]><x>", created_at=1, identity="m:1:1")
    assert rendered(TextReply("a"), to).findtext("ToUserName") == "o]]><x>"


def test_a_card_is_told_in_words_where_only_words_can_go() -> None:
    told = in_words(NewsReply((article(1), article(2))))
    assert told.count("<a href=") == 2
    assert all(one.title in told and one.url in told for one in (article(1), article(2)))
    assert in_words(TextReply("您好")) == "您好"
    assert in_words(ImageReply("m")) == in_words(NoReply()) == ""
