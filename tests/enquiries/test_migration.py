"""Requests of before there was a clock: each, and every step, is there after the upgrade."""

import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

import wx_archive.migrations
from tests.conftest import _sql
from tests.enquiries.filing import a_follower, a_request, steps
from tests.talk import NOON
from wx_archive.core import schema
from wx_archive.core.database import Database
from wx_archive.enquiries import queries
from wx_archive.enquiries.rules import Action, Channel, State

FORMER = "20261125_staff"


@pytest.fixture(params=["sqlite", "postgresql"])
def former(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database with the schema of before, and rows in it."""
    with ExitStack() as held:
        url = f"sqlite:///{tmp_path / 'former.db'}"
        if request.param == "postgresql":
            url = held.enter_context(an_empty_one(request.getfixturevalue("postgres_server")))
        database = Database(url)
        held.callback(database.dispose)
        config = Config()
        config.set_main_option("script_location", str(Path(wx_archive.migrations.__path__[0])))
        with database.engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, FORMER)
            fill(database, connection)
        yield database


@contextmanager
def an_empty_one(server: str) -> Iterator[str]:
    """Yield the address of a PostgreSQL database without tables."""
    name = f"former_{uuid.uuid4().hex}"
    _sql(server, f'CREATE DATABASE "{name}"')
    yield f"{server}/{name}"
    _sql(server, f'DROP DATABASE "{name}" WITH (FORCE)')


def fill(database: Database, connection: Connection) -> None:
    """Insert what an installation may have: every state, steps of each, an erased follower's."""
    at = "2026-11-01 01:00:00" + ("" if database.is_sqlite else "+00")
    run = connection.execute
    run(
        text(
            "INSERT INTO follower (id, openid, is_following, changed_at, left_at, first_seen_at, "
            "last_seen_at) VALUES (7, 'oOne', true, 0, 0, :at, :at)"
        ),
        {"at": at},
    )
    states = [state for state in State if state is not State.CONSULTING]
    for number, state in enumerate(states, 1):
        kind = "correction" if number % 2 else "search"
        run(
            text(
                "INSERT INTO enquiry (id, number, pid, kind, state, follower_id, words, about_pid, "
                "note, form_key, created_at, changed_at) VALUES (:id, :number, :pid, :kind, "
                ":state, :follower, :words, NULL, :note, :key, :at, :at)"
            ),
            {
                "id": number * 10,
                "number": f"查2026-{number:06d}",
                "pid": f"{number:026d}",
                "kind": kind,
                "state": state.value,
                "follower": 7 if number % 3 else None,
                "words": f"第{number}件",
                "note": "馆里的话",
                "key": f"k{number}",
                "at": at,
            },
        )
        for step in range(3):
            run(
                text(
                    "INSERT INTO enquiry_event (id, enquiry_id, at, from_state, to_state, note, "
                    "actor) VALUES (:id, :of, :at, NULL, :state, :note, 'cli')"
                ),
                {
                    "id": number * 100 + step,
                    "of": number * 10,
                    "at": at,
                    "state": state.value,
                    "note": f"第{step}步",
                },
            )
    run(text("INSERT INTO enquiry_counter VALUES ('search', 2026, 40), ('correction', 2026, 9)"))


def rows(database: Database, query: str) -> list[tuple[object, ...]]:
    with database.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def test_no_request_and_no_step_is_lost(former: Database) -> None:
    columns = "id, number, pid, kind, state, follower_id, words, note, form_key"
    kept = f"SELECT {columns} FROM enquiry ORDER BY id"  # noqa: S608 -- our own columns
    walked = "SELECT id, enquiry_id, to_state, note, actor FROM enquiry_event ORDER BY id"
    before = rows(former, kept), rows(former, walked)
    assert (len(before[0]), len(before[1])) == (11, 33)
    schema.upgrade(former)
    assert (rows(former, kept), rows(former, walked)) == before
    assert {row[0] for row in rows(former, "SELECT action FROM enquiry_event")} == {"move"}
    ways = rows(former, "SELECT DISTINCT kind, channel FROM enquiry ORDER BY kind")
    assert ways == [("correction", "h5"), ("search", "chat")]


def test_what_there_was_goes_on_as_what_is_new(former: Database) -> None:
    schema.upgrade(former)
    with former.reads() as connection:
        old = queries.by_number(connection, ["查2026-000003"])
    assert old
    assert (old.state, old.channel, old.version) == (State.ACCEPTED, Channel.H5, 1)
    assert old.clock.due_on is None
    assert steps(former, "查2026-000003")[0].action is Action.MOVE
    fresh = a_request(former, a_follower(former, "oNew"), "新的一件", now=NOON)
    assert fresh.number == "查2026-000041"
    assert len(steps(former, fresh.number)) == 1


def test_the_new_tables_hang_together(former: Database) -> None:
    schema.upgrade(former)
    with former.engine.begin() as connection:
        connection.execute(text("DELETE FROM enquiry WHERE id = 20"))
    assert rows(former, "SELECT count(*) FROM enquiry_event WHERE enquiry_id = 20") == [(0,)]
    if former.is_sqlite:
        assert rows(former, "PRAGMA foreign_key_check") == []
        assert rows(former, "SELECT name FROM sqlite_master WHERE name LIKE '%kept%'") == []
