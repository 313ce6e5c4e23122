"""A body on our own pages: strict HTML, no styles, no scripts, pictures that may be shown."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.html import read_page
from tests.publishing.reading_room import a_content
from tests.publishing.test_wechat_html import pieces_of_markup, seen, words
from wx_archive.publishing import page_html
from wx_archive.publishing.page_html import Picture

KNOWN = {"A": Picture("汉江", "本馆藏", 800, 600), "B": Picture()}


def rendered(text: str) -> str:
    return str(page_html.render(a_content(body=text), KNOWN))


def strict(html: str) -> str:
    """Read it as part of a page of ours; return what it says."""
    page = read_page(f"<!doctype html><html lang='zh-CN'><body>{html}</body></html>")
    assert page.scripts == []
    assert page.outside == []
    assert not {link.partition(":")[0] for link in page.links} & {"javascript", "data"}
    return page.text


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**粗**，\n换行", "<p><strong>粗</strong>，换行</p>\n"),
        ("# 题\n\n#### 小题", "<h2>题</h2>\n<h3>小题</h3>\n"),
        ("---", "<hr>\n"),
        ("一  \n二", "<p>一<br>\n二</p>\n"),
        ("[甲](/h5/cards)", '<p><a href="/h5/cards" rel="noreferrer">甲</a></p>\n'),
        ("[甲](ftp://a.cn) [乙](x.cn)", "<p>甲 乙</p>\n"),
        ("字![图](media:GONE)字", "<p>字字</p>\n"),
        ("![图](https://a.cn/x.png)", ""),
        (
            "字![小图](media:B)",
            '<p>字<img src="/h5/media/B" alt="小图" loading="lazy"></p>\n',
        ),
        (
            '![](media:A "坝顶")',
            (
                '<figure><img src="/h5/media/A" alt="汉江" width="800" height="600" loading="lazy">'
                "<figcaption>坝顶　本馆藏</figcaption></figure>\n"
            ),
        ),
    ],
)
def test_every_construct_becomes_what_was_agreed(text: str, html: str) -> None:
    assert rendered(text).strip() == html.strip()
    strict(rendered(text))


def test_a_table_has_no_styles_and_is_pushed_by_itself() -> None:
    html = rendered("| 年 |\n|--:|\n| 1958 |")
    assert "style" not in html
    assert html.startswith('<div class="wide"><table>')
    strict(html)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(words, pieces_of_markup), max_size=12).map("".join))
def test_whatever_is_written_the_page_stays_strict(text: str) -> None:
    strict(rendered(text))


@settings(max_examples=100, deadline=None)
@given(words)
def test_what_is_written_plainly_stays_as_it_is(text: str) -> None:
    said = f"言{text}终"
    assert seen(strict(rendered(said))) == seen(said)
