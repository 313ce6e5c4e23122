"""What the worker does with cards: draws a season's, and shows one to whoever has earned it."""

import logging
from datetime import timedelta
from typing import Final

from wx_archive.chat import windows
from wx_archive.core import clock
from wx_archive.core.jobs import Jobs, LaterError, Work
from wx_archive.core.services import Services
from wx_archive.followers import service as followers
from wx_archive.media import hosting
from wx_archive.media import service as media
from wx_archive.media.objects import open_objects
from wx_archive.media.service import Held
from wx_archive.quiz import card_queries, pictures, play, season_desk
from wx_archive.quiz.card_queries import Earned
from wx_archive.wechat.account import Capability
from wx_archive.wechat.client import Platform
from wx_archive.wechat.errors import (
    BusyError,
    FollowerError,
    PlatformError,
    QuotaError,
    TokenRefusedError,
)
from wx_archive.wechat.refusals import MEDIA_GONE

log = logging.getLogger(__name__)

AGAIN_AFTER: Final = timedelta(minutes=1)
FRESH: Final = timedelta(minutes=10)
"""A picture that comes later than this after its answer would be a surprise; the album has it."""
NOTED_WITHIN: Final = timedelta(seconds=3)
"""What a follower did opens their window with the next batch: not before the answer stands."""
_NOTHING_DONE: Final = (BusyError, QuotaError, TokenRefusedError)
_SENDING: Final = "sending"
_DRAWN: Final = "drawn"
_ANEW: Final = "uploaded anew"


def build(services: Services, platform: Platform) -> Jobs:
    """Return the kinds of job."""
    easel = _Easel(services, platform)
    own = Jobs()
    own.handles(season_desk.DRAW)(easel.draw)
    own.handles(play.SHOW_CARD)(easel.show)
    return own


class _Easel:
    """The handlers, with what they work with."""

    def __init__(self, services: Services, platform: Platform) -> None:
        self._services = services
        self._platform = platform
        self._store = open_objects(services.settings)

    def draw(self, work: Work) -> None:
        """Draw the ten cards of a season, keep them, and have WeChat hold them.

        Done again it changes nothing: the same words are the same bytes, and those one asset.
        """
        season_id = int(work.payload["season"])
        database = self._services.database
        if not work.recorded(_DRAWN):
            font = self._services.settings.font
            drawn = pictures.draw(database, self._store, season_id, font=font)
            with work.begin() as session:
                known = self._services.site.live
                kept = pictures.keep(session, season_id, drawn, known, now=clock.now())
            log.info("quiz.cards_drawn season=%d cards=%d", season_id, kept)
            work.record(_DRAWN)
        if not self._platform.account.may(Capability.MEDIA):
            return
        for held in self._drawn_of(season_id):
            try:
                self._host(held)
            except _NOTHING_DONE as err:
                raise LaterError(AGAIN_AFTER) from err

    def show(self, work: Work) -> None:
        """Send somebody the picture of a card just earned, at most once.

        Where it cannot be sent nothing is lost: the answer has told of the card, a tap shows it.
        """
        if work.recorded(_SENDING):
            # Who held the job before died while sending: it may have arrived.
            return
        if not self._platform.account.may(Capability.SERVICE_MESSAGES):
            return
        with self._services.database.reads() as connection:
            earned = card_queries.earned(connection, int(work.payload["card"]))
            art = pictures.art_of(connection, earned) if earned else None
        if earned is None or art is None or clock.now() - earned.earned_at > FRESH:
            return
        try:
            self._send(work, earned, art)
        except _NOTHING_DONE as err:
            work.record(_SENDING, fact=False)
            raise LaterError(AGAIN_AFTER) from err
        except FollowerError as err:
            log.info("quiz.card_not_deliverable code=%s", err.code)
            with work.finishing() as session:
                windows.close(session, earned.follower_id)
        except PlatformError as err:
            log.warning("quiz.card_not_sent cause=%s code=%s", type(err).__name__, err.code)

    def _send(self, work: Work, earned: Earned, held: Held) -> None:
        media_id = self._host(held)
        now = clock.now()
        with work.begin() as session:
            if not followers.may_receive(session, earned.follower_id, asked_at=earned.earned_at):
                return
            is_open = windows.spend(session, earned.follower_id, now=now)
        if not is_open:
            if now - earned.earned_at < NOTED_WITHIN:
                raise LaterError(NOTED_WITHIN)
            return
        work.record(_SENDING)
        try:
            self._platform.send_image(earned.openid, media_id)
        except PlatformError as err:
            if err.code != MEDIA_GONE or work.recorded(_ANEW):
                raise
            # Somebody has deleted it from the account's library.
            with work.begin() as session:
                hosting.forget(session, media_id)
            work.record(_ANEW)
            self._platform.send_image(earned.openid, self._host(held))

    def _host(self, held: Held) -> str:
        database, now = self._services.database, clock.now()
        return pictures.host(database, self._store, self._platform, held, now=now)

    def _drawn_of(self, season_id: int) -> list[Held]:
        with self._services.database.reads() as connection:
            found = card_queries.to_draw(connection, season_id)
            cards = found[1] if found else ()
            held = media.find(connection, [card.art_pid for card in cards if card.art_pid])
        return list(held.values())
