"""A piece's body: its Markdown as tokens, with its pictures, its links and its words."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

MEDIA: Final = "media:"
"""How a body names a picture: `![what it shows](media:PID "caption")`."""

_BLANK: Final = frozenset("\u00a0\u200b\u3000\ufeff")
_BREAKS: Final = frozenset({"softbreak", "hardbreak"})
_WIDE: Final = frozenset("WF")


@dataclass(frozen=True, slots=True)
class Use:
    """A picture in a body.

    Attributes:
        address: what stands in the brackets, `media:PID` where it is one of ours.
        alt: what it shows, in the body's words.
        caption: what is to be printed below it; empty where the body says nothing.
        is_alone: nothing else stands in its paragraph.
    """

    address: str
    alt: str
    caption: str = ""
    is_alone: bool = False

    @property
    def pid(self) -> str | None:
        """The public id of the asset; None for an address that is not ours."""
        return self.address.removeprefix(MEDIA) if self.address.startswith(MEDIA) else None


@cache
def _reader() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False, "xhtmlOut": False}).enable("table")


@cache
def _renderer() -> RendererHTML:
    return RendererHTML()


def read(text: str) -> list[Token]:
    """Return a body's tokens, made fit to be shown.

    Headings go down from the second rank, below the title, without a gap; paragraphs with nothing
    in them are dropped; a line end between two Chinese characters is no space; pictures alone in
    their paragraph stand without one.
    """
    tokens = list(_without_blanks(_reader().parse(text)))
    rank = 1
    for before, token in zip([None, *tokens], tokens, strict=False):
        if token.type == "heading_open":
            rank = min(max(int(token.tag[1]), 2), rank + 1, 4)
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{rank}"
        elif token.type == "inline":
            token.children = list(_joined(token.children or []))
            if before is not None and before.type == "paragraph_open":
                _set_apart(token.children)
    return _unwrapped(tokens)


def written(tokens: Sequence[Token], env: dict[str, Any] | None = None) -> str:
    """Return tokens as HTML; words of the body are escaped."""
    return str(_renderer().render(tokens, _reader().options, env or {}))


def pictures(tokens: Iterable[Token]) -> Iterator[Use]:
    """Yield every picture, in order."""
    for token in _inside(tokens):
        if token.type == "image":
            yield use_of(token)


def use_of(token: Token) -> Use:
    """Return the picture that a token is."""
    alt = words(token.children or [])
    caption = str(token.attrs.get("title", ""))
    return Use(str(token.attrs.get("src", "")), alt, caption, bool(token.meta.get("is_alone")))


def links(tokens: Iterable[Token]) -> Iterator[str]:
    """Yield the addresses of every link, in order."""
    for token in _inside(tokens):
        if token.type == "link_open":
            yield str(token.attrs.get("href", ""))


def words(tokens: Iterable[Token]) -> str:
    """Return what tokens say, without marks: a line for each block."""
    lines: list[str] = []
    for token in tokens:
        if token.type == "inline":
            lines.append(words(token.children or []))
        elif token.type in ("fence", "code_block"):
            lines.append(token.content.rstrip("\n"))
    if lines:
        return "\n".join(line for line in lines if line)
    return "".join(_word(token) for token in tokens)


def _word(token: Token) -> str:
    if token.type in _BREAKS:
        return "\n"
    if token.type == "image":
        return ""
    return token.content if token.type in ("text", "code_inline", "text_special") else ""


def _inside(tokens: Iterable[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        if token.type == "inline":
            yield from token.children or []


def is_blank(text: str) -> bool:
    """Tell whether nothing of a text can be seen."""
    return all(char.isspace() or char in _BLANK for char in text)


def _without_blanks(tokens: Sequence[Token]) -> Iterator[Token]:
    skipped = 0
    for number, token in enumerate(tokens):
        if skipped:
            skipped -= 1
        elif token.type == "paragraph_open" and _says_nothing(tokens[number + 1]):
            skipped = 2  # what it holds, and its end
        else:
            yield token


def _says_nothing(inline: Token) -> bool:
    return all(
        child.type in _BREAKS or (child.type == "text" and is_blank(child.content))
        for child in inline.children or []
    )


def _joined(children: Sequence[Token]) -> Iterator[Token]:
    """Drop the line ends that would be shown as a space between two Chinese characters."""
    for number, token in enumerate(children):
        is_inside = token.type == "softbreak" and 0 < number < len(children) - 1
        if is_inside and _is_wide(_last(children[:number])) and _is_wide(_first(children, number)):
            continue
        yield token


def _last(children: Sequence[Token]) -> str:
    return next((one.content[-1] for one in reversed(children) if one.content), "")


def _first(children: Sequence[Token], number: int) -> str:
    return next((one.content[0] for one in children[number + 1 :] if one.content), "")


def _is_wide(char: str) -> bool:
    return bool(char) and unicodedata.east_asian_width(char) in _WIDE


def _set_apart(children: Sequence[Token]) -> None:
    """Mark pictures that have their paragraph to themselves."""
    seen = [one for one in children if one.type not in _BREAKS and not _is_space(one)]
    if seen and all(one.type == "image" for one in seen):
        for one in seen:
            one.meta["is_alone"] = True


def _is_space(token: Token) -> bool:
    return token.type == "text" and is_blank(token.content)


def _unwrapped(tokens: list[Token]) -> list[Token]:
    """Hide the paragraphs around pictures that stand alone."""
    for number, token in enumerate(tokens):
        alone = [one for one in token.children or [] if one.meta.get("is_alone")]
        if token.type == "inline" and alone:
            token.children = alone
            tokens[number - 1].hidden = tokens[number + 1].hidden = True
    return tokens


_STRAY: Final = re.compile(r"\*\*[^*\n]{1,60}\*\*")


def stray_marks(tokens: Iterable[Token]) -> Iterator[str]:
    """Yield what was meant to be bold and is not: a mark between 。 and a letter does nothing."""
    for token in tokens:
        if token.type == "inline":
            yield from _STRAY.findall("".join(_word(one) for one in token.children or []))
