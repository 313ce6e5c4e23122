"""Cards that show a picture which may be shown no more: drawn anew without it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from wx_archive.core import live
from wx_archive.core.site import Site
from wx_archive.media import service as media
from wx_archive.quiz import season_desk, seasons
from wx_archive.quiz.models import CardKind, Season
from wx_archive.quiz.rules import SeasonState


@dataclass(frozen=True, slots=True)
class OnCard:
    """A card with a picture on it."""

    season_pid: str
    season: str
    ordinal: int
    title: str


def uses(connection: Connection, asset_pid: str) -> Sequence[OnCard]:
    """Return every card that shows a picture of the library."""
    rows = connection.execute(
        select(Season.pid, Season.name, CardKind.ordinal, CardKind.title)
        .join(Season, Season.id == CardKind.season_id)
        .where(CardKind.asset_pid == asset_pid, Season.state != SeasonState.WITHDRAWN)
        .order_by(Season.id, CardKind.ordinal)
    )
    return [OnCard(*row) for row in rows]


def draw_without(session: Session, site: Site, asset_pid: str, now: datetime) -> int:
    """Take a picture off the cards that show it; return how many are drawn anew.

    Nobody is asked first: whose picture it is has said no. What was drawn with it is shown nowhere.
    """
    which = select(CardKind.season_id).where(CardKind.asset_pid == asset_pid).distinct()
    numbers = session.scalars(which.order_by(CardKind.season_id)).all()
    if not numbers:
        return 0
    live.changed(session, seasons.LIVE, site.live)
    return sum(_season_without(session, number, asset_pid, now) for number in numbers)


def _season_without(session: Session, season_id: int, asset_pid: str, now: datetime) -> int:
    season = session.get_one(Season, season_id, with_for_update=True, populate_existing=True)
    cards = [one for one in season_desk.cards_of(session, season) if one.asset_pid == asset_pid]
    for card in cards:
        if card.art_pid is not None:
            media.withdraw(session, card.art_pid, now=now)
        card.asset_pid = card.art_pid = None
    season.version += 1
    if season.state == SeasonState.RELEASED:
        season_desk.have_drawn(session, season, now=now)
    session.flush()
    return len(cards)
