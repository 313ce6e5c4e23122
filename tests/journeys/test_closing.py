"""Staff close an entry at the command line: seconds later it has never been, in every process."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import select

from tests.builders import a_file, a_record
from tests.conftest import SettingsFactory
from tests.trees import a_tree
from wx_archive import demo
from wx_archive.catalogue import decisions, jobs, words
from wx_archive.catalogue.service import Importer
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.core.ids import stable_pid
from wx_archive.core.jobs.models import ScheduleState
from wx_archive.core.settings import Settings
from wx_archive.simulator import app as simulator
from wx_archive.simulator.phone import Phone

WITHIN_S = 5.0
OFTEN = 6
"""So many times each page is asked for, so that every process has its turn."""
WORD, CODE, NUMBER = "渡槽", "0077-9-0001-001", "渡革字〔1971〕5号"
TITLE = f"关于修建{WORD}的请示"
REASON = "利用中发现涉及个人隐私"
KEYS = ("aqueduct", "b1", "b2", "b3", "b4")
ASKED = (WORD, f"查 {WORD}", f"档案 {WORD}", CODE, NUMBER, f"{WORD} 1971", "渡曹", "关于渡槽的")
ADDRESSES = (
    *(f"/h5/lookup?q={text}" for text in (WORD, CODE, NUMBER, "渡曹")),
    *(f"/h5/suggest?q={text}" for text in (WORD, "渡", "ducao", "dc")),
)


@dataclass
class Account:
    """A running account of several processes, and two phones."""

    settings: Settings
    follower: Phone
    onlooker: Phone

    @property
    def pid(self) -> str:
        return stable_pid("record", "aqueduct", self.settings.secret())

    def runs(self, *command: str) -> str:
        """Run a command of ours in a process of its own."""
        done = subprocess.run(
            [sys.executable, "-m", "wx_archive", *command],
            env=self.settings.environment(),
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

    def answers(self) -> Iterator[tuple[str, object]]:
        """Ask in every way; yield the questions with the answers, byte for byte."""
        for text in ASKED:
            self.onlooker.says(text)
            yield text, self._last()
        self.onlooker.sends_raw(
            {"MsgType": "text", "Content": "1", "bizmsgmenuid": f"open.{self.pid}"}
        )
        yield "a tap on an old list", self._last()
        for address in (*ADDRESSES, f"/h5/records/{self.pid}", f"/h5/documents/{self.pid}"):
            seen = set()
            for _ in range(OFTEN):
                with requests.get(self.settings.origin + address, timeout=5) as answer:
                    headers = {k: v for k, v in answer.headers.items() if k.lower() != "date"}
                    seen.add((answer.status_code, str(sorted(headers.items())), answer.text))
            yield address, seen

    def _last(self) -> tuple[str, list[Any]]:
        return self.onlooker.last_text, list(self.onlooker.last_articles)


@pytest.fixture(params=["sqlite", "postgres+redis"])
def account(
    request: pytest.FixtureRequest, demo_settings: SettingsFactory, tmp_path: Path
) -> Iterator[Account]:
    """A small installation, and the cities' way of running; two web processes each."""
    settings: Settings = (
        demo_settings()
        if request.param == "sqlite"
        else request.getfixturevalue("postgres_redis_settings")
    )
    config = demo.simulator_config(settings)
    with (
        simulator.running(config, port=settings.simulator_port) as address,
        a_tree(settings, tmp_path / "log", "serve", "--workers", "2") as tree,
    ):
        tree.until(lambda: _is_ready(settings))
        phones = Phone(address), Phone(address)
        for phone in phones:
            phone.follows()
        yield Account(settings, *phones)


def _is_ready(settings: Settings) -> bool:
    try:
        with requests.get(f"{settings.origin}/-/ready", timeout=1) as answer:
            return answer.ok
    except requests.ConnectionError:
        return False


def brings_in_the_aqueduct(settings: Settings, folder: Path) -> None:
    """Import the record, and learn its words as the nightly job does."""
    row = a_record(
        "aqueduct",
        title=TITLE,
        ref_code=CODE,
        doc_no=NUMBER,
        keywords=f"{WORD};桥梁",
        abstract=f"拟修建{WORD}。",
        date="1971-03-04",
    )
    more = (a_record(key, title=f"{WORD}养护的第{key[1:]}号通知") for key in KEYS[1:])
    rows = [row, *more]
    database = Database(settings.database)
    Importer(database, settings.secret()).records(a_file(folder / "aqueduct.jsonl", rows))
    words.rebuild(database, today=clock.today())
    database.dispose()


def closes(settings: Settings, keys: Sequence[str]) -> None:
    """Close records as the command does, without a process for each."""
    database, now = Database(settings.database), clock.now()
    with database.begin() as session:
        for key in keys:
            pid = stable_pid("record", key, settings.secret())
            decisions.close_record(session, pid, reason=REASON, now=now, today=clock.today())
    database.dispose()


@pytest.mark.timeout(120)
def test_what_staff_close_has_never_been(account: Account, tmp_path: Path) -> None:
    before = dict(account.answers())
    brings_in_the_aqueduct(account.settings, tmp_path)
    account.follower.says(f"查 {TITLE[2:]}")
    account.follower.sees(TITLE)
    shown = dict(account.answers())
    known = [question for question, answer in shown.items() if answer != before[question]]
    assert set(known) >= {WORD, CODE, NUMBER, "a tap on an old list", ADDRESSES[0], ADDRESSES[5]}

    closes(account.settings, KEYS[1:])
    account.runs("catalogue", "close", account.pid, "--reason", REASON)
    closed_at = time.monotonic()
    differing = known
    while differing and time.monotonic() - closed_at < WITHIN_S:
        after = dict(account.answers())
        differing = [question for question, answer in after.items() if answer != before[question]]
    assert differing == []
    assert time.monotonic() - closed_at < WITHIN_S + 4  # one round of questions takes its time

    account.follower.says("1")  # the list that was shown before
    account.follower.sees_not(WORD)
    assert account.follower.last_articles == []
    said = account.runs("lookup", WORD, "--json")
    assert re.search(r'"total": 0', said)
    assert TITLE not in said

    account.runs("catalogue", "open", account.pid)
    account.onlooker.says(CODE)
    assert TITLE in str([article.title for article in account.onlooker.last_articles])


@pytest.mark.timeout(120)
def test_an_opening_day_comes_at_midnight_while_everything_runs(
    demo_settings: SettingsFactory, tmp_path: Path
) -> None:
    settings = demo_settings()
    tomorrow = clock.today() + timedelta(days=1)
    row = a_record(
        "aqueduct", title=TITLE, open=None, openness="延期开放", open_on=tomorrow.isoformat()
    )
    database = Database(settings.database)
    Importer(database, settings.secret()).records(a_file(tmp_path / "aqueduct.jsonl", [row]))
    database.dispose()
    config = demo.simulator_config(settings)
    url = f"/h5/records/{stable_pid('record', 'aqueduct', settings.secret())}"
    with simulator.running(config, port=settings.simulator_port) as address:
        followed = settings.model_copy(update={"clock_url": address})
        with a_tree(followed, tmp_path / "log", "serve", "--all-in-one") as tree:
            tree.until(lambda: _is_ready(settings))
            phone = Phone(address)
            phone.follows()
            phone.says(WORD)
            phone.sees_not(TITLE)
            assert requests.get(settings.origin + url, timeout=5).status_code == 404
            tree.until(lambda: _is_scheduled(settings))
            with requests.post(
                f"{address}/sim/clock", json={"advance_s": 86_400}, timeout=5
            ) as moved:
                assert moved.ok, moved.text
            tree.until(lambda: requests.get(settings.origin + url, timeout=5).ok)
            tree.until(lambda: TITLE in _asked(phone))


def _is_scheduled(settings: Settings) -> bool:
    """Tell whether a scheduler has begun to watch for midnight."""
    database = Database(settings.database)
    with database.reads() as connection:
        names = connection.scalars(select(ScheduleState.name)).all()
    database.dispose()
    return jobs.OPENING_DAY in names


def _asked(phone: Phone) -> str:
    phone.says(f"查 {WORD}")
    return phone.last_text + str([article.title for article in phone.last_articles])
