"""Taking back: an approval given, or what is out, at once; a second person brings that back."""

from datetime import datetime

from sqlalchemy.orm import Session

from wx_archive.core.errors import RefusedError
from wx_archive.core.live import Live, changed
from wx_archive.core.text import xml_safe
from wx_archive.publishing import pushes, remarks, reviewing
from wx_archive.publishing.models import Piece
from wx_archive.publishing.pieces import LIVE
from wx_archive.publishing.reviewing import Verdict
from wx_archive.publishing.rules import WrongStateError
from wx_archive.staff.rules import Person, SamePersonError


class OwnWithdrawalError(SamePersonError):
    """Whoever took a piece down does not bring it back."""

    def __init__(self) -> None:
        RefusedError.__init__(self, "这篇是您撤下的，要由另一个人来恢复")


def give_back(
    session: Session, piece: Piece, verdict: Verdict, *, person: Person, now: datetime
) -> None:
    """Give a piece back to be mended; a push that waits with it is held.

    Raises:
        RefusedError: as `reviewing.give_back`.
    """
    reviewing.give_back(session, piece, verdict, person=person, now=now)
    pushes.piece_changed(session, piece, now=now)


def take_down(
    session: Session,
    piece: Piece,
    reason: str,
    *,
    person: Person,
    now: datetime,
    live: Live | None = None,
) -> None:
    """Have readers see a piece no more; the reason stays on it as a remark.

    Raises:
        RefusedError: no reason is given.
        WrongStateError: readers do not see it anyway.
    """
    said = xml_safe(reason).strip()
    if not said:
        raise RefusedError("撤下要写理由，记在这篇稿子上")
    if piece.out_at is None or piece.withdrawn_at is not None:
        raise WrongStateError("读者本来就看不到这篇，不用撤下")
    changed(session, LIVE, live)
    piece.withdrawn_at, piece.withdrawn_by = now, person.login
    remarks.add(session, piece, f"撤下：{said}"[: remarks.LENGTH], person=person, now=now)
    pushes.piece_changed(session, piece, now=now)


def bring_back(
    session: Session,
    piece: Piece,
    *,
    person: Person,
    steps: int,
    live: Live | None = None,
) -> None:
    """Have readers see a piece again that somebody else took down.

    Raises:
        WrongStateError: it was not taken down.
        OwnWithdrawalError: they took it down themselves.
        NotApprovedError: it was edited since and is not approved as it stands.
    """
    if piece.withdrawn_at is None:
        raise WrongStateError("这篇没有撤下，不用恢复")
    if piece.withdrawn_by == person.login:
        raise OwnWithdrawalError
    connection = session.connection()
    reviewing.require_approved(connection, piece.id, piece.content_hash, steps=steps)
    changed(session, LIVE, live)
    piece.withdrawn_at, piece.withdrawn_by = None, None
    session.flush()
