"""Tables of the catalogue and of its public search index."""

from datetime import date, datetime
from typing import Final

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

Code = String(120).with_variant(String(120, collation="C"), "postgresql")
"""Codes compare byte by byte, so that a prefix is one range of the index."""


def _where_known(name: str, *columns: str) -> Index:
    """Return an index of the rows that have a value in the first column: most have none."""
    known = text(f"{columns[0]} IS NOT NULL")
    return Index(name, *columns, sqlite_where=known, postgresql_where=known)


_ABOVE = text("level <> 'item'")
"""Descriptions that others may lie below: few, so that they are found without the many items."""


class ImportBatch(Base):
    """One file on its way in: its rows stay hidden until `published_at` is set, all at once."""

    __tablename__ = "import_batch"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    digest: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the file and of the options that change what is read from it."""
    started_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    is_settled: Mapped[bool] = mapped_column(Boolean, default=False)
    """Published, indexed, and what it replaced is gone: no query need look at its rows twice."""

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
    amended_on: Mapped[date | None] = mapped_column(Date)
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
    """An archive description at any level (档案); level is a column, never read off the code.

    Fields and codes: DA/T 18-2022, docs/sources.md#description. Texts are as catalogued; what has
    a rule of its own (dates, secrecy, openness, retention) is a column that can be asked about.
    """

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
    parent_key: Mapped[str | None] = mapped_column(Code)
    """档号 of the description above this one, normalised; None where none is named."""
    fonds_code: Mapped[str] = mapped_column(String(40))
    catalogue_code: Mapped[str] = mapped_column(String(40), default="")
    file_code: Mapped[str] = mapped_column(String(40), default="")
    item_code: Mapped[str] = mapped_column(String(40), default="")
    page_code: Mapped[str] = mapped_column(String(40), default="")
    category: Mapped[str] = mapped_column(String(40), default="")
    """门类: WS, KJ, RS…, or as the fonds names it."""
    year: Mapped[int | None] = mapped_column(SmallInteger)
    """年度: the year under which it is filed, not always the date's."""
    retention: Mapped[str] = mapped_column(String(8), default="")
    """Y for ever, D30, D10, D and a number of years; with ? where an old term awaits review."""
    title: Mapped[str] = mapped_column(String(1000))
    author: Mapped[str] = mapped_column(String(500))
    number: Mapped[str] = mapped_column(String(200))
    number_key: Mapped[str | None] = mapped_column(String(120))
    date_text: Mapped[str] = mapped_column(String(60), default="")
    """The date as catalogued."""
    dated: Mapped[date | None] = mapped_column(Date)
    """Its first day."""
    date_end: Mapped[date | None] = mapped_column(Date)
    date_precision: Mapped[str] = mapped_column(String(8), default="day")
    keywords: Mapped[str] = mapped_column(String(500))
    abstract: Mapped[str] = mapped_column(Text)
    genre: Mapped[str] = mapped_column(String(40), default="")
    carrier: Mapped[str] = mapped_column(String(40), default="")
    extent_pages: Mapped[int | None] = mapped_column(Integer)
    extent_copies: Mapped[int | None] = mapped_column(Integer)
    language: Mapped[str] = mapped_column(String(40), default="")
    note: Mapped[str] = mapped_column(String(1000), default="")
    location: Mapped[str] = mapped_column(String(200), default="")
    """Where it lies; for staff only."""
    secrecy: Mapped[str] = mapped_column(String(8), default="public")
    openness: Mapped[str] = mapped_column(String(12))
    open_on: Mapped[date | None] = mapped_column(Date)
    restriction_note: Mapped[str] = mapped_column(String(500), default="")
    """Why it is not open; for staff only."""
    is_livelihood: Mapped[bool] = mapped_column(Boolean)
    is_closed_above: Mapped[bool] = mapped_column(Boolean, default=False)
    """A description above it was closed: what lies in a closed file is closed."""

    __table_args__ = (
        UniqueConstraint("source_key", "batch_id"),
        Index("ix_record_pid", "pid"),
        _where_known("ix_record_parent_key", "parent_key", "is_closed_above"),
        _where_known("ix_record_open_on", "open_on"),
        Index("ix_record_above", "batch_id", sqlite_where=_ABOVE, postgresql_where=_ABOVE),
        CheckConstraint(
            "openness IN ('unreviewed', 'open', 'deferred', 'controlled')", name="openness"
        ),
        CheckConstraint("level IN ('fonds', 'series', 'file', 'item')", name="level"),
        CheckConstraint("secrecy IN ('public', 'internal')", name="secrecy"),
        CheckConstraint("secrecy = 'public' OR openness <> 'open'", name="no_open_secret"),
        CheckConstraint(
            "date_precision IN ('day', 'month', 'year', 'inferred')", name="date_precision"
        ),
        CheckConstraint("date_end IS NULL OR dated IS NULL OR dated <= date_end", name="dates"),
    )


IS_ABOVE: Final = text("record.level <> 'item'")
"""Descriptions that others may lie below; spelled so that the index of these few is used."""


class AccessDecision(Base):
    """Staff opened or closed one entry by hand; no later import undoes that."""

    __tablename__ = "access_decision"

    pid: Mapped[str] = mapped_column(String(26), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    is_open: Mapped[bool] = mapped_column(Boolean)
    reason: Mapped[str] = mapped_column(String(500), default="")
    stated: Mapped[str] = mapped_column(String(12), default="")
    """What the file says meanwhile: disclosure or openness, to go back to."""
    open_on: Mapped[date | None] = mapped_column(Date)
    """延期开放: not open now, and open from this day on."""
    decided_at: Mapped[datetime]


class EntryEdit(Base):
    """What staff have changed of one entry by hand; it wins over every later import.

    Values are texts by the names that a catalogue file gives them (`files.rows`).
    """

    __tablename__ = "entry_edit"

    pid: Mapped[str] = mapped_column(String(26), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    changes: Mapped[str] = mapped_column(Text)
    """JSON: the fields as staff have them."""
    stated: Mapped[str] = mapped_column(Text)
    """JSON: the same fields as the file said then."""
    incoming: Mapped[str] = mapped_column(Text, default="")
    """JSON: those that the file has changed since to something else; empty where there are none."""
    edited_by: Mapped[str] = mapped_column(String(60))
    edited_at: Mapped[datetime]

    __table_args__ = (
        Index(
            "ix_entry_edit_conflict",
            "edited_at",
            sqlite_where=text("incoming <> ''"),
            postgresql_where=text("incoming <> ''"),
        ),
    )


class StatedRelation(Base):
    """Staff stated how one document bears on another; by public ids, so that imports keep it."""

    __tablename__ = "stated_relation"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    document_pid: Mapped[str] = mapped_column(String(26))
    type: Mapped[str] = mapped_column(String(20))
    target_pid: Mapped[str] = mapped_column(String(26), index=True)
    since: Mapped[date | None] = mapped_column(Date)
    """From when on; None means since the document is in force or was signed."""
    made_by: Mapped[str] = mapped_column(String(60))
    made_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("document_pid", "type", "target_pid"),
        CheckConstraint("document_pid <> target_pid", name="two_documents"),
    )


class OpeningReview(Base):
    """A record is old enough for its opening to be decided on; this opens nothing.

    Source: 《中华人民共和国档案法》(2020) art. 27, 30; docs/sources.md#visibility.
    """

    __tablename__ = "opening_review"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    record_pid: Mapped[str] = mapped_column(String(26), unique=True)
    due_on: Mapped[date] = mapped_column(Date)
    """The day on which it became old enough."""
    created_at: Mapped[datetime]

    __table_args__ = (Index("ix_opening_review_due_on", "due_on", "id"),)


class RepealProposal(Base):
    """A text announces that it repeals another; a fact only once staff have accepted it."""

    __tablename__ = "repeal_proposal"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    document_pid: Mapped[str] = mapped_column(String(26))
    """The repealing document; empty where staff stated a repeal by hand."""
    target_pid: Mapped[str] = mapped_column(String(26), index=True)
    sentence: Mapped[str] = mapped_column(String(500), default="")
    repealed_on: Mapped[date | None] = mapped_column(Date)
    state: Mapped[str] = mapped_column(String(10))
    proposed_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("document_pid", "target_pid"),
        CheckConstraint("state IN ('proposed', 'accepted', 'rejected')", name="state"),
    )


class SearchEntry(Base):
    """One line of the public index; it holds only what `visibility` lets through.

    `id` is the year, then the kind, then a running number (`index.first_id`): newest years have
    the largest ids, so that an index scan from the top is already in the order of the result, and
    neighbours differ by little, which keeps the index small.
    """

    __tablename__ = "search_entry"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    batch_id: Mapped[int] = mapped_column(ForeignKey("import_batch.id"))
    is_superseded: Mapped[bool] = mapped_column(Boolean, default=False)
    kind: Mapped[str] = mapped_column(String(10))
    target_id: Mapped[int] = mapped_column(BigInteger)
    dated: Mapped[date | None] = mapped_column(Date)
    effective_from: Mapped[date | None] = mapped_column(Date)
    effective_to: Mapped[date | None] = mapped_column(Date)
    repealed_on: Mapped[date | None] = mapped_column(Date)
    amended_on: Mapped[date | None] = mapped_column(Date)
    number_key: Mapped[str | None] = mapped_column(String(120))
    reference_key: Mapped[str | None] = mapped_column(Code)
    title_hash: Mapped[int] = mapped_column(BigInteger)
    """`tokens.title_hash` of the title: finds exact titles."""
    title_key: Mapped[str] = mapped_column(Text)
    """The title, normalised."""
    number_text: Mapped[str] = mapped_column(Text)
    """The document number as printed, normalised."""
    rest: Mapped[str] = mapped_column(Text)
    """Every other searched field, normalised; last, because it may be a whole body."""

    __table_args__ = (
        UniqueConstraint("kind", "target_id"),
        _where_known("ix_search_entry_number_key", "number_key"),
        _where_known("ix_search_entry_reference_key", "reference_key"),
    )


class SearchFrequency(Base):
    """In how many entries a frequent token of the index stands: a hint for `hints`."""

    __tablename__ = "search_frequency"

    token: Mapped[str] = mapped_column(String(80), primary_key=True)
    entries: Mapped[int] = mapped_column(Integer)


__all__ = [
    "AccessDecision",
    "Document",
    "DocumentRelation",
    "EntryEdit",
    "ImportBatch",
    "OpeningReview",
    "Record",
    "RepealProposal",
    "SearchEntry",
    "SearchFrequency",
    "StatedRelation",
]
