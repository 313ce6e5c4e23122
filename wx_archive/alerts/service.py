"""Alerts: raised once for as long as the trouble lasts, seen by each person for themselves."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, Select, delete, exists, func, select, update
from sqlalchemy.orm import Session

from wx_archive.alerts import rules
from wx_archive.alerts.models import KEY_LENGTH, TITLE_LENGTH, AlertSeen, RaisedAlert
from wx_archive.core.database import insert_into
from wx_archive.core.errors import RefusedError
from wx_archive.core.schema import installation
from wx_archive.staff.plugs import Alert
from wx_archive.staff.rules import Permission, Person

WATCHED_BY: Final = Permission.SYSTEM_READ
_LOOKED_AT: Final = "alerts_looked_at"
_Query = Select[int, str, str, datetime, datetime | None, bool, bool]
_IS_OPEN: Final = RaisedAlert.over_at.is_(None)


@dataclass(frozen=True, slots=True)
class Shown:
    """An alert as one person sees it.

    Attributes:
        over_at: when it was mended; None while it is not.
        is_seen: this person said 知道了.
    """

    id: int
    title: str
    path: str
    since: datetime
    over_at: datetime | None
    is_urgent: bool
    is_seen: bool


@dataclass(frozen=True, slots=True)
class New:
    """An alert that was raised just now."""

    id: int
    alert: Alert


def raise_all(session: Session, found: Sequence[Alert], *, now: datetime) -> list[New]:
    """Raise what is not raised yet, bring the others up to date; return the new ones.

    Of two who look at the same time one raises an alert; the other waits for it, and has not.
    """
    new = []
    for alert in sorted(found, key=lambda alert: alert.key):
        number = session.execute(
            insert_into(session, RaisedAlert)
            .values(
                key=alert.key[:KEY_LENGTH],
                raised_at=now,
                over_at=None,
                **_told(alert),
            )
            .on_conflict_do_nothing(index_elements=["key"], index_where=_IS_OPEN)
            .returning(RaisedAlert.id)
        ).scalar_one_or_none()
        if number is not None:
            new.append(New(number, alert))
            continue
        session.execute(
            update(RaisedAlert)
            .where(RaisedAlert.key == alert.key[:KEY_LENGTH], _IS_OPEN)
            .values(**_told(alert)),
            execution_options={"synchronize_session": False},
        )
    return new


def end_others(session: Session, keys: Collection[str], *, now: datetime) -> None:
    """End the alerts whose trouble is not among those found now."""
    session.execute(
        update(RaisedAlert)
        .where(_IS_OPEN, RaisedAlert.key.not_in([key[:KEY_LENGTH] for key in keys]))
        .values(over_at=now),
        execution_options={"synchronize_session": False},
    )


def sweep(session: Session, *, now: datetime) -> None:
    """Forget what was mended long ago."""
    session.execute(delete(RaisedAlert).where(RaisedAlert.over_at < now - rules.KEPT_OVER))


def is_open(connection: Connection, key: str) -> bool:
    """Tell whether an alert of this key is raised."""
    query = select(RaisedAlert.id).where(RaisedAlert.key == key, _IS_OPEN)
    return connection.execute(query).first() is not None


def came_back(session: Session, key: str, *, now: datetime) -> bool:
    """Tell whether an alert of this key was mended only a little while ago."""
    query = select(RaisedAlert.id).where(
        RaisedAlert.key == key, RaisedAlert.over_at > now - rules.QUIET_AGAIN
    )
    return session.execute(query).first() is not None


def badge(connection: Connection, person: Person, *, now: datetime) -> int:
    """Return how many open alerts concern a person who has not seen them; cheap."""
    concerning = [permission.value for permission in person.permissions]
    count = connection.scalar(
        select(func.count())
        .select_from(RaisedAlert)
        .where(_IS_OPEN, RaisedAlert.needs.in_(concerning), ~_seen_by(person))
    )
    return (count or 0) + unwatched(connection, person, now=now)


def unwatched(connection: Connection, person: Person, *, now: datetime) -> bool:
    """Tell somebody who minds the system that nobody looks for alerts any more.

    This one cannot be raised by the worker: it is not there to do it.
    """
    if not person.may(WATCHED_BY):
        return False
    looked_at = last_look(connection)
    return looked_at is not None and now - looked_at > rules.LOOK_LATE


def open_alerts(connection: Connection, person: Person) -> list[Shown]:
    """Return the open alerts that concern a person, what is urgent and oldest first."""
    query = _shown(person).where(_IS_OPEN)
    order = (RaisedAlert.is_urgent.desc(), RaisedAlert.since, RaisedAlert.id)
    return _rows(connection, query.order_by(*order))


def past_alerts(connection: Connection, person: Person, *, limit: int) -> list[Shown]:
    """Return the alerts that were mended, the newest first."""
    query = _shown(person).where(RaisedAlert.over_at.is_not(None))
    return _rows(connection, query.order_by(RaisedAlert.over_at.desc()).limit(limit))


def acknowledge(session: Session, alert_id: int, person: Person, *, now: datetime) -> Shown:
    """Note that somebody has seen an alert; twice is once.

    Raises:
        RefusedError: there is no such open alert that concerns them.
    """
    query = _shown(person).where(RaisedAlert.id == alert_id, _IS_OPEN)
    found = _rows(session.connection(), query)
    if not found:
        raise RefusedError("这条提醒已经过去了，或者不归您管")
    session.execute(
        insert_into(session, AlertSeen)
        .values(alert_id=alert_id, member_id=person.id, seen_at=now)
        .on_conflict_do_nothing()
    )
    return found[0]


def note_look(session: Session, *, now: datetime) -> None:
    """Remember that somebody looked for alerts."""
    told = {"value": now.astimezone(UTC).isoformat()}
    session.execute(
        insert_into(session, installation)
        .values(name=_LOOKED_AT, **told)
        .on_conflict_do_update(index_elements=["name"], set_=told)
    )


def last_look(connection: Connection) -> datetime | None:
    """Return when somebody looked for alerts last; None on an installation where nobody has."""
    told = connection.scalar(select(installation.c.value).where(installation.c.name == _LOOKED_AT))
    return datetime.fromisoformat(told) if told else None


def _told(alert: Alert) -> dict[str, object]:
    return {
        "title": alert.title[:TITLE_LENGTH],
        "path": alert.path,
        "needs": alert.needs.value,
        "is_urgent": alert.is_urgent,
        "since": alert.since,
    }


def _seen_by(person: Person) -> ColumnElement[bool]:
    return exists().where(AlertSeen.alert_id == RaisedAlert.id, AlertSeen.member_id == person.id)


def _shown(person: Person) -> _Query:
    return select(
        RaisedAlert.id,
        RaisedAlert.title,
        RaisedAlert.path,
        RaisedAlert.since,
        RaisedAlert.over_at,
        RaisedAlert.is_urgent,
        _seen_by(person).label("is_seen"),
    ).where(RaisedAlert.needs.in_([permission.value for permission in person.permissions]))


def _rows(connection: Connection, query: _Query) -> list[Shown]:
    return [Shown(**row) for row in connection.execute(query).mappings()]
