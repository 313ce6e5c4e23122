"""What is taken down of what people write: never the number of a person."""

import pytest

from tests.builders import wide
from wx_archive.enquiries import wording
from wx_archive.enquiries.wording import HIDDEN

ID = "420302199003078888"
MOBILE = "13807281234"


@pytest.mark.parametrize(
    "number",
    [
        ID,
        "42030219900307888X",
        "42030219900307888x",
        wide("42030219900307888X"),
        "420302 19900307 8888",
        "420302-19900307-888X",
        "420302 1990 0307 8888",
        "４２０３０２１９９００３０７８８８８",  # noqa: RUF001 -- as a Chinese keyboard types it
        "٤٢٠٣٠٢١٩٩٠٠٣٠٧٨٨٨٨",
        "420302\u200b199003078888",
        "420302900307888",
        "6222020200112233445",
        MOBILE,
        wide(MOBILE),
        "138-0728-1234",
        "138 0728 1234",
        "138\u30000728\u30001234",
        "138 0728\u00a01234",
        "+8613807281234",
        "8613807281234",
        "+86 138 0728 1234",
        "1380728\u20601234",
    ],
)
def test_no_number_of_a_person_is_ever_taken_down(number: str) -> None:
    for text in (number, f"我的号码是{number}，请查", f"大坝（{number}）", f"a {number} b"):
        kept = wording.take_down(text)
        assert HIDDEN in kept
        assert sum(char.isdecimal() for char in kept) == 0, kept


def test_two_numbers_in_a_row_are_both_hidden() -> None:
    kept = wording.take_down(f"{ID}、{MOBILE} 张三 {MOBILE},{ID}")
    assert kept == f"{HIDDEN}、{HIDDEN} 张三 {HIDDEN},{HIDDEN}"


@pytest.mark.parametrize(
    "text",
    [
        "0012-2-0345-012",
        "0137-1234-5678-0012",
        "138-0728-1234-001",
        "兰政发〔2023〕5号",
        "1969年5月12日 1978年3月",
        "1958-1969-1978",
        "2010-2019",
        "20101231",
        "0719-8888888",
        "114.30012345",
    ],
)
def test_codes_dates_and_other_numbers_stay_as_they_are(text: str) -> None:
    assert wording.take_down(text) == text


def test_what_only_looks_like_a_mobile_number_is_hidden_too() -> None:
    assert wording.take_down("拨款14200000000元") == f"拨款{HIDDEN}元"


def test_taking_down_twice_changes_nothing() -> None:
    text = f"  大坝\u0000 图纸\r\n{ID}\n\n{MOBILE} "
    for lines in (True, False):
        once = wording.take_down(text, lines=lines)
        assert wording.take_down(once, lines=lines) == once


def test_what_nobody_sees_and_what_a_database_cannot_hold_is_left_out() -> None:
    assert wording.take_down("大\u202e坝\u0000 \ud800图\t\t纸\u3000\u3000册") == "大坝 图 纸 册"
    assert wording.take_down("𠮷家桥 \ue000 㐂") == "𠮷家桥 \ue000 㐂"


def test_lines_are_kept_where_they_are_wanted() -> None:
    assert wording.take_down("一\r\n\r\n 二 \n三", lines=True) == "一\n二\n三"
    assert wording.take_down("一\r\n\r\n 二 \n三") == "一 二 三"


@pytest.mark.parametrize("text", ["", "？？", "房", "  。 ", ID, f"{MOBILE} {ID}", f"{MOBILE}房"])
def test_words_that_name_nothing_say_nothing(text: str) -> None:
    assert not wording.says_something(wording.take_down(text))


@pytest.mark.parametrize("text", ["房改", "1969", f"大坝 {MOBILE}", "A座"])
def test_two_characters_say_something(text: str) -> None:
    assert wording.says_something(wording.take_down(text))


def test_spaces_width_and_case_make_no_other_request() -> None:
    same = {wording.sameness(text) for text in ("KTV 公积金", "ktv公积金", "ＫＴＶ\n公积金 ")}  # noqa: RUF001 -- full width
    assert len(same) == 1
    assert wording.sameness("公积金") not in same


@pytest.mark.parametrize(
    "text",
    [
        "我妈的知青档案",
        "结婚登记",
        "離婚證明",
        "查我爷爷的档案",
        "本人的学籍",
        "我的档案",
        "我爸的知青政策待遇",
    ],
)
def test_ones_own_records_are_known_by_the_words(text: str) -> None:
    assert wording.is_private(text)


@pytest.mark.parametrize(
    "text",
    [
        "文件 婚姻登记",
        "婚姻登记条例",
        "知青返城的政策",
        "大坝图纸",
        "我想查1969年修桥的档案",
        "公积金",
    ],
)
def test_anything_else_is_not_private(text: str) -> None:
    assert not wording.is_private(text)
