"""The calls that send to followers: numbered before they are made, and made until it is known.

WeChat knows a number for 24 hours and answers the same call with what became of the first, so a
call that was never answered is made again with it, a minute later at the earliest. It is not made
again after the push's latest time: it might be the first that arrives.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from wx_archive.core import clock
from wx_archive.core.errors import RefusedError
from wx_archive.core.jobs import LaterError
from wx_archive.core.services import Services
from wx_archive.publishing import (
    approvals,
    calls,
    failures,
    plans,
    progress,
    releases,
    reports,
    rules,
    verdicts,
)
from wx_archive.publishing.approvals import Objection
from wx_archive.publishing.errands import EndedError, Errand
from wx_archive.publishing.failures import Next, Step
from wx_archive.publishing.push_models import Push, PushCall
from wx_archive.publishing.rules import AudienceKind, CallState, Delivery, HoldReason
from wx_archive.wechat.client import Platform
from wx_archive.wechat.errors import PlatformError, UnknownOutcomeError
from wx_archive.wechat.publishing import MassAccepted, MassMessage, Receivers
from wx_archive.wechat.refusals import SENT_BEFORE

log = logging.getLogger(__name__)

TO_CONFIRM: Final = "等管理员在手机上确认"
UNKNOWN: Final = "微信一直没有回答，不知道发出去没有。请到公众平台核对，再决定"
_DOUBLE: Final = "微信把这一批当成和另一批重复的，没有发"


@dataclass(frozen=True, slots=True)
class Begun:
    """A call that is about to be made.

    Attributes:
        may_have_gone: an earlier try was never answered.
        tries: this one included.
    """

    client_msg_id: str
    may_have_gone: bool
    tries: int


class MassCalls:
    """Makes the calls of a push, and writes down what became of each."""

    def __init__(self, services: Services, platform: Platform) -> None:
        self._services = services
        self._platform = platform

    def make(
        self, errand: Errand, place: int, message: MassMessage, to: Callable[[], Receivers]
    ) -> None:
        """Make the call of a place, unless it is over.

        Raises:
            LaterError: it is to be made again later.
            EndedError: a person has to decide.
            LostLeaseError: another worker makes it.
        """
        begun = self.begin(errand, place)
        if begun is None:
            return
        try:
            receivers = to()
            errand.require_lease()
            accepted = self._platform.publishing.mass_send(
                message,
                receivers,
                client_msg_id=begun.client_msg_id,
                stops_at_reprint=errand.stops_at_reprint,
            )
        except (PlatformError, RefusedError) as err:
            self.failed(errand, place, begun, err)
        else:
            self._accepted(errand, place, accepted)

    def begin(self, errand: Errand, place: int) -> Begun | None:
        """Commit that a call is about to be made; None when it is over already."""
        now = clock.now()
        with errand.opened() as (session, push):
            rows = calls.of(session, push)
            call = rows[place]
            if call.state not in (CallState.READY, CallState.CALLING):
                return None
            may_have_gone = call.state == CallState.CALLING
            if may_have_gone and (wait := _wait_for(call, now)):
                raise LaterError(wait)
            found = self._objection(session, push, rows, call, now)
            if found is None:
                calls.begin(call, now=now)
                words = f"第 {call.tries} 次" if call.tries > 1 else ""
                progress.note(
                    session, push, "calling", actor=progress.SCHEDULER, now=now, words=words
                )
            else:
                progress.hold(session, push, found.reason, found.sentence, now=now)
            begun = Begun(call.client_msg_id, may_have_gone, call.tries)
        if found is not None:
            raise EndedError(found.sentence)
        return begun

    def failed(
        self, errand: Errand, place: int, begun: Begun, err: PlatformError | RefusedError
    ) -> None:
        """Write down that a call was refused or not answered, and do what follows.

        Raises:
            LaterError: it is to be made again later.
            EndedError: a person has to decide.
        """
        now = clock.now()
        step = failures.step_after(
            err,
            may_have_gone=begun.may_have_gone,
            tries=begun.tries,
            latest_at=errand.latest_at,
            now=now,
        )
        is_open = begun.may_have_gone or isinstance(err, UnknownOutcomeError)
        log.warning(
            "publishing.not_taken push=%d place=%d next=%s code=%s open=%s",
            errand.push_id,
            place,
            step.next,
            step.code,
            is_open,
        )
        with errand.opened() as (session, push):
            call = calls.of(session, push)[place]
            call.sentence, call.error_code = step.sentence[:500], step.code
            if step.next is Next.END:
                calls.refuse(call, step.sentence, code=step.code)
            elif not is_open:
                calls.back(call)
            self._follow(session, push, step, now)
        if step.next is Next.AGAIN:
            raise LaterError(step.after)
        if step.next is Next.HOLD:
            raise EndedError(step.sentence)

    def finish(self, errand: Errand) -> None:
        """Do what follows from the calls that were taken, and from those that were refused."""
        now, live = clock.now(), self._services.site.live
        with errand.opened() as (session, push):
            rows = calls.of(session, push)
            if any(call.state in calls.TAKEN for call in rows):
                waits = self._is_to_be_confirmed(push)
                releases.went_out(session, push, now=now, live=live, is_out=not waits)
                push.sentence = TO_CONFIRM if waits else ""
                plans.ask_later(session, push, 0, now=now)
            reports.settle(session, push, now=now, live=live)

    def _accepted(self, errand: Errand, place: int, accepted: MassAccepted) -> None:
        now, msg_id = clock.now(), verdicts.MASS + accepted.msg_id

        def keep(session: Session, push: Push) -> None:
            call = calls.of(session, push)[place]
            if accepted.was_sent_before and _is_another(session, call, msg_id):
                calls.refuse(call, _DOUBLE, code=SENT_BEFORE)
            else:
                calls.accept(call, msg_id, now=now)
            words = "微信说这个编号先前已经收下" if accepted.was_sent_before else ""
            progress.note(session, push, "accepted", actor=progress.WECHAT, now=now, words=words)

        errand.keep_surely(keep)
        log.info("publishing.taken push=%d place=%d", errand.push_id, place)
        self.finish(errand)

    def _objection(
        self,
        session: Session,
        push: Push,
        rows: Sequence[PushCall],
        call: PushCall,
        now: datetime,
    ) -> Objection | None:
        """Return why a call may not be made now."""
        late = push.latest_at is not None and now > push.latest_at
        if call.state == CallState.CALLING:
            first = call.first_called_at or now
            is_over = late or now - first >= rules.UNKNOWN_FOR
            return Objection(HoldReason.UNKNOWN, UNKNOWN) if is_over else None
        if late:
            return missed(push)
        if all(one.state == CallState.READY for one in rows):
            steps = self._services.site.profile.review_steps
            return approvals.objection(session.connection(), push.id, steps=steps)
        return None

    def _follow(self, session: Session, push: Push, step: Step, now: datetime) -> None:
        if step.next is Next.HOLD:
            progress.hold(session, push, step.reason, step.sentence, now=now, code=step.code)
        elif step.next is Next.AGAIN:
            push.sentence, push.error_code = step.sentence[:500], step.code
            words = f"稍后再试：{step.sentence}"
            progress.note(session, push, "again", actor=progress.SCHEDULER, now=now, words=words)

    def _is_to_be_confirmed(self, push: Push) -> bool:
        is_to_all = push.delivery == Delivery.MASS and push.audience == AudienceKind.ALL
        return is_to_all and self._services.site.profile.api_confirmation


def missed(push: Push) -> Objection:
    """Return why a push is not sent after its latest time."""
    why = push.sentence or "到时候发送程序没有在运行，或者一直在忙"
    return Objection(HoldReason.MISSED, f"过了最迟发送时间，没有发。{why}。请决定还发不发")


def _wait_for(call: PushCall, now: datetime) -> timedelta | None:
    left = (call.called_at or now) + rules.RETRY_UNKNOWN_AFTER - now
    return left if left > timedelta(0) else None


def _is_another(session: Session, call: PushCall, msg_id: str) -> bool:
    owner = session.scalars(select(PushCall.id).where(PushCall.msg_id == msg_id)).one_or_none()
    return owner is not None and owner != call.id
