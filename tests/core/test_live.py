"""What staff edit: known to every process within two seconds, and standing when nobody answers."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import Connection, func, select, text

from wx_archive.core import live
from wx_archive.core.database import Database
from wx_archive.core.live import Change, Live, Part, changed


@dataclass
class Counted:
    """A part that tells how often something was changed, and how often it was read."""

    reads: int = 0
    part: Part[int] = field(init=False)

    def __post_init__(self) -> None:
        self.part = Part(self._read, lambda: -1)

    def _read(self, connection: Connection) -> int:
        self.reads += 1
        total = select(func.coalesce(func.sum(Change.number), 0))
        return int(connection.execute(total).scalar_one())


@pytest.fixture
def pass_time(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let seconds pass on the monotonic clock that `live` looks at."""
    ahead = 0.0

    class Clock:
        @staticmethod
        def monotonic() -> float:
            return time.monotonic() + ahead

    def forward(seconds: float) -> None:
        nonlocal ahead
        ahead += seconds

    monkeypatch.setattr("wx_archive.core.live.time", Clock)
    return forward


def change(database: Database, name: str = "thing", known: Live | None = None) -> None:
    with database.begin() as session:
        changed(session, name, known)


def test_a_change_is_known_to_another_process_within_two_seconds(
    database: Database, pass_time: Callable[[float], None]
) -> None:
    other, counted = Live(database), Counted()
    assert other.get(counted.part) == 0
    change(database)
    change(database, "another thing")
    assert other.get(counted.part) == 0
    pass_time(2)
    assert other.get(counted.part) == 2


def test_the_process_that_changed_it_knows_at_once(database: Database) -> None:
    ours, counted = Live(database), Counted()
    assert ours.get(counted.part) == 0
    change(database, known=ours)
    assert ours.get(counted.part) == 1


def test_a_change_that_is_undone_is_no_change(database: Database) -> None:
    ours, counted = Live(database), Counted()
    assert ours.get(counted.part) == 0

    def fail() -> None:
        with database.begin() as session:
            changed(session, "thing", ours)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert ours.get(counted.part) == 0
    change(database, known=ours)
    assert ours.get(counted.part) == 1


def test_what_nobody_changed_is_read_once(
    database: Database, pass_time: Callable[[float], None]
) -> None:
    known, counted = Live(database), Counted()
    for _ in range(5):
        assert known.get(counted.part) == 0
        pass_time(2)
    assert counted.reads == 1


def test_asking_costs_one_look_at_the_database_in_a_second_and_a_half(
    database: Database, monkeypatch: pytest.MonkeyPatch, pass_time: Callable[[float], None]
) -> None:
    known, counted, looks = Live(database), Counted(), 0
    run = database.lines.run

    def counting(*args: object, **kwargs: object) -> object:
        nonlocal looks
        looks += 1
        return run(*args, **kwargs)  # type: ignore[arg-type] # handed on as they are

    known.get(counted.part)
    monkeypatch.setattr(database.lines, "run", counting)
    for _ in range(1000):
        known.get(counted.part)
    assert looks == 0
    pass_time(2)
    for _ in range(1000):
        known.get(counted.part)
    assert looks == 1


def test_an_equal_value_stays_the_same_object(
    database: Database, pass_time: Callable[[float], None]
) -> None:
    part: Part[list[int]] = Part(lambda _connection: [1, 2, 3], list)
    known = Live(database)
    before = known.get(part)
    change(database)
    pass_time(2)
    assert known.get(part) is before


@contextmanager
def failing(database: Database) -> Iterator[None]:
    """Have the database answer with an error."""
    rename = "ALTER TABLE {} RENAME TO {}"
    with database.begin() as session:
        session.execute(text(rename.format("live_change", "gone")))
    yield
    with database.begin() as session:
        session.execute(text(rename.format("gone", "live_change")))


def test_while_the_database_fails_what_is_known_stands(
    database: Database, pass_time: Callable[[float], None], caplog: pytest.LogCaptureFixture
) -> None:
    known, counted = Live(database), Counted()
    change(database)
    assert known.get(counted.part) == 1
    change(database)
    with failing(database):
        for _ in range(3):
            pass_time(2)
            assert known.get(counted.part) == 1
    pass_time(2)
    assert known.get(counted.part) == 2
    told = [record.message for record in caplog.records if record.name == live.__name__]
    assert [message.split()[0] for message in told] == ["live.not_read", "live.read_again"]


def test_before_the_database_ever_answered_the_default_counts_and_is_replaced(
    database: Database, pass_time: Callable[[float], None]
) -> None:
    known, counted = Live(database), Counted()
    with failing(database):
        assert known.get(counted.part) == -1
    assert known.get(counted.part) == -1
    pass_time(2)
    assert known.get(counted.part) == 0


def test_a_database_that_is_not_there_is_no_error() -> None:
    away = Database("postgresql+psycopg://127.0.0.1:1/nowhere")
    assert Live(away).get(Counted().part) == -1
    away.dispose()


def test_while_one_thread_looks_the_others_go_on(
    database: Database, pass_time: Callable[[float], None]
) -> None:
    gate, is_reading, is_slow = threading.Event(), threading.Event(), False

    def read(_connection: Connection) -> int:
        if is_slow:
            is_reading.set()
            gate.wait(5)
            return 2
        return 1

    part, known = Part(read, lambda: 0), Live(database)
    assert known.get(part) == 1
    change(database)
    pass_time(2)
    is_slow = True
    slow = threading.Thread(target=known.get, args=(part,))
    slow.start()
    assert is_reading.wait(5)
    assert known.get(part) == 1
    gate.set()
    slow.join()
    assert known.get(part) == 2


def test_the_first_reading_is_waited_for_longer_than_later_ones(
    database: Database, pass_time: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    run = database.lines.run

    def noted(*args: Any, within_s: float) -> Any:
        waits.append(within_s)
        return run(*args, within_s=within_s)

    monkeypatch.setattr(database.lines, "run", noted)
    known, counted = Live(database), Counted()
    known.get(counted.part)
    pass_time(2)
    known.get(counted.part)
    assert live.FIRST_WITHIN_S in waits
    assert waits[-1] == live.WITHIN_S < live.FIRST_WITHIN_S
