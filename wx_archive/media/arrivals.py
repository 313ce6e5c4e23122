"""A file on its way in: written down, looked at, stored; no database, nobody waits for it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from wx_archive.core.errors import RefusedError
from wx_archive.media import ffprobe, films, images, kinds, recordings, texts
from wx_archive.media.objects import ObjectStore, TooManyBytesError, Waiting
from wx_archive.media.rules import MOST_BYTES, MediaKind

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a file is, as its bytes tell."""

    kind: MediaKind
    content_type: str
    width_px: int | None = None
    height_px: int | None = None
    duration_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file that is fit and stored; a row of the database makes it an asset."""

    sha256: str
    size_bytes: int
    facts: Facts


def receive(store: ObjectStore, file: BinaryIO, *, name: str) -> Arrival:
    """Look at a file and store it; what no row follows is swept a day later.

    It may take seconds: never in a transaction that others wait for.

    Args:
        store: where it goes.
        file: its bytes.
        name: as its owner calls it; only what it says of the kind is looked at.

    Raises:
        RefusedError: it is not fit; the sentence says why, and what to do.
        TransientError: the disk is full or fails.
    """
    with _written_down(store, file) as waiting:
        kind = kinds.kind_of(waiting.path)
        kinds.require_honest(name, kind)
        if waiting.size_bytes > MOST_BYTES[kind]:
            raise RefusedError(texts.too_large(kind, MOST_BYTES[kind]))
        arrival = Arrival(waiting.sha256, waiting.size_bytes, _look(waiting.path, kind))
        store.place(waiting, waiting.sha256)
    log.info("media.received kind=%s bytes=%d", kind, arrival.size_bytes)
    return arrival


@contextmanager
def _written_down(store: ObjectStore, file: BinaryIO) -> Iterator[Waiting]:
    kind, most_bytes = max(MOST_BYTES.items(), key=lambda bound: bound[1])
    try:
        with store.waiting(file, most_bytes=most_bytes) as waiting:
            yield waiting
    except TooManyBytesError as err:
        raise RefusedError(texts.too_large(kind, most_bytes)) from err


def _look(path: Path, kind: MediaKind) -> Facts:
    match kind:
        case MediaKind.IMAGE:
            picture = images.look(path)
            size = picture.width_px, picture.height_px
            return Facts(kind, picture.content_type, *size)
        case MediaKind.VIDEO:
            film = films.look(path)
            probed = ffprobe.probe(path)
            if probed and probed.codec not in (None, "h264"):
                raise RefusedError(texts.NOT_H264)
            length = (probed.duration_ms if probed else None) or film.duration_ms
            return Facts(kind, "video/mp4", film.width_px, film.height_px, length)
        case MediaKind.AUDIO:
            recording = recordings.look(path.read_bytes())
            probed = ffprobe.probe(path)
            length = (probed.duration_ms if probed else None) or recording.duration_ms
            return Facts(kind, recording.content_type, duration_ms=length)
