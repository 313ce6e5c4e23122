"""Tables of what people ask, for statistics: pseudonymous for ninety days, then mere sums."""

from datetime import date
from enum import StrEnum
from typing import Final

from sqlalchemy import BigInteger, Date, Index, Integer, SmallInteger, String, text
from sqlalchemy.orm import Mapped, mapped_column

from wx_archive.core.database import Base

WORDS_LENGTH: Final = 64
Words = String(WORDS_LENGTH).with_variant(String(WORDS_LENGTH, collation="C"), "postgresql")
"""Compared and ordered byte by byte, alike on both databases."""


class Channel(StrEnum):
    """Where somebody asked."""

    CHAT = "chat"
    H5 = "h5"


class What(StrEnum):
    """What was done; `PEOPLE` stands only in the sums."""

    ASKED = "asked"
    TURNED = "turned"
    OPENED = "opened"
    PEOPLE = "people"


class Label(StrEnum):
    """What stands in the place of words that are not kept."""

    NONE = ""
    LIVELIHOOD = "livelihood"
    NUMBER = "number"
    SENTENCE = "sentence"
    RARE = "rare"


class LookupEvent(Base):
    """Somebody looked something up on a Shanghai day; the same again that day is the same row."""

    __tablename__ = "lookup_event"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """Keyed hash of who did what on that day: written again, it changes nothing."""
    day: Mapped[date] = mapped_column(Date)
    channel: Mapped[str] = mapped_column(String(4))
    what: Mapped[str] = mapped_column(String(6))
    kind: Mapped[str] = mapped_column(String(10), default="")
    """The scope that was asked for, or the kind of the entry that was opened."""
    label: Mapped[str] = mapped_column(String(10), default=Label.NONE)
    words: Mapped[str] = mapped_column(Words, default="")
    """Normalised; empty where a label stands for them, and where an entry was opened."""
    found: Mapped[int] = mapped_column(SmallInteger, default=0)
    """How many entries the asker was told of: 0, or at least 1, 10, 100, 1000."""
    page: Mapped[int] = mapped_column(SmallInteger, default=1)
    person_key: Mapped[str | None] = mapped_column(String(32))
    """The follower's keyed hash of this month, another one next month; none for a page's reader."""

    __table_args__ = (
        Index("ix_lookup_event_day", "day"),
        Index(
            "ix_lookup_event_person_key",
            "person_key",
            sqlite_where=text("person_key IS NOT NULL"),
            postgresql_where=text("person_key IS NOT NULL"),
        ),
    )


class LookupSum(Base):
    """How often something was done on a day that is long past: sums, nobody's doings."""

    __tablename__ = "lookup_sum"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    channel: Mapped[str] = mapped_column(String(4), primary_key=True)
    what: Mapped[str] = mapped_column(String(6), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    label: Mapped[str] = mapped_column(String(10), primary_key=True)
    words: Mapped[str] = mapped_column(Words, primary_key=True)
    count: Mapped[int] = mapped_column(Integer)
    empties: Mapped[int] = mapped_column(Integer)
    """How many of them found nothing."""
