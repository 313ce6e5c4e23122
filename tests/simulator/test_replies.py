"""What of the account's answers a phone shows, and what becomes WeChat's notice."""

import pytest
import requests

from tests.simulator.fake_account import FakeAccount, Received, news_reply, reply, text_reply
from wx_archive.simulator.bubbles import Kind, MenuChoice, Span, spans_of
from wx_archive.simulator.phone import Phone

FAULT = "该公众号提供的服务出现故障，请稍后再试"


def answers(account: FakeAccount, kind: str, inside: str, **head: str) -> None:
    account.answer = lambda received: (200, reply(received, kind, inside, **head))


@pytest.mark.parametrize("body", ["", "success", " success\n"])
def test_nothing_said_is_nothing_shown(account: FakeAccount, phone: Phone, body: str) -> None:
    account.replies(body)
    assert phone.says("你好") == []
    assert phone.fault is None


def test_a_text_is_shown_as_it_came(account: FakeAccount, phone: Phone) -> None:
    account.says("第一行\n<b>不认识的标签</b> &amp; 原样")
    (shown,) = phone.says("你好")
    assert (shown.sender, shown.kind) == ("account", "text")
    assert shown.text == "第一行\n<b>不认识的标签</b> &amp; 原样"
    assert shown.spans == (Span(shown.text),)


def test_links_and_choices_become_spans() -> None:
    spans = spans_of(
        '看<a href="https://a.test/?x=1&amp;y=2">档案</a>或'
        "<A HREF='weixin://bizmsgmenu?msgmenucontent=A%2B1&msgmenuid=q.1'>选甲</A>。"
    )
    assert spans == (
        Span("看"),
        Span("档案", href="https://a.test/?x=1&y=2"),
        Span("或"),
        Span("选甲", menu=MenuChoice("A+1", "q.1")),
        Span("。"),
    )


@pytest.mark.parametrize("href", ["javascript:alert(1)", "data:text/html,x", "https:", "/local"])
def test_a_link_that_no_phone_would_open_stays_text(href: str) -> None:
    text = f'<a href="{href}">点我</a>'
    assert spans_of(text) == (Span(text),)


def test_up_to_2048_bytes_of_text_are_shown(account: FakeAccount, phone: Phone) -> None:
    account.says("档" * 682 + "ab")
    assert phone.says("长")[0].kind == Kind.TEXT
    account.says("档" * 682 + "abc")
    assert phone.says("太长") == phone.shown
    assert phone.last_text == FAULT
    assert "2049" in (phone.fault or "")


def test_a_typed_message_gets_one_article_and_a_tap_up_to_eight(
    account: FakeAccount, phone: Phone
) -> None:
    account.answer = lambda received: (200, news_reply(received, "甲", "乙"))
    phone.says("目录")
    assert phone.last_text == FAULT
    phone.sends_raw({"MsgType": "event", "Event": "CLICK", "EventKey": "k"})
    assert [article.title for article in phone.last_articles] == ["甲", "乙"]
    account.answer = lambda received: (200, news_reply(received, *"一二三四五六七八九"))
    phone.sends_raw({"MsgType": "event", "Event": "CLICK", "EventKey": "k"})
    assert phone.last_text == FAULT
    account.answer = lambda received: (200, news_reply(received, "甲"))
    phone.says("目录")
    phone.sees("甲")
    phone.sees("简介")


@pytest.mark.parametrize(
    ("kind", "inside", "head"),
    [
        ("text", "<Content>x</Content>", {"ToUserName": "another"}),
        ("text", "<Content>x</Content>", {"FromUserName": "another"}),
        ("text", "<Content>x</Content>", {"CreateTime": "1700000000.5"}),
        ("text", "<Content></Content>", {}),
        ("text", "", {}),
        ("text", "<Content>x</Content><MsgType>news</MsgType>", {}),
        ("Text", "<Content>x</Content>", {}),
        ("hologram", "", {}),
        ("news", "<ArticleCount>1</ArticleCount>", {}),
        ("news", "<ArticleCount>0</ArticleCount><Articles></Articles>", {}),
        (
            "news",
            "<ArticleCount>2</ArticleCount><Articles><item><Title>x</Title></item></Articles>",
            {},
        ),
        ("image", "<Image><MediaId>unknown</MediaId></Image>", {}),
        ("image", "<MediaId>unknown</MediaId>", {}),
        ("voice", "<Voice></Voice>", {}),
    ],
)
def test_a_reply_that_breaks_a_rule_shows_the_notice(
    account: FakeAccount, phone: Phone, kind: str, inside: str, head: dict[str, str]
) -> None:
    answers(account, kind, inside, **head)
    (shown,) = phone.says("你好")
    assert (shown.sender, shown.kind, shown.text) == ("system", "notice", FAULT)
    assert phone.fault


@pytest.mark.parametrize(
    "body",
    [
        '{"reply": "json"}',
        "<xml><ToUserName>",
        "<html></html>",
        '<!DOCTYPE xml [<!ENTITY a "aaaa">]><xml><Content>&a;</Content></xml>',
        "<xml><Content>\x00</Content></xml>",
        "x" * (2 << 20),
    ],
)
def test_anything_but_a_reply_shows_the_notice(
    account: FakeAccount, phone: Phone, body: str
) -> None:
    account.replies(body)
    phone.says("你好")
    assert phone.last_text == FAULT


def test_an_illformed_break_out_of_cdata_is_noticed(account: FakeAccount, phone: Phone) -> None:
    account.answer = lambda received: (
        200,
        text_reply(received, "x]]></Content><Content><![CDATA[y"),
    )
    phone.says("你好")
    assert phone.fault == "同名节点出现了两次"


def test_media_that_the_account_was_sent_may_be_sent_back(
    account: FakeAccount, phone: Phone, simulator: str
) -> None:
    def echo(received: Received) -> tuple[int, str]:
        media_id, kind = received.nodes["MediaId"], received.nodes["MsgType"]
        tag = kind.capitalize()
        title = "<Title>片名</Title>" if kind == "video" else ""
        inside = f"<{tag}><MediaId>{media_id}</MediaId>{title}</{tag}>"
        return 200, reply(received, kind, inside)

    account.answer = echo
    for shown in (phone.sends_photo(), phone.speaks("喵"), phone.sends_video()):
        assert shown[0].sender == "account"
        assert requests.get(f"{simulator}{shown[0].url}", timeout=5).content
    phone.sees("片名")


def test_a_gif_cannot_be_a_reply(account: FakeAccount, phone: Phone) -> None:
    account.answer = lambda received: (
        200,
        reply(received, "image", f"<Image><MediaId>{received.nodes['MediaId']}</MediaId></Image>"),
    )
    phone.sends_photo(b"GIF89a" + bytes(20))
    assert "GIF" in (phone.fault or "")


def test_music_is_shown_and_a_transfer_to_the_desk_is_not(
    account: FakeAccount, phone: Phone
) -> None:
    answers(
        account, "music", "<Music><Title>老歌</Title><MusicUrl>http://m/1.mp3</MusicUrl></Music>"
    )
    assert phone.says("听歌")[0].url == "http://m/1.mp3"
    phone.sees("老歌")
    answers(account, "transfer_customer_service", "")
    assert phone.says("人工") == []
    assert phone.fault is None
