"""What a text says it repeals is read off word by word; what it only speaks of is not."""

import time
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wx_archive.catalogue.announcements import announcements

DATED = date(2023, 5, 16)
FIRST_OF_JULY = date(2023, 7, 1)


def titles(body: str) -> list[str]:
    return [told.title for told in announcements(body, dated=DATED)]


@pytest.mark.parametrize(
    "sentence",
    [
        "本办法自2023年7月1日起施行。《旧办法》同时废止。",
        "本办法自2023年7月1日起施行，《旧办法》同时废止。",
        "第四十条 本办法自2023年7月1日起施行。原《旧办法》即行废止。",
        "本办法自二〇二三年七月一日起施行。《旧办法》（兰政发〔2015〕9号）同时废止。",
        "本办法自２０２３年７月１日起实施，2015年4月20日市人民政府发布的《旧办法》同时废止。",
        "本办法自2023年7月1日起施行。2015年4月20日市政府通过、2018年5月1日修正的《旧办法》，同时废止。",
        "自2023年7月1日起施行。施行后，《旧办法》予以废止；以前的规定不一致的，以本办法为准。",
        "《旧办法》自2023年7月1日起同时废止。",
        "本办法自2023年7月1日起施行。根据2018年《关于修改〈某办法〉的决定》修正的《旧办法》同时废止。",
        "现决定自2023年7月1日起施行，废止《旧办法》。",
    ],
)
def test_an_announced_repeal_is_read_with_its_day(sentence: str) -> None:
    (told,) = announcements("正文。\n" + sentence, dated=DATED)
    assert (told.title, told.repealed_on) == ("旧办法", FIRST_OF_JULY)
    assert told.sentence in sentence


@pytest.mark.parametrize(
    "sentence",
    [
        "《甲办法》、《乙办法》和《丙办法》同时废止。",
        "《甲办法》《乙办法》《丙办法》同时废止。",
        "1990年1月1日发布的《甲办法》，1991年1月1日发布的《乙办法》以及原《丙办法》等文件同时废止。",
        "下列文件同时废止：\n一、《甲办法》（兰政发〔1990〕1号）；\n二、《乙办法》；\n三、《丙办法》。",
        "决定废止下列规范性文件：\n1.《甲办法》\n2.《乙办法》\n3.《丙办法》\n本决定自公布之日起施行。",
        "决定废止《甲办法》、《乙办法》和《丙办法》。",
        "一、废止《甲办法》（1990年通过）\n二、废止《乙办法》\n三、废止《丙办法》",
    ],
)
def test_every_member_of_a_list_is_read(sentence: str) -> None:
    assert titles(sentence) == ["甲办法", "乙办法", "丙办法"]


@pytest.mark.parametrize(
    "sentence",
    [
        "《旧办法》第三条同时废止。",
        "《旧办法》中关于收费的规定同时废止。",
        "地方性法规的修改和废止程序，适用《立法条例》的有关规定。",
        "不适应改革要求的，应当及时修改或者废止《某办法》的有关规定。",
        "依照《甲办法》应当废止。",
        "《旧办法》已经废止的，不再适用。",
        "有关规定与本办法不一致的同时废止。",
        "根据《关于废止〈旧办法〉的决定》，制定本办法。",
        "《旧办法》继续有效，不得擅自废止。",
        "参见《关于清理文件的通知》。",
        "下列文件继续有效：\n一、《甲办法》\n凡与本办法不一致的同时废止。",
    ],
)
def test_what_is_only_spoken_of_is_no_announcement(sentence: str) -> None:
    assert titles(sentence) == []


def test_a_list_ends_where_its_lines_end() -> None:
    body = "下列文件同时废止：\n一、《甲办法》\n以上由办公室解释。\n二、《乙办法》"
    assert titles(body) == ["甲办法"]


def test_a_number_alone_names_a_document_too() -> None:
    (told,) = announcements("原十政发〔2001〕5号文件同时废止。", dated=DATED)
    assert (told.title, told.number) == ("", "十政发〔2001〕5号")
    (told,) = announcements("《旧办法》（十政发〔2001〕5号）同时废止。", dated=DATED)
    assert (told.title, told.number) == ("旧办法", "十政发〔2001〕5号")


def test_days_of_the_other_text_are_told_but_not_since_when_it_applied() -> None:
    body = "1990年1月2日通过、自1990年3月1日起施行的《旧办法》同时废止。"
    (told,) = announcements(body, dated=DATED)
    assert told.days == {date(1990, 1, 2)}


@pytest.mark.parametrize(
    ("body", "effective_from", "expected"),
    [
        ("本办法自公布之日起施行。《旧办法》同时废止。", None, DATED),
        ("自本办法发布之日起，《旧办法》同时废止。", None, DATED),
        ("《旧办法》同时废止。", None, None),
        ("《旧办法》同时废止。", FIRST_OF_JULY, FIRST_OF_JULY),
        ("本办法自2023年13月41日起施行。《旧办法》同时废止。", None, None),
    ],
)
def test_a_day_that_nobody_states_is_not_made_up(
    body: str, effective_from: date | None, expected: date | None
) -> None:
    (told,) = announcements(body, dated=DATED, effective_from=effective_from)
    assert told.repealed_on == expected


def test_a_title_that_is_cut_by_a_line_is_one_and_one_never_closed_swallows_nothing() -> None:
    assert titles("《浙江\n省测绘管理条例》同时废止。") == ["浙江省测绘管理条例"]
    assert titles("见《没有写完" + "的话" * 200 + "。\n《旧办法》同时废止。") == ["旧办法"]


def test_brackets_inside_a_title_belong_to_it() -> None:
    assert titles("《关于〈甲法〉和《乙法》的办法》同时废止。") == ["关于〈甲法〉和《乙法》的办法"]


@given(
    st.text(alphabet="《》〈〉（）。；，、废止同时自起施行年月日一二10\n\ue000甲乙", max_size=120)
)
def test_any_text_can_be_read(body: str) -> None:
    for told in announcements(body, dated=DATED):
        assert told.title or told.number
        assert "废止" in body


@pytest.mark.parametrize(
    "body",
    [
        "《甲》、" * 20_000 + "（" * 5_000 + "废止" * 5_000 + "。\n" + "自1990年" * 20_000,
        "《甲》同时废止，" * 20_000,
        "《甲》、" * 50_000 + "《乙》同时废止。",
        "《" * 100_000 + "》" * 100_000 + "同时废止。",
        "废止下列文件：\n" + "一、《甲》\n" * 30_000,
        "甲" * 200_000 + "同时废止" + "（" * 50_000,
    ],
)
def test_reading_takes_time_in_proportion_to_the_text(body: str) -> None:
    # Texts made to be slow: what grows with the square would not end within the test's time.
    began = time.monotonic()
    announcements(body, dated=DATED)
    assert time.monotonic() - began < 5
