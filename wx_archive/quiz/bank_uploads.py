"""Files of questions that staff bring: kept until somebody has decided, then forgotten."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Select, func, select, update
from sqlalchemy.orm import Session

from wx_archive.catalogue.files import BadRow
from wx_archive.core.errors import RefusedError
from wx_archive.core.ids import random_pid
from wx_archive.quiz.bank_import import Checked
from wx_archive.quiz.bank_models import BankUpload

MAX_BYTES: Final = 4 * 1024 * 1024
"""Five thousand questions as XLSX take one."""
KEPT: Final = timedelta(days=30)
SHOWN: Final = 30
WAITING: Final = "waiting"
TAKEN: Final = "taken"
DROPPED: Final = "dropped"
_SUFFIXES: Final = frozenset({".xlsx", ".csv", ".txt", ".yaml", ".yml"})
_NAME_LENGTH: Final = 100


@dataclass(frozen=True, slots=True)
class Seen:
    """An upload in a list; see `bank_models.BankUpload`."""

    pid: str
    name: str
    state: str
    taken: int
    made_by: str
    made_at: datetime
    decided_by: str


@dataclass(frozen=True, slots=True)
class Kept:
    """What stays of a file that was taken in.

    Attributes:
        ids: of the questions that went on for release, new ones and changed ones.
        unchanged: how many said what the bank said already.
        bad: every mistake of the rows that were left out.
        warnings: what was to be looked at.
    """

    ids: tuple[str, ...] = ()
    unchanged: int = 0
    bad: tuple[BadRow, ...] = ()
    warnings: tuple[BadRow, ...] = ()

    @property
    def bad_lines(self) -> int:
        """How many rows have mistakes; one may have several."""
        return len({row.line for row in self.bad})

    @classmethod
    def of(cls, checked: Checked) -> "Kept":
        """Return what is kept of a file that was looked at."""
        ids = tuple(one.id for one in checked.good)
        return cls(ids, checked.unchanged, checked.bad, checked.warnings)


def shown_name(told: str) -> str:
    """Return a file's name without folders and characters that nobody sees.

    Raises:
        RefusedError: it is of no kind that is read.
    """
    last = told.replace("\\", "/").rpartition("/")[2]
    name = "".join(char for char in last if char.isprintable()).strip(" .")
    stem, dot, suffix = name.rpartition(".")
    if not stem or f"{dot}{suffix}".lower() not in _SUFFIXES:
        raise RefusedError("请选 .xlsx、.csv 或 .yaml 文件；旧的 .xls 请先另存为 .xlsx")
    return f"{stem[:_NAME_LENGTH]}.{suffix}"


@contextmanager
def on_disk(name: str, content: bytes) -> Iterator[Path]:
    """Lend a file with these bytes, for as long as it is read.

    Raises:
        RefusedError: there is nothing in it, or too much.
    """
    if not content:
        raise RefusedError("这个文件是空的")
    if len(content) > MAX_BYTES:
        raise RefusedError(f"文件超过 {MAX_BYTES // 1024 // 1024} MB，请分成几份")
    with tempfile.TemporaryDirectory(prefix="questions-") as folder:
        path = Path(folder) / f"upload.{name.rpartition('.')[2].lower()}"
        path.write_bytes(content)
        yield path


def receive(session: Session, name: str, content: bytes, *, by: str, now: datetime) -> str:
    """Keep a file, and forget those that nobody has decided on for a month; return its pid."""
    session.execute(
        update(BankUpload)
        .where(BankUpload.state == WAITING, BankUpload.made_at < now - KEPT)
        .values(state=DROPPED, content=b"")
    )
    upload = BankUpload(
        pid=random_pid(), name=name, content=content, state=WAITING, made_by=by, made_at=now
    )
    session.add(upload)
    session.flush()
    return upload.pid


def find(connection: Connection, pid: str) -> Seen | None:
    """Return an upload."""
    row = connection.execute(_listing().where(BankUpload.pid == pid)).one_or_none()
    return Seen(*row) if row else None


def content_of(connection: Connection, pid: str) -> bytes:
    """Return the bytes of an upload; none once it has been decided on."""
    return connection.scalar(select(BankUpload.content).where(BankUpload.pid == pid)) or b""


def kept_of(connection: Connection, pid: str) -> Kept:
    """Return what stayed of an upload that was taken in."""
    asked = select(BankUpload.result).where(BankUpload.pid == pid)
    held = json.loads(connection.scalar(asked) or "{}")
    if not held:
        return Kept()
    bad, warnings = ([BadRow(**row) for row in held[key]] for key in ("bad", "warnings"))
    return Kept(tuple(held["ids"]), held["unchanged"], tuple(bad), tuple(warnings))


def listed(connection: Connection) -> list[Seen]:
    """Return the newest uploads."""
    rows = connection.execute(_listing().order_by(BankUpload.id.desc()).limit(SHOWN))
    return [Seen(*row) for row in rows]


def waiting_of(connection: Connection, *, login: str) -> int:
    """Return how many uploads of somebody wait for their decision."""
    asked = select(func.count()).where(BankUpload.state == WAITING, BankUpload.made_by == login)
    return connection.execute(asked).scalar_one()


def decide(session: Session, pid: str, *, by: str, kept: Kept | None = None) -> None:
    """Note what became of an upload; its bytes are gone.

    Args:
        session: of the change.
        pid: of the upload.
        by: who decided.
        kept: what was found in it and taken of it; None where it is dropped.

    Raises:
        RefusedError: somebody has decided already.
    """
    decided = session.scalars(
        update(BankUpload)
        .where(BankUpload.pid == pid, BankUpload.state == WAITING)
        .values(
            state=TAKEN if kept else DROPPED,
            taken=len(kept.ids) if kept else 0,
            decided_by=by,
            result=json.dumps(asdict(kept), ensure_ascii=False) if kept else "",
            content=b"",
        )
        .returning(BankUpload.id)
    ).one_or_none()
    if decided is None:
        raise RefusedError("这份文件已经处理过了，别人可能已经办了")


def _listing() -> Select[str, str, str, int, str, datetime, str]:
    return select(
        BankUpload.pid,
        BankUpload.name,
        BankUpload.state,
        BankUpload.taken,
        BankUpload.made_by,
        BankUpload.made_at,
        BankUpload.decided_by,
    )
