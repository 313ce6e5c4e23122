"""What is typed is read as an answer, however it is spelled; what is none never is."""

import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.quiz.making import a_question
from wx_archive.quiz import answers
from wx_archive.quiz.questions import Question
from wx_archive.quiz.rules import LETTERS, Kind

SINGLE = a_question()
MULTIPLE = a_question(kind=Kind.MULTIPLE, answer=("A", "C"))
JUDGE = a_question(kind=Kind.JUDGE, options=(), answer=("对",))
YEAR = a_question(kind=Kind.YEAR, options=(), answer=("1969",), tolerance=2)
FILL = a_question(kind=Kind.FILL, options=(), answer=("辞海", "25 年", "Wudang"))
EVERY = (SINGLE, MULTIPLE, JUDGE, YEAR, FILL)


def order_of(question: Question) -> str:
    return LETTERS[: len(question.shown_options)]


def understood(question: Question, typed: str) -> str | None:
    return answers.understand(question, order_of(question), typed)


@pytest.mark.parametrize(
    "typed",
    [
        *("C", "c", "\uff23", "\uff43", " c ", "C.", "c。", "C、", "c,", "c，", "CC", "c c"),
        *("选C", "选 c", "我选C", "我选 c。", "就选C", "答案C", "答案是C", "答案：C", "选：c"),
        "选\uff23",
    ],
)
def test_a_letter_is_an_answer_however_it_is_typed(typed: str) -> None:
    assert understood(SINGLE, typed) == "C"


@pytest.mark.parametrize(
    "typed",
    [
        *("AC", "ca", "A、C", "a，c", "A,C", "a c", "A C", "\uff21\uff23", "\uff43\u3001\uff41"),
        *("选AC", "我选 a、c。", "A和C", "答案是AC", "ACA", "A.C."),
    ],
)
def test_several_letters_are_an_answer_in_whatever_order(typed: str) -> None:
    assert understood(MULTIPLE, typed) == "AC"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        *(
            (word, "对")
            for word in ("对", "对。", "对的", "是", "正确", "没错", "A", "a", "\uff21")
        ),
        *((word, "对") for word in ("√", "✓", "✔", "T", "true", "YES", " 对 ", "对!")),
        *((word, "错") for word in ("错", "错！", "错的", "不对", "不是", "否", "错误", "B", "b")),
        *((word, "错") for word in ("\u00d7", "✗", "✘", "x", "X", "\uff38", "False", "no")),
    ],
)
def test_true_and_false_are_understood_in_words_signs_and_letters(typed: str, meant: str) -> None:
    assert understood(JUDGE, typed) == meant


@pytest.mark.parametrize(
    "typed",
    [
        *(
            "1969",
            "1969年",
            "1969 年",
            " 1969",
            "公元1969年",
            "1969。",
            "1969年。",
            "1969?",
            "公元 1969 年",
            "\uff11\uff19\uff16\uff19年",
        ),
        *("一九六九", "一九六九年", "一九六九 年"),
    ],
)
def test_a_year_is_understood_in_digits_and_in_characters(typed: str) -> None:
    assert understood(YEAR, typed) == "1969"


@pytest.mark.parametrize(
    ("typed", "year"), [("二〇〇〇年", "2000"), ("二零一零", "2010"), ("二○二○年", "2020")]
)
def test_every_way_of_writing_nought_is_a_nought(typed: str, year: str) -> None:
    assert understood(YEAR, typed) == year


@pytest.mark.parametrize(
    ("tolerance", "given", "is_right"),
    [
        (0, "1969", True),
        (0, "1968", False),
        (0, "1970", False),
        (2, "1966", False),
        (2, "1967", True),
        (2, "1971", True),
        (2, "1972", False),
        (2, "0", False),
        (20, "1949", True),
        (20, "1948", False),
        (2, "", False),
    ],
)
def test_a_year_may_be_off_by_so_many_and_no_more(
    tolerance: int, given: str, *, is_right: bool
) -> None:
    question = a_question(kind=Kind.YEAR, options=(), answer=("1969",), tolerance=tolerance)
    assert answers.is_right(question, given) is is_right


@pytest.mark.parametrize(
    "typed",
    [
        *(
            "辞海",
            "《辞海》",
            "〈辞海〉",
            "“辞海”",
            "‘辞海’",
            "「辞海」",
            "辞 海",
            " 辞海 ",
            "辞海。",
        ),
        *(
            "（辞海）",
            "(辞海)",
            "《 辞海 》。",
            "25年",
            "25 年",
            "\uff12\uff15年",
            "WUDANG",
            "Wu Dang",
        ),
        "\uff57\uff55\uff44\uff41\uff4e\uff47",
    ],
)
def test_spellings_are_compared_without_marks_spaces_and_width(typed: str) -> None:
    given = understood(FILL, typed)
    assert given is not None
    assert answers.is_right(FILL, given)


@pytest.mark.parametrize("typed", ["词海", "辞海辞海", "辞", "26年", "2 5", "武当"])
def test_another_word_is_an_answer_and_a_wrong_one(typed: str) -> None:
    given = understood(FILL, typed)
    assert given == typed
    # «2 5» is tidied to 25, which is not «25 年».
    assert not answers.is_right(FILL, typed)


NO_LETTERS = (
    *("开放时间", "公积金", "下一题", "E", "AE", "ABCDE", "BAD档案", "a档案", "选", "我选", "答案"),
    *(
        "ABCD怎么选",
        "C吗",
        "A或B",
        "3",
        "二",
        "甲",
        "😀",
        "👍A",
        "",
        " ",
        "。",
        "、",
        "🅰",
        "\uff21pple",
    ),
)


@pytest.mark.parametrize("typed", NO_LETTERS)
def test_words_that_are_no_letters_are_no_answer_to_a_choice(typed: str) -> None:
    assert understood(SINGLE, typed) is None
    assert understood(MULTIPLE, typed) is None


def test_a_letter_that_no_option_has_is_no_answer() -> None:
    two = a_question(options=("甲", "乙"))
    for typed in ("C", "D", "c。", "选D"):
        assert understood(two, typed) is None
    assert understood(two, "B") == "B"


def test_a_choice_of_one_takes_one_letter_and_of_several_takes_more() -> None:
    assert understood(SINGLE, "AC") is None
    assert understood(MULTIPLE, "A") is None
    assert understood(MULTIPLE, "ABCD") == "ABCD"


@pytest.mark.parametrize(
    "typed",
    [
        "开放时间",
        "公积金",
        "对不对",
        "对吗",
        "C",
        "AB",
        "不错",
        "是什么",
        "错在哪",
        "👌",
        "",
        "1969",
    ],
)
def test_words_that_say_neither_true_nor_false_are_no_answer_to_a_judgement(typed: str) -> None:
    assert understood(JUDGE, typed) is None


@pytest.mark.parametrize(
    "typed",
    [
        *(
            "开放时间",
            "公积金",
            "十九",
            "1969年10月",
            "19690",
            "1969年房改",
            "-1969",
            "前1969年",
            "年",
        ),
        *("A", "😀", "", "十政发〔1969〕1号", "1969.5", "六十年代", "19 69 x"),
    ],
)
def test_words_that_are_no_year_are_no_answer_to_a_question_of_years(typed: str) -> None:
    assert understood(YEAR, typed) is None


@pytest.mark.parametrize(
    "typed",
    ["", "  ", "。", "《》", "！！", "一" * 21, "请问公积金贷款需要准备哪些材料和证明呢谢谢"],
)
def test_nothing_and_long_sentences_do_not_fill_a_blank(typed: str) -> None:
    assert understood(FILL, typed) is None


TYPED = st.one_of(
    st.text(max_size=60),
    st.text(alphabet="abcdABCD选我答案是就和、,. :：。1969年对错《》", max_size=12),
    st.text(alphabet=string.printable, max_size=400),
)


@pytest.mark.parametrize("question", EVERY, ids=lambda one: one.kind)
@given(typed=TYPED)
@example(typed="A" * 2_000)
@example(typed="A、" * 2_000 + "x")
@example(typed="²")
@example(typed="①⑨⑥⑨")
@example(typed="١٩٦٩")
@example(typed="\U0001d7cf\U0001d7d7\U0001d7d4\U0001d7d7")
def test_no_text_breaks_the_reading_and_what_is_read_can_be_judged_and_kept(
    question: Question, typed: str
) -> None:
    given = understood(question, typed)
    assert answers.is_right(question, given or "") in (True, False)
    if given is not None:
        assert 1 <= len(given) <= 60  # as wide as the ledger's column
    if question.kind in (Kind.SINGLE, Kind.MULTIPLE) and given is not None:
        assert set(given) <= set(LETTERS)
        assert given == "".join(sorted(set(given)))


@given(order=st.permutations(LETTERS).map("".join), letters=st.sets(st.sampled_from(LETTERS)))
def test_letters_as_shown_and_letters_of_the_bank_are_each_others_reverse(
    order: str, letters: set[str]
) -> None:
    shown = "".join(sorted(letters))
    assert answers.as_shown(order, answers.in_bank(order, shown)) == shown
    assert answers.in_bank(order, answers.as_shown(order, shown)) == shown


def test_the_order_of_options_decides_what_a_letter_means() -> None:
    assert answers.understand(SINGLE, "CADB", "A") == "C"
    assert answers.understand(SINGLE, "CADB", "d") == "B"
    assert answers.understand(MULTIPLE, "CADB", "AB") == "AC"
