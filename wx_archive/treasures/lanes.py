"""How many of the worker's lanes one kind of job may hold: what takes long must not hold up all."""

import random
import threading
from datetime import timedelta
from typing import Final

from wx_archive.core.jobs import LaterError, Work
from wx_archive.core.jobs.runner import LANES, Handler

DOWNLOADS: Final = LANES - 1
"""One lane stays free for what followers wait for."""
LOOKS: Final = LANES - 2
"""What has just been sent must not wait until all that came before has been looked at."""
_AGAIN: Final = timedelta(seconds=1)


def at_most(most: int, handler: Handler, *, again: timedelta = _AGAIN) -> Handler:
    """Return a handler that works in so many lanes of this process at once.

    Where they are taken it asks to be called again, in ``again`` or half as much more.
    """
    free = threading.BoundedSemaphore(most)

    def bounded(work: Work) -> None:
        if not free.acquire(blocking=False):
            raise LaterError(again * random.uniform(1.0, 1.5))  # noqa: S311 -- spreads tries
        try:
            handler(work)
        finally:
            free.release()

    return bounded
