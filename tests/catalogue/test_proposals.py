"""Announced repeals wait for staff: found by number or title, never facts before they accept."""

import gzip
import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.builders import SECRET, Row, a_document, import_documents
from wx_archive.catalogue import files, repeals, search
from wx_archive.catalogue.models import Document, ImportBatch
from wx_archive.catalogue.query import understand
from wx_archive.catalogue.repeals import Proposal
from wx_archive.catalogue.rules import Validity, document_number
from wx_archive.core.database import Database
from wx_archive.core.errors import RefusedError
from wx_archive.core.ids import stable_pid

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
DAY, BEFORE = date(2023, 7, 1), date(2023, 6, 30)
NUMBER = "兰政发〔2015〕9号"
REAL = Path(__file__).parents[2].parent / "shared" / "data" / "current_documents.jsonl.gz"


def the_old(key: str = "old", **changes: object) -> Row:
    old = a_document(key, title="旧办法", doc_no=NUMBER, effective_from="2015-06-01", body="正文")
    return old | changes


def the_new(words: str = f"《旧办法》（{NUMBER}）同时废止。", **changes: object) -> Row:
    body = f"正文。\n本规定自2023年7月1日起施行。{words}"
    return a_document("new", title="新规定", date="2023-05-16", body=body) | changes


def proposed(database: Database, folder: Path, *rows: Row, name: str = "a.jsonl") -> list[Proposal]:
    """Import documents and return what staff find to decide on."""
    import_documents(database, folder, *rows, name=name)
    repeals.propose_all(database, now=NOW)
    with database.reads() as connection:
        return list(repeals.pending(connection))


def validity_of_the_old(database: Database, *, on: date) -> Validity | None:
    with database.reads() as connection:
        hit, *_ = search.search(connection, understand("旧办法"), today=on).hits
    return hit.validity


def test_staff_see_who_repeals_what_since_when_and_in_which_words(
    database: Database, tmp_path: Path
) -> None:
    (proposal,) = proposed(database, tmp_path, the_old(), the_new())
    assert proposal.document == "新规定"
    assert proposal.target == "旧办法"
    assert proposal.sentence == f"《旧办法》（{NUMBER}）同时废止。"
    assert proposal.repealed_on == DAY
    assert proposal.target_pid == stable_pid("document", "old", SECRET)


def test_a_proposal_is_no_fact_before_it_is_accepted(database: Database, tmp_path: Path) -> None:
    (proposal,) = proposed(database, tmp_path, the_old(), the_new())
    assert validity_of_the_old(database, on=DAY) is Validity.IN_FORCE
    with database.begin() as session:
        assert repeals.accept(session, proposal.id, on=None, now=NOW) == ("旧办法", DAY)
    assert validity_of_the_old(database, on=BEFORE) is Validity.IN_FORCE
    assert validity_of_the_old(database, on=DAY) is Validity.REPEALED
    changed = the_old(body="改过的正文")
    assert proposed(database, tmp_path, changed, name="b.jsonl") == []
    assert validity_of_the_old(database, on=DAY) is Validity.REPEALED


def test_staff_may_know_the_day_better_and_must_where_the_text_is_silent(
    database: Database, tmp_path: Path
) -> None:
    silent = the_new(body=f"《旧办法》（{NUMBER}）同时废止。")
    (proposal,) = proposed(database, tmp_path, the_old(), silent)
    with pytest.raises(RefusedError, match="--on"), database.begin() as session:
        repeals.accept(session, proposal.id, on=None, now=NOW)
    with database.begin() as session:
        repeals.accept(session, proposal.id, on=date(2024, 1, 1), now=NOW)
    assert validity_of_the_old(database, on=date(2023, 12, 31)) is Validity.IN_FORCE
    assert validity_of_the_old(database, on=date(2024, 1, 1)) is Validity.REPEALED


def test_what_staff_rejected_is_not_proposed_again(database: Database, tmp_path: Path) -> None:
    (proposal,) = proposed(database, tmp_path, the_old(), the_new())
    with database.begin() as session:
        repeals.reject(session, proposal.id, now=NOW)
    assert proposed(database, tmp_path, the_new(issuer="改过"), name="b.jsonl") == []
    assert validity_of_the_old(database, on=DAY) is Validity.IN_FORCE


def test_an_accepted_proposal_can_be_taken_back(database: Database, tmp_path: Path) -> None:
    (proposal,) = proposed(database, tmp_path, the_old(), the_new())
    with database.begin() as session:
        repeals.accept(session, proposal.id, on=None, now=NOW)
    with database.begin() as session:
        repeals.reject(session, proposal.id, now=NOW)
    assert validity_of_the_old(database, on=DAY) is Validity.IN_FORCE


@pytest.mark.parametrize("words", ["《另一办法》同时废止。", ""])
def test_a_text_that_no_longer_says_so_proposes_nothing(
    database: Database, tmp_path: Path, words: str
) -> None:
    assert len(proposed(database, tmp_path, the_old(), the_new())) == 1
    assert proposed(database, tmp_path, the_new(words), name="b.jsonl") == []


def test_a_proposal_keeps_its_number_while_its_text_makes_it(
    database: Database, tmp_path: Path
) -> None:
    (first,) = proposed(database, tmp_path, the_old(), the_new())
    reworded = the_new(f"原《旧办法》（{NUMBER}）即行废止。")
    other = a_document("x", title="又一规定", date="2023-06-01", body="《旧办法》同时废止。")
    again, _other = proposed(database, tmp_path, reworded, other, name="b.jsonl")
    assert again.id == first.id
    assert again.sentence == f"原《旧办法》（{NUMBER}）即行废止。"


def test_asking_about_some_documents_leaves_the_proposals_of_others(
    database: Database, tmp_path: Path
) -> None:
    (before,) = proposed(database, tmp_path, the_old(), the_new())
    with database.begin() as session:
        for key in ("old", "new"):
            asked = session.scalars(select(Document).where(Document.source_key == key)).all()
            assert repeals.propose(session, asked, now=NOW) == 0
    with database.reads() as connection:
        assert repeals.pending(connection) == (before,)


def test_what_is_repealed_may_come_in_later(database: Database, tmp_path: Path) -> None:
    assert proposed(database, tmp_path, the_new()) == []
    assert len(proposed(database, tmp_path, the_old(), name="b.jsonl")) == 1


def test_what_its_file_states_needs_no_proposal(database: Database, tmp_path: Path) -> None:
    stated = the_new(relations=[{"type": "repeals", "number": NUMBER}], effective_from="2023-07-01")
    assert proposed(database, tmp_path, the_old(), stated) == []


@pytest.mark.parametrize(
    ("words", "old", "is_meant"),
    [
        ("《旧办法》同时废止。", {}, True),
        ("《旧办法》（兰政发[2015]9號）同时废止。", {}, True),
        ("兰政发〔2015〕9号文件同时废止。", {}, True),
        ("《旧办法》（兰政发〔2015〕9号）同时废止。", {"doc_no": ""}, True),
        ("《旧 办法》同时废止。", {}, True),
        ("《旧办法(试行)》同时废止。", {"title": "旧办法（试行）"}, True),
        ("《旧办法》（兰政发〔2015〕9号）同时废止。", {"title": "完全不同的文件"}, False),
        ("《旧办法》同时废止。", {"title": "旧办法实施细则"}, False),
        ("《旧办法》同时废止。", {"date": "2024-01-01"}, False),
        ("《旧办法》第三条同时废止。", {}, False),
    ],
)
def test_the_number_decides_else_the_exact_title_of_something_older(
    database: Database, tmp_path: Path, words: str, old: Row, *, is_meant: bool
) -> None:
    found = proposed(database, tmp_path, the_old(**old), the_new(words))
    assert len(found) == int(is_meant)


def test_of_its_own_title_only_the_one_of_the_stated_day_is_meant(
    database: Database, tmp_path: Path
) -> None:
    """A revised text still says what its first version repealed: not the version between."""
    words = "1986年12月16日发布的《内河条例》同时废止。"
    revised = a_document(
        "c",
        title="内河条例",
        date="2019-03-02",
        body=f"自2020年8月1日起施行。{words}",
    )
    first = a_document("a", title="内河条例", date="1986-12-16", body="")
    between = a_document("b", title="内河条例", date="2002-06-28", body="")
    found = proposed(database, tmp_path, revised, first, between)
    assert [each.target_pid for each in found] == [stable_pid("document", "a", SECRET)]


def test_there_is_no_deciding_on_what_is_not_there(database: Database) -> None:
    with pytest.raises(RefusedError, match="没有编号 7"), database.begin() as session:
        repeals.accept(session, 7, on=DAY, now=NOW)
    with pytest.raises(RefusedError, match="没有编号 7"), database.begin() as session:
        repeals.reject(session, 7, now=NOW)


# -- by hand ----------------------------------------------------------------------------------


def test_staff_state_a_repeal_by_hand_and_may_correct_the_day(
    database: Database, tmp_path: Path
) -> None:
    import_documents(database, tmp_path, the_old(), the_new(""))
    old, new = (stable_pid("document", key, SECRET) for key in ("old", "new"))
    with database.begin() as session:
        assert repeals.repeal(session, old, by=new, on=BEFORE, now=NOW) == "旧办法"
        repeals.repeal(session, old, by=new, on=DAY, now=NOW)
    assert validity_of_the_old(database, on=BEFORE) is Validity.IN_FORCE
    assert validity_of_the_old(database, on=DAY) is Validity.REPEALED
    with database.reads() as connection:
        assert repeals.pending(connection) == ()


@pytest.mark.parametrize("by", ["same", "missing"])
def test_a_document_is_repealed_by_another_one_that_is_there(
    database: Database, tmp_path: Path, by: str
) -> None:
    import_documents(database, tmp_path, the_old())
    old = stable_pid("document", "old", SECRET)
    other = old if by == "same" else stable_pid("document", by, SECRET)
    for pid, by_pid in ((old, other), (stable_pid("document", "none", SECRET), None)):
        with pytest.raises(RefusedError), database.begin() as session:
            repeals.repeal(session, pid, by=by_pid, on=DAY, now=NOW)


# -- real texts -------------------------------------------------------------------------------


RIGHT = (
    ("煤矿安全生产条例", "煤矿安全监察条例", "2024-05-01"),
    ("煤矿安全生产条例", "国务院关于预防煤矿生产安全事故的特别规定", "2024-05-01"),
    ("中华人民共和国契税法", "中华人民共和国契税暂行条例", "2021-09-01"),
    ("上海市绿色建筑条例", "上海市建筑节能条例", "2025-01-01"),
    ("人民检察院刑事诉讼规则", "人民检察院刑事诉讼规则（试行）", "2019-12-30"),
    (
        "北京市人民代表大会常务委员会关于废止部分地方性法规的决定",
        "北京市邮政通信条例",
        "2021-09-24",
    ),
    (
        "最高人民法院关于适用《中华人民共和国反不正当竞争法》若干问题的解释",
        "最高人民法院关于审理不正当竞争民事案件应用法律若干问题的解释",
        "2022-03-20",
    ),
)
WRONG = (
    ("中华人民共和国反间谍法", "中华人民共和国国家安全法"),  # that of 1993, not that of 2015
    ("中华人民共和国专利法实施细则", "中华人民共和国专利法实施细则"),  # that of 1992
    ("北京市动物防疫条例", "北京市实施《中华人民共和国动物防疫法》办法"),  # that of 2004
    ("人民检察院刑事诉讼规则（试行）", "人民检察院刑事诉讼规则"),  # that of 1999
)


def the_real_documents(database: Database) -> None:
    """Put them into the catalogue without an index, which nothing here asks for."""
    rows = map(json.loads, gzip.decompress(REAL.read_bytes()).splitlines())
    with database.begin() as session:
        session.add(ImportBatch(id=1, kind="document", digest="", started_at=NOW, published_at=NOW))
        session.flush()
        session.add_all(
            Document(
                batch_id=1,
                pid=stable_pid("document", row["id"], SECRET),
                source_key=row["id"],
                content_hash="",
                title=row["title"],
                number=row["doc_no"],
                number_key=document_number(row["doc_no"]),
                issuer="",
                dated=files.read_date(row["date"]),
                topic="",
                body=row["body"],
                disclosure="full",
            )
            for row in rows
        )


@pytest.mark.skipif(not REAL.exists(), reason="the folder of real data is not here")
def test_real_documents_announce_what_was_checked_by_hand(sqlite_url: str) -> None:
    """Of 3,536 real texts; two samples of twenty proposals were read, and every one was right."""
    database = Database(sqlite_url)
    the_real_documents(database)
    assert repeals.propose_all(database, now=NOW) == 65
    assert repeals.propose_all(database, now=NOW) == 0
    with database.reads() as connection:
        found = {
            (each.document, each.target): str(each.repealed_on)
            for each in repeals.pending(connection)
        }
    database.dispose()
    assert {(new, old): day for new, old, day in RIGHT}.items() <= found.items()
    assert not set(WRONG) & set(found)
