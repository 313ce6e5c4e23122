"""What the pages of uploads have in common: who may, where they are, how things are worded."""

from datetime import date, datetime
from http import HTTPStatus
from typing import Final

from flask import abort
from sqlalchemy import Connection

from wx_archive.core import clock
from wx_archive.core.ids import is_pid
from wx_archive.staff.pages import Visit
from wx_archive.staff.rules import Permission
from wx_archive.treasures import queries, review_texts, rules
from wx_archive.treasures.queries import File, Upload
from wx_archive.treasures.rules import FileKind, FileState, State
from wx_archive.treasures.steps import Doing

READ: Final = Permission.TREASURES_READ
WORK: Final = Permission.TREASURES_WORK
ORIGINALS: Final = Permission.TREASURES_ORIGINALS
ENTER: Final = Permission.TREASURES_ENTER
QUEUE: Final = "/console/treasures"
VIEWS: Final = "treasures/console"


def find(connection: Connection, pid: str) -> Upload:
    """Return the upload of a page's address; 404 where there is none, or none was handed in."""
    found = queries.by_pid(connection, pid) if is_pid(pid) else None
    if found is None or found.state is State.DRAFT:
        abort(HTTPStatus.NOT_FOUND)
    return found


def find_file(connection: Connection, pid: str, file_pid: str) -> tuple[Upload, File]:
    """Return an upload and a file of it; 404 where the two do not belong together."""
    upload = find(connection, pid)
    file = queries.file_by_pid(connection, file_pid) if is_pid(file_pid) else None
    if file is None or file.treasure_id != upload.id:
        abort(HTTPStatus.NOT_FOUND)
    return upload, file


def path_of(upload: Upload, *below: str) -> str:
    """Return the address of an upload's page, or of one below it."""
    return "/".join((QUEUE, upload.pid, *below))


def doing(visit: Visit) -> Doing:
    """Return who does something, as services want to know it."""
    site, person = visit.services.site, visit.person
    return Doing.of(site, person.login, now=visit.now, member_id=person.id)


def day(value: date | datetime | None) -> str:
    """Write a day as lists show it: 11月23日."""
    if value is None:
        return ""
    shown = clock.day_of(value) if isinstance(value, datetime) else value
    return f"{shown.month}月{shown.day}日"


def full_day(value: date | datetime | None) -> str:
    """Write a day with its year: 2026年11月23日."""
    if value is None:
        return ""
    shown = clock.day_of(value) if isinstance(value, datetime) else value
    return f"{shown.year}年{shown.month}月{shown.day}日"


def moment(value: datetime | None) -> str:
    """Write a moment as the history shows it."""
    return "" if value is None else f"{value.astimezone(clock.SHANGHAI):%Y-%m-%d %H:%M}"


def size(size_bytes: int | None) -> str:
    """Write how large a file is."""
    if size_bytes is None:
        return ""
    if size_bytes < 1024 * 1024:
        return f"{max(1, round(size_bytes / 1024))} KB"
    return f"{size_bytes / 1024 / 1024:.1f} MB"


def length(duration_ms: int | None) -> str:
    """Write how long a recording is."""
    if duration_ms is None:
        return ""
    minutes, seconds = divmod(round(duration_ms / 1000), 60)
    return f"{minutes}分{seconds:02d}秒" if minutes else f"{seconds}秒"


def file_mark(file: File) -> str:
    """Return the mark beside a file's state."""
    if file.state is FileState.CLEAN:
        return "good"
    if file.state in (FileState.AWAITED, FileState.QUARANTINED):
        return "wait"
    return "over" if file.state in (FileState.SAME, FileState.ERASED) else "warn"


def file_name(place: int, file: File) -> str:
    """Return what a file is called where its own name says nothing."""
    return f"第 {place} 件{rules.FILE_KINDS[file.kind]}"


def flags(file: File) -> list[str]:
    """Return what to mind about a picture, as its pixels tell."""
    told = (("偏暗", file.is_dark), ("可能不清楚", file.is_blurred))
    return [word for word, is_so in told if is_so and file.kind is FileKind.IMAGE]


SAY: Final = {
    "day": day,
    "full_day": full_day,
    "moment": moment,
    "size": size,
    "length": length,
    "until": review_texts.until,
    "mark": review_texts.mark,
    "step": review_texts.step,
    "what": review_texts.what,
    "file_mark": file_mark,
    "file_name": file_name,
    "flags": flags,
}
"""How the pages word what they show."""
