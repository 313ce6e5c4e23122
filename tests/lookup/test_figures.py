"""Figures about what people ask: right by their definitions, and silent about single people."""

import json
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from tests.builders import a_document, a_record, import_documents, import_records
from tests.lookup.asking import (
    PEOPLE,
    SECRET,
    TODAY,
    ago,
    asked,
    by_all,
    events,
    opened,
    read_on_page,
    sums,
    write,
)
from tests.talk import a_talk
from wx_archive import cli, features
from wx_archive.catalogue.rules import Kind
from wx_archive.core import clock, jobs
from wx_archive.core.database import Database
from wx_archive.core.jobs import Runner
from wx_archive.core.jobs.models import Job
from wx_archive.core.services import Services, site_of
from wx_archive.core.settings import Settings
from wx_archive.core.store import open_store
from wx_archive.lookup import figures, folding
from wx_archive.lookup import jobs as lookup_jobs
from wx_archive.lookup.figures import LookupFigures, Rising, Term
from wx_archive.lookup.models import Label, LookupEvent
from wx_archive.lookup.usage import Usage
from wx_archive.wechat.client import Platform

PROJECT = Path(__file__).parents[2]
Capture = pytest.CaptureFixture[str]
OLD = folding.KEPT.days + 1


def gathered(database: Database, days: int = 30, *, today: date = TODAY) -> LookupFigures:
    with database.reads() as connection:
        return figures.gather(connection, today=today, days=days)


def fold(database: Database, *, today: date = TODAY) -> int:
    """Fold every day that is due; return how many lookups that were."""
    folded = 0
    while True:
        with database.begin() as session:
            day = folding.due_day(session, today=today)
            if day is None:
                return folded
            folded += folding.fold(session, day)


# -- terms ------------------------------------------------------------------------------------


def test_terms_are_counted_once_for_each_person_and_day(database: Database) -> None:
    write(
        database,
        by_all("公积金", 3, days_ago=1),
        by_all("公积金", 2, days_ago=2, found=0),
        [asked("公积金", days_ago=1)] * 5,
        by_all("养犬", 4),
        asked("公积金", page=2),
    )
    assert gathered(database).top == [Term("公积金", 5, 2, 3), Term("养犬", 4, 0, 4)]


def test_words_of_too_few_people_are_never_shown(database: Database) -> None:
    write(database, [asked("张三", who, days_ago=n) for n in range(9) for who in PEOPLE[:2]])
    write(database, by_all("张三 公路", 2, found=0), by_all("养犬", 3))
    told = gathered(database)
    assert [term.words for term in told.top] == ["养犬"]
    assert (told.empty, told.rising) == ([], [])
    assert told.labelled == {Label.RARE: 20}
    assert "张三" not in json.dumps(asdict(told), default=str, ensure_ascii=False)


def test_one_person_is_not_three_because_three_months_have_passed(database: Database) -> None:
    write(database, [asked("张三", days_ago=n) for n in (0, 30, 60)])
    write(database, [asked("李四", who, days_ago=n) for n in (0, 30) for who in PEOPLE[:2]])
    told = gathered(database, days=90)
    assert told.top == []
    assert told.labelled == {Label.RARE: 7}


def test_readers_of_pages_are_counted_but_are_nobody(database: Database) -> None:
    write(database, [read_on_page("张三") for _ in range(9)])
    write(database, by_all("公积金", 3), [read_on_page("公积金"), read_on_page("公积金")])
    assert gathered(database).top == [Term("公积金", 5, 0, 3)]


def test_empty_terms_count_only_what_found_nothing(database: Database) -> None:
    write(
        database,
        by_all("地铁", 4, found=0),
        by_all("公积金", 9),
        by_all("公积金", 2, days_ago=1, found=0),
        by_all("养犬", 3, days_ago=1, found=0),
        by_all("养犬", 3),
    )
    assert gathered(database).empty == [Term("地铁", 4, 4, 4), Term("养犬", 3, 3, 3)]


def test_ties_are_ordered_alike_and_the_list_is_limited(database: Database) -> None:
    words = [f"词{chr(0x4E00 + number)}" for number in range(figures.TOP + 3)]
    write(database, *(by_all(each, 3) for each in reversed(words)))
    assert [term.words for term in gathered(database).top] == words[: figures.TOP]


def test_days_outside_the_span_do_not_count(database: Database) -> None:
    write(database, by_all("公积金", 3, days_ago=7), by_all("养犬", 3, days_ago=6))
    assert [term.words for term in gathered(database, days=7).top] == ["养犬"]
    assert [term.words for term in gathered(database, days=8).top] == ["公积金", "养犬"]


def test_matters_of_private_life_and_numbers_are_sums_without_words(database: Database) -> None:
    write(database, by_all("结婚登记", 5), by_all("知青", 2), by_all("13800138000", 4))
    told = gathered(database)
    assert told.labelled == {Label.LIVELIHOOD: 7, Label.NUMBER: 4}
    assert told.top == []


# -- rising -----------------------------------------------------------------------------------


def test_rising_words_have_at_least_doubled_above_a_floor(database: Database) -> None:
    write(
        database,
        by_all("暴雨", 6),  # new
        by_all("停水", 5, days_ago=6),  # 5 against 2 a week
        *(by_all("停水", 2, days_ago=7 * week + 1) for week in (1, 2, 3, 4)),
        by_all("公积金", 5),  # 5 against 3 a week
        *(by_all("公积金", 3, days_ago=7 * week) for week in (1, 2, 3, 4)),
        by_all("养犬", 4),  # below the floor
        [asked("张三", who, days_ago=n) for n in range(7) for who in PEOPLE[:2]],  # two people
        [asked("往年", who, days_ago=35) for who in PEOPLE],  # too long ago to be «before»
        by_all("往年", 5),
    )
    assert gathered(database).rising == [
        Rising("暴雨", 6, 0),
        Rising("往年", 5, 0),
        Rising("停水", 5, 8),
    ]


def test_exactly_twice_the_average_week_is_rising(database: Database) -> None:
    write(database, by_all("停水", 6), by_all("养犬", 6))
    write(database, *(by_all("停水", 3, days_ago=7 * week) for week in (1, 2, 3, 4)))
    write(database, *(by_all("养犬", 3, days_ago=7 * week) for week in (1, 2, 3, 4)))
    write(database, asked("养犬", PEOPLE[8], days_ago=34))
    assert [each.words for each in gathered(database).rising] == ["停水"]


# -- days -------------------------------------------------------------------------------------


def a_week(database: Database) -> None:
    write(
        database,
        by_all("公积金", 3, days_ago=2),
        by_all("张三", 2, days_ago=2, found=0),
        by_all("结婚登记", 1, days_ago=2, found=0),
        [read_on_page("公积金", days_ago=2), read_on_page("地铁", days_ago=2, found=0)],
        asked("公积金", days_ago=2, page=2),
        opened(Kind.RECORD, "1", days_ago=2),
        opened(Kind.RECORD, "2", PEOPLE[7], days_ago=2),
        opened(Kind.DOCUMENT, "3", days_ago=2),
        by_all("公积金", 4),
    )


def test_every_day_has_its_counts_days_without_any_included(database: Database) -> None:
    a_week(database)
    before, day, between, today = gathered(database, days=4).days
    assert (before.day, before.lookups, before.people) == (ago(3), 0, 0)
    assert (day.lookups, day.empties, day.people, day.turned) == (8, 4, 4, 1)
    assert day.by_channel == {"chat": 6, "h5": 2}
    assert day.opened == {"record": 2, "document": 1}
    assert between.lookups == 0
    assert (today.lookups, today.empties, today.people) == (4, 0, 4)


def test_nobody_asked_anything(database: Database) -> None:
    told = gathered(database, days=2)
    assert [day.lookups for day in told.days] == [0, 0]
    assert (told.top, told.empty, told.rising, told.labelled) == ([], [], [], {})


# -- what is hidden ---------------------------------------------------------------------------


def of_questions(database: Database) -> LookupFigures:
    """Return the figures after three people asked the same, from an empty table on."""
    with database.begin() as session:
        session.execute(delete(LookupEvent))
    with a_talk(database, PROJECT) as talk:
        witness = Usage(database, SECRET)
        talk.answering.witnesses = (witness,)
        for talk.openid in PEOPLE[:3]:
            for words in ("养犬", "查 大桥", "档案 大桥", "机密", "档案 养犬", "1", "下一页"):
                talk.says(words)
        witness.close()
    return gathered(database)


def test_rows_that_are_hidden_change_no_figure(database: Database, tmp_path: Path) -> None:
    import_documents(database, tmp_path, *(a_document(f"D{n}") for n in range(8)))
    import_records(database, tmp_path, a_record())
    before = of_questions(database)
    assert Term("养犬", 6, 3, 3) in before.top
    assert Term("机密", 3, 3, 3) in before.empty
    assert before.days[-1].opened == {"record": 3}
    secrets = [a_record(f"S{n}", title=f"机密大桥养犬{n}", open=0) for n in range(40)]
    secrets += [a_record(f"L{n}", title=f"大桥养犬机密{n}", livelihood=1) for n in range(40)]
    import_records(database, tmp_path, *secrets, name="more.jsonl")
    import_documents(
        database, tmp_path, a_document("D9", title="机密养犬", openness="none"), name="none.jsonl"
    )
    assert of_questions(database) == before


# -- folding ----------------------------------------------------------------------------------


def test_folding_changes_no_figure(database: Database) -> None:
    a_week(database)
    before = gathered(database, days=120)
    assert before.top
    assert before.labelled == {Label.LIVELIHOOD: 1, Label.RARE: 3}
    later = TODAY + timedelta(days=OLD)
    assert fold(database, today=later) == 16
    after = gathered(database, days=120)
    assert events(database) == []
    assert after.days == before.days
    assert after.labelled == before.labelled
    folded = [(term.words, term.lookups, term.empties) for term in after.top]
    assert folded == [(term.words, term.lookups, term.empties) for term in before.top]


def test_only_what_is_older_than_ninety_days_is_folded_and_no_key_stays(
    database: Database,
) -> None:
    write(database, by_all("公积金", 3, days_ago=91), by_all("养犬", 3, days_ago=90))
    assert fold(database) == 3
    assert {row.words for row in events(database)} == {"养犬"}
    assert sums(database) == [("asked", "", "公积金", 3, 0), ("people", "", "", 3, 0)]


def test_folding_again_adds_nothing(database: Database) -> None:
    write(database, by_all("公积金", 3, days_ago=OLD), by_all("养犬", 3, days_ago=OLD, found=0))
    assert fold(database) == 6
    once = sums(database)
    assert fold(database) == 0
    with database.begin() as session:
        assert folding.fold(session, ago(OLD)) == 0
    assert sums(database) == once
    assert ("asked", "", "养犬", 3, 3) in once


def test_what_is_written_after_its_day_was_folded_is_added(database: Database) -> None:
    write(database, by_all("公积金", 3, days_ago=OLD))
    fold(database)
    write(database, by_all("公积金", 4, days_ago=OLD, found=0))
    fold(database)
    assert ("asked", "", "公积金", 7, 4) in sums(database)


def test_words_of_too_few_people_are_folded_without_the_words(database: Database) -> None:
    write(
        database,
        by_all("张三", 2, days_ago=OLD, found=0),
        by_all("李四", 1, days_ago=OLD),
        [asked("王五", days_ago=n) for n in (OLD, OLD - 30, OLD - 60)],  # one person, three months
        by_all("养犬", 1, days_ago=OLD),
        by_all("养犬", 3, days_ago=OLD - 20),
    )
    fold(database)
    assert sums(database) == [
        ("asked", "", "养犬", 1, 0),
        ("asked", "rare", "", 4, 2),
        ("people", "", "", 2, 0),
    ]


def test_words_that_were_folded_are_summed_with_those_that_came_since(database: Database) -> None:
    write(database, by_all("公积金", 3, days_ago=OLD), asked("公积金"), by_all("张三", 1))
    fold(database)
    told = gathered(database, days=120)
    assert [(term.words, term.lookups) for term in told.top] == [("公积金", 4)]
    assert told.labelled == {Label.RARE: 1}
    assert gathered(database, days=30).top == []


def test_the_worker_folds_what_is_due_every_night(database: Database, tmp_path: Path) -> None:
    assert lookup_jobs.FOLD in {schedule.kind for schedule in features.schedules()}
    shift = (TODAY - clock.today()).days + OLD
    write(database, by_all("公积金", 3, days_ago=shift), by_all("养犬", 3, days_ago=shift + 1))
    settings = Settings.for_demo(data_dir=tmp_path, site_dir=PROJECT)
    with ExitStack() as held:
        store, close = open_store(database, "")
        held.callback(close)
        services = Services(settings, database, store, site_of(settings))
        kinds = features.jobs(services, Platform(settings, store, database))
        with database.begin() as session:
            jobs.enqueue(session, lookup_jobs.FOLD, {}, key="tonight", now=clock.now())
        assert Runner(database, kinds).run_next()
    with database.begin() as session:
        assert session.scalars(select(Job.state)).all() == ["done"]
    assert events(database) == []
    assert ("asked", "", "公积金", 3, 0) in sums(database)


# -- on the terminal --------------------------------------------------------------------------


@pytest.fixture
def told(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> Callable[..., str]:
    """Run the command where people asked today."""
    monkeypatch.setenv("WX_ARCHIVE_DATABASE_URL", database_url)
    monkeypatch.setenv("WX_ARCHIVE_SECRET_KEY", "a-secret")
    today = (TODAY - clock.today()).days
    write(
        database,
        by_all("公积金", 3, days_ago=today),
        by_all("地铁", 3, days_ago=today, found=0),
        by_all("张三", 1, days_ago=today),
        opened(Kind.RECORD, "1", days_ago=today),
    )

    def run(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["wx-archive", "figures", "lookups", *arguments])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        assert stop.value.code == 0
        return capsys.readouterr().out

    return run


def test_the_figures_are_printed_as_tables(told: Callable[..., str]) -> None:
    shown = told("--days", "3")
    assert "查了 7 次，其中 3 次没有查到" in shown
    assert "     3       0         3  公积金" in shown
    assert "正在升温的词（最近 7 天比之前 28 天）：没有" in shown
    assert "     1  其他" in shown
    assert "张三" not in shown
    *_, head, _before, _yesterday, today = shown.splitlines()
    assert head.split() == [
        "日期",
        "次数",
        "没查到",
        "人数",
        "聊天",
        "网页",
        "翻页",
        "打开文件",
        "打开档案",
    ]
    assert today.split() == [clock.today().isoformat(), "7", "3", "3", "7", "0", "0", "0", "1"]


def test_the_figures_are_printed_as_json(told: Callable[..., str]) -> None:
    shown = json.loads(told("--days", "2", "--json"))
    assert shown["last"] == clock.today().isoformat()
    assert [day["lookups"] for day in shown["days"]] == [0, 7]
    assert shown["days"][1]["opened"] == {"record": 1}
    assert {term["words"] for term in shown["top"]} == {"公积金", "地铁"}
    assert [term["words"] for term in shown["empty"]] == ["地铁"]
    assert shown["labelled"] == {"rare": 1}
    assert "张三" not in json.dumps(shown, ensure_ascii=False)
