"""Tables of the pushes: what goes to whom and when, each sending call, the quotas' ledger."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from wx_archive.core.database import Base, Key
from wx_archive.publishing.rules import AudienceKind, CallState, Delivery, PushState

Choice = type[PushState | Delivery | AudienceKind | CallState]


def _one_of(column: str, values: Choice) -> CheckConstraint:
    known = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({known})", name=column)


class Push(Base):
    """One sending of one to eight pieces."""

    __tablename__ = "push"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    pid: Mapped[str] = mapped_column(String(26), unique=True)
    state: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(12), default="")
    """A `HoldReason` while it is held, else empty."""
    sentence: Mapped[str] = mapped_column(String(500), default="")
    """What went wrong, in Chinese, for staff."""
    error_code: Mapped[int | None] = mapped_column(Integer)
    """WeChat's errcode."""
    delivery: Mapped[str] = mapped_column(String(8))
    audience: Mapped[str] = mapped_column(String(8), default=AudienceKind.ALL.value)
    topic: Mapped[str] = mapped_column(String(40), default="")
    """Slug of the interest, for `TAG`."""
    segment: Mapped[str] = mapped_column(Text, default="{}")
    """JSON of `audiences.Segment`, for `LIST`."""
    counted: Mapped[int] = mapped_column(Integer, default=0)
    """How many it was for when it was scheduled: the number on the button."""
    due_at: Mapped[datetime | None]
    latest_at: Mapped[datetime | None]
    """After it a person is asked; never before `due_at`."""
    plan: Mapped[int] = mapped_column(Integer, default=0)
    """Counts every scheduling and calling back: a job of an older plan does nothing."""
    generation: Mapped[int] = mapped_column(Integer, default=1)
    """Part of every clientmsgid; only a person who decides to send anew raises it."""
    scope: Mapped[str] = mapped_column(String(20), default="")
    """The period of the ledger that it has a place in: `day:2026-11-25`, `month:2026-11`."""
    cooling_until: Mapped[datetime | None]
    """Until then a push sent at once can be called back."""
    stops_at_reprint: Mapped[bool] = mapped_column(Boolean, default=True)
    """Where WeChat finds that an article is another account's original, it is not sent."""
    media_id: Mapped[str] = mapped_column(String(128), default="")
    """The draft at WeChat; publishing consumes it."""
    article_id: Mapped[str] = mapped_column(String(128), default="")
    signed_by: Mapped[str] = mapped_column(String(60), default="")
    """Who pressed the button."""
    override: Mapped[str] = mapped_column(String(200), default="")
    """Why it goes out though it looks like another one."""
    made_by: Mapped[str] = mapped_column(String(60))
    made_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    """When it came into its state."""
    begun_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    """When WeChat had taken it."""
    total: Mapped[int] = mapped_column(BigInteger, default=0)
    filtered: Mapped[int] = mapped_column(BigInteger, default=0)
    sent: Mapped[int] = mapped_column(BigInteger, default=0)
    failed: Mapped[int] = mapped_column(BigInteger, default=0)
    polls: Mapped[int] = mapped_column(SmallInteger, default=0)
    version: Mapped[int] = mapped_column(Integer, default=1)
    """Counts every change, so that nobody acts on a page that is out of date."""

    __table_args__ = (
        _one_of("state", PushState),
        _one_of("delivery", Delivery),
        _one_of("audience", AudienceKind),
        Index("ix_push_state_due_at", "state", "due_at"),
        Index("ix_push_due_at", "due_at"),
        Index("ix_push_sent_at", "sent_at"),
    )


class PushPiece(Base):
    """A piece of a push, as it was approved when the push was scheduled."""

    __tablename__ = "push_piece"

    push_id: Mapped[int] = mapped_column(
        ForeignKey("push.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    place: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    piece_id: Mapped[int] = mapped_column(ForeignKey("piece.id"), index=True)
    content_hash: Mapped[str] = mapped_column(String(64), default="")
    """Empty until the push is scheduled."""
    article_url: Mapped[str] = mapped_column(String(500), default="")
    """Where WeChat shows it."""


class PushCall(Base):
    """One call that sends: its clientmsgid is committed before the call is made."""

    __tablename__ = "push_call"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    push_id: Mapped[int] = mapped_column(ForeignKey("push.id", ondelete="CASCADE"))
    place: Mapped[int] = mapped_column(SmallInteger)
    """0, and more where a list is longer than one call takes."""
    generation: Mapped[int] = mapped_column(Integer)
    client_msg_id: Mapped[str] = mapped_column(String(64), unique=True)
    state: Mapped[str] = mapped_column(String(10))
    first_called_at: Mapped[datetime | None]
    called_at: Mapped[datetime | None]
    """The newest try."""
    tries: Mapped[int] = mapped_column(SmallInteger, default=0)
    msg_id: Mapped[str | None] = mapped_column(String(40), unique=True)
    """`mass:` or `publish:` and WeChat's number."""
    accepted_at: Mapped[datetime | None]
    status: Mapped[str] = mapped_column(String(40), default="")
    """WeChat's word for how it ended."""
    error_code: Mapped[int | None] = mapped_column(Integer)
    sentence: Mapped[str] = mapped_column(String(500), default="")
    total: Mapped[int] = mapped_column(BigInteger, default=0)
    filtered: Mapped[int] = mapped_column(BigInteger, default=0)
    sent: Mapped[int] = mapped_column(BigInteger, default=0)
    failed: Mapped[int] = mapped_column(BigInteger, default=0)

    __table_args__ = (
        _one_of("state", CallState),
        UniqueConstraint("push_id", "generation", "place"),
    )


class PushRecipient(Base):
    """Who is to get a push that goes to a tag or a list; gone with whoever is erased."""

    __tablename__ = "push_recipient"

    push_id: Mapped[int] = mapped_column(
        ForeignKey("push.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    follower_id: Mapped[int] = mapped_column(
        ForeignKey("follower.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    place: Mapped[int] = mapped_column(SmallInteger, default=0)
    """Of the call that sends it to them."""

    __table_args__ = (Index("ix_push_recipient_follower_id", "follower_id"),)


class PushStep(Base):
    """What happened to a push, one line after the other; rows are only ever added."""

    __tablename__ = "push_step"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    push_id: Mapped[int] = mapped_column(ForeignKey("push.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    step: Mapped[str] = mapped_column(String(40))
    note: Mapped[str] = mapped_column(String(500), default="")
    actor: Mapped[str] = mapped_column(String(60))
    """A login, `scheduler` or `wechat`."""


class SendReport(Base):
    """What WeChat reported of a send, kept by its number: it may come before our call's answer."""

    __tablename__ = "send_report"

    msg_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    """As in `PushCall`."""
    status: Mapped[str] = mapped_column(String(40))
    total: Mapped[int] = mapped_column(BigInteger, default=0)
    filtered: Mapped[int] = mapped_column(BigInteger, default=0)
    sent: Mapped[int] = mapped_column(BigInteger, default=0)
    failed: Mapped[int] = mapped_column(BigInteger, default=0)
    article_id: Mapped[str] = mapped_column(String(128), default="")
    urls: Mapped[str] = mapped_column(Text, default="[]")
    at: Mapped[datetime]


class SendPeriod(Base):
    """How many places of a quota's period are reserved and used; counted by conditional updates."""

    __tablename__ = "send_period"

    scope: Mapped[str] = mapped_column(String(20), primary_key=True)
    reserved: Mapped[int] = mapped_column(Integer, default=0)
    used: Mapped[int] = mapped_column(Integer, default=0)


class TagMember(Base):
    """Which followers WeChat knows under a topic's tag; the interests are brought after it."""

    __tablename__ = "tag_member"

    topic: Mapped[str] = mapped_column(String(40), primary_key=True)
    follower_id: Mapped[int] = mapped_column(
        ForeignKey("follower.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )

    __table_args__ = (Index("ix_tag_member_follower_id", "follower_id"),)


class WeChatTag(Base):
    """A topic's tag at WeChat."""

    __tablename__ = "wechat_tag"

    topic: Mapped[str] = mapped_column(String(40), primary_key=True)
    app_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    tag_id: Mapped[int] = mapped_column(Integer)
    synced_at: Mapped[datetime | None]
