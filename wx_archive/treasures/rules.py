"""What counts for treasures: states, wishes, rights, clocks, how numbers are spelled. No I/O.

Source: docs/sources.md#treasures (档案法 art. 31; 实施条例 art. 21: gifts by written agreement).
"""

import re
import unicodedata
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Final

MOST_FILES: Final = 20
"""Files of one upload."""
MOST_OPEN: Final = 10
"""Uploads that a follower may have under way at a time."""
TITLE_LENGTH: Final = 60
STORY_LENGTH: Final = 2000
YEAR_LENGTH: Final = 40
PLACE_LENGTH: Final = 80
PEOPLE_LENGTH: Final = 200
CREDIT_LENGTH: Final = 30
NOTE_LENGTH: Final = 400
NAME_LENGTH: Final = 80

BATCH: Final = timedelta(seconds=60)
"""Photos that follow one another within this are one batch, and get one answer."""
SETTLED: Final = timedelta(seconds=5)
"""A batch is at its end when nothing came for so long."""
MEDIA_LASTS: Final = timedelta(days=3)
"""For so long WeChat holds what a follower has sent."""
WARN_BEFORE: Final = timedelta(hours=24)
"""Staff are told of what was not fetched when so much of that is left."""
DRAFT_LASTS: Final = timedelta(days=7)
"""What was begun and never finished is deleted then."""
ERASED_AFTER_DAYS: Final = 30
"""What was not taken, or was withdrawn, is deleted then: the consent text promises it."""


class State(StrEnum):
    """Where an upload stands."""

    DRAFT = "draft"
    RECEIVED = "received"
    SCREENING = "screening"
    NEED_INFO = "need_info"
    APPRAISAL = "appraisal"
    ACCEPTED = "accepted"
    AGREEMENT = "agreement"
    ACCESSIONED = "accessioned"
    PUBLISHED = "published"
    DECLINED = "declined"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"


STATES: Final[Mapping[State, str]] = {
    State.DRAFT: "还没有交",
    State.RECEIVED: "已收到",
    State.SCREENING: "正在初审",
    State.NEED_INFO: "等您回答",
    State.APPRAISAL: "正在鉴定",
    State.ACCEPTED: "决定收",
    State.AGREEMENT: "已签协议",
    State.ACCESSIONED: "已入藏",
    State.PUBLISHED: "已公开展示",
    State.DECLINED: "没有收下",
    State.RETURNED: "已返还",
    State.WITHDRAWN: "已撤回",
}
"""In the sender's words; `STAFF_STATES` where the staff say it otherwise."""
STAFF_STATES: Final[Mapping[State, str]] = {
    **STATES,
    State.RECEIVED: "待审",
    State.NEED_INFO: "等回答",
    State.DECLINED: "婉谢",
}

MOVES: Final[Mapping[State, frozenset[State]]] = {
    State.DRAFT: frozenset({State.RECEIVED}),
    State.RECEIVED: frozenset({State.SCREENING, State.NEED_INFO, State.DECLINED, State.WITHDRAWN}),
    State.SCREENING: frozenset(
        {State.NEED_INFO, State.APPRAISAL, State.ACCEPTED, State.DECLINED, State.WITHDRAWN}
    ),
    State.NEED_INFO: frozenset(
        {
            State.SCREENING,
            State.APPRAISAL,
            State.ACCEPTED,
            State.DECLINED,
            State.WITHDRAWN,
        }
    ),
    State.APPRAISAL: frozenset({State.NEED_INFO, State.ACCEPTED, State.DECLINED, State.WITHDRAWN}),
    State.ACCEPTED: frozenset(
        {State.NEED_INFO, State.AGREEMENT, State.DECLINED, State.RETURNED, State.WITHDRAWN}
    ),
    State.AGREEMENT: frozenset({State.ACCESSIONED, State.RETURNED, State.WITHDRAWN}),
    State.ACCESSIONED: frozenset({State.PUBLISHED}),
    State.PUBLISHED: frozenset({State.ACCESSIONED}),
    State.DECLINED: frozenset({State.SCREENING, State.RETURNED}),
    State.RETURNED: frozenset(),
    State.WITHDRAWN: frozenset(),
}
"""What may follow what; drawn in docs/states/treasures.mmd."""

OPEN: Final = frozenset(
    {
        State.RECEIVED,
        State.SCREENING,
        State.NEED_INFO,
        State.APPRAISAL,
        State.ACCEPTED,
        State.AGREEMENT,
    }
)
"""Somebody still has to do something."""
EDITABLE: Final = frozenset({State.DRAFT, State.RECEIVED, State.SCREENING, State.NEED_INFO})
"""States in which the sender may add files and change what was told."""
WITHDRAWABLE: Final = frozenset(state for state, to in MOVES.items() if State.WITHDRAWN in to)
KEPT: Final = frozenset({State.ACCESSIONED, State.PUBLISHED})
"""The house's own: they stay when the sender's data goes."""
GONE: Final = frozenset({State.DECLINED, State.RETURNED, State.WITHDRAWN})
"""States after which the files are deleted (`ERASED_AFTER_DAYS`)."""
STAFF_ACTS: Final = OPEN - {State.NEED_INFO}
TOLD: Final = frozenset(
    {
        State.NEED_INFO,
        State.ACCEPTED,
        State.ACCESSIONED,
        State.PUBLISHED,
        State.DECLINED,
        State.RETURNED,
    }
)
"""States of which the sender is told without asking."""
NEEDS_NOTE: Final = frozenset({State.NEED_INFO, State.DECLINED, State.RETURNED})
"""States that say nothing without a word of what or why."""
DAYS: Final[Mapping[State, int]] = {
    State.RECEIVED: 3,
    State.SCREENING: 5,
    State.NEED_INFO: 15,
    State.APPRAISAL: 20,
    State.ACCEPTED: 20,
    State.AGREEMENT: 10,
}
"""Working days in which something should happen to an upload in its state.

Three days for the first answer are what the account promises the sender. When the sender is asked
and stays silent, the upload goes back to screening: silence takes nothing from anybody.
"""


class Channel(StrEnum):
    """How an upload, or a file of it, came in."""

    CHAT = "chat"
    H5 = "h5"
    DESK = "desk"


CHANNELS: Final[Mapping[Channel, str]] = {
    Channel.CHAT: "微信",
    Channel.H5: "网页",
    Channel.DESK: "窗口",
}


class Action(StrEnum):
    """What a step of an upload was."""

    MOVE = "move"
    TELL = "tell"
    """The sender has changed what was told, or added files."""
    ANSWER = "answer"
    """The sender has answered a question."""
    ASSIGN = "assign"
    NOTE = "note"
    """Staff's own words, never shown to the sender."""
    PLAN = "plan"
    """An accession was proposed, or the proposal taken back."""
    GRANT = "grant"
    REVOKE = "revoke"
    CUSTODY = "custody"
    """Where the original is: received, moved, lent, handed back."""
    CHECK = "check"
    """Secrecy and portraits were looked at before it was shown, and signed for."""


ACTIONS: Final[Mapping[Action, str]] = {
    Action.MOVE: "",
    Action.TELL: "送件人补充",
    Action.ANSWER: "送件人回答",
    Action.ASSIGN: "分派",
    Action.NOTE: "内部备注",
    Action.PLAN: "入藏方案",
    Action.GRANT: "授权",
    Action.REVOKE: "撤回授权",
    Action.CUSTODY: "原件交接",
    Action.CHECK: "展示前审查",
}
SENDERS_ACTIONS: Final = frozenset({Action.MOVE, Action.TELL, Action.ANSWER, Action.REVOKE})
"""Steps whose words the sender may read; the others are the staff's own."""


class FileKind(StrEnum):
    """What somebody sees, hears or reads."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    PAPER = "paper"
    """A PDF: kept as it came, shown to nobody but reviewers."""


FILE_KINDS: Final[Mapping[FileKind, str]] = {
    FileKind.IMAGE: "照片",
    FileKind.VIDEO: "视频",
    FileKind.AUDIO: "录音",
    FileKind.PAPER: "PDF",
}
MOST_BYTES: Final[Mapping[FileKind, int]] = {
    FileKind.IMAGE: 25 * 1024 * 1024,
    FileKind.VIDEO: 50 * 1024 * 1024,
    FileKind.AUDIO: 25 * 1024 * 1024,
    FileKind.PAPER: 25 * 1024 * 1024,
}


class FileState(StrEnum):
    """Where a file stands; nobody sees one that is not clean."""

    AWAITED = "awaited"
    """Sent in the chat, still at WeChat's."""
    QUARANTINED = "quarantined"
    """Stored under its checksum, not looked at yet."""
    CLEAN = "clean"
    REFUSED = "refused"
    SAME = "same"
    """The same bytes are in this upload already; stored once."""
    LOST = "lost"
    """WeChat has it no more."""
    ERASED = "erased"


FILE_STATES: Final[Mapping[FileState, str]] = {
    FileState.AWAITED: "正在取",
    FileState.QUARANTINED: "正在检查",
    FileState.CLEAN: "收好了",
    FileState.REFUSED: "不能收",
    FileState.SAME: "重复",
    FileState.LOST: "没有取到",
    FileState.ERASED: "已删除",
}
STANDING: Final = frozenset({FileState.AWAITED, FileState.QUARANTINED, FileState.CLEAN})
"""Files that count."""
STORED: Final = frozenset({FileState.QUARANTINED, FileState.CLEAN})
"""Files that have an object in the sealed store."""


class Ownership(StrEnum):
    """How the sender came by it."""

    MADE = "made"
    INHERITED = "inherited"
    GIVEN = "given"
    BOUGHT = "bought"
    UNKNOWN = "unknown"


OWNERSHIPS: Final[Mapping[Ownership, str]] = {
    Ownership.MADE: "我自己拍的、写的",
    Ownership.INHERITED: "家里传下来的",
    Ownership.GIVEN: "别人送给我的",
    Ownership.BOUGHT: "我买来的",
    Ownership.UNKNOWN: "说不清",
}


class Wish(StrEnum):
    """What the sender wants done with the original."""

    DONATE = "donate"
    COPY = "copy"
    DEPOSIT = "deposit"
    TIP = "tip"


WISHES: Final[Mapping[Wish, str]] = {
    Wish.DONATE: "捐赠",
    Wish.COPY: "复制后返还",
    Wish.DEPOSIT: "代管",
    Wish.TIP: "仅提供线索",
}
WISHES_MEAN: Final[Mapping[Wish, str]] = {
    Wish.DONATE: "原件送给档案馆，永久保存，发捐赠证书",
    Wish.COPY: "档案馆复制一份收藏，原件还给您",
    Wish.DEPOSIT: "原件还是您的，请档案馆替您保管",
    Wish.TIP: "先不交东西，只告诉档案馆有这样一件",
}


class Scope(StrEnum):
    """Who may see it, as the sender wishes."""

    PUBLIC = "public"
    READING_ROOM = "reading_room"
    CLOSED = "closed"


SCOPES: Final[Mapping[Scope, str]] = {
    Scope.PUBLIC: "可以公开展示",
    Scope.READING_ROOM: "只在馆内查阅",
    Scope.CLOSED: "暂不公开",
}


class Credit(StrEnum):
    """Under which name it is shown; anonymous is anonymous everywhere."""

    NAME = "name"
    PSEUDONYM = "pseudonym"
    ANONYMOUS = "anonymous"


CREDITS: Final[Mapping[Credit, str]] = {
    Credit.NAME: "署真名",
    Credit.PSEUDONYM: "署别名",
    Credit.ANONYMOUS: "不署名",
}
NOBODY: Final = "一位不愿具名的市民"


class Right(StrEnum):
    """A way of use that an agreement allows, each on its own."""

    PRESERVE = "preserve"
    RESEARCH = "research"
    EXHIBIT = "exhibit"
    WEB = "web"
    WECHAT = "wechat"
    DERIVE = "derive"


RIGHTS: Final[Mapping[Right, str]] = {
    Right.PRESERVE: "保存和修复复制",
    Right.RESEARCH: "馆内查阅利用",
    Right.EXHIBIT: "实体展览",
    Right.WEB: "网页公布",
    Right.WECHAT: "公众号文章",
    Right.DERIVE: "编研、卡片和文创",
}
SHOWN_BY: Final = frozenset({Right.WEB, Right.WECHAT, Right.DERIVE})
"""Rights whose revocation takes something off what the public sees."""


class Sign(StrEnum):
    """The books that are numbered by year, without gaps."""

    UPLOAD = "珍"
    AGREEMENT = "协"
    ACCESSION = "藏"
    CERTIFICATE = "证"


CERTIFICATES: Final[Mapping[Wish, str]] = {
    Wish.DONATE: "捐赠证书",
    Wish.COPY: "收藏证书",
    Wish.DEPOSIT: "寄存证书",
}
"""What is given for what; a tip has none."""

_NUMBER: Final = re.compile(r"(?:(珍)号?)?((?:19|20)[0-9]{2})-?([0-9]{1,9})")
_BARE: Final = re.compile(r"(?:进度|撤回|取消)?(珍)号?((?:19|20)[0-9]{2})-?([0-9]{1,9})")
_DASHES: Final = re.compile("[\u2010-\u2015\u2212\ufe58\uff0d_~～]")
_AROUND: Final = re.compile(r"[\s「」『』“”\"'《》〈〉【】〔〕\[\]()<>,.。、:：!！?？#]")
_WIDTH: Final = 6


def number(sign: Sign, year: int, running: int) -> str:
    """Return a number as printed: 珍2026-000001."""
    return f"{sign}{year}-{running:0{_WIDTH}d}"


def read_number(typed: str) -> str | None:
    """Return the upload's number that somebody typed, in any spelling; None where it is none."""
    return _read(_NUMBER, typed)


def read_bare_number(typed: str) -> str | None:
    """Return the number of words that are nothing but an upload's number with its sign."""
    return _read(_BARE, typed)


def credited(credit: Credit | None, name: str) -> str:
    """Return under which name a piece is shown; without a choice, under none."""
    shown = name.strip()
    return shown if credit in (Credit.NAME, Credit.PSEUDONYM) and shown else NOBODY


def may_accession(wish: Wish | None) -> bool:
    """Tell whether a wish leads to an accession; a tip does not."""
    return wish is not None and wish is not Wish.TIP


def _read(pattern: re.Pattern[str], typed: str) -> str | None:
    plain = unicodedata.normalize("NFKC", typed)
    found = pattern.fullmatch(_AROUND.sub("", _DASHES.sub("-", plain)))
    if found is None:
        return None
    return number(Sign.UPLOAD, int(found[2]), int(found[3]))
