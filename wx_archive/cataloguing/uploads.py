"""A clerk's file on its way in: received, checked, decided on by people, imported by a job.

The database holds the file meanwhile, so that any worker of any machine can take it. Two jobs do
the work (`upload_jobs`); what people decide is here. The check shows what would happen; nothing
comes into the catalogue before somebody has said so, and what shows the public more needs a second
person where the site wants one (`content/site.yaml`: import_needs_second_person).
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, delete, func, select
from sqlalchemy.orm import Session

from wx_archive.catalogue.rules import Disclosure, Kind
from wx_archive.cataloguing.upload_files import Report, display_name
from wx_archive.cataloguing.upload_models import Upload, UploadContent, UploadState
from wx_archive.core.errors import RefusedError
from wx_archive.core.jobs import enqueue
from wx_archive.staff.rules import Permission, Person, require_second_person

CHECK: Final = "cataloguing.check"
IMPORT: Final = "cataloguing.import"
MAX_BYTES: Final = 20 * 1024 * 1024
MOST_AT_ONCE: Final = 10
"""So many files of one person may wait: the database holds them meanwhile."""
KEPT: Final = timedelta(days=14)
"""For so long a file waits for a decision."""
PAGE: Final = 30

WAITING: Final = (UploadState.CHECKED, UploadState.PROPOSED)
RUNNING: Final = (UploadState.RECEIVED, UploadState.CHECKING, UploadState.IMPORTING)
OPEN: Final = (*RUNNING, *WAITING, UploadState.FAILED)
"""Those whose file is still needed."""


# -- receiving ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file as it came from a browser.

    Attributes:
        name: as the browser tells it.
        openness: for documents whose rows do not say; None for records.
    """

    kind: Kind
    name: str
    content: bytes
    openness: Disclosure | None


def receive(session: Session, arrival: Arrival, *, person: Person, now: datetime) -> str:
    """Keep a file and have it checked; return its public id.

    The same file sent again while the first one still waits, as by a second click, is that one.

    Raises:
        RefusedError: it is empty, too large, too many wait, or nobody said how open it is.
    """
    _check_arrival(arrival)
    digest = hashlib.sha256(arrival.content).hexdigest()
    openness = arrival.openness.value if arrival.openness else ""
    if known := _same(session, arrival.kind, digest, openness, person):
        return known
    waiting = select(func.count()).select_from(Upload)
    mine = waiting.where(Upload.made_by == person.login, Upload.state.in_(OPEN))
    if session.scalars(mine).one() >= MOST_AT_ONCE:
        raise RefusedError(f"您已有 {MOST_AT_ONCE} 份文件等着处理，请先导入或者删掉几份再传")
    upload = Upload(
        pid=secrets.token_hex(13),
        kind=arrival.kind.value,
        name=display_name(arrival.name),
        size_bytes=len(arrival.content),
        digest=digest,
        openness=openness,
        state=UploadState.RECEIVED,
        made_by=person.login,
        made_at=now,
        round=1,
    )
    session.add(upload)
    session.flush()
    session.add(UploadContent(upload_id=upload.id, content=arrival.content))
    _ask(session, upload, CHECK, now)
    return upload.pid


def _check_arrival(arrival: Arrival) -> None:
    if not arrival.content:
        raise RefusedError("这份文件是空的，请检查后再传")
    if len(arrival.content) > MAX_BYTES:
        raise RefusedError(too_large())
    if arrival.kind is Kind.DOCUMENT and arrival.openness is None:
        raise RefusedError("请选好没有写公开属性的行按什么算")


def too_large() -> str:
    """Return what is said of a file that is too large."""
    most = MAX_BYTES // 1024 // 1024
    return (
        f"文件超过 {most} MB。请压缩成 .gz、分成几份上传，"
        "或者请管理员在服务器上用 wx-archive 的 import 命令导入"
    )


def _same(session: Session, kind: Kind, digest: str, openness: str, person: Person) -> str | None:
    same = select(Upload.pid).where(
        Upload.digest == digest,
        Upload.kind == kind.value,
        Upload.openness == openness,
        Upload.made_by == person.login,
        Upload.state.in_((*RUNNING, *WAITING)),
    )
    return session.scalars(same.limit(1)).one_or_none()


def _ask(session: Session, upload: Upload, kind: str, now: datetime) -> None:
    key = f"{kind}:{upload.pid}:{upload.round}"
    enqueue(session, kind, {"upload": upload.pid}, key=key, now=now)


# -- looking -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Seen:
    """An upload as people look at it."""

    id: int
    pid: str
    kind: Kind
    name: str
    size_bytes: int
    openness: Disclosure | None
    state: UploadState
    remark: str
    done_rows: int
    total_rows: int
    report: Report | None
    made_by: str
    made_at: datetime
    started_by: str
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def is_running(self) -> bool:
        """Whether it changes by itself."""
        return self.state in RUNNING

    @property
    def can_start(self) -> bool:
        """Whether there is anything to be taken in."""
        return self.state in WAITING and self.report is not None and self.report.changes > 0

    def needs_second_person(self, *, rule: bool) -> bool:
        """Tell whether nobody may import what they uploaded themselves.

        Args:
            rule: what the site says (`import_needs_second_person`).
        """
        return rule and self.report is not None and self.report.opens > 0


_FIELDS: Final = tuple(field.name for field in fields(Seen))


def _seen(row: Row[Any]) -> Seen:
    told = row._mapping  # noqa: SLF001 -- a public name
    values = {name: told[name] for name in _FIELDS}
    values["kind"] = Kind(told["kind"])
    values["state"] = UploadState(told["state"])
    values["openness"] = Disclosure(told["openness"]) if told["openness"] else None
    values["report"] = Report.read_json(told["report"]) if told["report"] else None
    return Seen(**values)


def find(where: Connection | Session, pid: str) -> Seen | None:
    """Return an upload, None where there is none."""
    row = where.execute(select(Upload.__table__).where(Upload.pid == pid)).one_or_none()
    return _seen(row) if row else None


def listing(connection: Connection, *, before: int = 0) -> list[Seen]:
    """Return one page of uploads and one more, newest first.

    Args:
        connection: for reading.
        before: the number of the last one of the page before; 0 for the first page.
    """
    statement = select(Upload.__table__).order_by(Upload.id.desc()).limit(PAGE + 1)
    if before:
        statement = statement.where(Upload.id < before)
    return [_seen(row) for row in connection.execute(statement)]


def mine_waiting(connection: Connection, login: str) -> int:
    """Return how many checked files wait for the decision of whoever uploaded them."""
    return _count(connection, UploadState.CHECKED, Upload.made_by == login)


def others_waiting(connection: Connection, login: str) -> int:
    """Return how many files wait for a second person, who is not their uploader."""
    return _count(connection, UploadState.PROPOSED, Upload.made_by != login)


def failed(connection: Connection) -> Sequence[tuple[str, datetime]]:
    """Return the uploads that could not be worked on, with the instant."""
    rows = connection.execute(
        select(Upload.pid, Upload.finished_at)
        .where(Upload.state == UploadState.FAILED, Upload.finished_at.is_not(None))
        .order_by(Upload.id)
    )
    return [(str(pid), at) for pid, at in rows if at]


def _count(connection: Connection, state: UploadState, whose: ColumnElement[bool]) -> int:
    statement = select(func.count()).select_from(Upload).where(Upload.state == state, whose)
    return connection.execute(statement).scalar_one()


# -- deciding ----------------------------------------------------------------------------------


def start(
    session: Session, pid: str, *, person: Person, skipping: int, rule: bool, now: datetime
) -> UploadState:
    """Have the good rows imported, or proposed to a second person; return which.

    Args:
        session: the transaction.
        pid: the upload's.
        person: who says so.
        skipping: how many bad rows they have been shown and want skipped.
        rule: what the site says of a second person.
        now: the present instant.

    Raises:
        RefusedError: it is not checked, has nothing to take in, or has other bad rows than shown.
    """
    upload, seen = _locked(session, pid, UploadState.CHECKED)
    report = seen.report
    if report is None or not report.changes:
        raise RefusedError("这份文件里没有要改动的行，不用导入")
    if skipping != report.bad_lines:
        raise RefusedError(
            f"这份文件有 {report.bad_lines} 行有误，导入会跳过它们；请在“导入”那一页看过再确认"
        )
    is_another = person.login != upload.made_by and person.may(Permission.CATALOGUE_RELEASE)
    if seen.needs_second_person(rule=rule) and not is_another:
        upload.state = UploadState.PROPOSED
        upload.remark = ""
        return UploadState.PROPOSED
    _begin_import(session, upload, person, now)
    return UploadState.IMPORTING


def release(session: Session, pid: str, *, person: Person, now: datetime) -> Seen:
    """Have another person's proposed upload imported; return it as it was.

    Raises:
        RefusedError: it is not proposed.
        SamePersonError: it is one's own.
    """
    upload, seen = _locked(session, pid, UploadState.PROPOSED)
    require_second_person(upload.made_by, person)
    _begin_import(session, upload, person, now)
    return seen


def send_back(session: Session, pid: str, *, reason: str) -> Seen:
    """Give a proposed upload back to its uploader; return it as it was.

    Raises:
        RefusedError: it is not proposed, or no reason was given.
    """
    if not reason.strip():
        raise RefusedError("请写一句退回的原因，上传的人才知道怎么改")
    upload, seen = _locked(session, pid, UploadState.PROPOSED)
    upload.state, upload.remark = UploadState.CHECKED, f"退回：{reason.strip()}"[:500]
    return seen


def again(session: Session, pid: str, *, now: datetime) -> Seen:
    """Try what failed once more; return it as it was.

    Raises:
        RefusedError: it has not failed.
    """
    upload, seen = _locked(session, pid, UploadState.FAILED)
    upload.round += 1
    upload.remark, upload.finished_at = "", None
    upload.done_rows = upload.total_rows = 0
    is_import = bool(upload.started_by)
    upload.state = UploadState.IMPORTING if is_import else UploadState.RECEIVED
    _ask(session, upload, IMPORT if is_import else CHECK, now)
    return seen


def drop(session: Session, pid: str, *, now: datetime) -> Seen:
    """Delete a file that is not to be imported; return it as it was.

    Raises:
        RefusedError: it is just being worked on, or is done with already.
    """
    upload, seen = _locked(
        session, pid, UploadState.RECEIVED, UploadState.FAILED, UploadState.REFUSED, *WAITING
    )
    end(session, upload, UploadState.DROPPED, now=now)
    return seen


def _begin_import(session: Session, upload: Upload, person: Person, now: datetime) -> None:
    upload.state = UploadState.IMPORTING
    upload.started_by, upload.started_at = person.login, now
    upload.done_rows = upload.total_rows = 0
    upload.remark = ""
    upload.round += 1
    _ask(session, upload, IMPORT, now)


_SAID: Final = {
    UploadState.RECEIVED: "还没有检查",
    UploadState.CHECKING: "正在检查",
    UploadState.CHECKED: "已经检查过，等着决定",
    UploadState.PROPOSED: "正在等另一个人放行",
    UploadState.IMPORTING: "正在导入",
    UploadState.DONE: "已经导入",
    UploadState.REFUSED: "读不了，没有导入",
    UploadState.FAILED: "没能处理完",
    UploadState.DROPPED: "已经删掉",
}


def _locked(session: Session, pid: str, *states: UploadState) -> tuple[Upload, Seen]:
    """Return an upload that is in one of these states, locked.

    Raises:
        RefusedError: there is none, or somebody was quicker.
    """
    upload = session.scalars(
        select(Upload).where(Upload.pid == pid).with_for_update()
    ).one_or_none()
    seen = find(session, pid)
    if upload is None or seen is None:
        raise RefusedError("没有这份上传的文件，也许已经整理掉了")
    if upload.state not in states:
        raise RefusedError(f"这份文件{_SAID[UploadState(upload.state)]}，请回到它那一页看看")
    return upload, seen


def end(session: Session, upload: Upload, state: UploadState, *, now: datetime) -> None:
    """Be done with an upload; its file goes."""
    upload.state, upload.remark, upload.finished_at = state, "", now
    session.execute(delete(UploadContent).where(UploadContent.upload_id == upload.id))
