"""A piece's body on our own pages: classes of our style sheet, pictures from our own store."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from markdown_it.token import Token
from markupsafe import Markup

from wx_archive.publishing import body
from wx_archive.publishing.body import Use
from wx_archive.publishing.pieces import Content

MEDIA_PATH: Final = "/h5/media/"


@dataclass(frozen=True, slots=True)
class Picture:
    """What a page must know of an asset to show it.

    Attributes:
        alt: what it shows.
        credit: where it comes from and whose it is.
        width_px: of the whole picture; 0 where nobody knows.
        height_px: likewise.
    """

    alt: str = ""
    credit: str = ""
    width_px: int = 0
    height_px: int = 0

    def caption(self, use: Use) -> str:
        """Return what stands below it: the body's own words, else what it shows; its credit."""
        said = use.caption or use.alt or self.alt
        is_told = not self.credit or self.credit in said
        return said if is_told else "　".join(filter(None, (said, self.credit)))


def pids(text: str) -> list[str]:
    """Return the public ids of the pictures that a body names, in order."""
    return [use.pid for use in body.pictures(body.read(text)) if use.pid]


def render(content: Content, pictures: Mapping[str, Picture], *, text: str | None = None) -> Markup:
    """Return a piece's body as HTML; a picture that may not be shown is left out.

    Args:
        content: of the piece.
        pictures: what may be shown, by the assets' public ids.
        text: the body with the bureau's data filled in; as written by default.
    """
    tokens = body.read(content.body if text is None else text)
    for token in tokens:
        token.attrs.pop("style", None)  # how a column of a table stands: pages have no styles
        if token.type == "inline":
            token.children = list(_line(token.children or [], pictures))
    return Markup(body.written(list(_in_frames(tokens))))  # noqa: S704 -- the body is escaped


def _line(children: Sequence[Token], pictures: Mapping[str, Picture]) -> Iterator[Token]:
    is_kept = True
    for token in children:
        if token.type == "image":
            _show(token, pictures)
        if token.type == "link_open":
            is_kept = _is_web(str(token.attrs.get("href", "")))
            token.attrs.pop("title", None)
            token.attrs["rel"] = "noreferrer"
        if token.type not in ("link_open", "link_close") or is_kept:
            yield token


def _is_web(address: str) -> bool:
    try:
        return urlsplit(address).scheme in ("http", "https", "tel") or address.startswith("/")
    except ValueError:
        return False


def _show(token: Token, pictures: Mapping[str, Picture]) -> None:
    use = body.use_of(token)
    known = pictures.get(use.pid or "")
    token.type, token.content = "html_inline", str(figure(use, known)) if known else ""


def figure(use: Use, known: Picture) -> Markup:
    """Return a picture as an element, with its caption where it stands alone."""
    size = Markup(' width="{}" height="{}"').format(known.width_px, known.height_px)
    shown = Markup('<img src="{}" alt="{}"{} loading="lazy">').format(
        f"{MEDIA_PATH}{use.pid}",
        use.alt or known.alt,
        size if known.width_px and known.height_px else "",
    )
    if not use.is_alone:
        return shown
    words = known.caption(use)
    caption = Markup("<figcaption>{}</figcaption>").format(words) if words else ""
    return Markup("<figure>{}{}</figure>").format(shown, caption)


def _in_frames(tokens: Sequence[Token]) -> Iterator[Token]:
    for token in tokens:
        if token.type == "table_open":
            yield Token("html_block", "", 0, content='<div class="wide">')
        yield token
        if token.type == "table_close":
            yield Token("html_block", "", 0, content="</div>")
