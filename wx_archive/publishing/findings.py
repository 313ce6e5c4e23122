"""What checks say of a piece, and what they must know to say it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol

from wx_archive.publishing import wechat_html
from wx_archive.publishing.pieces import Content
from wx_archive.publishing.rules import Kind
from wx_archive.publishing.sensitive import Wording
from wx_archive.publishing.wechat_html import Links

_MB: Final = 1_000_000


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

    title: int = 32
    author: int = 16
    digest: int = 128
    digest_taken: int = 54
    body_characters: int = wechat_html.LIMIT_CHARACTERS
    body_bytes: int = wechat_html.LIMIT_BYTES
    source_url_bytes: int = 1_000
    pictures: int = 20
    text_characters: int = 600
    text_bytes: int = 2_048
    cover_width_px: int = 900
    cover_height_px: int = 383
    image_bytes: int = 10 * _MB
    video_bytes: int = 10 * _MB
    video_types: tuple[str, ...] = ("video/mp4",)
    audio_bytes: int = 2 * _MB
    audio_types: tuple[str, ...] = ("audio/mpeg", "audio/amr")
    audio_ms: int = 60_000


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
