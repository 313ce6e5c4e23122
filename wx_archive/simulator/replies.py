"""The rules of passive replies: what of an account's answer a phone shows.

Source: reference section 1.5. Whatever breaks them is a `BadReplyError`, and the phone
shows WeChat's notice instead.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree as ET

from wx_archive.simulator.bubbles import Article, Bubble, Kind, Sender, text_bubble
from wx_archive.simulator.errors import BadReplyError
from wx_archive.simulator.media import Media
from wx_archive.simulator.wire import parse_xml

MAX_TEXT_BYTES: Final = 2048
MAX_ARTICLES: Final = 8
SINGLE_ARTICLE_TRIGGERS: Final = frozenset(
    {"text", "image", "video", "shortvideo", "link", "location"}
)


@dataclass(frozen=True, slots=True)
class Expected:
    """Whom a reply must be addressed to, and what it may refer to."""

    openid: str
    original_id: str
    trigger: str
    find_media: Callable[[str], Media | None]


def read_reply(xml: str, expected: Expected) -> tuple[Bubble, ...]:
    """Return the bubbles of a decrypted reply.

    Raises:
        BadReplyError: WeChat would not show it.
    """
    nodes = _nodes(parse_xml(xml))
    if _text(nodes, "ToUserName") != expected.openid:
        raise BadReplyError("ToUserName 不是这位关注者")
    if _text(nodes, "FromUserName") != expected.original_id:
        raise BadReplyError("FromUserName 不是本账号的原始 ID")
    if not _text(nodes, "CreateTime").strip().isdecimal():
        raise BadReplyError("CreateTime 不是整数秒")
    kind = _text(nodes, "MsgType")
    if kind == "transfer_customer_service":
        return ()
    read = _READERS.get(kind)
    if read is None:
        raise BadReplyError(f"不认识的 MsgType：{kind}")
    return (read(nodes, expected),)


def _nodes(root: ET.Element) -> dict[str, ET.Element]:
    nodes = {child.tag: child for child in root}
    if len(nodes) != len(root):
        # The mark of a text that broke out of its CDATA.
        raise BadReplyError("同名节点出现了两次")
    return nodes


def _text(nodes: Mapping[str, ET.Element], name: str) -> str:
    if name not in nodes:
        raise BadReplyError(f"缺少 {name}")
    return nodes[name].text or ""


def _inside(nodes: Mapping[str, ET.Element], name: str) -> dict[str, ET.Element]:
    if name not in nodes:
        raise BadReplyError(f"缺少 {name}")
    return _nodes(nodes[name])


def _read_text(nodes: Mapping[str, ET.Element], _: Expected) -> Bubble:
    content = _text(nodes, "Content")
    size_bytes = len(content.encode())
    if not content:
        raise BadReplyError("Content 是空的")
    if size_bytes > MAX_TEXT_BYTES:
        raise BadReplyError(f"Content 有 {size_bytes} 字节，超过 {MAX_TEXT_BYTES}")
    return text_bubble(Sender.ACCOUNT, content)


def _read_image(nodes: Mapping[str, ET.Element], expected: Expected) -> Bubble:
    media = _media(_inside(nodes, "Image"), "image", expected)
    if media.content_type == "image/gif":
        raise BadReplyError("图片回复不支持 GIF")
    return Bubble(Sender.ACCOUNT, Kind.IMAGE, url=media_url(media.media_id))


def _read_voice(nodes: Mapping[str, ET.Element], expected: Expected) -> Bubble:
    media = _media(_inside(nodes, "Voice"), "voice", expected)
    return Bubble(Sender.ACCOUNT, Kind.VOICE, url=media_url(media.media_id))


def _read_video(nodes: Mapping[str, ET.Element], expected: Expected) -> Bubble:
    inside = _inside(nodes, "Video")
    media = _media(inside, "video", expected)
    return Bubble(
        Sender.ACCOUNT,
        Kind.VIDEO,
        url=media_url(media.media_id),
        title=_optional(inside, "Title"),
        description=_optional(inside, "Description"),
    )


def _read_music(nodes: Mapping[str, ET.Element], _: Expected) -> Bubble:
    inside = _inside(nodes, "Music")
    return Bubble(
        Sender.ACCOUNT,
        Kind.MUSIC,
        url=_optional(inside, "MusicUrl"),
        title=_optional(inside, "Title"),
        description=_optional(inside, "Description"),
    )


def _read_news(nodes: Mapping[str, ET.Element], expected: Expected) -> Bubble:
    if "Articles" not in nodes:
        raise BadReplyError("缺少 Articles")
    articles = tuple(_article(_nodes(item)) for item in nodes["Articles"].findall("item"))
    most = 1 if expected.trigger in SINGLE_ARTICLE_TRIGGERS else MAX_ARTICLES
    if not 1 <= len(articles) <= most:
        raise BadReplyError(f"图文有 {len(articles)} 条，这里只能有 1 至 {most} 条")
    if _text(nodes, "ArticleCount").strip() != str(len(articles)):
        raise BadReplyError("ArticleCount 与图文条数不符")
    return Bubble(Sender.ACCOUNT, Kind.NEWS, articles=articles)


def _article(inside: Mapping[str, ET.Element]) -> Article:
    return Article(
        title=_text(inside, "Title"),
        description=_optional(inside, "Description"),
        picurl=_optional(inside, "PicUrl"),
        url=_optional(inside, "Url"),
    )


def _optional(nodes: Mapping[str, ET.Element], name: str) -> str:
    return (nodes[name].text or "") if name in nodes else ""


def _media(nodes: Mapping[str, ET.Element], kind: str, expected: Expected) -> Media:
    media = expected.find_media(_text(nodes, "MediaId"))
    if media is None or media.kind != kind:
        raise BadReplyError("MediaId 不存在、已过期或类型不对")
    return media


def media_url(media_id: str) -> str:
    """Return where a phone finds a media file, relative to the simulator."""
    return f"/sim/media/{media_id}"


_READERS: Final[Mapping[str, Callable[[Mapping[str, ET.Element], Expected], Bubble]]] = {
    "text": _read_text,
    "image": _read_image,
    "voice": _read_voice,
    "video": _read_video,
    "music": _read_music,
    "news": _read_news,
}
