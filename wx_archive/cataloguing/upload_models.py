"""Files that staff upload, and what the check found in them."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from wx_archive.core.database import Base, Key


class UploadState(StrEnum):
    """How far an upload has come."""

    RECEIVED = "received"
    CHECKING = "checking"
    CHECKED = "checked"
    """The table of what is in it waits for a decision."""
    PROPOSED = "proposed"
    """It shows the public more, and waits for a second person."""
    IMPORTING = "importing"
    DONE = "done"
    REFUSED = "refused"
    """The file as a whole cannot be read."""
    FAILED = "failed"
    """Our fault: tried several times in vain."""
    DROPPED = "dropped"


class Upload(Base):
    """One file on its way from a clerk's desk into the catalogue."""

    __tablename__ = "upload"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    pid: Mapped[str] = mapped_column(String(26), unique=True)
    kind: Mapped[str] = mapped_column(String(10))
    """`catalogue.rules.Kind`: what its rows are."""
    name: Mapped[str] = mapped_column(String(120))
    """As the clerk's computer calls it, made harmless (`uploads.display_name`)."""
    size_bytes: Mapped[int] = mapped_column(Integer)
    digest: Mapped[str] = mapped_column(String(64))
    """SHA-256 of its bytes."""
    openness: Mapped[str] = mapped_column(String(10), default="")
    """`Disclosure` for documents whose rows do not say; empty for records."""
    state: Mapped[str] = mapped_column(String(10))
    remark: Mapped[str] = mapped_column(String(500), default="")
    """One sentence for whoever looks: why it waits, why it was refused or sent back."""
    done_rows: Mapped[int] = mapped_column(Integer, default=0)
    total_rows: Mapped[int] = mapped_column(Integer, default=0)
    """Of what is being done just now; 0 before the first rows are counted."""
    round: Mapped[int] = mapped_column(Integer, default=1)
    """Grows with each try that a person asks for: part of the job's key."""
    report: Mapped[str] = mapped_column(Text, default="")
    """JSON of `uploads.Report`; empty before the check is done."""
    made_by: Mapped[str] = mapped_column(String(60))
    made_at: Mapped[datetime]
    started_by: Mapped[str] = mapped_column(String(60), default="")
    """Who had it imported; another person than `made_by` where the rule says so."""
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint(
            "state IN ('received', 'checking', 'checked', 'proposed', 'importing', 'done', "
            "'refused', 'failed', 'dropped')",
            name="state",
        ),
        CheckConstraint("kind IN ('document', 'record')", name="kind"),
        Index("ix_upload_state", "state", "made_by"),
    )


class UploadContent(Base):
    """The bytes of an upload, gone once nobody needs them.

    A table of its own: SQLite writes a whole row anew when any column of it changes, and an
    upload's progress changes every second.
    """

    __tablename__ = "upload_content"

    upload_id: Mapped[int] = mapped_column(
        ForeignKey("upload.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    content: Mapped[bytes] = mapped_column(LargeBinary)
