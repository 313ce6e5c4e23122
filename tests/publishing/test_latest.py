"""The newest pieces are known beforehand: a menu tap reads none; nothing comes too early."""

from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event

from tests.publishing import reading_room
from tests.publishing.reading_room import a_content
from tests.talk import ORIGIN
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.live import Live
from wx_archive.core.site import Site
from wx_archive.publishing import latest, pieces
from wx_archive.publishing.rules import Column, PieceState

NOON = clock.now()
YESTERDAY = NOON - timedelta(days=1)
PROJECT = Path(__file__).parents[2]


@pytest.fixture
def site(database: Database) -> Site:
    return Site(PROJECT, ORIGIN, live=Live(database))


def _unasked() -> AbstractContextManager[Connection]:
    message = "the database was asked"
    raise AssertionError(message)


def bring_out(database: Database, title: str, **changes: Any) -> None:
    reading_room.bring_out(database, title, **({"out_at": YESTERDAY} | changes))


def titles(site: Site, *, hours: float = 0) -> list[str]:
    now = NOON + timedelta(hours=hours)
    found = latest.of_column(site, Column.HISTORY, now=now, connect=_unasked)
    return [one.title for one in found]


def test_a_column_knows_its_newest_pieces_and_a_tap_asks_for_nothing(
    database: Database, site: Site
) -> None:
    for number in range(20):
        bring_out(database, f"第{number}篇", out_at=YESTERDAY - timedelta(days=number))
    bring_out(database, "别的栏目", column=Column.CITY)
    assert titles(site)[:3] == ["第0篇", "第1篇", "第2篇"]
    assert len(titles(site)) == latest.KNOWN
    statements: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    assert titles(site)
    assert statements == []


def test_nothing_is_shown_before_its_hour_and_everything_from_then_on(
    database: Database, site: Site
) -> None:
    bring_out(database, "今天")
    bring_out(database, "一小时以后", out_at=NOON + timedelta(hours=1))
    assert titles(site) == ["今天"]
    assert titles(site, hours=0.99) == ["今天"]
    assert titles(site, hours=1) == ["一小时以后", "今天"]


def test_many_pieces_to_come_do_not_hide_what_is_out(database: Database, site: Site) -> None:
    for day in range(30):
        bring_out(database, f"将来{day}", out_at=NOON + timedelta(days=day + 1))
    bring_out(database, "今天")
    assert titles(site) == ["今天"]


def test_what_is_withdrawn_not_approved_or_not_out_is_not_known(
    database: Database, site: Site
) -> None:
    with database.begin() as session:
        reading_room.an_out_piece(session, "撤下的", out_at=YESTERDAY).withdrawn_at = NOON
        reading_room.an_out_piece(session, "没有排期的", out_at=None)
        draft = pieces.add(session, a_content("没有审的"), made_by="x", now=NOON)
        draft.out_at = YESTERDAY
    assert titles(site) == []


def test_an_edit_is_not_seen_until_it_is_approved(database: Database, site: Site) -> None:
    bring_out(database, "审过的", pid="one")
    assert titles(site) == ["审过的"]
    with database.begin() as session:
        piece = pieces.locked(session, "one")
        assert piece is not None
        pieces.save(session, piece, a_content("改过的"), since=1, made_by="x", now=NOON)
        latest.changed(session, site.live)
    assert titles(site) == ["审过的"]
    with database.begin() as session:
        piece = pieces.locked(session, "one")
        assert piece is not None
        pieces.move(piece, PieceState.APPROVED, now=NOON)
        latest.changed(session, site.live)
    assert titles(site) == ["改过的"]


def test_other_processes_hear_of_an_approval_of_what_is_out(database: Database, site: Site) -> None:
    bring_out(database, "审过的", pid="one")
    assert titles(site) == ["审过的"]
    with database.begin() as session:
        piece = pieces.locked(session, "one")
        assert piece is not None
        pieces.save(session, piece, a_content("改过的"), since=1, made_by="x", now=NOON)
        pieces.move(piece, PieceState.APPROVED, now=NOON)
    assert site.live is not None
    site.live.expire()  # as after a second and a half
    assert titles(site) == ["改过的"]


def test_a_site_without_what_staff_change_reads_each_time(database: Database) -> None:
    bring_out(database, "今天")
    found = latest.of_column(
        Site(PROJECT, ORIGIN), Column.HISTORY, now=NOON, connect=database.reads
    )
    assert [one.title for one in found] == ["今天"]


def test_the_newest_of_all_columns_are_told_in_order(database: Database, site: Site) -> None:
    bring_out(database, "旧", out_at=YESTERDAY - timedelta(days=9), column=Column.CITY)
    bring_out(database, "新", column=Column.SHOWCASE)
    bring_out(database, "将来", out_at=NOON + timedelta(days=1))
    found = latest.of_all(site, now=NOON, connect=_unasked, limit=5)
    assert [one.title for one in found] == ["新", "旧"]


def test_a_piece_is_known_without_its_body(database: Database, site: Site) -> None:
    bring_out(database, "今天", body="很长" * 1000)
    (one,) = latest.of_column(site, Column.HISTORY, now=NOON, connect=_unasked)
    assert "很长" not in repr(one)


def test_what_could_not_be_read_is_never_told_to_be_empty(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring_out(database, "已经发了")
    knows_nothing = Live(database)
    monkeypatch.setattr(knows_nothing, "get", lambda _part: latest.PART.without())
    site = Site(PROJECT, ORIGIN, live=knows_nothing)
    found = latest.of_column(site, Column.HISTORY, now=NOON, connect=database.reads)
    assert [one.title for one in found] == ["已经发了"]
