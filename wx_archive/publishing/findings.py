"""What checks say of a piece, and what they must know to say it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Protocol

from wx_archive.publishing.pieces import Content
from wx_archive.publishing.rules import Kind
from wx_archive.publishing.sensitive import Wording
from wx_archive.publishing.wechat_html import Links
from wx_archive.wechat.limits import Upload, limits


class Level(StrEnum):
    """Whether a finding keeps a piece from going out."""

    BLOCKS = "blocks"
    WARNS = "warns"
    TELLS = "tells"
    """Good to know; nothing to do."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about a piece.

    Attributes:
        place: the part of the piece: 标题, 封面, 正文.
        sentence: what is so and what to do, for the editor.
        wrong: a word that can be replaced everywhere by one tap; empty where there is none.
        right: by which.
    """

    level: Level
    place: str
    sentence: str
    wrong: str = ""
    right: str = ""


class Fact(Protocol):
    """What must be known of an asset; `media.service.Held` has it."""

    @property
    def kind(self) -> str: ...  # noqa: D102 -- as in `media.models.Asset`
    @property
    def content_type(self) -> str: ...  # noqa: D102
    @property
    def size_bytes(self) -> int: ...  # noqa: D102
    @property
    def width_px(self) -> int | None: ...  # noqa: D102
    @property
    def height_px(self) -> int | None: ...  # noqa: D102
    @property
    def duration_ms(self) -> int | None: ...  # noqa: D102
    @property
    def title(self) -> str: ...  # noqa: D102
    @property
    def alt(self) -> str: ...  # noqa: D102
    @property
    def credit(self) -> str: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class MediaFacts:
    """What the database knows about a piece.

    Attributes:
        held: facts by public id of the assets that may be used; a withdrawn one is not in it.
        public_entries: those of the piece's records and documents that the public may see today.
    """

    held: Mapping[str, Fact] = field(default_factory=dict)
    public_entries: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Limits:
    """WeChat's numbers for pieces.

    Attributes:
        cover_width_px: of the cover WeChat shows, 2.35 : 1; a smaller picture is blurred.
        image_bytes: of a picture as we keep it; a form below 1 MB is made for WeChat.
    """

    title: int
    author: int
    digest: int
    digest_taken: int
    body_characters: int
    body_bytes: int
    source_url_bytes: int
    pictures: int
    text_bytes: int
    image_bytes: int
    video_bytes: int
    audio_bytes: int
    audio_ms: int
    video_types: tuple[str, ...] = ("video/mp4",)
    audio_types: tuple[str, ...] = ("audio/mpeg", "audio/amr")
    text_characters: int = 600
    cover_width_px: int = 900
    cover_height_px: int = 383


@cache
def wechats_limits() -> Limits:
    """Return the numbers of `wechat/limits.yaml`."""
    known = limits()
    article, uploads = known.article, known.uploads
    return Limits(
        title=article.title_chars,
        author=article.author_chars,
        digest=article.digest_chars,
        digest_taken=article.digest_default_chars,
        body_characters=article.content_chars,
        body_bytes=article.content_bytes,
        source_url_bytes=article.source_url_bytes,
        pictures=known.picture_set.most,
        text_bytes=known.mass_text.longest_bytes,
        image_bytes=uploads[Upload.IMAGE].max_bytes,
        video_bytes=uploads[Upload.VIDEO].max_bytes,
        audio_bytes=uploads[Upload.VOICE].max_bytes,
        audio_ms=1_000 * (uploads[Upload.VOICE].longest_s or 0),
    )


@dataclass(frozen=True, slots=True)
class Case:
    """A piece with everything that its checks go by."""

    content: Content
    facts: MediaFacts
    limits: Limits
    wording: Wording
    links: Links

    @property
    def is_article(self) -> bool:
        """It has a body with pictures, a cover and a digest."""
        return self.content.kind is Kind.ARTICLE


def blocks(place: str, sentence: str) -> Finding:
    """Say what must be mended before the piece goes out."""
    return Finding(Level.BLOCKS, place, sentence)


def warns(place: str, sentence: str) -> Finding:
    """Say what somebody should look at again."""
    return Finding(Level.WARNS, place, sentence)


def tells(place: str, sentence: str) -> Finding:
    """Say what is good to know."""
    return Finding(Level.TELLS, place, sentence)
