"""What a person may decide about a push that waits for one, and what follows from it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy.orm import Session

from wx_archive.core.errors import RefusedError
from wx_archive.publishing import calls, ledger, plans, progress, releases, rules
from wx_archive.publishing.push_models import Push
from wx_archive.publishing.rules import CallState, HoldReason, PushState


class Decision(StrEnum):
    """What a person decides."""

    ASK_AGAIN = "ask_again"
    """After an unknown outcome: make the call again, by the number that WeChat knows."""
    RESCHEDULE = "reschedule"
    """Take it back to be prepared and given another time."""
    RESEND_NEW = "resend_new"
    """Send it anew though it may have been sent: nobody but a person may."""
    TAKE_FOR_SENT = "take_for_sent"
    TAKE_FOR_FAILED = "take_for_failed"
    CANCEL = "cancel"


DECISION_NAMES: Final[Mapping[Decision, str]] = {
    Decision.ASK_AGAIN: "用原来的编号再发",
    Decision.RESCHEDULE: "另定时间",
    Decision.RESEND_NEW: "重新发一次",
    Decision.TAKE_FOR_SENT: "算作已发",
    Decision.TAKE_FOR_FAILED: "算作没有发",
    Decision.CANCEL: "取消这次推送",
}
DOUBT: Final = "这一次没有再发；可上一次发出去没有，还不知道。请选“算作已发”或“算作没有发”"
_HARMLESS: Final = frozenset({CallState.READY, CallState.REFUSED})


def decide(session: Session, push: Push, decision: Decision, *, by: str, now: datetime) -> None:
    """Do what a person has decided about a push that is held.

    Whatever is sent then is checked again by the job that sends it: pieces, approvals, places.

    Args:
        session: of the change; the push is locked in it.
        push: held.
        decision: what is to become of it.
        by: login of who decides.
        now: the present instant.

    Raises:
        RefusedError: it does not wait for anybody, or this cannot be decided now.
    """
    if push.state != PushState.HELD:
        raise rules.WrongStateError(
            f"这次推送现在是“{rules.PUSH_STATE_NAMES[PushState(push.state)]}”，不用谁来决定"
        )
    if why := _refused(session, push, decision, now):
        raise RefusedError(why)
    _ACTS[decision](session, push, by, now)


def offered(session: Session, push: Push, *, now: datetime) -> tuple[Decision, ...]:
    """Return what may be decided about a push now; nothing when it is not held."""
    if push.state != PushState.HELD:
        return ()
    return tuple(one for one in Decision if not _refused(session, push, one, now))


def has_begun(session: Session, push: Push) -> bool:
    """Tell whether WeChat may have taken any call of the present generation."""
    return any(call.state not in _HARMLESS for call in calls.of(session, push))


def _refused(session: Session, push: Push, decision: Decision, now: datetime) -> str:
    """Return why this cannot be decided now, in Chinese; empty: it can."""
    reason, begun = HoldReason(push.reason), has_begun(session, push)
    why = ""
    match decision:
        case Decision.RESCHEDULE | Decision.CANCEL if calls.may_be_out(session, push):
            why = "可能已经发出去一部分，不能当作没发过。请选“算作已发”或“算作没有发”"
        case Decision.ASK_AGAIN if not begun:
            why = "还没有开始发。请选“另定时间”，做过体检再发"
        case Decision.ASK_AGAIN if reason is HoldReason.NO_REPORT:
            why = "微信已经收下，不能再发一遍。请到公众平台看结果，再选“算作已发”或“算作没有发”"
        case Decision.ASK_AGAIN if begun and _is_forgotten(session, push, now):
            why = "已经过了二十四小时，微信不再认原来的编号。请先到公众平台看有没有发出"
        case Decision.RESEND_NEW if reason is not HoldReason.UNKNOWN:
            why = "只有不知道发没发出去的推送，才用重新发"
        case Decision.RESEND_NEW if _is_partly_out(session, push):
            why = "有几批已经发出，重新发会让他们收到两遍。请选“算作已发”或“算作没有发”"
        case Decision.RESEND_NEW if begun and not _is_forgotten(session, push, now):
            why = "二十四小时以内微信还认得原来的编号，请选“用原来的编号再发”：它不会让读者收到两遍"
    return why


def _is_forgotten(session: Session, push: Push, now: datetime) -> bool:
    """Tell whether WeChat knows the number of an open call no more."""
    return any(
        now - call.first_called_at >= rules.UNKNOWN_FOR
        for call in calls.of(session, push)
        if call.state == CallState.CALLING and call.first_called_at is not None
    )


def _is_partly_out(session: Session, push: Push) -> bool:
    return any(call.state in calls.TAKEN for call in calls.of(session, push))


def _ask_again(session: Session, push: Push, by: str, now: datetime) -> None:
    progress.advance(session, push, PushState.SENDING, actor=by, now=now, words="接着发")
    plans.resume(session, push, now=now)


def _reschedule(session: Session, push: Push, by: str, now: datetime) -> None:
    progress.advance(session, push, PushState.PREPARING, actor=by, now=now)
    call_back(session, push)


def _resend_new(session: Session, push: Push, by: str, now: datetime) -> None:
    push.generation += 1
    push.media_id = ""  # the draft went with the call that was perhaps made
    words = f"第 {push.generation} 次发"
    progress.advance(session, push, PushState.SCHEDULED, actor=by, now=now, words=words)
    push.signed_by = by  # for the words that were examined: they stay pinned
    plans.enter(session, push, due_at=plans.put_off(push, now=now), now=now)


def _take_for_sent(session: Session, push: Push, by: str, now: datetime) -> None:
    for call in calls.of(session, push):
        if call.state in (CallState.CALLING, CallState.ACCEPTED):
            call.state, call.status = CallState.FINISHED, f"taken:{by}"[:40]
    releases.went_out(session, push, now=now, live=None)
    if _goes_on(session, push):
        progress.advance(session, push, PushState.SENDING, actor=by, now=now, words="接着发其余的")
        plans.resume(session, push, now=now)
        return
    progress.advance(session, push, PushState.SENT, actor=by, now=now, words="由人认定已发")
    call_back(session, push, keeps_place=True)


def _goes_on(session: Session, push: Push) -> bool:
    """Tell whether some of several calls were never made."""
    states = [call.state for call in calls.of(session, push)]
    return CallState.READY in states and len(states) > 1


def _take_for_failed(session: Session, push: Push, by: str, now: datetime) -> None:
    progress.advance(session, push, PushState.FAILED, actor=by, now=now, words="由人认定没有发出")
    if push.sent_at is not None:
        releases.take_in(session, push, live=None)
    call_back(session, push)


def _cancel(session: Session, push: Push, by: str, now: datetime) -> None:
    progress.advance(session, push, PushState.CANCELLED, actor=by, now=now)
    call_back(session, push)


def recall(session: Session, push: Push, state: PushState, *, by: str, now: datetime) -> None:
    """Bring a scheduled push back into ``state``; one that may be out already waits for a person.

    Somebody has decided to send it anew and thought better of it: what became of the first call
    is still not known.
    """
    is_doubtful = calls.may_be_out(session, push)
    if is_doubtful:
        progress.hold(session, push, HoldReason.UNKNOWN, DOUBT, now=now, actor=by)
    else:
        progress.advance(session, push, state, actor=by, now=now)
    call_back(session, push, keeps_place=is_doubtful)


def call_back(session: Session, push: Push, *, keeps_place: bool = False) -> None:
    """End a plan: its job does nothing any more, and its place is free for another push."""
    push.plan += 1
    push.cooling_until = None
    if not keeps_place:
        ledger.free(session, push)


_Act = Callable[[Session, Push, str, datetime], None]
_ACTS: Final[Mapping[Decision, _Act]] = {
    Decision.ASK_AGAIN: _ask_again,
    Decision.RESCHEDULE: _reschedule,
    Decision.RESEND_NEW: _resend_new,
    Decision.TAKE_FOR_SENT: _take_for_sent,
    Decision.TAKE_FOR_FAILED: _take_for_failed,
    Decision.CANCEL: _cancel,
}
