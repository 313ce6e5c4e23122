"""档案查询 in the chat at its limits: short, long, hostile, private and hidden."""

import re
from pathlib import Path

import pytest

from tests.builders import Row, a_document, a_record, import_documents, import_records
from tests.talk import Talk
from wx_archive.core.database import Database
from wx_archive.wechat.replies import TEXT_LIMIT_BYTES

ENTRY = re.compile(r"^(\d+) (.+?) · ", re.MULTILINE)


def entries(talk: Talk) -> list[tuple[int, str]]:
    """Return number and title of the entries of the last answer."""
    return [(int(number), title) for number, title in ENTRY.findall(talk.visible)]


def opened(talk: Talk) -> list[str]:
    """Return the titles of the cards of the last answer."""
    return [card["Title"] for card in talk.cards]


def test_one_character_finds_beginnings_or_asks_for_more(demo_talk: Talk) -> None:
    demo_talk.says("关")
    assert "题名以它开头" in demo_talk.text
    assert all(title.startswith("关") for _number, title in entries(demo_talk))
    assert "再添一个字" in demo_talk.says("猫")


def test_too_long_a_question_is_asked_to_be_shorter(demo_talk: Talk) -> None:
    assert "这句话长了些" in demo_talk.says("公积金" * 22)
    assert "这句话长了些" not in demo_talk.says("公" * 64)


@pytest.mark.parametrize("words", ["查 结婚登记表", "我妈的知青档案", "離婚證明書", "档案 学籍卡"])
def test_private_life_leads_to_the_desk(demo_talk: Talk, words: str) -> None:
    answer = demo_talk.says(words)
    assert "关系个人隐私" in answer or "民生档案" in answer


@pytest.mark.parametrize(
    "hostile",
    [
        "]]>",
        ']]><a href="http://evil.example/">公积金</a>',
        "<a href='weixin://bizmsgmenu?msgmenucontent=x&msgmenuid=y'>点</a>",
        "😀" * 64,
        "公积金😀" * 16,
        '" OR tokens:*',
        "公积金 NEAR(x) AND NOT y*",
        "'; DROP TABLE record; --",
        "{name} {telephone} [[帮助]]",
        "\x00\x07公积金",
        "%_%",
        "公积金' | 'x' & !y",
    ],
)
def test_hostile_words_are_only_words(demo_talk: Talk, hostile: str) -> None:
    demo_talk.says(hostile)
    assert demo_talk.text
    assert "没办成" not in demo_talk.text
    assert len(demo_talk.text.encode()) <= TEXT_LIMIT_BYTES
    for span in demo_talk.spans:
        assert not (span.href or "").startswith("http://evil")
        assert span.menu is None or span.menu.id != "y"


@pytest.mark.parametrize("character", ["档", "<", "&"])
def test_the_longest_list_keeps_the_limit_and_all_its_entries(
    talk: Talk, database: Database, tmp_path: Path, character: str
) -> None:
    query = ("公路桥梁隧道涵洞" * 8)[:64]
    rows = [
        a_record(f"R{n}", title=character * 200, abstract=query, date="1980-01-01")
        for n in range(30)
    ]
    import_records(database, tmp_path, *rows)
    for words in (query, "下一页"):
        talk.says(words)
        assert len(talk.text.encode()) <= TEXT_LIMIT_BYTES
        assert not talk.text.endswith("…")  # it was made to fit, not cut
        assert [number for number, _title in entries(talk)] == list(
            range(1, 6) if words == query else range(6, 11)
        )
        assert len([1 for _text, choice in talk.choices if choice.id.startswith("open.")]) == 5


def test_the_restricted_change_no_letter_of_any_answer(
    demo_talk: Talk, database: Database, tmp_path: Path
) -> None:
    asked = [
        "公积金",
        "下一页",
        "档案 公路",
        "1970",
        "房",
        "0001-1",
        "结婚登记",
        "学籍",
        "批复",
        "兰政发〔2023〕5号",
        "请问招工的批复在哪里可以看到",
    ]
    before = [(demo_talk.says(words), opened(demo_talk)) for words in asked]
    titles = ("公积金结婚登记批复", "公路学籍批复", "房屋招工登记")
    restricted: list[Row] = [
        {"open": 0},
        {"open": None},
        {"livelihood": 1},
        {"livelihood": 1, "open": 0},
    ]
    rows = [
        a_record(
            f"H{n}",
            title=titles[n % 3],
            doc_no="兰政发〔2023〕5号",
            ref_code=f"0001-1-9{n:03}",
            **restricted[n % 4],
        )
        for n in range(300)
    ]
    import_records(database, tmp_path, *rows)
    hidden = [a_document(f"H{n}", title="公积金", openness="none") for n in range(20)]
    import_documents(database, tmp_path, *hidden)
    assert [(demo_talk.says(words), opened(demo_talk)) for words in asked] == before
