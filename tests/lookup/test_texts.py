"""What is said in the chat: dates, periods, links that hold all they need, the limit of bytes."""

from datetime import date

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from wx_archive.catalogue.query import MAX_LENGTH, understand
from wx_archive.catalogue.rules import Access, Kind, Validity
from wx_archive.catalogue.search import Found, Hit
from wx_archive.catalogue.words import Near
from wx_archive.lookup import texts
from wx_archive.lookup.service import OtherWords
from wx_archive.simulator.bubbles import spans_of
from wx_archive.wechat.replies import TEXT_LIMIT_BYTES

DAY = date(1969, 5, 12)


@pytest.mark.parametrize(
    ("first", "precision", "last", "told"),
    [
        (DAY, "day", None, "1969年5月12日"),
        (date(1969, 5, 1), "month", None, "1969年5月"),
        (date(1969, 1, 1), "year", date(1969, 12, 31), "1969年"),
        (date(1945, 8, 15), "inferred", None, "[1945年8月15日]"),
        (date(1945, 1, 1), "inferred", date(1945, 12, 31), "[1945年]"),
        (date(1945, 1, 1), "inferred", date(1949, 12, 31), "[1945年—1949年]"),
        (date(1969, 5, 1), "month", date(1970, 3, 31), "1969年5月—1970年3月"),
        (date(1969, 1, 1), "year", date(1971, 12, 31), "1969年—1971年"),
        (DAY, "day", date(1969, 6, 1), "1969年5月12日—1969年6月1日"),
        (None, "day", None, ""),
    ],
)
def test_a_date_is_written_as_far_as_it_is_known(
    first: date | None, precision: str, last: date | None, told: str
) -> None:
    assert texts.written(first, precision, last) == told


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("Y", "永久"),
        ("D30", "30年"),
        ("D10?", "10年（待复核）"),
        ("Y?", "永久（待复核）"),
        ("", ""),
        ("长期", "长期"),
    ],
)
def test_a_retention_period_is_written_out(code: str, told: str) -> None:
    assert texts.retention(code) == told


def a_hit(number: int, title: str, kind: Kind) -> Hit:
    is_document = kind is Kind.DOCUMENT
    return Hit(
        id=number,
        kind=kind,
        pid=f"{number:026}",
        title=title,
        number="",
        reference_code="",
        dated=date(1960 + number, 1, 1),
        date_precision="day",
        validity=Validity.NOT_YET if is_document else None,
        access=Access.ONLINE if is_document else Access.BOOK,
    )


def a_list(title: str, text: str, total: int, synonyms: dict[str, list[str]]) -> Found:
    hits = tuple(a_hit(number, title, list(Kind)[number % 2]) for number in range(1, 6))
    query = understand(text, synonyms=synonyms)
    return Found(query, total, is_capped=total >= 1000, hits=hits, kinds=frozenset(Kind))


TITLES = st.text(min_size=1, max_size=300)
QUESTIONS = st.text(min_size=1, max_size=MAX_LENGTH)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(title=TITLES, text=QUESTIONS, total=st.integers(1, 1_000), is_instead=st.booleans())
@example(title="档" * 1_000, text="档" * MAX_LENGTH, total=1_000, is_instead=True)
@example(title="<" * 1_000, text="😀" * MAX_LENGTH, total=1_000, is_instead=True)
@example(title="😀" * 1_000, text="<" * MAX_LENGTH, total=1_000, is_instead=True)
@example(title="&amp;" * 200, text="%" * MAX_LENGTH, total=6, is_instead=False)
def test_a_list_has_all_its_entries_and_a_next_step_within_the_limit(
    *, title: str, text: str, total: int, is_instead: bool
) -> None:
    also = {text: ["甲" * 64, "乙" * 64, "丙" * 64]}
    found = a_list(title, text, max(total, 5), also)
    page = 1 if is_instead else -(-found.total // 5)
    said = texts.listing(found, page=page, instead_of=text if is_instead else "")
    assert len(said.encode()) <= TEXT_LIMIT_BYTES
    spans = list(spans_of(said))
    opening = [span for span in spans if span.menu and span.menu.id.startswith("open.")]
    assert len(opening) == 5
    last = "".join(span.text for span in spans).splitlines()[-1]
    assert last.startswith("▸") or last == texts.ANY_NUMBER


@settings(deadline=None)
@given(QUESTIONS, st.lists(st.text(min_size=1, max_size=12), max_size=3))
@example("档" * MAX_LENGTH, ["<" * 12] * 3)
@example("😀" * MAX_LENGTH, ["😀" * 12] * 3)
def test_an_answer_about_nothing_keeps_its_way_on_within_the_limit(
    text: str, others: list[str]
) -> None:
    words = OtherWords(tuple(others), tuple(Near(word, 1_000, is_capped=True) for word in others))
    advice = "问" * 300
    said = texts.nothing(text, None, words, advice)
    assert len(said.encode()) <= TEXT_LIMIT_BYTES
    assert said.endswith(advice)
    asked = [span.menu for span in spans_of(said) if span.menu and span.menu.id.startswith("ask.")]
    assert [menu.content for menu in asked] == ["帮我查"]


@given(QUESTIONS, st.sampled_from([None, *Kind]), st.integers(1, 200))
def test_a_link_to_a_page_holds_all_it_needs(text: str, kind: Kind | None, page: int) -> None:
    name, _dot, argument = texts.pack(text, kind, page).partition(".")
    assert name == "page"
    assert texts.unpack(argument) == (text, kind, page)


@pytest.mark.parametrize("argument", ["", "1", "1.", "x.LWE", "1.!!", "1.wA", "99999.LWE", ".LWE"])
def test_a_forged_link_is_none(argument: str) -> None:
    assert texts.unpack(argument) is None
