"""What staff have changed of the site's files, one numbered text after the other.

A file of `content/` is the seed; the newest revision of its name wins over it.
"""

from datetime import datetime

from sqlalchemy import Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from wx_archive.core.database import Base


class Revision(Base):
    """One state of something that staff edit; the newest number counts."""

    __tablename__ = "revision"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    """What it is a revision of: `profile`."""
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    body: Mapped[str] = mapped_column(Text)
    """JSON; empty where staff went back to the file."""
    seed: Mapped[str] = mapped_column(Text)
    """The file's content then, so that a change in both is noticed."""
    made_by: Mapped[str] = mapped_column(String(60))
    made_at: Mapped[datetime]
