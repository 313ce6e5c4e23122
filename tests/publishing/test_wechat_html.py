"""What WeChat is sent: every construct as agreed, nothing it would drop, nothing lost."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.publishing.reading_room import a_content
from wx_archive.core.site import Site
from wx_archive.publishing import body, wechat_html
from wx_archive.publishing.page_html import Picture
from wx_archive.publishing.wechat_html import Links, TooLongError, UnhostedPictureError

GOLDEN = Path(__file__).parent / "golden"
LINKS = Links("https://archive.example.org")
HOSTED = {"A": "http://mmbiz.qpic.cn/a/0", "B": "http://mmbiz.qpic.cn/b/0"}
PICTURES = {"A": Picture("汉江", "市档案馆藏"), "B": Picture("大坝", "王强摄")}
KEPT = set(
    "section p span img strong em blockquote table thead tbody tr th td ul ol li h2 h3 h4 br hr "  # noqa: SIM905
    "pre code sup a".split()
)
VOID = {"img", "br", "hr"}


def rendered(text: str, **changes: Any) -> str:
    content = a_content(body=text, **({"sources": ()} | changes))
    return wechat_html.render(content, HOSTED, links=LINKS, pictures=PICTURES)


class Careful(HTMLParser):
    """Collects what an article consists of; a tag that is not closed is an error."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(html: str) -> Careful:
    reader = Careful()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    return reader


def indented(html: str) -> str:
    """Return HTML with a line for each block, as the golden files have it."""
    return re.sub(r"(?<=>)(?=<(?!/|img|strong|em|sup|a |code|br))", "\n", html) + "\n"


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.md")), ids=lambda path: path.stem)
def test_every_construct_becomes_what_was_agreed(path: Path) -> None:
    html = rendered(path.read_text(encoding="utf-8"))
    golden = path.with_suffix(".html")
    assert indented(html) == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.md")), ids=lambda path: path.stem)
def test_nothing_is_sent_that_wechat_would_drop(path: Path) -> None:
    assert_fit(rendered(path.read_text(encoding="utf-8")))


def assert_fit(html: str) -> None:
    found = read(html)
    assert found.tags <= KEPT
    for tag, name, value in found.attributes:
        assert (tag, name) in {("img", "src"), ("img", "alt"), ("a", "href"), ("ol", "start")} or (
            name == "style"
        ), (tag, name)
        if name == "style":
            assert "url" not in value
            assert "position" not in value
            assert "expression" not in value
        if name == "href":
            assert value.startswith(("https://mp.weixin.qq.com/", "http://mp.weixin.qq.com/"))
        if name == "src":
            assert value in HOSTED.values()


def seen(text: str) -> str:
    return "".join(char for char in text if not char.isspace() and char not in "\u200b\ufeff")


words = st.text(
    st.characters(
        blacklist_categories=("Cs", "Cc"), blacklist_characters="\\`*_{}[]()#+-.!|~^=:&\u200b\ufeff"
    ),
    min_size=1,
    max_size=60,
)
pieces_of_markup = st.sampled_from(
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        '<p style="background:url(javascript:1)" class="x" id="y">',
        "[a](javascript:alert(1))",
        "[a](data:text/html,x)",
        "![a](media:A)",
        '![a](media:B "<b onclick=x>")',
        "[b](https://mp.weixin.qq.com/s/1)",
        "[c](https://www.gov.cn/)",
        "[c](//evil.example/x)",
        "[d](https://mp.weixin.qq.com@evil.example/)",
        "[e](http://[::1)",
        "**粗**",
        "> 引",
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "\n\n",
        "&#x3c;script&#x3e;",
        "<!-- x -->",
        "<iframe src=//x>",
        "```\n",
        "    ",
        "1. ",
        "- ",
        "# ",
        '"onmouseover="x',
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(words, pieces_of_markup), max_size=12).map("".join))
def test_whatever_is_written_nothing_dangerous_comes_of_it(text: str) -> None:
    assert_fit(rendered(text))


@settings(max_examples=150, deadline=None)
@given(words)
def test_what_is_written_plainly_stays_as_it_is(text: str) -> None:
    said = f"言{text}终"
    assert seen(read(rendered(said)).text) == seen(said)


def test_a_picture_that_wechat_does_not_have_is_an_error_that_names_it() -> None:
    for address in ("media:C", "https://www.example.org/x.jpg"):
        with pytest.raises(UnhostedPictureError) as caught:
            rendered(f"![x]({address})")
        assert caught.value.address == address


def test_an_article_too_long_for_wechat_is_refused_and_says_how_long_it_is() -> None:
    rendered("长" * 19_000)
    with pytest.raises(TooLongError) as caught:
        rendered("长" * 20_000)
    assert caught.value.characters > 20_000
    assert caught.value.size_bytes > 60_000


def test_sources_stand_at_the_end_as_words() -> None:
    html = rendered("文", sources=("《水力发电》2005年第10期", "https://a.cn/<x>"))
    assert html.index("资料来源") > html.index("文")
    assert "[2] https://a.cn/&lt;x&gt;" in html
    assert "<a " not in html


def test_the_same_address_has_one_number() -> None:
    html = rendered("[甲](https://a.cn/) [乙](https://b.cn/) [丙](https://a.cn/)")
    assert re.findall(r">(\[\d\])<", html) == ["[1]", "[2]", "[1]"]
    assert html.count("https://a.cn/") == 1


def test_the_bureaus_data_is_filled_in() -> None:
    site = Site(Path(__file__).parents[2], "https://archive.example.org")
    content = a_content(body="请打 {telephone}，或者回[[开放时间]]。")
    html = wechat_html.render(content, {}, links=Links.of(site))
    assert site.profile.telephone in html
    assert "「开放时间」" in html


def test_the_pictures_of_a_body_are_named_in_order_and_once() -> None:
    content = a_content(body="![](media:B)\n\n字![](media:A)![](media:B) ![](https://x/y.png)")
    assert wechat_html.media_of(content) == ("B", "A")


def test_bold_that_does_nothing_is_found() -> None:
    tokens = body.read("**注意：**请看。**真的** 粗。`**不是**`")
    assert list(body.stray_marks(tokens))[:1] == ["**注意：**"]


def test_words_of_a_text_push_are_plain() -> None:
    content = a_content(body="  今日开馆。\n回[[开放时间]]  ")
    assert wechat_html.text_of(content, links=LINKS) == "今日开馆。\n回「开放时间」"
