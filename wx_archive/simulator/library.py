"""The account's permanent material, and videos made ready for a mass send.

Source: reference sections 1.9 and 1.13. Documented: kinds, sizes, counts, names of fields.
From memory: 47003 for a video without a title, 45001 for a full library, and all of
`media/uploadvideo`. BMP pictures, WMA and WAV, which WeChat takes too, are refused here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_urlsafe
from threading import RLock
from typing import Any, Final

from wx_archive.simulator.errors import ApiError
from wx_archive.simulator.media import EXTENSIONS, Media, check_upload, content_type_of
from wx_archive.simulator.shelf import Shelf

MOST_IMAGES: Final = 100_000
MOST_OTHERS: Final = 1_000
MOST_TITLE_CHARS: Final = 64
READY_VIDEO: Final = "mpvideo"
"""A video that `media/uploadvideo` gave a title; only mass sends take it."""


@dataclass(frozen=True, slots=True)
class Material:
    """One file; ``updated_at`` is Unix time. ``source`` is the media_id that has its bytes."""

    media_id: str
    kind: str
    name: str
    content_type: str
    updated_at: int
    title: str = ""
    introduction: str = ""
    seconds: int = 0
    source: str = ""

    @property
    def media(self) -> Media:
        """The same as media that does not expire."""
        at = datetime.fromtimestamp(self.updated_at, UTC)
        return Media(self.media_id, self.kind, self.content_type, at, permanent=True)


class Library:
    """Keeps material; safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        self._lock = RLock()
        self._files = folder / "files"
        self._files.mkdir(parents=True, exist_ok=True)
        self._shelf: Shelf[Material] = Shelf(folder / "material", _material)

    def add(
        self, kind: str, name: str, content: bytes, texts: Mapping[str, str], *, now: datetime
    ) -> Material:
        """Keep a file for good.

        Raises:
            ApiError: WeChat would refuse the kind, type, size or number, or a video's texts.
        """
        content_type = check_upload(kind, content)
        title = texts.get("title", "")
        if kind == "video" and not 1 <= len(title) <= MOST_TITLE_CHARS:
            raise ApiError(47003, "argument invalid! description.title is missing or too long")
        media_id = token_urlsafe(32)
        made = Material(
            media_id=media_id,
            kind=kind,
            name=name or f"{media_id[:8]}.{EXTENSIONS[content_type]}",
            content_type=content_type,
            updated_at=int(now.timestamp()),
            title=title,
            introduction=texts.get("introduction", ""),
            seconds=seconds_of(content_type, content) if kind == "voice" else 0,
        )
        with self._lock:
            self._check_room(kind)
            (self._files / media_id).write_bytes(content)
            self._shelf.put(media_id, made)
        return made

    def _check_room(self, kind: str) -> None:
        is_image = kind == "image"
        held = sum((each.kind == "image") == is_image for each in self._shelf.all())
        if held >= (MOST_IMAGES if is_image else MOST_OTHERS):
            raise ApiError(45001, "multimedia file size out of limit: the library is full")

    def make_video_ready(
        self, source: Media, content: bytes, texts: Mapping[str, str], *, now: datetime
    ) -> Material:
        """Give an uploaded video a title and description, for a mass send."""
        media_id = token_urlsafe(32)
        made = Material(
            media_id=media_id,
            kind=READY_VIDEO,
            name="",
            content_type=source.content_type,
            updated_at=int(now.timestamp()),
            title=texts.get("title", ""),
            introduction=texts.get("description", ""),
            source=source.media_id,
        )
        with self._lock:
            (self._files / media_id).write_bytes(content)
            self._shelf.put(media_id, made)
        return made

    def find(self, media_id: str) -> Material | None:
        """Return a material, or None."""
        with self._lock:
            return self._shelf.get(media_id)

    def content(self, media_id: str) -> tuple[str, bytes] | None:
        """Return content type and bytes, even of what was deleted, or None."""
        path = self._files / media_id
        # A media_id may come from an address, so it must not lead out of the folder.
        if path.parent != self._files or not path.is_file():
            return None
        content = path.read_bytes()
        return content_type_of(content) or "application/octet-stream", content

    def remove(self, media_id: str) -> None:
        """Delete a material; what was published with it keeps showing it.

        Raises:
            ApiError: 40007, there is no such material.
        """
        with self._lock:
            found = self._shelf.get(media_id)
            if found is None or found.kind == READY_VIDEO:
                raise ApiError(40007, "invalid media_id")
            self._shelf.take(media_id)

    def of_kind(self, kind: str) -> list[Material]:
        """Return the materials of a kind, the latest first."""
        with self._lock:
            return [each for each in self._shelf.all() if each.kind == kind][::-1]


def _material(saved: dict[str, Any]) -> Material:
    return Material(**saved)


# Bytes of one 20 ms frame after its head, by the frame type (AMR narrow band, RFC 4867).
_AMR_BYTES: Final = (12, 13, 15, 17, 19, 20, 26, 31, 5, 0, 0, 0, 0, 0, 0, 0)
_AMR_FRAMES_A_SECOND: Final = 50
_MP3_BYTES_A_SECOND: Final = 8_000


def seconds_of(content_type: str, content: bytes) -> int:
    """Return how long a recording is, at least 1; of an MP3 it is guessed at 64 kbit/s."""
    if content_type != "audio/amr":
        return max(1, round(len(content) / _MP3_BYTES_A_SECOND))
    at, frames = len(b"#!AMR\n"), 0
    while at < len(content):
        at += 1 + _AMR_BYTES[content[at] >> 3 & 0x0F]
        frames += 1
    return max(1, round(frames / _AMR_FRAMES_A_SECOND))
