"""Pieces that look like one that was sent: the same content, or nearly the same title."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, select

from wx_archive.core.text import fold
from wx_archive.publishing.models import Piece
from wx_archive.publishing.push_models import Push, PushPiece
from wx_archive.publishing.rules import PushState

WITHIN: Final = timedelta(days=90)
LIKE: Final = 0.8
"""From so much in common on, two titles are taken for the same; this week's and last week's title
of a slot, which differ in the day alone, have less."""
_IGNORED: Final = re.compile(r"[\W_]+")
_COUNTED: Final = (
    PushState.SCHEDULED,
    PushState.SENDING,
    PushState.SENT,
    PushState.PARTLY,
    PushState.HELD,
)


@dataclass(frozen=True, slots=True)
class Sent:
    """A piece of another push of the last days, or of one that is about to go.

    Attributes:
        at: when it went or is to go.
    """

    push_pid: str
    piece_id: int
    title: str
    content_hash: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Match:
    """A piece that looks like another.

    Attributes:
        is_same: the content is the same to the letter; else only the titles are alike.
    """

    title: str
    other: Sent
    is_same: bool


def sent_lately(connection: Connection, *, but_of: int, now: datetime) -> list[Sent]:
    """Return the pieces of every other push of the last 90 days and of those to come.

    Args:
        connection: reads.
        but_of: id of the push that is being looked at.
        now: the present instant.
    """
    rows = connection.execute(
        select(
            Push.pid,
            PushPiece.piece_id,
            Piece.title,
            PushPiece.content_hash,
            Push.sent_at,
            Push.due_at,
            Push.changed_at,
        )
        .join(PushPiece, PushPiece.push_id == Push.id)
        .join(Piece, Piece.id == PushPiece.piece_id)
        .where(Push.id != but_of, Push.state.in_(_COUNTED), Push.changed_at >= now - WITHIN)
        .order_by(Push.id.desc(), PushPiece.place)
    )
    return [
        Sent(pid, piece_id, title, content_hash, sent_at or due_at or changed_at)
        for pid, piece_id, title, content_hash, sent_at, due_at, changed_at in rows
    ]


def matches(title: str, content_hash: str, sent: Sequence[Sent]) -> list[Match]:
    """Return the sent pieces that this one repeats, the same content first."""
    same = [Match(title, each, is_same=True) for each in sent if each.content_hash == content_hash]
    seen = {match.other for match in same}
    alike = [
        Match(title, each, is_same=False)
        for each in sent
        if each not in seen and likeness(title, each.title) >= LIKE
    ]
    return same + alike


def likeness(one: str, other: str) -> float:
    """Return how much two titles have in common: 0 nothing, 1 everything (Dice, of bigrams)."""
    first, second = _bigrams(one), _bigrams(other)
    both = sum((first & second).values())
    every = sum(first.values()) + sum(second.values())
    return 2 * both / every if every else 0.0


def _bigrams(title: str) -> Counter[str]:
    """Return the pairs of neighbouring characters, whatever the width, case and punctuation."""
    bare = _IGNORED.sub("", fold(title))
    if len(bare) < 2:  # one character has no neighbour
        return Counter([bare] if bare else [])
    return Counter(bare[at : at + 2] for at in range(len(bare) - 1))
