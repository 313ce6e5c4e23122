"""The words of the pages about seasons, cards and facsimiles."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from wx_archive.core import clock
from wx_archive.quiz.rules import SeasonState

FIELDS: Final[Mapping[str, str]] = {
    "name": "名称",
    "starts_on": "答题第一天",
    "ends_on": "答题最后一天",
    "pick_up_until": "领取最后一天",
    "daily_cap": "每人每天最多答",
    "themes": "主题",
    "rules": "规则",
    "number": "编号",
    "title": "标题",
    "story": "故事",
    "source": "出处",
    "entry": "档号或文号",
    "asset_pid": "图片",
}
"""Names of the fields of a season and of its cards."""

MARKS: Final[Mapping[SeasonState, str]] = {
    SeasonState.DRAFT: "",
    SeasonState.WAITING: "wait",
    SeasonState.RELEASED: "good",
    SeasonState.WITHDRAWN: "over",
}
ACTORS: Final[Mapping[str, str]] = {"reader": "读者领取", "clock": "到期", "erasure": "清除资料"}
"""Who moves the stock without sitting at a desk."""

AGAIN: Final[Mapping[str, str]] = {"again": "同一张表单又交了一次，没有再办"}
"""What the audit log says of the second click on a button."""

RULES_HELP: Final = (
    "显示在“活动规则”页，接在固定的说明后面。空一行分段，- 开头是列表。"
    "写明奖品、数量、领取地点和期限；不要求读者转发。"
)
STORY_HELP: Final = "最多 400 个字，印在卡面和卡册里。只写出处里查得到的事；虚构的要写明。"
SOURCE_HELP: Final = "故事里的事从哪里来：书名、页码、档号；虚构的写“虚构，仅供演示”。"
ENTRY_HELP: Final = "可以不写。公众查得到时，卡册里才有“看这件档案”的链接。"
NUMBER_HELP: Final = "印在卡上，例如 001-037 或档号。"


def moment(value: datetime | None) -> str:
    """Write a moment on Shanghai's clock; empty for none."""
    return f"{value.astimezone(clock.SHANGHAI):%Y-%m-%d %H:%M}" if value else ""
