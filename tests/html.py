"""Reading a page as strictly as a careful reviewer: every tag closed, nothing from outside."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlsplit

_VOID = frozenset({"meta", "link", "input", "br", "hr", "img", "wbr"})
_REFERENCES = ("href", "src", "action", "poster", "srcset", "data")


@dataclass
class Page:
    """What a reader of the page meets.

    Attributes:
        outside: addresses outside this service that the page itself loads or sends to.
    """

    language: str = ""
    title: str = ""
    text: str = ""
    root_classes: str = ""
    headings: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    inputs: dict[str, str] = field(default_factory=dict)

    def value_of(self, name: str) -> str:
        """Return what an input field holds."""
        return self.inputs[name]

    def check_frame(self) -> None:
        """Assert what every page must be."""
        assert self.language == "zh-CN"
        assert self.title.strip()
        assert len(self.headings) == 1, self.headings
        assert self.scripts == []
        assert self.outside == []


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self.open: list[str] = []

    def handle_decl(self, decl: str) -> None:
        assert decl.lower() == "doctype html"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _value in attrs]
        assert len(names) == len(set(names)), f"<{tag}> has an attribute twice"
        values = {name: value or "" for name, value in attrs}
        page = self.page
        if tag == "script" and not _is_installed(values):
            page.scripts.append(tag)
        page.scripts += [name for name in names if name.startswith("on") or name == "style"]
        if tag == "html":
            page.language, page.root_classes = values.get("lang", ""), values.get("class", "")
        if tag == "h1":
            page.headings.append("")
        if tag == "input":
            page.inputs[values.get("name", "")] = values.get("value", "")
        for name in _REFERENCES:
            if name in values:
                self._refer(tag, values[name])
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> closes another tag"

    def handle_data(self, data: str) -> None:
        if "title" in self.open:
            self.page.title += data
        if "h1" in self.open:
            self.page.headings[-1] += data
        self.page.text += data

    def unknown_decl(self, data: str) -> None:
        message = f"unknown declaration {data}"
        raise AssertionError(message)

    def _refer(self, tag: str, address: str) -> None:
        parts = urlsplit(address)
        assert parts.scheme in ("", "http", "https", "tel"), address
        if tag == "a":
            self.page.links.append(address)
        elif parts.netloc:
            self.page.outside.append(address)


def _is_installed(attributes: dict[str, str]) -> bool:
    """Tell whether a script is the one that `make assets` installs: from here, and whole."""
    ours = attributes.get("src", "").startswith("/static/vendor/htmx.min.js?v=")
    return ours and set(attributes) == {"src", "defer"}


def read_page(html: str) -> Page:
    """Return the page; a tag that is not closed or closes another one is an error."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == [], f"never closed: {reader.open}"
    return reader.page
