"""Files and console: a file's piece is taken in, an edit in the console wins and is reported."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.errors import FileProblemError, RefusedError
from wx_archive.core.live import Live
from wx_archive.core.site import Site
from wx_archive.followers import interests
from wx_archive.media import service as media
from wx_archive.media.arrivals import Arrival, receive
from wx_archive.media.objects import ObjectStore
from wx_archive.media.service import Described
from wx_archive.publishing import latest, naming, pieces, pushes
from wx_archive.publishing.files import MADE_BY_FILE, FilePiece, read_all, with_assets
from wx_archive.publishing.models import Piece, PieceReview, PieceRevision
from wx_archive.publishing.pieces import Content
from wx_archive.publishing.rules import PieceState, ReviewKind


@dataclass(slots=True)
class Synced:
    """What became of the files' pieces, by id.

    Attributes:
        conflicts: changed in the file and in the console: the console's stands.
        missing: there was a file once; the piece stays.
    """

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def sync(
    database: Database,
    objects: ObjectStore,
    site: Site,
    *,
    now: datetime,
    folder: Path | None = None,
) -> Synced:
    """Take in what the files say; a second run changes nothing.

    Args:
        database: where the pieces are.
        objects: where their pictures go.
        site: whose interests they may name, and whose readers hear of what is out.
        now: the present instant.
        folder: other than the site's own.

    Each piece is a transaction of its own: of two processes at once the second finds it done.

    Raises:
        FileProblemError: a file breaks its schema; nothing was taken in.
    """
    found = read_all(folder or site.content)
    for piece in found.values():
        _require_known_interests(piece, site)
    done = Synced()
    with database.reads() as connection:
        held = select(Piece.pid, Piece.file_hash).where(Piece.file_hash.is_not(None))
        known = dict(connection.execute(held).all())
    for pid, piece in found.items():
        if known.get(pid) == piece.fingerprint:
            done.unchanged.append(pid)
            continue
        arriving = Arriving(piece, received(piece, objects), now)
        with database.begin() as session:
            _take_in(session, arriving, done, site.live)
    done.missing = sorted(set(known) - set(found)) if folder is None else []
    return done


def received(piece: FilePiece, objects: ObjectStore) -> Mapping[str, Arrival]:
    """Store the pictures that a file names: decoding takes a while, and nobody waits for it."""
    arrivals: dict[str, Arrival] = {}
    for name, path in piece.pictures.items():
        with path.open("rb") as picture:
            try:
                arrivals[name] = receive(objects, picture, name=path.name)
            except RefusedError as err:
                raise FileProblemError(f"{piece.path}: {name}：{err}") from err
    return arrivals


@dataclass(frozen=True, slots=True)
class Arriving:
    """A file on its way in, its pictures stored already."""

    file: FilePiece
    arrivals: Mapping[str, Arrival]
    now: datetime

    def content(self, session: Session) -> Content:
        """Return what it says, with its pictures brought in and its numbers looked up."""
        head = self.file.head
        assets = self._assets(session)
        named = naming.resolve(session.connection(), head.entries)
        return Content(
            column=self.file.column,
            kind=head.kind,
            title=head.title,
            author=head.author,
            summary=head.summary,
            body=with_assets(self.file.body, assets),
            cover=assets.get(head.cover),
            assets=tuple(assets[name] for name in head.media),
            topics=tuple(head.topics),
            interests=tuple(head.interests),
            sources=tuple(head.sources),
            entries=named.pids,
            source_url=head.source_url,
        )

    def _assets(self, session: Session) -> Mapping[str, str]:
        return {
            name: media.enter(
                session,
                arrival,
                Described(self.file.pictures[name].stem),
                made_by=MADE_BY_FILE,
                now=self.now,
            ).pid
            for name, arrival in self.arrivals.items()
        }


def settle(
    session: Session, piece: Piece, arriving: Arriving, *, takes_file: bool, live: Live | None
) -> None:
    """End a conflict: what the file says counts from now on, or what the console says does."""
    if takes_file:
        _update(session, piece, arriving)
        if arriving.file.head.reviewed is not None:
            latest.changed(session, live)
    else:
        piece.file_hash, piece.is_in_conflict = arriving.file.fingerprint, False
    session.flush()


def _take_in(session: Session, arriving: Arriving, done: Synced, live: Live | None) -> None:
    head = arriving.file.head
    piece = pieces.locked(session, head.id)
    if piece is not None and piece.file_hash == arriving.file.fingerprint:
        done.unchanged.append(head.id)  # another process was faster
        return
    if piece is None:
        _add(session, arriving)
        done.added.append(head.id)
    elif _was_edited(session, piece):
        piece.is_in_conflict = True
        done.conflicts.append(head.id)
        return
    else:
        _update(session, piece, arriving)
        done.changed.append(head.id)
    if head.reviewed is not None:
        latest.changed(session, live)


def _add(session: Session, arriving: Arriving) -> None:
    head, now = arriving.file.head, arriving.now
    state = PieceState.APPROVED if head.reviewed else PieceState.DRAFT
    content = arriving.content(session)
    piece = pieces.add(session, content, made_by=MADE_BY_FILE, now=now, pid=head.id, state=state)
    _complete(session, piece, arriving)


def _update(session: Session, piece: Piece, arriving: Arriving) -> None:
    content = arriving.content(session)
    pieces.save(
        session,
        piece,
        content,
        since=piece.revision,
        made_by=MADE_BY_FILE,
        now=arriving.now,
    )
    pushes.piece_changed(session, piece, now=arriving.now)
    _complete(session, piece, arriving)


def _complete(session: Session, piece: Piece, arriving: Arriving) -> None:
    head = arriving.file.head
    piece.file_hash = arriving.file.fingerprint
    piece.is_in_conflict = False
    piece.wanted_at = head.due
    if head.reviewed is None:
        return
    piece.state, piece.approved_revision = PieceState.APPROVED, piece.revision
    piece.out_at = datetime.combine(head.date, time.min, clock.SHANGHAI)
    signed = datetime.combine(head.reviewed.on, time.min, clock.SHANGHAI)
    for kind in ReviewKind:
        session.add(
            PieceReview(
                piece_id=piece.id,
                content_hash=piece.content_hash,
                kind=kind,
                is_approval=True,
                note=f"{signed:%Y-%m-%d} 在文件里签署",
                made_by=MADE_BY_FILE,
                name=head.reviewed.by,
                made_at=arriving.now,
            )
        )


def _was_edited(session: Session, piece: Piece) -> bool:
    newest = select(PieceRevision.made_by).where(
        PieceRevision.piece_id == piece.id, PieceRevision.number == piece.revision
    )
    return session.scalars(newest).one() != MADE_BY_FILE


def _require_known_interests(piece: FilePiece, site: Site) -> None:
    unknown = [one for one in piece.head.interests if one not in interests.topics(site)]
    if unknown:
        raise FileProblemError(
            f"{piece.path}: interests 里的 {'、'.join(unknown)} 不在 content/interests.yaml 里"
        )
