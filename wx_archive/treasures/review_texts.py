"""What the staff read when a step is refused, and how its steps are called."""

from collections.abc import Mapping
from datetime import date
from typing import Final

from wx_archive.treasures import rules
from wx_archive.treasures.queries import Step, Upload
from wx_archive.treasures.rules import Action, State

RIGHTS_MISSING: Final = "先请送件人填权利：怎么来的、想怎么处理，两样都清楚了才能决定收"
ONLY_TIP: Final = (
    "送件人选的是“仅提供线索”，没有东西可收。想收，先问愿不愿意捐赠、复制或者代管；"
    "记下线索就够了的，选“婉谢”并道谢"
)
OVER: Final = "这一份已经办完，不用再分派"
HAND_NOTE_MISSING: Final = "转给别人，或者从别人手里接过来，要写一句为什么"
YOURSELF: Final = "您自己"
"""Who was faster, where it was whoever reads it."""
REMARK_MISSING: Final = "备注还没有写"
STEPS: Final[Mapping[State, str]] = {
    State.SCREENING: "开始初审",
    State.NEED_INFO: "问送件人",
    State.APPRAISAL: "送去鉴定",
    State.ACCEPTED: "决定收",
    State.DECLINED: "婉谢",
    State.WITHDRAWN: "代送件人撤回",
}
"""What a button says that takes an upload there."""
_MISSING: Final[Mapping[State, str]] = {
    State.NEED_INFO: "要问什么，请写一句",
    State.DECLINED: "不收要说明原因，送件人会看到",
    State.RETURNED: "还给谁、怎么还的，请写一句",
    State.WITHDRAWN: "谁在什么时候说要撤回，请写一句",
}


def step(upload: Upload, to: State) -> str:
    """Return what a step is called, as a button says it."""
    if to is State.SCREENING and upload.state is not State.RECEIVED:
        return "重新初审" if upload.state is State.DECLINED else "回到初审"
    return STEPS[to]


def note_missing(to: State) -> str:
    """Say that a step needs a word."""
    return _MISSING[to]


def too_long(most: int, length: int) -> str:
    """Say how long something may be."""
    return f"最多 {most} 个字，现在有 {length} 个，请删短一些"


def same_owner(name: str) -> str:
    """Say that it is in these hands."""
    return f"本来就由{name}办"


def may_not_own(name: str) -> str:
    """Say that somebody cannot have uploads in hand."""
    return f"{name}不能办珍档，请选一位编辑"


def assigned(name: str, said: str) -> str:
    """Return the words of a step that puts an upload into somebody's hands."""
    return f"由{name}办：{said}" if said else f"由{name}办"


def what(done: Step) -> str:
    """Say what a step was."""
    if done.action is Action.MOVE:
        return rules.STAFF_STATES[done.to_state]
    return rules.ACTIONS[done.action]


def until(upload: Upload, today: date) -> str:
    """Say by when something must happen to an upload; how late it is where its day has passed."""
    if upload.act_by is None:
        return ""
    if upload.is_late(today):
        return f"已过 {(today - upload.act_by).days} 天"
    if upload.act_by == today:
        return "今天到期"
    day = f"{upload.act_by.month}月{upload.act_by.day}日"
    return f"等到{day}" if upload.state is State.NEED_INFO else f"最晚{day}"


def mark(upload: Upload) -> str:
    """Return the mark beside an upload's state."""
    if upload.state is State.NEED_INFO:
        return "wait"
    if upload.state in rules.KEPT:
        return "good"
    return "over" if upload.state in rules.GONE else ""
