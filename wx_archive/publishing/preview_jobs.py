"""A push on the phone of whoever prepares it: made and sent as it will be, to one person only.

Everything goes to WeChat as for the real send, so that what is refused is refused now. The draft
that it takes is another one than the push's, and stays in the draft box.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Final

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from wx_archive.core import clock
from wx_archive.core.errors import RefusedError
from wx_archive.core.jobs import Jobs, Work, enqueue
from wx_archive.core.services import Services
from wx_archive.publishing import preflight_facts
from wx_archive.publishing.pieces import Content
from wx_archive.publishing.preparing import Preparer, Ready
from wx_archive.publishing.push_models import Push, PushStep
from wx_archive.publishing.rules import Kind
from wx_archive.staff.rules import Person
from wx_archive.wechat.client import Platform
from wx_archive.wechat.errors import PlatformError
from wx_archive.wechat.publishing import MassMessage, MpNews

log = logging.getLogger(__name__)

PREVIEW: Final = "publishing.preview"
STEP: Final = "preview"
ASKED: Final = "preview.asked"
"""Steps of a push: somebody asked for it; what became of it."""
UNBOUND: Final = "没有发成：您还没有绑定微信。请在“我的账号”里绑定，关注着公众号的手机才收得到"
ARRIVED: Final = "发到了您的微信，请到手机上看"
OpenidOf = Callable[[Connection, int], str | None]
"""Whose phone it is: the openid of a member of the staff, None where none is bound."""


def ask(session: Session, push: Push, person: Person, *, now: datetime) -> None:
    """Have a push shown on somebody's own phone; the worker does it."""
    _note(session, push.id, ASKED, actor=person.login, now=now)
    payload = {"push": push.id, "member": person.id, "login": person.login}
    key = f"preview:{push.id}:{person.id}:{now.isoformat(timespec='seconds')}"
    enqueue(session, PREVIEW, payload, key=key, now=now)
    session.flush()


def build(services: Services, platform: Platform, openid_of: OpenidOf) -> Jobs:
    """Return the kinds of job."""
    own = Jobs()
    preparer = Preparer(services, platform)

    @own.handles(PREVIEW, attempts=2)
    def preview(work: Work) -> None:
        push_id, member_id = int(work.payload["push"]), int(work.payload["member"])
        with services.database.reads() as connection:
            openid = openid_of(connection, member_id)
            pieces = [
                Ready(piece.pid, Content.of(piece))
                for piece in preflight_facts.pieces_of(connection, push_id)
            ]
        said = _shown(preparer, platform, pieces, openid)
        with work.finishing() as session:
            login = str(work.payload["login"])
            _note(session, push_id, STEP, actor=login, now=clock.now(), words=said)
        log.info("publishing.previewed push=%d arrived=%s", push_id, said == ARRIVED)

    return own


def _note(
    session: Session, push_id: int, step: str, *, actor: str, now: datetime, words: str = ""
) -> None:
    """Add a line to a push's history; a look at it changes nothing that is about to be sent."""
    session.add(PushStep(push_id=push_id, at=now, step=step, note=words[:500], actor=actor))


def _shown(preparer: Preparer, platform: Platform, pieces: list[Ready], openid: str | None) -> str:
    """Send the preview; return what became of it, in Chinese."""
    if openid is None:
        return UNBOUND
    try:
        platform.publishing.preview(_message(preparer, platform, pieces), openid)
    except (PlatformError, RefusedError) as err:
        return f"没有发成：{err}"
    return ARRIVED


def _message(preparer: Preparer, platform: Platform, pieces: list[Ready]) -> MassMessage:
    now = clock.now()
    if pieces[0].content.kind is not Kind.ARTICLE:
        return preparer.message(pieces[0], now=now)
    return MpNews(platform.publishing.add_draft(preparer.articles(pieces, now=now)))
