"""Sentences on the sender's own pages that depend on something."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from wx_archive.core import clock
from wx_archive.core.text import written_day
from wx_archive.treasures import register_texts, rules, texts
from wx_archive.treasures.queries import File, Step, Upload
from wx_archive.treasures.rules import Action, FileKind, FileState, State
from wx_archive.treasures.steps import BY_CLOCK

UNKNOWN: Final = "不知道"
DECADES: Final = (
    "1949年以前",
    "五十年代",
    "六十年代",
    "七十年代",
    "八十年代",
    "九十年代",
    "2000年以后",
    UNKNOWN,
)
"""What may be chosen of when; words of one's own may stand beside it."""

SAME_FILE: Final = texts.SAME_FILE
EMPTY_FILE: Final = "这个文件是空的，没有内容。请回相册重新选一次"
NO_ROOM_FILE: Final = "刚才没有存下，请再选一次"
FILE_GONE: Final = "这一件已经不在了，下面是现在的样子"
TAKEN_OUT: Final = "拿掉了一件"
NOTHING_CHOSEN: Final = "还没有选照片。请先点上面的框选一张，再点“传上来”"
BODY_TOO_LARGE: Final = "这一次选的加起来太大，没有收。请分几次传，一次少选几张"
BUSY: Final = "正在传的人多，您这几张还没有收。请过一分钟再选一次；已经收好的都在下面"
TOO_OFTEN: Final = "一个小时里传得太多了，这几张没有收。请过一小时再传，已经收好的都在"
TOO_SLOW: Final = "网络太慢，没有传完。请换个信号好的地方，一次少选几张"
DISK_FULL: Final = (
    "馆里的存储暂时满了，这几张没有收，已经通知管理员。已经收好的都在，请过一小时再传"
)
TOLD_MEANWHILE: Final = (
    "您打开这一页以后，这一份又有了改动。您写的都在下面，没有丢；再点一次“保存”，就按您写的存"
)
SEEN_MEANWHILE: Final = "您打开这一页以后，内容有了改动。请把下面再看一遍，没有错再交"
NO_DATE: Final = "日期请写成 2030-01-01 的样子；没有期限就空着"
CHOOSE: Final = "请选一项"
ANSWER_MISSING: Final = "请写几个字，或者点“是”“不是”"
ASKED_ANEW: Final = "馆里刚才又问了一句，请看清楚再回答。您写的还在"
CONSENT_MISSING: Final = "请先勾选“我看过了，同意”，再交"


@dataclass(frozen=True, slots=True)
class Way:
    """A stage of an upload, as its sender sees it."""

    name: str
    is_done: bool
    is_now: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A step that was taken, in the sender's words."""

    day: str
    words: str
    note: str = ""


_WAY: Final[Sequence[tuple[str, frozenset[State]]]] = (
    ("收到", frozenset({State.RECEIVED})),
    ("初审", frozenset({State.SCREENING, State.NEED_INFO})),
    ("鉴定", frozenset({State.APPRAISAL})),
    ("决定收", frozenset({State.ACCEPTED})),
    ("签协议", frozenset({State.AGREEMENT})),
    ("入藏", rules.KEPT),
)
_DAYS: Final = rules.DAYS[State.RECEIVED]
_ERASED: Final = f"照片和文字 {rules.ERASED_AFTER_DAYS} 天以后删除，编号和日期留着备查。"
NEXT: Final[Mapping[State, str]] = {
    State.DRAFT: "还没有交。照片和您写的都存着，七天里随时回来接着填。",
    State.RECEIVED: f"收到了。{_DAYS} 个工作日内回复您，在公众号里告诉您。",
    State.SCREENING: "馆里正在看，有了结果在公众号里告诉您。",
    State.NEED_INFO: "馆里有一句话要问您，在下面回答就行。",
    State.APPRAISAL: "正在请人鉴定，要些日子，有了结果在公众号里告诉您。",
    State.ACCEPTED: "馆里想收下。下一步签一份书面协议，会和您联系。",
    State.AGREEMENT: "协议签好了，正在办入藏登记。",
    State.ACCESSIONED: "已经收进馆里，妥善保存。谢谢您。",
    State.PUBLISHED: "已经按您的意愿公开展示。谢谢您。",
    State.DECLINED: f"这一份馆里没有收下，谢谢您想到我们。{_ERASED}",
    State.RETURNED: f"原件已经还给您了。{_ERASED}",
    State.WITHDRAWN: f"您撤回了这一份。{_ERASED}",
}
"""What comes now, for each state."""
_DONE: Final[Mapping[Action, str]] = {
    Action.TELL: "您补充了内容",
    Action.ANSWER: "您回答了",
    Action.REVOKE: "您撤回了授权",
}
_MARKS: Final[Mapping[FileState, str]] = {
    FileState.AWAITED: "now",
    FileState.QUARANTINED: "now",
    FileState.CLEAN: "good",
}


def way(upload: Upload) -> list[Way]:
    """Return the stages; none for what was not handed in, or is over."""
    places = [states for _name, states in _WAY]
    state = upload.asked_from if upload.state is State.NEED_INFO else upload.state
    at = next((place for place, states in enumerate(places) if state in states), None)
    if at is None:
        return []
    is_over = state in rules.KEPT
    return [
        Way(name, place < at or is_over, place == at and not is_over)
        for place, (name, _states) in enumerate(_WAY)
    ]


def history(steps: Sequence[Step]) -> list[Line]:
    """Return the steps that the sender may read, the oldest first; what repeats, once."""
    lines: list[Line] = []
    for step in steps:
        if step.action not in rules.SENDERS_ACTIONS:
            continue
        line = Line(written_day(clock.day_of(step.at)), _words(step), _note(step))
        if not lines or lines[-1] != line:
            lines.append(line)
    return lines


def _note(step: Step) -> str:
    is_revoked = step.action is Action.REVOKE
    return register_texts.told_to_sender(step.note) if is_revoked else step.note


def _words(step: Step) -> str:
    if step.action is Action.REVOKE and step.actor == BY_CLOCK:
        return register_texts.EXPIRED
    if step.action is not Action.MOVE:
        return _DONE[step.action]
    return "开始准备" if step.to_state is State.DRAFT else rules.STATES[step.to_state]


def sent(files: Sequence[File]) -> str:
    """Return the heading over the files that count, with how many there are."""
    are_photos = all(file.kind is FileKind.IMAGE for file in files)
    return f"{'照片' if are_photos else '送来的'}（{len(files)} 件）"


def reason(file: File) -> str:
    """Say why a file was not kept."""
    return file.reason or rules.FILE_STATES[file.state]


def file_words(file: File) -> str:
    """Say how a file stands, with what might be done about it."""
    words = rules.FILE_STATES[file.state]
    if file.state is FileState.QUARANTINED:
        return f"{words}，一般几秒钟"
    if file.state is not FileState.CLEAN:
        return words
    advice = [
        told
        for is_so, told in (
            (file.is_dark, "偏暗，建议在亮的地方重拍一张"),
            (file.is_blurred, "有点模糊，建议拿稳重拍一张"),
        )
        if is_so
    ]
    return "；".join([words, *advice])


def file_mark(file: File) -> str:
    """Return the class of a file's state: what it looks like, beside its words."""
    return _MARKS.get(file.state, "over")


def taken_on(text: str) -> str:
    """Return the day that a photo's own data names, as people write it; empty for none."""
    year, _dash, rest = text.partition("-")
    month, _dash, day = rest.partition("-")
    if not (year.isdecimal() and month.isdecimal() and day.isdecimal()):
        return ""
    return f"{int(year)}年{int(month)}月{int(day)}日"


def too_large(kind: FileKind, most_bytes: int) -> str:
    """Say that a file is too large, and what to do."""
    what = rules.FILE_KINDS[kind]
    most = most_bytes // (1024 * 1024)
    return f"{what}最大 {most} MB，这一件超过了，没有收。原件很大的，可以带来馆里，我们当面扫描"
