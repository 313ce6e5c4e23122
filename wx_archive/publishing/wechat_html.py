"""A piece as WeChat's editor keeps it: inline styles alone, its own elements, no links away.

WeChat drops scripts, ids, classes, frames, positions and pictures that it does not host itself;
links lead only to its own articles. What is dropped there is not sent at all.

Source: docs/sources.md#publishing.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, Self
from urllib.parse import urlsplit

import nh3
from css_inline import CSSInliner
from markdown_it.token import Token
from markupsafe import Markup

from wx_archive.core.errors import ArchiveError
from wx_archive.core.site import Profile, Site
from wx_archive.core.text import plain_taps
from wx_archive.publishing import body
from wx_archive.publishing.body import Use
from wx_archive.publishing.page_html import Picture
from wx_archive.publishing.pieces import Content
from wx_archive.wechat.limits import limits

OWN_HOST: Final = "mp.weixin.qq.com"
FOOTNOTES: Final = "参考链接"
SOURCES: Final = "资料来源"

_STYLES: Final = """
.a{font-size:17px;line-height:1.75;color:#1a1a1a;word-break:break-word}
p{margin:0 0 16px}
h2{margin:32px 0 12px;font-size:20px;line-height:1.4;font-weight:bold}
h3{margin:24px 0 10px;font-size:18px;line-height:1.4;font-weight:bold}
h4{margin:20px 0 8px;font-size:17px;line-height:1.4;font-weight:bold}
blockquote{margin:0 0 16px;padding:8px 14px;border-left:3px solid #b23a2e;background-color:#f6f4f0}
ul,ol{margin:0 0 16px;padding-left:24px}
li{margin:0 0 6px}
blockquote p,li p{margin:0 0 6px}
a{color:#576b95;text-decoration:none}
hr{margin:24px 0;border:none;border-top:1px solid #e4e0d8}
pre{margin:0 0 16px;padding:10px;font-size:15px;white-space:pre-wrap;background-color:#f6f4f0}
code{font-size:15px;background-color:#f6f4f0}
img{max-width:100%}
.f{margin:0 0 16px;text-align:center}
.c{margin:6px 0 0;font-size:14px;line-height:1.5;color:#6b6b6b;text-align:center}
.t{margin:0 0 16px;max-width:100%;overflow-x:auto;word-break:normal}
table{width:100%;border-collapse:collapse;font-size:15px;line-height:1.5}
th,td{padding:6px 8px;border:1px solid #e4e0d8;text-align:left;vertical-align:top}
th{background-color:#f6f4f0;font-weight:bold}
sup{font-size:12px;color:#6b6b6b}
.n{margin:28px 0 0;padding:12px 0 0;border-top:1px solid #e4e0d8;font-size:14px;line-height:1.6}
.n{color:#6b6b6b}
.n p{margin:0 0 4px;word-break:break-all}
"""

_ELEMENTS: Final = {
    "section",
    "p",
    "span",
    "img",
    "strong",
    "em",
    "blockquote",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "ul",
    "ol",
    "li",
    "h2",
    "h3",
    "h4",
    "br",
    "hr",
    "pre",
    "code",
    "sup",
    "a",
}
_ATTRIBUTES: Final = {"*": {"style"}, "img": {"src", "alt"}, "a": {"href"}, "ol": {"start"}}
_PROPERTIES: Final = {
    "margin",
    "padding",
    "padding-left",
    "font-size",
    "font-weight",
    "line-height",
    "color",
    "background-color",
    "text-align",
    "text-decoration",
    "vertical-align",
    "border",
    "border-top",
    "border-left",
    "border-collapse",
    "width",
    "max-width",
    "overflow-x",
    "word-break",
    "white-space",
}
_LINE_END: Final = re.compile(
    r"(</?(?:section|p|blockquote|table|thead|tbody|tr|th|td|ul|ol|li|h[2-4]|pre)\b[^>]*>|<hr[^>]*>)\n"
)
"""What stands between blocks shows as nothing and counts as a character."""


class UnhostedPictureError(ArchiveError):
    """A picture of the body has no address at WeChat yet.

    Attributes:
        address: how the body names it.
    """

    def __init__(self, address: str) -> None:
        super().__init__(f"the picture {address} is not hosted at WeChat")
        self.address = address


class TooLongError(ArchiveError):
    """The article is longer than WeChat takes.

    Attributes:
        characters: of its HTML.
        size_bytes: of its HTML.
    """

    def __init__(self, characters: int, size_bytes: int) -> None:
        super().__init__(f"the article has {characters} characters and {size_bytes} bytes")
        self.characters = characters
        self.size_bytes = size_bytes


@dataclass(frozen=True, slots=True)
class Links:
    """What a body's words and links are completed with.

    Attributes:
        origin: public address of our own pages, without a trailing slash.
        profile: fills the placeholders; None leaves them.
    """

    origin: str
    profile: Profile | None = None

    @classmethod
    def of(cls, site: Site) -> Self:
        """Return what a site completes its pieces with."""
        return cls(site.origin, site.profile)

    def completed(self, text: str) -> str:
        """Return a body with the bureau's data, its tappable words as 「words」."""
        return plain_taps(self.profile.fill(text) if self.profile else text)

    def absolute(self, address: str) -> str:
        """Return a web address in full; empty where it is none."""
        if address.startswith("//"):
            return f"https:{address}"
        whole = self.origin + address if address.startswith("/") else address
        return whole if whole.startswith(("http://", "https://")) else ""


@dataclass(slots=True)
class _Footnotes:
    links: Links
    addresses: list[str] = field(default_factory=list)

    def number(self, address: str) -> int:
        """Return the number of an address; the same address has one number."""
        if address not in self.addresses:
            self.addresses.append(address)
        return self.addresses.index(address) + 1


def render(
    content: Content,
    hosted: Mapping[str, str],
    *,
    links: Links,
    pictures: Mapping[str, Picture] | None = None,
) -> str:
    """Return a piece's body, links and sources as HTML for `draft/add`.

    Args:
        content: an article.
        hosted: addresses at WeChat by the assets' public ids.
        links: what completes it.
        pictures: what is known of the assets: their credits stand below them.

    Raises:
        UnhostedPictureError: a picture stands at no address of ``hosted``.
        TooLongError: it is longer than WeChat takes.
    """
    html = compose(content, hosted, links=links, pictures=pictures or {})
    size = len(html.encode())
    bounds = limits().article
    if len(html) >= bounds.content_chars or size >= bounds.content_bytes:
        raise TooLongError(len(html), size)
    return html


def compose(
    content: Content,
    hosted: Mapping[str, str],
    *,
    links: Links,
    pictures: Mapping[str, Picture],
) -> str:
    """Return the same as `render`, however long it is."""
    tokens = body.read(links.completed(content.body))
    notes = _Footnotes(links)
    for token in tokens:
        if token.type == "inline":
            token.children = list(_without_links(token.children or [], notes))
    inside = _html(tokens, hosted, pictures)
    ends = _numbered(FOOTNOTES, notes.addresses) + _numbered(SOURCES, content.sources)
    return _cleaned(f'<section class="a">{inside}{ends}</section>')


def media_of(content: Content) -> tuple[str, ...]:
    """Return the public ids of the body's pictures in order, each once."""
    found = (use.pid for use in body.pictures(body.read(content.body)))
    return tuple(dict.fromkeys(pid for pid in found if pid))


def text_of(content: Content, *, links: Links) -> str:
    """Return what a text push says, or the words below a picture set: no marks, no HTML."""
    return links.completed(content.body).strip()


def _without_links(children: Sequence[Token], notes: _Footnotes) -> Iterator[Token]:
    """Yield a line's tokens with links to elsewhere as numbers."""
    number: int | None = None
    is_kept = True
    for place, token in enumerate(children):
        if token.type == "link_open":
            address = notes.links.absolute(str(token.attrs.get("href", "")))
            is_kept = is_wechats(address)
            is_said = children[place + 1].content.strip() in (address, "")
            number = None if is_kept or is_said or not address else notes.number(address)
            token.attrs = {"href": address}
        if token.type not in ("link_open", "link_close") or is_kept:
            yield token
        if token.type == "link_close" and number is not None:
            yield Token("html_inline", "", 0, content=f"<sup>[{number}]</sup>")


def is_wechats(address: str) -> bool:
    """Tell whether an address is one of WeChat's articles: a link to it stays one."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.netloc == OWN_HOST


def _html(
    tokens: Sequence[Token], hosted: Mapping[str, str], pictures: Mapping[str, Picture]
) -> str:
    for token in tokens:
        for child in token.children or []:
            if child.type == "image":
                _show(child, hosted, pictures)
    return body.written(list(_in_sections(tokens)))


def _show(token: Token, hosted: Mapping[str, str], pictures: Mapping[str, Picture]) -> None:
    """Turn a picture's token into its element, with the caption where it stands alone."""
    use = body.use_of(token)
    if use.pid is None or use.pid not in hosted:
        raise UnhostedPictureError(use.address)
    known = pictures.get(use.pid, Picture())
    shown = Markup('<img src="{}" alt="{}">').format(hosted[use.pid], use.alt or known.alt)
    if use.is_alone:
        shown = Markup('<section class="f">{}{}</section>').format(shown, _caption(use, known))
    token.type, token.content = "html_inline", str(shown)


def _caption(use: Use, known: Picture) -> Markup:
    words = known.caption(use)
    return Markup('<p class="c">{}</p>').format(words) if words else Markup()


def _in_sections(tokens: Sequence[Token]) -> Iterator[Token]:
    """Put tables where a finger can push them, instead of the whole page."""
    for token in tokens:
        if token.type == "table_open":
            yield Token("html_block", "", 0, content='<section class="t">')
        yield token
        if token.type == "table_close":
            yield Token("html_block", "", 0, content="</section>")


def _numbered(title: str, lines: Sequence[str]) -> Markup:
    if not lines:
        return Markup()
    told = Markup().join(
        Markup("<p>[{}] {}</p>").format(number, line) for number, line in enumerate(lines, 1)
    )
    return Markup('<section class="n"><p><strong>{}</strong></p>{}</section>').format(title, told)


@cache
def _inliner() -> Any:
    return CSSInliner(load_remote_stylesheets=False)


def _cleaned(html: str) -> str:
    styled = _inliner().inline_fragment(html, _STYLES)
    kept = nh3.clean(
        styled,
        tags=_ELEMENTS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https"},
        filter_style_properties=_PROPERTIES,
        link_rel=None,
    )
    return _LINE_END.sub(r"\1", kept)
