"""The Chinese names of what the figures about lookups hold."""

from typing import Final

from wx_archive.lookup.models import Channel, Label, What

CHANNELS: Final = {Channel.CHAT: "聊天", Channel.H5: "网页"}
WHAT: Final = {
    What.ASKED: "查",
    What.TURNED: "翻页",
    What.OPENED: "打开一条",
    What.PEOPLE: "人数",
}
LABELS: Final = {
    Label.NONE: "",
    Label.LIVELIHOOD: "民生",
    Label.NUMBER: "号码",
    Label.SENTENCE: "一句话",
    Label.RARE: "其他",
}
"""What is shown in the place of words that are not kept."""
KINDS: Final = {"document": "文件", "record": "档案"}
