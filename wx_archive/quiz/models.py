"""Seasons with their cards; and what followers do in them: draws, answers, cards, complaints.

Answers and cards are ledgers: rows are only ever added, and unique keys forbid a second one.
"""

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from wx_archive.core.database import Base, Key
from wx_archive.quiz.rules import CARDS, RIGHT_FOR_CARD, Reason, SeasonState

_SEASON_STATES = ", ".join(f"'{one}'" for one in SeasonState)
_REASONS = ", ".join(f"'{one}'" for one in Reason)


class Season(Base):
    """A season: its days, what is asked, its ten cards. Two released ones never share a day."""

    __tablename__ = "quiz_season"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    pid: Mapped[str] = mapped_column(String(26), unique=True)
    name: Mapped[str] = mapped_column(String(40))
    starts_on: Mapped[date] = mapped_column(Date)
    ends_on: Mapped[date] = mapped_column(Date)
    """The last Shanghai day on which questions are dealt."""
    pick_up_until: Mapped[date] = mapped_column(Date)
    """The last day on which its vouchers are redeemed."""
    themes: Mapped[str] = mapped_column(Text, default="[]")
    """JSON: slugs of the bank's themes; empty: all of them."""
    daily_cap: Mapped[int] = mapped_column(SmallInteger)
    """How many questions one may answer a day."""
    rules: Mapped[str] = mapped_column(Text, default="")
    """The bureau's own words on the rules page, Markdown."""
    state: Mapped[str] = mapped_column(String(9))
    made_by: Mapped[str] = mapped_column(String(60))
    made_at: Mapped[datetime]
    released_by: Mapped[str] = mapped_column(String(60), default="")
    released_at: Mapped[datetime | None]
    proposal: Mapped[str] = mapped_column(Text, default="")
    """JSON: what is to change in a released season, until a second person agrees."""
    proposed_by: Mapped[str] = mapped_column(String(60), default="")
    note: Mapped[str] = mapped_column(String(200), default="")
    """The second person's words to the first, or why it was withdrawn."""
    version: Mapped[int] = mapped_column(Integer, default=1)
    """Counts every change, so that nobody acts on a page that is out of date."""

    __table_args__ = (
        CheckConstraint(f"state IN ({_SEASON_STATES})", name="state"),
        CheckConstraint("starts_on <= ends_on AND ends_on <= pick_up_until", name="days"),
        CheckConstraint("daily_cap BETWEEN 1 AND 200", name="daily_cap"),
    )


class CardKind(Base):
    """One of the ten cards of a season."""

    __tablename__ = "quiz_card_kind"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    season_id: Mapped[int] = mapped_column(ForeignKey("quiz_season.id", ondelete="CASCADE"))
    ordinal: Mapped[int] = mapped_column(SmallInteger)
    number: Mapped[str] = mapped_column(String(24))
    """As printed on the card: 001-037, a reference code."""
    title: Mapped[str] = mapped_column(String(40))
    story: Mapped[str] = mapped_column(String(400))
    source: Mapped[str] = mapped_column(String(200), default="")
    """Where the story's facts come from; or that it is invented."""
    entry: Mapped[str] = mapped_column(String(120), default="")
    """档号 or 文号 of the record it shows; linked only while the public may see it."""
    asset_pid: Mapped[str | None] = mapped_column(String(26))
    """The picture on it; without one the title is set large."""
    art_pid: Mapped[str | None] = mapped_column(String(26))
    """The card as it was drawn (an asset); None until it is."""

    __table_args__ = (
        CheckConstraint(f"ordinal BETWEEN 1 AND {CARDS}", name="ordinal"),
        UniqueConstraint("season_id", "ordinal"),
    )


class Entry(Base):
    """Somebody's part in a season."""

    __tablename__ = "quiz_entry"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    follower_id: Mapped[int] = mapped_column(ForeignKey("follower.id", ondelete="CASCADE"))
    season_id: Mapped[int] = mapped_column(ForeignKey("quiz_season.id"))
    seed: Mapped[int] = mapped_column(BigInteger)
    """Decides which question comes when, and how options are shuffled."""
    carried: Mapped[int] = mapped_column(SmallInteger)
    """Right answers left over from the season before; they count towards the first card."""
    begun_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint(f"carried BETWEEN 0 AND {RIGHT_FOR_CARD - 1}", name="carried"),
        UniqueConstraint("follower_id", "season_id"),
        Index("ix_quiz_entry_season_id", "season_id"),
    )


class Draw(Base):
    """A question dealt to somebody: never the same twice in a season, one open at a time."""

    __tablename__ = "quiz_draw"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    token: Mapped[str] = mapped_column(String(12), unique=True)
    """Stands in its links, so that a tap in an old message answers nothing else."""
    entry_id: Mapped[int] = mapped_column(ForeignKey("quiz_entry.id", ondelete="CASCADE"))
    place: Mapped[int] = mapped_column(SmallInteger)
    """The n-th of the entry, from 1."""
    question_id: Mapped[str] = mapped_column(String(40))
    question_hash: Mapped[str] = mapped_column(String(16))
    """Of the question as it was shown: if staff change it meanwhile it is shown again."""
    order: Mapped[str] = mapped_column(String(4), default="")
    """CADB: what is shown as A is written as C in the bank. Empty where nothing is chosen."""
    picked: Mapped[str] = mapped_column(String(4), default="")
    """Letters tapped so far of a multiple choice, as shown."""
    drawn_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    """Since when it can be answered no more."""

    __table_args__ = (
        CheckConstraint("place >= 1", name="place"),
        UniqueConstraint("entry_id", "place"),
        UniqueConstraint("entry_id", "question_id"),
        Index(
            "uq_quiz_draw_open",
            "entry_id",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index("ix_quiz_draw_question_id", "question_id"),
    )


class Answer(Base):
    """The one answer to a draw."""

    __tablename__ = "quiz_answer"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    draw_id: Mapped[int] = mapped_column(
        ForeignKey("quiz_draw.id", ondelete="CASCADE"), unique=True
    )
    entry_id: Mapped[int] = mapped_column(ForeignKey("quiz_entry.id", ondelete="CASCADE"))
    answered_at: Mapped[datetime]
    day: Mapped[date] = mapped_column(Date)
    """Shanghai day: it counts for that day's cap."""
    given: Mapped[str] = mapped_column(String(60))
    """Letters as in the bank, or what was typed; empty: shown without an answer."""
    is_right: Mapped[bool] = mapped_column(Boolean)
    right_no: Mapped[int | None] = mapped_column(SmallInteger)
    """The n-th right answer of the entry, from 1; None for a wrong one."""

    __table_args__ = (
        CheckConstraint("(right_no IS NOT NULL) = is_right", name="right_no"),
        UniqueConstraint("entry_id", "right_no"),
        Index("ix_quiz_answer_entry_id_day", "entry_id", "day"),
        Index("ix_quiz_answer_day", "day"),
    )


class Card(Base):
    """A card that somebody has earned; committed together with the answer that earned it."""

    __tablename__ = "quiz_card"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("quiz_entry.id", ondelete="CASCADE"))
    ordinal: Mapped[int] = mapped_column(SmallInteger)
    answer_id: Mapped[int] = mapped_column(
        ForeignKey("quiz_answer.id", ondelete="CASCADE"), unique=True
    )
    earned_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint(f"ordinal BETWEEN 1 AND {CARDS}", name="ordinal"),
        UniqueConstraint("entry_id", "ordinal"),
    )


class Complaint(Base):
    """Somebody finds a question faulty; once for each that was dealt to them."""

    __tablename__ = "quiz_complaint"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    draw_id: Mapped[int] = mapped_column(
        ForeignKey("quiz_draw.id", ondelete="CASCADE"), unique=True
    )
    question_id: Mapped[str] = mapped_column(String(40))
    reason: Mapped[str] = mapped_column(String(8))
    made_at: Mapped[datetime]
    settled_by: Mapped[str] = mapped_column(String(60), default="")
    """The login of whoever has looked into it."""
    settled_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint(f"reason IN ({_REASONS})", name="reason"),
        Index("ix_quiz_complaint_question_id", "question_id"),
    )
