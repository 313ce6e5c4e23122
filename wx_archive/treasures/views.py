"""What is made of a picture for eyes: small JPEGs with nothing in them but the picture.

The original stays sealed; whoever may see a picture sees a form of it. A form is made once and
lies beside its original, under a name that says how it was made and how it is turned.
"""

import io
from enum import StrEnum
from typing import BinaryIO, Final

from wx_archive.core.errors import RefusedError
from wx_archive.media import images
from wx_archive.media.images import Fitting, PictureError
from wx_archive.media.objects import MissingObjectError, ObjectStore
from wx_archive.treasures import kinds, looking, removal
from wx_archive.treasures.queries import File

RECIPE: Final = 1
"""Raised when forms are made in another way: those made before are made anew."""
CONTENT_TYPE: Final = "image/jpeg"


class Form(StrEnum):
    """What is made of a picture."""

    VIEW = "view"
    THUMB = "thumb"


_SIDES: Final = {Form.VIEW: 1600, Form.THUMB: 360}
"""Longest side in pixels."""
_LEAST: Final = {Form.VIEW: 480, Form.THUMB: 0}
"""In pixels: scrolls and long screenshots stay readable."""
_MOST_BYTES: Final = {Form.VIEW: 1_000_000, Form.THUMB: 100_000}


class NoSuchFormError(LookupError):
    """There is nothing to be seen of this file, or not yet, or not any more."""


def opened(store: ObjectStore, file: File, form: Form) -> BinaryIO:
    """Open a form of a clean picture for reading; the first time it is made.

    Raises:
        NoSuchFormError: the file is no picture, or not clean.
        MissingObjectError: the original is not in the store.
        RefusedError: it cannot be decoded any more.
    """
    if not file.is_picture or file.object_key is None:
        raise NoSuchFormError(file.pid)
    return made(store, file.object_key, file.content_type, form, turned=file.turned)


def made(
    store: ObjectStore, object_key: str, content_type: str, form: Form, *, turned: int = 0
) -> BinaryIO:
    """Open a form of the picture under a key; see `opened`.

    Args:
        store: the sealed one.
        object_key: of the original.
        content_type: of the original, as it was found by looking.
        form: which.
        turned: degrees clockwise, 0, 90, 180 or 270.
    """
    key = key_of(object_key, form, turned)
    try:
        return store.open(key)
    except MissingObjectError:
        kind = kinds.PICTURES[content_type]
    fitting = Fitting(_SIDES[form], _MOST_BYTES[form], _LEAST[form], turned)
    try:
        content = images.fit(
            store.path(object_key), (kind.pillow,), fitting, most_pixels=kind.most_pixels
        )
    except PictureError as err:
        raise RefusedError(looking.why_not(err, kind)) from err
    store.put(key, io.BytesIO(content))
    if not store.exists(object_key):
        # Forgotten while we drew: whoever did that has not seen what was put just now.
        store.delete(key)
        raise MissingObjectError(object_key)
    return io.BytesIO(content)


def key_of(object_key: str, form: Form, turned: int) -> str:
    """Return under which key a form is stored; it changes whenever its bytes may change."""
    return f"{object_key}.{form.value}{RECIPE}t{turned}"


def forget(store: ObjectStore, object_key: str) -> None:
    """Delete an original and every form that was ever made of it; again, it does no harm."""
    removal.remove(store, object_key)
