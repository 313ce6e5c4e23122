"""Showing an accessioned piece to the public, and taking it off: at once, everywhere.

Its pictures are made anew for the media library. The piece's own page shows them while WEB stands;
the library offers them to articles and cards only while both WECHAT and DERIVE stand, so that
whoever allows the page alone is found on the page alone.
"""

import io
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, or_, select
from sqlalchemy.orm import Session, aliased

from wx_archive.catalogue.appearances import Appearance
from wx_archive.core import clock, ids, wording
from wx_archive.core.errors import RefusedError
from wx_archive.core.services import Services
from wx_archive.media import arrivals
from wx_archive.media import service as media
from wx_archive.media.arrivals import Arrival
from wx_archive.media.objects import open_objects
from wx_archive.media.rules import TITLE_LENGTH
from wx_archive.media.service import Described
from wx_archive.treasures import queries, record, register_queries, sealed, show_pictures
from wx_archive.treasures import register_texts as texts
from wx_archive.treasures.models import Treasure, TreasureFile
from wx_archive.treasures.queries import File
from wx_archive.treasures.register_models import Accession, RightsGrant, Showing
from wx_archive.treasures.register_queries import Agreed
from wx_archive.treasures.rules import Action, Credit, Right, Scope, State
from wx_archive.treasures.steps import Doing, advance, locked, note_step

PAGE: Final = "/h5/treasures/pieces"
"""The pieces' pages; `/h5/treasures/pieces/<pid>` is one of them."""
WHERE: Final = "市民珍档"
REASON_LENGTH: Final = 200
ON_THE_SHELF: Final = frozenset({Right.WECHAT, Right.DERIVE})
"""Rights without which the library does not offer a picture."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A picture made anew, in the media store; no row knows of it yet."""

    file_id: int
    arrival: Arrival


@dataclass(frozen=True, slots=True)
class Check:
    """What the releasing person has signed.

    Attributes:
        story: they have read it, and it names nobody who does not want to be named: the page tells
            it. Without this one the piece is shown all the same, and its story is not told.
    """

    secrecy: bool
    portrait: bool
    story: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing of what every piece needs."""
        return self.secrecy and self.portrait


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece as its page shows it.

    Attributes:
        story: empty where the agreement, or whoever released it, does not let the public read it.
            What stands beside it in the upload (people, place) is never told: it names others.
        pictures: the assets' public ids.
    """

    pid: str
    title: str
    number: str
    credited: str
    story: str
    year_text: str
    pictures: Sequence[str]
    record_pid: str | None


def showable(connection: Connection, treasure_id: int) -> list[File]:
    """Return the pictures of an upload that may be shown: looked at, and no evidence."""
    return [file for file in queries.files(connection, treasure_id) if file.is_picture]


def prepare(services: Services, treasure_id: int, file_pids: Collection[str]) -> list[Prepared]:
    """Make the chosen pictures anew for the library; it takes seconds: never in a transaction.

    Raises:
        RefusedError: one cannot be decoded any more.
        MissingObjectError: its original is not in the sealed store.
    """
    with services.database.reads() as connection:
        chosen = [one for one in showable(connection, treasure_id) if one.pid in file_pids]
    originals, library = sealed.open_sealed(services.settings), open_objects(services.settings)
    made = []
    for file in chosen:
        content = show_pictures.make(originals, file)
        arrival = arrivals.receive(library, io.BytesIO(content), name="piece.jpg")
        made.append(Prepared(file.id, arrival))
    return made


def show(
    session: Session,
    treasure_id: int,
    prepared: Sequence[Prepared],
    check: Check,
    doing: Doing,
    *,
    version: int | None = None,
) -> list[str]:
    """Show an accessioned piece; return the public ids of its pictures.

    Raises:
        StaleError: somebody was faster.
        ImpossibleMoveError: it is not accessioned, or shown already.
        RefusedError: a right, a signature, the sender's wish or the pictures are missing.
    """
    treasure = locked(session, treasure_id, version=version)
    connection = session.connection()
    agreed = register_queries.agreement(connection, treasure_id)
    if not check.is_whole:
        raise RefusedError(texts.NOT_CHECKED)
    if agreed is None or Right.WEB not in _standing(session, treasure_id, doing):
        raise RefusedError(texts.NO_WEB_RIGHT)
    if not agreed.is_public_on(doing.today):
        raise RefusedError(texts.SCOPE_CLOSED)
    clean = {file.id for file in showable(connection, treasure_id)}
    if clean and not prepared:
        raise RefusedError(texts.NONE_CHOSEN)
    if not prepared or not clean.issuperset(one.file_id for one in prepared):
        raise RefusedError(texts.NO_PICTURES)
    advance(session, treasure, State.PUBLISHED, doing)
    note_step(
        session,
        treasure,
        State.PUBLISHED,
        doing,
        note=texts.SHOWN_CHECKED,
        action=Action.CHECK,
    )
    accession = _accession(session, treasure_id)
    pids = [_put(session, one, accession, agreed, check, doing) for one in prepared]
    record.follow(session, accession, doing, is_shown=True)
    settle(session, treasure_id, doing)
    return pids


def withdraw(
    session: Session, treasure_id: int, because: str, doing: Doing, *, version: int | None = None
) -> None:
    """Take a piece off; its rights stay as they are.

    Raises:
        StaleError: somebody was faster.
        RefusedError: it is not shown, or no reason was given.
    """
    why = wording.take_down(because)
    if not why:
        raise RefusedError(texts.NO_REASON)
    if len(why) > REASON_LENGTH:
        raise RefusedError(texts.too_long("原因", REASON_LENGTH))
    treasure = locked(session, treasure_id, version=version)
    rows = _shown_rows(session, treasure_id)
    if State(treasure.state) is not State.PUBLISHED:
        raise RefusedError(texts.NOT_SHOWN)
    _take_off(session, treasure, rows, why, doing)


def settle(session: Session, treasure_id: int, doing: Doing, *, because: str = "") -> None:
    """Bring what the public sees of a locked upload in line with the rights that stand now."""
    treasure = session.get_one(Treasure, treasure_id)
    rows = _shown_rows(session, treasure_id)
    if not rows:
        return
    stand = _standing(session, treasure_id, doing)
    if Right.WEB not in stand:
        _take_off(session, treasure, rows, because, doing)
        return
    _offer(session, rows, doing, is_offered=stand >= ON_THE_SHELF)


def recredit(session: Session, treasure_id: int, doing: Doing) -> None:
    """Have record and pictures name whom the agreement names now; the page asks it itself.

    Whoever let the story be told has read it beside another name: if that one is not to be known
    any more, the story is told no more, until the piece is taken off and released anew.
    """
    agreed = register_queries.agreement(session.connection(), treasure_id)
    accession = session.scalars(
        select(Accession).where(Accession.treasure_id == treasure_id)
    ).one_or_none()
    if agreed is None or accession is None:
        return
    record.recredit(session, accession, agreed, doing)
    credit = texts.picture_credit(agreed.credited, accession.number)
    for row in register_queries.showings(session.connection(), treasure_id):
        described = _described(accession, credit)
        media.describe(session, row.asset_pid, described)
    if agreed.credit is not Credit.NAME:
        for shown in _shown_rows(session, treasure_id):
            shown.tells_story = False
        session.flush()


# -- what is known -------------------------------------------------------------------------------


def find(connection: Connection, pid: str, *, today: date) -> Piece | None:
    """Return a piece that may be seen on a Shanghai day; any other is None."""
    if not ids.is_pid(pid):
        return None
    row = connection.execute(_seen(today).where(Treasure.pid == pid)).first()
    if row is None:
        return None
    upload = queries.by_id(connection, row.id)
    agreed = register_queries.agreement(connection, row.id)
    entered = register_queries.accession(connection, row.id)
    if agreed is None or entered is None:
        return None
    rows = register_queries.showings(connection, row.id)
    shown = [one for one in rows if one.withdrawn_at is None]
    is_told = agreed.scope is Scope.PUBLIC and all(one.tells_story for one in shown)
    return Piece(
        upload.pid,
        entered.title,
        entered.number,
        agreed.credited,
        upload.story if is_told else "",
        upload.year_text,
        [one.asset_pid for one in shown],
        entered.record_pid,
    )


def was_shown(connection: Connection, pid: str) -> bool:
    """Tell whether a piece was ever shown: its page says that it is not any more."""
    if not ids.is_pid(pid):
        return False
    ever = (
        select(Showing.file_id)
        .join(TreasureFile, TreasureFile.id == Showing.file_id)
        .join(Treasure, Treasure.id == TreasureFile.treasure_id)
        .where(Treasure.pid == pid)
    )
    return connection.execute(ever.limit(1)).first() is not None


def is_lent(connection: Connection, asset_pid: str, now: datetime) -> bool:
    """Tell whether a piece's page shows a picture, whether the library offers it or not."""
    seen = _seen(clock.day_of(now)).where(Showing.asset_pid == asset_pid)
    return connection.execute(seen.limit(1)).first() is not None


def may_be_used(connection: Connection, asset_pid: str, now: datetime) -> bool:
    """Tell whether articles and cards may show a picture today; one that nobody gave they may."""
    today = clock.day_of(now)
    row = connection.execute(
        select(TreasureFile.treasure_id, Showing.withdrawn_at)
        .join(TreasureFile, TreasureFile.id == Showing.file_id)
        .where(Showing.asset_pid == asset_pid)
    ).one_or_none()
    if row is None:
        return True
    stand = register_queries.standing(connection, row.treasure_id, today)
    return row.withdrawn_at is None and stand >= ON_THE_SHELF | {Right.WEB}


def appears_in(connection: Connection, record_pid: str, now: datetime) -> Sequence[Appearance]:
    """Return the page of the piece that a record describes, while it may be seen."""
    seen = (
        _seen(clock.day_of(now))
        .add_columns(Accession.title, Showing.shown_at)
        .join(Accession, Accession.treasure_id == Treasure.id)
        .where(Accession.record_pid == record_pid)
    )
    row = connection.execute(seen.limit(1)).first()
    if row is None:
        return ()
    shown_on = clock.day_of(row.shown_at)
    return (Appearance(row.title, f"{PAGE}/{row.pid}", WHERE, shown_on, is_own=True),)


def stands(use: Right, today: date) -> ColumnElement[bool]:
    """Uploads for which a use is allowed on a Shanghai day."""
    given = aliased(RightsGrant)
    return exists().where(
        given.treasure_id == Treasure.id,
        given.use == use.value,
        given.revoked_at.is_(None),
        given.from_on <= today,
        or_(given.until_on.is_(None), given.until_on >= today),
    )


def _seen(today: date) -> Select[int, str]:
    """Select the pictures that the public may see; fails closed."""
    return (
        select(Treasure.id, Treasure.pid)
        .select_from(Showing)
        .join(TreasureFile, TreasureFile.id == Showing.file_id)
        .join(Treasure, Treasure.id == TreasureFile.treasure_id)
        .where(
            and_(
                Showing.withdrawn_at.is_(None),
                Treasure.state == State.PUBLISHED.value,
                stands(Right.WEB, today),
            )
        )
    )


# -- one row -------------------------------------------------------------------------------------


def _put(
    session: Session,
    one: Prepared,
    accession: Accession,
    agreed: Agreed,
    check: Check,
    doing: Doing,
) -> str:
    credit = texts.picture_credit(agreed.credited, accession.number)
    asset = media.lend(session, one.arrival, _described(accession, credit), now=doing.now)
    other = select(Showing.file_id).where(
        Showing.asset_pid == asset.pid, Showing.file_id != one.file_id
    )
    if session.execute(other).first() is not None:
        raise RefusedError(texts.SAME_PICTURE)
    row = session.get(Showing, one.file_id, with_for_update=True)
    if row is None:
        row = Showing(file_id=one.file_id)
        session.add(row)
    elif row.asset_pid != asset.pid:  # it was turned since: the old picture is nobody's any more
        media.offer(session, row.asset_pid, is_offered=False, now=doing.now)
    row.asset_pid, row.withdrawn_at = asset.pid, None
    row.tells_story = check.story
    row.shown_by, row.shown_at = doing.actor[:60], doing.now
    session.flush()
    return asset.pid


def _described(accession: Accession, credit: str) -> Described:
    return Described(accession.title[:TITLE_LENGTH], accession.title, credit)


def _shown_rows(session: Session, treasure_id: int) -> list[Showing]:
    wanted = (
        select(Showing)
        .join(TreasureFile, TreasureFile.id == Showing.file_id)
        .where(TreasureFile.treasure_id == treasure_id, Showing.withdrawn_at.is_(None))
        .order_by(Showing.file_id)
        .with_for_update(of=Showing)
    )
    return list(session.scalars(wanted))


def _take_off(
    session: Session, treasure: Treasure, rows: list[Showing], because: str, doing: Doing
) -> None:
    _offer(session, rows, doing, is_offered=False)
    for row in rows:
        row.withdrawn_at = doing.now
    session.flush()
    record.follow(session, _accession(session, treasure.id), doing, is_shown=False)
    if State(treasure.state) is State.PUBLISHED:
        advance(session, treasure, State.ACCESSIONED, doing, note=because)


def _offer(session: Session, rows: list[Showing], doing: Doing, *, is_offered: bool) -> None:
    for row in rows:
        media.offer(session, row.asset_pid, is_offered=is_offered, now=doing.now)


def _standing(session: Session, treasure_id: int, doing: Doing) -> frozenset[Right]:
    return register_queries.standing(session.connection(), treasure_id, doing.today)


def _accession(session: Session, treasure_id: int) -> Accession:
    return session.scalars(select(Accession).where(Accession.treasure_id == treasure_id)).one()
