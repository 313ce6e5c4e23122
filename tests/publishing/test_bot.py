"""The columns in the chat: cards and lists, topics that narrow, 有用 and 没用, one word each."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.publishing.reading_room import NOON, YESTERDAY, an_out_piece, bring_out
from tests.talk import ORIGIN, Talk, a_talk
from wx_archive.core.database import Database
from wx_archive.publishing import opinions, pieces
from wx_archive.publishing.models import Piece
from wx_archive.publishing.pieces import Content
from wx_archive.publishing.reader_models import PieceOpinion
from wx_archive.publishing.rules import TITLES, Column, Kind

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    opened = Database(sqlite_url)
    yield opened
    opened.dispose()


@pytest.fixture
def talk(database: Database) -> Iterator[Talk]:
    with a_talk(database, PROJECT) as talk:
        yield talk


def kept(database: Database) -> list[tuple[str, bool, str]]:
    """Return every opinion: of which piece, whether it was of use, the words."""
    with database.reads() as connection:
        rows = connection.execute(
            select(Piece.pid, PieceOpinion.is_useful, PieceOpinion.words)
            .join(Piece, Piece.id == PieceOpinion.piece_id)
            .order_by(Piece.pid)
        )
        return [(row.pid, row.is_useful, row.words) for row in rows]


# -- the newest pieces --------------------------------------------------------------------------


def test_a_menu_tap_shows_the_newest_pieces_as_cards_and_the_way_to_all(
    database: Database, talk: Talk
) -> None:
    for number in range(7):
        bring_out(database, f"第{number}篇", pid=f"p{number}", out_at=NOON - timedelta(days=number))
    bring_out(database, "还没到", out_at=NOON + timedelta(seconds=1))
    talk.taps("publishing.history")
    assert [card["Title"] for card in talk.cards] == [
        *(f"第{number}篇" for number in range(5)),
        "往期：全部历史钩沉",
    ]
    assert talk.cards[0]["Url"] == f"{ORIGIN}/h5/articles/p0?via=chat"
    assert talk.cards[0]["Description"] == "一句提要"
    assert not talk.cards[0]["PicUrl"]
    assert talk.cards[-1]["Url"] == f"{ORIGIN}/h5/columns/history"


def test_a_card_bears_its_cover_and_says_what_is_no_article(database: Database, talk: Talk) -> None:
    bring_out(database, cover="0" * 26, kind=Kind.VIDEO)
    talk.taps("publishing.history")
    assert talk.cards[0]["PicUrl"] == f"{ORIGIN}/h5/media/{'0' * 26}?form=cover"
    assert talk.cards[0]["Description"] == "视频 · 一句提要"


def test_an_empty_column_says_so_and_leads_on(talk: Talk) -> None:
    assert "《出彩十堰》还没有文章" in talk.taps("publishing.city")
    assert "回“往期”" in talk.text
    assert talk.says("出彩十堰") == talk.taps("publishing.city")


@pytest.mark.parametrize("column", list(Column))
def test_the_name_of_a_column_gives_its_pieces_in_words(
    database: Database, talk: Talk, column: Column
) -> None:
    bring_out(database, "有<尖>括号", pid="p1", column=column)
    bring_out(database, "旧的", column=column, out_at=YESTERDAY - timedelta(days=3))
    talk.says(f" {TITLES[column]}。")
    assert talk.cards == []
    assert "1 有〈尖〉括号（2026年11月22日）" in talk.visible
    assert f'href="{ORIGIN}/h5/articles/p1?via=chat"' in talk.text
    assert f'href="{ORIGIN}/h5/columns/{column.value}"' in talk.text
    assert "只看感兴趣的" not in talk.text


def test_the_way_to_everything_names_the_columns(database: Database, talk: Talk) -> None:
    bring_out(database, "最新的")
    talk.says("往期")
    assert f'href="{ORIGIN}/h5/articles"' in talk.text
    assert "《最新的》" in talk.visible
    assert {label for label, _choice in talk.choices} == set(TITLES.values())


# -- topics ---------------------------------------------------------------------------------------


def test_chosen_topics_come_first_and_nothing_is_hidden(database: Database, talk: Talk) -> None:
    bring_out(database, "新的", out_at=NOON)
    bring_out(database, "感兴趣的", interests=("history",))
    talk.taps("publishing.history")
    assert [card["Title"] for card in talk.cards][:2] == ["新的", "感兴趣的"]
    talk.says("兴趣 历史钩沉")
    talk.taps("publishing.history")
    assert [card["Title"] for card in talk.cards][:2] == ["感兴趣的", "新的"]
    assert "感兴趣的主题" in talk.cards[-1]["Description"]
    talk.says("历史钩沉")
    assert talk.visible.index("感兴趣的（") < talk.visible.index("新的（")
    assert "只看感兴趣的" in talk.visible
    assert f"{ORIGIN}/h5/enter/me." in talk.text


def test_a_topic_taken_back_counts_with_the_next_message(database: Database, talk: Talk) -> None:
    bring_out(database, "新的", out_at=NOON)
    bring_out(database, "感兴趣的", interests=("history",))
    talk.says("兴趣 历史钩沉")
    talk.says("兴趣 历史钩沉")
    talk.taps("publishing.history")
    assert [card["Title"] for card in talk.cards][:2] == ["新的", "感兴趣的"]


def test_somebody_elses_topics_change_nothing(database: Database, talk: Talk) -> None:
    bring_out(database, "新的", out_at=NOON)
    bring_out(database, "感兴趣的", interests=("history",))
    talk.openid = "another"
    talk.says("兴趣 历史钩沉")
    talk.openid = "a-follower"
    talk.says("在吗")
    talk.taps("publishing.history")
    assert [card["Title"] for card in talk.cards][:2] == ["新的", "感兴趣的"]


# -- 有用, 没用 ------------------------------------------------------------------------------


def test_a_tap_keeps_an_opinion_and_the_newest_counts(database: Database, talk: Talk) -> None:
    bring_out(database, "大坝", pid="dam-1")
    talk.says("历史钩沉")
    useful, useless = (choice for _label, choice in talk.choices)
    talk.presses(useful)
    assert kept(database) == [("dam-1", True, "")]
    assert "《大坝》，您说“有用”" in talk.visible
    talk.presses(useless)
    talk.presses(useless)
    assert kept(database) == [("dam-1", False, "")]


def test_two_followers_have_two_opinions(database: Database, talk: Talk) -> None:
    bring_out(database, "大坝", pid="dam-1")
    talk.says("有用 大坝")
    talk.openid = "another"
    talk.says("没用 《大坝》")
    assert sorted(kept(database)) == [("dam-1", False, ""), ("dam-1", True, "")]


def test_without_a_piece_the_newest_are_offered(database: Database, talk: Talk) -> None:
    assert "还没有可以评的文章" in talk.says("有用")
    bring_out(database, "大坝", pid="dam-1")
    bring_out(database, "旧城", pid="town", out_at=YESTERDAY - timedelta(days=1))
    talk.says("没用")
    assert talk.visible.index("《大坝》有用 没用") < talk.visible.index("《旧城》有用 没用")
    talk.presses(talk.choices[3][1])
    assert kept(database) == [("town", False, "")]


def test_a_piece_that_is_gone_takes_no_opinion(database: Database, talk: Talk) -> None:
    number = bring_out(database, "大坝", pid="dam-1")
    talk.says("历史钩沉")
    useful = talk.choices[0][1]
    with database.begin() as session:
        piece = session.get(Piece, number)
        assert piece is not None
        piece.withdrawn_at = NOON
    assert "已经不在了" in talk.presses(useful)
    assert kept(database) == []


def test_words_after_useful_that_name_no_piece_are_looked_up(talk: Talk) -> None:
    assert "没有查到" in talk.says("有用 水利枢纽")


def test_a_word_why_reaches_the_editors_without_numbers(database: Database, talk: Talk) -> None:
    bring_out(database, "大坝", pid="dam-1")
    talk.says("有用 大坝")
    talk.says("讲得清楚，我电话 138 0013 8000")
    assert "已经转给编辑" in talk.visible
    assert kept(database) == [("dam-1", True, f"讲得清楚，我电话 {opinions.HIDDEN}")]
    talk.says("水利枢纽")
    assert "没有查到" in talk.visible  # one word only: the next one is looked up


def test_what_was_meant_for_the_lookup_is_one_tap_away(database: Database, talk: Talk) -> None:
    bring_out(database, "大坝", pid="dam-1")
    talk.says("有用 大坝")
    talk.says("水利枢纽")
    ((label, choice),) = talk.choices
    assert label == "查“水利枢纽”"
    talk.presses(choice)
    assert "没有查到" in talk.visible


@pytest.mark.parametrize("words", ["在吗", "帮助", "查 水利", "1", "兴趣"])
def test_words_that_mean_something_are_not_taken_for_the_reason(
    database: Database, talk: Talk, words: str
) -> None:
    bring_out(database, "大坝", pid="dam-1")
    talk.says("有用 大坝")
    assert "转给编辑" not in talk.says(words)
    assert kept(database) == [("dam-1", True, "")]


@pytest.mark.parametrize("words", ["不说了", "算了", "取消"])
def test_who_says_no_more_is_asked_no_more(database: Database, talk: Talk, words: str) -> None:
    bring_out(database, "大坝", pid="dam-1")
    talk.says("有用 大坝")
    talk.says(words)
    talk.says("水利枢纽")
    assert "没有查到" in talk.visible
    assert kept(database) == [("dam-1", True, "")]


def test_ten_minutes_later_words_are_looked_up_again(database: Database, talk: Talk) -> None:
    bring_out(database, "大坝", pid="dam-1")
    talk.says("有用 大坝")
    talk.now += timedelta(minutes=11)
    talk.says("水利枢纽")
    assert "没有查到" in talk.visible


def test_who_is_in_the_middle_of_something_goes_on_with_it(database: Database, talk: Talk) -> None:
    bring_out(database, "大坝", pid="dam-1")
    talk.says("删除我的资料")
    talk.says("有用 大坝")
    assert "再点一次就行" in talk.visible
    talk.says("确认删除")
    assert "已经删除" in talk.visible
    assert kept(database) == []


def test_a_title_that_is_only_being_written_is_nobodys_yet(database: Database, talk: Talk) -> None:
    with database.begin() as session:
        piece = an_out_piece(session, "大坝")
        new = replace(Content.of(piece), title="大坝要拆")
        pieces.save(session, piece, new, since=piece.revision, made_by="xiaochen", now=NOON)
    assert "您说“有用”" not in talk.says("有用 大坝要拆")
