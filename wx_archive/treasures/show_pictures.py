"""The picture that the public sees of a file: decoded and made anew, nothing of its data left."""

from typing import Final

from wx_archive.media import images
from wx_archive.media.images import Fitting
from wx_archive.media.objects import ObjectStore
from wx_archive.treasures.queries import File

SIDE_PX: Final = 2000
MOST_BYTES: Final = 4_000_000
LEAST_PX: Final = 600
"""The short side of a long scroll stays readable."""


def make(originals: ObjectStore, file: File) -> bytes:
    """Return a clean picture as a JPEG for the library, turned as its upload shows it.

    Raises:
        MissingObjectError: its original is not there.
        PictureError: it cannot be decoded.
    """
    fitting = Fitting(SIDE_PX, MOST_BYTES, LEAST_PX, file.turned)
    return images.fit(originals.path(file.object_key or ""), tuple(images.CONTENT_TYPES), fitting)
