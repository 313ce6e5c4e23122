"""How many follow the account, as WeChat says.

We only know those who came, wrote or tapped since we are here; an account may be older than its
installation. WeChat is asked for the number alone: nobody's openid is kept for being counted.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.orm import Session

from wx_archive.core import clock
from wx_archive.core.jobs import Jobs, Schedule, Work
from wx_archive.core.schema import installation
from wx_archive.core.services import Services
from wx_archive.wechat.account import Capability
from wx_archive.wechat.client import Platform

CROWD: Final = "publishing.crowd"
SCHEDULES: Final = (Schedule(CROWD, "17 * * * *", CROWD),)
GOOD_FOR: Final = timedelta(hours=26)
_NAME: Final = "followers_total"


@dataclass(frozen=True, slots=True)
class Told:
    """What WeChat said, and when."""

    total: int
    at: datetime


def note(session: Session, total: int, *, now: datetime) -> None:
    """Keep the number until it is asked for again."""
    session.execute(delete(installation).where(installation.c.name == _NAME))
    kept = f"{total} {now.isoformat()}"
    session.execute(insert(installation).values(name=_NAME, value=kept))


def told(connection: Connection, *, now: datetime) -> Told | None:
    """Return the number, unless it is more than a day old or was never asked for."""
    wanted = select(installation.c.value).where(installation.c.name == _NAME)
    kept = connection.execute(wanted).scalar_one_or_none()
    if kept is None:
        return None
    total, _space, at = kept.partition(" ")
    found = Told(int(total), datetime.fromisoformat(at))
    return found if now - found.at <= GOOD_FOR else None


def build(_services: Services, platform: Platform) -> Jobs:
    """Return the kind of job."""
    own = Jobs()

    @own.handles(CROWD, attempts=3)
    def ask(work: Work) -> None:
        if not platform.account.may(Capability.USER_INFO):
            return
        total = platform.publishing.followers_total()
        with work.finishing() as session:
            note(session, total, now=clock.now())

    return own
