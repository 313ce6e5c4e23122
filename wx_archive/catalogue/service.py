"""Taking a file into the catalogue: checked whole, staged hidden, published in one switch."""

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

from sqlalchemy import delete, exists, or_, select, update
from sqlalchemy.orm import Session, aliased

from wx_archive.catalogue import files, index, repeals
from wx_archive.catalogue.files import BadRow, DocumentRow, Line, RecordRow
from wx_archive.catalogue.models import (
    Document,
    DocumentRelation,
    ImportBatch,
    Record,
    SearchEntry,
)
from wx_archive.catalogue.rules import Disclosure, Kind, document_number, reference_code
from wx_archive.catalogue.visibility import is_current
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.errors import RefusedError
from wx_archive.core.ids import stable_pid

STAGE_ROWS: Final = 200
STAGE_CHARACTERS: Final = 400_000
"""A staging transaction ends at either: a fraction of a second, so that the account answers on."""
WRITING_S: Final = 0.2
GAP_S: Final = 0.12
"""After so much writing the importer leaves the lock alone for so long. SQLite lines nobody up: a
waiter looks again every 100 ms and would find the lock taken again each time."""

Progress = Callable[[int, int], None]


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


class _Pause:
    """Lets others write between two staging transactions."""

    def __init__(self) -> None:
        self._since = time.monotonic()

    def when_due(self) -> None:
        if time.monotonic() - self._since >= WRITING_S:
            time.sleep(GAP_S)
            self._since = time.monotonic()


@dataclass(frozen=True, slots=True)
class Importer:
    """Takes files of one kind into one database.

    Attributes:
        secret: keys the public ids, so that the same row keeps its address for ever.
        openness: for documents whose rows do not say how open they are.
    """

    database: Database
    secret: str
    openness: Disclosure | None = None
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
                raise RefusedError("另一个导入正在进行，请等它结束再来")
            self._take_in(path, kind, report)
        return report

    def _take_in(self, path: Path, kind: Kind, report: ImportReport) -> None:
        """Stage the good rows and publish them; no other import may sweep meanwhile."""
        digest = files.digest(path, kind.value, str(self.openness))
        batch_id = 0 if self.dry_run else self._open_batch(kind, digest)
        done = 0
        pause = _Pause()
        for lines in _chunks(self._good_lines(path, kind)):
            with self.database.begin(unhurried=True) as session:
                self._stage(session, kind, batch_id, lines, report)
                if self.dry_run:
                    session.rollback()
            done += len(lines)
            self.progress(done, report.read)
            pause.when_due()
        if not self.dry_run:
            self._publish(kind, batch_id)
            self._sweep(kind)

    def _preflight(self, path: Path, kind: Kind) -> ImportReport:
        """Read the whole file once, so that nothing is taken in from a file with mistakes."""
        report = ImportReport()
        silent = 0
        for line in files.read(path, _model(kind), report.bad, report.warnings):
            report.read += 1
            if isinstance(line.row, DocumentRow) and line.row.openness is None:
                silent += 1
        if silent and self.openness is None:
            raise RefusedError(
                f"{path.name} 里有 {silent} 份文件没有写公开属性（openness）。"
                "请加上 --openness full（全部公开）、partial（只公开目录）或 none（不公开）再导入"
            )
        return report

    def _good_lines(self, path: Path, kind: Kind) -> Iterator[Line]:
        return files.read(path, _model(kind), [], [])

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

    def _stage(
        self,
        session: Session,
        kind: Kind,
        batch_id: int,
        lines: Sequence[Line],
        report: ImportReport,
    ) -> None:
        """Write the rows that are new or different, hidden until the batch is published."""
        table = _table(kind)
        keys = [line.row.id for line in lines]
        current = _hashes(session, table, keys, current=True)
        staged = _hashes(session, table, keys, batch_id=batch_id)
        fresh: list[Document | Record] = []
        for line in lines:
            row_hash = self._hash(line.row)
            before = current.get(line.row.id)
            if before == row_hash:
                report.unchanged += 1
                continue
            report.added += before is None
            report.changed += before is not None
            if line.row.id not in staged:
                fresh.append(self._target(line.row, batch_id, row_hash))
        if fresh and not self.dry_run:
            session.add_all(fresh)
            session.flush()
            by_key = {target.source_key: target.id for target in fresh}
            session.add_all(_relations(lines, by_key))
            index.add(session.connection(), fresh, today=clock.today())

    def _hash(self, row: DocumentRow | RecordRow) -> str:
        told = row.model_dump_json() + f"|{self.openness if _is_silent(row) else ''}"
        return hashlib.sha256(told.encode()).hexdigest()

    def _target(
        self, row: DocumentRow | RecordRow, batch_id: int, row_hash: str
    ) -> Document | Record:
        if isinstance(row, DocumentRow):
            return Document(
                batch_id=batch_id,
                is_superseded=False,
                pid=stable_pid("document", row.id, self.secret),
                source_key=row.id,
                content_hash=row_hash,
                title=row.title,
                number=row.doc_no,
                number_key=document_number(row.doc_no) if row.doc_no else None,
                issuer=row.issuer,
                dated=row.dated,
                topic=row.category,
                body=row.body,
                disclosure=(row.openness or self.openness or Disclosure.NONE).value,
                effective_from=row.effective_from,
                effective_to=row.effective_to,
                source=row.source,
                source_url=row.url,
            )
        return Record(
            batch_id=batch_id,
            is_superseded=False,
            pid=stable_pid("record", row.id, self.secret),
            source_key=row.id,
            content_hash=row_hash,
            level=row.level,
            reference_code=row.ref_code,
            reference_key=reference_code(row.ref_code),
            fonds_code=row.fonds,
            title=row.title,
            author=row.responsible,
            number=row.doc_no,
            number_key=document_number(row.doc_no) if row.doc_no else None,
            dated=row.dated,
            keywords=row.keywords,
            abstract=row.abstract,
            openness=row.openness.value,
            is_livelihood=bool(row.livelihood),
        )

    def _publish(self, kind: Kind, batch_id: int) -> None:
        """Show the whole batch and hide what it replaces: one short transaction."""
        table = _table(kind)
        with self.database.begin(unhurried=True) as session:
            newer = aliased(table)
            replaced = select(table.id).where(
                table.batch_id != batch_id,
                table.is_superseded.is_(False),
                exists().where(newer.source_key == table.source_key, newer.batch_id == batch_id),
            )
            ids = list(session.scalars(replaced))
            for chunk in _id_chunks(ids):
                session.execute(update(table).where(table.id.in_(chunk)).values(is_superseded=True))
                session.execute(
                    update(SearchEntry)
                    .where(SearchEntry.kind == kind.value, SearchEntry.target_id.in_(chunk))
                    .values(is_superseded=True)
                )
            session.execute(
                update(ImportBatch)
                .where(ImportBatch.id == batch_id)
                .values(published_at=clock.now())
            )
            session.flush()
            if kind is Kind.DOCUMENT:
                repeals.resolve(session)

    def _sweep(self, kind: Kind) -> None:
        """Remove replaced rows and the remains of imports that were given up, bit by bit."""
        table = _table(kind)
        pause = _Pause()
        unpublished = select(ImportBatch.id).where(
            ImportBatch.kind == kind.value, ImportBatch.published_at.is_(None)
        )
        while True:
            with self.database.begin(unhurried=True) as session:
                ids = list(
                    session.scalars(
                        select(table.id)
                        .where(or_(table.is_superseded, table.batch_id.in_(unpublished)))
                        .limit(STAGE_ROWS)
                    )
                )
                if not ids:
                    session.execute(
                        delete(ImportBatch).where(
                            ImportBatch.kind == kind.value, ImportBatch.published_at.is_(None)
                        )
                    )
                    return
                entries = session.scalars(
                    select(SearchEntry.id).where(
                        SearchEntry.kind == kind.value, SearchEntry.target_id.in_(ids)
                    )
                )
                index.remove(session.connection(), list(entries))
                if kind is Kind.DOCUMENT:
                    session.execute(
                        delete(DocumentRelation).where(DocumentRelation.document_id.in_(ids))
                    )
                session.execute(delete(table).where(table.id.in_(ids)))
            pause.when_due()


def _model(kind: Kind) -> type[DocumentRow] | type[RecordRow]:
    return DocumentRow if kind is Kind.DOCUMENT else RecordRow


def _table(kind: Kind) -> type[Document] | type[Record]:
    return Document if kind is Kind.DOCUMENT else Record


def _is_silent(row: DocumentRow | RecordRow) -> bool:
    return isinstance(row, DocumentRow) and row.openness is None


def _hashes(
    session: Session,
    table: type[Document] | type[Record],
    keys: Sequence[str],
    *,
    batch_id: int | None = None,
    current: bool = False,
) -> dict[str, str]:
    statement = select(table.source_key, table.content_hash).where(table.source_key.in_(keys))
    if current:
        statement = statement.where(is_current(table))
    if batch_id is not None:
        statement = statement.where(table.batch_id == batch_id)
    return dict(session.execute(statement).all())


def _relations(lines: Sequence[Line], ids: Mapping[str, int]) -> list[DocumentRelation]:
    return [
        DocumentRelation(
            document_id=ids[line.row.id],
            type=relation.type,
            target_number=relation.number,
            target_title=relation.title,
        )
        for line in lines
        if isinstance(line.row, DocumentRow) and line.row.id in ids
        for relation in line.row.relations
    ]


def _chunks(lines: Iterator[Line]) -> Iterator[list[Line]]:
    chunk: list[Line] = []
    size = 0
    for line in lines:
        chunk.append(line)
        size += len(line.row.body) if isinstance(line.row, DocumentRow) else 200
        if len(chunk) >= STAGE_ROWS or size >= STAGE_CHARACTERS:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _id_chunks(ids: Iterable[int]) -> Iterator[list[int]]:
    iterator = iter(ids)
    while chunk := list(islice(iterator, 500)):
        yield chunk
