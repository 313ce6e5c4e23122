"""The database: one commit or none, aware moments only, what is worth waiting for and what not."""

import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import Column, MetaData, Table, Text, create_engine, insert, select, text
from sqlalchemy.exc import DBAPIError, OperationalError, StatementError

from tests.wechat.deliveries import NOW, OPENID
from wx_archive.core.database import Database, Instant, _breaker, is_transient
from wx_archive.core.errors import ArchiveError, TransientError
from wx_archive.core.watchdog import TICK_S
from wx_archive.demo import free_port
from wx_archive.followers import service as followers
from wx_archive.followers.models import Follower

moments = Table("moments", MetaData(), Column("at", Instant()), Column("note", Text))


def count(database: Database) -> int:
    with database.reads() as connection:
        return len(connection.execute(select(Follower.id)).all())


def test_an_effect_is_there_whole_or_not_at_all(database: Database) -> None:
    def fail() -> None:
        with database.begin() as session:
            followers.ensure(session, OPENID, now=NOW)
            raise KeyError(OPENID)

    with pytest.raises(KeyError):
        fail()
    assert count(database) == 0
    with database.begin() as session:
        followers.ensure(session, OPENID, now=NOW)
    assert count(database) == 1


def test_the_read_road_of_sqlite_cannot_write(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    with database.reads() as connection, pytest.raises(OperationalError, match="readonly") as err:
        connection.execute(text("DELETE FROM follower"))
    assert not is_transient(err.value)
    database.dispose()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_database_that_only_one_process_could_see_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="SQLite needs a file"):
        Database(url)


def test_sqlite_waits_writes_through_and_keeps_its_promises(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    with database.engine.connect() as connection:
        told = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert told == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    database.dispose()


def test_moments_come_back_aware_and_equal(database: Database) -> None:
    shanghai = timezone(timedelta(hours=8))
    given = [NOW, NOW.astimezone(shanghai), datetime(1970, 1, 1, tzinfo=UTC), None]
    with database.begin() as session:
        moments.create(session.connection())
        for at in given:
            session.execute(insert(moments).values(at=at))
        kept = session.scalars(select(moments.c.at)).all()
    assert kept == given
    assert all(at is None or at.utcoffset() == timedelta(0) for at in kept)


def test_a_naive_moment_is_refused(database: Database) -> None:
    naive = datetime.combine(date(2026, 11, 23), datetime.min.time())
    with database.begin() as session, pytest.raises(StatementError, match="naive datetime"):
        session.execute(select(Follower.id).where(Follower.first_seen_at < naive))


def test_a_writer_waits_only_as_long_as_it_may(sqlite_url: str) -> None:
    database = Database(sqlite_url)

    def write() -> None:
        with database.begin(within_s=0.3) as session:
            followers.ensure(session, OPENID, now=NOW)

    with database.begin() as holder:
        holder.connection()
        started = time.monotonic()
        with pytest.raises(OperationalError) as caught:
            write()
        assert 0.2 < time.monotonic() - started < 1
    assert is_transient(caught.value)
    write()
    database.dispose()


def test_writers_who_read_first_wait_for_each_other(sqlite_url: str) -> None:
    """A deferred transaction would fail at once: what it has read is no longer the newest."""
    database, together = Database(sqlite_url), threading.Barrier(4)

    def read_and_write(number: int) -> None:
        together.wait()
        with database.begin() as session:
            session.scalars(select(Follower.id)).all()
            time.sleep(0.05)
            followers.ensure(session, f"o{number}", now=NOW)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(read_and_write, range(4)))
    assert count(database) == 4
    database.dispose()


def test_a_statement_is_ended_in_time(postgres_url: str) -> None:
    database = Database(postgres_url)
    for within_s, at_least, at_most in ((0.3, 0.2, 1.0), (None, 2.9, 3.6)):
        started = time.monotonic()
        with (
            pytest.raises(OperationalError) as caught,
            database.begin(within_s=within_s) as session,
        ):
            session.execute(text("SELECT pg_sleep(5)"))
        assert at_least < time.monotonic() - started < at_most
        assert is_transient(caught.value)
    database.dispose()


def test_a_line_that_was_cut_is_not_lent_again(postgres_url: str) -> None:
    database = Database(postgres_url)

    def line() -> int:
        with database.begin(within_s=2) as session:
            number: int = session.scalar(text("SELECT pg_backend_pid()"))
            return number

    first = line()
    assert line() == first
    with database.begin() as session:
        connection = session.connection()
        assert connection.scalar(text("SELECT pg_backend_pid()")) == first
        cut = _breaker(connection)
    cut()  # too late: what it was to break off has been committed
    assert line() != first
    database.dispose()


def test_a_database_that_is_away_is_worth_waiting_for() -> None:
    database = Database(f"postgresql+psycopg://test@127.0.0.1:{free_port()}/x")
    with pytest.raises(OperationalError) as caught, database.reads():
        pass
    assert is_transient(caught.value)
    database.dispose()


def test_a_full_disk_is_worth_waiting_for(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    with database.begin() as session:
        pages = session.connection().exec_driver_sql("PRAGMA page_count").scalar_one()
        session.connection().exec_driver_sql(f"PRAGMA max_page_count={pages}")
        with pytest.raises(OperationalError, match="full") as caught:
            session.execute(
                insert(Follower),
                [
                    {"openid": f"o{n:0100}", "first_seen_at": NOW, "last_seen_at": NOW}
                    for n in range(5_000)
                ],
            )
    assert is_transient(caught.value)
    database.dispose()


@pytest.mark.parametrize("statement", ["SELECT * FROM no_such_table", "SELEC 1"])
def test_a_mistake_in_a_statement_is_not_worth_waiting_for(
    database: Database, statement: str
) -> None:
    with database.reads() as connection, pytest.raises(DBAPIError) as caught:
        connection.execute(text(statement))
    assert not is_transient(caught.value)


def test_other_errors_are_told_apart() -> None:
    assert is_transient(TransientError("x"))
    for err in (ArchiveError("x"), ValueError("x"), sqlite3.OperationalError("x"), OSError("x")):
        assert not is_transient(err)


def test_a_file_that_is_no_database_is_not_worth_waiting_for(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    path.write_bytes(b"no database " * 500)
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection, pytest.raises(DBAPIError) as caught:
        connection.execute(text("SELECT * FROM follower"))
    assert not is_transient(caught.value)
    engine.dispose()


def test_only_one_process_at_a_time_does_what_must_be_done_alone(database: Database) -> None:
    other = Database(database.url.render_as_string(hide_password=False))
    with database.exclusively("import") as first:
        assert first
        with other.exclusively("import") as second, other.exclusively("demo") as another_task:
            assert not second
            assert another_task
    with other.exclusively("import") as afterwards:
        assert afterwards
    other.dispose()


def test_work_of_the_bureau_may_take_its_time(postgres_url: str) -> None:
    database = Database(postgres_url)
    with database.begin(unhurried=True) as session:
        assert session.execute(text("SHOW statement_timeout")).scalar_one() == "0"
    with database.begin() as session:
        assert session.execute(text("SHOW statement_timeout")).scalar_one() == "3s"
    database.dispose()


def test_a_line_that_was_cut_while_nobody_waited_for_it_is_not_lent_again(
    database: Database,
) -> None:
    with database.reads(within_s=0.2) as connection:
        assert connection.execute(text("SELECT 1")).scalar() == 1
        time.sleep(0.2 + 4 * TICK_S)  # the caller does something else past its time
    for _ in range(3):
        with database.reads() as connection:
            assert connection.execute(text("SELECT 2")).scalar() == 2
