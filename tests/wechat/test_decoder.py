"""Strict reading of messages: what WeChat would not send is refused, the rest becomes values."""

import pytest

from tests.wechat.deliveries import SECOND, an_event, xml
from wx_archive.wechat import decoder, inbound
from wx_archive.wechat.errors import MalformedError


def read(text: str) -> inbound.Inbound:
    return decoder.decode(text.encode())


def identity(text: str) -> str:
    return read(text).header.identity


LAUGHS = "".join(f'<!ENTITY l{n} "&l{n - 1};&l{n - 1};">' for n in range(1, 30))
REFUSED = {
    "nothing": "",
    "no document": "hello",
    "another root": "<html><MsgType>text</MsgType></html>",
    "an empty document": "<xml></xml>",
    "only text": "<xml>text</xml>",
    "an open end": xml()[:-3],
    "two documents": xml() * 2,
    "a doctype": "<!DOCTYPE xml>" + xml(),
    "an external entity": '<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    + xml(Content="&a;"),
    "an external doctype": '<!DOCTYPE xml SYSTEM "http://127.0.0.1:1/x.dtd">' + xml(),
    "a bomb of entities": f'<!DOCTYPE xml [<!ENTITY l0 "ha">{LAUGHS}]>' + xml(Content="&l29;"),
    "an undeclared entity": xml(Content="&nbsp;"),
    "deep nesting": xml(Content="<a>" * 50_000 + "</a>" * 50_000),
    "nesting one too deep": xml(A="<b><c><d><e>1</e></d></c></b>"),
    "very many elements": xml(A="<item/>" * 1_001),
    "a repeated element": xml(A="1</A><A>2"),
    "a repeated text": xml(Content="a</Content><Content>b"),
    "a repeated inner element": xml(A="<B>1</B><B>2</B>"),
    "no MsgType": xml(MsgType=""),
    "an empty MsgType that is a tree": xml(MsgType="<a>text</a>"),
    "no receiver": xml(ToUserName=""),
    "no sender": xml(FromUserName=""),
    "no moment": xml(CreateTime=""),
    "a moment that is no number": xml(CreateTime="soon"),
    "a negative moment": xml(CreateTime="-1"),
    "a fraction of a moment": xml(CreateTime="1.5"),
    "a moment in other digits": xml(CreateTime="\uff11" * 10),
    "a huge moment": xml(CreateTime="9" * 20),
    "a moment past 64 bits": xml(CreateTime=str(2**63)),
    "an endless moment": xml(CreateTime="9" * 5_000),
    "a huge MsgId": xml(MsgId="9" * 400),
    "a MsgId that is no number": xml(MsgId="1e9"),
    "a NUL": xml(Content="a\0b"),
    "a NUL by number": xml(Content="a&#0;b"),
    "a control": xml(Content="a\x01b"),
    "half a character by number": xml(Content="&#xD800;"),
    "a sender with spaces inside": xml(FromUserName="o a"),
    "a sender that is too long": xml(FromUserName="o" * 129),
    "an event without a name": an_event(""),
    "a tap without a key": an_event("CLICK"),
    "a photo without an id": xml(MsgType="image"),
    "a voice without an id": xml(MsgType="voice"),
    "a count that is no number": an_event(
        "pic_weixin", EventKey="k", SendPicsInfo="<Count>many</Count>"
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_wechat_would_not_send_is_refused(what: str) -> None:
    with pytest.raises(MalformedError) as caught:
        read(REFUSED[what])
    assert caught.value.status == 400


@pytest.mark.parametrize(
    "raw",
    [
        xml(Content="公积金").encode("gb18030"),
        b'<?xml version="1.0" encoding="utf-16"?>' + xml().encode("utf-16"),
        xml(Content="x").encode().replace(b"x</Content", b"\xed\xa0\x80</Content"),
        bytes(range(256)),
    ],
)
def test_a_body_in_another_encoding_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        decoder.decode(raw)


def test_a_text_keeps_every_character_that_was_typed() -> None:
    typed = "  a]]>b <x> & “引号” 𠀀 👨‍👩‍👧\n"
    message = read(xml(Content="<![CDATA[" + typed.replace("]]>", "]]]]><![CDATA[>") + "]]>"))
    assert isinstance(message, inbound.Text)
    assert message.content == typed


def test_an_empty_text_is_still_a_message() -> None:
    message = read(xml(Content="<![CDATA[]]>"))
    assert isinstance(message, inbound.Text)
    assert message.content == ""


def test_a_tap_on_a_live_link_carries_its_id() -> None:
    message = read(xml(bizmsgmenuid="open.01ABC"))
    assert isinstance(message, inbound.Text)
    assert message.menu_id == "open.01ABC"


def test_a_text_written_under_an_article_says_which() -> None:
    message = read(xml(MsgDataId="227", Idx="2"))
    assert isinstance(message, inbound.Text)
    assert (message.article_msg_id, message.article_index) == ("227", 2)


def test_a_photo_and_a_file_and_a_link_are_read() -> None:
    photo = read(xml(MsgType="image", MediaId="m", PicUrl="http://p"))
    assert isinstance(photo, inbound.Image)
    assert (photo.media_id, photo.picture_url) == ("m", "http://p")
    file = read(xml(MsgType="file", Title="表.doc", FileTotalLen="2048"))
    assert isinstance(file, inbound.File)
    assert (file.title, file.size_bytes) == ("表.doc", 2048)
    link = read(xml(MsgType="link", Title="题", Description="述", Url="http://u"))
    assert isinstance(link, inbound.Link)
    assert (link.title, link.description, link.url) == ("题", "述", "http://u")


@pytest.mark.parametrize("name", ["Text", "TEXT", " text\n"])
def test_the_case_of_a_kind_does_not_matter(name: str) -> None:
    assert isinstance(read(xml(MsgType=name)), inbound.Text)


@pytest.mark.parametrize("name", ["subscribe", "SUBSCRIBE", "Subscribe"])
def test_the_case_of_an_event_does_not_matter(name: str) -> None:
    assert isinstance(read(an_event(name)), inbound.Subscribe)


def test_a_departure_is_read() -> None:
    assert isinstance(read(an_event("unsubscribe")), inbound.Unsubscribe)


def test_a_notice_may_hold_one_or_many_choices() -> None:
    def lists(*ids: str) -> str:
        inner = "".join(
            f"<List><TemplateId>{i}</TemplateId>"
            "<SubscribeStatusString>accept</SubscribeStatusString></List>"
            for i in ids
        )
        return an_event("subscribe_msg_popup_event", SubscribeMsgPopupEvent=inner)

    for ids in (["a"], ["a", "b"]):
        message = read(lists(*ids))
        assert isinstance(message, inbound.NoticeConsent)
        assert message.choices == tuple((one, "accept") for one in ids)


def test_an_unknown_kind_and_an_unknown_event_are_no_error() -> None:
    kind = read(xml(MsgType="hologram", MsgId=""))
    assert isinstance(kind, inbound.UnknownMessage)
    assert kind.kind == "hologram"
    event = read(an_event("beamed_up", EventKey="k"))
    assert isinstance(event, inbound.UnknownEvent)
    assert (event.event, event.key) == ("beamed_up", "k")


def test_every_delivery_of_a_message_has_one_identity() -> None:
    assert identity(xml()) == identity(xml())
    assert identity(an_event("CLICK", EventKey="a")) == identity(an_event("CLICK", EventKey="a"))


def test_messages_that_differ_have_different_identities() -> None:
    told = [
        xml(),
        xml(MsgId="1"),
        xml(created_at=SECOND + 1),
        xml(MsgId="", MsgType="hologram"),
        xml(MsgId="", MsgType="hologram", Content="2"),
        an_event("CLICK", EventKey="a"),
        an_event("CLICK", EventKey="b"),
        an_event("VIEW", EventKey="a"),
        an_event("CLICK", EventKey="a", created_at=SECOND + 1),
        an_event("subscribe"),
        an_event("unsubscribe"),
        an_event("SCAN", EventKey="a", Ticket="T1"),
        an_event("SCAN", EventKey="a", Ticket="T2"),
        an_event("SCAN", EventKey="b", Ticket="T2"),
        an_event("TEMPLATESENDJOBFINISH", MsgID="1", Status="success"),
        an_event("TEMPLATESENDJOBFINISH", MsgID="2", Status="success"),
        an_event("LOCATION", Latitude="1", Longitude="2"),
        an_event("LOCATION", Latitude="1", Longitude="3"),
    ]
    assert len({identity(text) for text in told}) == len(told)


def test_a_mass_send_told_twice_is_one_event_even_if_its_body_differs() -> None:
    def finished(sent: str) -> str:
        return an_event("MASSSENDJOBFINISH", MsgID="1", Status="send success", SentCount=sent)

    assert identity(finished("1")) == identity(finished("2"))


def test_a_scan_told_twice_is_one_event_even_if_its_body_differs() -> None:
    scan = an_event("SCAN", EventKey="a", Ticket="T")
    assert identity(scan) == identity(scan.replace("<xml>", "<xml>\n"))
