"""What staff decide by hand: it holds at once, downwards, and above every later import."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from tests.builders import (
    SECRET,
    Row,
    a_document,
    a_file,
    a_record,
    import_documents,
    import_records,
)
from wx_archive.catalogue import decisions, search
from wx_archive.catalogue.decisions import Hindrance, Outcome
from wx_archive.catalogue.models import Document, ImportBatch, Record, SearchEntry
from wx_archive.catalogue.query import understand
from wx_archive.catalogue.service import Importer
from wx_archive.catalogue.visibility import public_records
from wx_archive.core.database import Database
from wx_archive.core.errors import RefusedError
from wx_archive.core.ids import stable_pid
from wx_archive.lookup import service

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
TODAY = date(2026, 11, 23)
WORD = "兰水大桥"
FONDS, FILE, OTHER_FILE = "0001", "0001-1-0001", "0001-1-0002"


def pid_of(key: str, kind: str = "record") -> str:
    return stable_pid(kind, key, SECRET)


def decide(database: Database, what: str, key: str, **more: Any) -> Outcome:
    """Do as a command does: `open_record`, `close_record`, `withdraw` or `restore`."""
    document = what in ("withdraw", "restore")
    given: dict[str, Any] = {"today": TODAY} | more
    if what != "restore":
        given |= {"now": NOW, "reason": "馆务会决定"}
    with database.begin() as session:
        outcome: Outcome = getattr(decisions, what)(
            session, pid_of(key, "document" if document else "record"), **given
        )
    return outcome


def listed(database: Database, word: str = WORD) -> set[str]:
    """Return the titles that the public finds, after making sure that pages agree."""
    with database.reads() as connection:
        found = search.search(connection, understand(word), today=TODAY, limit=100)
        assert found.total == len(found.hits)
        pages = set(
            connection.scalars(
                select(Record.title).where(public_records(TODAY), Record.title.contains(word))
            )
        )
    titles = {hit.title for hit in found.hits}
    assert {title for title in titles if title.startswith("关于")} == pages
    return titles


def a_fonds(**changes: Row) -> list[Row]:
    """Return a fonds with two files of two items each; ``changes`` by key."""
    rows = [
        a_record("fonds", ref_code=FONDS, level="fonds", open=None, title=f"关于{WORD}的全宗"),
        a_record("file", ref_code=FILE, level="file", parent=FONDS, title=f"关于{WORD}的案卷一"),
        a_record(
            "file2", ref_code=OTHER_FILE, level="file", parent=FONDS, title=f"关于{WORD}的案卷二"
        ),
        *(
            a_record(
                f"i{n}",
                ref_code=f"{parent}-00{n}",
                parent=parent,
                title=f"关于{WORD}的第{n}件",
            )
            for n, parent in enumerate((FILE, FILE, OTHER_FILE, OTHER_FILE), 1)
        ),
    ]
    return [row | changes.get(row["id"], {}) for row in rows]


FILE_ONE = {f"关于{WORD}的案卷一", f"关于{WORD}的第1件", f"关于{WORD}的第2件"}
FILE_TWO = {f"关于{WORD}的案卷二", f"关于{WORD}的第3件", f"关于{WORD}的第4件"}


# -- one entry --------------------------------------------------------------------------------


def test_a_closed_record_is_gone_and_an_opened_one_is_there(
    database: Database, tmp_path: Path
) -> None:
    import_records(
        database, tmp_path, a_record("R1"), a_record("R2", open=0, title="关于兰水大桥二")
    )
    assert listed(database) == {"关于修建兰水大桥的批复"}
    assert decide(database, "close_record", "R1").is_listed is False
    assert decide(database, "open_record", "R2").is_listed is True
    assert listed(database) == {"关于兰水大桥二"}
    decide(database, "open_record", "R1")
    decide(database, "open_record", "R1")
    assert len(listed(database)) == 2


def test_opening_by_hand_does_not_wait_for_the_files_day(
    database: Database, tmp_path: Path
) -> None:
    later = {"openness": "延期开放", "open_on": "2031-01-01", "open": None}
    import_records(database, tmp_path, a_record("R1", **later))
    assert listed(database) == set()
    assert decide(database, "open_record", "R1").is_listed
    assert len(listed(database)) == 1


def test_an_internal_record_is_not_opened(database: Database, tmp_path: Path) -> None:
    import_records(database, tmp_path, a_record("R1", secrecy="内部", open=0))
    with pytest.raises(RefusedError, match="内部"):
        decide(database, "open_record", "R1")
    assert listed(database) == set()


def test_a_livelihood_record_may_be_open_and_is_still_not_listed(
    database: Database, tmp_path: Path
) -> None:
    import_records(database, tmp_path, a_record("R1", livelihood=1, open=0))
    outcome = decide(database, "open_record", "R1")
    assert (outcome.is_listed, outcome.hindrance) == (False, Hindrance.LIVELIHOOD)
    assert listed(database) == set()


@pytest.mark.parametrize("what", ["open_record", "close_record", "withdraw", "restore"])
def test_what_does_not_exist_is_refused(database: Database, what: str) -> None:
    with pytest.raises(RefusedError, match="没有编号"):
        decide(database, what, "nobody")


def test_a_staged_row_is_not_there_to_be_decided_about(database: Database, tmp_path: Path) -> None:
    import_records(database, tmp_path, a_record("R1"))
    with database.begin() as session:
        session.execute(update(ImportBatch).values(published_at=None))
    with pytest.raises(RefusedError, match="没有编号"):
        decide(database, "close_record", "R1")


# -- what lies below --------------------------------------------------------------------------


def test_closing_a_file_closes_what_lies_in_it_and_nothing_else(
    database: Database, tmp_path: Path
) -> None:
    import_records(database, tmp_path, *a_fonds())
    assert listed(database) == FILE_ONE | FILE_TWO
    outcome = decide(database, "close_record", "file")
    assert outcome.below == 2
    assert listed(database) == FILE_TWO


def test_opening_it_again_gives_back_what_was_open_before(
    database: Database, tmp_path: Path
) -> None:
    import_records(database, tmp_path, *a_fonds(i2={"open": 0}))
    before = listed(database)
    decide(database, "close_record", "fonds")
    assert listed(database) == set()
    decide(database, "open_record", "fonds")
    assert listed(database) == before | {f"关于{WORD}的全宗"}


def test_a_file_closed_by_itself_stays_so_when_its_fonds_opens_again(
    database: Database, tmp_path: Path
) -> None:
    import_records(database, tmp_path, *a_fonds())
    decide(database, "close_record", "file")
    decide(database, "close_record", "fonds")
    decide(database, "open_record", "fonds")
    assert listed(database) == FILE_TWO | {f"关于{WORD}的全宗"}
    decide(database, "open_record", "file")
    assert listed(database) == FILE_ONE | FILE_TWO | {f"关于{WORD}的全宗"}


def test_an_item_of_a_closed_file_may_be_opened_but_is_not_listed(
    database: Database, tmp_path: Path
) -> None:
    import_records(database, tmp_path, *a_fonds(i1={"open": 0}))
    decide(database, "close_record", "fonds")
    outcome = decide(database, "open_record", "i1")
    assert (outcome.is_listed, outcome.hindrance) == (False, Hindrance.CLOSED_ABOVE)
    assert listed(database) == set()
    decide(database, "open_record", "fonds")
    assert f"关于{WORD}的第1件" in listed(database)


def test_a_file_nobody_has_reviewed_closes_nothing(database: Database, tmp_path: Path) -> None:
    import_records(database, tmp_path, *a_fonds(file={"open": None}))
    assert listed(database) == (FILE_ONE | FILE_TWO) - {f"关于{WORD}的案卷一"}


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("closed", ["file", "fonds"])
def test_a_file_that_says_so_closes_what_lies_below_in_whatever_order_rows_come(
    database: Database, tmp_path: Path, closed: str, *, backwards: bool
) -> None:
    rows = a_fonds(**{closed: {"open": 0}})
    import_records(database, tmp_path, *rows[:: -1 if backwards else 1])
    assert listed(database) == (FILE_TWO if closed == "file" else set())


def test_rows_that_come_later_into_a_closed_file_are_closed_too(
    database: Database, tmp_path: Path
) -> None:
    import_records(database, tmp_path, *a_fonds())
    decide(database, "close_record", "file")
    late = a_record("late", ref_code=f"{FILE}-009", parent=FILE, title=f"关于{WORD}的第9件")
    import_records(database, tmp_path, late, name="late.jsonl")
    assert listed(database) == FILE_TWO


def test_a_file_that_a_later_import_closes_or_opens_takes_its_items_along(
    database: Database, tmp_path: Path
) -> None:
    import_records(database, tmp_path, *a_fonds())
    closed = a_fonds(file={"open": 0})
    import_records(database, tmp_path, *closed, name="closed.jsonl")
    assert listed(database) == FILE_TWO
    import_records(database, tmp_path, *a_fonds(), name="open.jsonl")
    assert listed(database) == FILE_ONE | FILE_TWO


def test_descriptions_that_name_each_other_as_above_end_nothing_in_a_loop(
    database: Database, tmp_path: Path
) -> None:
    import_records(
        database,
        tmp_path,
        a_record("a", ref_code="A-1", parent="A-2", level="file"),
        a_record("b", ref_code="A-2", parent="A-1", level="file"),
        a_record("c", ref_code="A-3", parent="A-3", level="file"),
    )
    for key in "abc":
        decide(database, "close_record", key)
        decide(database, "open_record", key)


# -- against imports --------------------------------------------------------------------------


def test_no_import_opens_what_staff_closed(database: Database, tmp_path: Path) -> None:
    import_records(database, tmp_path, a_record("R1"))
    decide(database, "close_record", "R1")
    import_records(database, tmp_path, a_record("R1", abstract="改过"), name="again.jsonl")
    assert listed(database) == set()


def test_a_decision_taken_while_a_file_comes_in_is_not_lost(
    database: Database, tmp_path: Path
) -> None:
    import_records(database, tmp_path, *a_fonds())
    rows = [row | {"abstract": "改过"} for row in a_fonds()]

    def close_meanwhile(_done: int, _all: int) -> None:
        decide(database, "close_record", "file")

    importer = Importer(database, SECRET, progress=close_meanwhile)
    importer.records(a_file(tmp_path / "again.jsonl", rows))
    assert listed(database) == FILE_TWO


def test_no_import_closes_what_staff_opened(database: Database, tmp_path: Path) -> None:
    import_records(database, tmp_path, a_record("R1", open=0))
    decide(database, "open_record", "R1")
    import_records(database, tmp_path, a_record("R1", open=0, abstract="改过"), name="b.jsonl")
    assert len(listed(database)) == 1


def test_an_import_that_makes_it_internal_is_stronger_than_opening_it(
    database: Database, tmp_path: Path
) -> None:
    import_records(database, tmp_path, a_record("R1", open=0))
    decide(database, "open_record", "R1")
    import_records(database, tmp_path, a_record("R1", open=0, secrecy="内部"), name="b.jsonl")
    assert listed(database) == set()


def test_a_withdrawn_document_comes_back_as_its_file_says_by_then(
    database: Database, tmp_path: Path
) -> None:
    import_documents(database, tmp_path, a_document("D1", body="正文里的词"))
    assert decide(database, "withdraw", "D1").is_listed is False
    assert listed(database, "养犬") == set()
    changed = a_document("D1", body="正文里的词", openness="partial")
    import_documents(database, tmp_path, changed, name="changed.jsonl")
    assert listed(database, "养犬") == set()
    assert decide(database, "restore", "D1").is_listed is True
    assert listed(database, "养犬") == {"兰台市养犬管理办法"}
    assert listed(database, "正文里的词") == set()
    with database.reads() as connection:
        view = service.document(connection, pid_of("D1", "document"), today=TODAY)
        assert connection.scalar(select(Document.disclosure)) == "partial"
    assert view is not None
    import_documents(database, tmp_path, a_document("D1"), name="open.jsonl")
    assert listed(database, "养犬") == {"兰台市养犬管理办法"}


def test_withdrawing_twice_forgets_nothing(database: Database, tmp_path: Path) -> None:
    import_documents(database, tmp_path, a_document("D1"))
    decide(database, "withdraw", "D1")
    decide(database, "withdraw", "D1")
    assert decide(database, "restore", "D1").is_listed is True
    with pytest.raises(RefusedError, match="没有撤下过"):
        decide(database, "restore", "D1")


def test_a_document_that_its_file_does_not_disclose_is_not_restored_into_view(
    database: Database, tmp_path: Path
) -> None:
    import_documents(database, tmp_path, a_document("D1", openness="none"))
    decide(database, "withdraw", "D1")
    outcome = decide(database, "restore", "D1")
    assert (outcome.is_listed, outcome.hindrance) == (False, Hindrance.NOT_DISCLOSED)


def test_the_index_has_one_entry_for_what_is_public_and_none_besides(
    database: Database, tmp_path: Path
) -> None:
    import_records(database, tmp_path, *a_fonds())
    for what, key in [("close", "fonds"), ("open", "i1"), ("close", "file2"), ("open", "fonds")]:
        decide(database, f"{what}_record", key)
        with database.reads() as connection:
            public = connection.scalars(select(Record.id).where(public_records(TODAY))).all()
            entries = connection.scalars(select(SearchEntry.target_id)).all()
        assert sorted(entries) == sorted(public)
