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
    assert lines[0] == "1 公路批复第1件 · 1979 · 可预约"
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
        lines = [line for line in demo_talk.visible.splitlines() if re.match(r"\d ", line)]
        badges = {line.rsplit(" · ", 1)[-1] for line in lines}
        assert badges == ({"可预约"} if scope == "档案" else {"在线看"})


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
    assert {"下一页", "文件 公积金", "档案 公积金", "换个说法"} <= says
    assert len(entries(demo_talk)) == rules.PAGE


def test_a_document_shows_its_validity_and_every_entry_one_badge(
    talk: Talk, database: Database, tmp_path: Path
) -> None:
    old = {"effective_from": "2010-01-01", "effective_to": "2015-12-31"}
    import_documents(
        database,
        tmp_path,
        a_document("D1", title="公路甲", date="2020-01-01", effective_from="2020-02-01"),
        a_document("D2", title="公路乙", date="2019-01-01", openness="partial"),
        a_document("D3", title="公路丙", date="2018-01-01") | old,
    )
    import_records(database, tmp_path, a_record("R1", title="公路丁", date=""))
    talk.says("公路")
    lines = talk.visible.splitlines()[1:5]
    assert lines == [
        "1 公路甲 · 2020 · 现行有效 · 在线看",
        "2 公路乙 · 2019 · 效力待核 · 需申请",
        "3 公路丁 · 可预约",
        "4 公路丙 · 2018 · 已失效 · 在线看",
    ]


def test_a_long_list_offers_the_decade_of_most_of_its_entries(twelve: Talk) -> None:
    twelve.says("公路")
    choices = dict(twelve.choices)
    assert [label for label in choices if label.startswith("只看")] == ["只看1970年代"]
    twelve.presses(choices["只看1970年代"])
    assert twelve.visible.startswith("〔档案查询〕“公路 1970年代” 共 10 条")
    assert all(1970 <= int(year) <= 1979 for year in re.findall(r" · (\d{4}) · ", twelve.visible))
    assert not [label for label, _choice in twelve.choices if label.startswith("只看")]
    twelve.says("下一页")
    twelve.says("10")
    assert opened(twelve) == ["公路批复第10件"]


def test_a_short_list_offers_nothing_to_narrow(twelve: Talk) -> None:
    twelve.says("公路 1979")
    assert [choice.id[:5] for _label, choice in twelve.choices] == ["open."]


def test_another_way_of_saying_it_keeps_the_list(twelve: Talk) -> None:
    first = twelve.says("公路")
    twelve.presses(dict(twelve.choices)["换个说法"])
    assert twelve.visible.startswith("“公路”还可以换个说法")
    assert "词越短" in twelve.visible
    twelve.says("7")
    assert "清单里没有这个数字" in twelve.visible
    twelve.says("2")
    assert opened(twelve) == ["公路批复第2件"]
    assert twelve.says("0") == first


def test_another_way_of_saying_nothing_is_to_begin(talk: Talk) -> None:
    assert "直接打字" in talk.says("换个说法")


def test_a_card_says_what_a_citizen_must_know(
    talk: Talk, database: Database, tmp_path: Path
) -> None:
    number = "兰政发〔2015〕9号"
    import_documents(
        database, tmp_path, a_document("D1", doc_no=number, effective_from="2015-06-01")
    )
    import_records(database, tmp_path, a_record("R1", date="1970-05-12"))
    talk.says(number)
    assert talk.cards[0]["Description"].splitlines() == [
        "兰政发〔2015〕9号 · 2015年4月20日",
        "现行有效 · 在线看",
        "点开看全文和出处",
    ]
    talk.says("0001-1-R1")
    assert talk.cards[0]["Description"].splitlines()[:2] == [
        "0001-1-R1 · 1970年5月12日",
        "可预约",
    ]
