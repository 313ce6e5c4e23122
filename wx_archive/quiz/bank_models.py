"""Questions that staff have written or imported, version by version; files are the seed."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, Integer, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from wx_archive.core.database import Base, Key
from wx_archive.quiz.rules import VersionState

_STATES = ", ".join(f"'{one}'" for one in VersionState)
_RELEASED = text("state = 'released'")
_OPEN = text("state IN ('draft', 'waiting', 'refused')")


class QuestionVersion(Base):
    """A version of a question; the released one counts instead of the file's."""

    __tablename__ = "quiz_question"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    question_id: Mapped[str] = mapped_column(String(40))
    theme: Mapped[str] = mapped_column(String(40))
    content: Mapped[str] = mapped_column(Text)
    """JSON (`questions.Question.to_json`)."""
    content_hash: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(9))
    seed_hash: Mapped[str] = mapped_column(String(16), default="")
    """Of the file's question when this was written, so that a change in both is noticed."""
    made_by: Mapped[str] = mapped_column(String(60))
    """Who wrote it last; another person releases it."""
    made_at: Mapped[datetime]
    released_by: Mapped[str] = mapped_column(String(60), default="")
    """Who released or refused it."""
    released_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(String(200), default="")
    """The second person's words to the first."""
    batch: Mapped[str] = mapped_column(String(26), default="")
    """The upload that brought it (`BankUpload.pid`): its questions are released together."""
    form_key: Mapped[str | None] = mapped_column(String(26), unique=True)
    """The form that a new question came by: sent twice, it is one question."""

    __table_args__ = (
        CheckConstraint(f"state IN ({_STATES})", name="state"),
        Index("ix_quiz_question_state", "state", "id"),
        Index("ix_quiz_question_question_id", "question_id", "id"),
        Index(
            "uq_quiz_question_released",
            "question_id",
            unique=True,
            sqlite_where=_RELEASED,
            postgresql_where=_RELEASED,
        ),
        Index(
            "uq_quiz_question_open",
            "question_id",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        Index("ix_quiz_question_batch", "batch"),
    )


class BankUpload(Base):
    """A file of questions that somebody brought; read anew each time one looks at it."""

    __tablename__ = "quiz_bank_upload"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    pid: Mapped[str] = mapped_column(String(26), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    """Its bytes; empty once it has been decided on."""
    state: Mapped[str] = mapped_column(String(7))
    """`waiting` for a decision, `taken` in, or `dropped`."""
    taken: Mapped[int] = mapped_column(Integer, default=0)
    """How many of its questions were handed on for release."""
    decided_by: Mapped[str] = mapped_column(String(60), default="")
    result: Mapped[str] = mapped_column(Text, default="")
    """JSON (`bank_uploads.Kept`): what was found in it, and what was taken of it."""
    made_by: Mapped[str] = mapped_column(String(60))
    made_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'taken', 'dropped')", name="state"),
        Index("ix_quiz_bank_upload_state", "state", "made_by"),
    )
