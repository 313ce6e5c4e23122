"""Prepared statements on a thread's own connection: one fact, or nothing."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import bindparam, insert, select
from sqlalchemy.exc import DBAPIError

from wx_archive.core.database import Database
from wx_archive.core.lines import Lines
from wx_archive.core.schema import installation

ALL = select(installation.c.name).order_by(installation.c.name)
ADD = insert(installation).values(name=bindparam("n"), value="v").returning(installation.c.name)


@pytest.fixture
def lines(database: Database) -> Iterator[Lines]:
    """Lines that may write."""
    opened = Lines(database.engine)
    yield opened
    opened.close()


def names(database: Database) -> list[str]:
    with database.reads() as connection:
        return list(connection.scalars(ALL))


def test_statements_that_belong_together_stand_together(database: Database, lines: Lines) -> None:
    add = lines.prepare(ADD)
    assert lines.run_together((add, {"n": "a"}), [(add, {"n": "b"})]) == ("a",)
    assert names(database) == ["a", "b"]


def test_what_the_database_refuses_takes_all_of_it_back(database: Database, lines: Lines) -> None:
    add = lines.prepare(ADD)
    with pytest.raises(DBAPIError):
        lines.run_together((add, {"n": "a"}), [(add, {"n": "a"})])
    assert names(database) == []
    assert lines.run(add, {"n": "c"}) == ("c",)


def test_a_mistake_of_ours_takes_all_of_it_back_too(database: Database, lines: Lines) -> None:
    add = lines.prepare(ADD)
    nonsense: Any = None
    with pytest.raises(AttributeError):
        lines.run_together((add, {"n": "a"}), [(nonsense, {})])
    assert names(database) == []
    assert lines.run(add, {"n": "c"}) == ("c",)


def test_the_others_are_not_run_after_a_first_one_that_finds_nothing(
    database: Database, lines: Lines
) -> None:
    add, find = lines.prepare(ADD), lines.prepare(ALL)
    assert lines.run_together((find, {}), [(add, {"n": "b"})]) is None
    assert names(database) == []


def test_every_thread_has_a_connection_of_its_own_and_closing_closes_them_all(
    database: Database, lines: Lines
) -> None:
    find = lines.prepare(ALL)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: lines.run(find, {}), range(20))) == [None] * 20
    lines.close()
    assert lines.run(find, {}) is None  # and they open again
    del database


def test_erased_rows_are_overwritten_in_the_file(sqlite_url: str, tmp_path: Path) -> None:
    database = Database(sqlite_url)
    secret = "a-word-that-must-go"
    with database.begin() as session:
        session.execute(insert(installation).values(name="x", value=secret))
    with database.begin() as session:
        session.execute(installation.delete())
    database.dispose()  # the last connection takes the journal into the file
    assert secret.encode() not in (tmp_path / "archive.db").read_bytes()
