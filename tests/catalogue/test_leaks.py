"""The proof: with 5,000 entries that nobody may see the public gets the same answers, to the byte.

And what is hidden answers like what never was: by the same statements, with the same bytes.
"""

import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, event, func, select
from werkzeug.test import Client

from tests.catalogue.leaks import RECORDS, SECRET_WORD, Public, fill, hidden_pids
from tests.conftest import SettingsFactory
from wx_archive import app
from wx_archive.catalogue.models import (
    Document,
    OpeningReview,
    Record,
    RepealProposal,
    SearchEntry,
)
from wx_archive.core.database import Database
from wx_archive.core.settings import Settings

RESTRICTED = 5_000
ANSWERED = ("find 公积金 None 0", "suggest gjj", "chat 公积金 / 查 公积金", "lookup 公积金")
"""Some of the questions that do get an answer."""


@dataclass(frozen=True)
class Twins:
    """Two installations that differ in what nobody may see."""

    without: Settings
    having: Settings


@pytest.fixture(params=["sqlite", "postgresql"])
def twins(
    request: pytest.FixtureRequest, demo_settings: SettingsFactory, tmp_path: Path
) -> Iterator[Twins]:
    """An installation with 5,000 restricted rows, imported first, and one without."""
    name = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    one: str = request.getfixturevalue(name)
    other, forget = _another(one, tmp_path)
    # One address for both, or else every page would differ.
    fixed = {"public_url": "http://127.0.0.1:2", "simulator_port": 3, "port": 2}
    pair = [demo_settings(database_url=SecretStr(url), **fixed) for url in (one, other)]
    fill(pair[0], tmp_path, restricted=0)
    fill(pair[1], tmp_path, restricted=RESTRICTED)
    yield Twins(*pair)
    forget()


def _another(url: str, folder: Path) -> tuple[str, Any]:
    """Return a second database like the empty first, and what removes it."""
    if url.startswith("sqlite"):
        path = folder / "other.db"
        shutil.copy(url.removeprefix("sqlite:///"), path)
        return f"sqlite:///{path}", lambda: None
    server, _slash, template = url.rpartition("/")
    name = f"other_{uuid.uuid4().hex}"

    def run(statement: str) -> None:
        address = server.replace("+psycopg", "") + "/postgres"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(statement.encode())

    run(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return f"{server}/{name}", lambda: run(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.mark.timeout(240)
def test_five_thousand_hidden_entries_change_no_answer(twins: Twins, tmp_path: Path) -> None:
    pids = hidden_pids(twins.having)
    assert len(pids) == 1 + len(RECORDS) + 2
    plain = dict(Public(twins.without).answers(tmp_path, pids))
    assert all("公积金" in str(plain[question]) for question in ANSWERED)
    answers = Public(twins.having).answers(tmp_path, pids)
    differing = []
    for question, answer in answers:
        if plain.pop(question) != answer:
            differing.append(question)
        if SECRET_WORD not in question:
            assert SECRET_WORD not in str(answer), question
    assert differing == []
    assert not plain
    _what_is_hidden_is_really_there(twins.having)


def _what_is_hidden_is_really_there(settings: Settings) -> None:
    """Without this the comparison might compare nothing with nothing."""
    database = Database(settings.database)
    with database.reads() as connection:
        for table in (Record, Document):
            hidden = select(func.count()).where(table.title.contains(SECRET_WORD))
            there = connection.scalar(hidden.select_from(table)) or 0
            assert there >= RESTRICTED // 5
        entries = select(func.count()).where(SearchEntry.title_key.contains(SECRET_WORD))
        assert connection.scalar(entries.select_from(SearchEntry)) == 0
        for staff_only in (OpeningReview, RepealProposal):
            assert connection.scalar(select(func.count()).select_from(staff_only))
    database.dispose()


def test_hidden_and_missing_take_the_same_statements_to_the_same_bytes(
    demo_settings: SettingsFactory, database_url: str, tmp_path: Path
) -> None:
    settings = demo_settings(database_url=SecretStr(database_url))
    fill(settings, tmp_path, restricted=100)
    pids = hidden_pids(settings)
    application = app.build(settings)
    browser = Client(application.wsgi)
    run: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        run.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        seen = set()
        for place in ("records", "documents"):
            browser.get(f"/h5/{place}/{pids['missing']}")  # whatever a first time costs
            for pid in pids.values():
                run.clear()
                answer = browser.get(f"/h5/{place}/{pid}")
                headers = tuple(sorted(answer.headers.items()))
                seen.add((place, answer.status, headers, answer.data, tuple(run)))
                assert run
    finally:
        event.remove(Engine, "before_cursor_execute", note)
        application.close()
    assert len(seen) == 2
    assert len({answer[1:4] for answer in seen}) == 1
    assert {answer[1] for answer in seen} == {"404 NOT FOUND"}
