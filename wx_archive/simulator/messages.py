"""The XML that WeChat posts: nodes of every kind of message and event, and their rendering.

Source: reference section 1.4; node order and CDATA as in real messages.
"""

import json
import re
from collections.abc import Mapping, Sequence
from hashlib import md5, sha256
from typing import TypeAlias

NodeValue: TypeAlias = "str | int | float | Mapping[str, NodeValue] | Sequence[NodeValue]"
Nodes: TypeAlias = Mapping[str, NodeValue]
"""Node names to values, in order: text becomes CDATA, a number does not, a list repeats."""


class Bare(str):
    """A text that WeChat writes without CDATA, such as degrees with six decimals."""

    __slots__ = ()


_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NAME = re.compile(r"[A-Za-z_][\w.-]*", re.ASCII)


def is_name(text: str) -> bool:
    """Tell whether a text may be the name of a node."""
    return _NAME.fullmatch(text) is not None


def is_encodable(payload: object) -> bool:
    """Tell whether all text in a JSON value is Unicode: an escape may smuggle half a pair in."""
    try:
        return bool(json.dumps(payload, ensure_ascii=False).encode())
    except UnicodeEncodeError:
        return False


def render(nodes: Nodes) -> str:
    """Return the nodes as one `<xml>` document."""
    return f"<xml>{_children(nodes)}</xml>"


def _children(nodes: Nodes) -> str:
    return "\n".join(_node(name, value) for name, value in nodes.items())


def _node(name: str, value: NodeValue) -> str:
    if isinstance(value, str) and not isinstance(value, Bare):
        return f"<{name}><![CDATA[{_safe(value)}]]></{name}>"
    if isinstance(value, Mapping):
        return f"<{name}>{_children(value)}</{name}>"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "\n".join(_node(name, each) for each in value)
    return f"<{name}>{value}</{name}>"


def _safe(text: str) -> str:
    return _ILLEGAL.sub("", text).replace("]]>", "]]]]><![CDATA[>")


def addressed(message: Nodes, *, to: str, sender: str, create_time: int, msg_id: int) -> Nodes:
    """Put the four common nodes before a message and, unless it is an event, its id after it."""
    nodes: dict[str, NodeValue] = {
        "ToUserName": to,
        "FromUserName": sender,
        "CreateTime": create_time,
        **message,
    }
    if message.get("MsgType") != "event":
        nodes.setdefault("MsgId", msg_id)
    return nodes


def text(content: str, menu_id: str | None = None) -> Nodes:
    """A typed text, or a tapped choice when ``menu_id`` is given."""
    nodes = {"MsgType": "text", "Content": content}
    return nodes if menu_id is None else nodes | {"bizmsgmenuid": menu_id}


def image(pic_url: str, media_id: str) -> Nodes:
    """A picture."""
    return {"MsgType": "image", "PicUrl": pic_url, "MediaId": media_id}


def voice(media_id: str, recognition: str | None) -> Nodes:
    """A spoken message; accounts with speech recognition get its words too."""
    nodes = {"MsgType": "voice", "MediaId": media_id, "Format": "amr"}
    return nodes if recognition is None else nodes | {"Recognition": recognition}


def video(media_id: str, thumb_media_id: str, *, short: bool) -> Nodes:
    """A video, or a short one shot inside the chat."""
    kind = "shortvideo" if short else "video"
    return {"MsgType": kind, "MediaId": media_id, "ThumbMediaId": thumb_media_id}


def file(title: str, *, key: str, size_bytes: int) -> Nodes:
    """A document from the phone; undocumented, as seen by public SDKs."""
    return {
        "MsgType": "file",
        "Title": title,
        "Description": "",
        "FileKey": key,
        "FileMd5": _md5(title),
        "FileTotalLen": size_bytes,
    }


def location(latitude: float, longitude: float, *, label: str, scale: int) -> Nodes:
    """A place on the map."""
    return {
        "MsgType": "location",
        "Location_X": Bare(f"{latitude:.6f}"),
        "Location_Y": Bare(f"{longitude:.6f}"),
        "Scale": scale,
        "Label": label,
    }


def link(title: str, description: str, url: str) -> Nodes:
    """A shared page."""
    return {"MsgType": "link", "Title": title, "Description": description, "Url": url}


def subscribe(scene: str | None) -> Nodes:
    """A new follower, by a poster's code when there is a scene."""
    if scene is None:
        return _event("subscribe", "")
    return {**_event("subscribe", f"qrscene_{scene}"), "Ticket": _ticket(scene)}


def unsubscribe() -> Nodes:
    """A follower who leaves."""
    return _event("unsubscribe", "")


def scan(scene: str) -> Nodes:
    """A poster's code read by someone who follows already."""
    return {**_event("SCAN", scene), "Ticket": _ticket(scene)}


def menu_event(event: str, key: str) -> Nodes:
    """CLICK, VIEW or view_miniprogram."""
    return _event(event, key)


def scancode(event: str, key: str, result: str) -> Nodes:
    """A code read through a menu button."""
    return {**_event(event, key), "ScanCodeInfo": {"ScanType": "qrcode", "ScanResult": result}}


def pictures(event: str, key: str, picture: bytes) -> Nodes:
    """A picture chosen through a menu button; the picture itself follows as a message."""
    digest = md5(picture, usedforsecurity=False).hexdigest()
    pics: Nodes = {"Count": 1, "PicList": {"item": [{"PicMd5Sum": digest}]}}
    return {**_event(event, key), "SendPicsInfo": pics}


def location_select(key: str, latitude: float, longitude: float, label: str) -> Nodes:
    """A place chosen through a menu button; the place itself follows as a message."""
    place = {
        "Location_X": str(latitude),
        "Location_Y": str(longitude),
        "Scale": "15",
        "Label": label,
        "Poiname": "",
    }
    return {**_event("location_select", key), "SendLocationInfo": place}


def _event(event: str, key: str) -> dict[str, NodeValue]:
    return {"MsgType": "event", "Event": event, "EventKey": key}


def _ticket(scene: str) -> str:
    # The same poster carries the same ticket every time, so it is derived and not random.
    return f"gQ{sha256(scene.encode()).hexdigest()[:40]}=="


def _md5(value: str) -> str:
    return md5(value.encode(), usedforsecurity=False).hexdigest()


def publish_finished(
    publish_id: int | str, stage: int, article_id: str, urls: Sequence[str]
) -> Nodes:
    """A publication that has ended; without addresses when it failed."""
    info: dict[str, NodeValue] = {"publish_id": publish_id, "publish_status": stage}
    if urls:
        items: list[NodeValue] = [
            {"idx": idx, "article_url": url} for idx, url in enumerate(urls, start=1)
        ]
        info |= {"article_id": article_id, "article_detail": {"count": len(urls), "item": items}}
    return {"MsgType": "event", "Event": "PUBLISHJOBFINISH", "PublishEventInfo": info}


def mass_finished(
    msg_id: int, status: str, counts: Mapping[str, int], *, check: Nodes, urls: Sequence[str]
) -> Nodes:
    """A mass send that has ended; ``counts`` are its four numbers by node name."""
    items: list[NodeValue] = [
        {"ArticleIdx": idx, "ArticleUrl": url} for idx, url in enumerate(urls, start=1)
    ]
    return {
        "MsgType": "event",
        "Event": "MASSSENDJOBFINISH",
        "MsgID": msg_id,
        "Status": status,
        **counts,
        "CopyrightCheckResult": check,
        "ArticleUrlResult": {"Count": len(urls), "ResultList": {"item": items} if items else {}},
    }


def reprint_check(reprints: int, *, may_be_sent: bool) -> Nodes:
    """What WeChat found when it looked for articles that belong to others."""
    items: list[NodeValue] = [
        {
            "ArticleIdx": idx,
            "UserDeclareState": 0,
            "AuditState": 2,
            "OriginalArticleUrl": "http://mp.weixin.qq.com/s/simulated",
            "OriginalArticleType": 1,
            "CanReprint": int(may_be_sent),
            "NeedReplaceContent": int(may_be_sent),
            "NeedShowReprintSource": int(may_be_sent),
        }
        for idx in range(1, reprints + 1)
    ]
    state = 1 if not reprints else 2 if may_be_sent else 3
    return {"Count": reprints, "ResultList": {"item": items} if items else {}, "CheckState": state}
