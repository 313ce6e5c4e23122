"""What an album shows: the cards of a season that somebody has earned, and nothing of the others.

A card not earned yet is a number: no title, no picture, no story.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from wx_archive.core.site import Site
from wx_archive.quiz import queries, rules, seasons, voucher_queries
from wx_archive.quiz.queries import Taking
from wx_archive.quiz.rules import VoucherState
from wx_archive.quiz.seasons import Known, KnownCard
from wx_archive.quiz.voucher_queries import Shown


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in the album.

    Attributes:
        card: None as long as it is not earned.
    """

    ordinal: int
    card: KnownCard | None


@dataclass(frozen=True, slots=True)
class Album:
    """Somebody's cards of one season.

    Attributes:
        taking: None where they have not begun.
        voucher: the one that stands, else the newest.
        others: other seasons in which they have earned cards, the newest first.
        elsewhere: a voucher of another season that can be redeemed; shown whatever is looked at.
    """

    season: Known
    taking: Taking | None
    voucher: Shown | None
    others: Sequence[Known]
    elsewhere: Shown | None = None

    @property
    def earned(self) -> Sequence[KnownCard]:
        """The cards that are theirs, in order."""
        have = self.taking.cards if self.taking else ()
        return [card for card in self.season.cards if card.ordinal in have]

    @property
    def slots(self) -> Sequence[Slot]:
        """All ten places."""
        have = {card.ordinal: card for card in self.earned}
        return [Slot(place, have.get(place)) for place in range(1, rules.CARDS + 1)]

    @property
    def is_complete(self) -> bool:
        """Whether all ten cards are there."""
        return self.taking is not None and self.taking.is_complete

    @property
    def still_to_answer(self) -> int:
        """How many right answers are missing for the next card, 1–10."""
        have = self.taking.towards_next if self.taking else 0
        return rules.RIGHT_FOR_CARD - have

    def may_ask(self, today: date) -> bool:
        """Tell whether a voucher can be asked for: all cards are there, and none stands."""
        return self.is_complete and not self.has_voucher(today) and self.season.is_picked_up(today)

    def has_voucher(self, today: date) -> bool:
        """Tell whether a voucher stands that was or can be redeemed."""
        voucher = self.voucher
        if voucher is None or voucher.state is VoucherState.VOID:
            return False
        return not voucher.has_expired(today)

    def card(self, ordinal: int) -> KnownCard | None:
        """Return a card that is theirs."""
        return next((card for card in self.earned if card.ordinal == ordinal), None)


def of(
    connection: Connection, site: Site, follower_id: int, *, today: date, season_pid: str = ""
) -> Album | None:
    """Return somebody's album; None where there is no such season, or it has not begun.

    Args:
        connection: for reading.
        site: knows the seasons.
        follower_id: whose.
        today: the Shanghai day.
        season_pid: of the season; the one that is on or was last by default.
    """
    begun = [one for one in seasons.released(site) if one.starts_on <= today]
    wanted = [one for one in begun if one.pid == season_pid] if season_pid else begun
    if not wanted:
        return None
    season = wanted[-1]
    takings = {one.season_id: one for one in queries.takings(connection, follower_id)}
    taking = takings.get(season.id)
    vouchers = {
        one.season_id: voucher_queries.of_entry(connection, one.entry_id)
        for one in takings.values()
        if one.is_complete
    }
    with_cards = {one.season_id for one in takings.values() if one.cards} - {season.id}
    others = [one for one in reversed(begun) if one.id in with_cards]
    elsewhere = [one for number, one in vouchers.items() if number != season.id and one]
    return Album(
        season,
        taking,
        vouchers.get(season.id),
        others,
        next((one for one in elsewhere if _can_be_redeemed(one, today)), None),
    )


def _can_be_redeemed(voucher: Shown, today: date) -> bool:
    return voucher.state is VoucherState.ISSUED and not voucher.has_expired(today)


def earned_card(
    connection: Connection,
    site: Site,
    follower_id: int,
    ordinal: int,
    *,
    today: date,
    season_pid: str = "",
) -> tuple[Known, KnownCard] | None:
    """Return a card that somebody has earned; without a season of the newest that has one."""
    found = of(connection, site, follower_id, today=today, season_pid=season_pid)
    if found is None:
        return None
    if (card := found.card(ordinal)) or season_pid:
        return (found.season, card) if card else None
    for other in found.others:
        before = of(connection, site, follower_id, today=today, season_pid=other.pid)
        if before and (card := before.card(ordinal)):
            return before.season, card
    return None
