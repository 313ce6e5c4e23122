"""领取 in the chat: what is missing, which facsimile, the voucher, where and until when."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from tests.builders import wide
from tests.quiz.making import (
    NOW,
    TODAY,
    a_follower,
    a_quiz_talk,
    a_season,
    a_site_folder,
    some_questions,
)
from tests.quiz.vouchers_making import SPEECH, a_clerk, a_stock, adds_up, after, has_right
from tests.talk import Talk
from wx_archive.chat.models import HeldAnswer
from wx_archive.core.clock import day_of
from wx_archive.core.database import Database
from wx_archive.quiz import codes, redemption, vouchers
from wx_archive.quiz.models import Season
from wx_archive.quiz.redemption import Receipt
from wx_archive.quiz.voucher_models import Facsimile, Voucher

MOST_BYTES = 2_048


@pytest.fixture
def talk(database: Database, tmp_path: Path) -> Iterator[Talk]:
    with a_quiz_talk(database, a_site_folder(tmp_path, some_questions(3))) as opened:
        yield opened


def collects(database: Database, talk: Talk, right: int = 100, **season: object) -> int:
    """Have the talk's follower collect cards; return the season."""
    with database.begin() as session:
        season_id = a_season(session, **season)
        has_right(session, a_follower(session, talk.openid), season_id, right)
    return season_id


def shelf(database: Database, pieces: int, name: str = SPEECH) -> int:
    with database.begin() as session:
        return a_stock(session, pieces, name=name)


def code_of(database: Database) -> str:
    with database.begin() as session:
        return session.scalars(select(Voucher.code).order_by(Voucher.id.desc())).first() or ""


def hands_over(database: Database) -> Receipt:
    code = code_of(database)
    with database.begin() as session:
        return redemption.redeem(session, code, member=a_clerk(session), now=NOW)


def vouchers_of(database: Database) -> int:
    with database.begin() as session:
        return len(session.scalars(select(Voucher.id)).all())


@pytest.mark.parametrize("word", ["领取", "领奖", "领卡", "领取。"])
def test_ten_cards_are_a_voucher(database: Database, talk: Talk, word: str) -> None:
    collects(database, talk)
    shelf(database, 42)
    talk.says(word)
    code = code_of(database)
    check = codes.desk_check(code, "a-secret")
    for words in (codes.printed(code), check, SPEECH, "档案路", "2027年1月12日", "替您来"):
        assert words in talk.visible, (words, talk.visible)
    assert "/h5/enter/me." in talk.text
    assert len(talk.text.encode()) <= MOST_BYTES
    adds_up(database)


def test_asked_again_it_is_the_same_voucher(database: Database, talk: Talk) -> None:
    collects(database, talk)
    shelf(database, 42)
    talk.says("领取")
    code = code_of(database)
    talk.says("领取")
    assert codes.printed(code) in talk.visible
    assert "还没有领" in talk.visible
    assert vouchers_of(database) == 1


def test_without_ten_cards_the_way_goes_on(database: Database, talk: Talk) -> None:
    shelf(database, 42)
    talk.says("领取")
    assert "没有正在进行" in talk.visible
    collects(database, talk, 37)
    talk.says("领取")
    assert "3 张卡，还差 7 张" in talk.visible
    assert "再答对 3 题" in talk.visible
    assert [choice.content for _label, choice in talk.choices] == ["答题", "我的卡"]
    assert vouchers_of(database) == 0


def test_a_season_that_is_over_says_what_becomes_of_the_rest(
    database: Database, talk: Talk
) -> None:
    collects(database, talk, 37, ends_on=TODAY - timedelta(days=1))
    talk.says("领取")
    assert "已经结束" in talk.visible
    assert "带到下一季" in talk.visible


def test_before_the_first_card_it_says_how_to_begin(database: Database, talk: Talk) -> None:
    with database.begin() as session:
        a_season(session)
    talk.says("领取")
    assert "还没有卡" in talk.visible
    assert [choice.content for _label, choice in talk.choices] == ["答题", "我的卡"]


def test_of_several_facsimiles_one_is_tapped_or_typed(database: Database, talk: Talk) -> None:
    collects(database, talk)
    shelf(database, 3, "甲（复制件）")
    shelf(database, 0, "乙（复制件）")
    shelf(database, 2, "<丙>（复制件）")
    talk.says("领取")
    assert "1 甲（复制件）（还有 3 份）" in talk.visible
    assert "乙" not in talk.visible
    assert vouchers_of(database) == 0
    talk.says("领取 7")
    assert "没有第 7 种" in talk.visible
    assert "1 甲" in talk.visible
    _label, third = talk.choices[1]
    assert third.content == "领取 3"  # its place stays when the others run out
    old = talk.choices[0][1]
    talk.presses(third)
    assert "丙" in talk.visible
    assert codes.printed(code_of(database)) in talk.visible
    talk.presses(old)  # a tap in an old list changes nothing any more
    assert "丙" in talk.visible
    assert vouchers_of(database) == 1
    adds_up(database)


def test_a_choice_is_typed_by_its_number(database: Database, talk: Talk) -> None:
    collects(database, talk)
    shelf(database, 3, "甲（复制件）")
    shelf(database, 2, "乙（复制件）")
    talk.says(f"领取{chr(0x3000)}{wide('2')}")
    assert "领什么：乙" in talk.visible


def test_other_words_after_the_command_are_looked_up(database: Database, talk: Talk) -> None:
    collects(database, talk)
    shelf(database, 3)
    talk.says("领取 养老金")
    assert vouchers_of(database) == 0
    assert "凭证号" not in talk.visible


def test_what_was_tapped_and_is_gone_offers_the_others(database: Database, talk: Talk) -> None:
    collects(database, talk)
    gone = shelf(database, 1, "甲（复制件）")
    shelf(database, 2, "乙（复制件）")
    talk.says("领取")
    first = talk.choices[0][1]
    with database.begin() as session:
        session.execute(update(Facsimile).where(Facsimile.id == gone).values(is_offered=False))
    talk.presses(first)
    assert "请换一种" in talk.visible
    assert "1 乙" in talk.visible
    assert vouchers_of(database) == 0  # nobody is given what they did not choose


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("0", "没有第 0 种"),
        ("00", "没有第 0 种"),
        (wide("0"), "没有第 0 种"),
        ("3", "没有第 3 种"),
        ("100", "没有第 100 种"),
        ("9" * 600, "没有这一种"),
    ],
)
@pytest.mark.parametrize("kinds", [1, 2])
def test_a_number_that_is_not_in_the_list_is_told_so(
    database: Database, talk: Talk, typed: str, said: str, kinds: int
) -> None:
    collects(database, talk)
    for name in ("甲（复制件）", "乙（复制件）")[:kinds]:
        shelf(database, 3, name)
    talk.says(f"领取 {typed}")
    assert talk.visible.startswith(f"{said}，请从下面选：")
    assert len(talk.choices) == kinds
    assert vouchers_of(database) == 0


@pytest.mark.parametrize("typed", ["0", "7"])
def test_without_ten_cards_a_number_is_answered_like_the_word(
    database: Database, talk: Talk, typed: str
) -> None:
    collects(database, talk, 37)
    shelf(database, 3)
    talk.says(f"领取 {typed}")
    assert "还差 7 张" in talk.visible


def test_when_nothing_is_left_it_says_so_calmly(database: Database, talk: Talk) -> None:
    collects(database, talk)
    shelf(database, 0)
    talk.says("领取")
    assert "都领完了" in talk.visible
    assert "您的卡一直在" in talk.visible
    assert vouchers_of(database) == 0


def test_an_expired_voucher_is_told_of_and_replaced(database: Database, talk: Talk) -> None:
    collects(database, talk, pick_up_until=TODAY + timedelta(days=200))
    shelf(database, 1)
    talk.says("领取")
    old = code_of(database)
    talk.now = after(61)
    talk.says("领取")
    assert "换一张新的" in talk.visible
    assert "2027年1月22日" in talk.visible
    assert code_of(database) != old
    adds_up(database)


def test_that_the_old_one_expired_is_said_before_the_new_choice(
    database: Database, talk: Talk
) -> None:
    collects(database, talk, pick_up_until=TODAY + timedelta(days=200))
    first = shelf(database, 2, "甲（复制件）")
    talk.says("领取")
    second = shelf(database, 2, "乙（复制件）")
    talk.now = after(61)
    for typed in ("领取", "领取 7"):
        talk.says(typed)
        assert talk.visible.startswith("上一张凭证 2027年1月22日 到期了"), talk.visible
        assert "1 甲" in talk.visible
        assert "2 乙" in talk.visible
    with database.begin() as session:
        gone = Facsimile.id.in_((first, second))
        session.execute(update(Facsimile).where(gone).values(is_offered=False))
    talk.says("领取")
    assert talk.visible.startswith("上一张凭证 2027年1月22日 到期了"), talk.visible
    assert "都领完了" in talk.visible
    adds_up(database)


def test_when_the_pick_up_is_over_it_says_so(database: Database, talk: Talk) -> None:
    collects(database, talk)
    shelf(database, 1)
    talk.now = after(51)
    talk.says("领取")
    assert "已经截止" in talk.visible
    assert vouchers_of(database) == 0


def test_what_was_picked_up_is_told(database: Database, talk: Talk) -> None:
    collects(database, talk)
    shelf(database, 1)
    talk.says("领取")
    done = hands_over(database)
    talk.says("领取")
    assert done.number in talk.visible
    assert "已经领走" in talk.visible
    assert codes.printed(code_of(database)) not in talk.visible


def test_what_is_told_later_waits_for_the_follower(database: Database, talk: Talk) -> None:
    collects(database, talk)
    shelf(database, 1)
    talk.says("领取")
    hands_over(database)
    talk.says("取结果")
    assert "已领取，感谢。" in talk.visible


def test_every_text_fits_even_with_the_longest_names(database: Database, talk: Talk) -> None:
    collects(database, talk)
    for number in range(12):
        shelf(database, 99_999, f"{number:02}" + "长" * 58)
    talk.says("领取")
    assert len(talk.text.encode()) <= MOST_BYTES
    assert len(talk.choices) >= 4
    assert f"还有 {12 - len(talk.choices)} 种" in talk.visible
    assert "选定以后不能换" in talk.visible
    talk.says("领取 12")
    assert "领什么：11长" in talk.visible
    assert len(talk.text.encode()) <= MOST_BYTES
    with database.begin() as session:
        vouchers.expire(session, today=day_of(after(60)), now=after(60))
        texts = session.scalars(select(HeldAnswer.text)).all()
        season = session.scalars(select(Season.name)).one()
    assert texts
    assert season
    assert all(len(text.encode()) <= MOST_BYTES for text in texts)
