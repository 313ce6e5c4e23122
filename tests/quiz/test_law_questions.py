"""Every question on law rests on words that stand in the article it names."""

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import pytest

from tests.conftest import PROJECT
from tests.real import REAL
from wx_archive.quiz.bank_files import FOLDER, read_all
from wx_archive.quiz.questions import Question, Source
from wx_archive.quiz.rules import Kind

LAW_THEMES = {
    "archives-law",
    "open-government",
    "personal-data",
    "libraries-museums",
    "heritage",
    "copyright",
}
ARTICLE = re.compile(r"第[一二三四五六七八九十百零]+条")
SHORTEST_QUOTE = 8
DIGITS = "零一二三四五六七八九"


@dataclass(frozen=True, slots=True)
class Text:
    """One edition of a law: its day in ISO form, and its articles by their headings."""

    day: str
    articles: Mapping[str, str]


@cache
def questions() -> Sequence[Question]:
    """Return the whole bank as its files hold it."""
    return read_all(PROJECT / FOLDER)[1]


def on_law() -> list[Question]:
    """Return the questions that name an article."""
    return [one for one in questions() if one.source.article]


def numeral(number: int) -> str:
    """Return 1 to 999 as laws write it: 五, 十, 二十七, 一百零六, 一百一十."""
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    head = f"{DIGITS[hundreds]}百" if hundreds else ""
    middle = f"{DIGITS[tens]}十" if tens else "零" * bool(head and ones)
    said = head + middle + DIGITS[ones] * bool(ones)
    return said.removeprefix("一") if said.startswith("一十") else said


def articles(body: str) -> dict[str, str]:
    """Cut a law into its articles, by their headings.

    An article begins where a line begins with the next number, followed by a space, and ends
    where the one after it begins. Therefore an article that is quoted within another is not
    taken for a heading, unless it is the very next one and stands at the beginning of a line.

    Limits: the title of a chapter counts with the article before it; so does 第十七条之一; what
    numbers its parts otherwise (一、二、三), or begins anew with 第一条, is not cut.
    """
    found: dict[str, list[str]] = {}
    upcoming, lines = "第一条", list[str]()
    for line in body.splitlines():
        if line.split(maxsplit=1)[:1] == [upcoming]:
            lines = found.setdefault(upcoming, [])
            upcoming = f"第{numeral(len(found) + 1)}条"
        lines.append(line)
    return {heading: "\n".join(held) for heading, held in found.items()}


def mistake(source: Source, texts: Sequence[Text]) -> str:
    """Return what is wrong with a source, given all texts of its title; empty if nothing is."""
    editions = [one for one in texts if source.edition in ("", one.day)]
    if len(editions) != 1:
        days = "、".join(one.day for one in texts) or "没有"
        return f"《{source.title}》{source.edition} 对不上一个文本（{days}）"
    article = editions[0].articles.get(source.article)
    if article is None:
        return f"《{source.title}》没有{source.article}"
    if unspaced(source.quote) not in unspaced(article):
        return f"《{source.title}》{source.article}里没有“{source.quote}”"
    return ""


def unspaced(text: str) -> str:
    return "".join(text.split())


def texts_of(titles: Iterable[str]) -> dict[str, list[Text]]:
    """Return every edition of the laws that the real documents hold, by title."""
    texts: dict[str, list[Text]] = {title: [] for title in titles}
    with gzip.open(REAL, "rt", encoding="utf-8") as lines:
        for line in lines:
            held = json.loads(line)
            if (title := held["title"].strip()) in texts:
                texts[title].append(Text(held["date"], articles(held["body"])))
    return texts


@pytest.fixture(scope="module")
def texts() -> dict[str, list[Text]]:
    """The laws that the bank cites, from the real documents."""
    if not REAL.exists():
        pytest.skip("the real documents are not beside this checkout")
    return texts_of({one.source.title for one in on_law()})


def test_every_article_that_a_question_names_has_the_words_it_quotes(
    texts: Mapping[str, Sequence[Text]],
) -> None:
    found = {one.id: mistake(one.source, texts[one.source.title]) for one in on_law()}
    assert not [f"{name}：{wrong}" for name, wrong in found.items() if wrong]


def test_every_law_that_is_cited_is_cut_from_its_first_article_to_its_last(
    texts: Mapping[str, Sequence[Text]],
) -> None:
    for title, editions in texts.items():
        for text in editions:
            assert len(text.articles) >= 20, title
            assert "施行" in list(text.articles.values())[-1], title


def test_every_question_of_a_theme_on_law_names_an_article_and_quotes_it() -> None:
    bare = [one.id for one in questions() if one.theme in LAW_THEMES and not one.source.article]
    assert not bare
    for one in on_law():
        assert ARTICLE.fullmatch(one.source.article), one.id
        assert len(unspaced(one.source.quote)) >= SHORTEST_QUOTE, one.id
        assert "《" not in one.source.title, one.id
    assert len(on_law()) >= 100


def test_the_bank_is_large_enough_and_asks_nothing_twice() -> None:
    assert len(questions()) >= 150
    assert len({one.theme for one in questions()}) >= 5
    asked = Counter((unspaced(one.text), one.picture) for one in questions())
    assert [text for (text, _), times in asked.items() if times > 1] == []


def test_every_theme_asks_in_several_ways() -> None:
    for theme in {one.theme for one in questions()}:
        assert len({one.kind for one in questions() if one.theme == theme}) >= 2, theme


def test_the_right_answer_has_no_favourite_letter() -> None:
    four = [one for one in questions() if one.kind is Kind.SINGLE and len(one.options) == 4]
    letters = Counter(one.answer[0] for one in four)
    assert set(letters) == set("ABCD")
    assert max(letters.values()) <= 0.4 * len(four)


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (5, "五"),
        (10, "十"),
        (11, "十一"),
        (27, "二十七"),
        (40, "四十"),
        (100, "一百"),
        (106, "一百零六"),
        (110, "一百一十"),
        (215, "二百一十五"),
    ],
)
def test_an_article_is_counted_as_laws_count(number: int, said: str) -> None:
    assert numeral(number) == said


LAW = """第一章 总 则
第一条 为了把话说清楚，制定本法。
第三条 这是引自别处的一句，仍在第一条里。
第二条 借阅的人应当
按时归还。
第二条 重复引用的一句。
第三条 本法自公布之日起施行。
"""


def test_an_article_ends_where_the_next_one_begins_even_if_it_quotes_another() -> None:
    cut = articles(LAW)
    assert list(cut) == ["第一条", "第二条", "第三条"]
    assert "引自别处" in cut["第一条"]
    assert "重复引用" in cut["第二条"]
    assert cut["第三条"] == "第三条 本法自公布之日起施行。"


@pytest.mark.parametrize(
    ("source", "wrong"),
    [
        (Source("某法", "2020-01-01", "第二条", "借阅的人应当按时归还"), ""),
        (Source("某法", "2020-01-01", "第三条", "借阅的人应当按时归还"), "里没有"),
        (Source("某法", "2020-01-01", "第二条", "借阅的人应当及时归还"), "里没有"),
        (Source("某法", "2020-01-01", "第四条", "借阅的人应当按时归还"), "没有第四条"),
        (Source("某法", "2019-01-01", "第二条", "借阅的人应当按时归还"), "对不上"),
        (Source("某法", "", "第二条", "借阅的人应当按时归还"), "对不上"),
    ],
)
def test_a_quote_that_stands_elsewhere_or_nowhere_is_noticed(source: Source, wrong: str) -> None:
    texts = [Text(day, articles(LAW)) for day in ("2010-01-01", "2020-01-01")]
    said = mistake(source, texts)
    assert wrong in said
    assert bool(said) == bool(wrong)
