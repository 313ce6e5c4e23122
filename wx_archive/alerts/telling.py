"""Who is told of an alert, when, and in which of WeChat's ways."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from wx_archive.alerts import binding, rules, service, texts
from wx_archive.alerts.models import AlertSeen, AlertTelling, RaisedAlert
from wx_archive.alerts.rules import Way
from wx_archive.alerts.service import New
from wx_archive.chat import held, windows
from wx_archive.core import jobs
from wx_archive.core.database import insert_into
from wx_archive.followers import service as followers
from wx_archive.followers.models import Follower
from wx_archive.staff.rules import Permission

TELL: Final = "alerts.tell"


@dataclass(frozen=True, slots=True)
class Telling:
    """An alert for one person's phone.

    Attributes:
        is_reachable: a service message could be sent to them now.
    """

    alert_id: int
    member_id: int
    follower_id: int
    openid: str
    title: str
    since: datetime
    is_urgent: bool
    is_reachable: bool

    @property
    def key(self) -> str:
        """The same however often it is tried."""
        return f"alert-{self.alert_id}-{self.member_id}"


def tell(session: Session, new: Sequence[New], *, now: datetime) -> None:
    """Have those told whom new alerts concern, in the transaction that raises them."""
    for raised in new:
        alert = raised.alert
        if not alert.is_urgent and service.came_back(session, alert.key, now=now):
            continue
        due = rules.told_from(now, is_urgent=alert.is_urgent)
        for bound in binding.who_may(session.connection(), alert.needs):
            if _claim(session, raised.id, bound.member_id):
                jobs.enqueue(
                    session,
                    TELL,
                    {"alert": raised.id, "member": bound.member_id},
                    key=f"{TELL}:{raised.id}:{bound.member_id}",
                    now=now,
                    due=due,
                    follower_id=bound.follower_id,
                )


def open_telling(
    session: Session, alert_id: int, member_id: int, *, now: datetime
) -> Telling | None:
    """Return what is still to be told; None when it is over, seen, told, or nobody is there."""
    alert = session.execute(
        select(RaisedAlert.title, RaisedAlert.since, RaisedAlert.is_urgent, RaisedAlert.needs)
        .join(AlertTelling, AlertTelling.alert_id == RaisedAlert.id)
        .where(
            RaisedAlert.id == alert_id,
            RaisedAlert.over_at.is_(None),
            AlertTelling.member_id == member_id,
            AlertTelling.told_at.is_(None),
        )
    ).one_or_none()
    if alert is None or session.get(AlertSeen, (alert_id, member_id)) is not None:
        return None
    who = binding.who_may(session.connection(), Permission(alert.needs))
    follower_id = next((one.follower_id for one in who if one.member_id == member_id), None)
    if follower_id is None or not followers.may_receive(session, follower_id):
        return None
    return Telling(
        alert_id=alert_id,
        member_id=member_id,
        follower_id=follower_id,
        openid=session.scalars(select(Follower.openid).where(Follower.id == follower_id)).one(),
        title=alert.title,
        since=alert.since,
        is_urgent=alert.is_urgent,
        is_reachable=windows.is_open(session, follower_id, now=now),
    )


def in_chat(session: Session, telling: Telling, *, address: str, now: datetime) -> None:
    """Hold the message: it is sent at once where WeChat lets us, else fetched for a day."""
    held.tell(
        session,
        telling.follower_id,
        texts.told(telling.title, telling.since, address=address),
        key=telling.key,
        now=now,
        lasts=rules.TOLD_FOR,
    )


def note(session: Session, alert_id: int, member_id: int, way: Way, *, now: datetime) -> None:
    """Write down that somebody was told, and how."""
    session.execute(
        update(AlertTelling)
        .where(AlertTelling.alert_id == alert_id, AlertTelling.member_id == member_id)
        .values(told_at=now, way=way)
    )


def _claim(session: Session, alert_id: int, member_id: int) -> bool:
    """Insert the row that there is once for an alert and a person."""
    claimed = session.execute(
        insert_into(session, AlertTelling)
        .values(alert_id=alert_id, member_id=member_id, told_at=None, way="")
        .on_conflict_do_nothing()
        .returning(AlertTelling.alert_id)
    )
    return claimed.scalar_one_or_none() is not None
