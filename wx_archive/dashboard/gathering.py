"""Figures from every part of the product: what is plugged in is asked, nothing is kept."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from sqlalchemy import Connection

from wx_archive.chat import figures as messages
from wx_archive.core import clock
from wx_archive.dashboard.rules import Span
from wx_archive.followers import figures as followers
from wx_archive.staff.plugs import Console, Fact, Panel, Use
from wx_archive.staff.rules import Permission

Reads = Callable[[], AbstractContextManager[Connection]]
"""Lends a connection; how long one loan may last is limited, so each part has its own."""


def panels(reads: Reads, consoles: Sequence[Console], span: Span) -> list[Panel]:
    """Return every feature's boxes in the order of the rail, those about the machine last."""
    found: list[Panel] = []
    for console in consoles:
        if console.panels:
            with reads() as connection:
                found += console.panels(connection, span.first, span.last)
    return sorted(found, key=lambda panel: panel.needs is Permission.SYSTEM_READ)


def uses(reads: Reads, consoles: Sequence[Console], span: Span) -> list[Use]:
    """Return 人次 and 件次 of every feature; a day and channel may come from several."""
    found: list[Use] = []
    for console in consoles:
        if console.uses:
            with reads() as connection:
                found += console.uses(connection, span.first, span.last)
    return found


def today(
    connection: Connection, now: datetime, *, consoles: Sequence[Console] = ()
) -> Sequence[Fact]:
    """Return the facts of the day so far, for the console's first page.

    Args:
        connection: reads here; a few short statements.
        now: the present instant.
        consoles: who is asked for 人次 and 件次.
    """
    day = clock.day_of(now)
    used = [
        use for console in consoles if console.uses for use in console.uses(connection, day, day)
    ]
    came = followers.came(connection, day, day)
    return (
        Fact("今天的人次", sum(use.people for use in used), "/console/figures/use"),
        Fact("今天的件次", sum(use.items for use in used), "/console/figures/use"),
        Fact("今天答复的消息", sum(messages.answered(connection, day, day).values())),
        Fact("今天新来的关注者", sum(each.first for each in came.values())),
        Fact("今天取消关注的", sum(followers.left(connection, day, day).values())),
        Fact("现在关注的人", followers.following(connection), "/console/figures"),
    )
