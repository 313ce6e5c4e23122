"""Writing: who may write at which piece, a new one, and what saving changes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from wx_archive.core.errors import RefusedError
from wx_archive.publishing import comparing, pieces, pushes, sensitive
from wx_archive.publishing.models import Piece
from wx_archive.publishing.pieces import Content
from wx_archive.publishing.rules import Kind, PieceState
from wx_archive.publishing.sensitive import Wording
from wx_archive.staff.rules import Permission, Person

MOST_BODY: Final = 60_000
"""Characters; three times what WeChat takes, so that nobody loses what was pasted."""
MOST_ASSETS: Final = 20
"""Pictures of a set; WeChat takes no more."""
_BEGUN: Final = frozenset({PieceState.DRAFT, PieceState.RETURNED})


class NotYoursError(RefusedError):
    """Somebody would write at a piece that is not theirs to write at."""


@dataclass(frozen=True, slots=True)
class Saved:
    """What saving changed.

    Attributes:
        names: of the fields that say something else now; empty: it was all the same.
        was_approved: the approval has gone with it.
    """

    names: Sequence[str]
    was_approved: bool


def may_see(person: Person, piece: Piece) -> bool:
    """Tell whether somebody may see a piece: correspondents only their own."""
    return person.may(Permission.PUBLISHING_READ) or piece.made_by == person.login


def why_not(person: Person, piece: Piece) -> str:
    """Return why somebody may not write at a piece now; empty if they may."""
    if person.may(Permission.PIECES_EDIT):
        if piece.state == PieceState.INBOX and piece.made_by != person.login:
            return "这篇是来稿，先接过来再改"
        return ""
    if not person.may(Permission.PIECES_WRITE) or piece.made_by != person.login:
        return "这篇稿子不归您改"
    if piece.owner is not None and piece.owner != person.login:
        return "编辑已经接手这篇稿子；有要改的地方，请告诉编辑"
    if piece.state not in _BEGUN:
        return "稿子已经交上去了，编辑退回来以后才能再改"
    return ""


def require_writer(person: Person, piece: Piece) -> None:
    """Refuse somebody who may not write at a piece now.

    Raises:
        NotYoursError: says why.
    """
    if why := why_not(person, piece):
        raise NotYoursError(why)


def begin(session: Session, content: Content, *, person: Person, now: datetime) -> Piece:
    """Begin a piece; an editor's lies on their own desk from the start."""
    piece = pieces.add(session, content, made_by=person.login, now=now)
    if person.may(Permission.PIECES_EDIT):
        piece.owner = person.login
        session.flush()
    return piece


def save(
    session: Session,
    piece: Piece,
    content: Content,
    *,
    since: int,
    person: Person,
    now: datetime,
) -> Saved:
    """Save what somebody wrote; approvals and pushes of the old words are void.

    Args:
        session: of the change; the piece is locked in it.
        piece: as it stands.
        content: as it is to be; of the same kind.
        since: the revision that the form was made from.
        person: who wrote.
        now: the present instant.

    Raises:
        NotYoursError: they may not write at it now.
        StalePieceError: somebody else changed it in between.
    """
    require_writer(person, piece)
    before, was_approved = Content.of(piece), piece.state == PieceState.APPROVED
    if pieces.save(session, piece, content, since=since, made_by=person.login, now=now):
        pushes.piece_changed(session, piece, now=now)
        return Saved(comparing.changed_names(before, content), was_approved)
    return Saved((), was_approved=False)


def mended(content: Content, wording: Wording, word: str) -> Content:
    """Return a content in which one wrong word is put right wherever the checks look for it."""
    one = [typo for typo in (*wording.typos, *wording.names) if typo.wrong == word]
    known = Wording(typos=one)
    return replace(
        content,
        title=sensitive.mended(known, content.title),
        summary=sensitive.mended(known, content.summary),
        body=sensitive.mended(known, content.body),
    )


def with_cover(content: Content, pid: str | None) -> Content:
    """Return a content with another cover, or with none."""
    return replace(content, cover=pid)


def with_picture(content: Content, pid: str, alt: str) -> Content:
    """Return a content with a picture at the end of its body."""
    shown = alt.replace("[", "【").replace("]", "】").replace("\n", " ")
    return replace(content, body=f"{content.body.rstrip()}\n\n![{shown}](media:{pid})\n".lstrip())


def with_asset(content: Content, pid: str) -> Content:
    """Return a content with one more picture of its set, or with this film or recording.

    Raises:
        RefusedError: the set is full.
    """
    if content.kind is not Kind.PICTURES:
        return replace(content, assets=(pid,))
    if pid in content.assets:
        return content
    if len(content.assets) >= MOST_ASSETS:
        raise RefusedError(f"一个图集最多 {MOST_ASSETS} 张图片")
    return replace(content, assets=(*content.assets, pid))


def without_asset(content: Content, pid: str) -> Content:
    """Return a content without one of its assets."""
    return replace(content, assets=tuple(one for one in content.assets if one != pid))


def moved_asset(content: Content, pid: str, by: int) -> Content:
    """Return a content with one of its assets moved by so many places, as far as they go."""
    if pid not in content.assets:
        return content
    others = [one for one in content.assets if one != pid]
    place = min(max(content.assets.index(pid) + by, 0), len(others))
    return replace(content, assets=(*others[:place], pid, *others[place:]))
