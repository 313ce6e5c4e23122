"""Builders for pieces and the people at their desks."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from wx_archive.publishing import drafts, pieces, reviewing
from wx_archive.publishing.models import Piece
from wx_archive.publishing.pieces import Content
from wx_archive.publishing.reviewing import Verdict
from wx_archive.publishing.rules import Column, Kind
from wx_archive.staff.rules import Person, Role

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
"""A Monday, ten in the morning in Shanghai."""


def somebody(login: str, *roles: Role) -> Person:
    """Return one of the staff."""
    return Person(1, login, f"{login}的名字", frozenset(roles))


EDITOR = somebody("chen", Role.EDITOR)
OTHER_EDITOR = somebody("sun", Role.EDITOR)
CORRESPONDENT = somebody("he", Role.CORRESPONDENT)
REVIEWER = somebody("wang", Role.REVIEWER)
SECOND = somebody("qian", Role.REVIEWER)
THIRD = somebody("zhou", Role.REVIEWER)
BOTH = somebody("both", Role.EDITOR, Role.REVIEWER)


def a_content(**changes: Any) -> Content:
    """Return an article with a paragraph."""
    told = {"title": "一座大坝", "body": "丹江口大坝1958年动工。", **changes}
    return Content(Column.HISTORY, Kind.ARTICLE, **told)


def a_piece(session: Session, *, by: Person = EDITOR, **changes: Any) -> Piece:
    """Begin a piece."""
    return drafts.begin(session, a_content(**changes), person=by, now=NOW)


def submitted(session: Session, *, by: Person = EDITOR, **changes: Any) -> Piece:
    """Begin a piece and hand it to the reviewers."""
    piece = a_piece(session, by=by, **changes)
    reviewing.submit(session, piece, by=by.login, now=NOW)
    return piece


def signs(
    session: Session,
    piece: Piece,
    person: Person = REVIEWER,
    *,
    steps: int = 1,
    secrecy: bool = True,
) -> reviewing.Approval:
    """Have somebody approve what stands there."""
    verdict = Verdict(piece.content_hash, signs_secrecy=secrecy)
    return reviewing.approve(session, piece, verdict, person=person, steps=steps, now=NOW)


def approved(session: Session, **changes: Any) -> Piece:
    """Begin a piece and bring it all the way."""
    piece = submitted(session, **changes)
    signs(session, piece)
    return piece


def edited(session: Session, piece: Piece, person: Person = EDITOR, **changes: Any) -> drafts.Saved:
    """Save another body, or whatever else."""
    content = a_content(**changes)
    return drafts.save(session, piece, content, since=piece.revision, person=person, now=NOW)


def again(session: Session, piece: Piece) -> Piece:
    """Return the piece as another request finds it."""
    found = pieces.locked(session, piece.pid)
    assert found is not None
    return found
