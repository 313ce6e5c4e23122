"""Taking a file into the catalogue: checked whole, staged hidden, published in one switch."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from sqlalchemy import ColumnElement, Connection, select
from sqlalchemy.orm import Session

from wx_archive.catalogue import files, proposals, staging
from wx_archive.catalogue.files import BadRow, DocumentRow, Line, Livelihood, RecordRow
from wx_archive.catalogue.models import Document, DocumentRelation, ImportBatch, Record
from wx_archive.catalogue.rules import (
    Disclosure,
    Kind,
    document_number,
    reference_code,
)
from wx_archive.catalogue.visibility import is_current
from wx_archive.core import clock
from wx_archive.core.bulk import insert_rows
from wx_archive.core.database import Database
from wx_archive.core.errors import RefusedError
from wx_archive.core.ids import stable_pid

STAGE_CHARACTERS: Final = 400_000
"""A staging transaction ends at so much text, or at `staging.CHUNK` rows."""

Progress = Callable[[int, int], None]


class AnotherImportError(RefusedError):
    """One import at a time; this one may be tried again as it is."""

    def __init__(self) -> None:
        super().__init__("另一个导入正在进行，请等它结束再来")


@dataclass(slots=True)
class ImportReport:
    """What an import did, or would do: counts of rows, bad rows, doubts about good ones."""

    read: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    bad: list[BadRow] = field(default_factory=list)
    warnings: list[BadRow] = field(default_factory=list)

    def as_json(self) -> dict[str, object]:
        """Return the report as `--json` prints it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Importer:
    """Takes files of one kind into one database.

    Attributes:
        secret: keys the public ids, so that the same row keeps its address for ever.
        openness: for documents whose rows do not say how open they are.
        livelihood: the site's rules for records that do not say whether they are of that kind.
    """

    database: Database
    secret: str
    openness: Disclosure | None = None
    livelihood: Livelihood | None = None
    skip_bad: bool = False
    dry_run: bool = False
    progress: Progress = lambda _done, _total: None

    def documents(self, path: Path) -> ImportReport:
        """Take in current documents."""
        return self._run(path, Kind.DOCUMENT)

    def records(self, path: Path) -> ImportReport:
        """Take in archive records."""
        return self._run(path, Kind.RECORD)

    def _run(self, path: Path, kind: Kind) -> ImportReport:
        report = self._preflight(path, kind)
        if report.bad and not self.skip_bad:
            return report
        with self.database.exclusively("import") as alone:
            if not alone:
                raise AnotherImportError
            self._take_in(path, kind, report)
        return report

    def _take_in(self, path: Path, kind: Kind, report: ImportReport) -> None:
        """Stage the good rows, index them, publish them; no other import may sweep meanwhile."""
        digest = files.digest(path, kind.value, str(self.openness), str(self.livelihood))
        batch_id = 0 if self.dry_run else self._open_batch(kind, digest)
        turns = staging.Turns(self.database)
        done = 0
        for lines in _chunks(self._lines(path, kind, [], []), kind):
            fresh = self._told_apart(kind, batch_id, lines, report)
            if fresh and not self.dry_run:
                with turns.write() as session:
                    self._stage(session, kind, batch_id, fresh)
            done += len(lines)
            self.progress(done, report.read)
        if not self.dry_run:
            staging.index_batch(turns, kind, batch_id, today=clock.today())
            staging.publish(turns, kind, batch_id)
            staging.sweep(turns, kind)
            staging.tidy(turns)
            if kind is Kind.DOCUMENT:
                proposals.propose_all(self.database, now=clock.now())

    def _preflight(self, path: Path, kind: Kind) -> ImportReport:
        """Read the whole file once, so that nothing is taken in from a file with mistakes."""
        report = ImportReport()
        silent = 0
        for line in self._lines(path, kind, report.bad, report.warnings):
            report.read += 1
            if isinstance(line.row, DocumentRow) and line.row.openness is None:
                silent += 1
        if silent and self.openness is None:
            raise RefusedError(
                f"{path.name} 里有 {silent} 份文件没有写公开属性（openness）。"
                "请加上 --openness full（全部公开）、partial（只公开目录）或 none（不公开）再导入"
            )
        return report

    def _lines(
        self, path: Path, kind: Kind, bad: list[BadRow], doubts: list[BadRow]
    ) -> Iterator[Line]:
        model = DocumentRow if kind is Kind.DOCUMENT else RecordRow
        return files.read(path, model, bad, doubts, livelihood=self.livelihood)

    def _open_batch(self, kind: Kind, digest: str) -> int:
        """Return the batch of this very file if it was cut short, else a new one."""
        with self.database.begin(unhurried=True) as session:
            waiting = session.scalars(
                select(ImportBatch).where(
                    ImportBatch.kind == kind.value, ImportBatch.published_at.is_(None)
                )
            ).all()
            for batch in waiting:
                if batch.digest == digest:
                    return batch.id
            batch = ImportBatch(kind=kind.value, digest=digest, started_at=clock.now())
            session.add(batch)
            session.flush()
            return batch.id

    def _told_apart(
        self, kind: Kind, batch_id: int, lines: Sequence[Line], report: ImportReport
    ) -> list[tuple[Line, str]]:
        """Count what is new, different and the same; return what is not staged yet, with hashes."""
        table = staging.table_of(kind)
        keys = [line.row.id for line in lines]
        with self.database.reads() as connection:
            current = _hashes(connection, keys, table, is_current(table))
            staged = _hashes(connection, keys, table, table.batch_id == batch_id)
        fresh = []
        for line in lines:
            row_hash, before = self._hash(line.row), current.get(line.row.id)
            if before == row_hash:
                report.unchanged += 1
                continue
            report.added += before is None
            report.changed += before is not None
            if line.row.id not in staged:
                fresh.append((line, row_hash))
        return fresh

    def _stage(
        self, session: Session, kind: Kind, batch_id: int, fresh: Sequence[tuple[Line, str]]
    ) -> None:
        """Write rows, hidden until the batch is published."""
        rows = [
            columns_of(line.row, self.secret, self.openness)
            | {"batch_id": batch_id, "content_hash": row_hash}
            for line, row_hash in fresh
        ]
        insert_rows(session.connection(), staging.table_of(kind).__tablename__, rows)
        if kind is Kind.DOCUMENT:
            _relate(session, batch_id, (line.row for line, _hash in fresh))

    def _hash(self, row: DocumentRow | RecordRow) -> str:
        if isinstance(row, DocumentRow):
            return hashlib.sha256(row.canonical(self.openness)).hexdigest()
        return hashlib.sha256(row.canonical()).hexdigest()


def columns_of(
    row: DocumentRow | RecordRow, secret: str, openness: Disclosure | None = None
) -> dict[str, object]:
    """Return the columns of a row; not which batch it came with, nor its hash.

    Args:
        row: checked.
        secret: keys the public id.
        openness: for documents that do not say how open they are.
    """
    kind = Kind.DOCUMENT if isinstance(row, DocumentRow) else Kind.RECORD
    shared: dict[str, object] = {
        "is_superseded": False,
        "pid": stable_pid(kind.value, row.id, secret),
        "source_key": row.id,
        "title": row.title,
        "number": row.doc_no,
        "number_key": document_number(row.doc_no) if row.doc_no else None,
        "dated": row.dated,
    }
    if isinstance(row, DocumentRow):
        return shared | _of_document(row, openness)
    return shared | _of_record(row)


def _of_document(row: DocumentRow, otherwise: Disclosure | None) -> dict[str, object]:
    return {
        "issuer": row.issuer,
        "topic": row.category,
        "body": row.body,
        "disclosure": (row.openness or otherwise or Disclosure.NONE).value,
        "effective_from": row.effective_from,
        "effective_to": row.effective_to,
        "source": row.source,
        "source_url": row.url,
    }


def _of_record(row: RecordRow) -> dict[str, object]:
    return {name: getattr(row, name) for name in _DESCRIBED} | {
        "reference_code": row.ref_code,
        "reference_key": reference_code(row.ref_code),
        "parent_key": reference_code(row.parent) if row.parent else None,
        "fonds_code": row.fonds,
        "author": row.responsible,
        "date_text": row.date,
        "openness": row.openness.value,
        "is_livelihood": bool(row.livelihood),
        "is_closed_above": False,
    }


_DESCRIBED: Final = (
    *("level", "catalogue_code", "file_code", "item_code", "page_code", "category", "year"),
    *("retention", "date_end", "date_precision", "keywords", "abstract", "genre", "carrier"),
    *("extent_pages", "extent_copies", "language", "note", "location", "secrecy", "open_on"),
    "restriction_note",
)
"""Columns of a record that are named alike in its file."""


def _hashes(
    connection: Connection,
    keys: Sequence[str],
    table: type[Document] | type[Record],
    which: ColumnElement[bool],
) -> dict[str, str]:
    columns = select(table.source_key, table.content_hash)
    rows = connection.execute(columns.where(table.source_key.in_(keys), which))
    return {str(key): str(value) for key, value in rows}


def _relate(session: Session, batch_id: int, rows: Iterable[DocumentRow | RecordRow]) -> None:
    """Write what the documents say of others."""
    documents = (row for row in rows if isinstance(row, DocumentRow))
    telling = {row.id: row.relations for row in documents if row.relations}
    ids = select(Document.source_key, Document.id).where(
        Document.batch_id == batch_id, Document.source_key.in_(telling)
    )
    session.add_all(
        DocumentRelation(
            document_id=document_id,
            type=relation.type,
            target_number=relation.number,
            target_title=relation.title,
        )
        for key, document_id in session.execute(ids)
        for relation in telling[key]
    )


def _chunks(lines: Iterator[Line], kind: Kind) -> Iterator[list[Line]]:
    chunk: list[Line] = []
    size = 0
    for line in lines:
        chunk.append(line)
        size += len(line.row.body) if isinstance(line.row, DocumentRow) else 0
        if len(chunk) >= staging.CHUNK[kind] or size >= STAGE_CHARACTERS:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk
