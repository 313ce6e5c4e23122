"""Uploads as the staff find them, and the staff: for the tests of the review and the desk."""

import io
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.talk import NOON, ORIGIN
from wx_archive.chat.models import HeldAnswer
from wx_archive.core.database import Database
from wx_archive.core.settings import Settings
from wx_archive.core.workdays import Calendar
from wx_archive.followers import service as followers
from wx_archive.staff import accounts
from wx_archive.staff.colleagues import Colleague
from wx_archive.staff.models import AuditEntry
from wx_archive.staff.rules import Role
from wx_archive.treasures import files, queries, sealed, uploads
from wx_archive.treasures.files import Incoming, Looked
from wx_archive.treasures.models import Treasure
from wx_archive.treasures.queries import Step, Upload
from wx_archive.treasures.rules import (
    Channel,
    Credit,
    FileKind,
    Ownership,
    Scope,
    Wish,
)
from wx_archive.treasures.steps import SENDER, Doing, locked
from wx_archive.treasures.uploads import Told, Wishes

WISHES = Wishes(Ownership.INHERITED, Wish.DONATE, Scope.PUBLIC, Credit.NAME, "王秀英")
TOLD = Told("大坝合龙", "父亲留下的。", "大约 1975 年", "库区", "父亲和同事")
CALENDAR = Calendar()


def by_sender(now: datetime = NOON) -> Doing:
    return Doing(SENDER, now, CALENDAR, ORIGIN)


def by_staff(clerk: Colleague | None = None, now: datetime = NOON) -> Doing:
    if clerk is None:
        return Doing("cli:test", now, CALENDAR, ORIGIN)
    return Doing(f"login{clerk.id}", now, CALENDAR, ORIGIN, clerk.id)


def a_colleague(database: Database, login: str = "wang", role: Role = Role.EDITOR) -> Colleague:
    """Return somebody on the staff, whose login is `login<id>`."""
    with database.begin() as session:
        member = accounts.add(
            session,
            login=login,
            name=f"{login}老师",
            roles=[role],
            password="a-long-password-of-the-test",
            now=NOON,
        )
        member.login = f"login{member.id}"
        return Colleague(member.id, member.name)


def a_follower(database: Database, openid: str = "oOne") -> int:
    with database.begin() as session:
        return followers.ensure(session, openid, now=NOON)


def a_file(
    session: Session,
    treasure: Treasure,
    content: bytes,
    *,
    name: str = "照片.jpg",
    likeness: str = "",
    is_clean: bool = True,
    now: datetime = NOON,
) -> tuple[str, str]:
    """Add a file to an upload; return its public id and the name of its object."""
    file = files.reserve(session, treasure, Incoming(FileKind.IMAGE, Channel.H5, name), now=now)
    assert file
    assert file.object_key
    key, total = file.object_key, sha256(content).hexdigest()
    assert files.stored(session, file.id, sha256=total, size_bytes=len(content), now=now)
    if is_clean:
        looked = Looked(FileKind.IMAGE, "image/jpeg", 640, 480, likeness=likeness)
        assert files.cleaned(session, file.id, looked, now=now)
    return file.pid, key


def an_upload(
    database: Database,
    follower_id: int | None = None,
    *,
    told: Told = TOLD,
    wishes: Wishes | None = WISHES,
    contents: Sequence[tuple[bytes, str]] = ((b"one", ""),),
    settings: Settings | None = None,
    now: datetime = NOON,
) -> Upload:
    """Return an upload that was handed in; each of its files has content and likeness.

    With settings, its bytes are really stored.
    """
    with database.begin() as session:
        doing = by_sender(now)
        treasure = uploads.begin(session, Channel.H5, doing, follower_id=follower_id)
        for content, likeness in contents:
            _pid, key = a_file(session, treasure, content, likeness=likeness, now=now)
            if settings is not None:
                sealed.open_sealed(settings).put(key, io.BytesIO(content))
        uploads.describe(session, treasure, told, doing)
        if wishes is not None:
            uploads.state_wishes(session, treasure, wishes, doing)
        return uploads.finish(session, treasure, doing, consent_version=1)


def a_jpeg(colour: str = "darkred", size: tuple[int, int] = (640, 480)) -> bytes:
    """Return a photo in one colour."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG")
    return out.getvalue()


def with_photo(
    database: Database, settings: Settings, upload: Upload, *, name: str, content: bytes = b""
) -> tuple[str, bytes]:
    """Add a photo whose bytes are really stored; return its public id and its bytes."""
    photo = content or a_jpeg()
    with database.begin() as session:
        treasure = locked(session, upload.id)
        pid, key = a_file(session, treasure, photo, name=name)
    sealed.open_sealed(settings).put(key, io.BytesIO(photo))
    return pid, photo


def read(database: Database, upload: Upload) -> Upload:
    with database.reads() as connection:
        return queries.by_id(connection, upload.id)


def steps(database: Database, upload: Upload) -> list[Step]:
    with database.reads() as connection:
        return queries.steps(connection, upload.id)


def held(database: Database) -> list[str]:
    with database.reads() as connection:
        return list(connection.scalars(select(HeldAnswer.text).order_by(HeldAnswer.id)))


def noted(database: Database) -> list[AuditEntry]:
    """Return what the audit log has of treasures."""
    with database.begin() as session:
        found = select(AuditEntry).where(AuditEntry.action.startswith("treasure."))
        return list(session.scalars(found.order_by(AuditEntry.number)))
