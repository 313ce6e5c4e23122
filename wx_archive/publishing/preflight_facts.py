"""What the pre-flight must know of a push's pieces: words, files, names below them, remarks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from wx_archive.media import service as media
from wx_archive.publishing import checks, entry_names, remarks, reviewing, wechat_html
from wx_archive.publishing.findings import Finding, MediaFacts
from wx_archive.publishing.models import Piece
from wx_archive.publishing.pieces import Content
from wx_archive.publishing.push_models import Push, PushPiece
from wx_archive.publishing.reviewing import Approval
from wx_archive.publishing.rules import PieceState
from wx_archive.publishing.sensitive import Wording
from wx_archive.publishing.wechat_html import Links


@dataclass(frozen=True, slots=True)
class Looked:
    """A piece as the pre-flight finds it.

    Attributes:
        findings: of `checks.check`.
        approval: of exactly these words.
        remarks: how many are not settled.
        is_withdrawn: readers are not to see it any more.
    """

    piece_id: int
    pid: str
    content: Content
    content_hash: str
    state: PieceState
    is_withdrawn: bool
    findings: tuple[Finding, ...]
    approval: Approval
    remarks: int

    @property
    def title(self) -> str:
        """The piece's title."""
        return self.content.title


def look(
    connection: Connection,
    push: Push,
    *,
    steps: int,
    links: Links,
    wording: Wording = checks.NO_WORDING,
    today: date,
) -> list[Looked]:
    """Return a push's pieces in their order.

    Args:
        connection: reads; the transaction's own where somebody is about to send.
        push: whose pieces.
        steps: how many reviewers the profile wants.
        links: what completes the bodies.
        wording: the site's list of words.
        today: the Shanghai day, for what the public may see.
    """
    found = []
    for piece in pieces_of(connection, push.id):
        content = Content.of(piece)
        facts = facts_of(connection, content, today=today)
        findings = checks.check(content, facts, wording=wording, links=links)
        found.append(
            Looked(
                piece.id,
                piece.pid,
                content,
                piece.content_hash,
                PieceState(piece.state),
                piece.withdrawn_at is not None,
                findings,
                reviewing.approval_of(connection, piece.id, piece.content_hash, steps=steps),
                remarks.open_count(connection, piece.id),
            )
        )
    return found


def pieces_of(connection: Connection, push_id: int) -> Sequence[Piece]:
    """Return a push's pieces in their order, as they stand now; to be read only."""
    with Session(bind=connection) as session:
        found = session.scalars(
            select(Piece)
            .join(PushPiece, PushPiece.piece_id == Piece.id)
            .where(PushPiece.push_id == push_id)
            .order_by(PushPiece.place)
        ).all()
        session.expunge_all()
    return found


def facts_of(connection: Connection, content: Content, *, today: date) -> MediaFacts:
    """Return what the database knows of a piece's files and entries."""
    cover = (content.cover,) if content.cover else ()
    pids = dict.fromkeys((*cover, *wechat_html.media_of(content), *content.assets))
    entries = entry_names.of_pids(connection, content.entries, today=today)
    return MediaFacts(
        media.find(connection, pids),
        frozenset(entry.pid for entry in entries if entry.is_public),
    )
