"""How far a follower has come in a season."""

from dataclasses import dataclass

from sqlalchemy import Connection, Row, Select, func, select

from wx_archive.quiz import rules
from wx_archive.quiz.models import Answer, Card, Entry
from wx_archive.quiz.voucher_models import Facsimile


@dataclass(frozen=True, slots=True)
class Taking:
    """Somebody's part in a season.

    Attributes:
        carried: right answers brought along from the season before.
        answered: questions answered in this one.
        right: answered rightly.
        cards: ordinals of the cards earned, in order.
    """

    entry_id: int
    season_id: int
    carried: int
    answered: int
    right: int
    cards: tuple[int, ...]

    @property
    def credit(self) -> int:
        """Right answers that count, those brought along included."""
        return self.carried + self.right

    @property
    def towards_next(self) -> int:
        """How many of them count towards the next card, 0–9."""
        return rules.towards_next(self.credit)

    @property
    def is_complete(self) -> bool:
        """Whether all ten cards are there."""
        return len(self.cards) == rules.CARDS


def taking(connection: Connection, follower_id: int, season_id: int) -> Taking | None:
    """Return somebody's part in a season; None where they have not begun."""
    asked = _entries().where(Entry.follower_id == follower_id, Entry.season_id == season_id)
    row = connection.execute(asked).one_or_none()
    return None if row is None else _taking(connection, row)


def takings(connection: Connection, follower_id: int) -> list[Taking]:
    """Return somebody's part in every season they took part in, the oldest first."""
    rows = connection.execute(_entries().where(Entry.follower_id == follower_id).order_by(Entry.id))
    return [_taking(connection, row) for row in rows.all()]


def pieces_left(connection: Connection) -> int:
    """Return how many facsimiles can still be promised."""
    free = func.coalesce(func.sum(Facsimile.on_hand - Facsimile.reserved), 0)
    return connection.execute(select(free).where(Facsimile.is_offered)).scalar_one()


def _entries() -> Select[int, int, int, int, int]:
    answered = select(func.count()).where(Answer.entry_id == Entry.id).scalar_subquery()
    # The newest number instead of a count: one step in the index, however many there are.
    last = select(func.max(Answer.right_no)).where(Answer.entry_id == Entry.id).scalar_subquery()
    return select(
        Entry.id,
        Entry.season_id,
        Entry.carried,
        answered.label("answered"),
        func.coalesce(last, 0).label("right"),
    )


def _taking(connection: Connection, row: Row[int, int, int, int, int]) -> Taking:
    cards = connection.scalars(
        select(Card.ordinal).where(Card.entry_id == row.id).order_by(Card.ordinal)
    )
    return Taking(row.id, row.season_id, row.carried, row.answered, row.right, tuple(cards))
