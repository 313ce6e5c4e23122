"""What staff change of single entries by hand: checked like a file's row, and kept above files.

A change, its effect on what others repeal, and the index commit together: the next question of any
process knows. An edit wins over every later import of the same row; where the file has changed the
same field since, both are kept until staff choose. One person alone may hide, never show more:
whatever would let the public see more goes through `may_widen`, which a second person answers for.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from wx_archive.catalogue import decisions, proposals, repeals
from wx_archive.catalogue.files.problems import Findings
from wx_archive.catalogue.files.rows import DocumentRow, RecordRow
from wx_archive.catalogue.models import Document, EntryEdit, Record
from wx_archive.catalogue.rules import Disclosure, Kind, document_number
from wx_archive.core.batches import batches
from wx_archive.core.errors import RefusedError

Target = Document | Record
Values = dict[str, str]
"""Fields by the names that a file gives them; days as 2004-04-02, nothing as an empty text."""

DOCUMENT_FIELDS: Final[Mapping[str, str]] = {
    "title": "title",
    "doc_no": "number",
    "issuer": "issuer",
    "date": "dated",
    "category": "topic",
    "openness": "disclosure",
    "effective_from": "effective_from",
    "effective_to": "effective_to",
    "source": "source",
    "url": "source_url",
    "body": "body",
}
RECORD_FIELDS: Final[Mapping[str, str]] = {
    "title": "title",
    "responsible": "author",
    "date": "date_text",
    "doc_no": "number",
    "year": "year",
    "retention": "retention",
    "category": "category",
    "keywords": "keywords",
    "abstract": "abstract",
    "genre": "genre",
    "carrier": "carrier",
    "extent_pages": "extent_pages",
    "extent_copies": "extent_copies",
    "language": "language",
    "note": "note",
    "location": "location",
    "restriction_note": "restriction_note",
    "livelihood": "is_livelihood",
}
"""What may be edited, in the order of the form, and the column of each.

Not here: 档号, 上级, 密级, 开放标识 and its day. They decide who sees what: a file states them, or
staff open and close.
"""
RESTRICTING: Final = frozenset({"openness", "livelihood"})
_ACTING: Final = frozenset({"title", "doc_no", "date", "effective_from"})
"""What tells which documents others repeal or change, and since when."""
_SPEAKING: Final = frozenset({"body", "title", "date", "effective_from"})
"""What a text's announcements are read from."""
_DERIVED: Final = frozenset({"id", "batch_id", "is_superseded", "content_hash"})
_CHUNK: Final = 500
_BREADTH: Final = {level.value: place for place, level in enumerate(reversed(Disclosure))}


class BadFieldsError(RefusedError):
    """What was typed is no valid row.

    Attributes:
        problems: by field, what is wrong and how to mend it.
    """

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("；".join(problems.values()))
        self.problems = problems


class ChangedMeanwhileError(RefusedError):
    """Somebody else, or an import, changed the entry since it was looked at."""

    def __init__(self) -> None:
        super().__init__("这一条刚被别人改过，或者有新的导入；请看过现在的样子再改")


class WiderError(RefusedError):
    """One person alone would show the public more."""

    def __init__(self) -> None:
        super().__init__("这样会让公众看到更多，要提出来由另一个人放行")


@dataclass(frozen=True, slots=True)
class Hand:
    """Whose hand changes something, and when.

    Attributes:
        today: of the Shanghai calendar; decides what is public.
    """

    login: str
    now: datetime
    today: date


@dataclass(frozen=True, slots=True)
class Change:
    """One field, before and after."""

    key: str
    before: str
    after: str


def fields_of(kind: Kind) -> Mapping[str, str]:
    """Return the fields of a kind that may be edited, with their columns."""
    return DOCUMENT_FIELDS if kind is Kind.DOCUMENT else RECORD_FIELDS


def kind_of(target: Any) -> Kind:
    """Return whether an entry, or a row of its columns, is a document or a record."""
    return Kind.DOCUMENT if hasattr(target, "disclosure") else Kind.RECORD


def entry_of(session: Session, kind: Kind, pid: str) -> Target:
    """Return a current entry, to be changed in this transaction.

    Raises:
        RefusedError: there is none.
    """
    if kind is Kind.DOCUMENT:
        return decisions.document_of(session, pid)
    return decisions.record_of(session, pid)


def values_of(target: Any) -> Values:
    """Return what may be edited of an entry, or of a row of its columns."""
    columns = fields_of(kind_of(target))
    return {key: _text(getattr(target, column)) for key, column in columns.items()}


def fingerprint(target: Any) -> str:
    """Return what changes whenever anything that is said of an entry does.

    Args:
        target: an entry, or a row of all its columns.
    """
    table = Document if kind_of(target) is Kind.DOCUMENT else Record
    names = (column.name for column in table.__table__.columns if column.name not in _DERIVED)
    said = [[name, _text(getattr(target, name))] for name in names]
    return hashlib.sha256(_dumped(said).encode()).hexdigest()


def changes(target: Any, given: Mapping[str, str]) -> tuple[Change, ...]:
    """Return what ``given`` would change, spelled as it would be kept.

    Raises:
        BadFieldsError: it would be no valid row.
    """
    current = values_of(target)
    wanted = current | {key: value for key, value in given.items() if key in current}
    touched = {key for key, value in wanted.items() if not _is_same(key, value, current[key])}
    row = _row(target, {key: wanted[key] if key in touched else current[key] for key in current})
    after = _values_of_row(row)
    _refuse_doubts(row, touched)
    told = (Change(key, current[key], after[key]) for key in current if key in touched)
    return tuple(change for change in told if change.before != change.after)


def edit(
    session: Session,
    kind: Kind,
    pid: str,
    given: Mapping[str, str],
    hand: Hand,
    *,
    seen: str = "",
    may_widen: bool = False,
) -> tuple[Change, ...]:
    """Change an entry; return what changed.

    Args:
        session: the transaction.
        kind: what it is.
        pid: its public id.
        given: fields and their new values; what is not in it stays.
        hand: who does it.
        seen: `fingerprint` of the entry as it was looked at; empty where nobody looked.
        may_widen: a second person agreed that the public sees more.

    Raises:
        BadFieldsError: it would be no valid row.
        ChangedMeanwhileError: the entry is not as it was looked at.
        WiderError: it would show more, and nobody agreed to that.
        RefusedError: there is no such entry.
    """
    target = entry_of(session, kind, pid)
    if seen and fingerprint(target) != seen:
        raise ChangedMeanwhileError
    told = changes(target, given)
    if not told:
        return ()
    if not may_widen and any(map(_is_wider, told)):
        raise WiderError
    _keep(session, target, told, hand)
    _write(target, {change.key: change.after for change in told})
    _follow(session, target, {change.key for change in told}, hand)
    return told


def settle(session: Session, kind: Kind, batch_id: int, *, today: date) -> None:
    """Put staff's edits above what a file says; in the transaction that publishes its batch.

    A field that the file has changed too keeps staff's value, and is listed as a conflict. What the
    file now says as staff do is the file's again, but for what hides an entry: that stays ours.
    """
    table = Document if kind is Kind.DOCUMENT else Record
    edited = session.scalars(select(EntryEdit).where(EntryEdit.kind == kind.value)).all()
    for some in batches(edited, _CHUNK):  # by their ids: the batch may be a million rows
        kept = {one.pid: one for one in some}
        brought = select(table).where(table.pid.in_(kept), table.batch_id == batch_id)
        for target in session.scalars(brought).all():
            if isinstance(target, Document | Record):
                _settle_one(session, target, kept[target.pid])
                decisions.reindex(session, target, today=today)


def choose(session: Session, kind: Kind, pid: str, key: str, hand: Hand, *, file: bool) -> Change:
    """Decide a conflict: the file's value or ours; return what became of the field.

    Raises:
        WiderError: the chosen one shows more than the entry does now.
        RefusedError: there is no such conflict.
    """
    target = entry_of(session, kind, pid)
    kept = session.get(EntryEdit, pid)
    incoming = _loaded(kept.incoming) if kept else {}
    if kept is None or key not in incoming:
        raise RefusedError("这一处已经有人定过了")
    ours = _loaded(kept.changes)
    change = Change(key, values_of(target)[key], incoming[key] if file else ours[key])
    if _is_wider(change):
        raise WiderError
    _write(target, {key: change.after})
    stated = _loaded(kept.stated) | {key: incoming.pop(key)}
    if file:
        ours.pop(key)
        stated.pop(key)
    kept.edited_by, kept.edited_at = hand.login, hand.now
    _store(session, kept, ours, stated, incoming)
    _follow(session, target, {key}, hand)
    return change


# -- one row -----------------------------------------------------------------------------------


def _row(target: Any, values: Values) -> DocumentRow | RecordRow:
    """Check values as a file's row is checked.

    Raises:
        BadFieldsError: they make no valid row.
    """
    told: dict[str, object] = {"id": target.source_key, **values}
    try:
        if kind_of(target) is Kind.DOCUMENT:
            return DocumentRow.model_validate(told)
        return RecordRow.model_validate(told | {"ref_code": target.reference_code})
    except ValidationError as err:
        found = Findings([], [])
        found.explain(0, err)
        # A mistake between columns has no place of its own.
        problems = {bad.column or "effective_to": bad.reason for bad in found.bad}
        raise BadFieldsError(problems) from err


def _values_of_row(row: DocumentRow | RecordRow) -> Values:
    fields = DOCUMENT_FIELDS if isinstance(row, DocumentRow) else RECORD_FIELDS
    values = {key: _text(getattr(row, key)) for key in fields}
    if isinstance(row, DocumentRow):
        values["date"] = _text(row.dated)
    return values


def _refuse_doubts(row: DocumentRow | RecordRow, touched: Iterable[str]) -> None:
    """Refuse a date that cannot be read: a file may bring one, nobody need type one."""
    if "date" in touched and row.date and row.dated is None:
        raise BadFieldsError({"date": f"“{row.date}”看不懂，请写成 2004-04-02 的样子"})


def _write(target: Target, values: Mapping[str, str]) -> None:
    """Write checked values into the columns of an entry."""
    row = _row(target, {**values_of(target), **values})
    for key in values:
        setattr(target, fields_of(kind_of(target))[key], _column_value(row, key))
    if "doc_no" in values:
        target.number_key = document_number(row.doc_no) if row.doc_no else None
    if "date" in values:
        target.dated = row.dated
        if isinstance(target, Record) and isinstance(row, RecordRow):
            target.date_end, target.date_precision = row.date_end, row.date_precision


def _column_value(row: DocumentRow | RecordRow, key: str) -> object:
    if key == "livelihood":
        return bool(getattr(row, key))
    if key == "openness":
        return (getattr(row, key) or Disclosure.NONE).value
    return row.dated if key == "date" and isinstance(row, DocumentRow) else getattr(row, key)


def _is_same(key: str, one: str, other: str) -> bool:
    """Compare what a browser sends back with what it was given: line ends and edges may differ."""
    if key == "body":
        return one.strip().splitlines() == other.strip().splitlines()
    return one.split() == other.split()


def _is_wider(change: Change) -> bool:
    if change.key == "openness":
        return _BREADTH[change.after] > _BREADTH[change.before]
    return change.key == "livelihood" and change.after == "0"


# -- what is kept ------------------------------------------------------------------------------


def _keep(session: Session, target: Target, told: Iterable[Change], hand: Hand) -> None:
    kept = session.get(EntryEdit, target.pid)
    if kept is None:
        kept = EntryEdit(
            pid=target.pid, kind=kind_of(target).value, changes="{}", stated="{}", incoming=""
        )
        session.add(kept)
    kept.edited_by, kept.edited_at = hand.login, hand.now
    ours, stated, incoming = _loaded(kept.changes), _loaded(kept.stated), _loaded(kept.incoming)
    for change in told:
        stated.setdefault(change.key, change.before)
        if change.key in incoming:  # edited once more: that decides the conflict
            stated[change.key] = incoming.pop(change.key)
        ours[change.key] = change.after
        if change.after == stated[change.key]:
            del ours[change.key], stated[change.key]
    _store(session, kept, ours, stated, incoming)


def _settle_one(session: Session, target: Target, kept: EntryEdit) -> None:
    theirs = values_of(target)
    ours, stated = _loaded(kept.changes), _loaded(kept.stated)
    incoming: Values = {}
    shown: Values = {}
    for key, value in list(ours.items()):
        if theirs[key] == value:
            if key in RESTRICTING:
                stated[key] = value
            else:
                del ours[key], stated[key]
            continue
        if theirs[key] != stated[key]:
            incoming[key] = theirs[key]
        if key not in incoming or not _is_wider(Change(key, theirs[key], value)):
            shown[key] = value
    _write(target, shown)
    _store(session, kept, ours, stated, incoming)


def _store(
    session: Session, kept: EntryEdit, ours: Values, stated: Values, incoming: Values
) -> None:
    kept.changes, kept.stated = _dumped(ours), _dumped(stated)
    kept.incoming = _dumped(incoming) if incoming else ""
    if not ours:
        session.delete(kept)


def _follow(session: Session, target: Target, keys: set[str], hand: Hand) -> None:
    """Bring in line what depends on the changed fields."""
    decisions.reindex(session, target, today=hand.today)
    if not isinstance(target, Document):
        return
    if keys & _SPEAKING:
        proposals.propose(session, [target], now=hand.now)
    if keys & _ACTING:
        repeals.resolve(session)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    return value.isoformat() if isinstance(value, date) else str(value)


def _dumped(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _loaded(text: str) -> Values:
    loaded: Values = json.loads(text) if text else {}
    return loaded


__all__ = [
    "DOCUMENT_FIELDS",
    "RECORD_FIELDS",
    "BadFieldsError",
    "Change",
    "ChangedMeanwhileError",
    "Hand",
    "WiderError",
    "changes",
    "choose",
    "edit",
    "entry_of",
    "fields_of",
    "fingerprint",
    "settle",
    "values_of",
]
