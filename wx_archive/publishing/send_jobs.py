"""What the worker does for pushes: sends them, asks what became of them, misses none."""

import logging
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from wx_archive.core import clock
from wx_archive.core.jobs import Job, Jobs, JobState, Schedule, Work
from wx_archive.core.services import Services
from wx_archive.publishing import calls, mass_calls, plans, progress, reports, verdicts
from wx_archive.publishing.plans import POLL, SEND
from wx_archive.publishing.push_models import Push
from wx_archive.publishing.reports import Report
from wx_archive.publishing.rules import CallState, HoldReason, PushState
from wx_archive.publishing.sending import Sender
from wx_archive.wechat.client import Platform
from wx_archive.wechat.errors import PlatformError
from wx_archive.wechat.publishing import MassStatus, PublishOutcome

log = logging.getLogger(__name__)

WATCH: Final = "publishing.watch"
SCHEDULES: Final = (Schedule(WATCH, "* * * * *", WATCH),)
NO_REPORT: Final = "微信收下以后一小时，没有说结果。请到公众平台看，再决定"
_BROKEN: Final = "发送程序几次都没有办成，已经停下。请找技术人员看“系统”页，再决定"
_SLACK: Final = timedelta(minutes=15)
"""After the last time that WeChat is asked: by then its job has long been done."""


def build(services: Services, platform: Platform) -> Jobs:
    """Return the kinds of job."""
    own = Jobs()
    own.handles(SEND)(Sender(services, platform).send)
    own.handles(POLL)(Poller(services, platform).poll)

    @own.handles(WATCH)
    def watch(work: Work) -> None:
        if held := hold_forsaken(work):
            log.warning("publishing.forsaken pushes=%d", held)

    return own


class Poller:
    """Asks WeChat what became of a push."""

    def __init__(self, services: Services, platform: Platform) -> None:
        self._services = services
        self._platform = platform

    def poll(self, work: Work) -> None:
        """Ask about every call of which nothing is known; after the last time a person decides."""
        push_id, plan = int(work.payload["push"]), int(work.payload["plan"])
        number = int(work.payload["number"])
        with work.begin() as session:
            push = plans.locked_by_id(session, push_id)
            if push is None or push.plan != plan or push.state != PushState.SENDING:
                return
            asked = [
                call.msg_id
                for call in calls.of(session, push)
                if call.state == CallState.ACCEPTED and call.msg_id
            ]
        found = [report for msg_id in asked if (report := self._ask(msg_id))]
        now, live = clock.now(), self._services.site.live
        with work.finishing() as session:
            for report in found:
                reports.keep(session, report, now=now)
            reports.settle_by_id(session, push_id, now=now, live=live)
            _go_on(session, push_id, plan, number, now)

    def _ask(self, msg_id: str) -> Report | None:
        """Return what WeChat says of a call; None while it works on it, or says nothing."""
        kind, _colon, number = msg_id.partition(":")
        publishing = self._platform.publishing
        try:
            if f"{kind}:" == verdicts.MASS:
                status = publishing.mass_status(number)
                return None if status is MassStatus.UNDER_WAY else Report(msg_id, status.value)
            told = publishing.published(number)
        except PlatformError as err:
            log.warning("publishing.not_told kind=%s cause=%s", kind, type(err).__name__)
            return None
        if told.outcome is PublishOutcome.UNDER_WAY:
            return None
        urls = tuple(told.urls[place] for place in sorted(told.urls))
        return Report(msg_id, str(told.outcome.value), article_id=told.article_id, urls=urls)


def hold_forsaken(work: Work) -> int:
    """Hold every push whose job was given up or is not there; return how many.

    A job that fails again and again ends as a dead letter: what it was to send must not be
    forgotten with it.
    """
    now = clock.now()
    with work.begin() as session:
        rows = session.execute(
            select(Push.id, Push.plan, Push.state)
            .where(
                (Push.state == PushState.SENDING)
                | ((Push.state == PushState.SCHEDULED) & (Push.due_at <= now))
            )
            .order_by(Push.id)
        ).all()
    return sum(_hold(work, row.id, row.plan, now) for row in rows)


def _hold(work: Work, push_id: int, plan: int, now: datetime) -> bool:
    with work.begin() as session:
        push = plans.locked_by_id(session, push_id)
        if push is None or push.plan != plan or not _is_forsaken(session, push, now):
            return False
        states = {CallState(call.state) for call in calls.of(session, push)}
        if push.state == PushState.SCHEDULED:
            found = mass_calls.missed(push)
            progress.hold(session, push, found.reason, found.sentence, now=now)
        elif CallState.CALLING in states:
            progress.hold(session, push, HoldReason.UNKNOWN, mass_calls.UNKNOWN, now=now)
        elif states & calls.TAKEN:
            progress.hold(session, push, HoldReason.NO_REPORT, NO_REPORT, now=now)
        else:
            progress.hold(session, push, HoldReason.REFUSED, _BROKEN, now=now)
        return True


def _is_forsaken(session: Session, push: Push, now: datetime) -> bool:
    """Tell whether nobody is at work on a push any more."""
    if push.state not in (PushState.SCHEDULED, PushState.SENDING):
        return False
    asked = select(Job.state).where(Job.key == plans.key_of(push))
    state = session.scalars(asked).one_or_none()
    if state in (JobState.WAITING, JobState.RUNNING):
        return False
    if state == JobState.DONE and push.state == PushState.SENDING:
        last = (push.sent_at or push.begun_at or now) + plans.LAST_ASKED + _SLACK
        return now >= last
    return True


def _go_on(session: Session, push_id: int, plan: int, number: int, now: datetime) -> None:
    push = plans.locked_by_id(session, push_id)
    if push is None or push.plan != plan or push.state != PushState.SENDING:
        return
    if plans.ask_later(session, push, number + 1, now=now):
        return
    states = {call.state for call in calls.of(session, push)}
    if not states & {CallState.READY, CallState.CALLING}:  # else the sender is still at it
        progress.hold(session, push, HoldReason.NO_REPORT, NO_REPORT, now=now)
