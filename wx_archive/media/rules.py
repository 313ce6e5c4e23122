"""What a media file may be; WeChat's own limits are in `wechat/limits.yaml`."""

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
