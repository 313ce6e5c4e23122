"""Sending a push: a job in steps, each committed before and after WeChat is spoken to.

Whoever is killed between two steps is followed by another worker that begins where the database
says. The one call that must not be made twice is known to WeChat by its number (`mass_calls`);
where WeChat knows no number, the draft tells (`publications`).
"""

import logging
from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from wx_archive.core import clock
from wx_archive.core.errors import RefusedError
from wx_archive.core.jobs import LaterError, Work
from wx_archive.core.services import Services
from wx_archive.followers import interests
from wx_archive.publishing import (
    approvals,
    audiences,
    calls,
    failures,
    ledger,
    mass_calls,
    plans,
    progress,
    releases,
    tags,
)
from wx_archive.publishing.decisions import has_begun
from wx_archive.publishing.errands import EndedError, Errand
from wx_archive.publishing.failures import Next, Step
from wx_archive.publishing.ledger import NoPlaceError
from wx_archive.publishing.mass_calls import MassCalls
from wx_archive.publishing.preparing import Preparer
from wx_archive.publishing.publications import Publications
from wx_archive.publishing.push_models import Push
from wx_archive.publishing.rules import AudienceKind, Delivery, HoldReason, Kind, PushState
from wx_archive.wechat.client import Platform
from wx_archive.wechat.errors import ContentError, PlatformError
from wx_archive.wechat.publishing import MassMessage, MpNews, Receivers, ToAll, ToList, ToTag
from wx_archive.wechat.refusals import MEDIA_GONE

log = logging.getLogger(__name__)


class Sender:
    """Carries out scheduled pushes."""

    def __init__(self, services: Services, platform: Platform) -> None:
        self._services = services
        self._platform = platform
        self._preparer = Preparer(services, platform)
        self._calls = MassCalls(services, platform)
        self._publications = Publications(services, platform, self._calls)

    def send(self, work: Work) -> None:
        """Do what is left to do of a push; the handler of `publishing.send`.

        Raises:
            LaterError: its time has not come, or something has to be tried again.
            LostLeaseError: another worker has it.
        """
        try:
            errand = self._take(work)
            if errand is not None:
                self._carry_out(errand)
        except EndedError as err:
            log.info("publishing.ended push=%s why=%s", work.payload["push"], type(err).__name__)

    def _take(self, work: Work) -> Errand | None:
        """Look at everything once more, and begin; None when there is nothing to be done."""
        now, push_id, plan = clock.now(), int(work.payload["push"]), int(work.payload["plan"])
        with work.begin() as session:
            releases.lock_pieces(session, push_id)
            push = plans.locked_by_id(session, push_id)
            if push is None or push.plan != plan:
                return None
            if push.state == PushState.SCHEDULED:
                self._begin(session, push, now)
            elif push.state == PushState.SENDING:
                self._go_on(session, push, now)
            if push.state != PushState.SENDING:
                return None
            if push.delivery == Delivery.SITE:
                self._left(session, push, now)
                return None
            return Errand.of(session, push, work)

    def _begin(self, session: Session, push: Push, now: datetime) -> None:
        """Bring a scheduled push into `SENDING`, or hold it."""
        if push.due_at is not None and now < push.due_at:
            raise LaterError(push.due_at - now)
        steps = self._services.site.profile.review_steps
        found = _late(push, now) or approvals.objection(session.connection(), push.id, steps=steps)
        if found is not None:
            progress.hold(session, push, found.reason, found.sentence, now=now)
            return
        delivery, audience = Delivery(push.delivery), AudienceKind(push.audience)
        scopes = ledger.scopes_for(self._platform.account, now, delivery, audience)
        try:
            ledger.reserve(session, push, scopes)
        except NoPlaceError as err:
            progress.hold(session, push, HoldReason.NO_QUOTA, str(err), now=now)
            return
        progress.advance(session, push, PushState.SENDING, actor=progress.SCHEDULER, now=now)
        push.begun_at, push.cooling_until = now, None
        log.info("publishing.begun push=%d plan=%d", push.id, push.plan)

    def _go_on(self, session: Session, push: Push, now: datetime) -> None:
        """Hold a push that was begun in time and has not come to its first call since."""
        if (found := _late(push, now)) and not has_begun(session, push):
            progress.hold(session, push, found.reason, found.sentence, now=now)

    def _carry_out(self, errand: Errand) -> None:
        try:
            message = self._message(errand)
            places = self._places(errand)
            to = partial(self._receivers, errand, self._tag_id(errand))
        except (PlatformError, RefusedError) as err:
            self._not_prepared(errand, err)
            return
        match errand.delivery:
            case Delivery.DRAFT:
                with errand.opened() as (session, push):
                    self._left(session, push, clock.now())
            case Delivery.PUBLISH if isinstance(message, MpNews):
                self._publications.make(errand, message.media_id)
                self._calls.finish(errand)
            case _:
                for place in places:
                    self._calls.make(errand, place, message, partial(to, place))
                self._calls.finish(errand)

    def _message(self, errand: Errand) -> MassMessage:
        """Return what is sent; articles and whatever is published lie in the draft box first."""
        first = errand.pieces[0]
        now = clock.now()
        if errand.delivery is Delivery.MASS and first.content.kind is not Kind.ARTICLE:
            return self._preparer.message(first, now=now)
        if errand.media_id:
            return MpNews(errand.media_id)
        try:
            articles = self._preparer.articles(errand.pieces, now=now)
            errand.require_lease()
            media_id = self._platform.publishing.add_draft(articles)
        except ContentError as err:
            self._forget_media(errand, err)
            raise
        with errand.opened() as (session, push):
            push.media_id = media_id
            progress.note(session, push, "draft", actor=progress.SCHEDULER, now=clock.now())
        return MpNews(media_id)

    def _forget_media(self, errand: Errand, err: ContentError) -> None:
        """Upload everything anew, once: somebody may have emptied the library at WeChat."""
        if err.code != MEDIA_GONE or errand.work.recorded("uploaded anew"):
            return
        with errand.opened() as (session, _push):
            self._preparer.forget(session, errand.pieces)
        errand.work.record("uploaded anew")
        raise LaterError(clock.seconds(1)) from err

    def _places(self, errand: Errand) -> tuple[int, ...]:
        """Write down who gets it and which calls that takes; return their places."""
        with errand.opened() as (session, push):
            audiences.freeze(session, push, now=clock.now())
            is_list = errand.audience is AudienceKind.LIST
            places = audiences.places(session.connection(), push.id) if is_list else (0,)
            calls.lay_out(session, push, len(places), app_id=self._platform.app_id)
        return places

    def _tag_id(self, errand: Errand) -> int:
        """Bring the topic's tag to those who chose it; 0 where no tag is needed."""
        if errand.audience is not AudienceKind.TAG:
            return 0
        topic = interests.topics(self._services.site).get(errand.topic)
        if topic is None:
            raise RefusedError(f"主题“{errand.topic}”已经不在兴趣表里")
        done = tags.sync(self._services.database, self._platform.publishing, topic, now=clock.now())
        return done.tag_id

    def _receivers(self, errand: Errand, tag_id: int, place: int) -> Receivers:
        match errand.audience:
            case AudienceKind.ALL:
                return ToAll()
            case AudienceKind.TAG:
                return ToTag(tag_id)
            case AudienceKind.LIST:
                with self._services.database.reads() as connection:
                    return ToList(audiences.openids(connection, errand.push_id, place))

    def _not_prepared(self, errand: Errand, err: PlatformError | RefusedError) -> None:
        """Do what follows when a push could not be brought to its call."""
        now, tries = clock.now(), int(errand.work.recorded("tries") or 0) + 1
        step = failures.step_after(
            err, may_have_gone=False, tries=tries, latest_at=errand.latest_at, now=now
        )
        log.warning(
            "publishing.not_ready push=%d next=%s code=%s", errand.push_id, step.next, step.code
        )
        with errand.opened() as (session, push):
            _stop(session, push, step, now)
        if step.next is Next.AGAIN:
            errand.work.record("tries", fact=tries)
            raise LaterError(step.after)

    def _left(self, session: Session, push: Push, now: datetime) -> None:
        """End a push of which WeChat reports nothing: our own pages, the draft box."""
        releases.went_out(session, push, now=now, live=self._services.site.live)
        progress.advance(session, push, PushState.SENT, actor=progress.SCHEDULER, now=now)


def _late(push: Push, now: datetime) -> approvals.Objection | None:
    is_late = push.latest_at is not None and now > push.latest_at
    return mass_calls.missed(push) if is_late else None


def _stop(session: Session, push: Push, step: Step, now: datetime) -> None:
    """Hold a push or end it; one of which something has gone already only waits."""
    if step.next is Next.AGAIN:
        push.sentence, push.error_code = step.sentence[:500], step.code
        words = f"稍后再试：{step.sentence}"
        progress.note(session, push, "again", actor=progress.SCHEDULER, now=now, words=words)
    elif step.next is Next.HOLD or has_begun(session, push):
        progress.hold(session, push, step.reason, step.sentence, now=now, code=step.code)
    else:
        progress.advance(
            session, push, PushState.FAILED, actor=progress.WECHAT, now=now, words=step.sentence
        )
        push.error_code = step.code
        ledger.free(session, push)
