"""The two that are compared, each on PostgreSQL and on SQLite, started afresh with two workers."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import psycopg
from pydantic import SecretStr
from sqlalchemy import create_engine, text

from benchmarks.quiz import naive
from benchmarks.quiz.players import openids
from benchmarks.webhook.processes import CORES, server
from tests.quiz.making import a_season, a_site_folder, some_questions
from wx_archive import demo
from wx_archive.core import clock, schema
from wx_archive.core.database import Database
from wx_archive.core.services import site_of
from wx_archive.core.settings import DEMO_CREDENTIALS, Settings
from wx_archive.followers import consents
from wx_archive.followers import service as followers
from wx_archive.quiz.models import Entry
from wx_archive.quiz.questions import Question
from wx_archive.quiz.rules import RIGHT_FOR_CARD

PROJECT: Final = Path(__file__).parent.parent.parent
WORKERS: Final = 2


@dataclass(frozen=True, slots=True)
class Place:
    """Where everything lies.

    Attributes:
        postgres: address of the server, without a database; empty where there is none.
        redis: address; empty where there is none.
        followers: how many play.
    """

    folder: Path
    postgres: str
    redis: str
    followers: int


@dataclass(frozen=True, slots=True)
class System:
    """One row of the table.

    Attributes:
        start: runs it on a port; yields its process id.
        counted: how many right answers its database has.
    """

    name: str
    label: str
    start: Callable[[int], AbstractContextManager[int]]
    counted: Callable[[], int]


def systems(place: Place, bank: int) -> list[System]:
    """Return all that can be run here."""
    questions = some_questions(bank)
    found = []
    for kind in ("postgres", "sqlite"):
        if kind == "postgres" and not place.postgres:
            continue
        found += [_ours(place, kind, questions), _naive(place, kind, questions)]
    return found


# -- ours ---------------------------------------------------------------------------------------


def settings_of(place: Place, kind: str, questions: list[Question]) -> Settings:
    """Make an installation in the midst of a season, with its followers; return its settings."""
    folder = place.folder / f"ours-{kind}"
    (folder / "site").mkdir(parents=True)
    stores: dict[str, object] = {"redis_url": SecretStr("")}
    if kind == "postgres":
        stores["database_url"] = SecretStr(_database(place, "ours"))
        stores["redis_url"] = SecretStr(place.redis)
    port = demo.free_port()
    settings = Settings.for_demo(
        data_dir=folder / "data",
        site_dir=a_site_folder(folder / "site", questions),
        port=port,
        simulator_port=demo.free_port(),
        public_url=f"http://127.0.0.1:{port}",
        **stores,
    )
    settings.data_dir.mkdir()
    database = Database(settings.database)
    schema.upgrade(database)
    schema.mark_demo(database)
    _seat(database, settings, place.followers)
    database.dispose()
    return settings


def _seat(database: Database, settings: Settings, count: int) -> None:
    """Let everybody agree and begin, with a different number of right answers carried over."""
    now, today = clock.now(), clock.today()
    version = consents.current_text(site_of(settings), "quiz").version
    days = {"starts_on": today, "ends_on": today + timedelta(days=9)}
    with database.begin(unhurried=True) as session:
        season = a_season(session, pick_up_until=today + timedelta(days=9), **days)
        for number, openid in enumerate(openids(count)):
            one = followers.ensure(session, openid, now=now)
            consents.give(session, one, "quiz", version=version, now=now)
            session.add(
                Entry(
                    follower_id=one,
                    season_id=season,
                    seed=number,
                    carried=number % RIGHT_FOR_CARD,
                    begun_at=now,
                )
            )


def _ours(place: Place, kind: str, questions: list[Question]) -> System:
    settings = settings_of(place, kind, questions)

    @contextmanager
    def start(port: int) -> Iterator[int]:
        command = [sys.executable, "-m", "wx_archive", "serve", "--workers", str(WORKERS)]
        told = settings.model_copy(update={"port": port, "public_url": f"http://127.0.0.1:{port}"})
        # Whatever is installed beside it: what is measured is this checkout.
        environment = told.environment() | {"PYTHONPATH": str(PROJECT)}
        folder = settings.data_dir.parent
        with server(command, environment, port=port, folder=folder, cores=set(CORES)) as pid:
            yield pid

    def counted() -> int:
        asked = "SELECT count(*) FROM quiz_answer WHERE is_right"
        return _number(settings.database, asked)

    store = "PostgreSQL + Redis" if kind == "postgres" else "SQLite"
    return System(f"ours-{kind}", f"wx-archive, {store}", start, counted)


# -- the naive one --------------------------------------------------------------------------------


def _naive(place: Place, kind: str, questions: list[Question]) -> System:
    folder = place.folder / f"naive-{kind}"
    folder.mkdir()
    is_postgres = kind == "postgres"
    url = _database(place, "naive") if is_postgres else f"sqlite:///{folder / 'quiz.db'}"
    engine = create_engine(url)
    naive.Base.metadata.create_all(engine)
    engine.dispose()
    told = {
        "token": DEMO_CREDENTIALS["wechat_token"],
        "app_id": DEMO_CREDENTIALS["wechat_app_id"],
        "aes_key": DEMO_CREDENTIALS["wechat_aes_key"],
        "database_url": url,
        "bank": [
            {
                "text": one.text,
                "options": one.options,
                "answer": one.answer[0],
                "explanation": one.explanation,
            }
            for one in questions
        ],
    }
    inherited = {
        name: value
        for name, value in os.environ.items()  # noqa: TID251 -- PATH and the like, not settings
        if not name.startswith("WX_ARCHIVE_")
    }

    @contextmanager
    def start(port: int) -> Iterator[int]:
        command: list[str | Path] = [
            sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1",
            "--port", str(port), "--workers", str(WORKERS), "--blocking-threads", "4",
            "--log-level", "warning", "--working-dir", Path(__file__).parent,
            "--factory", "naive:create_app",
        ]  # fmt: skip
        environment = inherited | {"BENCHMARK_SETUP": json.dumps(told)}
        with server(command, environment, port=port, folder=folder, cores=set(CORES)) as pid:
            yield pid

    store = "PostgreSQL" if is_postgres else "SQLite"
    return System(
        f"naive-{kind}",
        f"wechatpy + Flask counter, {store}",
        start,
        lambda: _number(url, 'SELECT sum("right") FROM "user"'),
    )


# -- stores ----------------------------------------------------------------------------------------


def _database(place: Place, name: str) -> str:
    address = place.postgres.replace("+psycopg", "") + "/postgres"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return f"{place.postgres}/{name}"


def _number(url: str, asked: str) -> int:
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return int(connection.execute(text(asked)).scalar_one() or 0)
    finally:
        engine.dispose()
