"""Tables of the vocabulary and of the synonyms that staff edit."""

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from wx_archive.core.database import Base

Spelling = String(60).with_variant(String(60, collation="C"), "postgresql")
"""Compared byte by byte, so that a prefix is one range of the index."""


class Term(Base):
    """A word of the public index; only those of the current generation count (`WordsState`)."""

    __tablename__ = "term"

    generation: Mapped[int] = mapped_column(Integer, primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    text: Mapped[str] = mapped_column(Spelling)
    """Normalised."""
    weight: Mapped[int] = mapped_column(BigInteger)
    """About how many entries have it."""
    from_text: Mapped[bool] = mapped_column(Boolean)
    """Only full texts have it, no title, keyword or name of an office."""
    pinyin: Mapped[str] = mapped_column(String(200))
    """Its syllables, without tones, separated by spaces."""
    letters: Mapped[str] = mapped_column(
        String(200).with_variant(String(200, collation="C"), "postgresql")
    )
    """The pinyin without spaces, as it is typed."""
    initials: Mapped[str] = mapped_column(Spelling)

    __table_args__ = (
        Index("ix_term_generation_text", "generation", "text"),
        Index("ix_term_generation_letters", "generation", "letters"),
        Index("ix_term_generation_initials", "generation", "initials"),
    )


class TermVariant(Base):
    """How a term may come misspelt: itself, itself less one character, its sound."""

    __tablename__ = "term_variant"

    generation: Mapped[int] = mapped_column(Integer, primary_key=True)
    variant: Mapped[str] = mapped_column(
        String(200).with_variant(String(200, collation="C"), "postgresql"), primary_key=True
    )
    number: Mapped[int] = mapped_column(Integer, primary_key=True)

    __table_args__ = ({"sqlite_with_rowid": False},)


class WordsState(Base):
    """What every process must agree on: the current vocabulary, the version of the synonyms."""

    __tablename__ = "words_state"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    number: Mapped[int] = mapped_column(Integer)
    text: Mapped[str] = mapped_column(Text, default="")


class SynonymEdit(Base):
    """A group of synonyms as staff changed it; wins over the file's group of that name."""

    __tablename__ = "synonym_edit"

    head: Mapped[str] = mapped_column(String(60), primary_key=True)
    """The group's first word in the file, or as it was added: its name for good."""
    words: Mapped[str] = mapped_column(Text)
    """One a line; empty where the group was removed."""
    seed: Mapped[str] = mapped_column(Text)
    """The file's group when staff changed it, so that `sync` notices a change in both."""
    edited_at: Mapped[datetime]
