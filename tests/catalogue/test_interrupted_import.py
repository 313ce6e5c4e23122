"""An import that dies half-way shows nothing, and run again it is as if it had run once."""

import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import func, insert, select, text

from tests.builders import SECRET, Row, a_document, a_file, import_documents
from wx_archive.catalogue import search
from wx_archive.catalogue.models import Document, DocumentRelation, ImportBatch, SearchEntry
from wx_archive.catalogue.query import understand
from wx_archive.catalogue.rules import Kind
from wx_archive.catalogue.service import Importer
from wx_archive.catalogue.staging import CHUNK
from wx_archive.core import schema
from wx_archive.core.database import BUSY_TIMEOUT_MS, Database
from wx_archive.core.errors import RefusedError

TODAY = date(2026, 11, 23)
ROWS = 2 * CHUNK[Kind.DOCUMENT] + 50
KILLED = """
import os, signal, sys
from pathlib import Path
from wx_archive.catalogue.service import Importer
from wx_archive.core.database import Database

def progress(done, total):
    if done >= int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)

Importer(Database(sys.argv[1]), sys.argv[4], progress=progress).documents(Path(sys.argv[2]))
"""


class PowerCutError(Exception):
    """Ends an import where nobody expects it."""


def old_rows() -> list[Row]:
    return [
        a_document(f"D{n}", title=f"养犬旧文{n}", doc_no=f"兰政发〔2001〕{n}号") for n in range(60)
    ]


def new_rows() -> list[Row]:
    """Return 30 unchanged rows, 30 changed ones, the rest new; some repeal old ones."""
    rows = old_rows()[:30]
    for n in range(30, ROWS):
        repeals = [{"type": "repeals", "number": f"兰政发〔2001〕{n - 100}号"}]
        rows.append(
            a_document(f"D{n}", title=f"养犬新文{n}", relations=repeals if n >= 100 else [])
        )
    return rows


def state(database: Database) -> object:
    """Return all that an import leaves behind, without the numbers that tell runs apart."""
    with database.begin() as session:
        documents = session.execute(
            select(Document.source_key, Document.pid, Document.title, Document.repealed_on)
            .where(Document.is_superseded.is_(False))
            .order_by(Document.source_key)
        ).all()
        entries = session.execute(
            select(Document.pid, SearchEntry.title_key, SearchEntry.repealed_on)
            .join(SearchEntry, SearchEntry.target_id == Document.id)
            .where(SearchEntry.is_superseded.is_(False))
            .order_by(Document.pid)
        ).all()
        sizes = [
            session.scalar(select(func.count()).select_from(table))
            for table in (Document, SearchEntry, DocumentRelation)
        ]
        waiting = session.scalar(
            select(func.count()).select_from(ImportBatch).where(ImportBatch.published_at.is_(None))
        )
    return [tuple(row) for row in documents], [tuple(row) for row in entries], sizes, waiting


def shown(database: Database) -> list[tuple[str, object]]:
    with database.reads() as connection:
        found = search.search(connection, understand("养犬"), today=TODAY, limit=1_000)
    return [(hit.title, hit.validity) for hit in found.hits]


def raising(url: str, path: Path, after: int) -> None:
    """Import until ``after`` rows are staged, then fail."""

    def progress(done: int, _total: int) -> None:
        if done >= after:
            raise PowerCutError

    database = Database(url)
    with pytest.raises(PowerCutError):
        Importer(database, SECRET, progress=progress).documents(path)
    database.dispose()


def killed(url: str, path: Path, after: int) -> None:
    """Import in a process of its own that dies once ``after`` rows are staged."""
    command = [sys.executable, "-c", KILLED, url, str(path), str(after), SECRET]
    done = subprocess.run(command, check=False, cwd=Path(__file__).parents[2])
    assert done.returncode == -signal.SIGKILL


@pytest.mark.parametrize("end", [raising, killed])
@pytest.mark.parametrize("after", [CHUNK[Kind.DOCUMENT], ROWS])
def test_a_dead_import_shows_nothing_and_run_again_is_as_one_run(
    database_url: str, tmp_path: Path, end: Callable[[str, Path, int], None], after: int
) -> None:
    database = Database(database_url)
    import_documents(database, tmp_path, *old_rows())
    before = shown(database)
    path = a_file(tmp_path / "new.jsonl", new_rows())
    end(database_url, path, after)
    assert shown(database) == before
    with database.begin() as session:
        staged = set(session.scalars(select(Document.id).where(Document.title.contains("新文"))))
    assert len(staged) >= after - 60

    resumed = Importer(database, SECRET).documents(path)
    assert (resumed.added, resumed.changed, resumed.unchanged) == (ROWS - 60, 30, 30)
    with database.begin() as session:
        assert staged <= set(session.scalars(select(Document.id)))  # nothing is done twice
    outcome = state(database)
    database.dispose()

    assert outcome == _state_after_one_run(tmp_path)


def _state_after_one_run(folder: Path) -> object:
    fresh = Database(f"sqlite:///{folder / 'fresh.db'}")
    schema.upgrade(fresh)
    import_documents(fresh, folder, *old_rows())
    import_documents(fresh, folder, *new_rows(), name="new.jsonl")
    outcome = state(fresh)
    fresh.dispose()
    return outcome


def test_another_file_clears_away_what_a_dead_import_left(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    raising(database_url, a_file(tmp_path / "new.jsonl", new_rows()), CHUNK[Kind.DOCUMENT])
    import_documents(database, tmp_path, *old_rows())
    assert len(shown(database)) == 60
    with database.begin() as session:
        assert session.scalar(select(func.count()).select_from(Document)) == 60
        assert session.scalar(select(func.count()).select_from(SearchEntry)) == 60
        assert session.scalar(select(func.count()).select_from(ImportBatch)) == 1


def test_what_was_cleared_away_is_not_found_under_a_number_that_is_used_again(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    raising(database_url, a_file(tmp_path / "dead.jsonl", [a_document("D1", title="旧词")]), 1)
    import_documents(database, tmp_path, name="empty.jsonl")
    import_documents(database, tmp_path, a_document("D2", title="新词"))
    with database.reads() as connection:
        for words, total in (("旧词", 0), ("新词", 1)):
            found = search.search(connection, understand(words), today=TODAY)
            assert found.total == total, words


def test_an_effect_hardly_waits_while_a_large_import_runs(sqlite_url: str, tmp_path: Path) -> None:
    chance = random.Random(5)  # noqa: S311 -- a seeded sample
    characters = [chr(code) for code in range(0x4E00, 0x5600)]
    rows = [
        a_document(
            f"D{n}",
            doc_no=f"兰政发〔2001〕{n}号",
            body="".join(chance.choices(characters, k=800)),
        )
        | {"relations": [{"type": "repeals", "title": f"没有的题名{n}"}]}
        for n in range(1_500)
    ]
    path = a_file(tmp_path / "large.jsonl", rows)
    importing = Database(sqlite_url)
    thread = Thread(target=lambda: Importer(importing, SECRET).documents(path))
    database = Database(sqlite_url)
    waits: list[float] = []
    thread.start()
    while thread.is_alive():
        started = time.monotonic()
        with database.begin() as session:
            effect = {"name": f"effect {len(waits)}", "value": "done"}
            session.execute(insert(schema.installation).values(effect))
            waits.append(time.monotonic() - started)
        time.sleep(0.01)
    thread.join()
    with database.begin() as session:
        assert session.scalar(text("SELECT count(*) FROM search_entry")) == 1_500
    for each in (database, importing):
        each.dispose()
    assert len(waits) > 10
    assert max(waits) < BUSY_TIMEOUT_MS / 1000  # nobody was sent away, however busy the machine
    assert sorted(waits)[len(waits) // 2] < 1


def test_a_second_import_waits_its_turn(database: Database, tmp_path: Path) -> None:
    path = a_file(tmp_path / "documents.jsonl", [a_document(f"D{n}") for n in range(500)])
    refused: list[str] = []

    def start_another(_done: int, _total: int) -> None:
        with pytest.raises(RefusedError) as caught:
            Importer(database, SECRET).documents(path)
        refused.append(str(caught.value))

    report = Importer(database, SECRET, progress=start_another).documents(path)
    assert report.added == 500
    assert set(refused) == {"另一个导入正在进行，请等它结束再来"}
    assert Importer(database, SECRET).documents(path).unchanged == 500
