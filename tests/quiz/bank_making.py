"""Builders of the bank: a site's folder, rows of tables, answers and complaints of followers."""

import csv
import io
import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy import select

from tests.console import Office
from wx_archive.core.database import Database
from wx_archive.core.ids import random_pid
from wx_archive.followers.models import Follower
from wx_archive.quiz import bank, bank_export, bank_rows
from wx_archive.quiz.bank_files import Theme
from wx_archive.quiz.models import Answer, Complaint, Draw, Entry, Season
from wx_archive.quiz.rules import Reason, SeasonState
from wx_archive.staff.models import Member, MemberRole
from wx_archive.staff.rules import Role

PROJECT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
TODAY = date(2026, 11, 23)


def a_row(**changes: str) -> dict[str, str]:
    """Return a good row by column: true or false, of the theme that `a_folder` has."""
    row = {
        "theme": "things",
        "kind": "判断题",
        "text": "兰台市档案馆星期天也开放阅览。",
        "answer": "错",
        "explanation": "星期天闭馆。",
        "title": "兰台市档案馆指南",
        "url": "https://archives.example.gov.cn/guide",
        "difficulty": "容易",
        "tags": "指南",
    }
    return row | changes


def a_table(path: Path, rows: Iterable[Mapping[str, str]], *, encoding: str = "utf-8") -> Path:
    """Write rows as a CSV file with every column."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(column.header for column in bank_rows.COLUMNS)
    writer.writerows([row.get(column.key, "") for column in bank_rows.COLUMNS] for row in rows)
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def a_folder(folder: Path, *rows: Mapping[str, str]) -> Path:
    """Make a site's folder whose bank has one theme with these rows, at least one."""
    themes = {"things": Theme("things", "试题", "测试用的题目")}
    questions = [
        bank_rows.read_row({"id": f"things-{n:03}"} | dict(row), themes, today=TODAY, before=None)
        for n, row in enumerate(rows or [a_row()], start=1)
    ]
    target = folder / "site" / "quiz_bank"
    target.mkdir(parents=True)
    text = bank_export.as_yaml(themes["things"], questions)
    (target / "things.yaml").write_text(text, encoding="utf-8")
    return target.parent


def an_entry(database: Database) -> int:
    """Add a follower who takes part in a season; return the entry's id."""
    with database.begin() as session:
        season = session.scalars(select(Season).limit(1)).one_or_none() or Season(
            pid=random_pid(),
            name="试一季",
            starts_on=TODAY,
            ends_on=TODAY,
            pick_up_until=TODAY,
            daily_cap=20,
            state=SeasonState.DRAFT,
            made_by="editor",
            made_at=NOW,
        )
        follower = Follower(openid=secrets.token_hex(14), first_seen_at=NOW, last_seen_at=NOW)
        session.add_all((season, follower))
        session.flush()
        entry = Entry(follower_id=follower.id, season_id=season.id, seed=1, carried=0, begun_at=NOW)
        session.add(entry)
        session.flush()
        return entry.id


def a_draw(database: Database, question_id: str, question_hash: str = "") -> tuple[int, int]:
    """Deal a question to a new follower; return the entry's id and the draw's."""
    entry_id = an_entry(database)
    with database.begin() as session:
        draw = Draw(
            token=secrets.token_hex(6),
            entry_id=entry_id,
            place=1,
            question_id=question_id,
            question_hash=question_hash,
            drawn_at=NOW,
            closed_at=NOW,
        )
        session.add(draw)
        session.flush()
        return entry_id, draw.id


def answers(database: Database, question_id: str, *, right: int, wrong: int) -> None:
    """Have so many followers answer a question."""
    for is_right in [True] * right + [False] * wrong:
        entry_id, draw_id = a_draw(database, question_id)
        with database.begin() as session:
            session.add(
                Answer(
                    draw_id=draw_id,
                    entry_id=entry_id,
                    answered_at=NOW,
                    day=TODAY,
                    given="A",
                    is_right=is_right,
                    right_no=1 if is_right else None,
                )
            )


def complains(database: Database, question_id: str, reason: Reason = Reason.ANSWER) -> int:
    """Have a new follower find fault with a question of the shipped bank, as it is."""
    held = bank.of_files(PROJECT).questions.get(question_id)
    _entry, draw_id = a_draw(database, question_id, held.fingerprint if held else "")
    with database.begin() as session:
        complaint = Complaint(draw_id=draw_id, question_id=question_id, reason=reason, made_at=NOW)
        session.add(complaint)
        session.flush()
        return complaint.id


def give_role(office: Office, person: Role, role: Role) -> None:
    """Give one of the demo's people a second role."""
    with office.database.begin() as session:
        member = session.scalars(select(Member).where(Member.login == person.value)).one()
        session.add(MemberRole(member_id=member.id, role=role))
