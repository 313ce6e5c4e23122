"""Tables of the work that is done beside the conversation."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from wx_archive.core.database import Base, Key


class JobState(StrEnum):
    """Where a job is; `DEAD` ones wait for a person."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    DEAD = "dead"


class Job(Base):
    """One piece of work; its key makes a second insert of the same work nothing.

    A holder works under a lease and a fencing number: when the lease has run out another may take
    the job, its number grows, and what the old holder still wants to write no longer counts.
    """

    __tablename__ = "job"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    kind: Mapped[str] = mapped_column(String(60))
    key: Mapped[str] = mapped_column(String(200), unique=True)
    payload: Mapped[str] = mapped_column(Text)
    follower_id: Mapped[int | None] = mapped_column(
        ForeignKey("follower.id", ondelete="CASCADE"), index=True
    )
    """Whom it is about, so that it goes when they are erased."""
    state: Mapped[str] = mapped_column(String(8), default=JobState.WAITING)
    run_after: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    fence: Mapped[int] = mapped_column(Integer, default=0)
    lease_until: Mapped[datetime | None]
    steps: Mapped[str] = mapped_column(Text, default="{}")
    """JSON: what was recorded before and after each act that cannot be taken back."""
    cause: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_job_state_run_after", "state", "run_after"),)


class ScheduleState(Base):
    """When a schedule fires next: the one fact that all schedulers share."""

    __tablename__ = "schedule"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    cron: Mapped[str] = mapped_column(String(60))
    next_fire_at: Mapped[datetime]
