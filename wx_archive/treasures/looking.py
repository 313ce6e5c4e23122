"""What a stored file is: its bytes are looked at, its picture decoded by another process."""

from pathlib import Path
from typing import Final

from wx_archive.core.errors import RefusedError
from wx_archive.media import films, images, recordings
from wx_archive.media.films import Film
from wx_archive.media.formats import Format
from wx_archive.media.images import PictureError, Why
from wx_archive.media.objects import MissingObjectError, ObjectStore
from wx_archive.treasures import file_texts, kinds, papers, rules
from wx_archive.treasures.files import Looked
from wx_archive.treasures.kinds import Kind
from wx_archive.treasures.queries import File
from wx_archive.treasures.rules import FileKind

_WHY_NOT: Final = {
    Why.TWOFOLD: file_texts.TWOFOLD,
    Why.BROKEN: file_texts.BROKEN_PICTURE,
    Why.TOO_HARD: file_texts.TOO_HARD,
    Why.TOO_MANY_FRAMES: file_texts.TOO_MANY_FRAMES,
}


def look(store: ObjectStore, file: File) -> Looked:
    """Return what a file is, having read all of it; it may take seconds.

    Args:
        store: the sealed one.
        file: which; its name is looked at for what it says of the kind.

    Raises:
        RefusedError: it is not fit; the sentence says why, and what to do.
        MissingObjectError: there is nothing in the store.
    """
    if file.object_key is None:
        raise MissingObjectError(file.pid)
    path = store.path(file.object_key)
    kind = kinds.kind_of(path)
    if path.stat().st_size > rules.MOST_BYTES[kind.file_kind]:
        raise RefusedError(file_texts.too_large(kind.file_kind))
    kinds.require_honest(file.name, kind)
    if kind.file_kind is FileKind.IMAGE:
        return _picture(path, kind)
    if images.is_archive_too(path):
        raise RefusedError(file_texts.TWOFOLD)
    if kind.format in (Format.MP3, Format.AMR):
        return _recording(path, kind)
    if kind.file_kind is FileKind.PAPER:
        papers.require_harmless(path.read_bytes())
        return Looked(kind.file_kind, kind.content_type)
    return _boxed(path, kind)


def why_not(err: PictureError, kind: Kind) -> str:
    """Return the sentence for the sender of a picture that cannot be taken."""
    if err.why is Why.TOO_MANY_PIXELS:
        return file_texts.too_many_pixels(kind.most_pixels)
    return _WHY_NOT[err.why]


def _picture(path: Path, kind: Kind) -> Looked:
    try:
        seen = images.portray(path, (kind.pillow,), most_pixels=kind.most_pixels)
    except PictureError as err:
        raise RefusedError(why_not(err, kind)) from err
    return Looked(
        FileKind.IMAGE,
        kind.content_type,
        width_px=seen.width_px,
        height_px=seen.height_px,
        likeness=seen.likeness,
        taken_text=seen.taken_on,
        is_dark=seen.is_dark,
        is_blurred=seen.is_blurred,
    )


def _recording(path: Path, kind: Kind) -> Looked:
    try:
        recording = recordings.look(path.read_bytes())
    except RefusedError as err:
        raise RefusedError(file_texts.BROKEN_SOUND) from err
    return Looked(FileKind.AUDIO, kind.content_type, duration_ms=recording.duration_ms)


def _boxed(path: Path, kind: Kind) -> Looked:
    """Look at a film, or at sounds in a film's boxes: telephones call these MP4, too."""
    is_film = kind.file_kind is FileKind.VIDEO
    broken = file_texts.BROKEN_FILM if is_film else file_texts.BROKEN_SOUND
    try:
        held = films.hold(path)
    except RefusedError as err:
        raise RefusedError(broken) from err
    if isinstance(held, Film):
        content_type = kind.content_type if is_film else "video/mp4"
        return Looked(
            FileKind.VIDEO,
            content_type,
            width_px=held.width_px,
            height_px=held.height_px,
            duration_ms=held.duration_ms,
        )
    if held is None:
        raise RefusedError(broken)
    return Looked(FileKind.AUDIO, "audio/mp4", duration_ms=held or None)
