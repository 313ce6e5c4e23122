"""When a push is to leave: its plan, the job that carries it out, its pieces as they were then."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from wx_archive.core.errors import RefusedError
from wx_archive.core.jobs import enqueue
from wx_archive.publishing import rules
from wx_archive.publishing.models import Piece
from wx_archive.publishing.push_models import Push, PushPiece

SEND: Final = "publishing.send"
"""The kind of job that sends a push."""
POLL: Final = "publishing.poll"
"""The kind of job that asks WeChat what became of one."""
AT_ONCE: Final = timedelta(0)
LAST_ASKED: Final = rules.POLL_AFTER[-1]


class StalePushError(RefusedError):
    """Somebody or something has moved the push since it was shown."""

    def __init__(self) -> None:
        super().__init__("您打开这一页以后，这次推送已经有了变化。请重新打开，看清现在的样子再办")


def locked(session: Session, pid: str, *, version: int | None = None) -> Push | None:
    """Return a push, locked until the transaction ends.

    Pieces are locked before pushes, never after: an editor who saves holds one already.

    Args:
        session: of the change.
        pid: public id of the push.
        version: of the page that was looked at; None takes it as it is.

    Raises:
        StalePushError: it is not that version any more.
    """
    push = session.scalars(
        select(Push)
        .where(Push.pid == pid)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if push is not None and version is not None and push.version != version:
        raise StalePushError
    return push


def locked_by_id(session: Session, push_id: int) -> Push | None:
    """Return a push by its own number, locked until the transaction ends."""
    return session.scalars(
        select(Push)
        .where(Push.id == push_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def pin(session: Session, push: Push) -> None:
    """Note of every piece what it says now: this and nothing else is to be sent.

    A draft that WeChat already has of something else is forgotten.
    """
    rows = session.execute(
        select(PushPiece.place, PushPiece.content_hash, Piece.content_hash)
        .join(Piece, Piece.id == PushPiece.piece_id)
        .where(PushPiece.push_id == push.id)
    ).all()
    for place, pinned, present in rows:
        if pinned == present:
            continue
        push.media_id = ""
        session.execute(
            update(PushPiece)
            .where(PushPiece.push_id == push.id, PushPiece.place == place)
            .values(content_hash=present)
        )


def enter(session: Session, push: Push, *, due_at: datetime, now: datetime) -> None:
    """Begin a new plan: the job of every older one does nothing any more."""
    push.plan += 1
    enqueue(
        session,
        SEND,
        {"push": push.id, "plan": push.plan},
        key=key_of(push),
        now=now,
        due=due_at,
    )


def key_of(push: Push) -> str:
    """Return the key of the job that carries out a push's present plan."""
    return f"push:{push.id}:{push.plan}"


def put_off(push: Push, *, now: datetime) -> datetime:
    """Set a push to leave as soon as the cooling-off is over; return that moment."""
    push.due_at = push.cooling_until = now + rules.COOLING
    push.latest_at = push.due_at + rules.LATE_BY
    return push.due_at


def resume(session: Session, push: Push, *, now: datetime) -> None:
    """Go on with a sending that was stopped, at once and by the same numbers."""
    push.latest_at = max(push.latest_at or now, now + rules.LATE_BY)
    enter(session, push, due_at=now + AT_ONCE, now=now)


def ask_later(session: Session, push: Push, number: int, *, now: datetime) -> bool:
    """Have WeChat asked what became of a push for the ``number``-th time; False after the last."""
    if number >= len(rules.POLL_AFTER):
        return False
    enqueue(
        session,
        POLL,
        {"push": push.id, "plan": push.plan, "number": number},
        key=f"{key_of(push)}:poll:{number}",
        now=now,
        due=max(now, (push.sent_at or now) + rules.POLL_AFTER[number]),
    )
    return True
