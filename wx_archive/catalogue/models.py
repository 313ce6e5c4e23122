"""Tables of the catalogue and of its public search index."""

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from wx_archive.core.database import Base, Key

Code = String(120).with_variant(String(120, collation="C"), "postgresql")
"""Codes compare byte by byte, so that a prefix is one range of the index."""


class ImportBatch(Base):
    """One file on its way in: its rows stay hidden until `published_at` is set, all at once."""

    __tablename__ = "import_batch"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    digest: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the file and of the options that change what is read from it."""
    started_at: Mapped[datetime]
    published_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_import_batch_kind_digest", "kind", "digest"),)


class Document(Base):
    """A current government document (现行文件)."""

    __tablename__ = "document"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("import_batch.id"))
    is_superseded: Mapped[bool] = mapped_column(Boolean, default=False)
    pid: Mapped[str] = mapped_column(String(26))
    source_key: Mapped[str] = mapped_column(String(120))
    content_hash: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(String(1000))
    number: Mapped[str] = mapped_column(String(200))
    number_key: Mapped[str | None] = mapped_column(String(120), index=True)
    issuer: Mapped[str] = mapped_column(String(500))
    dated: Mapped[date | None] = mapped_column(Date)
    topic: Mapped[str] = mapped_column(String(100))
    body: Mapped[str] = mapped_column(Text)
    disclosure: Mapped[str] = mapped_column(String(10))
    effective_from: Mapped[date | None] = mapped_column(Date)
    effective_to: Mapped[date | None] = mapped_column(Date)
    repealed_on: Mapped[date | None] = mapped_column(Date)
    source: Mapped[str] = mapped_column(String(300), default="")
    source_url: Mapped[str] = mapped_column(String(1000), default="")

    __table_args__ = (
        UniqueConstraint("source_key", "batch_id"),
        Index("ix_document_pid", "pid"),
        CheckConstraint("disclosure IN ('full', 'partial', 'none')", name="disclosure"),
    )


class DocumentRelation(Base):
    """One document amends, repeals, replaces or implements another, as its file says."""

    __tablename__ = "document_relation"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("document.id", ondelete="CASCADE"))
    type: Mapped[str] = mapped_column(String(20))
    target_number: Mapped[str] = mapped_column(String(200), default="")
    target_title: Mapped[str] = mapped_column(String(1000), default="")

    __table_args__ = (Index("ix_document_relation_document_id", "document_id"),)


class Record(Base):
    """An archive description at any level (档案); level is a column, never read off the code."""

    __tablename__ = "record"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("import_batch.id"))
    is_superseded: Mapped[bool] = mapped_column(Boolean, default=False)
    pid: Mapped[str] = mapped_column(String(26))
    source_key: Mapped[str] = mapped_column(String(120))
    content_hash: Mapped[str] = mapped_column(String(64))
    level: Mapped[str] = mapped_column(String(10), default="item")
    reference_code: Mapped[str] = mapped_column(String(120))
    reference_key: Mapped[str] = mapped_column(Code, index=True)
    fonds_code: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(String(1000))
    author: Mapped[str] = mapped_column(String(500))
    number: Mapped[str] = mapped_column(String(200))
    number_key: Mapped[str | None] = mapped_column(String(120), index=True)
    dated: Mapped[date | None] = mapped_column(Date)
    keywords: Mapped[str] = mapped_column(String(500))
    abstract: Mapped[str] = mapped_column(Text)
    openness: Mapped[str] = mapped_column(String(12))
    open_on: Mapped[date | None] = mapped_column(Date)
    is_livelihood: Mapped[bool] = mapped_column(Boolean)

    __table_args__ = (
        UniqueConstraint("source_key", "batch_id"),
        Index("ix_record_pid", "pid"),
        CheckConstraint(
            "openness IN ('unreviewed', 'open', 'deferred', 'controlled')", name="openness"
        ),
        CheckConstraint("level IN ('fonds', 'series', 'file', 'item')", name="level"),
    )


class SearchEntry(Base):
    """One line of the public index; it holds only what `visibility` lets through.

    `id` is the date, then the target: newest entries have the largest ids, so an index scan from
    the top is already in the order of the result.
    """

    __tablename__ = "search_entry"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    batch_id: Mapped[int] = mapped_column(ForeignKey("import_batch.id"))
    is_superseded: Mapped[bool] = mapped_column(Boolean, default=False)
    kind: Mapped[str] = mapped_column(String(10))
    target_id: Mapped[int] = mapped_column(BigInteger)
    pid: Mapped[str] = mapped_column(String(26))
    title: Mapped[str] = mapped_column(String(1000))
    title_key: Mapped[str] = mapped_column(Text)
    """Normalised title and number."""
    number: Mapped[str] = mapped_column(String(200))
    number_key: Mapped[str | None] = mapped_column(String(120), index=True)
    reference_key: Mapped[str | None] = mapped_column(Code, index=True)
    dated: Mapped[date | None] = mapped_column(Date)
    year: Mapped[int | None] = mapped_column(SmallInteger)
    effective_from: Mapped[date | None] = mapped_column(Date)
    effective_to: Mapped[date | None] = mapped_column(Date)
    repealed_on: Mapped[date | None] = mapped_column(Date)

    __table_args__ = (
        UniqueConstraint("kind", "target_id"),
        Index("ix_search_entry_pid", "pid"),
    )


class SearchText(Base):
    """The normalised text of an entry, for the substring test; apart, to keep entries small."""

    __tablename__ = "search_text"

    entry_id: Mapped[int] = mapped_column(
        Key,
        ForeignKey("search_entry.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )
    hay: Mapped[str] = mapped_column(Text)


__all__ = [
    "Document",
    "DocumentRelation",
    "ImportBatch",
    "Record",
    "SearchEntry",
    "SearchText",
]
