"""The sealed store: what citizens have sent, as it came, under names that say nothing.

Apart from the media library: nothing here is ever shown but through `views`, and a file that is to
be public is made anew for the library.
"""

import secrets

from wx_archive.core.settings import Settings
from wx_archive.media.objects import ObjectStore


def open_sealed(settings: Settings) -> ObjectStore:
    """Return the store; nothing is written yet."""
    return ObjectStore(settings.objects / "sealed")


def new_key() -> str:
    """Return a random name for a file: it tells neither the content nor the owner."""
    return secrets.token_hex(32)
