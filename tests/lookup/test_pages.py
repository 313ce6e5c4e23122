"""档案查询 as pages: sound HTML, nothing from outside, nothing hidden."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy import select
from werkzeug.test import Client

from tests.builders import Row, a_document, a_record, import_documents, import_records
from tests.conftest import SettingsFactory
from tests.html import Page, read_page
from tests.lookup.conftest import learn
from wx_archive import app
from wx_archive.catalogue.models import Document, Record
from wx_archive.core.database import Database
from wx_archive.core.text import xml_safe

NOBODY = "0" * 26
QUERIES = [
    "",
    "q=",
    "q=公积金",
    "q=公积金&page=2",
    "q=猫头鹰",
    "q=结婚登记",
    "q=" + "长" * 80,
    "q=房",
    "q=2010-2019",
    "q=兰台&decade=1970",
    "q=兰台&decade=1971&kind=xx&page=99999",
    "q=公基金",
    "q=0012-2-\x00",
    "q=" + "😀" * 64,
    "q=公积金&kind=record&decade=-10",
]


@pytest.fixture
def browser(demo_settings: SettingsFactory) -> Iterator[Client]:
    """A browser on the demo's pages."""
    application = app.build(demo_settings())
    yield Client(application.wsgi)
    application.close()


@pytest.fixture
def database(demo_settings: SettingsFactory) -> Iterator[Database]:
    """The database that the browser's pages read."""
    database = Database(demo_settings().database)
    yield database
    database.dispose()


def get(browser: Client, address: str, *, status: int = 200) -> Page:
    response = browser.get(address)
    assert response.status_code == status, address
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert "script-src" not in response.headers["Content-Security-Policy"]
    return read_page(response.text)


def every_entry(database: Database) -> list[str]:
    """Return the addresses of all rows, the hidden ones included."""
    with database.begin() as session:
        documents = session.scalars(select(Document.pid)).all()
        records = session.scalars(select(Record.pid)).all()
    return [f"/h5/documents/{pid}" for pid in documents] + [f"/h5/records/{pid}" for pid in records]


@pytest.mark.parametrize("query", QUERIES)
def test_the_search_page_is_sound_whatever_is_asked(browser: Client, query: str) -> None:
    page = get(browser, f"/h5/lookup?{quote(query, safe='=&')}")
    page.check_frame()


def test_every_entry_has_a_sound_page_or_none_at_all(browser: Client, database: Database) -> None:
    missing = browser.get(f"/h5/records/{NOBODY}").data
    hidden = 0
    for address in every_entry(database):
        response = browser.get(address)
        if response.status_code == 404:
            hidden += 1
            assert response.data == missing
            continue
        page = read_page(response.text)
        page.check_frame()
        assert page.title.startswith(page.headings[0])
    assert hidden == 4 + 22 + 12 - _both(database)


def _both(database: Database) -> int:
    with database.begin() as session:
        found = session.scalars(
            select(Record.id).where(Record.openness != "open", Record.is_livelihood)
        )
        return len(found.all())


@pytest.mark.parametrize(
    "address",
    [
        "/h5/documents/x",
        f"/h5/documents/{NOBODY}",
        "/h5/records/" + "1" * 5_000,
        "/h5/records/%00",
        "/h5/records/..%2f..",
        "/h5/nowhere",
        "/h5/columns/nowhere",
        "/h5/articles/nowhere",
        "/h5/guides/nowhere",
    ],
)
def test_whatever_is_missing_gets_the_same_page(browser: Client, address: str) -> None:
    page = get(browser, address, status=404)
    page.check_frame()
    assert page.headings == ["没有找到这一页"]
    assert browser.get(address).data == browser.get(f"/h5/records/{NOBODY}").data


def test_hidden_and_missing_differ_in_no_header_either(
    browser: Client, database: Database, tmp_path: Path
) -> None:
    import_records(database, tmp_path, a_record("hidden", open=0))
    with database.begin() as session:
        pid = session.scalar(select(Record.pid).where(Record.source_key == "hidden"))
    for kind in ("records", "documents"):
        hidden, missing = (browser.get(f"/h5/{kind}/{one}") for one in (pid, NOBODY))
        assert hidden.data == missing.data
        assert list(hidden.headers) == list(missing.headers)


@pytest.mark.parametrize(
    "text",
    [
        '"><script>alert(1)</script>',
        "<img src=x onerror=alert(1)>",
        "' onfocus='alert(1)",
        "javascript:alert(1)",
        "{{ 7 * 7 }}{% raw %}",
        '公积金"><svg/onload=alert(1)>',
        "&lt;script&gt;",
        "\x00\x1b",
    ],
)
def test_hostile_questions_are_shown_as_text(browser: Client, text: str) -> None:
    page = get(browser, f"/h5/lookup?q={quote(text)}&kind={quote(text)}&page={quote(text)}")
    page.check_frame()
    assert page.value_of("q") == xml_safe(text).strip()
    assert "49" not in page.title


def test_hostile_titles_and_texts_are_shown_as_text(
    browser: Client, database: Database, tmp_path: Path
) -> None:
    evil = '养猫<script>alert(1)</script>"\'><a href="http://evil.example/">'
    import_documents(database, tmp_path, a_document("evil", title=evil, body=evil, issuer=evil))
    page = get(browser, "/h5/lookup?q=养猫")
    page.check_frame()
    (address,) = [link for link in page.links if link.startswith("/h5/documents/")]
    entry = get(browser, address)
    entry.check_frame()
    assert entry.headings == [" ".join(evil.split())]


@pytest.mark.parametrize("page", ["0", "-1", "x", "²", "99999", "1e3", ""])
@pytest.mark.parametrize("kind", ["", "nothing", "document", "DOCUMENT"])
def test_odd_page_and_kind_values_are_taken_as_the_first_page(
    browser: Client, page: str, kind: str
) -> None:
    shown = get(browser, f"/h5/lookup?q=公积金&page={quote(page)}&kind={kind}")
    shown.check_frame()
    assert "没有查到" not in shown.text
    assert len([link for link in shown.links if re.match("/h5/(documents|records)/", link)]) == 10


def test_a_page_after_the_last_one_says_so(browser: Client) -> None:
    page = get(browser, "/h5/lookup?q=公积金&page=77")
    page.check_frame()
    assert "后面没有了" in page.text
    assert "没有查到" not in page.text


def test_all_pages_together_show_every_hit_once(browser: Client) -> None:
    links: list[str] = []
    for number in range(1, 20):
        page = get(browser, f"/h5/lookup?q=兰台&page={number}")
        here = [link for link in page.links if re.match("/h5/(documents|records)/", link)]
        links += here
        if not here:
            break
    total = re.search(r"共 (\d+) 条", get(browser, "/h5/lookup?q=兰台").text)
    assert total
    assert len(links) == len(set(links)) == int(total[1]) > 20


def test_the_big_type_switch_keeps_the_question(browser: Client) -> None:
    page = get(browser, "/h5/lookup?q=公积金&kind=document&page=2")
    assert "big" not in page.root_classes
    (bigger,) = [link for link in page.links if "big=1" in link]
    big = get(browser, "/h5/lookup" + bigger)
    big.check_frame()
    assert "big" in big.root_classes
    assert big.value_of("q") == "公积金"
    assert "第 2 /" in big.text
    assert "big" in get(browser, "/h5/guides/").root_classes  # the phone remembers
    (smaller,) = [link for link in big.links if link.startswith("?") and "big=0" in link]
    assert get(browser, "/h5/lookup" + smaller).text == page.text
    assert "big" not in get(browser, "/h5/guides/").root_classes


def test_a_partly_open_document_shows_no_text(
    browser: Client, database: Database, tmp_path: Path
) -> None:
    half = a_document("half", title="养猫办法", openness="partial", body="内情如此")
    import_documents(database, tmp_path, half)
    (address,) = [
        link for link in get(browser, "/h5/lookup?q=养猫").links if "/h5/documents/" in link
    ]
    page = get(browser, address)
    assert "只公开目录" in page.text
    assert "内情" not in page.text


def test_the_restricted_change_no_byte_of_any_page(
    browser: Client, database: Database, tmp_path: Path
) -> None:
    asked = ["公积金", "公路", "1970", "房", "0001-1", "结婚登记", "批复", "兰政发〔2023〕5号"]
    addresses = [f"/h5/lookup?q={quote(words)}" for words in asked] + every_entry(database)
    before = [browser.get(address).data for address in addresses]
    restricted: list[Row] = [{"open": 0}, {"open": None}, {"livelihood": 1}]
    rows = [
        a_record(f"H{n}", title="公积金结婚登记批复", ref_code=f"0001-1-9{n:03}")
        | restricted[n % 3]
        for n in range(300)
    ]
    import_records(database, tmp_path, *rows)
    assert [browser.get(address).data for address in addresses] == before


def test_a_sentence_that_finds_nothing_shows_what_its_words_find(browser: Client) -> None:
    page = get(browser, "/h5/lookup?q=住房公积金怎么提取")
    page.check_frame()
    assert "没有查到“住房公积金怎么提取”" in page.text
    assert "改查“住房公积金 提取”" in page.text
    assert any(link.startswith("/h5/documents/") for link in page.links)


def test_the_address_of_the_style_names_its_version(browser: Client) -> None:
    text = browser.get("/h5/lookup").get_data(as_text=True)
    address = re.search(r'href="(/static/h5\.css\?v=[0-9a-f]{10})"', text)
    assert address
    with browser.get(address[1]) as answer:
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]
    for unlasting in ("/static/h5.css", "/static/nothing.css?v=1"):
        with browser.get(unlasting) as answer:
            assert "immutable" not in answer.headers["Cache-Control"]


def entries_of(page: Page) -> list[str]:
    return [link for link in page.links if re.match("/h5/(documents|records)/", link)]


@pytest.fixture
def learned(database: Database) -> None:
    """Let the account know the words of its catalogue."""
    learn(database)


def test_a_searched_word_is_marked_in_titles_whatever_its_script(browser: Client) -> None:
    for typed in ("公积金", "公積金"):
        html = browser.get(f"/h5/lookup?q={typed}").text
        marks = re.findall("<mark>(.*?)</mark>", html)
        assert set(marks) == {"公积金"}
        assert len(marks) >= 10


def test_every_entry_has_its_badge_and_documents_their_validity(browser: Client) -> None:
    documents = browser.get("/h5/lookup?q=公积金&kind=document").text
    assert documents.count('class="badge open">在线看') == 10
    assert documents.count('class="state ') == 10
    records = browser.get("/h5/lookup?q=公积金&kind=record").text
    assert 'class="badge book">可预约' in records
    assert 'class="state ' not in records


def test_a_long_list_is_narrowed_to_a_decade_and_widened_again(browser: Client) -> None:
    whole = get(browser, "/h5/lookup?q=兰台")
    chips = {link for link in whole.links if "decade=" in link}
    assert "/h5/lookup?" + "q=" + quote("兰台") + "&decade=1970" in chips
    counts = []
    for chip in sorted(chips):
        narrow = get(browser, chip)
        assert entries_of(narrow), chip
        found = re.search(r"“兰台” 共 (\d+) 条，(\d{4})—(\d{4})年", narrow.text)
        assert found
        counts.append(int(found[1]))
        assert found[3] == str(int(found[2]) + 9)
        assert f"/h5/lookup?q={quote('兰台')}" in narrow.links
    total = re.search(r"共 (\d+) 条", whole.text)
    assert total
    undated = int(total[1]) - sum(counts)
    assert 0 <= undated <= 3


def test_a_short_list_is_not_cut_into_decades(browser: Client) -> None:
    assert not [link for link in get(browser, "/h5/lookup?q=大桥").links if "decade=" in link]


def test_a_decade_without_anything_leads_back(browser: Client) -> None:
    page = get(browser, "/h5/lookup?q=公积金&decade=1950")
    page.check_frame()
    assert "1950年代里没有" in page.text
    assert f"/h5/lookup?q={quote('公积金')}" in page.links


def test_topics_are_there_to_begin_with(browser: Client) -> None:
    page = get(browser, "/h5/lookup")
    topics = [link for link in page.links if quote("主题 ") in link]
    assert len(topics) == 20
    assert entries_of(get(browser, topics[0].replace("&amp;", "&")))


def test_words_that_begin_like_the_typed_ones_are_shown_under_the_form(
    browser: Client, learned: None
) -> None:
    del learned
    page = get(browser, "/h5/lookup?q=住房")
    told = [link for link in page.links if "q=" + quote("住房公积金") in link]
    assert "相关的词" in page.text
    assert told
    assert '<option value="住房公积金">' in browser.get("/h5/lookup?q=住房").text


def test_suggestions_are_at_most_eight_words_that_may_not_be_kept(
    browser: Client, learned: None
) -> None:
    del learned
    answer = browser.get("/h5/suggest?q=" + quote("住房"))
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json is not None
    assert answer.json["query"] == "住房"
    assert "住房公积金" in answer.json["words"]
    for typed, most in (("", 0), ("住", 8), ("兰台", 8), ("关于", 8), ("a", 8), ("1", 8)):
        found = browser.get("/h5/suggest?q=" + quote(typed)).json
        assert found is not None
        assert len(found["words"]) <= most
        assert typed not in found["words"]
        assert len(found["words"]) == 8 or typed != "兰台"


@pytest.mark.parametrize(
    "typed", ["", " ", "\x00", "😀", "长" * 5_000, "<b>", "%_%", "' OR 1", "\t\n"]
)
def test_odd_beginnings_suggest_nothing_and_break_nothing(browser: Client, typed: str) -> None:
    answer = browser.get("/h5/suggest?q=" + quote(typed))
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["words"] == []


def test_what_was_mistyped_is_asked_about_and_leads_to_what_was_meant(
    browser: Client, learned: None
) -> None:
    del learned
    page = get(browser, "/h5/lookup?q=公基金")
    page.check_frame()
    assert "您要找的是不是 公积金" in page.text
    assert entries_of(get(browser, f"/h5/lookup?q={quote('公积金')}"))
    assert f"/h5/lookup?q={quote('公积金')}" in page.links


def test_an_empty_result_leads_to_a_request_and_to_the_telephone(browser: Client) -> None:
    page = get(browser, "/h5/lookup?q=量子纠缠")
    page.check_frame()
    order = ["没有查到“量子纠缠”", "帮我查", "打电话问", "哪些档案开放"]
    places = [page.text.index(words) for words in order]
    assert places == sorted(places)
    assert f"/h5/enquiries/new?words={quote('量子纠缠')}" in page.links
    assert "tel:07190000000" in page.links


def test_private_life_gets_the_way_to_the_desk_and_no_request(browser: Client) -> None:
    page = get(browser, "/h5/lookup?q=学籍卡")
    page.check_frame()
    for told in ("身份证", "一楼查档大厅1号窗口", "8:30—12:00", "0719-0000000"):
        assert told in page.text
    assert "帮我查" not in page.text
    assert "共 " not in page.text


@pytest.mark.parametrize("path", ["/h5/lookup", "/h5/lookup?q=公积金", "/h5/lookup?q=量子"])
def test_no_result_may_be_kept_by_anyone(browser: Client, path: str) -> None:
    assert browser.get(path).headers["Cache-Control"] == "no-store"
