"""The audit log: a chain that nobody can change unseen, on both databases."""

import json
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from tests.conftest import SettingsFactory
from wx_archive import features
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.jobs import Runner, enqueue
from wx_archive.core.jobs.schedule import insert_due
from wx_archive.staff import anchors, audit, audit_check, audit_queries
from wx_archive.staff.anchors import Anchor, BadAnchorsError
from wx_archive.staff.audit import ROOT, Note
from wx_archive.staff.audit_check import Fault, Reason, Verdict
from wx_archive.staff.audit_queries import Wanted
from wx_archive.staff.models import AuditEntry, AuditHead

NOW = datetime(2026, 3, 2, 1, 30, 15, 123456, tzinfo=UTC)
TODAY = date(2026, 3, 2)
WRONG = "f" * 64


def note(
    database: Database,
    *actions: str,
    actor: str = "editor",
    subject: str = "record:R1",
    now: datetime = NOW,
) -> None:
    for action in actions:
        with database.begin() as session:
            done = Note(action, subject, {"state": "旧"}, {"state": "新", "reason": "鉴定开放"})
            audit.append(session, done, actor=actor, address="10.0.0.7", now=now)


def check(database: Database, *known: Anchor, after: int = 0) -> Verdict:
    with database.long_reads() as connection:
        return audit_check.verify(connection, known, after=after)


def tamper(database: Database, statement: str, **values: object) -> None:
    """Change the log as somebody with the database's own password would: triggers off first."""
    with database.engine.begin() as connection:
        if database.is_sqlite:
            for what in ("update", "delete"):
                connection.execute(text(f"DROP TRIGGER IF EXISTS audit_entry_no_{what}"))
        else:
            connection.execute(text("ALTER TABLE audit_entry DISABLE TRIGGER USER"))
        connection.execute(text(statement), values)


def written_anew(database: Database, number: int, *, actor: str) -> None:
    """Change a row and seal it and everything after it anew, the end included."""
    with database.begin() as session:
        rows = session.scalars(
            select(AuditEntry).where(AuditEntry.number >= number).order_by(AuditEntry.number)
        ).all()
        session.expunge_all()
    previous = rows[0].previous
    for row in rows:
        told = audit.Row(
            row.number,
            row.at,
            row.actor,
            row.address,
            row.action,
            row.subject,
            row.before,
            row.after,
            previous,
        )
        told = replace(told, actor=actor) if row.number == number else told
        previous = audit.seal(told)
        values = {"number": row.number, "actor": told.actor, "hash": previous}
        values["previous"] = told.previous
        tamper(
            database,
            "UPDATE audit_entry SET actor = :actor, previous = :previous, hash = :hash "
            "WHERE number = :number",
            **values,
        )
    tamper(database, "UPDATE audit_head SET hash = :hash", hash=previous)


# -- writing ----------------------------------------------------------------------------------


def test_a_row_says_who_did_what_from_where_and_when(database: Database) -> None:
    note(database, "record.open")
    with database.reads() as connection:
        row = audit_queries.one(connection, 1)
    assert row is not None
    assert (row.actor, row.address, row.action, row.subject) == (
        "editor",
        "10.0.0.7",
        "record.open",
        "record:R1",
    )
    assert row.at == NOW
    assert json.loads(row.after) == {"state": "新", "reason": "鉴定开放"}
    assert row.previous == ROOT


def test_rows_count_up_from_one_and_hold_on_to_each_other(database: Database) -> None:
    note(database, "record.open", "record.close", "record.open")
    with database.reads() as connection:
        rows = connection.execute(select(AuditEntry.__table__).order_by(AuditEntry.number)).all()
    assert [row.number for row in rows] == [1, 2, 3]
    assert [row.previous for row in rows] == [ROOT, rows[0].hash, rows[1].hash]
    assert check(database) == Verdict(3, 3, rows[2].hash, 0)


def test_an_empty_log_is_a_sound_log(database: Database) -> None:
    assert check(database) == Verdict(0, 0, ROOT, 0)


def test_eight_people_at_once_leave_no_gap_and_nothing_is_lost(database: Database) -> None:
    def work(number: int) -> None:
        for _each in range(50):
            note(database, "record.open", actor=f"clerk{number}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    verdict = check(database)
    assert (verdict.rows, verdict.number, verdict.fault) == (400, 400, None)
    with database.reads() as connection:
        told = {name: count_of(connection, name) for name in audit_queries.actors(connection)}
    assert told == {f"clerk{number}": 50 for number in range(8)}


def count_of(connection: object, actor: str) -> int:
    return audit_queries.count(connection, Wanted(actor=actor))  # type: ignore[arg-type]


def test_what_fails_after_its_note_leaves_no_row(database: Database) -> None:
    note(database, "record.open")

    def fail() -> None:
        with database.begin() as session:
            done = Note("record.close", "record:R2")
            audit.append(session, done, actor="editor", address="", now=NOW)
            session.execute(text("SELECT nonsense FROM nowhere"))

    with pytest.raises(DBAPIError):
        fail()
    note(database, "record.open")
    verdict = check(database)
    assert (verdict.rows, verdict.number, verdict.fault) == (2, 2, None)


def test_what_no_database_keeps_is_written_so_that_all_do(database: Database) -> None:
    with database.begin() as session:
        audit.append(
            session,
            Note("record.open", "record:\0\udcff" + "长" * 200, after={"词": "\0\udcff😀"}),
            actor="谁" * 80,
            address="::1" + "x" * 60,
            now=NOW.astimezone(clock.SHANGHAI),
        )
    assert check(database).fault is None
    with database.reads() as connection:
        row = audit_queries.one(connection, 1)
    assert row is not None
    assert (len(row.actor), len(row.address), len(row.subject)) == (60, 45, 120)
    assert json.loads(row.after) == {"词": "\0?😀"}


def test_a_command_is_known_by_the_machines_user(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USER", "somebody-else")
    monkeypatch.setenv("LOGNAME", "somebody-else")
    with database.begin() as session:
        audit.from_terminal(session, Note("menu.push", "menu"), Note("menu.push", "x"), now=NOW)
    with database.reads() as connection:
        [actor] = audit_queries.actors(connection)
    assert actor.startswith("cli:")
    assert "somebody-else" not in actor
    assert check(database).rows == 2


# -- what the database refuses ----------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET actor = 'nobody'",
        "UPDATE audit_entry SET actor = 'nobody' WHERE number = 1",
        "DELETE FROM audit_entry",
        "DELETE FROM audit_entry WHERE number = 2",
        "TRUNCATE audit_entry",
        "INSERT OR REPLACE INTO audit_entry SELECT * FROM audit_entry WHERE number = 1",
    ],
)
def test_nobody_changes_or_deletes_a_row(database: Database, statement: str) -> None:
    note(database, "record.open", "record.close")
    with pytest.raises(DBAPIError), database.engine.begin() as connection:
        connection.execute(text(statement))
    verdict = check(database)
    assert (verdict.rows, verdict.fault) == (2, None)


# -- checking ---------------------------------------------------------------------------------


@pytest.fixture
def five(database: Database) -> Database:
    """A log of five rows."""
    note(database, *["record.open"] * 5)
    return database


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("actor", "somebody"),
        ("address", "10.0.0.8"),
        ("action", "record.close"),
        ("subject", "record:R2"),
        ("before", "{}"),
        ("after", '{"state":"新"}'),
        ("hash", WRONG),
        ("at", NOW + timedelta(microseconds=1)),
    ],
)
def test_a_changed_row_is_named(five: Database, column: str, value: object) -> None:
    statement = update(AuditEntry).where(AuditEntry.number == 3).values({column: value})
    tamper(five, "SELECT 1")  # triggers off
    with five.engine.begin() as connection:
        connection.execute(statement)
    assert check(five).fault == Fault(3, Reason.CHANGED)
    assert check(five).number == 2


def test_of_two_changed_rows_the_first_is_named(five: Database) -> None:
    tamper(five, "UPDATE audit_entry SET actor = 'x' WHERE number IN (2, 4)")
    assert check(five).fault == Fault(2, Reason.CHANGED)


def test_a_link_that_was_bent_is_named(five: Database) -> None:
    tamper(five, "UPDATE audit_entry SET previous = :wrong WHERE number = 4", wrong=WRONG)
    assert check(five).fault == Fault(4, Reason.LINK)


def test_a_moment_that_is_none_is_a_changed_row(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    note(database, "record.open", "record.open")
    tamper(database, "UPDATE audit_entry SET at = 'yesterday' WHERE number = 2")
    assert check(database).fault == Fault(2, Reason.CHANGED)
    database.dispose()


@pytest.mark.parametrize(("number", "first_missing"), [(1, 1), (3, 3)])
def test_a_missing_row_is_a_gap(five: Database, number: int, first_missing: int) -> None:
    tamper(five, "DELETE FROM audit_entry WHERE number = :number", number=number)
    assert check(five).fault == Fault(first_missing, Reason.GAP)


def test_a_row_before_the_first_is_found(five: Database) -> None:
    columns = "at, actor, address, action, subject, before, after, previous, hash"
    tamper(
        five,
        f"INSERT INTO audit_entry (number, {columns}) "  # noqa: S608 -- our own names
        f"SELECT -7, {columns} FROM audit_entry WHERE number = 1",
    )
    assert check(five).fault == Fault(1, Reason.GAP)


def test_an_end_that_was_cut_off_is_found_by_the_head(five: Database) -> None:
    tamper(five, "DELETE FROM audit_entry WHERE number > 3")
    assert check(five).fault == Fault(4, Reason.END)
    with five.reads() as connection:
        assert not audit_queries.is_end_sound(connection)


@pytest.mark.parametrize(
    ("statement", "number"),
    [
        ("UPDATE audit_head SET number = 3", 4),
        ("UPDATE audit_head SET number = 9", 6),
        ("UPDATE audit_head SET hash = replace(hash, substr(hash, 1, 1), 'x')", 5),
        ("DELETE FROM audit_head", 6),
    ],
)
def test_a_head_that_tells_something_else_is_found(
    five: Database, statement: str, number: int
) -> None:
    tamper(five, statement)
    assert check(five).fault == Fault(number, Reason.END)
    with five.reads() as connection:
        assert not audit_queries.is_end_sound(connection)


def test_the_end_is_sound_as_long_as_nobody_touched_it(database: Database) -> None:
    for _each in range(2):
        with database.reads() as connection:
            assert audit_queries.is_end_sound(connection)
        note(database, "record.open")


def test_a_log_longer_than_a_batch_is_read_to_its_end(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_check, "BATCH", 2)
    note(database, *["record.open"] * 5)
    assert check(database).rows == 5
    tamper(database, "UPDATE audit_entry SET actor = 'x' WHERE number = 5")
    assert check(database).fault == Fault(5, Reason.CHANGED)


def test_a_check_can_begin_at_a_later_row(five: Database) -> None:
    verdict = check(five, after=3)
    assert (verdict.rows, verdict.number, verdict.fault) == (2, 5, None)
    tamper(five, "UPDATE audit_entry SET actor = 'x' WHERE number = 1")
    assert check(five, after=3).fault is None
    tamper(five, "UPDATE audit_entry SET actor = 'x' WHERE number = 4")
    assert check(five, after=3).fault == Fault(4, Reason.CHANGED)


# -- anchors ----------------------------------------------------------------------------------


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the anchors are kept."""
    return tmp_path / "data" / anchors.FILE


@pytest.fixture
def anchored(five: Database, path: Path) -> Iterator[Database]:
    """Anchors at three rows of five, and at five."""
    with five.reads() as connection:
        third = audit_queries.one(connection, 3)
    assert third is not None
    path.parent.mkdir()
    early = {"day": "2026-03-01", "number": 3, "hash": third.hash}
    path.write_text(json.dumps(early) + "\n")
    anchors.add(five, path, today=TODAY)
    note(five, "record.open")
    yield five  # noqa: PT022 -- closed by `database`


def test_anchors_fit_what_was_anchored(anchored: Database, path: Path) -> None:
    verdict = check(anchored, *anchors.read(path))
    assert (verdict.rows, verdict.anchors, verdict.fault) == (6, 2, None)


def test_a_log_written_anew_is_caught_by_its_anchors_alone(anchored: Database, path: Path) -> None:
    written_anew(anchored, 4, actor="somebody")
    assert check(anchored).fault is None
    verdict = check(anchored, *anchors.read(path))
    assert verdict.fault == Fault(5, Reason.ANCHOR, since=3)


def test_a_log_cut_off_with_its_head_is_caught_by_its_anchors_alone(
    anchored: Database, path: Path
) -> None:
    tamper(anchored, "DELETE FROM audit_entry WHERE number > 4")
    tamper(
        anchored,
        "UPDATE audit_head SET number = 4, hash = (SELECT hash FROM audit_entry WHERE number = 4)",
    )
    assert check(anchored).fault is None
    assert check(anchored, *anchors.read(path)).fault == Fault(5, Reason.CUT)


def test_an_emptied_log_is_caught(anchored: Database, path: Path) -> None:
    tamper(anchored, "DELETE FROM audit_entry")
    tamper(anchored, "UPDATE audit_head SET number = 0, hash = :root", root=ROOT)
    assert check(anchored, *anchors.read(path)).fault == Fault(1, Reason.CUT)


def test_a_check_of_the_newest_rows_uses_the_anchors_among_them(
    anchored: Database, path: Path
) -> None:
    verdict = check(anchored, *anchors.read(path), after=3)
    assert (verdict.anchors, verdict.fault) == (1, None)
    written_anew(anchored, 4, actor="somebody")
    assert check(anchored, *anchors.read(path), after=3).fault == Fault(5, Reason.ANCHOR)


def test_an_anchor_is_left_once_a_day_where_only_its_owner_reads_it(
    five: Database, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    first = anchors.add(five, path, today=TODAY)
    note(five, "record.open")
    assert anchors.add(five, path, today=TODAY) is None
    second = anchors.add(five, path, today=TODAY + timedelta(days=1))
    assert anchors.read(path) == (first, second)
    assert second is not None
    assert (second.number, path.stat().st_mode & 0o777) == (6, 0o600)
    told = [record.getMessage() for record in caplog.records if "audit.anchor" in record.message]
    assert len(told) == 2
    assert second.hash in told[1]


def test_of_many_processes_one_leaves_the_anchor(five: Database, path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        left = list(pool.map(lambda _each: anchors.add(five, path, today=TODAY), range(8)))
    assert len(anchors.read(path)) == 1
    assert len([anchor for anchor in left if anchor]) == 1


def test_a_line_that_was_torn_by_a_power_cut_does_not_count(five: Database, path: Path) -> None:
    anchors.add(five, path, today=TODAY)
    with path.open("ab") as file:
        file.write(b'{"day": "2026-03-03", "num')
    assert len(anchors.read(path)) == 1
    anchors.add(five, path, today=TODAY + timedelta(days=1))
    assert [anchor.day.day for anchor in anchors.read(path)] == [2, 3]


@pytest.mark.parametrize(
    "line",
    ["nonsense", "{}", "[]", '{"day": "2026-03-01", "number": 1, "hash": "short"}', ""],
)
def test_a_file_that_somebody_wrote_into_is_refused_by_line(path: Path, line: str) -> None:
    path.parent.mkdir()
    good = {"day": "2026-03-01", "number": 1, "hash": "0" * 64}
    path.write_text(json.dumps(good) + "\n" + line + "\n")
    with pytest.raises(BadAnchorsError, match=f"{anchors.FILE}:2"):
        anchors.read(path)


def test_the_job_anchors_the_log_every_night(
    demo_settings: SettingsFactory, sqlite_url: str, path: Path
) -> None:
    del demo_settings
    database = Database(sqlite_url)
    note(database, "record.open")
    nine = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
    assert anchors.SCHEDULES[0] in features.schedules()
    insert_due(database, anchors.SCHEDULES, now=nine)
    midnight = datetime(2026, 3, 2, 16, 9, 59, tzinfo=UTC)
    assert insert_due(database, anchors.SCHEDULES, now=midnight) == 0
    assert insert_due(database, anchors.SCHEDULES, now=midnight + timedelta(seconds=1)) == 1
    runner = Runner(database, anchors.build(database, path))
    assert runner.run_next()
    [anchor] = anchors.read(path)
    assert (anchor.number, anchor.day) == (1, clock.today())
    with database.begin() as session:
        enqueue(session, anchors.ANCHOR, {}, key="once more", now=clock.now())
    assert runner.run_next()
    assert len(anchors.read(path)) == 1
    database.dispose()


# -- reading ----------------------------------------------------------------------------------


@pytest.fixture
def mixed(database: Database) -> Database:
    """Rows of three people, three actions, three subjects, around a Shanghai midnight."""
    before = datetime(2026, 3, 1, 15, 59, 59, tzinfo=UTC)
    note(database, "record.open", actor="editor", subject="record:A", now=before)
    note(database, "record.close", actor="reviewer", subject="record:A_", now=before)
    after = before + timedelta(seconds=1)
    note(database, "document.repeal", actor="editor", subject="document:B%", now=after)
    note(database, "record.open", actor="cli:root", subject="record:AB", now=after)
    return database


def numbers(database: Database, wanted: Wanted, **place: int) -> list[int]:
    with database.reads() as connection:
        turn = audit_queries.turn(connection, wanted, **place, size=100)
    return [entry.number for entry in turn.entries]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(), [4, 3, 2, 1]),
        (Wanted(actor="editor"), [3, 1]),
        (Wanted(actor="edit"), []),
        (Wanted(action="record.open"), [4, 1]),
        (Wanted(subject="record:A"), [4, 2, 1]),
        (Wanted(subject="record:A_"), [2]),
        (Wanted(subject="document:B%"), [3]),
        (Wanted(subject="%"), []),
        (Wanted(first=date(2026, 3, 2)), [4, 3]),
        (Wanted(last=date(2026, 3, 1)), [2, 1]),
        (Wanted(first=date(2026, 3, 1), last=date(2026, 3, 2), actor="reviewer"), [2]),
    ],
)
def test_rows_are_found_by_person_action_subject_and_day(
    mixed: Database, wanted: Wanted, found: list[int]
) -> None:
    assert numbers(mixed, wanted) == found
    with mixed.reads() as connection:
        assert audit_queries.count(connection, wanted) == len(found)
        every = audit_queries.every(connection, wanted, up_to=4)
        assert [entry.number for entry in every] == sorted(found)


def test_the_lists_name_everybody_and_everything_once(mixed: Database) -> None:
    with mixed.reads() as connection:
        assert set(audit_queries.actors(connection)) == {"editor", "reviewer", "cli:root"}
        assert set(audit_queries.actions(connection)) == {
            "record.open",
            "record.close",
            "document.repeal",
        }
        assert audit_queries.last_number(connection) == 4


def test_pages_turn_without_losing_or_repeating_a_row(database: Database) -> None:
    note(database, *["record.open"] * 7)
    with database.reads() as connection:
        first = audit_queries.turn(connection, Wanted(), size=3)
        second = audit_queries.turn(connection, Wanted(), below=first.older, size=3)
        third = audit_queries.turn(connection, Wanted(), below=second.older, size=3)
        back = audit_queries.turn(connection, Wanted(), above=third.newer, size=3)
        home = audit_queries.turn(connection, Wanted(), above=back.newer, size=3)
    turns = [[entry.number for entry in turn.entries] for turn in (first, second, third, back)]
    assert turns == [[7, 6, 5], [4, 3, 2], [1], [4, 3, 2]]
    assert [entry.number for entry in home.entries] == [7, 6, 5]
    assert (first.newer, third.older, home.newer) == (0, 0, 0)


def test_an_export_in_batches_has_every_row_and_none_that_came_later(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_queries, "BATCH", 2)
    note(database, *["record.open"] * 5)
    with database.reads() as connection:
        every = audit_queries.every(connection, Wanted(), up_to=4)
        assert [entry.number for entry in every] == [1, 2, 3, 4]


def test_the_head_is_one_row(database: Database) -> None:
    note(database, "record.open")
    with database.reads() as connection:
        assert connection.scalars(select(AuditHead.number)).all() == [1]
