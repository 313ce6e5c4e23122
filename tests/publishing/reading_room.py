"""Pieces as readers meet them, made for tests."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from wx_archive.core.database import Database
from wx_archive.publishing import pieces
from wx_archive.publishing.models import Piece
from wx_archive.publishing.pieces import Content
from wx_archive.publishing.rules import Column, Kind, PieceState

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
YESTERDAY = NOON - timedelta(days=1)


def a_content(title: str = "大坝", **changes: Any) -> Content:
    """Return an article of 历史钩沉 with everything that it needs."""
    usual: dict[str, Any] = {
        "column": Column.HISTORY,
        "kind": Kind.ARTICLE,
        "title": title,
        "summary": "一句提要",
        "body": "正文说的是汉江。",
        "sources": ("本馆藏档案",),
    }
    return Content(**(usual | changes))


def an_out_piece(
    session: Session,
    title: str = "大坝",
    *,
    pid: str | None = None,
    out_at: datetime | None = YESTERDAY,
    **changes: Any,
) -> Piece:
    """Add a piece that was approved and is out since ``out_at``."""
    content = a_content(title, **changes)
    piece = pieces.add(
        session, content, made_by="xiaochen", now=NOON, pid=pid, state=PieceState.APPROVED
    )
    piece.out_at = out_at
    session.flush()
    return piece


def bring_out(database: Database, title: str = "大坝", **changes: Any) -> int:
    """Commit a piece that is out; return its number."""
    with database.begin() as session:
        return an_out_piece(session, title, **changes).id
