"""The calls that send a push: each known by its number before it is made, and how it ended."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from wx_archive.core.database import insert_into
from wx_archive.publishing.push_models import Push, PushCall
from wx_archive.publishing.rules import CallState

OVER: Final = frozenset({CallState.FINISHED, CallState.REFUSED})
TAKEN: Final = frozenset({CallState.ACCEPTED, CallState.FINISHED})


def client_msg_id(app_id: str, pid: str, generation: int, place: int) -> str:
    """Return the number by which WeChat tells a repeated call from a new one.

    The same for every try of a call; another for another generation, which only a person begins.
    """
    whole = f"{app_id}\0{pid}\0{generation}\0{place}"
    return hashlib.sha256(whole.encode()).hexdigest()[:32]


def lay_out(session: Session, push: Push, places: int, *, app_id: str) -> None:
    """Have a row for every call of this generation, before the first of them is made."""
    for place in range(places):
        session.execute(
            insert_into(session, PushCall)
            .values(
                push_id=push.id,
                place=place,
                generation=push.generation,
                client_msg_id=client_msg_id(app_id, push.pid, push.generation, place),
                state=CallState.READY,
            )
            .on_conflict_do_nothing()
        )


def of(session: Session, push: Push) -> Sequence[PushCall]:
    """Return the calls of a push's present generation, in their order, as they stand now."""
    return session.scalars(
        select(PushCall)
        .where(PushCall.push_id == push.id, PushCall.generation == push.generation)
        .order_by(PushCall.place)
        .execution_options(populate_existing=True)
    ).all()


def may_be_out(session: Session, push: Push) -> bool:
    """Tell whether WeChat may have taken any call of a push, of whatever generation."""
    perhaps = PushCall.state.in_((CallState.CALLING, *TAKEN))
    return (
        session.scalars(
            select(PushCall.id).where(PushCall.push_id == push.id, perhaps).limit(1)
        ).first()
        is not None
    )


def states(connection: Connection, push_id: int, generation: int) -> list[CallState]:
    """Return how the calls of a generation stand, in their order."""
    rows = connection.scalars(
        select(PushCall.state)
        .where(PushCall.push_id == push_id, PushCall.generation == generation)
        .order_by(PushCall.place)
    )
    return [CallState(state) for state in rows]


def begin(call: PushCall, *, now: datetime) -> None:
    """Note that a call is about to be made: from here on its outcome may be unknown."""
    call.state = CallState.CALLING
    call.called_at = now
    call.first_called_at = call.first_called_at or now
    call.tries += 1


def back(call: PushCall) -> None:
    """Note that a call certainly had no effect: it may be made as if for the first time."""
    call.state = CallState.READY
    call.first_called_at = None


def accept(call: PushCall, msg_id: str | None, *, now: datetime) -> None:
    """Note that WeChat has taken it, under which of its numbers."""
    call.state = CallState.ACCEPTED
    call.msg_id = msg_id
    call.accepted_at = now
    call.error_code, call.sentence = None, ""


def refuse(call: PushCall, sentence: str, *, code: int | None) -> None:
    """Note that WeChat refused it for good."""
    call.state = CallState.REFUSED
    call.error_code, call.sentence = code, sentence[:500]
