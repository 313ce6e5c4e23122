"""The pre-flight: what it finds, what it says, and that nothing moves between it and the button."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from tests.conftest import PROJECT
from tests.publishing.crowd import a_follower
from tests.publishing.pushing import (
    PUBLISHER,
    SERVICE,
    SUBSCRIPTION,
    a_push,
    a_text,
    an_article,
    terms,
)
from wx_archive.core.database import Database
from wx_archive.core.site import Site
from wx_archive.core.workdays import Calendar, Year
from wx_archive.publishing import pieces, preflight, preflight_facts, pushes, remarks
from wx_archive.publishing.models import Piece, PieceReview
from wx_archive.publishing.pieces import Content
from wx_archive.publishing.preflight import Around, Examined
from wx_archive.publishing.preflight_terms import Mark, When
from wx_archive.publishing.push_models import Push
from wx_archive.publishing.rules import AudienceKind, Delivery, ReviewKind
from wx_archive.publishing.wechat_html import Links
from wx_archive.staff.rules import Person, Role
from wx_archive.wechat.account import Entitlements
from wx_archive.wechat.limits import AccountType

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
"""A Monday, ten in the morning in Shanghai."""
SITE = Site(PROJECT, "https://archive.example")
WEDNESDAY = datetime(2026, 11, 25, 1, tzinfo=UTC)
UNVERIFIED = Entitlements(AccountType.SERVICE_UNVERIFIED)
PERSON = Person(1, "shenhe", "李审", frozenset({Role.REVIEWER}))


def examined(
    database: Database,
    push: Push,
    when: When = When(WEDNESDAY),  # noqa: B008 -- a frozen value
    *,
    account: Entitlements = SERVICE,
    calendar: Calendar | None = None,
    **profile: Any,
) -> Examined:
    """Examine a push as the page does."""
    around = Around(
        account,
        SITE.profile.model_copy(update=profile) if profile else SITE.profile,
        calendar or Calendar(),
        Links.of(SITE),
    )
    with database.reads() as connection:
        return preflight.examine(connection, push, when, around, now=NOW)


def said(found: Examined, mark: Mark) -> list[str]:
    """Return the sentences of a mark."""
    return [one.sentence for group in found.groups for one in group.checks if one.mark == mark]


def ready(database: Database, *contents: Content, people: int = 3, **changes: Any) -> Push:
    """Compose a push that nothing stands against, with followers to send it to."""
    with database.begin() as session:
        for number in range(people):
            a_follower(session, f"o{number}")
        return a_push(session, *(contents or (a_text(sources=("本馆",)),)), now=NOW, **changes)


def scheduled(database: Database, title: str, at: datetime, account: Entitlements) -> Push:
    """Schedule another push."""
    with database.begin() as session:
        push = a_push(session, a_text(title, body=f"{title}的正文。"), now=NOW)
        pushes.schedule(session, push, terms(at), account=account, profile=SITE.profile, now=NOW)
        return push


def changed(database: Database, push: Push, change: Callable[[Session, int], None]) -> None:
    """Change something about the first piece of a push."""
    with database.begin() as session:
        [piece] = preflight_facts.pieces_of(session.connection(), push.id)
        change(session, piece.id)


def test_a_push_that_nothing_stands_against_has_a_number_and_no_obstacle(
    database: Database,
) -> None:
    found = examined(database, ready(database))
    assert said(found, Mark.BLOCKS) == []
    assert said(found, Mark.WARNS) == []
    assert not found.is_blocked
    assert found.counted is not None
    assert found.counted.total == 3
    good = said(found, Mark.GOOD)
    assert any(one.startswith("审定：李审，11月23日 10:00") for one in good)
    assert "保密审查：李审签字。" in good
    assert "将发给 3 人。" in good
    assert "11月25日 周三 09:00 发；过了 11月25日 周三 09:10 还没发出去，就停下来问您。" in good


def test_a_finding_of_the_words_blocks_and_leads_to_the_editor(database: Database) -> None:
    found = examined(database, ready(database, an_article()))
    [blocked] = [one for group in found.groups for one in group.checks if one.mark == Mark.BLOCKS]
    assert blocked.sentence.startswith("封面：还没有封面")
    assert blocked.path == f"/console/pieces/{found.pieces[0].pid}/edit"


def test_every_piece_has_its_own_group(database: Database) -> None:
    found = examined(database, ready(database, an_article("头条"), an_article("次条", body="二。")))
    assert [group.title for group in found.groups][:2] == ["《头条》", "《次条》"]


def test_without_enough_reviewers_it_is_blocked(database: Database) -> None:
    push = ready(database)
    assert "还没有审定：还差 1 个人审。" in said(
        examined(database, push, review_steps=2), Mark.BLOCKS
    )


def test_without_the_secrecy_review_it_is_blocked(database: Database) -> None:
    push = ready(database)

    def withdrawn(session: Session, piece_id: int) -> None:
        session.execute(
            delete(PieceReview).where(
                PieceReview.piece_id == piece_id, PieceReview.kind == ReviewKind.SECRECY
            )
        )

    changed(database, push, withdrawn)
    assert said(examined(database, push), Mark.BLOCKS) == ["还没有人签保密审查。"]


def test_an_edit_after_the_approval_blocks(database: Database) -> None:
    push = ready(database)

    def edited(session: Session, piece_id: int) -> None:
        [piece] = preflight_facts.pieces_of(session.connection(), push.id)
        kept = pieces.locked(session, piece.pid)
        assert kept is not None
        assert kept.id == piece_id
        words = replace(Content.of(kept), body="另一句话。")
        pieces.save(session, kept, words, since=kept.revision, made_by="bianji", now=NOW)

    changed(database, push, edited)
    blocked = said(examined(database, push), Mark.BLOCKS)
    assert "还没有审定：还差 1 个人审。" in blocked
    assert "还没有人签保密审查。" in blocked


def test_a_remark_that_is_open_blocks_until_it_is_settled(database: Database) -> None:
    push = ready(database)
    with database.begin() as session:
        [shown] = preflight_facts.pieces_of(session.connection(), push.id)
        piece = pieces.locked(session, shown.pid)
        assert piece is not None
        remark = remarks.add(session, piece, "第二段年份请核对", person=PERSON, now=NOW)
        number = remark.id
    assert said(examined(database, push), Mark.BLOCKS) == ["还有 1 条批注没有处理。"]
    with database.begin() as session:
        piece = pieces.locked(session, shown.pid)
        assert piece is not None
        remarks.settle(session, piece, number, person=PERSON, now=NOW)
    assert said(examined(database, push), Mark.BLOCKS) == []


def test_a_piece_that_was_taken_down_blocks(database: Database) -> None:
    push = ready(database)

    def taken_down(session: Session, piece_id: int) -> None:
        session.execute(update(Piece).where(Piece.id == piece_id).values(withdrawn_at=NOW))

    changed(database, push, taken_down)
    assert any("已经撤下" in one for one in said(examined(database, push), Mark.BLOCKS))


# -- who gets it, how often -------------------------------------------------------------------


def test_an_account_that_may_not_is_told_why(database: Database) -> None:
    blocked = said(examined(database, ready(database), account=UNVERIFIED), Mark.BLOCKS)
    assert any("微信不开放“按标签群发”" in one for one in blocked)


def test_an_audience_of_nobody_blocks(database: Database) -> None:
    assert said(examined(database, ready(database, people=0)), Mark.BLOCKS) == [
        "这个范围里一个人也没有，请换一个范围。"
    ]


def test_a_list_of_one_is_too_short_for_wechat(database: Database) -> None:
    push = ready(database, people=1, audience=AudienceKind.LIST)
    assert any("至少要 2 人" in one for one in said(examined(database, push), Mark.BLOCKS))


def test_the_months_quota_is_told_with_who_has_its_places(database: Database) -> None:
    scheduled(database, "国际档案日", WEDNESDAY, SERVICE)
    good = said(examined(database, ready(database)), Mark.GOOD)
    assert (
        "服务号每位粉丝每月最多收到 4 次群发。本月还可发 4 次，其中 1 次已被《国际档案日》占用。"
        in good
    )


def test_a_full_month_blocks_and_another_month_does_not(database: Database) -> None:
    for number in range(4):
        scheduled(database, f"第{number}次推送", WEDNESDAY + timedelta(hours=number), SERVICE)
    push = ready(database)
    blocked = said(examined(database, push), Mark.BLOCKS)
    assert any("本月已发 0 次，还排着 4 次，没有空位了" in one for one in blocked)
    december = examined(database, push, When(WEDNESDAY + timedelta(days=10)))
    assert said(december, Mark.BLOCKS) == []
    assert any("2026年12月还可发 4 次。" in one for one in said(december, Mark.GOOD))


def test_those_who_are_full_already_are_counted_and_told(database: Database) -> None:
    push = ready(database)
    for number in range(3):
        scheduled(database, f"第{number}次推送", WEDNESDAY + timedelta(hours=number), SERVICE)
    assert said(examined(database, push), Mark.WARNS) == []
    scheduled(database, "最后一次", WEDNESDAY, SERVICE)
    assert any(
        "其中 3 人本月已收满 4 次" in one for one in said(examined(database, push), Mark.BLOCKS)
    )


def test_a_subscription_account_sends_once_a_day(database: Database) -> None:
    scheduled(database, "历史钩沉", WEDNESDAY, SUBSCRIPTION)
    push = ready(database)
    same = said(examined(database, push, account=SUBSCRIPTION), Mark.BLOCKS)
    assert "订阅号每天只能群发 1 次。11月25日已被《历史钩沉》占用，请换一天。" in same
    next_day = examined(database, push, When(WEDNESDAY + timedelta(days=1)), account=SUBSCRIPTION)
    assert "订阅号每天只能群发 1 次。11月26日还没有安排。" in said(next_day, Mark.GOOD)


def test_a_push_that_tells_nobody_has_no_number_and_takes_no_place(database: Database) -> None:
    found = examined(database, ready(database, delivery=Delivery.SITE))
    assert found.counted is None
    assert not any("每月最多" in one for one in said(found, Mark.GOOD))
    assert not found.is_blocked


# -- the same again, and the hour -------------------------------------------------------------


def test_what_was_sent_before_wants_a_reason(database: Database) -> None:
    scheduled(database, "闭馆通知", WEDNESDAY, SERVICE)
    found = examined(database, ready(database))
    assert found.needs_reason
    assert not found.is_blocked
    assert any("标题很像" in one for one in said(found, Mark.WARNS))


def test_the_same_words_are_recognised_below_another_push(database: Database) -> None:
    with database.begin() as session:
        content = a_text("另一个题目")
        push = a_push(session, content, now=NOW)
        a_follower(session, "o0")
        pushes.schedule(
            session, push, terms(WEDNESDAY), account=SERVICE, profile=SITE.profile, now=NOW
        )
        [piece] = preflight_facts.pieces_of(session.connection(), push.id)
        locked = pieces.locked(session, piece.pid)
        assert locked is not None
        again = pushes.compose(
            session, [locked], delivery=Delivery.MASS, made_by=PUBLISHER, now=NOW
        )
    assert any("一字不差" in one for one in said(examined(database, again), Mark.WARNS))


@pytest.mark.parametrize(
    ("hour", "minute", "is_late"),
    [(21, 59, False), (22, 0, True), (6, 59, True), (7, 0, False), (0, 0, True)],
)
def test_the_night_is_warned_of(
    database: Database, *, hour: int, minute: int, is_late: bool
) -> None:
    at = datetime(2026, 11, 25, hour, minute) - timedelta(hours=8)  # noqa: DTZ001 -- made UTC below
    found = examined(database, ready(database), When(at.replace(tzinfo=UTC)))
    assert any("打扰人休息" in one for one in said(found, Mark.WARNS)) is is_late


def test_a_holiday_is_warned_of(database: Database) -> None:
    off = Calendar({2026: Year(holidays=[date(2026, 11, 25)])})
    assert any(
        "放假" in one for one in said(examined(database, ready(database), calendar=off), Mark.WARNS)
    )


def test_a_time_that_has_passed_or_ends_before_it_begins_blocks(database: Database) -> None:
    push = ready(database)
    past = examined(database, push, When(NOW))
    assert any("已经过了" in one for one in said(past, Mark.BLOCKS))
    early = examined(database, push, When(WEDNESDAY, WEDNESDAY - timedelta(seconds=1)))
    assert any("最迟发送时间" in one for one in said(early, Mark.BLOCKS))
    assert not examined(database, push, When(WEDNESDAY, WEDNESDAY)).is_blocked


# -- the seal ---------------------------------------------------------------------------------


def test_the_seal_holds_while_nothing_moves_and_breaks_with_anything_that_does(
    database: Database,
) -> None:
    push = ready(database)
    seal = examined(database, push).seal
    assert examined(database, push).seal == seal
    assert examined(database, push, When(WEDNESDAY + timedelta(minutes=1))).seal != seal
    with database.begin() as session:
        a_follower(session, "oNew")
    counted = examined(database, push).seal
    assert counted != seal
    scheduled(database, "另一次", WEDNESDAY, SERVICE)
    assert examined(database, push).seal != counted


def test_another_version_of_the_push_breaks_the_seal(database: Database) -> None:
    push = ready(database)
    seal = examined(database, push).seal
    push.version += 1
    assert examined(database, push).seal != seal
