"""有用, 没用 and a word about a piece: one of each follower and piece, the newest counts."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, case, func, select, update
from sqlalchemy.orm import Session

from wx_archive.core.database import insert_into
from wx_archive.core.text import xml_safe
from wx_archive.publishing.models import Piece
from wx_archive.publishing.reader_models import PieceOpinion

LENGTH: Final = 300
HIDDEN: Final = "［号码已隐去］"
LISTED: Final = 200

_NUMBER: Final = re.compile(r"[0-9](?:[ .·‐‑–—-]?[0-9Xx]){6,}")
"""Seven digits or more: telephones, ID numbers, cards. A word about a piece needs none of them."""
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs"})


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a follower thinks of a piece."""

    is_useful: bool
    words: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Said:
    """Words about a piece, without whose they are.

    Attributes:
        is_read: an editor has taken note.
    """

    is_useful: bool
    words: str
    made_at: datetime
    is_read: bool


def tidy(text: str) -> str:
    """Return words as they are kept: readable characters, no numbers of persons, cut to length."""
    readable = (" " if char.isspace() else char for char in xml_safe(text))
    kept = "".join(char for char in readable if unicodedata.category(char) not in _UNSEEN)
    plain = "".join(_digit(char) for char in " ".join(kept.split()))
    return _NUMBER.sub(HIDDEN, plain)[:LENGTH]


def _digit(char: str) -> str:
    return str(unicodedata.decimal(char)) if char.isdecimal() else char


def give(
    session: Session, piece_id: int, follower_id: int, *, is_useful: bool, now: datetime
) -> None:
    """Keep whether a piece was of use to a follower; another verdict drops the words of before."""
    put = insert_into(session, PieceOpinion).values(
        piece_id=piece_id,
        follower_id=follower_id,
        is_useful=is_useful,
        words="",
        made_at=now,
        read_at=None,
    )
    is_same = PieceOpinion.is_useful == put.excluded.is_useful
    session.execute(
        put.on_conflict_do_update(
            index_elements=["piece_id", "follower_id"],
            set_={
                "is_useful": put.excluded.is_useful,
                "words": case((is_same, PieceOpinion.words), else_=""),
                "made_at": put.excluded.made_at,
                "read_at": case((is_same, PieceOpinion.read_at), else_=None),
            },
        )
    )


def say(session: Session, piece_id: int, follower_id: int, words: str, *, now: datetime) -> bool:
    """Keep a follower's word about a piece; False where they have no verdict or say nothing."""
    kept = tidy(words)
    if not kept:
        return False
    mine = (PieceOpinion.piece_id == piece_id, PieceOpinion.follower_id == follower_id)
    told = session.execute(
        update(PieceOpinion)
        .where(*mine)
        .values(words=kept, made_at=now, read_at=None)
        .returning(PieceOpinion.piece_id)
        .execution_options(synchronize_session=False)
    )
    return told.one_or_none() is not None


def of(connection: Connection, piece_id: int, follower_id: int) -> Opinion | None:
    """Return what a follower thinks of a piece."""
    row = connection.execute(
        select(PieceOpinion.is_useful, PieceOpinion.words, PieceOpinion.made_at).where(
            PieceOpinion.piece_id == piece_id, PieceOpinion.follower_id == follower_id
        )
    ).one_or_none()
    return Opinion(*row) if row else None


def said_of(connection: Connection, piece_id: int) -> Sequence[Said]:
    """Return the words about a piece for its editors, the newest first; nobody's name."""
    rows = connection.execute(
        select(
            PieceOpinion.is_useful,
            PieceOpinion.words,
            PieceOpinion.made_at,
            PieceOpinion.read_at,
        )
        .where(PieceOpinion.piece_id == piece_id, PieceOpinion.words != "")
        .order_by(PieceOpinion.made_at.desc())
        .limit(LISTED)
    ).all()
    return [Said(row.is_useful, row.words, row.made_at, row.read_at is not None) for row in rows]


def unread(connection: Connection) -> int:
    """Return how many words about pieces no editor has taken note of."""
    return connection.execute(
        select(func.count()).where(PieceOpinion.words != "", PieceOpinion.read_at.is_(None))
    ).scalar_one()


def unread_pieces(connection: Connection) -> Sequence[tuple[str, str, int]]:
    """Return pid, title and how many words of each piece wait for an editor, the most first."""
    count = func.count()
    rows = connection.execute(
        select(Piece.pid, Piece.title, count)
        .join(PieceOpinion, PieceOpinion.piece_id == Piece.id)
        .where(PieceOpinion.words != "", PieceOpinion.read_at.is_(None))
        .group_by(Piece.pid, Piece.title)
        .order_by(count.desc(), Piece.pid)
        .limit(LISTED)
    )
    return [(pid, title, number) for pid, title, number in rows]


def take_note(session: Session, piece_id: int, *, until: datetime, now: datetime) -> int:
    """Note that an editor has read the words about a piece that were there at ``until``."""
    read = session.execute(
        update(PieceOpinion)
        .where(
            PieceOpinion.piece_id == piece_id,
            PieceOpinion.words != "",
            PieceOpinion.read_at.is_(None),
            PieceOpinion.made_at <= until,
        )
        .values(read_at=now)
        .returning(PieceOpinion.follower_id)
        .execution_options(synchronize_session=False)
    )
    return len(read.all())
