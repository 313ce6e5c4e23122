"""Objects of the sealed store that are not wanted any more: deleted after the rows say so."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from wx_archive.core import jobs
from wx_archive.core.jobs import Jobs, Work
from wx_archive.core.services import Services
from wx_archive.media.objects import ObjectStore
from wx_archive.treasures.sealed import open_sealed
from wx_archive.wechat.client import Platform

REMOVE: Final = "treasures.remove"
"""Job: delete objects with their forms; payload ``{"keys": [...]}``."""


def later(session: Session, keys: Sequence[str], *, now: datetime) -> None:
    """Have objects deleted once this transaction has committed, and not if it is undone."""
    if keys:
        key = f"{REMOVE}:{secrets.token_hex(8)}"
        jobs.enqueue(session, REMOVE, {"keys": list(keys)}, key=key, now=now)


def remove(store: ObjectStore, key: str) -> None:
    """Delete an object and every form made of it; what is gone already is no mistake."""
    store.delete(key)  # first: whoever makes a form just now looks for it afterwards
    for path in store.folder.glob(f"{key[:2]}/{key[2:4]}/{key}.*"):
        store.delete(path.name)


def build(services: Services, _platform: Platform) -> Jobs:
    """Return the kind of job."""
    own, store = Jobs(), open_sealed(services.settings)

    @own.handles(REMOVE)
    def removing(work: Work) -> None:
        for key in work.payload["keys"]:
            remove(store, key)

    return own
