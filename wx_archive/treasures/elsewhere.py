"""What other features make of pictures that citizens gave; `features` says who they are."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class UsedIn:
    """Something that uses a picture.

    Attributes:
        what: 文章, 推送, 卡片.
        path: of the console's page that has it.
        is_sent: it is on people's phones and cannot be taken back.
    """

    what: str
    title: str
    path: str
    is_sent: bool = False


UsedWhere = Callable[[Connection, str, datetime], Sequence[UsedIn]]
"""Tells, of an asset's public id, what uses it at a moment."""


def nowhere(_connection: Connection, _pid: str, _now: datetime) -> Sequence[UsedIn]:
    """Tell that nothing uses it: for a product without articles and cards."""
    return ()


def everywhere(
    used_where: UsedWhere, connection: Connection, pids: Iterable[str], now: datetime
) -> list[UsedIn]:
    """Return what uses any of several pictures, each once however many of them it uses."""
    found = {use.path: use for pid in pids for use in used_where(connection, pid, now)}
    return list(found.values())
