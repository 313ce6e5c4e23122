"""兴趣, 我的资料, 撤回, 删除: what a follower taps and types, and what then is true."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select

from tests.talk import NOON, Talk
from wx_archive.chat.dedupe import PENDING
from wx_archive.chat.models import Conversation, HandledMessage
from wx_archive.core.database import Database
from wx_archive.followers import consents
from wx_archive.followers import service as followers
from wx_archive.followers.models import Consent, Follower, Interest
from wx_archive.wechat.replies import TEXT_LIMIT_BYTES


def chosen(database: Database) -> Sequence[str]:
    with database.begin() as session:
        return session.scalars(select(Interest.topic)).all()


def openids(database: Database) -> Sequence[str]:
    with database.begin() as session:
        return session.scalars(select(Follower.openid)).all()


def agrees(database: Database, talk: Talk, *purposes: str) -> None:
    with database.begin() as session:
        number = followers.ensure(session, talk.openid, now=NOON)
        for purpose in purposes:
            consents.give(session, number, purpose, version=1, now=NOON)


def press(talk: Talk, label: str) -> str:
    (choice,) = [menu for text, menu in talk.choices if text == label]
    return talk.presses(choice)


# -- interests --------------------------------------------------------------------------------


def test_every_topic_is_listed_and_a_tap_turns_it_over(talk: Talk, database: Database) -> None:
    talk.says("兴趣")
    assert "○ 未选 历史钩沉" in talk.visible
    assert openids(database) == []
    press(talk, "历史钩沉")
    assert talk.visible.startswith("已选上「历史钩沉」")
    assert "✓ 已选 历史钩沉" in talk.visible
    assert chosen(database) == ["history"]
    press(talk, "历史钩沉")
    assert talk.visible.startswith("已取消「历史钩沉」")
    assert "○ 未选 历史钩沉" in talk.visible
    assert chosen(database) == []


def test_a_tap_in_an_old_list_still_turns_over_what_it_names(
    talk: Talk, database: Database
) -> None:
    talk.says("兴趣")
    old = dict(talk.choices)
    talk.says("公积金")
    talk.presses(old["惠民文件"])
    talk.presses(old["出彩十堰"])
    assert sorted(chosen(database)) == ["city", "documents"]


def test_a_topic_can_be_typed_by_name(talk: Talk, database: Database) -> None:
    talk.says("兴趣 历史钩沉")
    assert chosen(database) == ["history"]
    talk.says("兴趣 「历史钩沉」")
    assert chosen(database) == []


def test_an_unknown_topic_changes_nothing_and_shows_the_list(
    talk: Talk, database: Database
) -> None:
    talk.says("兴趣 足球")
    assert "没有叫这个名称的主题" in talk.visible
    assert "○ 未选 历史钩沉" in talk.visible
    talk.says("兴趣", menu_id="interest.football")
    assert chosen(database) == []


def test_a_choice_of_one_is_not_a_choice_of_another(talk: Talk, database: Database) -> None:
    talk.says("兴趣 历史钩沉")
    other = Talk(talk.answering, openid="another")
    other.says("兴趣")
    assert "✓" not in other.visible
    other.says("兴趣 历史钩沉")
    assert chosen(database) == ["history", "history"]


def test_the_list_of_topics_fits_into_one_message(talk: Talk) -> None:
    assert len(talk.says("兴趣 历史钩沉").encode()) <= TEXT_LIMIT_BYTES


# -- 我的资料 ---------------------------------------------------------------------------------


def test_what_is_held_is_told_in_plain_words(talk: Talk, database: Database) -> None:
    talk.says("兴趣 历史钩沉")
    agrees(database, talk, "quiz")
    answer = talk.says("我的资料")
    for words in ("2026年11月23日", "历史钩沉", "答题记录", "删除我的资料", "导出我的资料"):
        assert words in talk.visible, words
    assert talk.openid not in answer
    assert len(answer.encode()) <= TEXT_LIMIT_BYTES


def test_a_full_account_of_oneself_still_fits_into_one_message(
    talk: Talk, database: Database
) -> None:
    talk.says("兴趣")
    for choice in dict(talk.choices).values():
        talk.presses(choice)
    agrees(database, talk, "quiz", "treasures", "enquiries")
    answer = talk.says("我的资料")
    assert len(answer.encode()) <= TEXT_LIMIT_BYTES
    assert "删除我的资料" in talk.visible


def test_a_consent_is_withdrawn_by_a_tap_and_stays_in_the_ledger(
    talk: Talk, database: Database
) -> None:
    agrees(database, talk, "quiz", "treasures")
    talk.says("我的资料")
    (first, _second) = [menu for text, menu in talk.choices if text == "撤回"]
    talk.now = NOON + timedelta(minutes=1)
    assert "已经撤回" in talk.presses(first)
    with database.begin() as session:
        ledger = session.execute(select(Consent.purpose, Consent.withdrawn_at)).all()
    ended = dict(ledger)
    assert ended == {"quiz": NOON + timedelta(minutes=1), "treasures": None}
    assert "没有要撤回的" in talk.presses(first)
    assert "珍档上传" in talk.says("我的资料")
    assert "答题记录" not in talk.visible


def test_a_consent_is_withdrawn_by_name_too(talk: Talk, database: Database) -> None:
    agrees(database, talk, "treasures")
    assert "已经撤回" in talk.says("撤回同意 珍档上传")
    assert "没有要撤回的" in talk.says("撤回同意 珍档上传")
    assert "没有要撤回的" in talk.says("撤回同意 别的")


def test_the_link_is_signed_where_wechat_does_not_tell_who_reads(talk: Talk) -> None:
    for words in ("我的资料", "导出我的资料"):
        talk.says(words)
        (link,) = [span.href for span in talk.spans if span.href]
        assert "/h5/enter/me." in link
        assert "30分钟" in talk.visible
        assert talk.openid not in link


# -- erasing ----------------------------------------------------------------------------------


def test_erasing_asks_first_and_then_leaves_nothing(talk: Talk, database: Database) -> None:
    talk.says("兴趣 历史钩沉")
    agrees(database, talk, "quiz")
    Talk(talk.answering, openid="noise").says("兴趣 历史钩沉")
    talk.says("删除我的资料")
    assert "不能恢复" in talk.visible
    assert sorted(openids(database)) == ["a-follower", "noise"]
    press(talk, "确认删除")
    assert "已经删除" in talk.visible
    talk.answering.activity.flush()
    assert openids(database) == ["noise"]
    assert chosen(database) == ["history"]


def test_a_retry_of_the_confirmation_gets_the_same_answer(talk: Talk, database: Database) -> None:
    talk.says("删除我的资料")
    talk.says("确认删除")
    with database.begin() as session:
        (kept,) = session.scalars(select(HandledMessage).order_by(HandledMessage.key)).all()
    assert kept.follower_id is None
    assert "已经删除" in kept.reply.decode()


def test_what_is_still_being_answered_is_cut_loose_not_lost(talk: Talk, database: Database) -> None:
    talk.says("删除我的资料")
    with database.begin() as session:
        number = followers.find(session.connection(), talk.openid)
        session.add(HandledMessage(key="slow", reply=PENDING, handled_at=NOON, follower_id=number))
    talk.says("确认删除")
    with database.begin() as session:
        assert session.get_one(HandledMessage, "slow").follower_id is None


def test_the_next_message_begins_anew(talk: Talk, database: Database) -> None:
    talk.says("兴趣 历史钩沉")
    talk.says("删除我的资料")
    talk.says("确认删除")
    talk.now = NOON + timedelta(days=1)
    talk.says("我的资料")
    assert "2026年11月24日" in talk.visible
    assert "历史钩沉" not in talk.visible
    assert openids(database) == ["a-follower"]


def test_nothing_is_erased_without_having_been_asked(talk: Talk, database: Database) -> None:
    talk.says("兴趣 历史钩沉")
    assert "还没有删除" in talk.says("确认删除")
    talk.says("删除我的资料")
    talk.now = NOON + timedelta(minutes=11)
    assert "还没有删除" in talk.says("确认删除")
    assert chosen(database) == ["history"]


def test_a_no_keeps_everything_and_ends_the_question(talk: Talk, database: Database) -> None:
    for no in ("不删了", "取消", "算了"):
        talk.says("删除我的资料")
        assert "没有删" in talk.says(no), no
        assert "还没有删除" in talk.says("确认删除")
    with database.begin() as session:
        assert session.scalars(select(Conversation.name)).all() == []


def test_other_words_mean_what_they_always_mean(talk: Talk) -> None:
    talk.says("删除我的资料")
    assert talk.says("开放时间") == Talk(talk.answering, openid="another").says("开放时间")
    assert "已经删除" in talk.says("确认删除")
