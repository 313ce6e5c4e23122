"""The play in the chat: agreeing, answering by tap and by letter, leaving, coming back."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from tests.builders import a_document, import_documents
from tests.quiz.making import (
    NOW,
    PROJECT,
    TODAY,
    a_facsimile,
    a_question,
    a_quiz_talk,
    a_season,
    a_site_folder,
    some_questions,
)
from tests.talk import Talk
from wx_archive.core.database import Database
from wx_archive.quiz.models import Answer, Card, Complaint, Draw
from wx_archive.quiz.questions import Question
from wx_archive.quiz.rules import Kind


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_site_folder(tmp_path_factory.mktemp("site"), some_questions(120))


@pytest.fixture
def talk(database: Database, folder: Path) -> Iterator[Talk]:
    """A conversation in the midst of a season."""
    with database.begin() as session:
        a_season(session)
    with a_quiz_talk(database, folder) as talk:
        yield talk


def right_choice(talk: Talk) -> int:
    """Return the place of the right option among the choices: it says 乙."""
    texts = [text for text, _choice in talk.choices]
    return next(place for place, text in enumerate(texts) if re.match("[A-D] 乙", text))


def presses_right(talk: Talk) -> None:
    talk.presses(talk.choices[right_choice(talk)][1])


def presses_wrong(talk: Talk) -> None:
    talk.presses(talk.choices[(right_choice(talk) + 1) % 4][1])


def presses(talk: Talk, label: str) -> None:
    talk.presses(next(choice for text, choice in talk.choices if label in text))


def count(database: Database, table: type) -> int:
    with database.reads() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def test_the_first_time_the_rules_and_the_privacy_come_before_the_question(
    database: Database, folder: Path
) -> None:
    with database.begin() as session:
        a_season(session)
        a_facsimile(session, on_hand=42)
    with a_quiz_talk(database, folder, agrees=False) as talk:
        talk.taps("quiz.start")
        for words in ("试一季", "现有 42 份", "每天最多 200 题", "2026年12月13日截止", "撤回同意"):
            assert words in talk.visible
        assert count(database, Draw) == 0
        assert "第 1 关" not in talk.says("A")  # nothing is asked of who has not agreed
        talk.taps("quiz.start")
        presses(talk, "同意并开始")
        assert "第 1 关 · 第 1 题" in talk.visible
        talk.says("撤回同意 答题记录")
        assert "现有 42 份" in (talk.taps("quiz.start") and talk.visible)


def test_an_old_consent_text_is_shown_anew(database: Database, folder: Path) -> None:
    with database.begin() as session:
        a_season(session)
    with a_quiz_talk(database, folder, agrees=False) as talk:
        talk.says("同意并开始", menu_id="quiz.y.999")
        assert "同意并开始" in talk.visible
        assert count(database, Draw) == 0


def test_a_right_answer_says_so_with_reason_source_and_progress(talk: Talk) -> None:
    talk.taps("quiz.start")
    assert re.search(r"^A .+\nB .+\nC .+\nD ", talk.visible, re.MULTILINE)
    presses_right(talk)
    assert talk.visible.startswith("✔ 答对了")
    for words in ("件事是乙", "出处：《中华人民共和国档案法》第一条", "●○○○○○○○○○", "再答对 9 题"):
        assert words in talk.visible
    presses(talk, "下一题")
    assert "第 1 关 · 第 2 题" in talk.visible


def test_a_wrong_answer_names_the_right_one_and_takes_nothing_away(talk: Talk) -> None:
    talk.says("答题")
    presses_wrong(talk)
    assert talk.visible.startswith("✘ 答错了")
    assert re.search("应为 [A-D] 乙", talk.visible)
    assert "不扣分" in talk.visible


@pytest.mark.parametrize("spelled", ["{}", "{low}", "{wide}", "选{}", "{}。"])
def test_letters_are_understood_however_they_are_typed(talk: Talk, spelled: str) -> None:
    talk.says("答题")
    letter = "ABCD"[right_choice(talk)]
    talk.says(spelled.format(letter, low=letter.lower(), wide=chr(ord(letter) + 0xFEE0)))
    assert talk.visible.startswith("✔")


def test_the_tenth_right_answer_gives_a_card_and_ends_the_level(talk: Talk) -> None:
    for number in range(1, 11):
        talk.says("下一题")
        presses_right(talk)
        assert ("第 1 张卡" in talk.visible) == (number == 10)
    assert "第 1 关走完：10 题答对 10 题，称号“见习档案员”" in talk.visible
    assert {"▸看这张卡", "▸我的卡", "▸下一题"} <= {text for text, _choice in talk.choices}
    talk.says("下一题")
    assert "第 2 关 · 第 1 题" in talk.visible


def test_the_hundredth_right_answer_leads_to_the_voucher(talk: Talk, database: Database) -> None:
    for _ in range(100):
        talk.says("下一题")
        presses_right(talk)
    assert "十张集齐了" in talk.visible
    assert "领取" in {text for text, _choice in talk.choices}
    assert count(database, Card) == 10
    talk.says("下一题")
    presses_right(talk)
    assert "十张卡您已经集齐" in talk.visible


def test_an_old_questions_link_counts_nothing_more(talk: Talk, database: Database) -> None:
    talk.says("答题")
    old = talk.choices
    presses_right(talk)
    for _text, choice in old:
        talk.presses(choice)
        assert "只算一次" in talk.visible
    assert count(database, Answer) == 1


def test_words_that_are_no_answer_are_never_swallowed(talk: Talk, database: Database) -> None:
    talk.says("答题")
    talk.says("开放时间")
    assert "不是这道题的答案" in talk.visible
    presses(talk, "退出答题，查“开放时间”")
    assert "周一至周五" in talk.visible
    assert count(database, Answer) == 0
    assert "不是这道题的答案" not in (talk.says("电话") and talk.visible)  # it was left
    talk.says("答题")
    assert "第 1 关 · 第 1 题" in talk.visible


def test_one_may_go_on_answering_after_words_that_were_none(talk: Talk) -> None:
    first = talk.says("答题")
    talk.says("公积金")
    presses(talk, "接着答题")
    assert talk.text == first


def test_leaving_keeps_the_question_and_days_later_a_letter_still_answers_it(talk: Talk) -> None:
    first = talk.says("答题")
    talk.says("退出")
    assert "先到这里" in talk.visible
    assert "不是这道题" not in (talk.says("公积金") and talk.visible)
    talk.now = NOW + timedelta(days=4)
    talk.says("答题")
    assert talk.text == first
    talk.says("退出")
    talk.says("B")
    assert talk.visible[0] in "✔✘"


def test_a_letter_without_a_question_says_how_to_begin(talk: Talk) -> None:
    talk.says("C")
    assert "现在没有等您回答的题" in talk.visible


def test_who_finds_a_question_faulty_is_asked_what_and_thanked(
    talk: Talk, database: Database
) -> None:
    talk.says("答题")
    presses_right(talk)
    presses(talk, "这题有问题")
    presses(talk, "出处对不上")
    assert "会核对" in talk.visible
    assert count(database, Complaint) == 1


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ((-30, -10, 20), "已经在2026年11月13日结束"),
        ((5, 30, 40), "2026年11月28日开始"),
        (None, "还没有开始"),
    ],
)
def test_without_a_season_one_learns_when_and_what_else_there_is(
    database: Database, folder: Path, days: tuple[int, int, int] | None, words: str
) -> None:
    if days:
        start, end, pick_up = (TODAY + timedelta(days=day) for day in days)
        with database.begin() as session:
            a_season(session, starts_on=start, ends_on=end, pick_up_until=pick_up)
    with a_quiz_talk(database, folder) as talk:
        talk.taps("quiz.start")
        assert words in talk.visible
        assert "公积金" in talk.visible


def one_question(tmp_path: Path, question: Question) -> Path:
    return a_site_folder(tmp_path, [question])


def test_several_right_options_are_picked_one_by_one(database: Database, tmp_path: Path) -> None:
    question = a_question(kind=Kind.MULTIPLE, answer=("A", "C"))
    with database.begin() as session:
        a_season(session)
    with a_quiz_talk(database, one_question(tmp_path, question)) as talk:
        talk.says("答题")
        presses(talk, "甲1")
        assert re.search("甲1（已选）", talk.visible)
        letter = next(text[0] for text, _choice in talk.choices if "丙1" in text)
        talk.says(letter)
        presses(talk, "就选")
        assert talk.visible.startswith("✔")


def test_a_year_may_be_near_and_a_blank_has_spellings(database: Database, tmp_path: Path) -> None:
    year = a_question(1, kind=Kind.YEAR, options=(), answer=("1969",), tolerance=2)
    blank = a_question(
        2, kind=Kind.FILL, options=(), answer=("二十五", "25"), text="满____年向社会开放，填数字。"
    )
    folder = a_site_folder(tmp_path, [year, blank])
    with database.begin() as session:
        a_season(session)
    with a_quiz_talk(database, folder) as talk:
        for _ in range(2):
            talk.says("答题")
            talk.says("一九七一年" if "哪一个说法" in talk.visible else "《25》")
            assert talk.visible.startswith("✔")


def test_who_does_not_know_is_shown_the_answer(database: Database, tmp_path: Path) -> None:
    year = a_question(kind=Kind.YEAR, options=(), answer=("1969",))
    with database.begin() as session:
        a_season(session)
    with a_quiz_talk(database, one_question(tmp_path, year)) as talk:
        talk.says("答题")
        presses(talk, "不知道，看答案")
        assert "应为 1969 年" in talk.visible


def test_the_shipped_bank_can_be_played(database: Database) -> None:
    with database.begin() as session:
        a_season(session)
    with a_quiz_talk(database, PROJECT) as talk:
        for _ in range(30):
            talk.says("下一题")
            assert "第" in talk.visible.splitlines()[0]
            found = [each for each in talk.choices if re.match("[A-D] |▸不知道", each[0])]
            talk.presses(found[0][1])
            if "（已选）" in talk.visible:
                talk.presses(next(c for text, c in talk.choices if text.startswith("B ")))
                presses(talk, "就选")
            assert talk.visible[0] in "✔✘"


@pytest.mark.parametrize("words", ["好", "继续", "下一道", "再来一题"])
def test_a_plain_yes_after_an_answer_is_the_next_question(talk: Talk, words: str) -> None:
    talk.says("答题")
    presses_right(talk)
    talk.says(words)
    assert "第 1 关 · 第 2 题" in talk.visible


@pytest.mark.parametrize(("words", "answer"), [("开放时间", "周一至周五"), ("电话", "0719")])
def test_after_an_answer_other_words_are_answered_by_whom_they_concern(
    talk: Talk, words: str, answer: str
) -> None:
    talk.says("答题")
    presses_right(talk)
    assert answer in (talk.says(words) and talk.visible)


@pytest.mark.parametrize("words", ["好", "同意", "可以。"])
def test_a_plain_yes_is_consent_to_what_was_shown(
    database: Database, folder: Path, words: str
) -> None:
    with database.begin() as session:
        a_season(session)
    with a_quiz_talk(database, folder, agrees=False) as talk:
        talk.taps("quiz.start")
        talk.says(words)
        assert "第 1 关 · 第 1 题" in talk.visible


def test_who_asks_for_something_else_instead_of_agreeing_is_answered_that(
    database: Database, folder: Path
) -> None:
    with database.begin() as session:
        a_season(session)
    with a_quiz_talk(database, folder, agrees=False) as talk:
        talk.taps("quiz.start")
        assert "周一至周五" in (talk.says("开放时间") and talk.visible)
        assert count(database, Draw) == 0


def test_a_number_of_a_list_opens_its_entry_and_is_no_answer(
    database: Database, tmp_path: Path
) -> None:
    import_documents(
        database, tmp_path, *(a_document(f"D{n}", title=f"养犬规定之{n}") for n in range(3))
    )
    year = a_question(kind=Kind.YEAR, options=(), answer=("1969",))
    (tmp_path / "site").mkdir()
    with database.begin() as session:
        a_season(session)
    with a_quiz_talk(database, one_question(tmp_path / "site", year)) as talk:
        first = talk.says("答题")
        talk.says("文件 养犬")
        assert "共 3 条" in talk.visible
        talk.says("2")
        assert talk.cards
        assert count(database, Answer) == 0
        assert talk.says("答题") == first


def test_words_do_not_lose_a_blank_and_giving_up_is_understood(
    database: Database, tmp_path: Path
) -> None:
    blank = a_question(
        kind=Kind.FILL, options=(), answer=("建档",), text="认定、记录、____，三样。"
    )
    with database.begin() as session:
        a_season(session)
    with a_quiz_talk(database, one_question(tmp_path, blank)) as talk:
        talk.says("答题")
        talk.says("归档")
        assert "再想想" in talk.visible
        assert count(database, Answer) == 0
        talk.says("不知道")
        assert "应为“建档”" in talk.visible
        assert count(database, Answer) == 1


@pytest.mark.parametrize("words", ["AB", "E", "z"])
def test_a_single_choice_wants_one_of_its_letters(talk: Talk, words: str) -> None:
    talk.says("答题")
    talk.says(words)
    assert "只选一个" in talk.visible
    assert "A–D" in talk.visible


def test_options_may_be_counted_in_words(talk: Talk) -> None:
    talk.says("答题")
    talk.says("第" + "一二三四"[right_choice(talk)] + "个")
    assert talk.visible.startswith("✔")


def test_a_letter_after_the_season_learns_that_it_is_over(talk: Talk) -> None:
    talk.says("答题")
    talk.now = NOW + timedelta(days=21)
    talk.says("A")
    assert "已经在2026年12月13日结束" in talk.visible


def test_withdrawing_consent_says_how(talk: Talk) -> None:
    talk.says("答题")
    talk.says("撤回同意")
    assert "答题记录" in talk.visible


def test_a_season_whose_pick_up_is_over_promises_no_voucher(
    database: Database, folder: Path
) -> None:
    with database.begin() as session:
        start, end = TODAY - timedelta(days=60), TODAY - timedelta(days=30)
        a_season(session, starts_on=start, ends_on=end, pick_up_until=TODAY - timedelta(days=1))
    with a_quiz_talk(database, folder) as talk:
        talk.taps("quiz.start")
        assert "已经在2026年10月24日结束" in talk.visible
        assert "领取" not in talk.visible


def test_an_empty_shelf_is_told_before_one_begins(database: Database, folder: Path) -> None:
    with database.begin() as session:
        a_season(session)
    with a_quiz_talk(database, folder, agrees=False) as talk:
        talk.taps("quiz.start")
        assert "眼下都许出去了" in talk.visible
