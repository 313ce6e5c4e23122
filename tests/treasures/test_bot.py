"""上传 in the chat: photos, their story, 完成, 取消; what staff ask and how it is answered."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from tests.talk import NOON, ORIGIN, Talk, a_talk
from wx_archive.chat.models import HeldAnswer
from wx_archive.core.database import Database
from wx_archive.core.jobs.models import Job, JobState
from wx_archive.core.site import Site
from wx_archive.followers.identity import Door
from wx_archive.followers.models import Consent
from wx_archive.treasures import files, queries, rules, uploads
from wx_archive.treasures.models import Treasure, TreasureEvent, TreasureFile
from wx_archive.treasures.queries import Upload
from wx_archive.treasures.rules import Action, FileState, State
from wx_archive.treasures.steps import Doing, advance, locked
from wx_archive.wechat.inbound import File, MenuPictures, Video, Voice

PROJECT = Path(__file__).parents[2]
NUMBER = "珍2026-000001"


@pytest.fixture
def talk(database: Database) -> Iterator[Talk]:
    with a_talk(database, PROJECT) as talk:
        yield talk


def count(database: Database, model: type[Treasure | TreasureFile | Consent]) -> int:
    with database.reads() as connection:
        return connection.execute(select(func.count()).select_from(model)).scalar_one()


def only(database: Database) -> Upload:
    with database.reads() as connection:
        return queries.by_id(connection, connection.execute(select(Treasure.id)).scalar_one())


def move(database: Database, to: State, note: str = "") -> None:
    """Have somebody of the staff move the only upload."""
    with database.begin() as session:
        treasure = locked(session, session.scalars(select(Treasure.id)).one())
        doing = Doing.of(Site(PROJECT, "https://archive.example.org"), "wang", now=NOON)
        advance(session, treasure, to, doing, note=note)


def told(database: Database) -> list[str]:
    with database.reads() as connection:
        return list(connection.scalars(select(HeldAnswer.text).order_by(HeldAnswer.id)))


def press(talk: Talk, label: str) -> None:
    talk.presses(next(choice for text, choice in talk.choices if label in text))


def hand_in(talk: Talk, photos: int = 1) -> None:
    for number in range(photos):
        talk.sends(f"photo{number}")
    talk.says("完成")


# -- sending ----------------------------------------------------------------------------------


def test_the_menu_and_the_word_say_what_to_send_and_what_it_means(
    talk: Talk, database: Database
) -> None:
    talk.taps("treasures.start")
    by_menu = talk.visible
    talk.says("上传")
    assert talk.visible == by_menu
    assert "请发老照片" in by_menu
    assert "同意《上传须知》" in by_menu
    assert "/h5/enter/treasures." in talk.text
    assert count(database, Treasure) == 0  # nothing is kept of who only asked


def test_a_photo_begins_an_upload_by_itself_and_a_batch_is_answered_once(
    talk: Talk, database: Database
) -> None:
    talk.sends("one")
    assert "照片收到了" in talk.visible
    assert [talk.sends(name, seconds_later=2) for name in ("two", "three")] == ["", ""]
    assert count(database, TreasureFile) == 3
    with database.reads() as connection:
        kinds = connection.scalars(select(Job.kind).order_by(Job.id)).all()
    assert kinds.count(files.FETCH) == 3
    assert kinds.count(uploads.SUMMARY) == 1


def test_photos_that_come_later_are_a_batch_of_their_own(talk: Talk, database: Database) -> None:
    talk.sends("one")
    talk.sends("two", seconds_later=rules.BATCH.total_seconds() + 1)
    assert "和前面的放在一起" in talk.visible
    assert count(database, Treasure) == 1


def test_every_photo_remembers_until_when_wechat_has_it(talk: Talk, database: Database) -> None:
    talk.sends("one")
    with database.reads() as connection:
        row = connection.execute(select(TreasureFile.__table__)).one()
    assert row.media_id == "one"
    assert row.media_until == NOON + timedelta(days=3)
    assert row.state == FileState.AWAITED


def test_text_in_between_is_the_story(talk: Talk, database: Database) -> None:
    talk.sends("one")
    talk.says("我爷爷1958年在老百货大楼前照的")
    assert "记下了：“我爷爷1958年在老百货大楼前照的”" in talk.visible
    talk.says("右边是他的工友")
    assert only(database).story == "我爷爷1958年在老百货大楼前照的\n右边是他的工友"


def test_a_number_of_a_person_is_not_kept_in_the_story(talk: Talk, database: Database) -> None:
    talk.sends("one")
    talk.says("找我打13812345678")
    assert "13812345678" not in only(database).story


def test_a_story_that_is_too_long_is_not_cut_but_told(talk: Talk, database: Database) -> None:
    talk.sends("one")
    talk.says("长" * 1500)
    talk.says("长" * 600)
    assert "来历最多 2000 个字" in talk.visible
    assert len(only(database).story) == 1500


def test_what_is_said_is_kept_as_it_was_said_and_as_its_words(
    talk: Talk, database: Database
) -> None:
    talk.sends("one")
    talk.hears(lambda header: Voice(header, "said", "amr", "这是一九六九年的厂门"))
    assert only(database).story == "这是一九六九年的厂门"
    talk.hears(lambda header: Voice(header, "mumbled", "amr", None))
    assert count(database, TreasureFile) == 3


def test_a_voice_without_words_is_nothing_to_keep_outside_of_an_upload(
    talk: Talk, database: Database
) -> None:
    talk.hears(lambda header: Voice(header, "mumbled", "amr", None))
    assert "没能听成文字" in talk.visible
    assert count(database, Treasure) == 0


def test_a_film_counts_like_a_photo_and_a_file_is_shown_the_page(
    talk: Talk, database: Database
) -> None:
    talk.hears(lambda header: Video(header, "film", "thumb", is_short=False))
    assert "视频收到了" in talk.visible
    talk.hears(lambda header: File(header, "家谱.pdf", 2048))
    assert "微信不把文件交给公众号" in talk.visible
    assert "用网页传" in talk.visible
    assert count(database, TreasureFile) == 1


def test_the_choice_of_pictures_in_the_menu_says_nothing_of_its_own(talk: Talk) -> None:
    assert talk.hears(lambda header: MenuPictures(header, "treasures.photos", 2)) == ""


def test_more_than_an_upload_takes_is_refused_once(talk: Talk, database: Database) -> None:
    for number in range(rules.MOST_FILES):
        talk.sends(f"photo{number}", seconds_later=1)
    talk.sends("one too many", seconds_later=1)
    assert "一份最多放 20 件" in talk.visible
    assert talk.sends("two too many", seconds_later=1) == ""
    assert count(database, TreasureFile) == rules.MOST_FILES


def test_the_same_message_again_is_one_file(talk: Talk, database: Database) -> None:
    talk.sends("one")
    talk.sends("one", seconds_later=1)
    assert count(database, TreasureFile) == 1


# -- 完成, 取消 --------------------------------------------------------------------------------


def test_the_end_gives_a_number_the_form_and_keeps_the_consent(
    talk: Talk, database: Database
) -> None:
    hand_in(talk, photos=3)
    assert f"受理号 {NUMBER}" in talk.visible
    assert "3 张照片" in talk.visible
    assert "3 个工作日内回复您" in talk.visible
    assert "/h5/enter/treasures." in talk.text
    upload = only(database)
    assert (upload.state, upload.number) == (State.RECEIVED, NUMBER)
    assert upload.consent_version == 1
    with database.reads() as connection:
        consent = connection.execute(select(Consent.__table__)).one()
    assert (consent.purpose, consent.version) == ("treasures", 1)


def test_the_end_without_a_photo_changes_nothing(talk: Talk, database: Database) -> None:
    talk.says("上传")
    talk.says("完成")
    assert "还没有收到照片" in talk.visible
    talk.says("取消")
    assert "什么也没有留下" in talk.visible
    talk.says("完成")
    assert "没有正在办的事" in talk.visible
    assert count(database, Treasure) == count(database, Consent) == 0


def test_the_story_may_come_before_the_first_photo(talk: Talk, database: Database) -> None:
    talk.says("上传")
    talk.says("这是我外婆1975年的毕业照")
    assert "记下了" in talk.visible
    talk.says("完成")
    assert "还没有收到照片" in talk.visible
    talk.sends("one")
    talk.says("完成")
    assert NUMBER in talk.visible
    assert only(database).story == "这是我外婆1975年的毕业照"


def test_a_photo_after_a_dropped_draft_is_fetched_like_any_other(
    talk: Talk, database: Database
) -> None:
    talk.sends("one")
    with database.begin() as session:
        session.execute(update(Job).values(state=JobState.DONE))  # long fetched
    talk.says("取消")
    talk.sends("two", seconds_later=100)
    with database.reads() as connection:
        waiting = select(Job.kind).where(Job.state == JobState.WAITING)
        kinds = set(connection.scalars(waiting))
    assert {files.FETCH, uploads.SUMMARY} <= kinds


def test_what_was_refused_is_said_at_the_end_before_a_yes_is_asked_for(
    talk: Talk, database: Database
) -> None:
    talk.sends("one")
    with database.begin() as session:
        file_id = session.scalars(select(TreasureFile.id)).one()
        files.refused(session, file_id, "照片不完整", now=NOON)
    talk.now += timedelta(hours=3)
    talk.says("完成")
    assert "没有收下：照片不完整" in talk.visible
    assert "用网页传" in talk.visible
    assert count(database, Consent) == 0


def test_an_account_that_is_handed_no_media_leads_to_the_page(database: Database) -> None:
    door = Door("a-secret", ORIGIN, has_media=False)
    with a_talk(database, PROJECT, door=door) as talk:
        talk.says("上传")
        assert "收不到您在聊天里发的照片" in talk.visible
        talk.says("完成")
        talk.openid = "another"
        talk.sends("one")
        assert "用网页传" in talk.visible
        assert talk.sends("two", seconds_later=1) == ""
    assert count(database, TreasureFile) == 0


@pytest.mark.parametrize("word", ["发完了", "好了", "完成。"])
def test_the_end_is_said_in_many_ways(talk: Talk, word: str) -> None:
    talk.sends("one")
    talk.says(word)
    assert NUMBER in talk.visible


def test_hours_later_the_end_still_counts_but_words_are_looked_up(
    talk: Talk, database: Database
) -> None:
    talk.sends("one")
    talk.now += timedelta(hours=3)
    talk.says("公积金")
    assert only(database).story == ""
    talk.says("完成")
    assert "请看一看" in talk.visible  # what was shown is long gone: the text is shown again
    assert count(database, Consent) == 0
    press(talk, "同意，交给档案馆")
    assert NUMBER in talk.visible
    assert count(database, Consent) == 1


def test_whoever_agreed_before_is_not_asked_again(talk: Talk) -> None:
    hand_in(talk)
    talk.sends("another", seconds_later=100)
    talk.now += timedelta(hours=3)
    talk.says("完成")
    assert "珍2026-000002" in talk.visible


def test_a_draft_that_is_dropped_leaves_nothing(talk: Talk, database: Database) -> None:
    talk.sends("one")
    talk.sends("two", seconds_later=1)
    talk.says("取消")
    assert "您发的 2 件已经删掉" in talk.visible
    assert count(database, Treasure) == count(database, TreasureFile) == 0
    talk.says("完成")
    assert "没有正在办的事" in talk.visible


def test_what_is_left_for_later_is_gone_on_with(talk: Talk, database: Database) -> None:
    talk.sends("one")
    talk.says("先放着")
    assert "7 天以内" in talk.visible
    talk.says("公积金")
    assert only(database).story == ""
    talk.says("上传")
    assert "您上次发的 1 件还在" in talk.visible


def test_the_terms_are_a_tap_away_while_sending(talk: Talk, database: Database) -> None:
    talk.sends("one")
    press(talk, "上传须知")
    assert "没有另外签捐赠协议，我们不公开" in talk.visible
    assert only(database).story == ""


def test_commands_are_understood_while_sending(talk: Talk, database: Database) -> None:
    talk.sends("one")
    talk.says("帮助")
    assert "记下了" not in talk.visible
    talk.says("进度")
    assert "正在发的一份" in talk.visible
    assert only(database).story == ""


def test_somebody_with_enough_under_way_is_told_so_once(talk: Talk, database: Database) -> None:
    for number in range(rules.MOST_OPEN):
        talk.sends(f"photo{number}", seconds_later=100)
        talk.says("完成")
    talk.sends("one more", seconds_later=100)
    assert "有 10 份正在办" in talk.visible
    assert talk.sends("and another", seconds_later=1) == ""
    assert count(database, Treasure) == rules.MOST_OPEN


# -- what staff ask, 进度, 撤回 ------------------------------------------------------------------


def test_a_question_is_answered_with_one_tap(talk: Talk, database: Database) -> None:
    hand_in(talk)
    move(database, State.SCREENING)
    move(database, State.NEED_INFO, "背景里的楼是不是老百货大楼？")
    (question,) = told(database)
    assert "馆里想问您一句：\n背景里的楼是不是老百货大楼？" in question
    talk.text = question
    press(talk, "是")
    assert "已经转给馆里" in talk.visible
    assert only(database).state is State.SCREENING
    with database.reads() as connection:
        event = connection.execute(
            select(TreasureEvent.note).where(TreasureEvent.action == Action.ANSWER)
        ).scalar_one()
    assert event == "是"


def test_a_question_is_answered_in_ones_own_words(talk: Talk, database: Database) -> None:
    hand_in(talk)
    move(database, State.SCREENING)
    move(database, State.APPRAISAL)
    move(database, State.NEED_INFO, "哪一年照的？")
    asked = told(database)[-1]
    talk.says(f"进度 {NUMBER}")
    press(talk, "我来说说")
    assert "请打字说" in talk.visible
    talk.says("大概是1971年，厂里搬家那年")
    assert "已经转给馆里" in talk.visible
    upload = only(database)
    assert upload.state is State.APPRAISAL
    talk.text = asked
    press(talk, "不是")  # the old question is over: it says how things stand
    assert "正在鉴定" in talk.visible


def test_a_question_that_was_answered_is_not_told_any_more(talk: Talk, database: Database) -> None:
    hand_in(talk)
    move(database, State.NEED_INFO, "哪一年照的？")
    talk.says(f"回答 {NUMBER} 一九七七年")
    assert told(database) == []


@pytest.mark.parametrize("word", ["是", "对", "不是"])
def test_a_plain_yes_or_no_is_the_answer(talk: Talk, database: Database, word: str) -> None:
    hand_in(talk)
    move(database, State.NEED_INFO, "背景里的楼是不是老百货大楼？")
    talk.says(word)
    assert only(database).state is State.SCREENING


def test_words_that_find_nothing_may_be_the_answer(talk: Talk, database: Database) -> None:
    hand_in(talk)
    move(database, State.NEED_INFO, "背面写了什么？")
    talk.says("有的，背面写着阿珍周岁留念")
    assert "是回答馆里问的话吗" in talk.visible
    press(talk, "是，转给馆里")
    assert only(database).state is State.SCREENING
    with database.reads() as connection:
        said = select(TreasureEvent.note).where(TreasureEvent.action == Action.ANSWER)
        assert connection.scalars(said).one() == "有的，背面写着阿珍周岁留念"


def test_an_answer_may_be_typed_with_the_number(talk: Talk, database: Database) -> None:
    hand_in(talk)
    move(database, State.NEED_INFO, "照片上是谁？")
    talk.says(f"回答 {NUMBER} 是我外公")
    assert only(database).state is State.SCREENING


def test_words_after_giving_up_an_answer_are_looked_up(talk: Talk, database: Database) -> None:
    hand_in(talk)
    move(database, State.NEED_INFO, "照片上是谁？")
    talk.says(f"回答 {NUMBER}")
    talk.says("取消")
    assert f"回“回答 {NUMBER}”" in talk.visible
    assert only(database).state is State.NEED_INFO


def test_the_progress_lists_uploads_beside_requests(talk: Talk) -> None:
    hand_in(talk)
    talk.says("帮我查 堵河大桥")
    talk.says("进度")
    assert "查2026-000001" in talk.visible
    assert f"{NUMBER} 已收到" in talk.visible
    talk.says(f"进度 {NUMBER}")
    assert "馆里还没有看，3 个工作日内回复您" in talk.visible
    talk.says(NUMBER)
    assert "已收到" in talk.visible


def test_nobody_sees_or_moves_what_somebody_else_sent(talk: Talk, database: Database) -> None:
    hand_in(talk)
    move(database, State.NEED_INFO, "照片上是谁？")
    talk.openid = "somebody-else"
    for words in (f"进度 {NUMBER}", f"撤回 {NUMBER}", f"回答 {NUMBER} 是我", f"是 {NUMBER}"):
        talk.says(words)
        missing = talk.visible
        talk.says(words.replace("000001", "000009"))
        assert talk.visible == missing
    assert only(database).state is State.NEED_INFO


def test_bare_words_say_what_can_be_withdrawn(talk: Talk) -> None:
    hand_in(talk)
    talk.says("撤回")
    assert NUMBER in talk.visible
    assert "回“撤回”加编号" in talk.visible
    talk.says("撤回授权")
    assert "没有公开展示的珍档" in talk.visible


def test_an_upload_is_withdrawn_and_that_is_said(talk: Talk, database: Database) -> None:
    hand_in(talk)
    talk.says(f"撤回 {NUMBER}")
    assert "不能改回来" in talk.visible
    assert only(database).state is State.RECEIVED
    press(talk, "确定撤回")
    assert "已经撤回" in talk.visible
    upload = only(database)
    assert upload.state is State.WITHDRAWN
    assert upload.erase_on is not None
    talk.says(f"撤回 {NUMBER}")
    assert "不用撤回" in talk.visible


@pytest.mark.parametrize(
    ("to", "words"),
    [
        (State.SCREENING, None),
        (State.DECLINED, "这一次没有收下"),
        (State.ACCEPTED, "馆里看过了，想收下"),
    ],
)
def test_the_sender_is_told_of_what_matters_and_of_nothing_else(
    talk: Talk, database: Database, to: State, words: str | None
) -> None:
    hand_in(talk)
    if to is not State.SCREENING:
        move(database, State.SCREENING)
    move(database, to, "谢谢您的心意")
    assert [words in text for text in told(database) if words] == ([True] if words else [])
    assert bool(told(database)) == bool(words)


def test_whoever_withdraws_the_consent_ends_what_was_not_taken_yet(
    talk: Talk, database: Database
) -> None:
    hand_in(talk)
    talk.sends("a draft", seconds_later=100)
    talk.says("先放着")
    talk.says("撤回同意 珍档上传")
    assert f"{NUMBER}、正在发的一份 也撤回" in talk.visible or NUMBER in talk.visible
    assert count(database, Treasure) == 2
    press(talk, "确定撤回")
    assert "已经撤回" in talk.visible
    assert only(database).state is State.WITHDRAWN
    assert count(database, TreasureFile) == 1


def test_what_an_agreement_was_signed_for_outlives_the_consent(
    talk: Talk, database: Database
) -> None:
    hand_in(talk)
    for state in (State.SCREENING, State.ACCEPTED, State.AGREEMENT, State.ACCESSIONED):
        move(database, state)
    talk.says("撤回同意 珍档上传")
    assert only(database).state is State.ACCESSIONED
