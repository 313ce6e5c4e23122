"""What may be kept of a question: words that anybody types, never what tells of a person."""

from datetime import date

import pytest

from tests.builders import wide
from wx_archive.lookup.models import Label
from wx_archive.lookup.wording import at_least, kept, month_key, person_key

LONG = "关于印发兰台市城镇职工基本养老保险和失业保险经办服务管理办法的通知"


@pytest.mark.parametrize(
    "words",
    [
        "公积金",
        "2004年 房改",
        "1985-1990 公路",
        "兰政办发〔2021〕19号",
        "0001-1-23",
        "J012-01-0045",
        "2015-01-01",
        "第3条",
        "张三",
    ],
)
def test_words_that_anybody_types_are_kept(words: str) -> None:
    assert kept(words, found=0) == (Label.NONE, words.lower())


def test_words_are_kept_in_the_one_form_that_is_searched() -> None:
    assert kept(f"  {wide('GB')}  養犬\n", found=1) == (Label.NONE, "gb 养犬")


@pytest.mark.parametrize(
    "words",
    [
        "420302199001011234",
        "42030219900101123X",
        "420302 19900101 1234",
        "420302900101123",
        "13800138000",
        "138 0013 8000",
        "138-0013-8000",
        "+86 13800138000",
        wide("13800138000"),
        "一三八〇〇一三八〇〇〇",
        "张三13800138000",
        "张三 420302199001011234 退休",
        "0719-8651234",
        "8651234",
        "6222 0213 0000 1234",
        "鄂C12345",
        "鄂C·D12345",
        "zhang@example.org",
        "QQ号 12345",
        "wxid_abcdef",
    ],
)
@pytest.mark.parametrize("found", [0, 3])
def test_a_number_that_names_a_person_is_dropped_with_the_words_around_it(
    words: str, found: int
) -> None:
    assert kept(words, found=found) == (Label.NUMBER, "")


@pytest.mark.parametrize(
    "words",
    [
        "我爷爷张三的退休金",
        "我叫李四",
        "本人的工龄",
        "他家宅基地",
        "母亲的工作单位",
        "姓名王五",
    ],
)
def test_a_sentence_about_a_person_is_dropped(words: str) -> None:
    assert kept(words, found=2) == (Label.SENTENCE, "")


@pytest.mark.parametrize("words", ["结婚登记", "知青 李四", "张三的学籍", "我爷爷的档案"])
def test_matters_of_private_life_are_counted_under_one_name(words: str) -> None:
    assert kept(words, found=5) == (Label.LIVELIHOOD, "")


def test_a_long_sentence_is_dropped_unless_a_public_entry_contains_it() -> None:
    assert len(LONG) > 30
    assert kept(LONG, found=0) == (Label.SENTENCE, "")
    assert kept(LONG, found=1) == (Label.NONE, LONG)
    assert kept(LONG * 3, found=1) == (Label.SENTENCE, "")
    assert kept("公" * 30, found=0) == (Label.NONE, "公" * 30)
    assert kept("公" * 31, found=0) == (Label.SENTENCE, "")


def test_what_no_database_takes_is_left_out() -> None:
    assert kept("公积\x00金\ud800", found=0) == (Label.NONE, "公积 金")
    assert kept("\x00", found=0) == (Label.SENTENCE, "")


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (0, 0),
        (1, 1),
        (9, 1),
        (10, 10),
        (99, 10),
        (100, 100),
        (999, 100),
        (1000, 1000),
        (1001, 1000),
    ],
)
def test_the_number_of_results_is_kept_in_steps(found: int, told: int) -> None:
    assert at_least(found) == told


def test_a_person_has_another_key_each_month_and_in_each_installation() -> None:
    november = month_key("a-secret", date(2026, 11, 1))
    assert november == month_key("a-secret", date(2026, 11, 30))
    others = [
        month_key("a-secret", date(2026, 12, 1)),
        month_key("a-secret", date(2025, 11, 1)),
        month_key("another", date(2026, 11, 1)),
    ]
    keys = {person_key("oPerson", month) for month in (november, *others)}
    assert len(keys) == 4
    assert person_key("oPerson", november) != person_key("oOther", november)
    assert not any("oPerson" in key for key in keys)
