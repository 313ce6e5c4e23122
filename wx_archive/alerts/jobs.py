"""What the worker does about alerts: looks for them every minute, tells whom they concern."""

import logging
import shutil
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from wx_archive.alerts import binding, rules, service, telling, texts, troubles
from wx_archive.alerts.rules import Way
from wx_archive.alerts.telling import TELL, Telling
from wx_archive.core import clock, jobs
from wx_archive.core.database import is_transient
from wx_archive.core.errors import RefusedError
from wx_archive.core.jobs import Jobs, LaterError, Schedule, Work
from wx_archive.core.services import Services
from wx_archive.staff.plugs import Alert, Alerts
from wx_archive.wechat import standing
from wx_archive.wechat.account import Capability
from wx_archive.wechat.client import Platform, TemplateNotice
from wx_archive.wechat.errors import (
    BusyError,
    PlatformError,
    QuotaError,
    TokenRefusedError,
    UnknownOutcomeError,
)

log = logging.getLogger(__name__)

WATCH: Final = "alerts.watch"
SCHEDULES: Final = (Schedule(WATCH, "* * * * *", WATCH),)
AGAIN_AFTER: Final = timedelta(minutes=1)
SURE_FOR: Final = timedelta(minutes=9)
"""WeChat knows a template message's number for ten minutes: no second try after that."""
Sources = Callable[[], Sequence[tuple[str, Alerts]]]
"""Every feature's own check, by the feature's name."""


def build(services: Services, platform: Platform, sources: Sources) -> Jobs:
    """Return the kinds of job, which know every feature's checks."""
    desk = _Desk(services, platform, sources)
    own = Jobs()
    own.handles(WATCH, attempts=2)(desk.watch)
    own.handles(TELL)(desk.tell)
    return own


class _Desk:
    """The handlers, with what they work with."""

    def __init__(self, services: Services, platform: Platform, sources: Sources) -> None:
        self._services = services
        self._platform = platform
        self._sources = sources

    def watch(self, work: Work) -> None:
        """Raise what is wrong now, end what is mended, have people told."""
        now = clock.now()
        if _is_late(work, now):
            with work.finishing() as session:
                self._look_again(session, now, rules.SOON)
            return
        found, is_whole = self._found(now)
        with work.finishing() as session:
            new = service.raise_all(session, found, now=now)
            if is_whole:
                service.end_others(session, {alert.key for alert in found}, now=now)
            binding.drop_disabled(session)
            telling.tell(session, new, now=now)
            service.sweep(session, now=now)
            standing.forget_refusals(session, before=now - rules.KEPT_OVER)
            service.note_look(session, now=now)
            self._look_again(session, now, rules.LOOK_AGAIN)
        for raised in new:
            log.warning("alerts.raised key=%s", raised.alert.key)

    def tell(self, work: Work) -> None:
        """Tell one person of one alert, once."""
        alert_id, member_id = int(work.payload["alert"]), int(work.payload["member"])
        now = clock.now()
        with work.begin() as session:
            told = telling.open_telling(session, alert_id, member_id, now=now)
        if told is None:
            with work.finishing() as session:
                telling.note(session, alert_id, member_id, Way.NOT, now=now)
            return
        if (due := rules.told_from(now, is_urgent=told.is_urgent)) > now:
            raise LaterError(due - now)
        way = Way.SERVICE if told.is_reachable else self._by_template(work, told, now)
        with work.finishing() as session:
            if way is Way.SERVICE:
                telling.in_chat(session, told, address=self._address, now=now)
            telling.note(session, alert_id, member_id, way, now=now)

    @property
    def _address(self) -> str:
        return f"{self._services.settings.origin}/console/alerts"

    def _found(self, now: datetime) -> tuple[list[Alert], bool]:
        """Return what is wrong; the second part tells whether every check could be made."""
        found = self._disk(now)
        is_whole = True
        for name, check in self._sources():
            try:
                with self._services.database.reads() as connection:
                    found += check(connection, now)
            except Exception as err:
                if is_transient(err):
                    raise
                log.error("alerts.check_failed name=%s", name, exc_info=err)  # noqa: TRY400 -- trace
                found.append(troubles.check_failed(name, now=now))
                is_whole = False
        return found, is_whole

    def _disk(self, now: datetime) -> list[Alert]:
        free_bytes = shutil.disk_usage(self._services.settings.data_dir).free
        with self._services.database.reads() as connection:
            is_low = service.is_open(connection, troubles.DISK)
        least = rules.DISK_ENOUGH_BYTES if is_low else rules.DISK_LOW_BYTES
        return [troubles.disk_low(free_bytes, now=now)] if free_bytes < least else []

    def _look_again(self, session: Session, now: datetime, after: timedelta) -> None:
        """Look by ourselves later on: a scheduler that is gone asks for nothing."""
        slot = int((now + after).timestamp() / after.total_seconds())
        due = now + after
        jobs.enqueue(
            session,
            WATCH,
            {"due": due.isoformat()},
            key=f"{WATCH}:{after.total_seconds():.0f}:{slot}",
            now=now,
            due=due,
        )

    def _by_template(self, work: Work, told: Telling, now: datetime) -> Way:
        """Send a template message; `SERVICE` when that has to wait in the chat instead."""
        notice = self._notice(told)
        if notice is None:
            return Way.SERVICE
        asked_at = work.recorded("asked")
        if asked_at is None:
            work.record("asked", fact=now.isoformat())
        elif now - datetime.fromisoformat(asked_at) > SURE_FOR:
            return Way.UNKNOWN
        try:
            self._platform.send_template(told.openid, notice)
        except (BusyError, QuotaError, TokenRefusedError) as err:
            work.record("asked", fact=None)
            raise LaterError(AGAIN_AFTER) from err
        except UnknownOutcomeError as err:
            raise LaterError(AGAIN_AFTER) from err
        except (PlatformError, RefusedError) as err:
            log.warning("alerts.no_template cause=%s", type(err).__name__)
            return Way.SERVICE
        return Way.TEMPLATE

    def _notice(self, told: Telling) -> TemplateNotice | None:
        profile = self._services.site.profile
        if not profile.alert_template or not self._may_use_templates():
            return None
        what, _space, when = profile.alert_template_fields.partition(" ")
        values = {what: texts.clipped(told.title), when.strip(): texts.full_moment(told.since)}
        return TemplateNotice(
            profile.alert_template.strip(),
            told.key,
            {name: value for name, value in values.items() if name},
            self._address,
        )

    def _may_use_templates(self) -> bool:
        return self._platform.account.may(Capability.TEMPLATE_NOTICES)


def _is_late(work: Work, now: datetime) -> bool:
    """Tell whether a look that the worker set itself comes too late to judge others by."""
    due: Any = work.payload.get("due")
    return due is not None and now - datetime.fromisoformat(due) > rules.LATE_LOOK
