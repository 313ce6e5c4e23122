"""人次 and 件次: by their definitions, the same from rows as from sums, rebuilt each time."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.commands import refused, run_command
from tests.dashboard.history import a_day, all_folded, fold, seen_on_page
from tests.lookup.asking import PEOPLE, TODAY, ago, asked, by_all, opened, read_on_page, write
from wx_archive.catalogue.rules import Kind
from wx_archive.core.database import Database
from wx_archive.lookup import folding, rebuilding
from wx_archive.lookup.models import Channel
from wx_archive.lookup.uses import Asked, uses
from wx_archive.lookup.uses import asked as asked_by_day
from wx_archive.staff.plugs import Use, UseChannel

FIRST = TODAY - timedelta(days=365)
CHAT, WEB = UseChannel.CHAT, UseChannel.H5


def used(database: Database, first: date = FIRST, last: date = TODAY) -> list[Use]:
    with database.reads() as connection:
        return uses(connection, first, last)


def asked_in(database: Database, first: date = FIRST, last: date = TODAY) -> list[Asked]:
    with database.reads() as connection:
        return list(asked_by_day(connection, first, last))


def test_a_follower_counts_once_a_day_however_much_they_do(database: Database) -> None:
    write(database, by_all("公积金", 2), asked("地铁", found=0), asked("公积金", page=2))
    write(database, opened(Kind.RECORD, "a", PEOPLE[2]), asked("公积金", days_ago=1))
    assert used(database) == [Use(ago(1), CHAT, 1, 0), Use(TODAY, CHAT, 3, 1)]


def test_an_entry_counts_once_for_each_person_and_day(database: Database) -> None:
    write(database, [opened(Kind.RECORD, "a"), opened(Kind.RECORD, "a")])
    write(database, opened(Kind.DOCUMENT, "b"), opened(Kind.RECORD, "a", PEOPLE[1]))
    write(database, opened(Kind.RECORD, "a", days_ago=1))
    assert used(database) == [Use(ago(1), CHAT, 1, 1), Use(TODAY, CHAT, 2, 3)]


def test_on_the_web_lookups_are_people_and_pages_are_entries(database: Database) -> None:
    write(database, [read_on_page("公积金"), read_on_page("公积金")])
    write(database, [seen_on_page(Kind.RECORD, "a") for _ in range(3)])
    assert used(database) == [Use(TODAY, WEB, 2, 3)]


def test_only_the_days_asked_for_count(database: Database) -> None:
    write(database, asked("公积金", days_ago=2), asked("公积金", days_ago=1), asked("公积金"))
    assert [use.day for use in used(database, ago(1), ago(1))] == [ago(1)]


def test_lookups_are_told_by_day_and_channel(database: Database) -> None:
    write(database, a_day(0))
    assert asked_in(database) == [
        Asked(TODAY, Channel.CHAT, 5, 2),
        Asked(TODAY, Channel.H5, 2, 1),
    ]


def test_a_history_counts_the_same_before_and_after_it_is_folded(database: Database) -> None:
    days = (0, 1, 30, 89, 90, 91, 92, 120, 200, 365)
    for days_ago in days:
        write(database, a_day(days_ago))
    before = used(database), asked_in(database)
    expected = [
        use
        for days_ago in reversed(days)
        for use in (Use(ago(days_ago), CHAT, 4, 5), Use(ago(days_ago), WEB, 2, 3))
    ]
    assert before[0] == expected
    assert fold(database) == 5
    assert (used(database), asked_in(database)) == before
    assert all_folded(database) == 5
    assert (used(database), asked_in(database)) == before


def test_rebuilding_counts_every_day_twice_and_changes_nothing(database: Database) -> None:
    for days_ago in (0, 45, 89):
        write(database, a_day(days_ago))
    write(database, a_day(120))
    fold(database)
    before = used(database)
    days = list(rebuilding.rebuild(database))
    assert [each.day for each in days] == [ago(89 - number) for number in range(90)]
    assert all(each.is_same for each in days)
    assert days[0].live[0] == [Use(ago(89), CHAT, 4, 5), Use(ago(89), WEB, 2, 3)]
    assert used(database) == before
    with database.begin() as session:
        assert folding.due_day(session, today=TODAY + timedelta(days=400)) == ago(89)


def test_rebuilding_finds_a_day_whose_sums_would_say_something_else(
    database: Database,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("WX_ARCHIVE_DATABASE_URL", database_url)
    monkeypatch.setenv("WX_ARCHIVE_SECRET_KEY", "a-secret")
    write(database, a_day(0), a_day(1))
    done = run_command(monkeypatch, capsys, "figures", "rebuild", "--json")
    assert (done.code, done.json) == (0, {"days": 2, "different": []})
    _break_folding(database)
    wrong = run_command(monkeypatch, capsys, "figures", "rebuild", "--json")
    assert f"{ago(1)} 起有 1 天" in refused(wrong)
    assert wrong.json == {"days": 2, "different": [ago(1).isoformat()]}


def _break_folding(database: Database) -> None:
    """Let the database itself lose people when a certain day becomes sums."""
    condition = f"NEW.day = '{ago(1)}' AND NEW.what = 'people'"
    with database.begin() as session:
        connection = session.connection()
        if database.is_sqlite:
            connection.exec_driver_sql(
                f"CREATE TRIGGER lost BEFORE INSERT ON lookup_sum WHEN {condition} "
                "BEGIN SELECT RAISE(IGNORE); END"
            )
            return
        connection.exec_driver_sql(
            f"CREATE RULE lost AS ON INSERT TO lookup_sum WHERE {condition} DO INSTEAD NOTHING"
        )


def test_an_installation_without_lookups_has_nothing_to_prove(
    database: Database,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert used(database) == []
    monkeypatch.setenv("WX_ARCHIVE_DATABASE_URL", database_url)
    monkeypatch.setenv("WX_ARCHIVE_DATA_DIR", str(tmp_path / "data"))
    done = run_command(monkeypatch, capsys, "figures", "rebuild")
    assert done.code == 0
    assert done.out.startswith("0 天")
