"""近义词: added, removed, settled against the file; what breaks the rules changes nothing."""

import json
import shutil
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
import requests
from sqlalchemy import select

from tests.builders import wide
from tests.cataloguing.uploading import an_office, folded
from tests.conftest import PROJECT, SettingsFactory, closing_office
from tests.console import CSRF, Office
from tests.html import read_page
from tests.sites import write
from wx_archive import demo
from wx_archive.catalogue.words import synonyms_of
from wx_archive.simulator.phone import Phone
from wx_archive.staff.models import AuditEntry
from wx_archive.staff.rules import Role

LIST = "/console/synonyms"
FILE = "- [公积金, 住房公积金]\n- [养狗, 养犬]\n"


@pytest.fixture
def office(demo_settings: SettingsFactory, tmp_path: Path) -> Iterator[Office]:
    """An office with two groups in its file."""
    site = tmp_path / "site"
    for name in ("content", "menus", "quiz_bank"):
        shutil.copytree(PROJECT / name, site / name)
    write(site / "content" / "synonyms.yaml", FILE)
    with closing_office(demo_settings(site_dir=site)) as opened:
        yield opened


@pytest.fixture(scope="module")
def still(_demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office for the tests that leave it as it is."""
    with an_office(_demo_data, tmp_path_factory.mktemp("still") / "data") as opened:
        yield opened


def others(office: Office, word: str) -> tuple[str, ...]:
    """Return what else a word finds."""
    with office.database.reads() as connection:
        known = synonyms_of(connection, office.application.services.site, fresh_s=0)
    return known.get(word, ())


def notes(office: Office) -> list[tuple[str, str, dict[str, object], dict[str, object]]]:
    with office.database.reads() as connection:
        rows = connection.execute(
            select(AuditEntry.action, AuditEntry.subject, AuditEntry.before, AuditEntry.after)
            .where(AuditEntry.action.like("synonyms.%"))
            .order_by(AuditEntry.number)
        )
        return [(a, s, json.loads(before), json.loads(after)) for a, s, before, after in rows]


def test_words_are_added_and_a_group_that_has_one_of_them_is_extended(office: Office) -> None:
    editor = office.sits(Role.EDITOR)
    page = editor.done(LIST, words="低保、最低生活保障")
    assert "已生效：低保、最低生活保障。" in folded(page)
    assert others(office, "低保") == ("最低生活保障",)
    editor.done(LIST, words="公积金 " + wide("GJJ"))
    assert others(office, "gjj") == ("公积金", "住房公积金")
    assert notes(office)[1] == (
        "synonyms.add",
        "synonyms:公积金",
        {"groups": [["公积金", "住房公积金"]]},
        {"groups": [["公积金", "住房公积金", "gjj"]]},
    )


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "请写至少两个词"),
        ("低保", "请写至少两个词"),
        ("低 保", "太短"),
        ("低保 低保", "只有一个词"),
        ("公积金 养狗", "已经分在几组里"),
        ("公积金 住房公积金", "已经在同一组里了"),
        ("低保 " + "长" * 31, "太长"),
        ("低保 a《b》c", "空格或标点"),
        ("低保 <script>", "空格或标点"),
        ("字" * 401, "一次最多写 400 个字"),
    ],
)
def test_what_breaks_the_rules_is_answered_with_a_sentence_and_changes_nothing(
    still: Office, typed: str, sentence: str
) -> None:
    office = still
    answer = office.sits(Role.EDITOR).post(LIST, words=typed)
    assert answer.status_code == 422
    page = read_page(answer.text)
    page.check_frame()
    assert sentence in folded(page)
    assert page.value_of("words") == typed[:400]
    assert notes(office) == []
    assert others(office, "公积金") == ("住房公积金",)
    assert others(office, "养狗") == ("养犬",)


def test_a_word_leaves_its_group_and_a_group_of_one_is_none(office: Office) -> None:
    editor = office.sits(Role.EDITOR)
    editor.done(LIST, words="公积金 房积金")
    said = editor.done(f"{LIST}/remove", word="房积金")
    assert "已把“房积金”移走，这一组还有：公积金、住房公积金。" in folded(said)
    said = editor.done(f"{LIST}/remove", word="养犬")
    assert "只剩一个词不成一组，这一组没有了" in folded(said)
    assert others(office, "养狗") == ()
    answer = editor.post(f"{LIST}/remove", word="养犬")
    assert answer.status_code == 409
    assert "近义词里已经没有“养犬”" in answer.text


def test_a_whole_group_goes_after_one_more_question(office: Office) -> None:
    editor = office.sits(Role.EDITOR)
    (link,) = [one for one in editor.page(f"{LIST}?q=养").links if "/group?" in one]
    asked = editor.page(link)
    assert "养狗、养犬" in folded(asked)
    assert others(office, "养狗") == ("养犬",)
    editor.done(f"{LIST}/group", word=asked.value_of("word"))
    assert others(office, "养狗") == ()
    assert editor.get(link).status_code == 404
    assert notes(office)[0][2:] == ({"groups": [["养狗", "养犬"]]}, {"groups": []})


def test_a_word_is_found_among_many_and_pages_turn(office: Office) -> None:
    site = office.settings.site()
    pairs = ["".join(pair) for pair in product("甲乙丙丁戊己庚辛壬癸", "子丑寅卯辰巳午未申酉戌亥")]
    groups = "".join(f"- [{pair}号房, {pair}号屋]\n" for pair in pairs)
    write(site / "content" / "synonyms.yaml", groups)
    editor = office.sits(Role.EDITOR)
    page = editor.page(f"{LIST}?q=庚午号屋")
    assert "找到 1 组" in folded(page)
    assert "庚午号房" in page.text
    first = editor.page(f"{LIST}?q=号房")
    (turn,) = [link for link in first.links if "page=2" in link]
    assert f"{pairs[50]}号屋" in editor.page(turn).text
    assert f"{pairs[50]}号屋" not in first.text
    assert "没有哪一组里有“没有的词”" in folded(editor.page(f"{LIST}?q=没有的词"))
    for told in ("0", "-3", "x", "9" * 30):
        editor.page(f"{LIST}?page={told}")
    assert "<b>" in editor.page(f"{LIST}?q=<b>").text


@pytest.mark.parametrize(
    ("winner", "left"), [("file", ("公积金", "房屋公积金")), ("staff", ("住房公积金", "公积"))]
)
def test_what_both_have_changed_is_shown_and_settled_one_by_one(
    office: Office, winner: str, left: tuple[str, ...]
) -> None:
    editor = office.sits(Role.EDITOR)
    editor.done(LIST, words="公积金 公积")
    editor.done(LIST, words="养狗 养宠物犬")
    path = office.settings.site() / "content" / "synonyms.yaml"
    write(path, FILE.replace("住房公积金", "房屋公积金").replace("养犬]", "养犬只]"))
    page = folded(editor.page(LIST))
    assert "文件和馆里都改过的" in page
    assert "公积金、房屋公积金" in page
    said = editor.done(f"{LIST}/settle", head="公积金", winner=winner)
    assert "“公积金”这一组现在是：" in folded(said)
    known = ("公积金", *others(office, "公积金"))
    assert set(left) <= set(known)
    assert "养犬只" in folded(editor.page(LIST))  # the other one still waits
    assert editor.post(f"{LIST}/settle", head="公积金", winner=winner).status_code == 409
    assert editor.post(f"{LIST}/settle", head="养狗", winner="both").status_code == 409


def test_a_file_that_cannot_be_read_is_named_without_our_folders(office: Office) -> None:
    site = office.settings.site()
    write(site / "content" / "synonyms.yaml", "- [公积金]\n")
    editor = office.sits(Role.EDITOR)
    page = editor.page(LIST)
    assert "content/synonyms.yaml:1:1" in folded(page)
    assert str(site) not in page.text
    assert editor.post(LIST, words="低保 最低生活保障").status_code == 422


def test_an_added_word_counts_in_the_chat_within_two_seconds(running: demo.Running) -> None:
    phone = Phone(running.simulator_url)
    phone.follows()
    assert "没有查到" in phone.says("青蚨簿")[-1].visible_text
    with requests.Session() as browser:
        url = running.account_url
        browser.headers["Origin"] = url
        browser.post(f"{url}/console/switch", {"login": "editor"}, timeout=10)
        found = CSRF.search(browser.get(f"{url}{LIST}", timeout=10).text)
        assert found
        form = {"csrf": found[1], "words": "青蚨簿 住房公积金"}
        assert browser.post(f"{url}{LIST}", form, timeout=10).ok
    deadline = time.monotonic() + 2.5
    while "没有查到" in phone.says("青蚨簿")[-1].visible_text:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert "公积金" in phone.says("青蚨簿")[-1].visible_text
