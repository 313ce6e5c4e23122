"""The demo's treasures: what some citizens have sent, and how far it came.

Written once, at the demo's first start, through the services that everybody uses. Their senders
are nobody's followers: no message goes out, and nobody's own list shows them. The worker looks at
the pictures and draws the certificates.
"""

import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from pydantic import Field
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from wx_archive.core import clock, schema
from wx_archive.core.errors import RefusedError
from wx_archive.core.jobs import Job
from wx_archive.core.services import Services
from wx_archive.core.yamlfile import FileModel, load
from wx_archive.staff.models import Member
from wx_archive.staff.rules import Role
from wx_archive.treasures import (
    accessions,
    agreements,
    files,
    looking,
    queries,
    review,
    showing,
    uploads,
)
from wx_archive.treasures.accessions import Plan
from wx_archive.treasures.agreements import Terms
from wx_archive.treasures.files import Incoming
from wx_archive.treasures.models import Treasure
from wx_archive.treasures.record import Describing
from wx_archive.treasures.rights import Allowed
from wx_archive.treasures.rules import (
    Channel,
    Credit,
    FileKind,
    Ownership,
    Right,
    Scope,
    State,
    Wish,
)
from wx_archive.treasures.sealed import open_sealed
from wx_archive.treasures.showing import Check
from wx_archive.treasures.steps import SENDER, Doing
from wx_archive.treasures.uploads import Told, Wishes

_MARK: Final = "demo_treasures"
_SHOWN: Final = "demo_treasures_shown"
_CONSENT: Final = 1
"""Version of the consent's text in `content/consents.yaml`."""
_WAY: Final = (State.SCREENING, State.APPRAISAL, State.ACCEPTED)
_LATER: Final = (State.AGREEMENT, State.ACCESSIONED, State.PUBLISHED)
_ASIDE: Final = frozenset({State.NEED_INFO, State.DECLINED})


class _PieceFile(FileModel):
    title: str
    story: str
    year: str
    place: str
    people: str
    ownership: Ownership
    wish: Wish
    scope: Scope
    credit: Credit
    credit_name: str = ""
    channel: Channel
    pictures: list[str] = Field(min_length=1)
    days_ago: int = Field(ge=1, le=300)
    state: State
    note: str = ""
    extent: str = ""

    @property
    def way(self) -> Sequence[State]:
        """The states that it goes through after it was handed in, its own last."""
        if self.state in _ASIDE:
            return (State.SCREENING, self.state)
        whole = (*_WAY, *_LATER)
        return whole[: whole.index(self.state) + 1] if self.state in whole else ()


class TreasuresFile(FileModel):
    """`content/demo/treasures.yaml`."""

    remark: str
    """Ends every story: what is invented says so."""
    fonds: str
    pieces: list[_PieceFile]


@dataclass(frozen=True, slots=True)
class _Cast:
    """Who does what, and how the past is told.

    Attributes:
        folder: of the pictures.
    """

    services: Services
    file: TreasuresFile
    folder: Path
    now: datetime
    members: Mapping[str, int]

    def doing(self, actor: str, at: datetime) -> Doing:
        """Return somebody's doing at a moment."""
        member_id = self.members.get(actor)
        return Doing.of(self.services.site, actor, now=at, member_id=member_id)


def invent(services: Services) -> None:
    """Invent the uploads, unless that was done before; a site without the file has none."""
    folder = services.site.content / "demo" / "treasures"
    path = folder.with_suffix(".yaml")
    if not path.is_file():
        return
    now = clock.now()
    if not schema.was_invented(services.database, _MARK):
        with services.database.begin() as session:
            cast = _Cast(services, read(path), folder, now, _members(session))
            for piece in cast.file.pieces:
                _invent_one(session, cast, piece)
            # The worker hears of them only now: it is not late by weeks.
            mine = update(Job).where(Job.kind.startswith("treasures."))
            session.execute(mine.values(created_at=now, run_after=now))
            schema.mark_invented(session, _MARK)
    if not schema.was_invented(services.database, _SHOWN):
        _show(services, read(path), now)


def read(path: Path) -> TreasuresFile:
    """Return what the demo's file says.

    Raises:
        FileProblemError: it breaks its schema.
    """
    return load(path, TreasuresFile)


def _invent_one(session: Session, cast: _Cast, piece: _PieceFile) -> None:
    moments = _moments(piece, cast.now)
    sender = Role.DESK.value if piece.channel is Channel.DESK else SENDER
    doing = cast.doing(sender, next(moments))
    treasure = uploads.begin(session, piece.channel, doing)
    for name in piece.pictures:
        _bring(session, cast, treasure, cast.folder / name, doing)
    story = f"{piece.story}{cast.file.remark}"
    told = Told(piece.title, story, piece.year, piece.place, piece.people)
    uploads.describe(session, treasure, told, doing)
    wishes = Wishes(piece.ownership, piece.wish, piece.scope, piece.credit, piece.credit_name)
    uploads.state_wishes(session, treasure, wishes, doing)
    uploads.confirm(session, treasure, doing)
    uploads.finish(session, treasure, doing, consent_version=_CONSENT)
    for state in piece.way:
        _advance(session, cast, piece, treasure.id, state, next(moments))


def _bring(session: Session, cast: _Cast, treasure: Treasure, path: Path, doing: Doing) -> None:
    incoming = Incoming(FileKind.IMAGE, Channel(treasure.channel), path.name)
    file = files.reserve(session, treasure, incoming, now=doing.now)
    if file is None or file.object_key is None:
        raise AssertionError  # only what came from the chat was announced before
    content = path.read_bytes()
    open_sealed(cast.services.settings).put(file.object_key, io.BytesIO(content))
    sha256 = hashlib.sha256(content).hexdigest()
    # Stored only now: nobody is to be told that it has waited, or was not read, for weeks.
    files.stored(session, file.id, sha256=sha256, size_bytes=len(content), now=cast.now)


def _advance(
    session: Session, cast: _Cast, piece: _PieceFile, treasure_id: int, to: State, at: datetime
) -> None:
    editor = cast.doing(Role.EDITOR.value, at)
    match to:
        case State.AGREEMENT:
            agreements.write(session, treasure_id, _terms(session, treasure_id, editor), editor)
        case State.ACCESSIONED:
            _enter(session, cast, piece, treasure_id, at)
        case State.PUBLISHED:
            pass  # its picture is made anew, which no transaction waits for: `_show`
        case _:
            note = piece.note if to is piece.state else ""
            review.move(session, treasure_id, to, editor, note=note)


def _terms(session: Session, treasure_id: int, doing: Doing) -> Terms:
    wished = Terms.wished(queries.by_id(session.connection(), treasure_id), today=doing.today)
    if wished.scope is not Scope.PUBLIC:
        return wished
    return replace(wished, allowed=tuple(Allowed(use, doing.today) for use in Right))


def _enter(
    session: Session, cast: _Cast, piece: _PieceFile, treasure_id: int, at: datetime
) -> None:
    editor, reviewer = cast.doing(Role.EDITOR.value, at), cast.doing(Role.REVIEWER.value, at)
    plan = Plan(
        f"{piece.title}{cast.file.remark}",
        editor.today,
        cast.file.fonds,
        condition="完好",
        extent=piece.extent,
        location="演示库房 1-1",
    )
    accessions.plan(session, treasure_id, plan, editor)
    accessions.enter(session, treasure_id, reviewer, Describing.of(cast.services))


def _show(services: Services, file: TreasuresFile, now: datetime) -> None:
    """Show what is to be shown: its pictures are looked at and made anew here and now."""
    shown = {piece.title for piece in file.pieces if piece.state is State.PUBLISHED}
    with services.database.reads() as connection:
        found = connection.scalars(
            select(Treasure.id).where(
                Treasure.title.in_(shown), Treasure.state == State.ACCESSIONED
            )
        ).all()
    reviewer = Doing.of(services.site, Role.REVIEWER.value, now=now)
    made = {treasure_id: _prepared(services, treasure_id, now) for treasure_id in found}
    with services.database.begin() as session:
        for treasure_id, prepared in made.items():
            if prepared:
                check = Check(secrecy=True, portrait=True, story=True)
                showing.show(session, treasure_id, prepared, check, reviewer)
        schema.mark_invented(session, _SHOWN)


def _prepared(services: Services, treasure_id: int, now: datetime) -> list[showing.Prepared]:
    store = open_sealed(services.settings)
    with services.database.reads() as connection:
        pieces = queries.files(connection, treasure_id)
    try:
        looked = {file.id: looking.look(store, file) for file in pieces}
    except RefusedError:
        return []  # a machine that cannot decode pictures shows none, and starts all the same
    with services.database.begin() as session:
        for file_id, one in looked.items():
            files.cleaned(session, file_id, one, now=now)
    return showing.prepare(services, treasure_id, {file.pid for file in pieces})


def _moments(piece: _PieceFile, now: datetime) -> Iterator[datetime]:
    """Yield when each step was: spread evenly from the day that it came in to now."""
    length = timedelta(days=piece.days_ago)
    steps = len(piece.way) + 1
    for step in range(steps):
        yield now - length + length * step / steps


def _members(session: Session) -> Mapping[str, int]:
    return {row.login: row.id for row in session.execute(select(Member.login, Member.id))}
