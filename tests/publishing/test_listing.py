"""The list of what is out, on both databases: words, months, topics, and pages by keyset."""

from datetime import date, datetime, timedelta

import pytest

from tests.publishing.reading_room import NOON, YESTERDAY, a_content, an_out_piece
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.publishing import listing, out, pieces
from wx_archive.publishing.listing import Asked
from wx_archive.publishing.rules import Column

SEPTEMBER = datetime(2026, 9, 30, 23, 59, 59, tzinfo=clock.SHANGHAI)


@pytest.fixture
def shelf(database: Database) -> Database:
    """Four pieces that are out and three that are not."""
    with database.begin() as session:
        an_out_piece(session, "大坝", pid="dam", out_at=SEPTEMBER, topics=("水利",))
        an_out_piece(session, "旧城", pid="town", out_at=SEPTEMBER + timedelta(seconds=1))
        an_out_piece(session, "车站", pid="rail", column=Column.CITY, body="通了 ABC 高铁 100%")
        an_out_piece(session, "展", pid="show", out_at=NOON, interests=("exhibitions", "city"))
        an_out_piece(session, "将来", pid="later", out_at=NOON + timedelta(seconds=1))
        an_out_piece(session, "没排", pid="never", out_at=None)
        an_out_piece(session, "撤下", pid="gone").withdrawn_at = NOON
    return database


def found(database: Database, asked: Asked, *topics: str) -> list[str]:
    with database.reads() as connection:
        listed = listing.find(connection, asked, now=NOON, topics=topics)
    return [one.pid for one in listed.pieces]


def test_only_what_is_out_is_listed_the_newest_first(shelf: Database) -> None:
    assert found(shelf, Asked()) == ["show", "rail", "town", "dam"]
    assert found(shelf, Asked(Column.CITY)) == ["rail"]


def test_a_month_is_one_of_shanghais(shelf: Database) -> None:
    assert found(shelf, Asked(month=date(2026, 9, 1))) == ["dam"]
    assert found(shelf, Asked(month=date(2026, 10, 1))) == ["town"]
    with shelf.reads() as connection:
        months = listing.find(connection, Asked(), now=NOON).months
    assert months == [date(2026, 11, 1), date(2026, 10, 1), date(2026, 9, 1)]


@pytest.mark.parametrize(
    ("words", "pids"),
    [
        ("水利", ["dam"]),
        ("abc 高铁", ["rail"]),
        ("車站", ["rail"]),
        ("100%", ["rail"]),
        ("1_0", []),
        ("汉江", ["show", "town", "dam"]),
        ("汉江 大坝", ["dam"]),
        ("'; DROP TABLE piece; --", []),
        ("将来", []),
    ],
)
def test_every_word_must_stand_somewhere(shelf: Database, words: str, pids: list[str]) -> None:
    assert found(shelf, Asked(words=words)) == pids


def test_what_is_being_written_is_neither_found_nor_shown(shelf: Database) -> None:
    with shelf.begin() as session:
        piece = pieces.locked(session, "dam")
        assert piece is not None
        pieces.save(session, piece, a_content("新题"), since=1, made_by="x", now=NOON)
    assert found(shelf, Asked(words="新题")) == []
    assert found(shelf, Asked(words="大坝")) == ["dam"]
    with shelf.reads() as connection:
        shown = out.find(connection, "dam", now=NOON)
    assert shown is not None
    assert shown.content.title == "大坝"


def test_topics_narrow_and_what_is_left_out_is_counted(shelf: Database) -> None:
    assert found(shelf, Asked(mine=True), "city") == ["show"]
    assert found(shelf, Asked(mine=True), "history", "exhibitions") == ["show"]
    assert found(shelf, Asked(mine=True), "exhib") == []
    with shelf.reads() as connection:
        listed = listing.find(connection, Asked(words="汉江", mine=True), now=NOON, topics=["city"])
    assert [one.pid for one in listed.pieces] == ["show"]
    assert listed.left_out == 2


def test_pages_go_by_moment_and_number(database: Database) -> None:
    count = listing.PER_PAGE * 2 + 1
    with database.begin() as session:
        for number in range(count):
            an_out_piece(session, f"{number}", pid=f"p{number:03}", out_at=YESTERDAY)
    asked, seen, turns = Asked(), list[str](), 0
    has_more = True
    while has_more:
        with database.reads() as connection:
            listed = listing.find(connection, asked, now=NOON)
        seen += [one.pid for one in listed.pieces]
        asked, has_more, turns = asked.after(listed.pieces[-1]), listed.has_more, turns + 1
        asked = Asked.of(dict(pair.split("=") for pair in asked.address.split("?")[1].split("&")))
    assert turns == 3
    assert seen == sorted((f"p{number:03}" for number in range(count)), reverse=True)


def test_the_pieces_beside_one_are_of_its_column(shelf: Database) -> None:
    with shelf.reads() as connection:
        town = out.find(connection, "town", now=NOON)
        assert town is not None
        older, newer = (step(connection, town, now=NOON) for step in (out.older, out.newer))
        assert older is not None
        assert newer is not None
        assert (older.pid, newer.pid) == ("dam", "show")
        assert out.older(connection, older, now=NOON) is None
        assert out.newer(connection, newer, now=NOON) is None
