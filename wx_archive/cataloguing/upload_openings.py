"""Which rows of a file would let the public see what it does not see now.

Counted on the safe side: of a row that opens later, the day counts as if it had come, and what
lies below a description that closes it counts where its row is moved elsewhere. What staff have
closed by hand stays closed whatever a file says, so that is not counted.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Row, select

from wx_archive.catalogue import files
from wx_archive.catalogue.files import DocumentRow, Line, Livelihood, RecordRow
from wx_archive.catalogue.models import AccessDecision, Document, Record
from wx_archive.catalogue.rules import Disclosure, Kind, Openness, Secrecy, reference_code
from wx_archive.catalogue.visibility import is_current
from wx_archive.core.batches import batches
from wx_archive.core.database import Database

_CHUNK: Final = 500
_RANK: Final = {Disclosure.NONE.value: 0, Disclosure.PARTIAL.value: 1, Disclosure.FULL.value: 2}
_NEVER: Final = date.max
_KEPT_CLOSED: Final = AccessDecision.is_open.is_(False)
_OF_DOCUMENT: Final = (
    select(Document.source_key, Document.content_hash, Document.disclosure, AccessDecision.pid)
    .outerjoin(AccessDecision, (AccessDecision.pid == Document.pid) & _KEPT_CLOSED)
    .where(is_current(Document))
)
_OF_RECORD: Final = (
    select(
        *(Record.source_key, Record.content_hash, Record.openness, Record.open_on),
        *(Record.secrecy, Record.is_livelihood, Record.is_closed_above, Record.parent_key),
        *(Record.level, AccessDecision.pid),
    )
    .outerjoin(AccessDecision, (AccessDecision.pid == Record.pid) & _KEPT_CLOSED)
    .where(is_current(Record))
)
Known = Mapping[str, Row[Any]]


@dataclass(frozen=True, slots=True)
class Openings:
    """Counts the rows of one file.

    Attributes:
        openness: for documents whose rows do not say.
        livelihood: the site's rules.
        today: day of the Shanghai calendar.
    """

    database: Database
    openness: Disclosure | None
    livelihood: Livelihood | None
    today: date

    def count(self, path: Path, kind: Kind) -> int:
        """Return how many rows show the public more.

        Raises:
            RefusedError: the file as a whole cannot be read.
        """
        model = DocumentRow if kind is Kind.DOCUMENT else RecordRow
        lines = files.read(path, model, [], [], livelihood=self.livelihood, today=self.today)
        return sum(self._opening(chunk, kind) for chunk in batches(lines, _CHUNK))

    def _opening(self, lines: list[Line], kind: Kind) -> int:
        keys = [line.row.id for line in lines]
        statement = _OF_DOCUMENT if kind is Kind.DOCUMENT else _OF_RECORD
        key = Document.source_key if kind is Kind.DOCUMENT else Record.source_key
        with self.database.reads() as connection:
            rows = connection.execute(statement.where(key.in_(keys)))
            known = {str(row.source_key): row for row in rows}
        return sum(self._opens(line, known) for line in lines)

    def _opens(self, line: Line, known: Known) -> bool:
        row, before = line.row, known.get(line.row.id)
        if before is not None and before.pid is not None:
            return False
        if isinstance(row, DocumentRow):
            return self._shows_more(row, before)
        return self._opens_record(row, before)

    def _shows_more(self, row: DocumentRow, before: Row[Any] | None) -> bool:
        if before is not None and before.content_hash == _hash(row.canonical(self.openness)):
            return False
        told = (row.openness or self.openness or Disclosure.NONE).value
        return _RANK[told] > (_RANK[before.disclosure] if before is not None else 0)

    def _opens_record(self, row: RecordRow, before: Row[Any] | None) -> bool:
        opens_on = self._opening_day(row)
        if before is None:
            return opens_on < _NEVER
        if before.content_hash == _hash(row.canonical()):
            return False
        return opens_on < self._open_before(row, before) or _lets_go_below(row, before)

    def _opening_day(self, row: RecordRow) -> date:
        if row.secrecy != Secrecy.PUBLIC or row.livelihood != 0:
            return _NEVER
        return self._day(row.openness, row.open_on)

    def _open_before(self, row: RecordRow, before: Row[Any]) -> date:
        """Return since when the record is public as it stands, or will be."""
        if before.secrecy != Secrecy.PUBLIC or before.is_livelihood:
            return _NEVER
        parent = reference_code(row.parent) if row.parent else None
        if before.is_closed_above and before.parent_key != parent:
            return _NEVER
        return self._day(Openness(before.openness), before.open_on)

    def _day(self, openness: Openness, open_on: date | None) -> date:
        match openness:
            case Openness.OPEN:
                return max(open_on or self.today, self.today)
            case Openness.DEFERRED if open_on is not None:
                return max(open_on, self.today)
            case _:
                return _NEVER


def _lets_go_below(row: RecordRow, before: Row[Any]) -> bool:
    """Tell whether a description no longer closes what lies below it."""
    was_closing = before.level != "item" and before.openness == Openness.CONTROLLED.value
    return was_closing and row.openness is not Openness.CONTROLLED


def _hash(canonical: bytes) -> str:
    return hashlib.sha256(canonical).hexdigest()
