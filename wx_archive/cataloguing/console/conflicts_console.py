"""Fields that staff have edited and a later file has changed too: the file's value or ours."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask import request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection, func, select

from wx_archive.catalogue import edits, holdings
from wx_archive.catalogue.models import EntryEdit
from wx_archive.catalogue.rules import Kind
from wx_archive.cataloguing import texts
from wx_archive.cataloguing.console.documents import path_of
from wx_archive.cataloguing.console.editing import hand_of
from wx_archive.core.errors import RefusedError
from wx_archive.staff.pages import Act, Pages, Visit
from wx_archive.staff.rules import Permission

PER_PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class Conflict:
    """One field of one entry.

    Attributes:
        stated: what the file said when staff edited it.
        theirs: what the file says by now.
        ours: what staff wrote; it counts until somebody chooses.
    """

    kind: Kind
    pid: str
    title: str
    key: str
    stated: str
    theirs: str
    ours: str
    edited_at: datetime

    @property
    def label(self) -> str:
        """What the field is called."""
        return texts.FIELDS[self.kind].get(self.key, self.key)

    @property
    def path(self) -> str:
        """Address of the entry's page."""
        return path_of(self.kind, self.pid)


def add(pages: Pages) -> None:
    """Add the list, and choosing."""

    @pages.get("/conflicts", needs=Permission.CATALOGUE_EDIT)
    def conflicts(visit: Visit) -> ResponseReturnValue:
        with visit.reads() as connection:
            found = _conflicts(connection)
        return visit.page("cataloguing/console/conflicts.html", conflicts=found, words=texts)

    @pages.post("/conflicts", needs=Permission.CATALOGUE_EDIT, audit="entry.conflict")
    def choose(act: Act) -> ResponseReturnValue:
        told = request.form
        if told.get("kind") not in set(Kind) or told.get("use") not in ("file", "ours"):
            raise RefusedError("请在列表里选用哪一个")
        kind, pid, key = Kind(told["kind"]), told.get("pid", ""), told.get("key", "")
        is_file = told["use"] == "file"
        change = edits.choose(act.session, kind, pid, key, hand_of(act), file=is_file)
        act.note(
            f"{kind.value}:{pid}",
            before={key: texts.clipped(change.before)},
            after={key: texts.clipped(change.after), "winner": told["use"]},
        )
        chosen = "文件里的" if is_file else "我们改的"
        return act.done("/console/conflicts", f"已经定下，用{chosen}。")


def count(connection: Connection) -> int:
    """Return how many entries have such a field."""
    waiting = select(func.count()).select_from(EntryEdit).where(EntryEdit.incoming != "")
    return connection.execute(waiting).scalar_one()


def _conflicts(connection: Connection) -> list[Conflict]:
    rows = connection.execute(
        select(EntryEdit.__table__)
        .where(EntryEdit.incoming != "")
        .order_by(EntryEdit.edited_at)
        .limit(PER_PAGE)
    ).all()
    found = []
    for row in rows:
        kind = Kind(row.kind)
        entry = holdings.row_of(connection, kind, row.pid)
        stated, ours = json.loads(row.stated), json.loads(row.changes)
        for key, theirs in json.loads(row.incoming).items():
            title = entry.title if entry else row.pid
            found.append(
                Conflict(kind, row.pid, title, key, stated[key], theirs, ours[key], row.edited_at)
            )
    return found
