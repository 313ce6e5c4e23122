"""What staff read of pieces: names of fields, marks of states, actions."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from wx_archive.core import clock
from wx_archive.publishing.rules import Kind, PieceState

FIELDS: Final[Mapping[str, str]] = {
    "column": "栏目",
    "kind": "种类",
    "title": "标题",
    "author": "作者",
    "summary": "摘要",
    "body": "正文",
    "cover": "封面",
    "assets": "图片和音视频",
    "topics": "关键词",
    "interests": "消息主题",
    "sources": "出处",
    "entries": "讲到的档案和文件",
    "source_url": "阅读原文",
    "wanted_at": "想什么时候发",
}
"""Names of a piece's fields, as the form has them."""

MARKS: Final[Mapping[PieceState, str]] = {
    PieceState.DRAFT: "",
    PieceState.INBOX: "wait",
    PieceState.SUBMITTED: "wait",
    PieceState.RETURNED: "warn",
    PieceState.APPROVED: "good",
}

BODY_HELP: Final[Mapping[Kind, str]] = {
    Kind.ARTICLE: "空一行分段；## 开头是小标题，> 开头是引文，**两边加星**是粗体。",
    Kind.TEXT: "直接发到聊天里的一段话，不能加粗、不能插图。",
    Kind.PICTURES: "和图片一起发出去的一段话，可以不写。",
    Kind.VIDEO: "网页上放在视频下面的说明，可以不写。",
    Kind.AUDIO: "网页上放在音频下面的说明，可以不写。",
}

ASSETS: Final[Mapping[Kind, str]] = {
    Kind.PICTURES: "图片（按这个次序）",
    Kind.VIDEO: "视频",
    Kind.AUDIO: "音频",
}

SECRECY: Final = "我做了保密审查，其中没有不宜公开的内容"


def names(fields: Sequence[str]) -> str:
    """Name fields: 标题、正文."""
    return "、".join(FIELDS.get(one, one) for one in fields)


def moment(value: datetime | None) -> str:
    """Write a moment: 2026-11-23 09:00; empty for none."""
    return f"{value.astimezone(clock.SHANGHAI):%Y-%m-%d %H:%M}" if value else ""


def day(value: datetime | None) -> str:
    """Write a moment's day: 11月23日; empty for none."""
    if value is None:
        return ""
    shown = clock.day_of(value)
    return f"{shown.month}月{shown.day}日"
