"""One step of a push: its state moved, its version raised, one line added to what happened."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from wx_archive.publishing import rules
from wx_archive.publishing.push_models import Push, PushStep
from wx_archive.publishing.rules import HoldReason, PushState

SCHEDULER: Final = "scheduler"
WECHAT: Final = "wechat"
"""Actors of what happens by itself, and of what WeChat tells."""
_LENGTH: Final = 500


def note(
    session: Session, push: Push, step: str, *, actor: str, now: datetime, words: str = ""
) -> None:
    """Add a line to what happened to a push; nobody may act on a page of before it.

    Args:
        session: of the change; the push is locked in it.
        push: whose line.
        step: a state's name, or what was done: `draft`, `calling`, `accepted`.
        actor: a login, `scheduler` or `wechat`.
        now: the present instant.
        words: in Chinese, for staff.
    """
    push.version += 1
    session.add(
        PushStep(push_id=push.id, at=now, step=step, note=words[:_LENGTH], actor=actor),
    )


def advance(
    session: Session, push: Push, state: PushState, *, actor: str, now: datetime, words: str = ""
) -> None:
    """Bring a push into another state; what held it before is over.

    Raises:
        WrongStateError: the states do not know such a step.
    """
    rules.require_push_move(PushState(push.state), state)
    push.state = state
    push.changed_at = now
    push.reason = ""
    push.sentence = words[:_LENGTH] if state in {PushState.FAILED, PushState.PARTLY} else ""
    note(session, push, state.value, actor=actor, now=now, words=words)


def hold(
    session: Session,
    push: Push,
    reason: HoldReason,
    sentence: str,
    *,
    now: datetime,
    code: int | None = None,
    actor: str = SCHEDULER,
) -> None:
    """Stop a push until a person decides.

    Args:
        session: of the change; the push is locked in it.
        push: what is held.
        reason: why, for programs.
        sentence: why, in Chinese, for staff.
        now: the present instant.
        code: WeChat's errcode, if it gave one.
        actor: who stopped it.
    """
    advance(session, push, PushState.HELD, actor=actor, now=now, words=sentence)
    push.reason, push.sentence, push.error_code = reason.value, sentence[:_LENGTH], code


def steps(connection: Connection, push_id: int) -> Sequence[PushStep]:
    """Return what happened to a push, the oldest first; detached rows, to be read only."""
    with Session(connection) as session:
        found = session.scalars(
            select(PushStep).where(PushStep.push_id == push_id).order_by(PushStep.id)
        ).all()
        session.expunge_all()
    return found
