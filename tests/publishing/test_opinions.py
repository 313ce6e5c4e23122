"""Opinions, openings and their figures; what is kept of a follower is handed out and erased."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask, request
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tests.builders import wide
from tests.publishing.reading_room import NOON, YESTERDAY, bring_out
from tests.talk import ORIGIN
from wx_archive.core import clock
from wx_archive.core.clock import day_of
from wx_archive.core.database import Database
from wx_archive.core.site import Site
from wx_archive.core.store import open_store
from wx_archive.followers import service as followers
from wx_archive.followers.personal_data import Case
from wx_archive.publishing import figures, opinions, personal_data, reading
from wx_archive.publishing.push_models import Push, PushRecipient, TagMember
from wx_archive.publishing.reader_models import PieceOpinion, PieceReading
from wx_archive.publishing.reading import CHAT, H5, Opened, Readings
from wx_archive.publishing.rules import Column

PROJECT = Path(__file__).parents[2]
LATER = NOON + timedelta(minutes=1)
BROWSER = "Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 MicroMessenger/8.0.50"


def a_reader(session: Session, openid: str = "a-reader") -> int:
    return followers.ensure(session, openid, now=NOON)


@pytest.fixture
def piece(database: Database) -> int:
    """A piece that is out, beside another one."""
    bring_out(database, "别的一篇")
    return bring_out(database, "大坝")


# -- opinions ----------------------------------------------------------------------------------


def test_the_newest_opinion_of_a_reader_counts(database: Database, piece: int) -> None:
    with database.begin() as session:
        who, other = a_reader(session), a_reader(session, "another")
        opinions.give(session, piece, who, is_useful=True, now=NOON)
        opinions.give(session, piece, other, is_useful=True, now=NOON)
        opinions.give(session, piece, who, is_useful=False, now=LATER)
    with database.reads() as connection:
        mine = opinions.of(connection, piece, who)
        told = figures.of_piece(connection, piece)
    assert mine is not None
    assert (mine.is_useful, mine.made_at) == (False, LATER)
    assert (told.useful, told.useless, told.words) == (1, 1, 0)


def test_the_same_verdict_again_keeps_the_word_and_another_one_drops_it(
    database: Database, piece: int
) -> None:
    with database.begin() as session:
        who = a_reader(session)
        opinions.give(session, piece, who, is_useful=True, now=NOON)
        assert opinions.say(session, piece, who, "讲得清楚", now=NOON)
        opinions.give(session, piece, who, is_useful=True, now=NOON)
        mine = opinions.of(session.connection(), piece, who)
        assert mine is not None
        assert mine.words == "讲得清楚"
        opinions.give(session, piece, who, is_useful=False, now=NOON)
        mine = opinions.of(session.connection(), piece, who)
        assert mine is not None
        assert mine.words == ""


def test_a_word_without_a_verdict_or_without_anything_in_it_is_not_kept(
    database: Database, piece: int
) -> None:
    with database.begin() as session:
        who = a_reader(session)
        assert not opinions.say(session, piece, who, "讲得清楚", now=NOON)
        opinions.give(session, piece, who, is_useful=True, now=NOON)
        assert not opinions.say(session, piece, who, " \u200b　", now=NOON)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("打我电话13800138000吧", f"打我电话{opinions.HIDDEN}吧"),
        ("138-0013-8000", opinions.HIDDEN),
        (wide("13800138000"), opinions.HIDDEN),
        ("42030219690101123X", opinions.HIDDEN),
        ("1958年和2005年，坝顶176.6米", "1958年和2005年，坝顶176.6米"),
        ("一行\n两行\u202e", "一行 两行"),
        ("长" * 400, "长" * 300),
    ],
)
def test_words_are_kept_without_numbers_of_persons(typed: str, kept: str) -> None:
    assert opinions.tidy(typed) == kept


def test_words_reach_the_editors_without_a_name_until_they_have_read_them(
    database: Database, piece: int
) -> None:
    with database.begin() as session:
        who = a_reader(session)
        opinions.give(session, piece, who, is_useful=False, now=NOON)
        opinions.say(session, piece, who, "图太小", now=NOON)
    with database.begin() as session:
        connection = session.connection()
        (said,) = opinions.said_of(connection, piece)
        assert (said.words, said.is_useful, said.is_read) == ("图太小", False, False)
        assert opinions.unread(connection) == 1
        ((_pid, title, count),) = opinions.unread_pieces(connection)
        assert (title, count) == ("大坝", 1)
        assert opinions.take_note(session, piece, until=YESTERDAY, now=LATER) == 0
        assert opinions.take_note(session, piece, until=NOON, now=LATER) == 1
        assert opinions.unread(connection) == 0
        assert opinions.said_of(connection, piece)[0].is_read


# -- openings ----------------------------------------------------------------------------------


@pytest.fixture
def readings(database: Database) -> Iterator[Readings]:
    kept = Readings(database)
    yield kept
    kept.close()


def counted(database: Database) -> list[tuple[int, str, int]]:
    with database.reads() as connection:
        rows = connection.execute(
            select(PieceReading.piece_id, PieceReading.channel, PieceReading.opened).order_by(
                PieceReading.piece_id, PieceReading.channel
            )
        )
        return [(piece, channel, opened) for piece, channel, opened in rows]


def test_openings_are_counted_by_piece_day_and_channel(
    database: Database, readings: Readings, piece: int
) -> None:
    readings.take([Opened(piece, NOON, CHAT), Opened(piece, NOON, H5), "another feature's note"])
    readings.take([Opened(piece, LATER, H5)])
    readings.flush()
    readings.take([Opened(piece, LATER, H5)])
    readings.take([Opened(piece, NOON - timedelta(days=1), H5)])
    readings.flush()
    assert sorted(counted(database)) == [(piece, CHAT, 1), (piece, H5, 1), (piece, H5, 3)]
    with database.reads() as connection:
        told = figures.of_piece(connection, piece)
    assert (told.opened, told.opened_from_chat) == (5, 1)
    assert told.by_day == ((day_of(NOON) - timedelta(days=1), 1), (day_of(NOON), 4))
    assert told.column_median == 0


def test_a_piece_that_is_no_more_takes_nothing_else_with_it(
    database: Database, readings: Readings, piece: int
) -> None:
    readings.take([Opened(999_999, NOON, H5), Opened(piece, NOON, H5)])
    readings.flush()
    assert counted(database) == [(piece, H5, 1)]


def test_a_full_buffer_drops_and_never_fails(
    database: Database, readings: Readings, monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    monkeypatch.setattr(reading, "BOUND", 1)
    readings.take([Opened(piece, NOON, H5), Opened(piece, NOON, CHAT), Opened(piece, NOON, H5)])
    readings.flush()
    assert (piece, CHAT, 1) not in counted(database)


def test_what_the_database_cannot_take_is_written_later(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(sqlite_url)
    piece = bring_out(database)
    monkeypatch.setattr(reading, "WITHIN_S", 0.05)
    readings = Readings(database)
    with database.begin() as session:
        session.execute(text("UPDATE piece SET title = title"))
        readings.take([Opened(piece, NOON, H5)])
        readings.flush()
    readings.close()
    assert counted(database) == [(piece, H5, 1)]
    database.dispose()


@pytest.mark.parametrize(
    ("method", "headers", "is_counted"),
    [
        ("GET", {"User-Agent": BROWSER}, True),
        ("HEAD", {"User-Agent": BROWSER}, False),
        ("GET", {"User-Agent": ""}, False),
        ("GET", {"User-Agent": "Mozilla/5.0 (compatible; Baiduspider/2.0)"}, False),
        ("GET", {"User-Agent": "curl/8.5"}, False),
        ("GET", {"User-Agent": "python-requests/2.32"}, False),
        ("GET", {"User-Agent": BROWSER, "Sec-Purpose": "prefetch;prerender"}, False),
        ("GET", {"User-Agent": BROWSER, "Purpose": "prefetch"}, False),
    ],
)
def test_only_what_a_person_reads_is_counted(
    method: str, headers: dict[str, str], *, is_counted: bool
) -> None:
    with Flask("x").test_request_context("/h5/articles/x", method=method, headers=headers):
        assert bool(reading.noted(request, 1)) is is_counted


@pytest.mark.parametrize(
    ("address", "channel"),
    [("/?via=chat", CHAT), ("/", H5), ("/?from=singlemessage", H5), ("/?via=else", H5)],
)
def test_an_opening_knows_whether_it_came_from_the_chat(address: str, channel: str) -> None:
    with Flask("x").test_request_context(address, headers={"User-Agent": BROWSER}):
        (noted,) = reading.noted(request, 7)
    assert (noted.piece_id, noted.channel) == (7, channel)


# -- the dashboard -----------------------------------------------------------------------------


def test_the_dashboard_tells_what_was_read_and_how_it_was_found(
    database: Database, piece: int
) -> None:
    city = bring_out(database, "城", column=Column.CITY, out_at=NOON)
    day = day_of(NOON)
    readings = Readings(database)
    readings.take([*[Opened(piece, NOON, CHAT)] * 3, Opened(city, NOON, H5)])
    readings.take([Opened(city, NOON - timedelta(days=9), H5)])
    readings.close()
    with database.begin() as session:
        for number in range(3):
            who = a_reader(session, f"reader-{number}")
            opinions.give(session, piece, who, is_useful=number > 0, now=NOON)
    with database.reads() as connection:
        (panel,) = figures.panels(connection, day - timedelta(days=1), day)
        (before,) = figures.panels(connection, day - timedelta(days=9), day - timedelta(days=2))
        (never,) = figures.panels(connection, day + timedelta(days=1), day + timedelta(days=2))
    assert [fact.value for fact in panel.facts] == [3, 4, "66%（3 人评）", 0]
    assert panel.chart is not None
    assert [count for _day, count in panel.chart.points] == [0, 4]
    assert [list(row) for row in panel.tables[0].rows] == [["历史钩沉", 3, 0], ["出彩十堰", 0, 1]]
    assert [list(row) for row in panel.tables[1].rows] == [
        ["大坝", "历史钩沉", 3],
        ["城", "出彩十堰", 1],
    ]
    assert [fact.value for fact in before.facts] == [0, 1, "还没有", 0]
    assert never.tables[0].rows == []


def test_a_piece_is_compared_with_its_column(database: Database) -> None:
    numbers = [bring_out(database, f"第{number}篇") for number in range(4)]
    other = bring_out(database, "城", column=Column.CITY)
    readings = Readings(database)
    for place, number in enumerate(numbers):
        readings.take([Opened(number, NOON, H5)] * (place * 10))
    readings.take([Opened(other, NOON, H5)] * 99)
    readings.close()
    with database.reads() as connection:
        assert figures.of_piece(connection, numbers[3]).column_median == 10
        assert figures.of_piece(connection, other).column_median is None
        assert figures.of_pieces(connection, numbers)[numbers[2]].opened == 20


# -- what is kept of a follower ----------------------------------------------------------------


def test_everything_about_a_reader_is_handed_out_and_erased_and_nobody_elses(
    database: Database, piece: int
) -> None:
    store, close = open_store(database, "")
    with database.begin() as session:
        who, other = a_reader(session), a_reader(session, "another")
        push = _a_push(session)
        for one in (who, other):
            opinions.give(session, piece, one, is_useful=True, now=NOON)
            opinions.say(session, piece, one, "讲得清楚", now=NOON)
            session.add(TagMember(topic="history", follower_id=one))
            session.add(PushRecipient(push_id=push, follower_id=one))
        session.flush()
        site = Site(PROJECT, ORIGIN)
        case = Case(session, store.steady, site, who, "a-reader", "alias", "a-secret")
        told = {rule.title: list(rule.export(case)) for rule in personal_data.RULES}
        assert told == {
            "对文章说的": [
                {
                    "文章": "大坝",
                    "您说": "有用",
                    "您的话": "讲得清楚",
                    "时间": NOON.astimezone(clock.SHANGHAI).isoformat(),
                }
            ],
            "发给您的推送": [{"主题": "历史钩沉", "定在": None, "发出": None}],
            "微信里的主题标签": [{"主题": "历史钩沉"}],
        }
        for rule in personal_data.RULES:
            rule.erase(case)
            assert list(rule.export(case)) == []
        for table in (PieceOpinion, TagMember, PushRecipient):
            assert session.scalars(select(table.follower_id)).all() == [other]
    close()


def _a_push(session: Session) -> int:
    push = Push(
        pid="0" * 26,
        state="preparing",
        delivery="mass",
        audience="tag",
        topic="history",
        made_by="x",
        made_at=NOON,
        changed_at=NOON,
    )
    session.add(push)
    session.flush()
    return push.id
