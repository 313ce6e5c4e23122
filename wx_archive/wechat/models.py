"""The table of calls to the platform's API."""

from datetime import date, datetime

from sqlalchemy import Date, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from wx_archive.core.database import Base


class ApiUsage(Base):
    """How often one call was made on one Shanghai calendar day."""

    __tablename__ = "api_usage"

    path: Mapped[str] = mapped_column(String(120), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    used: Mapped[int] = mapped_column(Integer)
    stopped_until: Mapped[datetime | None]
    """WeChat said that it is enough; nothing is asked before this instant."""
