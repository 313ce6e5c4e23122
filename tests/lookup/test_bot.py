"""档案查询 in the chat, turn by turn, on both databases."""

import re
from pathlib import Path

import pytest

from tests.builders import a_document, a_record, import_documents, import_records, wide
from tests.talk import Talk
from wx_archive.core.database import Database
from wx_archive.lookup import rules

ENTRY = re.compile(r"^(\d+) (.+?) · ", re.MULTILINE)


def entries(talk: Talk) -> list[tuple[int, str]]:
    """Return number and title of the entries of the last answer."""
    return [(int(number), title) for number, title in ENTRY.findall(talk.visible)]


def opened(talk: Talk) -> list[str]:
    """Return the titles of the cards of the last answer."""
    return [card["Title"] for card in talk.cards]


@pytest.fixture
def twelve(talk: Talk, database: Database, tmp_path: Path) -> Talk:
    """A conversation about a catalogue with twelve records that contain 公路."""
    rows = [
        a_record(f"R{n}", title=f"公路批复第{n}件", date=f"{1980 - n}-01-01") for n in range(1, 13)
    ]
    import_records(database, tmp_path, *rows)
    return talk


def test_a_list_says_what_was_understood_and_how_many_there_are(twelve: Talk) -> None:
    twelve.says("公路")
    head, *lines = twelve.visible.splitlines()
    assert head == "〔档案查询〕“公路” 共 12 条，先看 1–5："
    assert lines[0] == "1 公路批复第1件 · 1979 · 开放档案"
    assert entries(twelve) == [(n, f"公路批复第{n}件") for n in range(1, 6)]
    assert any("下一页" in line for line in lines[5:])


def test_every_choice_of_a_list_is_a_link_that_names_its_entry(twelve: Talk) -> None:
    twelve.says("公路")
    numbers = [choice for _text, choice in twelve.choices[:5]]
    assert [choice.content for choice in numbers] == ["1", "2", "3", "4", "5"]
    assert len({choice.id for choice in numbers}) == 5
    assert all(re.fullmatch(r"open\.[0-9A-Z]{26}", choice.id) for choice in numbers)


def test_numbers_count_on_over_pages_and_all_of_them_open(twelve: Talk) -> None:
    twelve.says("公路")
    twelve.says("下一页")
    assert entries(twelve) == [(n, f"公路批复第{n}件") for n in range(6, 11)]
    twelve.says("N")
    assert "第 3/3 页" in twelve.visible
    for number in (1, 7, 12):
        twelve.says(str(number))
        assert opened(twelve) == [f"公路批复第{number}件"]
    twelve.says(wide("3"))
    assert opened(twelve) == ["公路批复第3件"]


def test_past_the_last_page_nothing_is_lost(twelve: Talk) -> None:
    twelve.says("公路")
    twelve.says("下一页")
    twelve.says("下一页")
    twelve.says("下一页")
    assert "最后一页" in twelve.text
    twelve.says("12")
    assert opened(twelve) == ["公路批复第12件"]


def test_nought_leads_from_an_entry_to_its_list_and_then_a_page_back(twelve: Talk) -> None:
    first = twelve.says("公路")
    second = twelve.says("下一页")
    twelve.says("7")
    assert twelve.says("0") == second
    assert twelve.says("0") == first
    assert "没有可以退回的" in twelve.says("0")


@pytest.mark.parametrize("number", ["6", "0099", "999"])
def test_a_number_that_is_not_in_the_list_is_told_so(twelve: Talk, number: str) -> None:
    twelve.says("公路")
    answer = twelve.says(number)
    if len(number) < 4:
        assert "清单里没有这个数字" in answer
    else:
        assert twelve.cards == []


@pytest.mark.parametrize("words", ["3", "下一页", "n"])
def test_without_a_list_one_is_asked_to_type_again(twelve: Talk, words: str) -> None:
    assert "请把想查的词再打一遍" in twelve.says(words)
    assert "没有可以退回的" in twelve.says("0")


def test_links_in_an_old_list_still_open_the_right_entry(twelve: Talk) -> None:
    twelve.says("公路")
    old = dict(twelve.choices)
    twelve.says("公路 1970")
    assert entries(twelve)[0] == (1, "公路批复第10件")
    twelve.presses(old["公路批复第2件"])
    assert opened(twelve) == ["公路批复第2件"]


def test_links_in_an_old_list_still_turn_the_right_list(twelve: Talk) -> None:
    twelve.says("公路批复")
    old = dict(twelve.choices)
    second = twelve.says("下一页")
    twelve.says("1970")
    assert twelve.presses(old["下一页"]) == second
    twelve.says("9")
    assert opened(twelve) == ["公路批复第9件"]
    assert "清单里没有这个数字" in twelve.says("11")
    assert twelve.says("0") == second
    twelve.says("0")
    twelve.says("3")
    assert opened(twelve) == ["公路批复第3件"]


def test_a_page_that_was_skipped_has_no_numbers(twelve: Talk) -> None:
    twelve.says("公路")
    twelve.says("下一页")
    third = dict(twelve.choices)["下一页"]
    twelve.says("1970")
    twelve.presses(third)
    assert [number for number, _title in entries(twelve)] == [11, 12]
    assert "清单里没有这个数字" in twelve.says("2")
    twelve.says("12")
    assert opened(twelve) == ["公路批复第12件"]


@pytest.mark.parametrize(
    "menu_id", ["open.", "open.X", "page.1.!!", "page.x.eA", "page.1.", "page"]
)
def test_a_forged_link_opens_nothing_and_breaks_nothing(twelve: Talk, menu_id: str) -> None:
    answer = twelve.says("1", menu_id=menu_id)
    assert twelve.cards == []
    assert "没办成" not in answer
    assert answer


@pytest.mark.parametrize("polite", ["查 公路", "查　公路", "查询 公路", "查公路", "我想查一下公路"])
def test_asking_politely_is_asking(twelve: Talk, polite: str) -> None:
    plain = twelve.says("公路")
    assert twelve.says(polite) == plain


def test_scope_words_narrow_to_one_kind(demo_talk: Talk) -> None:
    for scope, word in (("文件", "只看现行文件"), ("档案", "只看开放档案")):
        demo_talk.says(f"{scope} 公积金")
        assert word in demo_talk.visible.splitlines()[0]
        badges = {line.rsplit(" · ", 1)[-1] for line in demo_talk.visible.splitlines()[1:-1]}
        assert ("开放档案" in badges) is (scope == "档案")


def test_what_was_typed_is_shown_and_traditional_characters_are_understood(
    demo_talk: Talk,
) -> None:
    demo_talk.says("住房公積金")
    traditional = demo_talk.visible
    assert traditional.startswith("〔档案查询〕“住房公積金”，含公积金 共 ")
    demo_talk.says("住房公积金")
    assert demo_talk.visible == traditional.replace("積", "积")


def test_years_are_said_to_be_understood(demo_talk: Talk) -> None:
    demo_talk.says("公积金 10年代")
    assert "2010—2019年" in demo_talk.visible.splitlines()[0]
    years = re.findall(r" · (\d{4}) · ", demo_talk.visible)
    assert years
    assert all(2010 <= int(year) <= 2019 for year in years)


def test_a_number_opens_its_document_and_two_with_one_number_are_a_list(
    talk: Talk, database: Database, tmp_path: Path
) -> None:
    one, two = "十政发〔2004〕12号", "十政发〔2004〕13号"
    import_documents(
        database,
        tmp_path,
        a_document("D1", title="甲", doc_no=one),
        a_document("D2", title="乙", doc_no=two, date="2004-01-01"),
        a_document("D3", title="丙", doc_no=two, date="2003-01-01"),
    )
    talk.says("十政发[2004]12號")
    assert opened(talk) == ["甲"]
    assert one in talk.cards[0]["Description"]
    talk.says(two)
    assert "共 2 条" in talk.visible
    assert entries(talk) == [(1, "乙"), (2, "丙")]
    talk.says("2")
    assert opened(talk) == ["丙"]


def test_a_prefix_of_reference_codes_is_a_list_with_pages(
    talk: Talk, database: Database, tmp_path: Path
) -> None:
    rows = [a_record(f"{n}", ref_code=f"0012-2-{n:03}", title=f"案卷{n}") for n in range(1, 24)]
    import_records(database, tmp_path, *rows)
    talk.says("0012-2-007")
    assert opened(talk) == ["案卷7"]
    talk.says("0012-2")
    assert "共 23 条" in talk.visible
    talk.says("下一页")
    assert entries(talk) == [(n, f"案卷{n}") for n in range(6, 11)]
    assert "第 2/5 页" in talk.visible


def test_a_list_ends_with_the_next_step(demo_talk: Talk) -> None:
    demo_talk.says("公积金")
    says = {choice.content for _text, choice in demo_talk.choices}
    assert {"下一页", "文件 公积金", "档案 公积金"} <= says
    assert len(entries(demo_talk)) == rules.PAGE
