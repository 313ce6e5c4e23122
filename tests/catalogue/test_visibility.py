"""What the public may not see appears nowhere; half-open documents show no text."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from tests.builders import SECRET, Row, a_document, a_record, import_documents, import_records
from wx_archive.catalogue import search
from wx_archive.catalogue.models import Document, ImportBatch, SearchEntry
from wx_archive.catalogue.query import understand
from wx_archive.catalogue.search import Hit
from wx_archive.catalogue.visibility import is_current, public_documents
from wx_archive.core.database import Database
from wx_archive.core.ids import stable_pid
from wx_archive.core.site import Site
from wx_archive.lookup import documents, records, service

TODAY = date(2026, 11, 23)
SECRET_WORD = "秘密事项"


def counts(session: Session) -> dict[str, int]:
    """Return how many public entries there are of each kind."""
    rows = session.execute(
        select(SearchEntry.kind, func.count())
        .where(is_current(SearchEntry))
        .group_by(SearchEntry.kind)
    )
    return {"document": 0, "record": 0} | dict(rows.all())


def a_hidden_record(key: str, **changes: object) -> Row:
    """Return a record full of the secret word."""
    words: Row = {
        "title": f"关于{SECRET_WORD}的请示",
        "responsible": SECRET_WORD,
        "keywords": SECRET_WORD,
        "abstract": SECRET_WORD,
        "doc_no": "兰革字〔1970〕11号",
        "ref_code": "0009-1-0001-001",
    }
    return a_record(key, **(words | changes))


HIDDEN_RECORDS: dict[str, Row] = {
    "not reviewed": {"open": None},
    "not reviewed, left blank": {"open": ""},
    "controlled": {"open": 0},
    "livelihood": {"livelihood": 1},
    "livelihood, controlled": {"livelihood": 1, "open": 0},
    "deferred": {"open": None, "openness": "延期开放", "open_on": "2099-01-01"},
    "open later": {"open_on": "2099-01-01"},
    "internal": {"open": 0, "secrecy": "内部"},
}


@dataclass(frozen=True)
class Public:
    """Every way in which the public may ask."""

    database: Database

    def finds(self, text: str) -> list[Hit]:
        with self.database.reads() as connection:
            site = Site(Path("nowhere"), "https://archive.example.org")
            found = service.find(connection, site, text, today=TODAY, limit=100)
            assert found.total == len(found.hits)
            return list(found.hits)

    def opens(self, namespace: str, key: str) -> object:
        pid = stable_pid(namespace, key, SECRET)
        page = documents.document if namespace == "document" else records.record
        with self.database.reads() as connection:
            tapped = search.by_pid(connection, pid, today=TODAY)
            shown: object = page(connection, pid, today=TODAY)
        assert (tapped is None) == (shown is None)
        return shown


@pytest.mark.parametrize("changes", HIDDEN_RECORDS.values(), ids=HIDDEN_RECORDS)
def test_a_hidden_record_is_found_by_nothing(
    database: Database, tmp_path: Path, changes: dict[str, object]
) -> None:
    import_records(database, tmp_path, a_hidden_record("R1", **changes), a_record("R2"))
    public = Public(database)
    for words in (SECRET_WORD, "关", "1970", "兰革字〔1970〕11号", "0009-1-0001-001", "0009-1"):
        assert all(SECRET_WORD not in hit.title for hit in public.finds(words)), words
    assert public.finds(SECRET_WORD) == []
    assert public.opens("record", "R1") is None
    with database.begin() as session:
        assert counts(session) == {"document": 0, "record": 1}


def test_the_same_record_is_found_by_everything_once_it_is_open(
    database: Database, tmp_path: Path
) -> None:
    import_records(database, tmp_path, a_hidden_record("R1"))
    public = Public(database)
    for words in (SECRET_WORD, "关", "1970", "兰革字〔1970〕11号", "0009-1-0001-001", "0009-1"):
        assert len(public.finds(words)) == 1, words
    assert public.opens("record", "R1") is not None


def test_a_document_that_is_not_disclosed_is_found_by_nothing(
    database: Database, tmp_path: Path
) -> None:
    hidden = a_document("D1", title=SECRET_WORD, doc_no="兰政发〔2015〕9号", openness="none")
    import_documents(database, tmp_path, hidden)
    public = Public(database)
    for words in (SECRET_WORD, "秘", "2015", "兰政发〔2015〕9号", "养犬"):
        assert public.finds(words) == []
    assert public.opens("document", "D1") is None
    with database.begin() as session:
        assert counts(session) == {"document": 0, "record": 0}


def test_a_partly_open_document_is_listed_without_its_text(
    database: Database, tmp_path: Path
) -> None:
    import_documents(database, tmp_path, a_document(openness="partial", body=SECRET_WORD))
    public = Public(database)
    assert [hit.title for hit in public.finds("养犬")] == ["兰台市养犬管理办法"]
    assert public.finds(SECRET_WORD) == []
    view = public.opens("document", "D1")
    assert isinstance(view, documents.DocumentView)
    assert view.is_partial
    assert view.paragraphs == ()


def test_a_record_that_is_closed_again_disappears(database: Database, tmp_path: Path) -> None:
    import_records(database, tmp_path, a_hidden_record("R1"))
    import_records(database, tmp_path, a_hidden_record("R1", open=0))
    public = Public(database)
    assert public.finds(SECRET_WORD) == []
    assert public.opens("record", "R1") is None


def test_a_replaced_row_is_not_shown_even_before_it_is_swept_away(
    database: Database, tmp_path: Path
) -> None:
    import_documents(database, tmp_path, a_document("D1", doc_no="兰政发〔2015〕9号"))
    with database.begin() as session:
        session.execute(update(Document).values(is_superseded=True))
        session.execute(update(SearchEntry).values(is_superseded=True))
        session.execute(update(ImportBatch).values(is_settled=False))
    public = Public(database)
    for words in ("养犬", "兰", "兰政发〔2015〕9号"):
        assert public.finds(words) == []
    assert public.opens("document", "D1") is None


def test_the_page_of_a_document_asks_the_same_question_as_the_index(
    database: Database, tmp_path: Path
) -> None:
    rows = [a_document(level, openness=level) for level in ("full", "partial", "none")]
    import_documents(database, tmp_path, *rows)
    with database.begin() as session:
        shown = session.scalars(select(Document.source_key).where(public_documents())).all()
    assert set(shown) == {"full", "partial"}


def test_what_is_shown_does_not_change_when_hidden_rows_come(
    database: Database, tmp_path: Path
) -> None:
    records = [a_record(f"P{n}", title=f"公路批复{n}") for n in range(12)]
    import_records(database, tmp_path, *records)
    public = Public(database)

    def answers() -> list[object]:
        with database.reads() as connection:
            query = understand("公路批复")
            found = search.search(connection, query, today=TODAY, limit=5)
        facts = [(hit.pid, hit.title, hit.dated) for hit in found.hits]
        words = ("公路", "0001-1", "1970", "公", "兰革字〔1970〕11号", SECRET_WORD)
        return [found.total, facts, [[hit.pid for hit in public.finds(each)] for each in words]]

    before = answers()
    hidden = [
        a_hidden_record(f"H{n}", title=f"公路批复{SECRET_WORD}{n}", **changes)
        for n, changes in enumerate(40 * [*HIDDEN_RECORDS.values()])
    ]
    assert len(hidden) == 320
    import_records(database, tmp_path, *hidden, name="hidden.jsonl")
    assert answers() == before
