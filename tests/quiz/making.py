"""Builders of the quiz: questions, a bank's folder, a season with its ten cards, conversations."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from tests.talk import ORIGIN, Talk
from wx_archive import features
from wx_archive.chat.answering import Answering
from wx_archive.core import live
from wx_archive.core.database import Database
from wx_archive.core.ids import random_pid
from wx_archive.core.live import Live
from wx_archive.core.site import Site
from wx_archive.core.store import open_store
from wx_archive.followers import consents
from wx_archive.followers import service as followers
from wx_archive.quiz import seasons
from wx_archive.quiz.answers import as_shown
from wx_archive.quiz.bank import Bank
from wx_archive.quiz.bank_files import Theme
from wx_archive.quiz.models import CardKind, Season
from wx_archive.quiz.play import Asked, Table
from wx_archive.quiz.questions import Question, Source
from wx_archive.quiz.rules import Kind, SeasonState
from wx_archive.quiz.seasons import Known
from wx_archive.quiz.voucher_models import Facsimile

PROJECT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
TODAY = date(2026, 11, 23)


def a_question(number: int = 1, **changes: Any) -> Question:
    """Return a question: single choice, its right answer is B."""
    told: dict[str, Any] = {
        "id": f"things-{number:03}",
        "theme": "things",
        "kind": Kind.SINGLE,
        "text": f"第 {number} 件事，哪一个说法对？",
        "options": (f"甲{number}", f"乙{number}", f"丙{number}", f"丁{number}"),
        "answer": ("B",),
        "explanation": f"第 {number} 件事是乙。",
        "source": Source("中华人民共和国档案法", article="第一条", quote="为了加强档案管理"),
        "difficulty": number % 3 + 1,
        "tags": ("试题",),
        "since": date(2026, 1, 1),
    }
    return Question(**told | changes)


def some_questions(count: int) -> list[Question]:
    """Return so many questions of three themes and difficulties, all answered with B."""
    names = ("things", "papers", "places")
    return [
        a_question(n, id=f"{names[n % 3]}-{n:03}", theme=names[n % 3]) for n in range(1, count + 1)
    ]


def a_bank(questions: Iterable[Question]) -> Bank:
    """Return the bank of these questions."""
    every = list(questions)
    themes = {one.theme: Theme(one.theme, one.theme, "试题") for one in every}
    return Bank({one.id: one for one in every}, themes)


def a_site_folder(folder: Path, questions: Iterable[Question]) -> Path:
    """Make a site's folder with the product's texts and a bank of these questions."""
    for name in ("content", "menus"):
        (folder / name).symlink_to(PROJECT / name)
    themes: dict[str, list[dict[str, Any]]] = {}
    for one in questions:
        themes.setdefault(one.theme, []).append(as_in_file(one))
    (folder / "quiz_bank").mkdir()
    for theme, rows in themes.items():
        file = {"theme": theme, "name": "试题", "about": "测试用的题目", "questions": rows}
        path = folder / "quiz_bank" / f"{theme}.yaml"
        path.write_text(json.dumps(file, ensure_ascii=False), encoding="utf-8")
    return folder


def as_in_file(one: Question) -> dict[str, Any]:
    """Return a question as a file says it."""
    told: dict[str, Any] = json.loads(one.to_json())
    del told["theme"]
    if one.kind is not Kind.FILL:
        told["answer"] = "".join(one.answer)
    return {
        key: str(value) if isinstance(value, bool | int) else value
        for key, value in told.items()
        if value not in (None, "", [])
    }


def a_season(session: Session, **changes: Any) -> int:
    """Add a released season of thirty days with ten cards; return its id."""
    told: dict[str, Any] = {
        "pid": random_pid(),
        "name": "试一季",
        "starts_on": TODAY - timedelta(days=10),
        "ends_on": TODAY + timedelta(days=20),
        "pick_up_until": TODAY + timedelta(days=50),
        "themes": "[]",
        "daily_cap": 200,
        "state": SeasonState.RELEASED,
        "made_by": "editor",
        "made_at": NOW,
        "released_by": "reviewer",
        "released_at": NOW,
    }
    season = Season(**told | changes)
    session.add(season)
    session.flush()
    for ordinal in range(1, 11):
        session.add(
            CardKind(
                season_id=season.id,
                ordinal=ordinal,
                number=f"001-{ordinal:03}",
                title=f"第{ordinal}件",
                story="为测试而写的故事。",
            )
        )
    live.changed(session, seasons.LIVE)
    session.flush()
    return season.id


def known_season(session: Session, season_id: int) -> Known:
    """Return a season as processes know it."""
    return next(one for one in seasons.read(session.connection()) if one.id == season_id)


def a_facsimile(session: Session, *, on_hand: int, name: str = "建市批文（复制件）") -> int:
    """Add a facsimile whose stock has no ledger yet; return its id."""
    one = Facsimile(pid=random_pid(), name=name, on_hand=on_hand, made_by="editor", made_at=NOW)
    session.add(one)
    session.flush()
    return one.id


def a_follower(session: Session, openid: str = "somebody", *, now: datetime = NOW) -> int:
    """Add a follower; return their id."""
    return followers.ensure(session, openid, now=now)


def a_table(session: Session, bank: Bank, *, now: datetime = NOW) -> Table:
    """Return bank, seasons and moment."""
    return Table(bank, seasons.read(session.connection()), now)


def right(asked: Asked) -> str:
    """Return the right letters of a choice, as shown."""
    return as_shown(asked.order, "".join(asked.question.answer))


def wrong(asked: Asked) -> str:
    """Return a wrong letter of a single choice, as shown."""
    return next(letter for letter in "ABCD" if letter != right(asked))


@contextmanager
def a_quiz_talk(database: Database, folder: Path, *, agrees: bool = True) -> Iterator[Talk]:
    """Yield a conversation on a site with a bank; its follower has agreed to play."""
    store, close = open_store(database, "")
    site = Site(folder, ORIGIN, live=Live(database))
    answering = Answering(
        dispatcher=features.dispatcher(),
        database=database,
        store=store,
        site=site,
        secret="a-secret",
    )
    talk = Talk(answering)
    try:
        if agrees:
            with database.begin() as session:
                version = consents.current_text(site, "quiz").version
                number = a_follower(session, talk.openid)
                consents.give(session, number, "quiz", version=version, now=NOW)
        yield talk
    finally:
        answering.close()
        close()
