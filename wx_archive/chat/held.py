"""Answers that could not be given at once: sent when WeChat lets us, else fetched with 取结果.

Anything the account has to say later goes through `tell`: the thanks for a treasure, the answer
to a request. It never bursts into another conversation: it is a message of its own, or waits.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from wx_archive.chat.models import HeldAnswer, HeldState
from wx_archive.core import clock, jobs
from wx_archive.core.database import Database, insert_into
from wx_archive.followers.models import Follower

DELIVER: Final = "chat.deliver"
KEPT: Final = timedelta(days=30)
MOST_KNOWN: Final = 1_000
"""More followers than these are not held in mind but looked up one by one."""
_WAITING_NOW: Final = (
    select(Follower.openid)
    .join(HeldAnswer, HeldAnswer.follower_id == Follower.id)
    .where(HeldAnswer.state == HeldState.WAITING, HeldAnswer.expires_at > bindparam("now"))
    .distinct()
    .limit(MOST_KNOWN)
)


def tell(
    session: Session,
    follower_id: int,
    text: str,
    *,
    key: str,
    now: datetime,
    lasts: timedelta = KEPT,
) -> bool:
    """Hold an answer in this transaction and have it delivered; False when its key is known.

    Args:
        session: the effect's.
        follower_id: whom to tell.
        text: ready to send, with its next step.
        key: idempotency key of what is told: telling it twice is telling it once.
        now: the present instant.
        lasts: how long it may wait to be fetched.
    """
    number = session.execute(
        insert_into(session, HeldAnswer)
        .values(key=key, follower_id=follower_id, text=text, created_at=now, expires_at=now + lasts)
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(HeldAnswer.id)
    ).scalar_one_or_none()
    if number is None:
        return False
    return jobs.enqueue(
        session,
        DELIVER,
        {"held": number},
        key=f"{DELIVER}:{number}",
        now=now,
        follower_id=follower_id,
    )


def forget(session: Session, key: str) -> bool:
    """Drop an answer that still waits, for it is not true any more; False when none does.

    What was sent or fetched stays known; what is dropped may be told anew under the same key.
    """
    waits = HeldAnswer.state == HeldState.WAITING
    gone = delete(HeldAnswer).where(HeldAnswer.key == key, waits).returning(HeldAnswer.id)
    number = session.execute(gone.execution_options(synchronize_session=False)).scalar()
    if number is None:
        return False
    # Its job goes with it: SQLite gives the number to the next one, whose job has the same key.
    session.execute(
        delete(jobs.Job).where(jobs.Job.key == f"{DELIVER}:{number}"),
        execution_options={"synchronize_session": False},
    )
    return True


def waiting(session: Session, follower_id: int, *, now: datetime) -> Sequence[HeldAnswer]:
    """Return what waits for the follower, oldest first, locked for this transaction."""
    return session.scalars(
        select(HeldAnswer)
        .where(
            HeldAnswer.follower_id == follower_id,
            HeldAnswer.state == HeldState.WAITING,
            HeldAnswer.expires_at > now,
        )
        .order_by(HeldAnswer.id)
        .with_for_update()
    ).all()


def fetch(session: Session, follower_id: int, *, room_bytes: int, now: datetime) -> list[str]:
    """Hand over what waits, oldest first, as much as fits; the first one always counts as fitting.

    Args:
        session: the effect's.
        follower_id: who asks.
        room_bytes: what the reply has room for, in UTF-8, blank lines between the texts included.
        now: the present instant.
    """
    texts: list[str] = []
    for answer in waiting(session, follower_id, now=now):
        room_bytes -= len(answer.text.encode()) + 2
        if texts and room_bytes < 0:
            break
        answer.state = HeldState.FETCHED
        texts.append(answer.text)
    session.flush()
    return texts


def change(session: Session, number: int, old: HeldState, new: HeldState) -> bool:
    """Move an answer from one state to another; False when it is in neither hand nor place."""
    moved = session.execute(
        update(HeldAnswer)
        .where(HeldAnswer.id == number, HeldAnswer.state == old)
        .values(state=new)
        .returning(HeldAnswer.id)
        .execution_options(synchronize_session=False)
    )
    return moved.scalar_one_or_none() is not None


class WaitingNow:
    """Who has an answer waiting, as of a moment ago: known without asking on the hot path."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._openids: frozenset[str] | None = None

    def refresh(self) -> None:
        """Look again; while the database is away nothing is known."""
        try:
            with self._database.reads() as connection:
                found = connection.execute(_WAITING_NOW, {"now": clock.now()}).scalars().all()
        except SQLAlchemyError:
            self._openids = None
        else:
            self._openids = frozenset(found) if len(found) < MOST_KNOWN else None

    def has(self, openid: str) -> bool | None:
        """Tell whether an answer waits for somebody; None when that has to be looked up."""
        return None if self._openids is None else openid in self._openids


def sweep(session: Session, *, now: datetime) -> None:
    """Forget what was delivered and what nobody fetched."""
    gone = HeldAnswer.state.in_((HeldState.SENT, HeldState.FETCHED))
    old = HeldAnswer.created_at < now - KEPT
    session.execute(delete(HeldAnswer).where((gone & old) | (HeldAnswer.expires_at < now)))
