"""Facsimiles on the shelf: counted in, written off, never below what was promised; all noted."""

import csv
import io
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from tests.quiz.making import NOW
from wx_archive.core.database import Database
from wx_archive.core.errors import RefusedError
from wx_archive.quiz import facsimiles, stock
from wx_archive.quiz.facsimiles import Described
from wx_archive.quiz.rules import StockAction
from wx_archive.quiz.voucher_models import Facsimile

TOLD = Described("建市批文（复制件）", "八开", "本馆藏", "0001-1-0018-003")


def on_shelf(session: Session, pieces: int, *, promised: int = 0) -> Facsimile:
    """Enter a facsimile with so many pieces, some of them promised."""
    one = facsimiles.add(session, TOLD, by="editor", now=NOW)
    facsimiles.count_in(session, one, pieces, "第一批", by="desk", now=NOW)
    if promised:
        stock.move(session, one.id, StockAction.RESERVE, pieces=promised, actor="reader", now=NOW)
    return one


def test_what_is_counted_in_is_free_until_it_is_promised(database: Database) -> None:
    with database.begin() as session:
        pid = on_shelf(session, 12, promised=3).pid
    with database.reads() as connection:
        kept = facsimiles.find(connection, pid)
        assert kept is not None
        assert (kept.on_hand, kept.reserved, kept.free) == (12, 3, 9)
        assert kept.described == TOLD
        assert facsimiles.find(connection, "nobody") is None


def test_no_more_is_written_off_than_is_free(database: Database) -> None:
    with database.begin() as session:
        one = on_shelf(session, 12, promised=3)
        with pytest.raises(RefusedError, match="最多核减 9 件"):
            facsimiles.write_off(session, one, 10, "受潮", by="desk", now=NOW)
        facsimiles.write_off(session, one, 9, "受潮", by="desk", now=NOW)
        assert (one.on_hand, one.reserved) == (3, 3)
        with pytest.raises(RefusedError, match="最多核减 0 件"):
            facsimiles.write_off(session, one, 1, "受潮", by="desk", now=NOW)


def test_a_write_off_has_its_reason_and_every_step_a_sensible_number(database: Database) -> None:
    with database.begin() as session:
        one = on_shelf(session, 12)
        with pytest.raises(RefusedError, match="原因"):
            facsimiles.write_off(session, one, 1, "", by="desk", now=NOW)
        for pieces in (-1, 0, 10_001):
            with pytest.raises(RefusedError, match="件数"):
                facsimiles.count_in(session, one, pieces, "", by="desk", now=NOW)
            with pytest.raises(RefusedError, match="件数"):
                facsimiles.write_off(session, one, pieces, "受潮", by="desk", now=NOW)
        assert one.on_hand == 12


def test_many_who_write_off_at_once_leave_what_is_promised(database: Database) -> None:
    with database.begin() as session:
        pid = on_shelf(session, 10, promised=4).pid

    def write_off(_number: int) -> bool:
        try:
            with database.begin() as session:
                one = facsimiles.locked(session, pid)
                assert one is not None
                facsimiles.write_off(session, one, 1, "受潮", by="desk", now=NOW)
        except RefusedError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(write_off, range(9))) == 6
    with database.reads() as connection:
        kept = facsimiles.find(connection, pid)
        assert kept is not None
        assert (kept.on_hand, kept.reserved) == (4, 4)


def test_the_ledger_tells_what_was_there_after_each_step(database: Database) -> None:
    with database.begin() as session:
        on_shelf(session, 99)  # another one's moves are no part of it
        one = on_shelf(session, 12, promised=3)
        later = NOW + timedelta(minutes=1)
        facsimiles.write_off(session, one, 2, "=HYPERLINK(1)", by="desk", now=later)
        moves = facsimiles.moves(session.connection(), one.id)
    assert [
        (move.action, move.on_hand, move.reserved, move.then_on_hand, move.then_reserved)
        for move in moves
    ] == [
        (StockAction.WRITE_OFF, -2, 0, 10, 3),
        (StockAction.RESERVE, 0, 3, 12, 3),
        (StockAction.RECEIVE, 12, 0, 12, 0),
    ]
    table = facsimiles.as_csv(moves, {"desk": "+窗口"}).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(table)))
    assert rows[1] == ["2026-11-23 12:00", "入库", "12", "0", "12", "0", "'+窗口", "第一批"]
    assert rows[3][5:] == ["3", "'+窗口", "'=HYPERLINK(1)"]


def test_what_is_offered_no_more_keeps_its_stock_and_stands_last(database: Database) -> None:
    with database.begin() as session:
        first, second = on_shelf(session, 5), on_shelf(session, 6)
        facsimiles.offer(session, second, is_offered=False)
        facsimiles.describe(session, second, Described("换个名称"))
        pids = [first.pid, second.pid]
    with database.reads() as connection:
        rows = facsimiles.listed(connection)
    assert [row.pid for row in rows] == pids
    assert [(row.name, row.on_hand, row.is_offered) for row in rows] == [
        (TOLD.name, 5, True),
        ("换个名称", 6, False),
    ]


@pytest.mark.parametrize(
    ("told", "field"),
    [
        (Described(""), "name"),
        (Described("名" * 61), "name"),
        (Described("名", "字" * 401), "about"),
        (Described("名", "", "字" * 201), "source"),
        (Described("名", "", "", "1" * 121), "entry"),
    ],
)
def test_a_facsimile_is_described_within_bounds(told: Described, field: str) -> None:
    assert set(facsimiles.problems(told)) == {field}
    assert facsimiles.problems(TOLD) == {}
