"""The console's pages about what goes wrong: alerts, one's own WeChat, how the system is doing."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection

from wx_archive.alerts import service, troubles
from wx_archive.alerts.console import inbox, operations, wechat
from wx_archive.chat.router import Dispatcher
from wx_archive.core.services import Services
from wx_archive.staff.pages import Pages
from wx_archive.staff.plugs import Console, Entry, Todo
from wx_archive.staff.rules import Permission, Person


def console_for(dispatcher: Callable[[], Dispatcher]) -> Console:
    """Return the console's part; only `features.py` knows every handler of the conversation."""

    def pages(services: Services) -> Pages:
        made = Pages("alerts", "wx_archive.alerts", services)
        inbox.add(made)
        wechat.add(made)
        operations.add(made, dispatcher())
        return made

    return Console(
        pages,
        entries=(Entry("运行", "/system", Permission.SYSTEM_READ),),
        todos=todos,
        alerts=troubles.alerts,
    )


def todos(connection: Connection, person: Person, now: datetime) -> list[Todo]:
    """Return how many alerts somebody has not seen."""
    count = service.badge(connection, person, now=now)
    return [Todo("条提醒您还没看过", count, "/console/alerts", Permission.OWN)]
