"""How documents bear on each other: what their files say, and what staff have stated by hand.

What staff state is kept by public ids, so that imports keep it; it repeals and changes as a file's
relation does, from its own day on where it has one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, delete, or_, select
from sqlalchemy.orm import Session

from wx_archive.catalogue import decisions, repeals
from wx_archive.catalogue.edits import Hand
from wx_archive.catalogue.known import Known
from wx_archive.catalogue.models import Document, DocumentRelation, StatedRelation
from wx_archive.catalogue.rules import document_number
from wx_archive.catalogue.timeline import AMENDING, REPEALING, SINCE, title_key
from wx_archive.catalogue.visibility import is_current, public_documents
from wx_archive.core.database import insert_into
from wx_archive.core.errors import RefusedError
from wx_archive.core.ids import is_pid

TYPES: Final[Mapping[str, str]] = {
    "repeals": "废止",
    "partly_repeals": "部分废止",
    "amends": "修改",
    "replaces": "替代",
    "implements": "实施",
    "interprets": "解释",
    "forwards": "转发",
    "corrects": "更正",
}
"""What one document can do to another, as staff state it."""
NAMES: Final[Mapping[str, str]] = {**TYPES, "supersedes": "替代"}
_ACTING: Final = frozenset((*REPEALING, *AMENDING))
CANDIDATES: Final = 20


@dataclass(frozen=True, slots=True)
class Candidate:
    """A current document that may be meant."""

    pid: str
    title: str
    number: str
    dated: date | None


@dataclass(frozen=True, slots=True)
class Bearing:
    """One document bears on another.

    Attributes:
        type: a key of `NAMES`.
        is_ours: the document that was asked about does it; else it is done to it.
        pid: the other one's; empty where the catalogue has none.
        name: the other one's title, or what the file calls it.
        since: from when on, where it is known.
        stated: number of what staff stated; None for what a file says.
    """

    type: str
    is_ours: bool
    pid: str
    name: str
    since: date | None
    stated: int | None = None

    @property
    def word(self) -> str:
        """What it does, in a word: 废止, 修改."""
        return NAMES.get(self.type, self.type)


def candidates(connection: Connection, text: str, *, but: str = "") -> tuple[Candidate, ...]:
    """Return the current documents that a number, a title or a public id may mean, newest first.

    Args:
        connection: reads.
        text: as typed.
        but: public id of the document that cannot be meant.
    """
    wanted = text.strip().removeprefix("《").removesuffix("》")
    if not wanted:
        return ()
    columns = (Document.pid, Document.title, Document.number, Document.dated)
    rows = connection.execute(
        select(*columns)
        .where(is_current(Document), Document.pid != but, _means(wanted))
        .order_by(Document.dated.desc(), Document.id.desc())
        .limit(CANDIDATES)
    )
    found = [Candidate(*row) for row in rows]
    return tuple(sorted(found, key=lambda one: title_key(one.title) != title_key(wanted)))


def _means(text: str) -> ColumnElement[bool]:
    if is_pid(text.upper()):
        return Document.pid == text.upper()
    if key := document_number(text):
        return or_(Document.number_key == key, Document.title.contains(text, autoescape=True))
    return Document.title.contains(text, autoescape=True)


def of(connection: Connection, row: Any) -> tuple[Bearing, ...]:
    """Return all that a document does to others and that others do to it, for staff."""
    stated = _stated(connection, row.pid)
    return (*stated, *_named_by(connection, row), *_naming(connection, row))


def _stated(connection: Connection, pid: str) -> list[Bearing]:
    rows = connection.execute(
        select(StatedRelation)
        .where(or_(StatedRelation.document_pid == pid, StatedRelation.target_pid == pid))
        .order_by(StatedRelation.id)
    ).all()
    others = {row.target_pid if row.document_pid == pid else row.document_pid for row in rows}
    known = {
        one.pid: one
        for one in connection.execute(
            select(Document.pid, Document.title, SINCE.label("since")).where(
                Document.pid.in_(others), is_current(Document)
            )
        )
    }
    found = []
    for row in rows:
        is_ours = row.document_pid == pid
        other = known.get(row.target_pid if is_ours else row.document_pid)
        name = other.title if other else "已不在目录里的文件"
        found.append(
            Bearing(row.type, is_ours, other.pid if other else "", name, row.since, row.id)
        )
    return found


def _named_by(connection: Connection, row: Any) -> list[Bearing]:
    """What the document's own file says that it does."""
    relations = connection.execute(
        select(DocumentRelation.type, DocumentRelation.target_number, DocumentRelation.target_title)
        .where(DocumentRelation.document_id == row.id)
        .order_by(DocumentRelation.id)
    ).all()
    if not relations:
        return []
    known, since = Known.of(connection), row.effective_from or row.dated
    found = []
    for kind, number, title in relations:
        targets = known.named(number, title, since=since or date.max)
        others = [(one.pid, one.title) for one in targets if one.pid != row.pid]
        for pid, name in others or [("", number or f"《{title}》")]:
            found.append(Bearing(kind, True, pid, name, since))  # noqa: FBT003 -- a field
    return found


def _naming(connection: Connection, row: Any) -> list[Bearing]:
    """What other documents' files say that they do to this one."""
    relations = connection.execute(
        select(
            DocumentRelation.type,
            DocumentRelation.target_number,
            DocumentRelation.target_title,
            Document.pid,
            Document.title,
            SINCE,
        )
        .join(Document, Document.id == DocumentRelation.document_id)
        .where(is_current(Document), Document.id != row.id)
        .order_by(Document.id)
    )
    return [
        Bearing(kind, False, pid, name, since)  # noqa: FBT003 -- a field
        for kind, number, title, pid, name, since in relations
        if _is_meant(row, number, title, since)
    ]


def _is_meant(row: Any, number: str, title: str, since: date | None) -> bool:
    """Tell whether a file's relation means this document: the rule of `Known.named`."""
    if number and (key := document_number(number)):
        return bool(key == row.number_key)
    is_older = row.dated is None or since is None or row.dated <= since
    return is_older and title_key(title) == title_key(row.title)


def for_public(connection: Connection, pid: str) -> list[tuple[str, bool, Any]]:
    """Return what staff stated about a document, with the others that the public may see.

    Returns:
        What is done, whether this document does it, and pid, title, number and date of the other.
    """
    found: list[tuple[str, bool, Any]] = []
    other = (Document.pid, Document.title, Document.number, Document.dated)
    for mine, theirs in (
        (StatedRelation.document_pid, StatedRelation.target_pid),
        (StatedRelation.target_pid, StatedRelation.document_pid),
    ):
        rows = connection.execute(
            select(StatedRelation.type, *other)
            .join(Document, Document.pid == theirs)
            .where(mine == pid, public_documents())
            .order_by(StatedRelation.id)
        )
        found += [(row.type, mine is StatedRelation.document_pid, row) for row in rows]
    return found


def add(
    session: Session,
    pid: str,
    kind: str,
    target_pid: str,
    hand: Hand,
    *,
    since: date | None,
) -> Candidate:
    """State that one document bears on another; return the other.

    Raises:
        RefusedError: either is missing, they are the same, it is stated already or the other way
            round, or nobody knows since when.
    """
    if kind not in TYPES:
        raise RefusedError(f"关联只能是 {'、'.join(TYPES.values())}")
    document = decisions.document_of(session, pid)
    target = decisions.document_of(session, target_pid)
    if pid == target_pid:
        raise RefusedError("一份文件不能和它自己关联")
    if kind in _ACTING and not (since or document.effective_from or document.dated):
        raise RefusedError("这份文件没有施行日期，也没有成文日期：请写明从哪天起")
    _refuse_circle(session, pid, kind, target_pid)
    values = {"document_pid": pid, "type": kind, "target_pid": target_pid}
    new = insert_into(session, StatedRelation).values(
        **values, since=since, made_by=hand.login, made_at=hand.now
    )
    new = new.on_conflict_do_nothing(index_elements=list(values))
    if session.execute(new.returning(StatedRelation.id)).first() is None:
        raise RefusedError("这条关联已经有了")
    repeals.resolve(session)
    return Candidate(target.pid, target.title, target.number, target.dated)


def _refuse_circle(session: Session, pid: str, kind: str, target_pid: str) -> None:
    """Refuse that two documents repeal each other."""
    if kind not in REPEALING:
        return
    back = select(StatedRelation.id).where(
        StatedRelation.document_pid == target_pid,
        StatedRelation.target_pid == pid,
        StatedRelation.type.in_(REPEALING),
    )
    if session.execute(back).first():
        raise RefusedError("另一份文件已经写明废止或替代这一份，两份不能互相废止")


def remove(session: Session, number: int, *, pid: str) -> StatedRelation:
    """Take back what staff stated; return what it was.

    Args:
        session: the transaction.
        number: of the relation.
        pid: one of its two documents, from whose page it is removed.

    Raises:
        RefusedError: there is no such relation.
    """
    decisions.document_of(session, pid)
    stated = session.get(StatedRelation, number)
    if stated is None or pid not in (stated.document_pid, stated.target_pid):
        raise RefusedError("这条关联已经不在了")
    session.execute(delete(StatedRelation).where(StatedRelation.id == number))
    repeals.resolve(session)
    return stated
