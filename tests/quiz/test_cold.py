"""A process that has just started, or has not heard yet, lapses nobody's question."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.quiz.making import (
    NOW,
    a_follower,
    a_question,
    a_season,
    a_site_folder,
    some_questions,
)
from tests.talk import ORIGIN, Talk
from wx_archive import features
from wx_archive.chat.answering import Answering
from wx_archive.core import live
from wx_archive.core.database import Database
from wx_archive.core.live import Live
from wx_archive.core.site import Site
from wx_archive.core.store import open_store
from wx_archive.followers import consents
from wx_archive.quiz import bank
from wx_archive.quiz.bank_models import QuestionVersion
from wx_archive.quiz.models import Answer, Draw
from wx_archive.quiz.questions import Question
from wx_archive.quiz.rules import VersionState
from wx_archive.simulator.bubbles import MenuChoice

NOWHERE = "postgresql+psycopg://nobody@127.0.0.1:1/none"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_site_folder(tmp_path_factory.mktemp("site"), some_questions(3))


@contextmanager
def a_process(database: Database, folder: Path, known: Live) -> Iterator[Talk]:
    """Yield a conversation with a process that knows what staff edit as `known` does."""
    store, close = open_store(database, "")
    answering = Answering(
        dispatcher=features.dispatcher(),
        database=database,
        store=store,
        site=Site(folder, ORIGIN, live=known),
        secret="a-secret",
    )
    try:
        yield Talk(answering)
    finally:
        answering.close()
        close()


@pytest.fixture
def cold() -> Iterator[Live]:
    """What a process knows that could not read in time: under load, just after a start."""
    away = Database(NOWHERE)
    yield Live(away)
    away.dispose()


def agreed(database: Database, folder: Path) -> None:
    with database.begin() as session:
        one = a_follower(session, "a-follower")
        version = consents.current_text(Site(folder, ORIGIN), "quiz").version
        consents.give(session, one, "quiz", version=version, now=NOW)


def kept(database: Database) -> tuple[int, int]:
    """Return how many questions are closed, and how many answered."""
    with database.reads() as connection:
        closed = connection.scalar(select(func.count(Draw.closed_at)))
        answers = connection.scalar(select(func.count()).select_from(Answer))
    return closed or 0, answers or 0


def presses_right(talk: Talk, choices: Sequence[tuple[str, MenuChoice]]) -> None:
    talk.presses(next(choice for text, choice in choices if text[2:3] == "乙"))


def release(session: Session, question: Question) -> None:
    session.add(
        QuestionVersion(
            question_id=question.id,
            theme=question.theme,
            state=VersionState.RELEASED,
            content=question.to_json(),
            content_hash=question.fingerprint,
            made_by="editor",
            made_at=NOW,
        )
    )
    live.changed(session, bank.LIVE)
    session.flush()


def test_an_answer_reaches_a_process_that_could_not_read_the_seasons_yet(
    database: Database, folder: Path, cold: Live
) -> None:
    agreed(database, folder)
    with database.begin() as session:
        a_season(session)
    with a_process(database, folder, Live(database)) as warm:
        warm.says("答题")
        choices = list(warm.choices)
    with a_process(database, folder, cold) as talk:
        presses_right(talk, choices)
        assert talk.visible.startswith("✔")
        assert kept(database) == (1, 1)
        talk.says("下一题")
        assert "第 2 题" in talk.visible


def test_who_begins_at_such_a_process_is_not_told_that_there_is_no_season(
    database: Database, folder: Path, cold: Live
) -> None:
    agreed(database, folder)
    with database.begin() as session:
        a_season(session)
    with a_process(database, folder, cold) as talk:
        talk.taps("quiz.start")
        assert "第 1 关 · 第 1 题" in talk.visible


def test_a_question_released_a_moment_ago_is_judged_by_a_process_that_has_not_heard_of_it(
    database: Database, folder: Path
) -> None:
    agreed(database, folder)
    with database.begin() as session:
        a_season(session)
    with a_process(database, folder, Live(database)) as late:
        late.taps("quiz.start")  # from here on it goes by what it has read, for a second or two
        presses_right(late, late.choices)
        for _ in range(2):
            late.says("下一题")
            presses_right(late, late.choices)
        assert kept(database) == (3, 3)
        with database.begin() as session:
            release(session, replace(a_question(9), id="things-900", text="新放行的，哪个说法对？"))
        with a_process(database, folder, Live(database)) as quick:
            quick.says("下一题")
            choices = list(quick.choices)
            assert "新放行" in quick.visible
        presses_right(late, choices)
        assert late.visible.startswith("✔")
        assert kept(database) == (4, 4)
