"""Writing the catalogue to a file that imports back unchanged.

By default only what the public may see on the day, staff's own columns left out; what a row lost
by that stands in its column 略去, and the import refuses such a row rather than wipe it.
"""

import logging
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, func, select
from sqlalchemy.orm import InstrumentedAttribute

from wx_archive.catalogue.files.writers import MAX_SHEET_ROWS, Writer, writer_for
from wx_archive.catalogue.models import Document, DocumentRelation, Record
from wx_archive.catalogue.rules import Disclosure, Kind, Period, validity
from wx_archive.catalogue.visibility import is_current, public_documents, public_records
from wx_archive.core.database import Database
from wx_archive.core.errors import RefusedError

log = logging.getLogger(__name__)
WINDOW: Final = {Kind.DOCUMENT: 200, Kind.RECORD: 2_000}
"""How many ids one short read looks at: nobody waits for an export."""
_RECORD: Final[Mapping[str, InstrumentedAttribute[Any]]] = {
    "ref_code": Record.reference_code,
    "title": Record.title,
    "responsible": Record.author,
    "doc_no": Record.number,
    "date": Record.date_text,
    "year": Record.year,
    "retention": Record.retention,
    "secrecy": Record.secrecy,
    "openness": Record.openness,
    "open_on": Record.open_on,
    "livelihood": Record.is_livelihood,
    "level": Record.level,
    "parent": Record.parent_key,
    "fonds": Record.fonds_code,
    "catalogue_code": Record.catalogue_code,
    "file_code": Record.file_code,
    "item_code": Record.item_code,
    "page_code": Record.page_code,
    "category": Record.category,
    "keywords": Record.keywords,
    "abstract": Record.abstract,
    "genre": Record.genre,
    "carrier": Record.carrier,
    "extent_pages": Record.extent_pages,
    "extent_copies": Record.extent_copies,
    "language": Record.language,
    "note": Record.note,
    "location": Record.location,
    "restriction_note": Record.restriction_note,
    "id": Record.source_key,
}
_INTERNAL: Final = ("location", "restriction_note")
_DOCUMENT: Final[Mapping[str, InstrumentedAttribute[Any]]] = {
    "title": Document.title,
    "doc_no": Document.number,
    "issuer": Document.issuer,
    "date": Document.dated,
    "effective_from": Document.effective_from,
    "effective_to": Document.effective_to,
    "category": Document.topic,
    "body": Document.body,
    "openness": Document.disclosure,
    "source": Document.source,
    "url": Document.source_url,
    "id": Document.source_key,
}
Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Export:
    """Writes one kind of a catalogue.

    Attributes:
        everything: for staff: what the public may not see, and every column.
        today: day of the Shanghai calendar for which the public may see it.
    """

    database: Database
    kind: Kind
    today: date
    everything: bool = False
    progress: Callable[[int], None] = lambda _done: None

    def to(self, target: Path) -> int:
        """Write the file, whole or not at all; return how many rows it has.

        Raises:
            RefusedError: the format is none of ours or too small, or an import is running.
        """
        make = writer_for(target)
        with self.database.exclusively("import") as alone:
            if not alone:
                raise RefusedError("正在导入；请等它结束再导出，免得新旧各一半")
            if target.suffix.lower() == ".xlsx":
                self._fit_a_sheet()
            is_public = not self.everything
            with (
                _whole(target, is_public=is_public) as unfinished,
                make(unfinished, self.kind, is_public=is_public) as writer,
            ):
                count = self._write(writer)
        scope = "all" if self.everything else "public"
        log.info("catalogue.exported kind=%s scope=%s rows=%d", self.kind.value, scope, count)
        return count

    def _fit_a_sheet(self) -> None:
        table = self._table()
        with self.database.reads() as connection:
            count = connection.scalar(
                select(func.count()).select_from(table).where(self._visible())
            )
        if (count or 0) > MAX_SHEET_ROWS:
            raise RefusedError(
                f"有 {count} 行，一张 Excel 表只放得下 {MAX_SHEET_ROWS} 行；请导出为 .csv 或 .jsonl"
            )

    def _write(self, writer: Writer) -> int:
        count = 0
        for values in self._rows():
            writer.write(values)
            count += 1
            if count % 1_000 == 0:
                self.progress(count)
        return count

    def _table(self) -> type[Document] | type[Record]:
        return Document if self.kind is Kind.DOCUMENT else Record

    def _visible(self) -> ColumnElement[bool]:
        if self.everything:
            return is_current(self._table())
        return public_documents() if self.kind is Kind.DOCUMENT else public_records(self.today)

    def _rows(self) -> Iterator[Values]:
        """Yield every row in the order of its id, read in windows of ids."""
        table, size = self._table(), WINDOW[self.kind]
        with self.database.reads() as connection:
            last = connection.scalar(select(func.max(table.id))) or 0
        for start in range(0, last + 1, size):
            window = table.id.between(start, start + size - 1)
            with self.database.reads() as connection:
                if self.kind is Kind.DOCUMENT:
                    found = self._documents(connection, window)
                else:
                    found = self._records(connection, window)
            yield from found

    def _records(self, connection: Connection, window: ColumnElement[bool]) -> list[Values]:
        columns = [column.label(name) for name, column in _RECORD.items()]
        statement = select(*columns).where(window, self._visible()).order_by(Record.id)
        return [self._record(tuple(row)) for row in connection.execute(statement)]

    def _record(self, row: Sequence[Any]) -> Values:
        values: Values = dict(zip(_RECORD, row, strict=True))
        values["livelihood"] = int(values["livelihood"])
        if not self.everything and any(values[name] for name in _INTERNAL):
            values |= dict.fromkeys(_INTERNAL, "") | {"omitted": "内部项"}
        return values

    def _documents(self, connection: Connection, window: ColumnElement[bool]) -> list[Values]:
        columns = [column.label(name) for name, column in _DOCUMENT.items()]
        later = (Document.id, Document.repealed_on, Document.amended_on)
        found = connection.execute(
            select(*later, *columns).where(window, self._visible()).order_by(Document.id)
        ).all()
        related = _relations(connection, [row[0] for row in found])
        return [self._document(tuple(row), related) for row in found]

    def _document(
        self, row: Sequence[Any], related: Mapping[int, list[tuple[str, str, str]]]
    ) -> Values:
        key, repealed_on, amended_on, *rest = row
        values: Values = dict(zip(_DOCUMENT, rest, strict=True))
        period = Period(values["effective_from"], values["effective_to"], repealed_on, amended_on)
        values["validity"] = validity(period, on=self.today).value
        values["relations"] = related.get(key, [])
        # What a document that is only listed says of others stands in its text, which is not open.
        if not self.everything and values["openness"] != Disclosure.FULL:
            hidden = {"body": "正文", "relations": "关联"}
            lost = "、".join(word for name, word in hidden.items() if values[name])
            values |= {"body": "", "relations": [], "omitted": lost}
        return values


def _relations(
    connection: Connection, ids: Sequence[int]
) -> Mapping[int, list[tuple[str, str, str]]]:
    found: dict[int, list[tuple[str, str, str]]] = {}
    told = (DocumentRelation.type, DocumentRelation.target_number, DocumentRelation.target_title)
    statement = (
        select(DocumentRelation.document_id, *told)
        .where(DocumentRelation.document_id.in_(ids))
        .order_by(DocumentRelation.id)
    )
    for document_id, kind, number, title in connection.execute(statement):
        found.setdefault(document_id, []).append((kind, number, title))
    return found


@contextmanager
def _whole(target: Path, *, is_public: bool) -> Iterator[Path]:
    """Lend a file that takes the target's place at the end, and only then.

    A file with what is not public is for its owner's eyes only.
    """
    try:
        with tempfile.NamedTemporaryFile(
            dir=target.parent, prefix=f".{target.name}.", delete=False
        ) as file:
            unfinished = Path(file.name)
    except OSError as err:
        raise RefusedError(f"写不了 {target}：{err.strerror}") from err
    try:
        yield unfinished
        unfinished.chmod(0o644 if is_public else 0o600)
        unfinished.replace(target)
    except OSError as err:
        raise RefusedError(f"写不了 {target}：{err.strerror}") from err
    finally:
        unfinished.unlink(missing_ok=True)
