"""The Chinese of the dashboard: what boxes are called, and how their numbers are counted."""

from collections.abc import Mapping
from typing import Final

from wx_archive.chat.models import HeldState
from wx_archive.core.jobs import JobState

USE: Final = "人次和件次"
USE_SAYS: Final = """\
人次：微信里，一位关注者一天里查过、翻过页或打开过条目，算 1 人次；\
网页上认不出人，查一次算 1 人次。窗口、来信、电话，受理一件算 1 人次。
件次：打开一条文件或档案算 1 件次，微信里同一个人一天打开同一条只算一次，网页上每打开一次算一次。\
窗口、来信、电话，答复时提供了几件算几件。
从微信点进网页看的那一条，人已经在微信里算过，网页不再算人次。上报时，网页一栏可以单列为网页点击。
每次打开这一页都从原始记录重新算，没有另存的计数；本人要求删除资料以后，他最近 90 天的不再计入。\
""".splitlines()
FOLLOWERS: Final = "关注者"
FOLLOWERS_SAY: Final = (
    "新来：第一次关注；回来：取消以后又关注。取消按各人最近一次取消的日子算。"
    "已经删除资料的人不再计入。"
)
MESSAGES: Final = "消息"
MESSAGES_SAY: Final = (
    "收到并答复的消息和事件，微信重发的同一条只算一次。晚到的答复：当时来不及，"
    "留着另外送的，送完只保存 30 天。没接上：数据库一时不在，微信随后会再发一次。"
)
JOBS: Final = "后台任务"
JOBS_SAY: Final = "现在的状态；办完的只保存 7 天。“放弃了”的试过几次都没成，要有人看一看。"
PLATFORM: Final = "微信接口"
PLATFORM_SAYS: Final = (
    "我们调用微信接口的次数，北京时间零点重新算。限额以公众平台“接口权限”里看到的为准；"
    "微信叫停的，写明停到什么时候。"
)
FEATURES: Final[Mapping[str, str]] = {
    "lookup": "查文件和档案",
    "enquiries": "代查",
    "publishing": "栏目文章",
    "quiz": "答题和领取",
    "treasures": "珍档上传",
    "cases": "看进度、撤回",
    "guide": "指南、问候和其他",
    "privacy": "我的资料",
    "alerts": "馆员的提醒",
}
"""What the conversation's features are called, by folder."""
HELD: Final[Mapping[HeldState, str]] = {
    HeldState.WAITING: "等着来取",
    HeldState.SENDING: "正在送",
    HeldState.SENT: "已送出",
    HeldState.FETCHED: "已取走",
}
JOB_STATES: Final[Mapping[JobState, str]] = {
    JobState.WAITING: "等着办",
    JobState.RUNNING: "正在办",
    JobState.DONE: "办完了",
    JobState.DEAD: "放弃了",
}
NO_SCENE: Final = "没有场景码（搜索、名片等）"
PERIOD: Final = "日期"
TOTAL: Final = "合计"
PART: Final = "（不全）"
HOW: Final = "怎么算的"
