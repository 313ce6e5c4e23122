"""The tables of calls to the platform's API, and of what it refused."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Date, Integer, String
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


class ApiRefusal(Base):
    """A call that WeChat refused with an errcode, for as long as it does."""

    __tablename__ = "api_refusal"

    path: Mapped[str] = mapped_column(String(120), primary_key=True)
    code: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    count: Mapped[int] = mapped_column(BigInteger)
    """How often since it began this time."""
    since: Mapped[datetime]
    last_at: Mapped[datetime]
    over_at: Mapped[datetime | None]
    """When the call succeeded again."""
