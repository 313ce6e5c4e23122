"""Revisions: numbered without a gap, the newest counts, nobody overwrites what they did not see."""

from datetime import UTC, datetime

import pytest

from wx_archive.core import revisions
from wx_archive.core.database import Database
from wx_archive.core.revisions import Revision, StaleError

NOON = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)


def a_revision(body: str, *, name: str = "profile") -> Revision:
    return Revision(name=name, body=body, seed="{}", made_by="admin", made_at=NOON)


def add(database: Database, body: str, *, since: int, name: str = "profile") -> None:
    with database.begin() as session:
        revisions.add(session, a_revision(body, name=name), since=since)


def test_the_newest_revision_of_its_name_counts(database: Database) -> None:
    add(database, "other", since=0, name="menu")
    with database.reads() as connection:
        assert revisions.newest(connection, "profile") is None
    add(database, "first", since=0)
    add(database, "second", since=1)
    with database.reads() as connection:
        newest = revisions.newest(connection, "profile")
        assert newest is not None
        assert (newest.number, newest.body, newest.made_by) == (2, "second", "admin")
        assert newest.made_at == NOON
        history = revisions.history(connection, "profile", limit=10)
        assert [(one.number, one.body) for one in history] == [(2, "second"), (1, "first")]
        first = revisions.at(connection, "profile", 1)
        assert first is not None
        assert first.body == "first"
        assert revisions.at(connection, "profile", 3) is None


def test_whoever_saw_an_older_one_is_told_and_changes_nothing(database: Database) -> None:
    add(database, "first", since=0)
    for since in (0, 2, -1):
        with pytest.raises(StaleError, match="别人已经改过"):
            add(database, "late", since=since)
    with database.reads() as connection:
        assert [one.body for one in revisions.history(connection, "profile", limit=9)] == ["first"]


def test_a_body_is_not_shown_where_a_revision_is_logged() -> None:
    kept = revisions.Kept(1, "电话", "种子", "admin", NOON)
    assert "电话" not in repr(kept)
    assert "种子" not in repr(kept)
