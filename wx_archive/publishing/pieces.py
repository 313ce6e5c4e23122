"""Writing pieces: their content as one value, every state of it kept, its fingerprint."""

import hashlib
import json
import re
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, Final, Self

from sqlalchemy import Connection, delete, select
from sqlalchemy.orm import Session, object_session

from wx_archive.core import ids, live
from wx_archive.core.errors import RefusedError
from wx_archive.publishing.models import Piece, PieceAsset, PieceEntry, PieceRevision
from wx_archive.publishing.rules import Column, Kind, PieceState, require_piece_move

_IN_BODY: Final = re.compile(r"media:([0-9A-Z]{26})")
LIVE: Final = "publishing"
"""The name under which processes hear that readers see other pieces than before."""
_LISTS: Final = ("assets", "topics", "interests", "sources", "entries")


class StalePieceError(RefusedError):
    """Somebody else has changed the piece since it was shown."""

    def __init__(self) -> None:
        super().__init__("您打开这一页以后，别人已经改过这篇稿子。请重新打开，看清现在的样子再改")


@dataclass(frozen=True, slots=True)
class Content:
    """Everything of a piece that leaves the house.

    Attributes:
        body: Markdown; pictures are `![alt](media:PID)`. A text push is its body.
        cover: public id of an asset, or None.
        assets: public ids of a picture set's pictures, or of the film or recording.
        topics: words it is found by.
        interests: slugs of `content/interests.yaml`.
        sources: where its facts come from.
        entries: public ids of the records and documents it tells of.
        source_url: 阅读原文; empty for our own page.
    """

    column: Column
    kind: Kind
    title: str
    author: str = ""
    summary: str = ""
    body: str = ""
    cover: str | None = None
    assets: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    interests: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    entries: tuple[str, ...] = ()
    source_url: str = ""

    @property
    def fingerprint(self) -> str:
        """The same for equal contents; approvals are bound to it."""
        return hashlib.sha256(self.as_json().encode()).hexdigest()

    @property
    def media(self) -> tuple[str, ...]:
        """Public ids of every media file it shows, each once."""
        named = (*filter(None, [self.cover]), *self.assets, *_IN_BODY.findall(self.body))
        return tuple(dict.fromkeys(pid for pid in named if ids.is_pid(pid)))

    def as_json(self) -> str:
        """Return it as a revision keeps it."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return what a revision kept."""
        return cls._of(json.loads(text))

    @classmethod
    def of(cls, piece: Piece) -> Self:
        """Return a piece's content as it stands."""
        values = {field.name: getattr(piece, field.name) for field in fields(cls)}
        return cls._of({**values, **{name: json.loads(values[name]) for name in _LISTS}})

    @classmethod
    def _of(cls, values: dict[str, Any]) -> Self:
        lists = {name: tuple(values[name]) for name in _LISTS}
        column, kind = Column(values["column"]), Kind(values["kind"])
        return cls(**{**values, **lists, "column": column, "kind": kind})


def add(
    session: Session,
    content: Content,
    *,
    made_by: str,
    now: datetime,
    pid: str | None = None,
    state: PieceState = PieceState.DRAFT,
) -> Piece:
    """Add a piece and its first revision.

    Args:
        session: of the change.
        content: as written.
        made_by: a login, or `file`.
        now: the present instant.
        pid: what stands in its address; random by default.
        state: `APPROVED` only for files that say who has reviewed them.
    """
    piece = Piece(
        pid=pid or ids.random_pid(),
        state=state,
        made_by=made_by,
        made_at=now,
        changed_at=now,
        revision=0,
        approved_revision=1 if state is PieceState.APPROVED else None,
    )
    _write(session, piece, content)
    session.add(piece)
    session.flush()
    _keep(session, piece, content, made_by=made_by, now=now)
    return piece


def save(
    session: Session, piece: Piece, content: Content, *, since: int, made_by: str, now: datetime
) -> bool:
    """Make ``content`` what the piece says; False when it said so already.

    An approved piece waits for its reviewers again: their names stood below other words.

    Args:
        session: of the change; the piece is locked in it (`locked`).
        piece: as it stands.
        content: as it is to be.
        since: the revision that the form was made from.
        made_by: a login, or `file`.
        now: the present instant.

    Raises:
        StalePieceError: somebody changed it in between.
    """
    if piece.revision != since:
        raise StalePieceError
    if piece.content_hash == content.fingerprint:
        return False
    _write(session, piece, content)
    _keep(session, piece, content, made_by=made_by, now=now)
    if piece.state == PieceState.APPROVED:
        move(piece, PieceState.SUBMITTED, now=now)
    return True


def move(piece: Piece, state: PieceState, *, now: datetime) -> None:
    """Bring a piece into another state.

    Raises:
        WrongStateError: the states do not know such a step.
    """
    require_piece_move(PieceState(piece.state), state)
    piece.state = state
    piece.changed_at = now
    if state == PieceState.APPROVED:
        piece.approved_revision = piece.revision
        session = object_session(piece)
        if piece.out_at is not None and session is not None:
            live.changed(session, LIVE)  # readers see these words from now on


def locked(session: Session, pid: str) -> Piece | None:
    """Return a piece, locked until the transaction ends."""
    return session.scalars(select(Piece).where(Piece.pid == pid).with_for_update()).one_or_none()


def contents(connection: Connection, piece_id: int) -> list[tuple[int, Content, str, datetime]]:
    """Return every revision: number, content, by whom, when; the newest first."""
    rows = connection.execute(
        select(
            PieceRevision.number,
            PieceRevision.content,
            PieceRevision.made_by,
            PieceRevision.made_at,
        )
        .where(PieceRevision.piece_id == piece_id)
        .order_by(PieceRevision.number.desc())
    )
    return [(number, Content.from_json(kept), by, at) for number, kept, by, at in rows]


def writers(connection: Connection, piece_id: int) -> frozenset[str]:
    """Return everybody who ever wrote at a piece: none of them reviews it."""
    rows = connection.scalars(
        select(PieceRevision.made_by).where(PieceRevision.piece_id == piece_id).distinct()
    )
    return frozenset(rows)


def _write(session: Session, piece: Piece, content: Content) -> None:
    for field in fields(content):
        value = getattr(content, field.name)
        kept = json.dumps(value, ensure_ascii=False) if field.name in _LISTS else value
        setattr(piece, field.name, kept)
    piece.content_hash = content.fingerprint
    piece.revision += 1
    if piece.id is not None:
        session.execute(delete(PieceEntry).where(PieceEntry.piece_id == piece.id))


def _keep(session: Session, piece: Piece, content: Content, *, made_by: str, now: datetime) -> None:
    session.add(
        PieceRevision(
            piece_id=piece.id,
            number=piece.revision,
            content_hash=content.fingerprint,
            content=content.as_json(),
            made_by=made_by,
            made_at=now,
        )
    )
    for place, pid in enumerate(dict.fromkeys(content.entries)):
        session.add(PieceEntry(piece_id=piece.id, entry_pid=pid, place=place))
    for pid in content.media:
        session.add(PieceAsset(piece_id=piece.id, revision=piece.revision, asset_pid=pid))
    session.flush()
