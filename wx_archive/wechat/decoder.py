"""From decrypted XML to a value, strictly typed.

Source: docs/sources.md#incoming-messages. Names of types and events vary in case on the wire.
"""

import hashlib
import re
from collections.abc import Callable
from typing import Final

from wx_archive.wechat.errors import MalformedError
from wx_archive.wechat.inbound import (
    File,
    Header,
    Image,
    Inbound,
    Link,
    Location,
    LocationReport,
    MassSendFinished,
    MenuClick,
    MenuLocation,
    MenuPictures,
    MenuScanCode,
    MenuView,
    NoticeConsent,
    PublishFinished,
    Scan,
    Subscribe,
    TemplateSent,
    Text,
    UnknownEvent,
    UnknownMessage,
    Unsubscribe,
    Video,
    Voice,
)
from wx_archive.wechat.xmltree import Tree, read_tree

_DIGITS: Final = re.compile(r"[0-9]{1,19}\Z")
_MAX_NUMBER: Final = 2**63 - 1
"""What WeChat sends and a database keeps: 64 bits with a sign."""
_USER: Final = re.compile(r"[^\s\x00-\x1f]{1,128}\Z")
_SCENE_PREFIX: Final = "qrscene_"


class _Fields:
    """Typed access to one tree."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree

    def text(self, name: str, default: str | None = None) -> str:
        value = self._tree.get(name, default)
        if value == {}:
            value = ""
        if not isinstance(value, str):
            raise MalformedError(f"missing-{name}"[:40])
        return value

    def optional(self, name: str) -> str | None:
        return self.text(name, "").strip() or None

    def number(self, name: str, default: str | None = None) -> int:
        text = self.text(name, default).strip()
        if not _DIGITS.match(text) or int(text) > _MAX_NUMBER:
            raise MalformedError(f"number-{name}"[:40])
        return int(text)

    def inside(self, name: str) -> "_Fields":
        value = self._tree.get(name, {})
        return _Fields(value if isinstance(value, dict) else {})

    def items(self, name: str) -> "list[_Fields]":
        value = self._tree.get(name, [])
        return [_Fields(item) for item in value if isinstance(item, dict)] if value else []

    def has(self, name: str) -> bool:
        return name in self._tree


def decode(raw: bytes) -> Inbound:
    """Turn decrypted XML into a value.

    Raises:
        MalformedError: not a message as WeChat would send it.
    """
    fields = _Fields(read_tree(raw))
    kind = fields.text("MsgType").strip().lower()
    is_event = kind == "event"
    header = Header(
        to_user=_user(fields, "ToUserName"),
        openid=_user(fields, "FromUserName"),
        created_at=fields.number("CreateTime"),
        identity=_event_identity(fields, raw) if is_event else _message_identity(fields, raw),
        is_event=is_event,
    )
    if is_event:
        build = _EVENTS.get(fields.text("Event").strip().lower(), _unknown_event)
    else:
        build = _MESSAGES.get(kind, _unknown_message)
    return build(header, fields)


def _user(fields: _Fields, name: str) -> str:
    user = fields.text(name).strip()
    if not _USER.match(user):
        raise MalformedError(f"user-{name}")
    return user


def _message_identity(fields: _Fields, raw: bytes) -> str:
    """Build the key of a message: MsgId alone is not unique, nor there in every unknown kind."""
    created_at = fields.number("CreateTime")
    if fields.has("MsgId"):
        return f"m:{fields.number('MsgId')}:{created_at}"
    return f"m:{hashlib.sha256(raw).hexdigest()[:32]}:{created_at}"


def _event_identity(fields: _Fields, raw: bytes) -> str:
    extra = (
        fields.optional("MsgID")
        or fields.inside("PublishEventInfo").optional("publish_id")
        or fields.optional("Ticket")
        or hashlib.sha256(raw).hexdigest()
    )
    event = fields.text("Event").strip().lower()
    told = f"{event}\0{fields.text('EventKey', '')}\0{extra}"
    return f"e:{fields.number('CreateTime')}:{hashlib.sha256(told.encode()).hexdigest()[:32]}"


def _text(header: Header, fields: _Fields) -> Inbound:
    index = fields.optional("Idx")
    return Text(
        header,
        content=fields.text("Content", ""),
        menu_id=fields.optional("bizmsgmenuid"),
        article_msg_id=fields.optional("MsgDataId"),
        article_index=int(index) if index and _DIGITS.match(index) else None,
    )


def _image(header: Header, fields: _Fields) -> Inbound:
    return Image(header, fields.text("MediaId"), fields.text("PicUrl", ""))


def _voice(header: Header, fields: _Fields) -> Inbound:
    words = fields.optional("Recognition")
    return Voice(header, fields.text("MediaId"), fields.text("Format", ""), words)


def _video(header: Header, fields: _Fields) -> Inbound:
    nodes = fields.inside("Video") if fields.has("Video") else fields
    return Video(
        header,
        nodes.text("MediaId"),
        nodes.text("ThumbMediaId", ""),
        is_short=fields.text("MsgType").strip().lower() == "shortvideo",
    )


def _location(header: Header, fields: _Fields) -> Inbound:
    return Location(
        header, fields.text("Location_X"), fields.text("Location_Y"), fields.text("Label", "")
    )


def _link(header: Header, fields: _Fields) -> Inbound:
    return Link(
        header, fields.text("Title", ""), fields.text("Description", ""), fields.text("Url")
    )


def _file(header: Header, fields: _Fields) -> Inbound:
    size = fields.optional("FileTotalLen")
    return File(
        header, fields.text("Title", ""), int(size) if size and _DIGITS.match(size) else None
    )


def _unknown_message(header: Header, fields: _Fields) -> Inbound:
    return UnknownMessage(header, fields.text("MsgType").strip()[:40])


def _subscribe(header: Header, fields: _Fields) -> Inbound:
    key = fields.text("EventKey", "").strip()
    scene = key.removeprefix(_SCENE_PREFIX) if key.startswith(_SCENE_PREFIX) else None
    return Subscribe(header, scene, fields.optional("Ticket"))


def _unsubscribe(header: Header, _fields: _Fields) -> Inbound:
    return Unsubscribe(header)


def _scan(header: Header, fields: _Fields) -> Inbound:
    return Scan(header, fields.text("EventKey", "").strip(), fields.optional("Ticket"))


def _location_report(header: Header, fields: _Fields) -> Inbound:
    return LocationReport(header, fields.text("Latitude"), fields.text("Longitude"))


def _click(header: Header, fields: _Fields) -> Inbound:
    return MenuClick(header, fields.text("EventKey").strip())


def _view(header: Header, fields: _Fields) -> Inbound:
    return MenuView(header, fields.text("EventKey", "").strip())


def _scan_code(header: Header, fields: _Fields) -> Inbound:
    return MenuScanCode(
        header,
        fields.text("EventKey").strip(),
        fields.inside("ScanCodeInfo").text("ScanResult", ""),
        waits=fields.text("Event").strip().lower() == "scancode_waitmsg",
    )


def _pictures(header: Header, fields: _Fields) -> Inbound:
    count = fields.inside("SendPicsInfo").number("Count", "0")
    return MenuPictures(header, fields.text("EventKey").strip(), count)


def _chosen_location(header: Header, fields: _Fields) -> Inbound:
    info = fields.inside("SendLocationInfo")
    return MenuLocation(
        header,
        fields.text("EventKey").strip(),
        info.text("Location_X", ""),
        info.text("Location_Y", ""),
        info.text("Label", ""),
    )


def _mass_send(header: Header, fields: _Fields) -> Inbound:
    return MassSendFinished(
        header,
        fields.text("MsgID").strip(),
        fields.text("Status").strip(),
        total=fields.number("TotalCount", "0"),
        filtered=fields.number("FilterCount", "0"),
        sent=fields.number("SentCount", "0"),
        failed=fields.number("ErrorCount", "0"),
    )


def _published(header: Header, fields: _Fields) -> Inbound:
    info = fields.inside("PublishEventInfo")
    pieces = info.inside("article_detail").items("item")
    return PublishFinished(
        header,
        info.text("publish_id").strip(),
        info.number("publish_status"),
        info.optional("article_id"),
        tuple(piece.text("article_url", "") for piece in pieces),
    )


def _template(header: Header, fields: _Fields) -> Inbound:
    return TemplateSent(header, fields.text("MsgID").strip(), fields.text("Status", "").strip())


def _notice(wrapper: str) -> "Builder":
    def build(header: Header, fields: _Fields) -> Inbound:
        choices = tuple(
            (
                entry.text("TemplateId", ""),
                entry.text("SubscribeStatusString", entry.text("ErrorStatus", "")),
            )
            for entry in fields.inside(wrapper).items("List")
        )
        return NoticeConsent(header, fields.text("Event").strip(), choices)

    return build


def _unknown_event(header: Header, fields: _Fields) -> Inbound:
    key = fields.text("EventKey", "")
    return UnknownEvent(header, fields.text("Event").strip()[:80], key[:128])


Builder = Callable[[Header, _Fields], Inbound]

_MESSAGES: Final[dict[str, Builder]] = {
    "text": _text,
    "image": _image,
    "voice": _voice,
    "video": _video,
    "shortvideo": _video,
    "location": _location,
    "link": _link,
    "file": _file,
}
_EVENTS: Final[dict[str, Builder]] = {
    "subscribe": _subscribe,
    "unsubscribe": _unsubscribe,
    "scan": _scan,
    "location": _location_report,
    "click": _click,
    "view": _view,
    "view_miniprogram": _view,
    "scancode_push": _scan_code,
    "scancode_waitmsg": _scan_code,
    "pic_sysphoto": _pictures,
    "pic_photo_or_album": _pictures,
    "pic_weixin": _pictures,
    "location_select": _chosen_location,
    "masssendjobfinish": _mass_send,
    "publishjobfinish": _published,
    "templatesendjobfinish": _template,
    "subscribe_msg_popup_event": _notice("SubscribeMsgPopupEvent"),
    "subscribe_msg_change_event": _notice("SubscribeMsgChangeEvent"),
    "subscribe_msg_sent_event": _notice("SubscribeMsgSentEvent"),
}
