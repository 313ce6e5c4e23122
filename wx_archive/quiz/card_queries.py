"""Cards as the worker needs them: what is to be drawn, whose card is to be shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from wx_archive.followers.models import Follower
from wx_archive.quiz.models import Card, CardKind, Entry, Season
from wx_archive.quiz.seasons import KnownCard


@dataclass(frozen=True, slots=True)
class Earned:
    """A card and whoever has earned it."""

    follower_id: int
    openid: str
    season_id: int
    ordinal: int
    art_pid: str | None
    asset_pid: str | None
    earned_at: datetime


def to_draw(connection: Connection, season_id: int) -> tuple[str, Sequence[KnownCard]] | None:
    """Return a season's name and its cards, released or not; None where it is gone."""
    name = connection.execute(
        select(Season.name).where(Season.id == season_id)
    ).scalar_one_or_none()
    if name is None:
        return None
    rows = connection.execute(
        select(CardKind.__table__).where(CardKind.season_id == season_id).order_by(CardKind.ordinal)
    )
    cards = [
        KnownCard(
            row.ordinal,
            row.number,
            row.title,
            row.story,
            row.source,
            row.entry,
            row.asset_pid,
            row.art_pid,
        )
        for row in rows
    ]
    return name, cards


def earned(connection: Connection, card_id: int) -> Earned | None:
    """Return a card with its owner; None once the owner is erased."""
    row = connection.execute(
        select(
            Entry.follower_id,
            Follower.openid,
            Entry.season_id,
            Card.ordinal,
            CardKind.art_pid,
            CardKind.asset_pid,
            Card.earned_at,
        )
        .join(Entry, Entry.id == Card.entry_id)
        .join(Follower, Follower.id == Entry.follower_id)
        .join(
            CardKind,
            (CardKind.season_id == Entry.season_id) & (CardKind.ordinal == Card.ordinal),
        )
        .where(Card.id == card_id)
    ).one_or_none()
    return None if row is None else Earned(*row)
