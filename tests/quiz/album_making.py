"""Builders of albums: cards that somebody has earned, a picture, a season whose cards are drawn."""

import io
import time
from datetime import datetime

from PIL import Image, ImageDraw
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from tests.quiz.making import NOW
from wx_archive.core import clock
from wx_archive.core.database import Database
from wx_archive.quiz.models import Answer, Card, CardKind, Draw, Entry
from wx_archive.quiz.rules import RIGHT_FOR_CARD
from wx_archive.quiz.seasons import KnownCard

DRAWN_WITHIN_S = 60
STORY = (
    "一九六九年冬，兰水两岸的人第一次走过这座桥。施工日志一共四十七册，每天的天气、水位、工人数目"
    "都记在上面。\n本卡故事为虚构（演示）。"
)


def a_card(ordinal: int = 3, **changes: str | None) -> KnownCard:
    """Return a card with a story of usual length."""
    told: dict[str, str | None] = {
        "number": "001-037",
        "title": "兰水大桥施工日志",
        "story": STORY,
        "source": "兰台市档案馆，全宗 12（演示）",
        "entry": "",
        "asset_pid": None,
        "art_pid": None,
    }
    return KnownCard(ordinal, **told | changes)  # type: ignore[arg-type] # each of its own kind


def a_picture(width: int = 1200, height: int = 900, colour: str = "#7a8fa6") -> bytes:
    """Return a photo of a hill, more or less, as JPEG."""
    picture = Image.new("RGB", (width, height), colour)
    draw = ImageDraw.Draw(picture)
    draw.polygon([(0, height), (width // 2, height // 3), (width, height)], fill="#44512f")
    out = io.BytesIO()
    picture.save(out, "JPEG")
    return out.getvalue()


def earns(
    session: Session,
    follower_id: int,
    season_id: int,
    cards: int,
    *,
    more: int = 0,
    now: datetime = NOW,
) -> int:
    """Give somebody so many cards and so many right answers more; return the entry's id."""
    entry_id = session.execute(
        insert(Entry)
        .values(follower_id=follower_id, season_id=season_id, seed=1, carried=0, begun_at=now)
        .returning(Entry.id)
    ).scalar_one()
    for number in range(1, cards * RIGHT_FOR_CARD + more + 1):
        answer_id = _answers_rightly(session, entry_id, number, now)
        ordinal, rest = divmod(number, RIGHT_FOR_CARD)
        if rest == 0:
            session.add(
                Card(entry_id=entry_id, ordinal=ordinal, answer_id=answer_id, earned_at=now)
            )
    session.flush()
    return entry_id


def _answers_rightly(session: Session, entry_id: int, number: int, now: datetime) -> int:
    draw_id = session.execute(
        insert(Draw)
        .values(
            token=f"{entry_id:04}{number:08}",
            entry_id=entry_id,
            place=number,
            question_id=f"things-{number:03}",
            question_hash="0" * 16,
            drawn_at=now,
            closed_at=now,
        )
        .returning(Draw.id)
    ).scalar_one()
    return session.execute(
        insert(Answer)
        .values(
            draw_id=draw_id,
            entry_id=entry_id,
            answered_at=now,
            day=clock.day_of(now),
            given="B",
            is_right=True,
            right_no=number,
        )
        .returning(Answer.id)
    ).scalar_one()


def until_drawn(database: Database) -> None:
    """Wait until the worker has drawn all cards there are."""
    missing = select(CardKind.id).where(CardKind.art_pid.is_(None)).limit(1)
    deadline = time.monotonic() + DRAWN_WITHIN_S
    while True:
        with database.reads() as connection:
            if connection.execute(missing).first() is None:
                return
        assert time.monotonic() < deadline
        time.sleep(0.1)
