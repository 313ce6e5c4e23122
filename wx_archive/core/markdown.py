"""Markdown of our own content files to HTML: no raw HTML, safe links, tables."""

from functools import cache

from markdown_it import MarkdownIt
from markupsafe import Markup


@cache
def _renderer() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False, "typographer": False}).enable("table")


def to_html(text: str) -> Markup:
    """Return ``text`` as HTML; markup typed into it shows as text."""
    return Markup(_renderer().render(text))  # noqa: S704 -- html=False escapes what was typed
