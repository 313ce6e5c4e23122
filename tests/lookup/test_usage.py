"""Noting what people ask: cheap, bounded, never in the way of an answer, once for each doing."""

import logging
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, g
from sqlalchemy import event, text

from tests.chat.talks import a_router, an_answering, reply, typed
from tests.lookup.asking import (
    PEOPLE,
    SECRET,
    asked,
    by_all,
    events,
    noon,
    opened,
    read_on_page,
    write,
)
from tests.talk import NOON, ORIGIN
from tests.wechat.deliveries import NOW, OPENID
from wx_archive.app import add_witnesses
from wx_archive.catalogue.rules import Kind
from wx_archive.chat.router import Router, Stage
from wx_archive.chat.turn import Turn
from wx_archive.core import clock, flushing
from wx_archive.core.database import Database
from wx_archive.core.errors import RefusedError
from wx_archive.core.ids import pseudonym
from wx_archive.core.site import Site
from wx_archive.core.store import open_store
from wx_archive.followers import personal_data
from wx_archive.followers import service as followers
from wx_archive.followers.personal_data import Case
from wx_archive.lookup import personal_data as lookup_data
from wx_archive.lookup import usage
from wx_archive.lookup.models import Channel, Label, LookupEvent, What
from wx_archive.lookup.usage import Noted, Usage
from wx_archive.wechat.inbound import Text
from wx_archive.wechat.replies import Reply, TextReply

PROJECT = Path(__file__).parents[2]
(RULE,) = (rule for rule in lookup_data.RULES if rule.holds == "lookup_event")


@pytest.fixture
def sqlite(sqlite_url: str) -> Iterator[Database]:
    opened_here = Database(sqlite_url)
    yield opened_here
    opened_here.dispose()


@pytest.fixture
def held() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@contextmanager
def blocked(database: Database) -> Iterator[None]:
    """Let nobody else write."""
    with database.begin() as session:
        session.connection()
        if not database.is_sqlite:
            session.execute(text("LOCK TABLE lookup_event IN ACCESS EXCLUSIVE MODE"))
        yield


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [line for line in caplog.messages if line.startswith("usage.")]


def everything(database: Database) -> str:
    with database.engine.connect() as connection:
        rows = connection.execute(text("SELECT * FROM lookup_event")).all()
    return repr(rows)


# -- what a row holds -------------------------------------------------------------------------


def test_a_question_is_kept_without_its_asker(database: Database) -> None:
    write(database, asked("養犬", OPENID, found=37))
    (row,) = events(database)
    assert (row.day, row.channel, row.what) == (date(2026, 11, 23), Channel.CHAT, What.ASKED)
    assert (row.label, row.words, row.found, row.page) == (Label.NONE, "养犬", 10, 1)
    assert row.person_key is not None
    told = everything(database)
    assert OPENID not in told
    assert pseudonym(OPENID, SECRET) not in told


def test_the_same_question_on_one_day_is_one_row(database: Database) -> None:
    write(database, asked("公积金"), asked("公積金 "))
    write(database, asked("公积金"))
    assert len(events(database)) == 1
    others = (
        asked("公积金", PEOPLE[1]),
        asked("公积金", days_ago=1),
        asked("公积金", page=2),
        asked("公积金 缴存"),
    )
    write(database, others)
    assert len(events(database)) == 5


def test_days_and_months_are_shanghais(database: Database) -> None:
    last_second = datetime(2026, 11, 30, 15, 59, 59, tzinfo=UTC)
    for at in (last_second, last_second + timedelta(seconds=1)):
        write(database, Noted(at, Channel.CHAT, What.ASKED, None, "公积金", 1, openid=OPENID))
    before, after = events(database)
    assert (before.day, after.day) == (date(2026, 11, 30), date(2026, 12, 1))
    assert before.person_key != after.person_key


def test_readers_of_a_page_have_no_key_and_count_each_time(database: Database) -> None:
    write(database, read_on_page("公积金"), read_on_page("公积金"))
    assert [(row.channel, row.person_key) for row in events(database)] == [("h5", None)] * 2


def test_a_pages_notes_stand_for_one_showing_each(database: Database) -> None:
    notes = [
        usage.asked_on_page("公积金", Kind.DOCUMENT, found=2),
        usage.asked_on_page("公积金", Kind.DOCUMENT, found=2, page=3),
        usage.opened_on_page(Kind.RECORD, "01ABC"),
        usage.opened_on_page(Kind.RECORD, "01ABC"),
    ]
    write(database, notes)
    rows = events(database)
    assert {row.day for row in rows} == {clock.today()}
    assert sorted((row.what, row.kind, row.words, row.page) for row in rows) == [
        ("asked", "document", "公积金", 1),
        ("opened", "record", "", 1),
        ("opened", "record", "", 1),
        ("turned", "document", "公积金", 3),
    ]


def test_an_opened_entry_is_counted_without_telling_which(database: Database) -> None:
    pid = "01J0000000000000000000PID1"
    write(
        database, opened(Kind.RECORD, pid), opened(Kind.RECORD, pid), opened(Kind.RECORD, "other")
    )
    assert [(row.kind, row.words) for row in events(database)] == [("record", "")] * 2
    assert pid not in everything(database)


def test_words_that_tell_of_a_person_never_reach_the_database(database: Database) -> None:
    write(database, asked("张三13800138000"), asked("张三的结婚登记"), asked("我叫张三"))
    long = "张三一九八五年从兰台县农机厂调到市运输公司以后的工资和工龄证明材料"
    write(database, asked(long, found=0))
    labels = [row.label for row in events(database)]
    assert sorted(labels) == ["livelihood", "number", "sentence", "sentence"]
    assert "张三" not in everything(database)


# -- in the chat ------------------------------------------------------------------------------


def a_lookup() -> Router:
    """Return a router that notes as the lookup does, each handler before it knows the outcome."""
    router = a_router("lookup")

    @router.on_words(Stage.CONTEXT)
    def declines(turn: Turn[Text]) -> Reply | None:
        usage.note_asked(turn, "declined", None, found=0)
        return None

    @router.on_prefix("坏")
    def fails(turn: Turn[Text]) -> Reply:
        usage.note_asked(turn, "failed", None, found=0)
        raise KeyError(turn.argument)

    @router.on_prefix("拒")
    def refuses(turn: Turn[Text]) -> Reply:
        usage.note_asked(turn, "refused", None, found=0)
        raise RefusedError("不行")

    @router.on_words(Stage.LOOKUP)
    def finds(turn: Turn[Text]) -> Reply:
        usage.note_asked(turn, turn.words, Kind.RECORD, found=1000)
        usage.note_opened(turn, Kind.RECORD, "01ABC")
        return TextReply("found")

    return router


def test_only_an_answer_that_stands_is_counted_and_only_once(
    database: Database, held: ExitStack
) -> None:
    store, close = open_store(database, "")
    held.callback(close)
    answering = an_answering(database, store, a_lookup())
    witness = Usage(database, SECRET)
    answering.witnesses = (witness,)
    held.callback(answering.close)
    for number, words in enumerate(("公路", "坏 x", "拒 x"), 1):
        first = reply(answering, typed(words, number=number))
        assert reply(answering, typed(words, number=number), later_s=5) == first
    witness.close()
    rows = events(database)
    assert [(row.what, row.kind, row.words, row.found) for row in rows] == [
        ("opened", "record", "", 0),
        ("asked", "record", "公路", 1000),
    ]
    assert {row.day for row in rows} == {clock.day_of(NOW)}
    assert {row.person_key for row in rows} == {rows[0].person_key} != {None}


def test_another_process_that_answers_the_same_delivery_adds_nothing(
    database: Database, held: ExitStack
) -> None:
    store, close = open_store(database, "")
    held.callback(close)
    for _process in range(2):
        answering = an_answering(database, store, a_lookup())
        held.callback(answering.close)
        witness = Usage(database, SECRET)
        answering.witnesses = (witness,)
        reply(answering, typed("公路"))
        witness.close()
    assert len(events(database)) == 2  # one question, one entry opened


# -- the buffer -------------------------------------------------------------------------------


def test_what_was_noted_is_written_within_two_seconds(database: Database) -> None:
    buffer = Usage(database, SECRET)
    buffer.take([asked("公积金")])
    deadline = time.monotonic() + 2
    while not events(database) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(events(database)) == 1
    buffer.close()


def test_a_thousand_are_one_transaction(database: Database) -> None:
    buffer = Usage(database, SECRET)
    buffer.take(asked(f"词{number}", f"o{number % 50}") for number in range(1_001))
    commits: list[Any] = []
    event.listen(database.engine, "commit", commits.append)
    buffer.close()
    assert len(events(database)) == 1_001
    assert len(commits) == 3  # 1,000, the one more, and the reading of this test


def test_a_full_buffer_drops_instead_of_growing(sqlite: Database) -> None:
    buffer = Usage(sqlite, SECRET)
    with blocked(sqlite):
        buffer.take(asked(f"词{number}") for number in range(usage.BOUND + 5))
    buffer.close()
    assert len(events(sqlite)) == usage.BOUND


def test_nobody_waits_for_a_database_that_is_away_and_one_line_tells_of_it(
    database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(usage, "WITHIN_S", 0.2)
    caplog.set_level(logging.DEBUG, logger="wx_archive")
    buffer = Usage(database, SECRET)
    with blocked(database):
        for words in ("公积金", "养犬"):
            started = time.monotonic()
            buffer.take([asked(words)])
            assert time.monotonic() - started < 0.1
            buffer.flush()
        assert told(caplog) == ["usage.not_written cause=OperationalError"]
    buffer.flush()
    assert [row.words for row in events(database)] == ["公积金", "养犬"]
    assert told(caplog)[1:] == ["usage.written_again dropped=0"]
    assert "公积金" not in caplog.text
    buffer.close()


def test_after_minutes_without_a_database_what_is_held_is_let_go(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(usage, "WITHIN_S", 0.1)
    buffer = Usage(sqlite, SECRET)
    with blocked(sqlite):
        buffer.take([asked("公积金")])
        buffer.flush()
        monkeypatch.setattr(usage, "HELD_S", 0.0)
        buffer.flush()
    buffer.take([asked("养犬")])
    buffer.close()
    assert [row.words for row in events(sqlite)] == ["养犬"]
    assert "usage.written_again dropped=1" in caplog.text


def test_a_batch_that_the_database_refuses_does_not_hold_up_the_next(
    sqlite: Database, caplog: pytest.LogCaptureFixture
) -> None:
    buffer = Usage(sqlite, SECRET)
    with sqlite.begin() as session:
        session.execute(text("ALTER TABLE lookup_event RENAME TO hidden"))
    buffer.take([asked("公积金")])
    buffer.flush()
    with sqlite.begin() as session:
        session.execute(text("ALTER TABLE hidden RENAME TO lookup_event"))
    buffer.take([asked("养犬")])
    buffer.close()
    assert [row.words for row in events(sqlite)] == ["养犬"]
    assert "usage.written_again dropped=1" in caplog.text


def test_its_thread_survives_what_nobody_expects(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(flushing, "EVERY_S", 0.02)
    buffer = Usage(sqlite, SECRET)
    buffer.take([asked("公积金", page=None)])  # type: ignore[arg-type]  # no row can be made of it
    deadline = time.monotonic() + 5
    while "usage.failed" not in caplog.text and time.monotonic() < deadline:
        time.sleep(0.01)
    buffer.take([asked("养犬")])
    while not events(sqlite) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert "养犬" in [row.words for row in events(sqlite)]
    buffer.close()


def test_notes_of_another_feature_are_left_alone(sqlite: Database) -> None:
    buffer = Usage(sqlite, SECRET)
    buffer.take(["something else", asked("公积金")])
    buffer.close()
    assert len(events(sqlite)) == 1


# -- on pages ---------------------------------------------------------------------------------


def test_a_page_hands_over_its_notes_when_it_is_shown_and_an_error_page_none(
    sqlite: Database,
) -> None:
    flask, buffer = Flask("pages"), Usage(sqlite, SECRET)
    add_witnesses(flask, (buffer,))

    @flask.get("/<int:status>")
    def page(status: int) -> tuple[str, int]:
        g.noted = [usage.asked_on_page(f"词{status}", None, found=1)]
        return "", status

    @flask.get("/silent")
    def silent() -> str:
        return ""

    client = flask.test_client()
    assert [client.get(path).status_code for path in ("/200", "/404", "/silent")] == [200, 404, 200]
    buffer.close()
    assert [row.words for row in events(sqlite)] == ["词200"]


# -- whose it is ------------------------------------------------------------------------------


@contextmanager
def case_of(database: Database, openid: str) -> Iterator[Case]:
    with ExitStack() as held, database.begin() as session:
        store, close = open_store(database, "")
        held.callback(close)
        number = followers.ensure(session, openid, now=NOON)
        site = Site(PROJECT, ORIGIN)
        alias = pseudonym(openid, SECRET)
        yield Case(session, store.steady, site, number, openid, alias, SECRET)


def test_the_rows_of_all_months_are_handed_out_and_erased_and_nobody_elses(
    database: Database,
) -> None:
    for days_ago in (0, 30, 85):
        write(database, by_all("公积金", 2, days_ago=days_ago))
    write(database, asked("13800138000"), opened(Kind.RECORD, "01ABC"), read_on_page("公积金"))
    with case_of(database, PEOPLE[0]) as case:
        told = RULE.export(case)
        assert {"日期": "2026-10-24", "做了什么": "查", "查的词": "公积金"} in told
        assert [row["查的词"] for row in told] == ["公积金", "公积金", "号码", "公积金", ""]
        RULE.erase(case)
        assert RULE.export(case) == []
    with case_of(database, PEOPLE[1]) as case:
        assert len(RULE.export(case)) == 3
    assert len(events(database)) == 4


def test_without_a_single_lookup_there_is_nothing_to_erase(database: Database) -> None:
    with case_of(database, PEOPLE[0]) as case:
        RULE.erase(case)
        assert RULE.export(case) == []


def test_what_waits_in_a_buffer_is_not_written_once_its_asker_is_erased(
    database: Database,
) -> None:
    now = clock.now()
    with database.begin() as session:
        for who in PEOPLE[:2]:
            followers.ensure(session, who, now=now)
    buffer = Usage(database, SECRET)
    stranger = PEOPLE[2]
    early = [Noted(now, Channel.CHAT, What.ASKED, None, "公积金", 1, openid=o) for o in PEOPLE[:2]]
    later = now + timedelta(seconds=2)
    late = Noted(later, Channel.CHAT, What.ASKED, None, "养犬", 1, openid=stranger)
    with case_of(database, PEOPLE[0]) as case:
        personal_data.erase(case, [RULE, *personal_data.RULES], now=now + timedelta(seconds=1))
    buffer.take([*early, late])
    buffer.close()
    assert [row.words for row in events(database)] == ["公积金", "养犬"]
    with case_of(database, PEOPLE[0]) as case:
        assert RULE.export(case) == []


def test_a_day_is_the_one_of_the_question_not_of_the_writing(database: Database) -> None:
    write(database, asked("公积金", days_ago=1))
    (row,) = events(database)
    assert noon(row.day) == NOON - timedelta(days=1)
    assert isinstance(row, LookupEvent)
