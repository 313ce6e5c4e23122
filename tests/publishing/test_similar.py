"""Pieces that look like one that went out: the same content, nearly the same title."""

from datetime import UTC, datetime, timedelta

import pytest

from wx_archive.core.database import Database
from wx_archive.publishing import pieces, similar
from wx_archive.publishing.pieces import Content
from wx_archive.publishing.push_models import Push, PushPiece
from wx_archive.publishing.rules import Column, Delivery, Kind, PushState
from wx_archive.publishing.similar import LIKE, Sent

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)


def a_sent(title: str, content_hash: str = "a" * 64) -> Sent:
    """Return a piece that went out."""
    return Sent("P", 1, title, content_hash, NOW)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("一座城的四年：十堰建市前后", "一座城的四年：十堰建市前后"),
        ("一座城的四年：十堰建市前后", "一座城的四年——十堰建市前后"),
        ("档案法读者须知2024版", "档案法读者须知２０２４版"),
        ("国际档案日的由来和我们的活动", "国际档案日的由来及我们的活动"),
    ],
)
def test_titles_that_differ_in_little_are_alike(one: str, other: str) -> None:
    assert similar.likeness(one, other) >= LIKE
    assert similar.likeness(other, one) == similar.likeness(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("历史钩沉 · 11月25日", "历史钩沉 · 12月2日"),
        ("历史钩沉 · 11月25日", "历史钩沉 · 11月26日"),
        ("丹江口大坝的图纸", "郧阳府城的图纸"),
        ("", ""),
        ("甲", "乙"),
    ],
)
def test_titles_of_a_series_or_of_something_else_are_not(one: str, other: str) -> None:
    assert similar.likeness(one, other) < LIKE


def test_the_same_content_comes_before_a_title_that_is_alike() -> None:
    alike, same = a_sent("一座城的四年——十堰建市前后"), a_sent("另一个题目", "b" * 64)
    found = similar.matches("一座城的四年：十堰建市前后", "b" * 64, [alike, same])
    assert [(match.other, match.is_same) for match in found] == [(same, True), (alike, False)]
    assert similar.matches("别的", "c" * 64, [alike, same]) == []


def a_push(database: Database, title: str, state: PushState, *, at: datetime) -> int:
    """Add a push of one piece; return its id."""
    with database.begin() as session:
        content = Content(Column.HISTORY, Kind.ARTICLE, title)
        piece = pieces.add(session, content, made_by="editor", now=at)
        push = Push(
            pid=f"{title:X<26}"[:26],
            state=state,
            delivery=Delivery.MASS,
            made_by="publisher",
            made_at=at,
            changed_at=at,
            sent_at=at if state is PushState.SENT else None,
        )
        session.add(push)
        session.flush()
        session.add(PushPiece(push_id=push.id, place=0, piece_id=piece.id, content_hash="d" * 64))
        return push.id


def test_what_was_sent_within_90_days_and_what_is_about_to_go_counts(database: Database) -> None:
    old = NOW - similar.WITHIN
    a_push(database, "很久以前", PushState.SENT, at=old - timedelta(seconds=1))
    a_push(database, "九十天前", PushState.SENT, at=old)
    a_push(database, "排着的", PushState.SCHEDULED, at=NOW)
    a_push(database, "取消的", PushState.CANCELLED, at=NOW)
    a_push(database, "还在筹备", PushState.PREPARING, at=NOW)
    own = a_push(database, "自己", PushState.SCHEDULED, at=NOW)
    with database.reads() as connection:
        found = similar.sent_lately(connection, but_of=own, now=NOW)
    assert [each.title for each in found] == ["排着的", "九十天前"]
