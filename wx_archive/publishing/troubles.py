"""Pushes that went wrong, for the console's alerts and to-dos."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, func, select

from wx_archive.publishing import rules
from wx_archive.publishing.mass_calls import TO_CONFIRM
from wx_archive.publishing.models import Piece
from wx_archive.publishing.push_models import Push, PushPiece
from wx_archive.publishing.rules import PushState
from wx_archive.staff.plugs import Alert, Todo
from wx_archive.staff.rules import Permission, Person

PUSHES: Final = "/console/pushes"
_TOLD_FOR: Final = timedelta(days=3)
"""So long a failed push is an alert; afterwards it is history."""
_TITLE_LENGTH: Final = 20


def alerts(connection: Connection, now: datetime) -> Sequence[Alert]:
    """Return every push that waits for a decision, has failed, or should have left by now."""
    rows = connection.execute(
        select(
            Push.pid,
            Push.state,
            Push.sentence,
            Push.changed_at,
            Push.latest_at,
            func.min(Piece.title).label("title"),
        )
        .join(PushPiece, (PushPiece.push_id == Push.id) & (PushPiece.place == 0))
        .join(Piece, Piece.id == PushPiece.piece_id)
        .where(
            (Push.state == PushState.HELD)
            | (
                Push.state.in_((PushState.FAILED, PushState.PARTLY))
                & (Push.changed_at > now - _TOLD_FOR)
            )
            | ((Push.state == PushState.SCHEDULED) & (Push.latest_at < now))
            | (
                (Push.state == PushState.SENDING)
                & (Push.sentence == TO_CONFIRM)
                & (Push.sent_at < now - rules.CONFIRMED_WITHIN / 2)
            )
        )
        .group_by(Push.id)
        .order_by(Push.id)
    )
    return [
        Alert(
            key=f"push:{row.pid}:{row.state}",
            title=_said(row.title, PushState(row.state), row.sentence),
            path=f"{PUSHES}/{row.pid}",
            needs=Permission.PUSHES_SEND,
            since=row.latest_at if row.state == PushState.SCHEDULED else row.changed_at,
        )
        for row in rows
    ]


def todos(connection: Connection, person: Person, _now: datetime) -> Sequence[Todo]:
    """Return how many pushes wait for a decision."""
    if not person.may(Permission.PUSHES_SEND):
        return ()
    count = connection.execute(
        select(func.count()).select_from(Push).where(Push.state == PushState.HELD)
    ).scalar_one()
    path = f"{PUSHES}?state={PushState.HELD.value}"
    return (Todo("等您决定的推送", count, path, Permission.PUSHES_SEND, is_late=count > 0),)


def _said(title: str, state: PushState, sentence: str) -> str:
    name = title if len(title) <= _TITLE_LENGTH else f"{title[: _TITLE_LENGTH - 1]}…"
    match state:
        case PushState.SCHEDULED:
            return (
                f"推送《{name}》过了最迟时间还没有发，后台进程（wx-archive worker）可能没有在运行"
            )
        case PushState.SENDING:
            return f"推送《{name}》还没有在手机上确认，再过一会儿微信就不发了"
        case _:
            return f"推送《{name}》{rules.PUSH_STATE_NAMES[state]}：{sentence}"
