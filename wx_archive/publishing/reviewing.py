"""Review: who has put their name to which words, and when that is enough to let them go out.

A signature counts for the content it was given to and for no other; giving a piece back wipes
out what was signed before. Nobody who ever wrote at a piece signs it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from wx_archive.core.errors import RefusedError
from wx_archive.publishing import pieces
from wx_archive.publishing.files import MADE_BY_FILE
from wx_archive.publishing.models import Piece, PieceReview
from wx_archive.publishing.rules import Kind, PieceState, ReviewKind, WrongStateError
from wx_archive.staff.rules import Person, SamePersonError

NOTE_LENGTH: Final = 1000


class NotApprovedError(RefusedError):
    """A piece is not approved as it stands."""


class ShownOtherError(RefusedError):
    """The words that were read are not the words that stand there now."""

    def __init__(self) -> None:
        super().__init__("您看的时候，这篇稿子又改过了。请重新打开，看清现在的样子再决定")


class WriterReviewsError(SamePersonError):
    """Whoever wrote at a piece does not review it."""

    def __init__(self) -> None:
        RefusedError.__init__(self, "这篇稿子您自己写过或改过，要由另一个人来审")


@dataclass(frozen=True, slots=True)
class Signature:
    """Somebody's name below a piece."""

    login: str
    name: str
    kind: ReviewKind
    note: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Approval:
    """How far a piece's present words are approved.

    Attributes:
        needed: so many different reviewers must approve.
        given: one signature for each reviewer who has.
        secrecy_by: the name below the secrecy review; empty: nobody's yet.
    """

    needed: int
    given: tuple[Signature, ...] = ()
    secrecy_by: str = ""

    @property
    def missing(self) -> int:
        """How many reviewers must still approve."""
        return max(self.needed - len(self.given), 0)

    @property
    def is_complete(self) -> bool:
        """Nothing more is needed."""
        return not self.missing and bool(self.secrecy_by)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a reviewer has decided.

    Attributes:
        shown: fingerprint of the content that stood on the form.
        note: the reason; one who gives back must name it.
        signs_secrecy: «其中没有不宜公开的内容».
    """

    shown: str
    note: str = ""
    signs_secrecy: bool = False


def standing(connection: Connection, piece: Piece, *, steps: int) -> Approval:
    """Return how far a piece's present words are approved.

    Args:
        connection: for reading.
        piece: as it stands.
        steps: how many reviewers the profile wants.
    """
    return approval_of(connection, piece.id, piece.content_hash, steps=steps)


def approval_of(
    connection: Connection, piece_id: int, content_hash: str, *, steps: int
) -> Approval:
    """Return how far a content of a piece is approved."""
    signed = _signed(connection, piece_id, content_hash)
    writers = pieces.writers(connection, piece_id)
    # The bureau reviewed a file before it put it there; its one name stands for every step.
    by_file = [one for one in signed if one.login == MADE_BY_FILE]
    counted = by_file or [one for one in signed if one.login not in writers]
    given = {one.login: one for one in counted if one.kind is ReviewKind.REVIEW}
    secrecy = [one.name for one in counted if one.kind is ReviewKind.SECRECY]
    needed = 1 if by_file else steps
    return Approval(needed, tuple(given.values()), secrecy[-1] if secrecy else "")


def require_approved(
    connection: Connection, piece_id: int, content_hash: str, *, steps: int
) -> Approval:
    """Return the approval of exactly these words of a piece.

    Raises:
        NotApprovedError: the piece says something else now, or a signature is missing.
    """
    found = connection.execute(
        select(Piece.title, Piece.state, Piece.content_hash).where(Piece.id == piece_id)
    ).one_or_none()
    if found is None:
        raise NotApprovedError("这篇稿子已经不在了")
    if found.content_hash != content_hash:
        raise NotApprovedError(f"《{found.title}》审定以后又改过，要重新审")
    approval = approval_of(connection, piece_id, content_hash, steps=steps)
    if found.state != PieceState.APPROVED or not approval.is_complete:
        raise NotApprovedError(f"《{found.title}》还没有审定：{said_missing(approval)}")
    return approval


def said_missing(approval: Approval) -> str:
    """Say what an approval still lacks."""
    lacks = [f"还差 {approval.missing} 个人审"] if approval.missing else []
    if not approval.secrecy_by:
        lacks.append("还没有人签保密审查")
    return "，".join(lacks) or "审定被收回了"


def blocked_by(piece: Piece) -> Sequence[str]:
    """Return why a piece cannot be submitted yet; the pre-flight looks for much more."""
    found = [] if piece.title.strip() else ["还没有标题"]
    if piece.kind in (Kind.ARTICLE, Kind.TEXT) and not piece.body.strip():
        found.append("还没有正文")
    if piece.kind in (Kind.PICTURES, Kind.VIDEO, Kind.AUDIO) and piece.assets == "[]":
        found.append("还没有选图片、视频或音频")
    return found


def submit(session: Session, piece: Piece, *, by: str, now: datetime) -> None:
    """Hand a piece to the reviewers.

    Raises:
        RefusedError: it has no title or nothing in it.
        WrongStateError: it does not go from this state.
    """
    if why := blocked_by(piece):
        raise RefusedError(f"还不能送审：{'，'.join(why)}")
    if piece.state == PieceState.APPROVED:
        raise WrongStateError("这篇稿子已经审定，不用再送")
    pieces.move(piece, PieceState.SUBMITTED, now=now)
    piece.owner = piece.owner or by
    session.flush()


def recall(session: Session, piece: Piece, *, now: datetime) -> None:
    """Take a piece back from the reviewers, to write on.

    Raises:
        WrongStateError: it does not wait for them.
    """
    if piece.state != PieceState.SUBMITTED:
        raise WrongStateError("这篇稿子不在待审，不用收回")
    pieces.move(piece, PieceState.DRAFT, now=now)
    session.flush()


def approve(
    session: Session,
    piece: Piece,
    verdict: Verdict,
    *,
    person: Person,
    steps: int,
    now: datetime,
) -> Approval:
    """Put a reviewer's name below the words that they have read; return what that makes.

    The last signature makes the piece approved. Somebody who signs twice counts once.

    Args:
        session: of the change; the piece is locked in it.
        piece: as it stands.
        verdict: with the fingerprint that stood on the form.
        person: who signs.
        steps: how many reviewers the profile wants.
        now: the present instant.

    Raises:
        WriterReviewsError: they wrote at it.
        ShownOtherError: it says something else now than they have read.
        WrongStateError: it does not wait for review.
        RefusedError: this would be the last signature, and nobody has signed the secrecy review.
    """
    connection = session.connection()
    _require_reviewer(connection, piece, verdict, person)
    if piece.state != PieceState.SUBMITTED:
        raise WrongStateError("这篇稿子不在待审，现在不用审")
    before = standing(connection, piece, steps=steps)
    others = [one for one in before.given if one.login != person.login]
    is_last = len(others) + 1 >= steps
    if is_last and not before.secrecy_by and not verdict.signs_secrecy:
        raise RefusedError("还没有人签保密审查。请看过以后勾上“我做了保密审查”，再点通过")
    kinds = [ReviewKind.REVIEW, *([ReviewKind.SECRECY] if verdict.signs_secrecy else [])]
    for kind in kinds:
        _sign(session, piece, kind, verdict, is_approval=True, person=person, now=now)
    after = standing(connection, piece, steps=steps)
    if after.is_complete:
        pieces.move(piece, PieceState.APPROVED, now=now)
        session.flush()
    return after


def give_back(
    session: Session, piece: Piece, verdict: Verdict, *, person: Person, now: datetime
) -> None:
    """Give a piece back to be mended; what was signed before counts no more.

    Raises:
        WriterReviewsError: they wrote at it.
        ShownOtherError: it says something else now than they have read.
        RefusedError: they name no reason.
        WrongStateError: it does not wait for review and is not approved.
    """
    _require_reviewer(session.connection(), piece, verdict, person)
    if not verdict.note.strip():
        raise RefusedError("退回要写一句理由，写稿的人才知道改哪里")
    if piece.state not in (PieceState.SUBMITTED, PieceState.APPROVED):
        raise WrongStateError("这篇稿子不在待审，也没有审定，不能退回")
    _sign(session, piece, ReviewKind.REVIEW, verdict, is_approval=False, person=person, now=now)
    pieces.move(piece, PieceState.RETURNED, now=now)
    session.flush()


def may_review(connection: Connection, piece: Piece, person: Person) -> bool:
    """Tell whether somebody never wrote at a piece."""
    return person.login not in pieces.writers(connection, piece.id)


def reviews(connection: Connection, piece_id: int) -> Sequence[PieceReview]:
    """Return everything that was ever signed or given back, the newest first."""
    with Session(bind=connection) as session:
        rows = select(PieceReview).where(PieceReview.piece_id == piece_id)
        return session.scalars(rows.order_by(PieceReview.id.desc())).all()


def last_hash(connection: Connection, piece_id: int, *, is_approval: bool) -> str | None:
    """Return the fingerprint of the content that was last approved, or last given back."""
    wanted = select(PieceReview.content_hash).where(
        PieceReview.piece_id == piece_id,
        PieceReview.is_approval.is_(is_approval),
        PieceReview.kind == ReviewKind.REVIEW,
    )
    return connection.scalar(wanted.order_by(PieceReview.id.desc()).limit(1))


def _signed(connection: Connection, piece_id: int, content_hash: str) -> list[Signature]:
    """Return the signatures below one content since it was last given back, oldest first."""
    rows = connection.execute(
        select(
            PieceReview.made_by,
            PieceReview.name,
            PieceReview.kind,
            PieceReview.note,
            PieceReview.made_at,
            PieceReview.is_approval,
        )
        .where(PieceReview.piece_id == piece_id, PieceReview.content_hash == content_hash)
        .order_by(PieceReview.id)
    )
    found: list[Signature] = []
    for row in rows:
        if not row.is_approval:
            found.clear()
            continue
        kind = ReviewKind(row.kind)
        found.append(Signature(row.made_by, row.name, kind, row.note, row.made_at))
    return found


def _require_reviewer(
    connection: Connection, piece: Piece, verdict: Verdict, person: Person
) -> None:
    if not may_review(connection, piece, person):
        raise WriterReviewsError
    if verdict.shown != piece.content_hash:
        raise ShownOtherError


def _sign(
    session: Session,
    piece: Piece,
    kind: ReviewKind,
    verdict: Verdict,
    *,
    is_approval: bool,
    person: Person,
    now: datetime,
) -> None:
    session.add(
        PieceReview(
            piece_id=piece.id,
            content_hash=piece.content_hash,
            kind=kind,
            is_approval=is_approval,
            note=verdict.note.strip()[:NOTE_LENGTH],
            made_by=person.login,
            name=person.name,
            made_at=now,
        )
    )
    session.flush()
