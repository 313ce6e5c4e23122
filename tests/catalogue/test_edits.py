"""What staff edit: checked like a file's row, public at once, kept above every later import."""

from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from tests.builders import SECRET, a_document, a_file, a_record, import_documents, import_records
from wx_archive.catalogue import decisions, edits, search
from wx_archive.catalogue.edits import (
    BadFieldsError,
    Change,
    ChangedMeanwhileError,
    Hand,
    WiderError,
)
from wx_archive.catalogue.models import Document, EntryEdit, Record, RepealProposal, SearchEntry
from wx_archive.catalogue.query import understand
from wx_archive.catalogue.rules import Kind
from wx_archive.catalogue.service import Importer
from wx_archive.core.database import Database
from wx_archive.core.errors import RefusedError
from wx_archive.core.ids import stable_pid
from wx_archive.lookup import service

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
TODAY = date(2026, 11, 23)
HAND = Hand("editor", NOW, TODAY)


def pid_of(kind: Kind, key: str) -> str:
    return stable_pid(kind.value, key, SECRET)


def edit(
    database: Database, kind: Kind = Kind.DOCUMENT, key: str = "D1", *, seen: str = "", **given: str
) -> tuple[Change, ...]:
    """Change an entry in a transaction of its own."""
    with database.begin() as session:
        return edits.edit(session, kind, pid_of(kind, key), given, HAND, seen=seen)


def edit_record(database: Database, **given: str) -> tuple[Change, ...]:
    return edit(database, Kind.RECORD, "R1", **given)


def found(database: Database, words: str) -> list[str]:
    """Return the titles that the public finds."""
    with database.reads() as connection:
        hits = search.search(connection, understand(words), today=TODAY, limit=50).hits
    return sorted(hit.title for hit in hits)


def kept(database: Database) -> EntryEdit | None:
    with database.begin() as session:
        return session.scalars(select(EntryEdit)).one_or_none()


def column(database: Database, what: Any) -> Any:
    """Return a column of the one current row."""
    with database.reads() as connection:
        return connection.scalar(select(what).order_by(what.table.c.id.desc()).limit(1))


# -- at once ----------------------------------------------------------------------------------


def test_the_public_finds_the_new_words_and_not_the_old_ones(
    database: Database, tmp_path: Path
) -> None:
    import_documents(database, tmp_path, a_document(body="犬只要登记"))
    changes = edit(database, title="兰台市养猫管理办法", body="猫只要登记")
    assert changes == (
        Change("title", "兰台市养犬管理办法", "兰台市养猫管理办法"),
        Change("body", "犬只要登记", "猫只要登记"),
    )
    assert (found(database, "养犬"), found(database, "犬只")) == ([], [])
    assert found(database, "猫只") == ["兰台市养猫管理办法"]
    with database.reads() as connection:
        view = service.document(connection, pid_of(Kind.DOCUMENT, "D1"), today=TODAY)
    assert view is not None
    assert (view.title, view.paragraphs) == ("兰台市养猫管理办法", ("猫只要登记",))


def test_a_records_date_brings_its_days_and_its_place_in_the_index(
    database: Database, tmp_path: Path
) -> None:
    import_records(database, tmp_path, a_record())
    edit_record(database, date="1981年", responsible="兰台市档案局", extent_pages="12页")
    assert found(database, "大桥 1970") == []
    assert found(database, "大桥 1981") == ["关于修建兰水大桥的批复"]
    with database.reads() as connection:
        row = connection.execute(select(Record.__table__)).one()
    assert (row.dated, row.date_end, row.date_precision) == (
        date(1981, 1, 1),
        date(1981, 12, 31),
        "year",
    )
    assert (row.author, row.extent_pages) == ("兰台市档案局", 12)


def test_a_number_is_found_by_its_key_at_once(database: Database, tmp_path: Path) -> None:
    import_documents(database, tmp_path, a_document(doc_no="兰政发〔2015〕9号"))
    edit(database, doc_no="兰政发〔2015〕19号")
    with database.reads() as connection:
        assert not search.by_number(connection, "兰政发|2015|9", today=TODAY)
        assert search.by_number(connection, "兰政发|2015|19", today=TODAY)


def test_what_is_hidden_stays_hidden_when_it_is_edited(database: Database, tmp_path: Path) -> None:
    import_records(database, tmp_path, a_record(open=0))
    edit_record(database, title="关于修建兰水渡槽的批复")
    assert found(database, "渡槽") == []
    assert column(database, Record.__table__.c.title) == "关于修建兰水渡槽的批复"


def test_new_dates_change_what_it_repeals_and_since_when(
    database: Database, tmp_path: Path
) -> None:
    import_documents(
        database,
        tmp_path,
        a_document("old", title="旧办法", doc_no="兰政发〔2004〕3号", date="2004-01-01"),
        a_document("D1", relations=[{"type": "repeals", "number": "兰政发〔2004〕3号"}]),
    )
    edit(database, effective_from="2016-05-01")
    assert _repealed_on(database) == date(2016, 5, 1)
    edit(database, key="old", doc_no="兰政发〔2004〕4号")
    assert _repealed_on(database) is None


def _repealed_on(database: Database) -> date | None:
    with database.reads() as connection:
        (row,) = connection.execute(
            select(Document.repealed_on, SearchEntry.repealed_on.label("shown"))
            .join(SearchEntry, SearchEntry.target_id == Document.id)
            .where(Document.source_key == "old")
        )
    assert row.repealed_on == row.shown
    day: date | None = row.repealed_on
    return day


def test_a_text_that_announces_a_repeal_by_now_proposes_it(
    database: Database, tmp_path: Path
) -> None:
    old = a_document("old", title="兰台市养猫管理办法", date="2004-01-01")
    import_documents(database, tmp_path, old, a_document())
    edit(database, body="本办法自2016年1月1日起施行。《兰台市养猫管理办法》同时废止。")
    with database.reads() as connection:
        targets = connection.scalars(select(RepealProposal.target_pid)).all()
    assert targets == [pid_of(Kind.DOCUMENT, "old")]


# -- checked ----------------------------------------------------------------------------------


A_DOCUMENT = Document(
    source_key="D1",
    title="兰台市养犬管理办法",
    number="",
    issuer="兰台市人民政府",
    dated=date(2015, 4, 20),
    topic="城市管理",
    body="第一条",
    disclosure="full",
    effective_from=None,
    effective_to=None,
    source="",
    source_url="",
)
A_RECORD = Record(
    source_key="R1",
    reference_code="0001-1-R1",
    **dict.fromkeys(set(edits.RECORD_FIELDS.values()), ""),
)
A_RECORD.title, A_RECORD.is_livelihood = "关于修建兰水大桥的批复", False
A_RECORD.year = A_RECORD.extent_pages = A_RECORD.extent_copies = None


@pytest.mark.parametrize(
    ("entry", "given", "field"),
    [
        (A_DOCUMENT, {"title": "  "}, "title"),
        (A_DOCUMENT, {"title": "长" * 501}, "title"),
        (A_DOCUMENT, {"date": "某年某月"}, "date"),
        (A_DOCUMENT, {"effective_from": "2016-13-01"}, "effective_from"),
        (
            A_DOCUMENT,
            {"effective_from": "2016-05-01", "effective_to": "2016-04-01"},
            "effective_to",
        ),
        (A_DOCUMENT, {"openness": "全都公开"}, "openness"),
        (A_DOCUMENT, {"doc_no": "号" * 201}, "doc_no"),
        (A_RECORD, {"retention": "一阵子"}, "retention"),
        (A_RECORD, {"year": "3024"}, "year"),
        (A_RECORD, {"extent_pages": "很多"}, "extent_pages"),
        (A_RECORD, {"date": "春天"}, "date"),
        (A_RECORD, {"note": "x\x00y"}, "note"),
    ],
)
def test_what_makes_no_valid_row_is_refused_beside_its_field(
    entry: Document | Record, given: dict[str, str], field: str
) -> None:
    with pytest.raises(BadFieldsError) as refused:
        edits.changes(entry, given)
    assert list(refused.value.problems) == [field]


def test_nothing_of_a_refused_edit_stays(database: Database, tmp_path: Path) -> None:
    import_documents(database, tmp_path, a_document())
    with pytest.raises(BadFieldsError):
        edit(database, title="好题名", date="某年某月")
    assert kept(database) is None
    assert found(database, "养犬") == ["兰台市养犬管理办法"]


def test_an_odd_date_from_the_file_hinders_no_other_edit(
    database: Database, tmp_path: Path
) -> None:
    import_records(database, tmp_path, a_record(date="民国年间"))
    assert [change.key for change in edit_record(database, note="缺页", date="民国年间")] == [
        "note"
    ]


def test_what_a_browser_sends_back_unchanged_is_no_change(
    database: Database, tmp_path: Path
) -> None:
    import_documents(database, tmp_path, a_document(body="第一条\n第二条"))
    assert edit(database, body="第一条\r\n第二条\r\n", title="兰台市养犬管理办法 ") == ()
    assert kept(database) is None


def test_an_entry_that_changed_since_it_was_looked_at_is_not_overwritten(
    database: Database, tmp_path: Path
) -> None:
    import_documents(database, tmp_path, a_document())
    with database.reads() as connection:
        seen = edits.fingerprint(connection.execute(select(Document.__table__)).one())
    edit(database, seen=seen, title="第一个人改的")
    with pytest.raises(ChangedMeanwhileError):
        edit(database, seen=seen, title="第二个人改的")
    assert column(database, Document.__table__.c.title) == "第一个人改的"


@pytest.mark.parametrize("entry", [A_DOCUMENT, A_RECORD])
def test_whatever_is_said_of_an_entry_is_in_its_fingerprint(entry: Document | Record) -> None:
    table = type(entry).__table__
    values = {one.name: getattr(entry, one.name) for one in table.columns}
    before = edits.fingerprint(SimpleNamespace(**values))
    for name in values.keys() - {"id", "batch_id", "is_superseded", "content_hash"}:
        other = SimpleNamespace(**(values | {name: "别的"}))
        assert edits.fingerprint(other) != before, name


def test_what_is_not_there_is_refused(database: Database) -> None:
    for kind in Kind:
        with pytest.raises(RefusedError, match="没有编号"):
            edit(database, kind, "nobody", title="有人")


# -- one person hides, never shows --------------------------------------------------------------


def test_one_person_narrows_disclosure_and_does_not_widen_it(
    database: Database, tmp_path: Path
) -> None:
    import_documents(database, tmp_path, a_document(body="正文里的词"))
    edit(database, openness="partial")
    assert (found(database, "养犬"), found(database, "正文里的词")) == (["兰台市养犬管理办法"], [])
    with pytest.raises(WiderError):
        edit(database, openness="full")
    edit(database, openness="none")
    assert found(database, "养犬") == []
    with pytest.raises(WiderError):
        edit(database, openness="partial")


def test_one_person_marks_a_livelihood_record_and_does_not_unmark_it(
    database: Database, tmp_path: Path
) -> None:
    import_records(database, tmp_path, a_record())
    edit_record(database, livelihood="1")
    assert found(database, "大桥") == []
    with pytest.raises(WiderError):
        edit_record(database, livelihood="0")
    with database.begin() as session:
        edits.edit(
            session,
            Kind.RECORD,
            pid_of(Kind.RECORD, "R1"),
            {"livelihood": "0"},
            HAND,
            may_widen=True,
        )
    assert found(database, "大桥") == ["关于修建兰水大桥的批复"]


# -- against imports ----------------------------------------------------------------------------


def test_no_import_undoes_an_edit(database: Database, tmp_path: Path) -> None:
    import_documents(database, tmp_path, a_document())
    edit(database, title="兰台市养猫管理办法", date="2016-01-02", doc_no="兰政发〔2016〕1号")
    report = import_documents(database, tmp_path, a_document(), name="same.jsonl")
    assert report.unchanged == 1
    changed = a_document(body="犬只，改过")
    import_documents(database, tmp_path, changed, name="b.jsonl")
    assert found(database, "养猫") == found(database, "犬只") == ["兰台市养猫管理办法"]
    assert found(database, "养犬") == []
    assert found(database, "养猫 2016") == ["兰台市养猫管理办法"]
    edited = kept(database)
    assert edited is not None
    assert edited.incoming == ""
    with database.reads() as connection:
        assert search.by_number(connection, "兰政发|2016|1", today=TODAY)


def test_a_field_that_the_file_changed_too_keeps_ours_until_somebody_chooses(
    database: Database, tmp_path: Path
) -> None:
    import_documents(database, tmp_path, a_document())
    edit(database, title="我们的题名", issuer="我们的机关")
    theirs = a_document(title="文件的题名", issuer="文件的机关")
    import_documents(database, tmp_path, theirs, name="b.jsonl")
    assert found(database, "题名") == ["我们的题名"]
    edited = kept(database)
    assert edited is not None
    assert '"title": "文件的题名"' in edited.incoming
    _choose(database, "title", file=True)
    assert found(database, "题名") == ["文件的题名"]
    _choose(database, "issuer", file=False)
    edited = kept(database)
    assert edited is not None
    assert (edited.incoming, edited.changes) == ("", '{"issuer": "我们的机关"}')
    import_documents(database, tmp_path, theirs | {"body": "又改"}, name="c.jsonl")
    assert column(database, Document.__table__.c.issuer) == "我们的机关"
    with pytest.raises(RefusedError, match="已经有人定过"):
        _choose(database, "issuer", file=True)


def _choose(database: Database, key: str, *, file: bool, kind: Kind = Kind.DOCUMENT) -> None:
    with database.begin() as session:
        pid = pid_of(kind, "D1" if kind is Kind.DOCUMENT else "R1")
        edits.choose(session, kind, pid, key, HAND, file=file)


def test_the_last_conflict_decided_for_the_file_leaves_nothing_of_ours(
    database: Database, tmp_path: Path
) -> None:
    import_documents(database, tmp_path, a_document())
    edit(database, title="我们的题名")
    import_documents(database, tmp_path, a_document(title="文件的题名"), name="b.jsonl")
    _choose(database, "title", file=True)
    assert kept(database) is None
    import_documents(database, tmp_path, a_document(title="文件又改"), name="c.jsonl")
    assert column(database, Document.__table__.c.title) == "文件又改"


def test_editing_once_more_decides_a_conflict_for_us(database: Database, tmp_path: Path) -> None:
    import_documents(database, tmp_path, a_document())
    edit(database, title="我们的题名")
    import_documents(database, tmp_path, a_document(title="文件的题名"), name="b.jsonl")
    edit(database, title="我们的新题名")
    edited = kept(database)
    assert edited is not None
    assert edited.incoming == ""
    again = a_document(title="文件的题名", body="又改")
    import_documents(database, tmp_path, again, name="c.jsonl")
    assert column(database, Document.__table__.c.title) == "我们的新题名"


def test_what_the_file_says_like_us_is_the_files_again(database: Database, tmp_path: Path) -> None:
    import_documents(database, tmp_path, a_document())
    edit(database, title="兰台市养猫管理办法")
    agreed = a_document(title="兰台市养猫管理办法")
    import_documents(database, tmp_path, agreed, name="b.jsonl")
    assert kept(database) is None
    import_documents(database, tmp_path, a_document(title="养猫条例"), name="c.jsonl")
    assert found(database, "养猫") == ["养猫条例"]


def test_going_back_to_what_the_file_says_is_no_edit_any_more(
    database: Database, tmp_path: Path
) -> None:
    import_documents(database, tmp_path, a_document())
    edit(database, title="兰台市养猫管理办法")
    edit(database, title="兰台市养犬管理办法")
    assert kept(database) is None


def test_what_staff_marked_as_livelihood_stays_so_whatever_files_say(
    database: Database, tmp_path: Path
) -> None:
    import_records(database, tmp_path, a_record())
    edit_record(database, livelihood="1")
    agreed = a_record(livelihood=1, note="改过")
    import_records(database, tmp_path, agreed, name="b.jsonl")
    import_records(database, tmp_path, a_record(note="又改"), name="c.jsonl")
    assert found(database, "大桥") == []


@pytest.mark.parametrize(("file", "shown"), [("none", "none"), ("full", "partial")])
def test_of_two_disclosures_the_stricter_counts(
    database: Database, tmp_path: Path, file: str, shown: str
) -> None:
    import_documents(database, tmp_path, a_document(openness="full"))
    edit(database, openness="partial")
    theirs = a_document(openness=file, body="改过")
    import_documents(database, tmp_path, theirs, name="b.jsonl")
    assert column(database, Document.__table__.c.disclosure) == shown


def test_choosing_our_wider_disclosure_takes_a_second_person(
    database: Database, tmp_path: Path
) -> None:
    import_documents(database, tmp_path, a_document(openness="full"))
    edit(database, openness="partial")
    theirs = a_document(openness="none")
    import_documents(database, tmp_path, theirs, name="b.jsonl")
    with pytest.raises(WiderError):
        _choose(database, "openness", file=False)
    _choose(database, "openness", file=True)
    assert column(database, Document.__table__.c.disclosure) == "none"


def test_a_withdrawn_document_comes_back_as_far_as_its_edit_says(
    database: Database, tmp_path: Path
) -> None:
    import_documents(database, tmp_path, a_document())
    edit(database, openness="partial")
    pid = pid_of(Kind.DOCUMENT, "D1")
    with database.begin() as session:
        decisions.withdraw(session, pid, reason="待核", now=NOW, today=TODAY)
    import_documents(database, tmp_path, a_document(body="改过"), name="b.jsonl")
    assert column(database, Document.__table__.c.disclosure) == "none"
    with database.begin() as session:
        decisions.restore(session, pid, today=TODAY)
    assert column(database, Document.__table__.c.disclosure) == "partial"


def test_an_edit_made_while_a_file_comes_in_is_not_lost(database: Database, tmp_path: Path) -> None:
    import_documents(database, tmp_path, a_document())

    def edit_meanwhile(_done: int, _all: int) -> None:
        edit(database, title="我们的题名")

    importer = Importer(database, SECRET, progress=edit_meanwhile)
    importer.documents(a_file(tmp_path / "b.jsonl", [a_document(body="改过")]))
    assert found(database, "题名") == found(database, "改过") == ["我们的题名"]


def test_an_import_that_was_cut_short_and_goes_on_keeps_the_edit(
    database: Database, tmp_path: Path
) -> None:
    import_documents(database, tmp_path, a_document())
    edit(database, title="我们的题名")
    path = a_file(tmp_path / "b.jsonl", [a_document(body="改过", title="文件的题名")])

    def dies(_done: int, _all: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Importer(database, SECRET, progress=dies).documents(path)
    assert found(database, "题名") == ["我们的题名"]
    for _ in range(2):
        Importer(database, SECRET).documents(path)
    assert found(database, "题名") == found(database, "改过") == ["我们的题名"]
    edited = kept(database)
    assert edited is not None
    assert "文件的题名" in edited.incoming


def test_only_the_row_that_was_edited_is_touched(database: Database, tmp_path: Path) -> None:
    import_documents(database, tmp_path, a_document(), a_document("D2", title="别的办法"))
    edit(database, title="我们的题名")
    rows = (a_document(body="改过"), a_document("D2", title="别的新办法", body="改过"))
    import_documents(database, tmp_path, *rows, name="b.jsonl")
    assert found(database, "改过") == ["别的新办法", "我们的题名"]
