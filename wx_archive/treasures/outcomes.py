"""What came of the files of one form, kept until the page that follows it has said so once.

The form is answered by a redirect, so that a reload sends no file again. Names of files are a
citizen's words: they lie in the small store for minutes, never in an address.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from wx_archive.core.store import Store
from wx_archive.treasures.intake import Outcome

LASTS: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Lends what came of the last form to an upload's next page."""

    store: Store

    def keep(self, upload_pid: str, outcomes: Sequence[Outcome]) -> None:
        """Keep what came of a form's files, in place of what came of an earlier one."""
        told = [(one.name, one.reason) for one in outcomes]
        self.store.put({_key(upload_pid): (json.dumps(told).encode(), LASTS)})

    def take(self, upload_pid: str) -> list[Outcome]:
        """Return what has not been said yet; from now on it has."""
        kept = self.store.get(_key(upload_pid))
        if kept is None:
            return []
        self.store.drop(_key(upload_pid))
        return [Outcome(name, reason=reason) for name, reason in json.loads(kept)]


def _key(upload_pid: str) -> str:
    return f"treasure-outcomes:{upload_pid}"
