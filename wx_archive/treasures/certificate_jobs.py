"""What the worker does with certificates: draws one, and shows it to its sender, once."""

import hashlib
import io
import logging
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection

from wx_archive.chat import held, windows
from wx_archive.core import clock
from wx_archive.core.errors import RefusedError
from wx_archive.core.jobs import Jobs, LaterError, Work
from wx_archive.core.services import Services
from wx_archive.followers import service as followers
from wx_archive.followers.identity import Door
from wx_archive.followers.models import Follower
from wx_archive.media.fonts import NoFontError
from wx_archive.media.objects import MissingObjectError
from wx_archive.treasures import certificate_art, certificate_texts, certificates, removal
from wx_archive.treasures.certificate_art import Drawn, NoGlyphError, Printed
from wx_archive.treasures.certificates import Known
from wx_archive.treasures.sealed import new_key, open_sealed
from wx_archive.treasures.uploads import PURPOSE
from wx_archive.wechat.account import Capability
from wx_archive.wechat.client import Platform
from wx_archive.wechat.errors import (
    BusyError,
    FollowerError,
    PlatformError,
    QuotaError,
    TokenRefusedError,
    UnknownOutcomeError,
)

log = logging.getLogger(__name__)

AGAIN_AFTER: Final = timedelta(minutes=1)
_NOTHING_DONE: Final = (BusyError, QuotaError, TokenRefusedError)
_KEY: Final = "key"
_SENDING: Final = "sending"
_SAID: Final = "said"
"""The words before the picture were sent, or may have been: they are never sent twice."""


def build(services: Services, platform: Platform) -> Jobs:
    """Return the kinds of job."""
    easel = _Easel(services, platform)
    own = Jobs()
    own.handles(certificates.DRAW)(easel.draw)
    own.handles(certificates.SEND)(easel.send)
    return own


class _Easel:
    """The handlers, with what they work with."""

    def __init__(self, services: Services, platform: Platform) -> None:
        self._services = services
        self._platform = platform
        self._store = open_sealed(services.settings)
        self._door = Door.of(services.settings)

    # -- drawing ---------------------------------------------------------------------------------

    def draw(self, work: Work) -> None:
        """Draw a certificate and keep it; whoever died half-way has left its name to the next."""
        known = self._known(work)
        if not known.is_standing or known.png_key is not None:
            return
        site = self._services.site
        printed = Printed.of(known, bureau=site.profile.name, origin=site.origin)
        try:
            drawn = certificate_art.draw(printed, font=self._services.settings.font)
        except (NoGlyphError, NoFontError) as err:
            log.warning("treasures.certificate_not_drawn id=%d", known.id)
            with work.finishing() as session:
                certificates.not_drawn(session, known.id, why=str(err))
            return
        self._keep(work, known, drawn)

    def _keep(self, work: Work, known: Known, drawn: Drawn) -> None:
        if not work.recorded(_KEY):
            work.record(_KEY, fact=new_key())
        key = str(work.recorded(_KEY))
        self._store.put(key, io.BytesIO(drawn.png))
        self._store.put(certificates.pdf_key(key), io.BytesIO(drawn.pdf))
        sha256 = hashlib.sha256(drawn.png).hexdigest()
        with work.begin() as session:
            is_kept = certificates.drawn(session, known.id, key=key, sha256=sha256, now=clock.now())
        if is_kept or self._known(work).png_key == key:
            log.info("treasures.certificate_drawn id=%d", known.id)
        else:
            removal.remove(self._store, key)

    # -- sending ---------------------------------------------------------------------------------

    def send(self, work: Work) -> None:
        """Send the sender the picture, at most once; where that cannot be, tell where it is."""
        known = self._known(work)
        if not known.is_standing or known.png_key is None or known.follower_id is None:
            return
        # Recorded: who held the job before died while sending. The picture may have arrived; that
        # it can be fetched is said in any case.
        if work.recorded(_SENDING) or not self._may_send():
            self._tell(work, known)
            return
        try:
            is_sent = self._picture(work, known, known.follower_id)
        except _NOTHING_DONE as err:
            work.record(_SENDING, fact=False)
            raise LaterError(AGAIN_AFTER) from err
        except FollowerError as err:
            log.info("treasures.certificate_not_deliverable code=%s", err.code)
            with work.begin() as session:
                windows.close(session, known.follower_id)
            is_sent = False
        except (PlatformError, RefusedError, MissingObjectError) as err:
            log.warning("treasures.certificate_not_sent cause=%s", type(err).__name__)
            is_sent = False
        if not is_sent:
            self._tell(work, known)

    def _may_send(self) -> bool:
        account = self._platform.account
        return account.may(Capability.SERVICE_MESSAGES) and account.may(Capability.MEDIA)

    def _picture(self, work: Work, known: Known, follower_id: int) -> bool:
        """Send the picture, its words before it; False if nothing may be sent now.

        Where one message is all that is left, it is the picture: it says what it is.
        """
        with work.begin() as session:
            may = followers.may_receive(session, follower_id)
            if not may or not windows.is_open(session, follower_id, now=clock.now()):
                return False
        # Lent for three days, never put into the account's library: it names a person. Lent anew
        # for every sending, it is right for whichever account we are by then.
        with self._store.open(str(known.png_key)) as file:
            media_id = self._platform.upload("image", _Named(file.read()))
        with work.begin() as session:
            openid = session.get_one(Follower, follower_id).openid
            if not windows.spend(session, follower_id, now=clock.now()):
                return False
            is_wordy = not work.recorded(_SAID)
            is_wordy = is_wordy and windows.spend(session, follower_id, now=clock.now())
        work.record(_SENDING)
        if is_wordy:
            self._say(work, known, openid)
        self._platform.send_image(openid, media_id)
        log.info("treasures.certificate_sent id=%d", known.id)
        return True

    def _say(self, work: Work, known: Known, openid: str) -> None:
        """Send the words; the picture is sent all the same where nobody knows if they arrived."""
        text = certificate_texts.sent(known.called, known.number, is_anew=known.is_anew)
        try:
            self._platform.send_text(openid, text)
        except UnknownOutcomeError as err:
            log.warning("treasures.certificate_words_unknown cause=%s", type(err).__name__)
        work.record(_SAID)

    def _tell(self, work: Work, known: Known) -> None:
        with work.finishing() as session:
            if known.follower_id is None or session.get(Follower, known.follower_id) is None:
                return
            text = certificate_texts.ready(
                known.called,
                known.number,
                known.treasure_number,
                self._address(session.connection(), known),
                is_anew=known.is_anew,
            )
            key = f"{certificates.SEND}:{known.id}"
            held.tell(session, known.follower_id, text, key=key, now=clock.now())

    def _address(self, connection: Connection, known: Known) -> str:
        """Return the page's address where it is good for as long as a text may wait, else none."""
        if not self._door.has_oauth or known.follower_id is None:
            return ""
        path = certificate_texts.own_page(known.treasure_pid)
        return self._door.address(
            connection, known.follower_id, path, purpose=PURPOSE, now=clock.now()
        )

    def _known(self, work: Work) -> Known:
        with self._services.database.reads() as connection:
            return certificates.by_id(connection, int(work.payload["certificate"]))


class _Named(io.BytesIO):
    """A picture with the name that WeChat wants: it tells the kind of file from it."""

    name = "certificate.png"
