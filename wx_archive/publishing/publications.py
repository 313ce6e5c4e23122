"""Publishing without notice: WeChat knows no number against doubles here, but the draft tells.

The draft is gone once it was published. So after a call that was never answered nothing is
submitted on a guess: a draft that is still there after a while was not published, one that is gone
is looked for among what was.
"""

from datetime import timedelta
from typing import Final

from sqlalchemy.orm import Session

from wx_archive.core import clock
from wx_archive.core.jobs import LaterError
from wx_archive.core.services import Services
from wx_archive.publishing import calls, progress, reports, rules, verdicts
from wx_archive.publishing.errands import Errand
from wx_archive.publishing.mass_calls import Begun, MassCalls
from wx_archive.publishing.push_models import Push, PushCall
from wx_archive.publishing.reports import Report
from wx_archive.publishing.rules import CallState
from wx_archive.wechat.client import Platform
from wx_archive.wechat.errors import PlatformError
from wx_archive.wechat.publishing import FoundPublished

SUBMIT_AGAIN_AFTER: Final = timedelta(minutes=5)
"""WeChat takes a draft out when the publication is through, not when it is submitted."""
_CLOCKS_DIFFER: Final = timedelta(minutes=5)


class Publications:
    """Submits drafts, and finds out what became of them."""

    def __init__(self, services: Services, platform: Platform, steps: MassCalls) -> None:
        self._services = services
        self._platform = platform
        self._steps = steps

    def make(self, errand: Errand, media_id: str) -> None:
        """Submit the draft, unless it was.

        Raises:
            LaterError: it is to be looked at again later.
            EndedError: a person has to decide.
            LostLeaseError: another worker does it.
        """
        if self._is_settled(errand, media_id):
            return
        begun = self._steps.begin(errand, 0)
        if begun is None:
            return
        try:
            errand.require_lease()
            publish_id = self._platform.publishing.publish(media_id)
        except PlatformError as err:
            self._steps.failed(errand, 0, begun, err)
        else:
            self._accept(errand, verdicts.PUBLISH + publish_id)

    def _is_settled(self, errand: Errand, media_id: str) -> bool:
        """Find out what became of a call that was never answered; True when it had its effect."""
        with errand.opened() as (session, push):
            call = calls.of(session, push)[0]
            session.expunge(call)
        if call.state != CallState.CALLING or call.called_at is None:
            return False
        since = clock.now() - call.called_at
        if since < rules.RETRY_UNKNOWN_AFTER:
            raise LaterError(rules.RETRY_UNKNOWN_AFTER - since)
        try:
            found = self._look(errand, media_id, call)
        except PlatformError as err:
            begun = Begun(call.client_msg_id, may_have_gone=True, tries=call.tries)
            self._steps.failed(errand, 0, begun, err)
            return True
        if found is not None:
            self._found(errand, found)
        return found is not None

    def _look(self, errand: Errand, media_id: str, call: PushCall) -> FoundPublished | None:
        called_at, first = call.called_at or clock.now(), call.first_called_at or clock.now()
        if self._platform.publishing.draft_exists(media_id):
            waited = clock.now() - called_at
            if waited < SUBMIT_AGAIN_AFTER:
                raise LaterError(SUBMIT_AGAIN_AFTER - waited)
            self._back(errand)
            return None
        titles = [piece.content.title for piece in errand.pieces]
        return self._platform.publishing.find_published(titles, since=first - _CLOCKS_DIFFER)

    def _back(self, errand: Errand) -> None:
        """Note that the draft is still there: nothing was published."""
        now = clock.now()
        with errand.opened() as (session, push):
            calls.back(calls.of(session, push)[0])
            words = "草稿还在，上一次没有发布"
            progress.note(session, push, "again", actor=progress.WECHAT, now=now, words=words)

    def _accept(self, errand: Errand, msg_id: str) -> None:
        now = clock.now()

        def keep(session: Session, push: Push) -> None:
            calls.accept(calls.of(session, push)[0], msg_id, now=now)
            progress.note(session, push, "accepted", actor=progress.WECHAT, now=now)

        errand.keep_surely(keep)
        self._steps.finish(errand)

    def _found(self, errand: Errand, found: FoundPublished) -> None:
        """Note that it was published, though nobody told us under which number."""
        now, msg_id = clock.now(), f"{verdicts.PUBLISH}found:{errand.push_id}"
        with errand.opened() as (session, push):
            call = calls.of(session, push)[0]
            number = f"{msg_id}:{push.generation}"
            calls.accept(call, number, now=now)
            report = Report(number, "0", article_id=found.article_id, urls=found.urls)
            reports.keep(session, report, now=now)
            words = "草稿已不在，文章已经发布"
            progress.note(session, push, "accepted", actor=progress.WECHAT, now=now, words=words)
        self._steps.finish(errand)
