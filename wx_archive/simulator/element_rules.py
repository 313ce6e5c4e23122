"""What WeChat keeps of an article's HTML: scripts, forms, frames and foreign pictures go.

Documented (page of `draft/add`): JavaScript is removed; pictures whose address did not come from
`media/uploadimg` are filtered. From memory: event handlers, `id` and `class` go; frames, forms
and media elements go; styles lose what could leave the article's box (position, z-index,
expressions, addresses); links lose their href unless they lead to an article at WeChat. This
filter is stricter than WeChat in one point: a permanent image's own address is foreign here.
"""

import re
from collections.abc import Callable
from html import escape, unescape
from html.parser import HTMLParser
from typing import Final

IsOurs = Callable[[str], bool]


def _names(words: str) -> frozenset[str]:
    return frozenset(words.split())


VOID: Final = _names("br hr img wbr col")
KEPT: Final = VOID | _names(
    "a abbr address article aside b bdi bdo blockquote caption cite code colgroup dd del details"
    " dfn div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header i ins kbd li main"
    " mark ol p pre q rp rt ruby s samp section small span strike strong sub summary sup table"
    " tbody td tfoot th thead time tr tt u ul var"
)
# Their inside is not text of the article, so it goes with them.
SWALLOWED: Final = _names(
    "script style title head template noscript object embed iframe svg math audio video select"
    " textarea button form canvas map applet frameset"
)
ATTRIBUTES: Final = _names(
    "style align valign width height colspan rowspan title alt start type dir lang color size"
    " data-src data-ratio data-w"
)
_BANNED_STYLES: Final = _names(
    "position top left right bottom z-index inset behavior -moz-binding content cursor"
)
_BANNED_VALUES: Final = re.compile(
    r"url\s*\(|expression\s*\(|javascript:|@import|\\", re.IGNORECASE
)
_COMMENT: Final = re.compile(r"/\*.*?\*/", re.DOTALL)


class _Filter(HTMLParser):
    def __init__(self, is_picture: IsOurs, is_article: IsOurs) -> None:
        super().__init__(convert_charrefs=True)
        self.kept: list[str] = []
        self._is_picture = is_picture
        self._is_article = is_article
        self._inside: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._inside or tag in SWALLOWED:
            # An element that stands in itself must be closed as often as it was opened.
            if not self._inside or tag == self._inside[0]:
                self._inside.append(tag)
            return
        if tag not in KEPT:
            return
        values = {name: value or "" for name, value in attrs}
        if tag == "img" and not self._is_picture(values.get("src") or values.get("data-src", "")):
            return
        self.kept.append(f"<{tag}{self._attributes(tag, values)}>")
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in SWALLOWED:
            return
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._inside:
            if tag == self._inside[0]:
                self._inside.pop()
            return
        if tag not in self._open:
            return
        while (closed := self._open.pop()) != tag:
            self.kept.append(f"</{closed}>")
        self.kept.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self._inside:
            self.kept.append(escape(data, quote=False))

    def finish(self) -> str:
        self.kept += [f"</{tag}>" for tag in reversed(self._open)]
        return "".join(self.kept)

    def _attributes(self, tag: str, values: dict[str, str]) -> str:
        kept = {name: value for name, value in values.items() if name in ATTRIBUTES}
        if "style" in kept:
            kept["style"] = _style(kept["style"])
        if tag == "img":
            kept["src"] = values.get("src") or values.get("data-src", "")
        if tag == "a" and self._is_article(values.get("href", "")):
            kept["href"] = values["href"]
        return "".join(f' {name}="{escape(value)}"' for name, value in kept.items() if value)


def _style(style: str) -> str:
    pairs = [each.partition(":") for each in _COMMENT.sub("", style).split(";")]
    return ";".join(
        f"{name.strip()}:{value.strip()}"
        for name, _, value in pairs
        if value.strip()
        and name.strip().lower() not in _BANNED_STYLES
        and not _BANNED_VALUES.search(value)
    )


def filtered(html: str, *, is_picture: IsOurs, is_article: IsOurs) -> str:
    """Return what WeChat keeps of an article's HTML, well-formed.

    ``is_picture`` tells which picture addresses `media/uploadimg` gave out, ``is_article``
    which links lead to an article at WeChat.
    """
    sieve = _Filter(is_picture, is_article)
    sieve.feed(html)
    sieve.close()
    return sieve.finish()


def text_of_html(html: str) -> str:
    """Return the text of an article's HTML, its line breaks as they are."""
    sieve = _Filter(lambda _: False, lambda _: False)
    sieve.feed(html)
    sieve.close()
    return unescape(re.sub(r"<[^>]*>", "", sieve.finish()))


def words_of(html: str) -> str:
    """Return the text of an article's HTML on one line, a space between paragraphs."""
    return " ".join(text_of_html(html.replace("<", " <")).split())
