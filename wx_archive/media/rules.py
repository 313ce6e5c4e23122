"""What a media file may be; WeChat's own limits are in `wechat/limits.yaml`.

Source: docs/sources.md#publishing.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class MediaKind(StrEnum):
    """What somebody sees or hears."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"


KIND_NAMES: Final[Mapping[MediaKind, str]] = {
    MediaKind.IMAGE: "图片",
    MediaKind.VIDEO: "视频",
    MediaKind.AUDIO: "音频",
}


class Form(StrEnum):
    """What is made of a file."""

    ORIGINAL = "original"
    PAGE = "page"
    """A picture for our own pages and for the body of an article: JPEG, below 1 MB."""
    COVER = "cover"
    """2.35 : 1, 900 by 383 px."""
    SQUARE = "square"
    """1 : 1, for the further articles of a push."""


class HostedAs(StrEnum):
    """As what WeChat holds a file."""

    BODY = "body"
    """`media/uploadimg`: an address for the body of an article."""
    MATERIAL = "material"
    """`material/add_material`: a permanent media_id; a cover is one, too."""


MOST_BYTES: Final[Mapping[MediaKind, int]] = {
    MediaKind.IMAGE: 25_000_000,
    MediaKind.VIDEO: 50_000_000,
    MediaKind.AUDIO: 25_000_000,
}
"""What may be brought in; WeChat takes less, which the pre-flight checks."""
MOST_PIXELS: Final = 64_000_000
"""Decoded, a picture takes up to four bytes for each; A4 at 600 dpi has 35 million."""
GIVEN: Final = "珍档"
"""In place of who brought it in: a picture of something citizens gave. What they allow decides
whether the library offers it; nobody restores it by hand."""
PAGE_WIDTH_PX: Final = 1080
PAGE_BYTES: Final = 1_000_000
"""`media/uploadimg` takes pictures below 1 MB."""
COVER_PX: Final = (900, 383)
"""2.35 : 1, as WeChat shows the first article's cover."""
SQUARE_PX: Final = (200, 200)
TITLE_LENGTH: Final = 100
ALT_LENGTH: Final = 200
CREDIT_LENGTH: Final = 200
SHOWN: Final[Mapping[MediaKind, frozenset[Form]]] = {
    MediaKind.IMAGE: frozenset({Form.PAGE, Form.COVER, Form.SQUARE}),
    MediaKind.VIDEO: frozenset({Form.ORIGINAL}),
    MediaKind.AUDIO: frozenset({Form.ORIGINAL}),
}
"""What leaves the house: never a picture's original, which may say where it was taken."""
SUFFIXES: Final[Mapping[str, MediaKind]] = {
    **dict.fromkeys((".jpg", ".jpeg", ".png", ".webp", ".gif"), MediaKind.IMAGE),
    **dict.fromkeys((".mp4", ".m4v", ".mov"), MediaKind.VIDEO),
    **dict.fromkeys((".mp3", ".amr"), MediaKind.AUDIO),
}
"""What a file's name claims; what it is, its bytes tell."""


def fills_cover(width_px: int | None, height_px: int | None) -> bool:
    """Tell whether a picture is large enough for a cover: it is never enlarged."""
    return (width_px or 0) >= COVER_PX[0] and (height_px or 0) >= COVER_PX[1]
