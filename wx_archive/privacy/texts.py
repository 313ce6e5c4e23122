"""What the chat says about interests and personal data; standing parts are in `replies.yaml`."""

import json
import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from wx_archive.core.text import tap_link
from wx_archive.followers.consents import Standing
from wx_archive.followers.interests import Topic
from wx_archive.privacy.service import AboutMe, Choice

CHOSEN: Final = "✓ 已选"
OPEN: Final = "○ 未选"
NO_FOLLOWER: Final = (
    "按这个编号或代码没有找到人。编号抄错了，代码用过或者过了十分钟，资料已经删除，都会这样；"
    "请本人在公众号里回“我的代码”，再报一次"
)
BY_CODE: Final = "follower:code"
"""How somebody was found who told a code, as the audit log has it."""
HIDDEN: Final = "（不显示）"
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00\Z")
SURE: Final = "确定撤回同意"


def chinese_date(day: date) -> str:
    """Write a day as citizens read it: 2004年4月2日."""
    return f"{day.year}年{day.month}月{day.day}日"


def readable(value: object) -> str:
    """Write a value of the export for people: 2004年4月2日 9:30, 是, 否."""
    match value:
        case None:
            return "—"
        case bool():
            return "是" if value else "否"
        case str() if _MOMENT.match(value):
            moment = datetime.fromisoformat(value)
            return f"{chinese_date(moment.date())} {moment:%H:%M}"
        case str():
            return value
        case _:
            return json.dumps(value, ensure_ascii=False)


def topic_list(head: str, choices: Sequence[Choice]) -> str:
    """Return the topics, each a tap that turns it over."""
    lines = [
        f"{CHOSEN if choice.is_chosen else OPEN} {_topic_link(choice.topic)}：{choice.topic.line}"
        for choice in choices
    ]
    return "\n".join([head, *lines])


def toggled(topic: Topic, choices: Sequence[Choice], *, is_chosen: bool, tail: str) -> str:
    """Say what a tap did, and show how things stand now."""
    done = f"已选上「{topic.name}」。" if is_chosen else f"已取消「{topic.name}」，不再告诉您。"
    return topic_list(f"{done}{tail}", choices)


def about_me(about: AboutMe, *, address: str, is_signed: bool, tail: str) -> str:
    """Say what is held, in plain words, and how to have all of it or none."""
    topics = "、".join(about.chosen) or "还没有选"
    lines = [
        f"您第一次来是{chinese_date(about.known_since)}。",
        "现在关注着本号。" if about.is_following else "现在没有关注本号，我们不会给您发消息。",
        f"想收的消息：{topics}",
        *_consent_lines(about.consents),
        _page_line(address, is_signed=is_signed),
        tail,
    ]
    return "\n".join(lines)


def ask_to_withdraw(name: str, purpose: str, ends: str) -> str:
    """Say what ends with a consent, and wait for a yes."""
    sure = tap_link("确定撤回", f"{SURE} {name}", f"withdraw.{purpose}.yes")
    return f"撤回“{name}”的同意以后：\n{ends}\n▸{sure}　▸{tap_link('不撤了', '我的资料')}"


def page_link(head: str, address: str, *, is_signed: bool) -> str:
    """Return the way to the page, after what it is for."""
    return f"{head}\n{_page_line(address, is_signed=is_signed)}"


def _topic_link(topic: Topic) -> str:
    return tap_link(topic.name, f"兴趣 {topic.name}", f"interest.{topic.slug}")


def _consent_lines(consents: Sequence[Standing]) -> list[str]:
    if not consents:
        return ["同意过的事：还没有"]
    return ["同意过的事："] + [
        f"· {one.name}（{chinese_date(one.given_on)}） "
        + tap_link("撤回", f"撤回同意 {one.name}", f"withdraw.{one.purpose}")
        for one in consents
    ]


def _page_line(address: str, *, is_signed: bool) -> str:
    lasts = "（只给您本人，30分钟内有效，请不要转发）" if is_signed else ""
    return f'<a href="{address}">打开“我的资料”</a>{lasts}'


def by_request(number: str) -> str:
    """Return how somebody was found by a request, as the audit log has it."""
    return f"enquiry:{number}"


def found_by(subject: str) -> str:
    """Say how a follower was found: 请求 查2026-000001."""
    if subject == BY_CODE:
        return "本人报的代码"
    return f"请求 {subject.partition(':')[2]}"
