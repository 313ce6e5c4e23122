"""What is made of an asset: stored once beside the original, made again where it was lost."""

import io
from typing import BinaryIO, Final

from wx_archive.media import images
from wx_archive.media.objects import MissingObjectError, ObjectStore
from wx_archive.media.rules import Form, MediaKind
from wx_archive.media.service import Held

RECIPE: Final = 1
"""Raised when forms are made in another way: those made before are made anew."""


class NoSuchFormError(LookupError):
    """A file of this kind has no such form."""


def make(store: ObjectStore, held: Held, form: Form) -> bytes:
    """Return a form of an asset; `ORIGINAL` is the file as it came.

    Raises:
        NoSuchFormError: only pictures have other forms.
        MissingObjectError: the original is not in the store.
        RefusedError: it cannot be decoded any more.
    """
    with opened(store, held, form) as file:
        return file.read()


def opened(store: ObjectStore, held: Held, form: Form) -> BinaryIO:
    """Open a form of an asset for reading; see `make`."""
    if form is Form.ORIGINAL:
        return store.open(held.sha256)
    if held.kind is not MediaKind.IMAGE:
        raise NoSuchFormError(form)
    key = key_of(held, form)
    try:
        return store.open(key)
    except MissingObjectError:
        made = images.make(store.path(held.sha256), form)
    store.put(key, io.BytesIO(made))
    return io.BytesIO(made)


def key_of(held: Held, form: Form) -> str:
    """Return under which key a form is stored; it changes whenever its bytes may change."""
    return held.sha256 if form is Form.ORIGINAL else f"{held.sha256}.{form.value}{RECIPE}"


def content_type_of(held: Held, form: Form) -> str:
    """Return what a form is: pictures are shown as JPEG."""
    return held.content_type if form is Form.ORIGINAL else "image/jpeg"


def name_of(held: Held, form: Form) -> str:
    """Return a file's name for WeChat, which goes by its end."""
    ends = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/gif": "gif"}
    ends |= {"video/mp4": "mp4", "audio/mpeg": "mp3", "audio/amr": "amr"}
    return f"{held.pid}.{ends[content_type_of(held, form)]}"
