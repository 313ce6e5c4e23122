"""How much one sender, and one network, may send in a while."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, func, select

from wx_archive.core.ids import pseudonym
from wx_archive.core.store import Store
from wx_archive.staff.throttle import network_of
from wx_archive.treasures.models import Treasure, TreasureFile

WITHIN: Final = timedelta(hours=1)
FILES: Final = 100
"""Of one follower; five uploads, as full as they may be."""
FORMS: Final = 240
"""From one network: behind one address of a mobile carrier are many people."""
_TRIES: Final = 12
"""Places that are looked at; so few are enough unless nearly all are taken."""


@dataclass(frozen=True, slots=True)
class Gate:
    """Lets forms with files in; of a network nothing but a keyed hash is kept, for an hour."""

    store: Store
    secret: str

    def admits(
        self, connection: Connection, follower_id: int, address: str, *, now: datetime
    ) -> bool:
        """Tell whether somebody may send more, and count it where they may."""
        sent = (
            select(func.count())
            .select_from(TreasureFile)
            .join(Treasure, Treasure.id == TreasureFile.treasure_id)
            .where(Treasure.follower_id == follower_id, TreasureFile.received_at > now - WITHIN)
        )
        if (connection.scalar(sent) or 0) >= FILES:
            return False
        return self._counts(address)

    def _counts(self, address: str) -> bool:
        alias, mark = (
            pseudonym(f"upload {network_of(address)}", self.secret),
            secrets.token_bytes(8),
        )
        first = secrets.randbelow(FORMS)
        places = ((first + step) % FORMS for step in range(_TRIES))
        keys = (f"upload:{alias}:{place}" for place in places)
        return any(self.store.add(key, mark, ttl=WITHIN) == mark for key in keys)
