"""The seasons that are released, known to every process: which is on, which is next."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import Connection, select

from wx_archive.core.live import Part
from wx_archive.core.site import Site
from wx_archive.quiz.models import CardKind, Season
from wx_archive.quiz.rules import SeasonState

LIVE: Final = "quiz_seasons"
"""Name of the change that every process notices."""


@dataclass(frozen=True, slots=True)
class KnownCard:
    """A card of a season; see `models.CardKind`."""

    ordinal: int
    number: str
    title: str
    story: str
    source: str
    entry: str
    asset_pid: str | None
    art_pid: str | None


@dataclass(frozen=True, slots=True)
class Known:
    """A released season; see `models.Season`.

    Attributes:
        cards: its ten, in order.
    """

    id: int
    pid: str
    name: str
    starts_on: date
    ends_on: date
    pick_up_until: date
    themes: tuple[str, ...]
    daily_cap: int
    rules: str
    cards: tuple[KnownCard, ...]

    def is_on(self, today: date) -> bool:
        """Tell whether questions are dealt on a Shanghai day."""
        return self.starts_on <= today <= self.ends_on

    def is_picked_up(self, today: date) -> bool:
        """Tell whether vouchers of the season are still issued and redeemed."""
        return self.starts_on <= today <= self.pick_up_until

    def card(self, ordinal: int) -> KnownCard:
        """Return the n-th card."""
        return next(one for one in self.cards if one.ordinal == ordinal)


def _read(connection: Connection) -> Sequence[Known]:
    cards: dict[int, list[KnownCard]] = {}
    kinds = select(CardKind.__table__).join(Season, Season.id == CardKind.season_id)
    released = Season.state == SeasonState.RELEASED
    for row in connection.execute(kinds.where(released).order_by(CardKind.ordinal)):
        cards.setdefault(row.season_id, []).append(
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
        )
    rows = connection.execute(
        select(Season.__table__).where(released).order_by(Season.starts_on, Season.id)
    )
    return [
        Known(
            row.id,
            row.pid,
            row.name,
            row.starts_on,
            row.ends_on,
            row.pick_up_until,
            tuple(json.loads(row.themes)),
            row.daily_cap,
            row.rules,
            tuple(cards.get(row.id, ())),
        )
        for row in rows
    ]


def _none() -> Sequence[Known]:
    return ()


PART: Final[Part[Sequence[Known]]] = Part(_read, _none)


def released(site: Site) -> Sequence[Known]:
    """Return the released seasons, the oldest first; at most two seconds old."""
    return site.live.get(PART) if site.live else ()


def read(connection: Connection) -> Sequence[Known]:
    """Return the released seasons as the database has them, the oldest first."""
    return _read(connection)


def current(site: Site, today: date) -> Known | None:
    """Return the season that is on."""
    return next((one for one in released(site) if one.is_on(today)), None)


def upcoming(site: Site, today: date) -> Known | None:
    """Return the next season to come."""
    return next((one for one in released(site) if today < one.starts_on), None)


def last_begun(site: Site, today: date) -> Known | None:
    """Return the season that is on, else the one that was last."""
    begun = [one for one in released(site) if one.starts_on <= today]
    return begun[-1] if begun else None
