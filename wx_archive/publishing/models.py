"""Tables of the pieces: their words, every state of them, and who has put a name to it."""

from datetime import datetime

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Text,
)
from sqlalchemy.orm import Mapped, mapped_column

from wx_archive.core.database import Base, Key
from wx_archive.publishing.rules import Column, Kind, PieceState, ReviewKind


def _one_of(column: str, values: type[Column | Kind | PieceState | ReviewKind]) -> CheckConstraint:
    known = ", ".join(f"'{value}'" for value in values)
    # `column` is a word of SQL: PostgreSQL wants it in quotes.
    return CheckConstraint(f'"{column}" IN ({known})', name=column)


class Piece(Base):
    """One piece of a column, as it stands now (`pieces.Content` in its columns)."""

    __tablename__ = "piece"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    pid: Mapped[str] = mapped_column(String(60), unique=True)
    """What stands in its address: a file's id, or random."""
    state: Mapped[str] = mapped_column(String(10))
    column: Mapped[str] = mapped_column(String(10))
    kind: Mapped[str] = mapped_column(String(10))
    title: Mapped[str] = mapped_column(String(64))
    author: Mapped[str] = mapped_column(String(32), default="")
    summary: Mapped[str] = mapped_column(String(256), default="")
    body: Mapped[str] = mapped_column(Text, default="")
    """Markdown; pictures are `media:PID`. A text push is its body."""
    cover: Mapped[str | None] = mapped_column(String(26))
    """Public id of the cover's asset."""
    assets: Mapped[str] = mapped_column(Text, default="[]")
    """JSON: public ids of a picture set's pictures in order, or of the film or recording."""
    topics: Mapped[str] = mapped_column(Text, default="[]")
    """JSON: words it is found by."""
    interests: Mapped[str] = mapped_column(Text, default="[]")
    """JSON: slugs of `content/interests.yaml`."""
    sources: Mapped[str] = mapped_column(Text, default="[]")
    """JSON: where its facts come from, one a line."""
    entries: Mapped[str] = mapped_column(Text, default="[]")
    """JSON: public ids of the records and documents it tells of."""
    source_url: Mapped[str] = mapped_column(String(500), default="")
    """阅读原文; empty: our own page of the piece."""
    content_hash: Mapped[str] = mapped_column(String(64))
    """Of everything above that leaves the house (`pieces.Content.fingerprint`)."""
    revision: Mapped[int] = mapped_column(Integer, default=1)
    """Number of the newest `PieceRevision`, and what a form was made from."""
    approved_revision: Mapped[int | None] = mapped_column(Integer)
    """The newest revision that was approved: readers see it while a newer one is written."""
    wanted_at: Mapped[datetime | None]
    """When its writer would like it to go out."""
    slot: Mapped[str | None] = mapped_column(String(80), unique=True)
    """The slot of the calendar that made it, with its hour: made once."""
    owner: Mapped[str | None] = mapped_column(String(60))
    """Login of the editor on whose desk it lies; None: its writer's own, not taken over yet."""
    sent_in_at: Mapped[datetime | None]
    """When a correspondent sent it in for the first time."""
    out_at: Mapped[datetime | None]
    """Since when readers see it; None: not yet."""
    withdrawn_at: Mapped[datetime | None]
    """Since when readers see it no more."""
    withdrawn_by: Mapped[str | None] = mapped_column(String(60))
    """Who took it down: somebody else brings it back."""
    file_hash: Mapped[str | None] = mapped_column(String(64))
    """Of its file when that was last taken in; None: it was written in the console."""
    is_in_conflict: Mapped[bool] = mapped_column(Boolean, default=False)
    """The file was changed after the console had changed the piece."""
    made_by: Mapped[str] = mapped_column(String(60))
    """A login, or `file`."""
    made_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    """When it came into its state."""

    __table_args__ = (
        _one_of("state", PieceState),
        _one_of("column", Column),
        _one_of("kind", Kind),
        Index("ix_piece_column_out_at", "column", "out_at", "id"),
        Index("ix_piece_state", "state", "changed_at"),
    )


class PieceRevision(Base):
    """One state of a piece's words; rows are only ever added."""

    __tablename__ = "piece_revision"

    piece_id: Mapped[int] = mapped_column(
        ForeignKey("piece.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    content_hash: Mapped[str] = mapped_column(String(64))
    content: Mapped[str] = mapped_column(Text)
    """JSON of `pieces.Content`."""
    made_by: Mapped[str] = mapped_column(String(60))
    made_at: Mapped[datetime]


class PieceReview(Base):
    """What somebody said of one content of a piece; rows are only ever added.

    An approval counts for as long as the piece's hash is the one it was given to.
    """

    __tablename__ = "piece_review"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    piece_id: Mapped[int] = mapped_column(ForeignKey("piece.id", ondelete="CASCADE"))
    content_hash: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(10))
    is_approval: Mapped[bool] = mapped_column(Boolean)
    """False: given back, with the reason in `note`."""
    note: Mapped[str] = mapped_column(String(1000), default="")
    made_by: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(40))
    """As it was signed."""
    made_at: Mapped[datetime]

    __table_args__ = (
        _one_of("kind", ReviewKind),
        Index("ix_piece_review_piece_id", "piece_id", "content_hash"),
    )


class PieceComment(Base):
    """A remark on a piece that must be settled before it goes out."""

    __tablename__ = "piece_comment"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    piece_id: Mapped[int] = mapped_column(ForeignKey("piece.id", ondelete="CASCADE"), index=True)
    revision: Mapped[int] = mapped_column(Integer)
    """Which state of the piece it is about."""
    words: Mapped[str] = mapped_column(String(1000))
    made_by: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(40))
    made_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[str | None] = mapped_column(String(60))


class PieceEntry(Base):
    """A record or document that a piece tells of; those show «appears in» while it is out."""

    __tablename__ = "piece_entry"

    piece_id: Mapped[int] = mapped_column(
        ForeignKey("piece.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    entry_pid: Mapped[str] = mapped_column(String(26), primary_key=True)
    place: Mapped[int] = mapped_column(SmallInteger)

    __table_args__ = (Index("ix_piece_entry_entry_pid", "entry_pid"),)


class PieceAsset(Base):
    """A media file that a revision of a piece shows; rows are only ever added.

    The public may see the file while a piece is out whose approved revision shows it.
    """

    __tablename__ = "piece_asset"

    piece_id: Mapped[int] = mapped_column(
        ForeignKey("piece.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    revision: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    asset_pid: Mapped[str] = mapped_column(String(26), primary_key=True)

    __table_args__ = (Index("ix_piece_asset_asset_pid", "asset_pid"),)
