"""Tables of the answers that staff write for words that found nothing."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Date, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from wx_archive.core.database import Base, Key


class State(StrEnum):
    """How a reply stands; only what is released is answered."""

    DRAFT = "draft"
    WAITING = "waiting"
    RELEASED = "released"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    REPLACED = "replaced"


class KeywordReply(Base):
    """A version of an answer to some words."""

    __tablename__ = "keyword_reply"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    words: Mapped[str] = mapped_column(Text)
    """As typed, one a line."""
    text: Mapped[str] = mapped_column(Text)
    """With placeholders and taps, as in `content/replies.yaml`."""
    state: Mapped[str] = mapped_column(String(9), default=State.DRAFT)
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("keyword_reply.id"))
    """The released version in whose place it is to come."""
    made_by: Mapped[str] = mapped_column(String(60))
    """Who wrote it last; another person releases it."""
    made_at: Mapped[datetime]
    released_by: Mapped[str] = mapped_column(String(60), default="")
    """Who released or refused it."""
    released_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(String(200), default="")
    """The second person's words to the first."""

    __table_args__ = (Index("ix_keyword_reply_state", "state"),)


class Keyword(Base):
    """A word with a released reply: each has one at most."""

    __tablename__ = "keyword"

    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    """Folded, as the bot compares it."""
    reply_id: Mapped[int] = mapped_column(
        ForeignKey("keyword_reply.id", ondelete="CASCADE"), index=True
    )


class IgnoredWord(Base):
    """A group of unanswered words that staff need not see for a while."""

    __tablename__ = "ignored_word"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """Random: the audit log speaks of it, and no later note may be taken for it."""
    key: Mapped[str] = mapped_column(String(200), unique=True)
    """How the words of the group sound."""
    until: Mapped[date] = mapped_column(Date)
    """The first Shanghai day on which they are shown again."""
