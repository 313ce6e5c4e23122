"""Columns, pieces and pushes: what they are, and which state may follow which.

Source: docs/sources.md#publishing.
"""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Final

from wx_archive.core.errors import RefusedError


class Column(StrEnum):
    """Where a piece appears; the value is the folder's and the menu key's name."""

    BULLETIN = "bulletin"
    NEWSREEL = "newsreel"
    HISTORY = "history"
    CITY = "city"
    SHOWCASE = "showcase"


TITLES: Final[Mapping[Column, str]] = {
    Column.BULLETIN: "信息快递",
    Column.NEWSREEL: "档案联播",
    Column.HISTORY: "历史钩沉",
    Column.CITY: "出彩十堰",
    Column.SHOWCASE: "档案鉴赏",
}


class Kind(StrEnum):
    """What a piece is."""

    ARTICLE = "article"
    TEXT = "text"
    PICTURES = "pictures"
    VIDEO = "video"
    AUDIO = "audio"


KIND_NAMES: Final[Mapping[Kind, str]] = {
    Kind.ARTICLE: "图文",
    Kind.TEXT: "文字",
    Kind.PICTURES: "图集",
    Kind.VIDEO: "视频",
    Kind.AUDIO: "音频",
}


class PieceState(StrEnum):
    """How far a piece is on its way to being approved."""

    DRAFT = "draft"
    INBOX = "inbox"
    """A correspondent has sent it in; an editor takes it or gives it back."""
    SUBMITTED = "submitted"
    RETURNED = "returned"
    APPROVED = "approved"


PIECE_STATE_NAMES: Final[Mapping[PieceState, str]] = {
    PieceState.DRAFT: "草稿",
    PieceState.INBOX: "来稿",
    PieceState.SUBMITTED: "待审",
    PieceState.RETURNED: "退回",
    PieceState.APPROVED: "已审定",
}

PIECE_MOVES: Final[Mapping[PieceState, frozenset[PieceState]]] = {
    PieceState.DRAFT: frozenset({PieceState.INBOX, PieceState.SUBMITTED}),
    PieceState.INBOX: frozenset({PieceState.DRAFT, PieceState.RETURNED}),
    PieceState.SUBMITTED: frozenset({PieceState.DRAFT, PieceState.RETURNED, PieceState.APPROVED}),
    PieceState.RETURNED: frozenset({PieceState.INBOX, PieceState.SUBMITTED}),
    PieceState.APPROVED: frozenset({PieceState.SUBMITTED, PieceState.RETURNED}),
}
"""An approved piece that is edited waits for its reviewers again."""


class PushState(StrEnum):
    """What has become of a push."""

    PREPARING = "preparing"
    SCHEDULED = "scheduled"
    SENDING = "sending"
    SENT = "sent"
    PARTLY = "partly"
    FAILED = "failed"
    CANCELLED = "cancelled"
    HELD = "held"
    """Nothing happens until a person decides; `HoldReason` says why."""


PUSH_STATE_NAMES: Final[Mapping[PushState, str]] = {
    PushState.PREPARING: "筹备",
    PushState.SCHEDULED: "已排期",
    PushState.SENDING: "发送中",
    PushState.SENT: "已发",
    PushState.PARTLY: "部分失败",
    PushState.FAILED: "失败",
    PushState.CANCELLED: "已取消",
    PushState.HELD: "等人决定",
}

PUSH_MOVES: Final[Mapping[PushState, frozenset[PushState]]] = {
    PushState.PREPARING: frozenset({PushState.SCHEDULED, PushState.CANCELLED}),
    PushState.SCHEDULED: frozenset(
        {PushState.PREPARING, PushState.SENDING, PushState.HELD, PushState.CANCELLED}
    ),
    PushState.SENDING: frozenset(
        {PushState.SENT, PushState.PARTLY, PushState.FAILED, PushState.HELD}
    ),
    PushState.HELD: frozenset(
        {
            PushState.PREPARING,
            PushState.SCHEDULED,
            PushState.SENDING,
            PushState.SENT,
            PushState.PARTLY,
            PushState.FAILED,
            PushState.CANCELLED,
        }
    ),
    # WeChat's report may come after we have given up, or speak of fewer than we thought.
    PushState.SENT: frozenset({PushState.PARTLY, PushState.FAILED}),
    PushState.PARTLY: frozenset(),
    PushState.FAILED: frozenset(),
    PushState.CANCELLED: frozenset(),
}


class HoldReason(StrEnum):
    """Why a push waits for a person."""

    MISSED = "missed"
    """Its latest time had passed before anybody could send it."""
    CHANGED = "changed"
    """A piece is not the one that was approved and scheduled."""
    UNAPPROVED = "unapproved"
    """A piece's approval or its secrecy review was taken back."""
    NO_QUOTA = "no_quota"
    UNKNOWN = "unknown"
    """For 24 hours nobody could tell whether WeChat has sent it."""
    NO_REPORT = "no_report"
    """WeChat took it and never said what became of it."""
    REFUSED = "refused"
    """WeChat refused something that a person can mend."""


class Delivery(StrEnum):
    """By which road a push leaves."""

    MASS = "mass"
    PUBLISH = "publish"
    DRAFT = "draft"
    SITE = "site"


DELIVERY_NAMES: Final[Mapping[Delivery, str]] = {
    Delivery.MASS: "群发（提醒粉丝）",
    Delivery.PUBLISH: "发布（不提醒）",
    Delivery.DRAFT: "只存到微信草稿箱",
    Delivery.SITE: "只放进菜单和往期",
}

KINDS_FOR: Final[Mapping[Delivery, frozenset[Kind]]] = {
    Delivery.MASS: frozenset(Kind),
    Delivery.PUBLISH: frozenset({Kind.ARTICLE, Kind.PICTURES}),
    Delivery.DRAFT: frozenset({Kind.ARTICLE, Kind.PICTURES}),
    Delivery.SITE: frozenset(Kind),
}
"""WeChat's draft box holds articles and picture sets and nothing else."""


class AudienceKind(StrEnum):
    """Who is to get a mass send."""

    ALL = "all"
    TAG = "tag"
    """Those who follow a topic of `content/interests.yaml`, by a tag at WeChat."""
    LIST = "list"
    """Those whom a segment finds, by their openids: service accounts only."""


class CallState(StrEnum):
    """How one call that sends stands; committed before and after the call."""

    READY = "ready"
    CALLING = "calling"
    """About to be made, or made and never answered: whether it had its effect is unknown."""
    ACCEPTED = "accepted"
    FINISHED = "finished"
    REFUSED = "refused"


class ReviewKind(StrEnum):
    """What somebody has put their name to."""

    REVIEW = "review"
    SECRECY = "secrecy"
    """保密审查: that nothing in it must be kept secret."""


MOST_ARTICLES: Final = 8
COOLING: Final = timedelta(seconds=60)
"""For so long after the last button a push can still be called back."""
RETRY_UNKNOWN_AFTER: Final = timedelta(seconds=60)
UNKNOWN_FOR: Final = timedelta(hours=24)
"""For so long WeChat knows a clientmsgid; after it nobody but a person may send again."""
POLL_AFTER: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60))
"""When WeChat is asked what became of a push, counted from its taking it."""
MISSED_PART: Final = 10
"""A send of which more than one part in so many did not arrive has partly failed."""
LATE_BY: Final = timedelta(minutes=10)
"""A push is sent no later than this after its time, unless its latest time says otherwise."""
CONFIRMED_WITHIN: Final = timedelta(minutes=30)
"""So long the account's administrator has to confirm a mass send, where that is switched on."""


class WrongStateError(RefusedError):
    """What was asked for does not go from this state."""


def require_piece_move(old: PieceState, new: PieceState) -> None:
    """Refuse a step that the states do not know.

    Raises:
        WrongStateError: says in which state the piece is.
    """
    if new not in PIECE_MOVES[old]:
        raise WrongStateError(
            f"这篇稿子现在是“{PIECE_STATE_NAMES[old]}”，不能改成“{PIECE_STATE_NAMES[new]}”"
        )


def require_push_move(old: PushState, new: PushState) -> None:
    """Refuse a step that the states do not know.

    Raises:
        WrongStateError: says in which state the push is.
    """
    if new not in PUSH_MOVES[old]:
        raise WrongStateError(
            f"这次推送现在是“{PUSH_STATE_NAMES[old]}”，不能改成“{PUSH_STATE_NAMES[new]}”"
        )
