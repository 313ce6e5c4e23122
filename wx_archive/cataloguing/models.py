"""What waits for a second person."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from wx_archive.core.database import Base, Key

_WAITING = text("state = 'waiting'")


class Release(Base):
    """One person proposed to show the public more; another one releases or refuses it."""

    __tablename__ = "release"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    kind: Mapped[str] = mapped_column(String(30))
    """`rules.ReleaseKind`."""
    subject_pid: Mapped[str] = mapped_column(String(26))
    payload: Mapped[str] = mapped_column(Text, default="{}")
    """JSON: what the kind needs besides, such as the day on which it opens."""
    seen: Mapped[str] = mapped_column(String(64))
    """`edits.fingerprint` of the entry as it was proposed: what is released is what was seen."""
    reason: Mapped[str] = mapped_column(String(500))
    made_by: Mapped[str] = mapped_column(String(60))
    made_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    decided_by: Mapped[str] = mapped_column(String(60), default="")
    decided_at: Mapped[datetime | None]
    decision_note: Mapped[str] = mapped_column(String(500), default="")

    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'released', 'refused', 'withdrawn')", name="state"),
        CheckConstraint("made_by <> decided_by OR state = 'withdrawn'", name="two_people"),
        Index(
            "uq_release_waiting",
            "subject_pid",
            "kind",
            unique=True,
            sqlite_where=_WAITING,
            postgresql_where=_WAITING,
        ),
        Index("ix_release_state", "state", "id"),
        Index("ix_release_subject_pid", "subject_pid"),
        Index("ix_release_made_by", "made_by", "id"),
    )
