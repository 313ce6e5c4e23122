"""Facsimiles as staff keep them: what they are, whether they are offered, how many there are."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, Select, func, select
from sqlalchemy.orm import Session

from wx_archive.catalogue.files.cells import guard
from wx_archive.core import clock, ids
from wx_archive.core.errors import RefusedError
from wx_archive.quiz import stock
from wx_archive.quiz.rules import STOCK_ACTIONS, StockAction
from wx_archive.quiz.voucher_models import Facsimile, StockMove

NAME_LENGTH: Final = 60
ABOUT_LENGTH: Final = 400
SOURCE_LENGTH: Final = 200
ENTRY_LENGTH: Final = 120
NOTE_LENGTH: Final = 200
MOST_PIECES: Final = 10_000
"""Of one step: more is a slip of the keyboard."""
_BY_HAND: Final = (StockAction.RECEIVE, StockAction.WRITE_OFF)
_HEAD: Final = ("时间", "变动", "在库", "许出", "变动后在库", "变动后许出", "经手", "说明")


@dataclass(frozen=True, slots=True)
class Described:
    """What staff say of a facsimile; see `voucher_models.Facsimile`."""

    name: str
    about: str = ""
    source: str = ""
    entry: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """A facsimile with its stock.

    Attributes:
        on_hand: pieces on the shelf.
        reserved: of these, promised by vouchers.
    """

    id: int
    pid: str
    name: str
    about: str
    source: str
    entry: str
    on_hand: int
    reserved: int
    is_offered: bool

    @property
    def free(self) -> int:
        """Pieces that nobody was promised."""
        return self.on_hand - self.reserved

    @property
    def described(self) -> Described:
        """What staff say of it."""
        return Described(self.name, self.about, self.source, self.entry)


@dataclass(frozen=True, slots=True)
class Step:
    """A change of the stock by hand."""

    action: StockAction
    pieces: int
    note: str
    by: str


@dataclass(frozen=True, slots=True)
class Move:
    """A line of the ledger.

    Attributes:
        on_hand, reserved: by how many pieces they changed.
        then_on_hand, then_reserved: what they were after it.
        actor: `reader`, `clock`, `erasure`, or a login.
    """

    id: int
    at: datetime
    action: StockAction
    on_hand: int
    reserved: int
    then_on_hand: int
    then_reserved: int
    actor: str
    note: str


def listed(connection: Connection) -> list[Kept]:
    """Return every facsimile: those offered first, the newest first."""
    rows = connection.execute(_all().order_by(Facsimile.is_offered.desc(), Facsimile.id.desc()))
    return [Kept(*row) for row in rows.all()]


def find(connection: Connection, pid: str) -> Kept | None:
    """Return a facsimile; None where there is none."""
    row = connection.execute(_all().where(Facsimile.pid == pid)).one_or_none()
    return None if row is None else Kept(*row)


def problems(told: Described) -> dict[str, str]:
    """Return what is missing or too long, by field."""
    found: dict[str, str] = {}
    if not told.name:
        found["name"] = "请写名称，读者领取时看到的就是它"
    bounds = {
        "name": NAME_LENGTH,
        "about": ABOUT_LENGTH,
        "source": SOURCE_LENGTH,
        "entry": ENTRY_LENGTH,
    }
    for name, most in bounds.items():
        if (length := len(getattr(told, name))) > most:
            found[name] = f"最多 {most} 个字，现在有 {length} 个"
    return found


def add(session: Session, told: Described, *, by: str, now: datetime, pid: str = "") -> Facsimile:
    """Enter a facsimile: offered, and none of it on the shelf yet; `pid` as its form chose it."""
    made = Facsimile(pid=pid or ids.random_pid(), made_by=by, made_at=now, **asdict(told))
    session.add(made)
    session.flush()
    return made


def locked(session: Session, pid: str) -> Facsimile | None:
    """Return a facsimile to be changed; None where there is none."""
    wanted = select(Facsimile).where(Facsimile.pid == pid).with_for_update()
    return session.scalars(wanted.execution_options(populate_existing=True)).one_or_none()


def describe(session: Session, one: Facsimile, told: Described) -> None:
    """Change what is said of a facsimile."""
    for name, value in asdict(told).items():
        setattr(one, name, value)
    session.flush()


def offer(session: Session, one: Facsimile, *, is_offered: bool) -> None:
    """Offer a facsimile, or no more; what is promised stays promised."""
    one.is_offered = is_offered
    session.flush()


def last_step(connection: Connection, facsimile_id: int) -> int:
    """Return the number of the last line of the ledger that staff wrote by hand; 0 for none.

    It stands in the forms, so that a form that is sent twice counts once.
    """
    steps = select(func.max(StockMove.id)).where(
        StockMove.facsimile_id == facsimile_id, StockMove.action.in_(_BY_HAND)
    )
    return connection.execute(steps).scalar_one() or 0


def is_repeated(session: Session, one: Facsimile, step: Step, *, seen: int) -> bool:
    """Tell whether the very step stands in the ledger since its page was opened.

    Args:
        session: has the facsimile locked, so that of two at once the second sees the first.
        one: whose ledger.
        step: what is asked for.
        seen: `last_step` when the page was opened.

    Raises:
        RefusedError: others have counted meanwhile: what the page said is out of date.
    """
    later = session.scalars(
        select(StockMove).where(
            StockMove.facsimile_id == one.id,
            StockMove.action.in_(_BY_HAND),
            StockMove.id > seen,
        )
    ).all()
    if any(
        Step(StockAction(row.action), abs(row.on_hand), row.note, row.actor) == step
        for row in later
    ):
        return True
    if later:
        raise RefusedError("这一页打开以后，库存又清点过。请看过下面的流水，再按一次")
    return False


def count_in(
    session: Session, one: Facsimile, pieces: int, note: str, *, by: str, now: datetime
) -> None:
    """Put pieces on the shelf.

    Raises:
        RefusedError: no sensible number.
    """
    _require_number(pieces)
    stock.move(session, one.id, StockAction.RECEIVE, pieces=pieces, actor=by, now=now, note=note)


def write_off(
    session: Session, one: Facsimile, pieces: int, note: str, *, by: str, now: datetime
) -> None:
    """Take pieces off the shelf: spoilt, lost, miscounted; what is promised must stay.

    Raises:
        RefusedError: no sensible number, no reason, or not so many free pieces.
    """
    _require_number(pieces)
    if not note:
        raise RefusedError("请写核减的原因")
    if not stock.move(
        session, one.id, StockAction.WRITE_OFF, pieces=pieces, actor=by, now=now, note=note
    ):
        free = one.on_hand - one.reserved
        raise RefusedError(
            f"在库 {one.on_hand} 件，其中 {one.reserved} 件已经许给读者，最多核减 {free} 件"
        )


def moves(connection: Connection, facsimile_id: int) -> list[Move]:
    """Return a facsimile's whole ledger, the newest first, with what was there after each step."""
    rows = connection.execute(
        select(
            StockMove.id,
            StockMove.at,
            StockMove.action,
            StockMove.on_hand,
            StockMove.reserved,
            StockMove.actor,
            StockMove.note,
        )
        .where(StockMove.facsimile_id == facsimile_id)
        .order_by(StockMove.id)
    )
    found, on_hand, reserved = [], 0, 0
    for key, at, action, more, promised, actor, note in rows:
        on_hand, reserved = on_hand + more, reserved + promised
        found.append(
            Move(key, at, StockAction(action), more, promised, on_hand, reserved, actor, note)
        )
    return found[::-1]


def as_csv(lines: Iterable[Move], name_of: dict[str, str]) -> bytes:
    """Return a ledger as CSV with the mark that Excel wants, the oldest line first."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(_HEAD)
    for one in sorted(lines, key=lambda move: move.id):
        rows.writerow(_cells(one, name_of))
    return text.getvalue().encode("utf-8-sig")


def _cells(one: Move, name_of: dict[str, str]) -> Sequence[str | int]:
    return (
        f"{one.at.astimezone(clock.SHANGHAI):%Y-%m-%d %H:%M}",
        STOCK_ACTIONS[one.action],
        one.on_hand,
        one.reserved,
        one.then_on_hand,
        one.then_reserved,
        guard(name_of.get(one.actor, one.actor)),
        guard(one.note),
    )


def _require_number(pieces: int) -> None:
    if not 1 <= pieces <= MOST_PIECES:
        raise RefusedError(f"件数要在 1 到 {MOST_PIECES:,} 之间")


def _all() -> Select[int, str, str, str, str, str, int, int, bool]:
    return select(
        Facsimile.id,
        Facsimile.pid,
        Facsimile.name,
        Facsimile.about,
        Facsimile.source,
        Facsimile.entry,
        Facsimile.on_hand,
        Facsimile.reserved,
        Facsimile.is_offered,
    )
