"""What staff are told when files stay in quarantine, where nobody sees them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, func, select

from wx_archive.staff.plugs import Alert
from wx_archive.staff.rules import Permission
from wx_archive.treasures import file_texts
from wx_archive.treasures.models import TreasureFile
from wx_archive.treasures.rules import FileState

PATH: Final = "/console/treasures"
AT_MOST: Final = timedelta(minutes=10)
"""A file that waits longer waits for the scanner, or for a worker."""


def alerts(connection: Connection, now: datetime) -> Sequence[Alert]:
    """Return the one alert about files that could not be looked at."""
    count, first = connection.execute(
        select(func.count(), func.min(TreasureFile.stored_at)).where(
            TreasureFile.state == FileState.QUARANTINED, TreasureFile.stored_at < now - AT_MOST
        )
    ).one()
    if first is None:
        return []
    since, title = first + AT_MOST, file_texts.stuck(count)
    return [Alert("treasures.quarantine", title, PATH, Permission.TREASURES_WORK, since)]
