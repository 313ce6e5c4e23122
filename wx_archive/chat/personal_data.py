"""What the conversation and its jobs keep about a follower."""

import json
import re
from collections.abc import Callable, Sequence
from typing import Any, Final, cast

from sqlalchemy import Table, delete, select, update

from wx_archive.chat.dedupe import PENDING
from wx_archive.chat.models import (
    Conversation,
    DeadLetter,
    HandledMessage,
    HeldAnswer,
    ServiceWindow,
)
from wx_archive.core.jobs.models import Job
from wx_archive.followers.personal_data import Case, PersonalData, Row, read, rows_of, shown
from wx_archive.wechat.limits import Occasion

_PARTS: Final = re.compile(r"<(Content|Title|Description)>(.*?)</\1>", re.DOTALL)
_TAGS: Final = re.compile(r"<!\[CDATA\[|\]\]>|</?a\b[^>]*>")
_OCCASIONS: Final = {
    Occasion.MESSAGE: "您发来消息",
    Occasion.CLICK: "您点了菜单或链接",
    Occasion.SUBSCRIBE: "您关注了本号",
    Occasion.SCAN: "您扫了码",
}


def remembered(name: str, title: str, read_value: Callable[[bytes], Row]) -> PersonalData:
    """Return the rule of a value that a feature keeps with `Turn.remember` under ``name``."""

    def key(case: Case) -> str:
        return f"{name}:{case.pseudonym}"

    def export(case: Case) -> Sequence[Row]:
        kept = case.store.get(key(case))
        return [] if kept is None else [read_value(kept.partition(b"\n")[2])]

    def erase(case: Case) -> None:
        case.store.drop(key(case))

    return PersonalData(f"store:{name}", title, export, erase)


def _words(reply: str) -> str:
    """Return what could be read of a reply: no marks, and no link that opens anything."""
    parts = [part for _name, part in _PARTS.findall(reply)] or [reply]
    return _TAGS.sub("", "\n".join(parts))


def _export_handled(case: Case) -> Sequence[Row]:
    table = cast("Table", HandledMessage.__table__)
    names = {"handled_at": "时间", "reply": "我们的答复"}
    rows = read(case, table, table.c.follower_id == case.follower_id, names, "handled_at")
    return [{**row, "我们的答复": _words(row["我们的答复"])} for row in rows]


def _erase_handled(case: Case) -> None:
    mine = HandledMessage.follower_id == case.follower_id
    case.session.execute(delete(HandledMessage).where(mine, HandledMessage.reply != PENDING))
    # Still being worked on, perhaps by the very turn that erases: its deliveries need the row.
    case.session.execute(update(HandledMessage).where(mine).values(follower_id=None))


def _export_held(case: Case) -> Sequence[Row]:
    table = cast("Table", HeldAnswer.__table__)
    names = {"text": "内容", "created_at": "写好的时间", "expires_at": "保留到"}
    rows = read(case, table, table.c.follower_id == case.follower_id, names, "id")
    return [{**row, "内容": _words(row["内容"])} for row in rows]


def _erase_held(case: Case) -> None:
    case.session.execute(delete(HeldAnswer).where(HeldAnswer.follower_id == case.follower_id))


def _export_windows(case: Case) -> Sequence[Row]:
    table = cast("Table", ServiceWindow.__table__)
    names = {"occasion": "由来", "opened_at": "开始时间", "used": "已用条数"}
    rows = read(case, table, table.c.follower_id == case.follower_id, names, "opened_at")
    return [{**row, "由来": _OCCASIONS[Occasion(row["由来"])]} for row in rows]


def _erase_windows(case: Case) -> None:
    mine = ServiceWindow.follower_id == case.follower_id
    case.session.execute(delete(ServiceWindow).where(mine))


def _letters(case: Case) -> list[Any]:
    """Return the follower's dead letters, those written before they had a row included."""
    rows = case.session.execute(
        select(
            DeadLetter.id,
            DeadLetter.follower_id,
            DeadLetter.message,
            DeadLetter.cause,
            DeadLetter.failed_at,
        )
        .where((DeadLetter.follower_id == case.follower_id) | DeadLetter.follower_id.is_(None))
        .order_by(DeadLetter.id)
    )
    openid = case.openid.encode()
    return [
        row
        for row in rows
        if row.follower_id is not None or openid in row.message or case.openid in row.cause
    ]


def _export_letters(case: Case) -> Sequence[Row]:
    return [
        {"时间": shown(row.failed_at), "没办成的消息": shown(row.message)} for row in _letters(case)
    ]


def _erase_letters(case: Case) -> None:
    numbers = [row.id for row in _letters(case)]
    case.session.execute(delete(DeadLetter).where(DeadLetter.id.in_(numbers)))


def _export_jobs(case: Case) -> Sequence[Row]:
    rows = case.session.execute(
        select(Job.kind, Job.payload, Job.created_at, Job.finished_at)
        .where(Job.follower_id == case.follower_id)
        .order_by(Job.id)
    )
    return [
        {
            "事项": row.kind,
            "内容": json.loads(row.payload),
            "登记时间": shown(row.created_at),
            "办完时间": shown(row.finished_at),
        }
        for row in rows
    ]


def _erase_jobs(case: Case) -> None:
    case.session.execute(delete(Job).where(Job.follower_id == case.follower_id))


RULES = (
    rows_of(
        Conversation,
        "正在办的事",
        {"name": "名称", "payload": "内容", "expires_at": "保留到"},
        order_by="expires_at",
    ),
    PersonalData("handled_message", "一天内的答复", _export_handled, _erase_handled),
    PersonalData("held_answer", "替您留着的答复", _export_held, _erase_held),
    PersonalData("service_window", "可以给您回信的时段", _export_windows, _erase_windows),
    PersonalData("job", "排队要办的事", _export_jobs, _erase_jobs),
    PersonalData("dead_letter", "没办成的消息", _export_letters, _erase_letters),
)
